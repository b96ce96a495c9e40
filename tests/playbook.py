"""A playbook: what a desk is told, and what must happen, one line a step.

`Playbook(stock={"A1": 3}) >> claim("mai", "A1", 2) << Drafted() << Reserved(2) >> claim("lin", "A1", 2) …`

`>>` gives a command, `<<` states the next event that matters (comments being stored and goods being put do not).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from livesell import commands as c
from livesell import events as e
from livesell.catalog import oneline
from livesell.commands import Heard
from livesell.desk import decide
from livesell.errors import Refused
from livesell.ledger import Book, LineState, OrderState, Rules
from livesell.model import (
    AuthorId,
    BuyerId,
    Claim,
    Code,
    Comment,
    CommentId,
    EventNumber,
    IdentityId,
    Intent,
    MessageId,
    Money,
    Option,
    OptionValue,
    Platform,
    Product,
    Quantity,
    Reading,
    ShowId,
    Why,
    quantity,
)

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

Step = Callable[["Playbook"], c.Command]
Amount = int | float

BACKGROUND = (e.Commented, e.ProductPut, e.Stock, e.Settled, e.Undone)


class Memory:
    """A shelf with nothing on it but what a step's undo needs: the events by number."""

    def __init__(self) -> None:
        self.steps: list[list[tuple[EventNumber, e.Event]]] = []
        self.book: Book | None = None

    def step(self, event: EventNumber) -> tuple[list[tuple[EventNumber, e.Event]], bool]:
        """The events of the command that this one belongs to."""
        for step in self.steps:
            if any(number == event for number, _ in step):
                mine = {number for number, _ in step}
                undone = any(
                    isinstance(other, e.Undone) and other.event in mine for later in self.steps for _, other in later
                )
                return step, undone
        return [], False

    def held_before(self, show: ShowId, time: datetime) -> list[Any]:
        """Every line: the book looks which of them held since before."""
        assert self.book is not None
        return list(self.book.lines)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Everything else is in the book already."""
        if name in ("show", "product", "order", "order_named", "line", "unclear", "heard", "buyer_of"):
            return lambda *_: None
        if name in ("stock", "queue", "orders_of", "lines_of", "lines_with", "identities_of", "with_phone"):
            return lambda *_: ()
        if name == "phone_known":
            return lambda *_: False
        raise AttributeError(name)


class Playbook:
    """A desk with a shop behind it, told things in order."""

    def __init__(
        self,
        stock: Mapping[str, Amount | None] | None = None,
        *,
        products: tuple[Product, ...] = (),
        pinned: str | None = None,
        **rules: Any,
    ) -> None:
        memory = Memory()
        self.book = Book(memory, Rules(**rules))
        memory.book = self.book
        self.memory = memory
        self.now = START
        self.show = ShowId(1)
        self.number = 0
        self.pending: list[e.Event] = []
        self.refusal: Refused | None = None
        self.people: dict[str, int] = {}
        self.comments = 0
        self._give(c.OpenShow())
        for code, count in (stock or {}).items():
            counted = None if count is None else {"": quantity(count)}
            product = Product(code=Code(code), name=f"Product {code}", price=Money(1000), stock=counted)
            self._give(c.PutProduct(product=product, stock=counted))
        for product in products:
            self._give(c.PutProduct(product=product, stock=dict(product.stock) if product.stock is not None else None))
        if pinned is not None:
            self._give(c.Pin(code=Code(pinned)))
        self.pending.clear()

    def _give(self, command: c.Command) -> None:
        from msgspec.structs import replace

        self.refusal = None
        try:
            if isinstance(command, c.Open):
                command = c.Offered(line=command.line, offer=oneline.read(command.line))
            events = decide(replace(command, show=self.show), self.book, self.now)
        except Refused as refusal:
            self.refusal = refusal
            return
        if isinstance(command, c.Hear):
            self.book.remember(command.heard)
        step: list[tuple[EventNumber, e.Event]] = []
        for event in events:
            self.number += 1
            self.book.apply(event, EventNumber(self.number))
            step.append((EventNumber(self.number), event))
        self.memory.steps.append(step)
        self.pending.extend(event for event in events if not isinstance(event, BACKGROUND))

    def __rshift__(self, step: Step | c.Command) -> Playbook:
        """Give a command; events that the last one left unstated fail the playbook."""
        assert not self.pending, f"not stated: {self.pending}"
        if self.refusal is not None:
            raise AssertionError(f"refused: {self.refusal}")
        self.now += timedelta(seconds=1)
        self._give(step if isinstance(step, c.Command) else step(self))
        self.balanced()
        return self

    def __lshift__(self, expected: Expected) -> Playbook:
        """State the next event."""
        if isinstance(expected, Refusal):
            assert self.refusal is not None, f"not refused, but {self.pending}"
            assert self.refusal.code == expected.code, self.refusal
            self.refusal = None
            return self
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.pending, f"nothing more happened, {expected} was expected"
        event = self.pending.pop(0)
        assert expected.fits(event), f"{event} is not {expected}"
        return self

    def done(self) -> Playbook:
        """State that nothing else happened."""
        assert not self.pending, f"not stated: {self.pending}"
        assert self.refusal is None, f"refused: {self.refusal}"
        return self

    def wait(self, seconds: float) -> Playbook:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self

    # --- what the book says ---------------------------------------------------------------------------------------

    def buyer(self, name: str) -> BuyerId:
        """The buyer of that name."""
        return self.book.buyer_of(IdentityId(self.people[name]))

    def orders(self, name: str) -> list[OrderState]:
        """Her orders, oldest first."""
        return self.book.orders_of(self.show, self.buyer(name))

    def order(self, name: str) -> OrderState:
        """Her newest order, a cancelled one only where there is no other."""
        orders = self.orders(name)
        return next((order for order in reversed(orders) if order.status != "cancelled"), orders[-1])

    def lines(self, name: str) -> list[LineState]:
        """The lines of her newest order."""
        return self.book.lines_of(self.order(name).id)

    def held(self, name: str) -> dict[str, tuple[float, float]]:
        """What she holds and waits for, by product."""
        found: dict[str, tuple[float, float]] = {}
        for line in self.lines(name):
            one, two = found.get(line.product, (0.0, 0.0))
            found[line.product] = (one + line.reserved / 1000, two + line.waitlisted / 1000)
        return found

    def last(self, kind: type[e.Event]) -> EventNumber:
        """The number of the last event of a kind."""
        return max(number for step in self.memory.steps for number, event in step if isinstance(event, kind))

    def balanced(self) -> None:
        """What must always hold: sums, no oversell, nobody waits while something is free, the queue in order."""
        held: dict[tuple[str, str], int] = {}
        for line in self.book.lines.values():
            assert line is not None
            assert line.quantity == line.reserved + line.waitlisted, line
            assert 0 <= line.confirmed <= line.reserved, line
            if line.variant is not None:
                key = (line.product, line.variant)
                held[key] = held.get(key, 0) + line.reserved
        for key, cell in self.book.stock.items():
            if cell is None:
                continue
            product = self.book.product(key[0])
            assert cell.reserved == held.get(key, 0), (cell, held)
            if product is not None and product.stock is not None and not product.back_orders:
                assert cell.reserved <= cell.on_hand, f"oversold: {cell}"
                queue = self.book.queue(*key)
                assert not queue or cell.reserved == cell.on_hand, f"somebody waits while {cell} is free"
                assert [line.place for line in queue] == sorted(line.place for line in queue)

    def _heard(self, who: str, reading: Reading, text: str, **fields: Any) -> c.Hear:
        identity = self.people.setdefault(who, len(self.people) + 1)
        self.comments += 1
        role = fields.pop("role", "viewer")
        heard = Heard(
            id=CommentId(self.comments),
            comment=Comment(
                platform=Platform("tiktok"),
                id=MessageId(str(self.comments)),
                author_id=AuthorId(who),
                author=who,
                text=text,
                role=role,
                edited=fields.pop("edited", False),
            ),
            source="tiktok",
            reading=None if role == "seller" else reading,
            received_at=self.now,
            queue_at=fields.pop("queue_at", self.now),
            identity=IdentityId(identity),
            buyer=self.book.buyer_of(IdentityId(identity)),
            offer=oneline.read(text) if role == "seller" else None,
            **fields,
        )
        return c.Hear(heard=heard)


# --- what is said ---------------------------------------------------------------------------------------------------


def says(who: str, intent: Intent, *claims: Claim, text: str = "", confidence: float = 0.95, **fields: Any) -> Step:
    """A comment read as this intent and these claims."""
    mine = {
        key: fields.pop(key) for key in ("replaces", "adds", "unknown", "candidates", "why", "passes") if key in fields
    }
    reading = Reading(intent=intent, claims=claims, confidence=confidence, **mine)
    return lambda book: book._heard(who, reading, text, **fields)


def one(code: str, count: Amount | None = None, **options: str) -> Claim:
    """A claim of a product; no number means that none was said."""
    if count is None:
        return Claim(Code(code), options)
    return Claim(Code(code), options, quantity(count), said=True)


def claim(who: str, code: str, count: Amount | None = None, *, on_pinned: bool = False, **options: str) -> Step:
    """A buyer asks for a product."""
    why = (Why("pinned"),) if on_pinned else ()
    return says(who, "order", one(code, count, **options), why=why)


def more(who: str, code: str, count: Amount | None = None) -> Step:
    """A buyer asks for some more."""
    return says(who, "order", one(code, count), adds=True)


def cancels(who: str, *codes: str) -> Step:
    """A buyer withdraws products, or all."""
    return says(who, "cancel", *(Claim(Code(code), {}, None) for code in codes))


def changes(who: str, *claims: Claim, replaces: tuple[Claim, ...] = ()) -> Step:
    """A buyer wants something else instead."""
    return says(who, "change", *claims, replaces=replaces)


def on(who: str, command: Callable[..., c.Command], **fields: Any) -> Step:
    """A tap on a buyer's newest order."""
    return lambda book: command(order=book.order(who).code, **fields)


def on_line(who: str, command: Callable[..., c.Command], **fields: Any) -> Step:
    """A tap on the first line of a buyer's newest order."""
    return lambda book: command(line=book.lines(who)[0].id, **fields)


def undo(kind: type[e.Event]) -> Step:
    """Take back the step of the last event of a kind."""
    return lambda book: c.Undo(event=book.last(kind))


def on_comment(command: Callable[..., c.Command], **fields: Any) -> Step:
    """A tap on the last comment."""
    return lambda book: command(comment=CommentId(book.comments), **fields)


# --- what happens ---------------------------------------------------------------------------------------------------


class Expected:
    """An event of a type with these fields."""

    def __init__(self, kind: type[e.Event], **fields: Any) -> None:
        self.kind, self.fields = kind, fields

    def fits(self, event: e.Event) -> bool:
        """True for such an event."""
        return isinstance(event, self.kind) and all(
            getattr(event, name) == value for name, value in self.fields.items()
        )

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({self.fields})"


class Refusal(Expected):
    """The desk will not, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(e.Event)
        self.code = code


def _counted(kind: type[e.Event]) -> Callable[..., Expected]:
    def expected(count: Amount | None = None, **fields: Any) -> Expected:
        if count is not None:
            fields["quantity"] = quantity(count)
        return Expected(kind, **fields)

    return expected


Drafted = _counted(e.Drafted)
Reserved = _counted(e.Reserved)
Waitlisted = _counted(e.Waitlisted)
Promoted = _counted(e.Promoted)
Released = _counted(e.Released)
Edited = _counted(e.Edited)
Cancelled = _counted(e.Cancelled)


def event(kind: type[e.Event], **fields: Any) -> Expected:
    """Any event by its type and some fields."""
    return Expected(kind, **fields)


def unclear(reason: str, **fields: Any) -> Expected:
    """A comment that needs a person."""
    return Expected(e.Unclear, reason=reason, closed=False, **fields)


def sized(code: str, stock: Mapping[str, int] | int | None, values: str = "S M L", price: int = 1000) -> Product:
    """A product with sizes; stock for all of it, per size, or not counted."""
    counted: dict[str, Quantity] | None
    if stock is None:
        counted = None
    elif isinstance(stock, int):
        counted = {"": quantity(stock)}
    else:
        counted = {size: quantity(count) for size, count in stock.items()}
    sizes = Option(name="size", values=tuple(OptionValue(name=value) for value in values.split()))
    return Product(code=Code(code), name=code, price=Money(price), options=(sizes,), stock=counted)
