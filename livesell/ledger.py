"""The book: the state of shows, goods, orders and queues, and what each event does to it.

`Book.apply` is the only place that changes state. The desk applies its events to a fork of the book while it decides,
the store applies them to its own book and writes what changed, and a rebuild applies all of them to an empty one; so
the three cannot differ. A book with a `Shelf` behind it (the database) fetches what it has not seen yet.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from msgspec.structs import replace

from livesell import events as e
from livesell.commands import Heard
from livesell.model import (
    BuyerId,
    Code,
    CommentId,
    EventNumber,
    IdentityId,
    LineId,
    Money,
    OrderId,
    Product,
    Quantity,
    ShowId,
    Status,
    Struct,
)

OPEN: frozenset[Status] = frozenset({"draft", "confirmed"})
"""The states in which a buyer's next claim still joins the order."""


class Rules(Struct, frozen=True):
    """How this shop's desk works: `[desk]` of the configuration; `decimals` has the shop's currency."""

    confirm: Literal["tap", "sure"] = "tap"
    repeat: Literal["once", "add"] = "once"
    hold_minutes: int = 0
    cancel: Literal["do", "ask"] = "do"
    link: Literal["ask", "phone"] = "ask"
    pin_delay: float = 8
    decimals: int = 0
    sure_at: float = 0.9
    doubtful_below: float = 0.5


class ShowState(Struct, frozen=True):
    """A show; `orders` counts those given a number so far."""

    id: ShowId
    opened_at: datetime
    status: Literal["open", "ended"] = "open"
    ended_at: datetime | None = None
    pinned: Code | None = None
    pinned_before: Code | None = None
    pinned_at: datetime | None = None
    orders: int = 0


class OrderState(Struct, frozen=True):
    """An order; `seen` is the last event that touched it."""

    id: OrderId
    show: ShowId
    number: int
    code: str
    buyer: BuyerId
    status: Status
    created_at: datetime
    identity: IdentityId
    seen: EventNumber = EventNumber(0)


class LineState(Struct, frozen=True):
    """A line of an order: quantity = reserved + waitlisted, 0 once cancelled; `confirmed` is the part confirmed.

    `place` orders it in a queue; `variant` is the stock it is held from or waits for, None while that is not known.
    """

    id: LineId
    order: OrderId
    show: ShowId
    identity: IdentityId
    product: Code
    options: Mapping[str, str]
    quantity: Quantity
    unit_price: Money
    settled: bool
    place: int
    reserved: Quantity = Quantity(0)
    waitlisted: Quantity = Quantity(0)
    confirmed: Quantity = Quantity(0)
    variant: str | None = None
    comments: tuple[CommentId, ...] = ()
    pinned_before: Code | None = None
    held_at: datetime | None = None


class StockState(Struct, frozen=True):
    """What is there of a variant; available = on_hand - reserved."""

    product: Code
    variant: str
    on_hand: Quantity = Quantity(0)
    reserved: Quantity = Quantity(0)


class UnclearState(Struct, frozen=True):
    """A comment that needs, or needed, a person's tap."""

    comment: CommentId
    show: ShowId | None
    reason: str
    candidates: tuple[Code, ...] = ()
    open: bool = True
    how: str = ""
    since: datetime | None = None


class Counters(Struct, frozen=True):
    """The highest numbers given so far."""

    show: int = 0
    order: int = 0
    line: int = 0


class Shelf(Protocol):
    """Where a book fetches what it does not hold; every method gives what is stored, or None or nothing."""

    def show(self, show: ShowId) -> ShowState | None: ...
    def product(self, code: Code) -> Product | None: ...
    def stock(self, product: Code) -> Iterable[StockState]: ...
    def queue(self, product: Code) -> Iterable[LineState]: ...
    def order(self, order: OrderId) -> OrderState | None: ...
    def order_named(self, show: ShowId, code: str) -> OrderState | None: ...
    def orders_of(self, show: ShowId, buyer: BuyerId) -> Iterable[OrderState]: ...
    def line(self, line: LineId) -> LineState | None: ...
    def lines_of(self, order: OrderId) -> Iterable[LineState]: ...
    def unclear(self, comment: CommentId) -> UnclearState | None: ...
    def heard(self, comment: CommentId) -> Heard | None: ...
    def buyer_of(self, identity: IdentityId) -> BuyerId | None: ...
    def identities_of(self, buyer: BuyerId) -> Iterable[IdentityId]: ...
    def step(self, event: EventNumber) -> tuple[list[tuple[EventNumber, e.Event]], bool]: ...
    def held_before(self, show: ShowId, time: datetime) -> Iterable[LineId]: ...


K = TypeVar("K")
V = TypeVar("V")

UNNUMBERED = EventNumber(0)

KINDS = ("shows", "products", "stock", "orders", "lines", "unclears", "buyers")
"""What a book holds by key, and what a store writes after a turn."""


class Book:
    """The state as far as it was looked at.

    A fork shares what its parent holds and keeps its own changes. `changed` has the keys that `apply` touched.
    """

    def __init__(self, shelf: Shelf | None = None, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.shelf = shelf
        self.parent: Book | None = None
        self.counters = Counters()
        self._forget()

    def _forget(self) -> None:
        self.shows: dict[ShowId, ShowState | None] = {}
        self.products: dict[Code, Product | None] = {}
        self.stock: dict[tuple[Code, str], StockState | None] = {}
        self.orders: dict[OrderId, OrderState | None] = {}
        self.lines: dict[LineId, LineState | None] = {}
        self.unclears: dict[CommentId, UnclearState | None] = {}
        self.buyers: dict[IdentityId, BuyerId | None] = {}
        # Indices: kept complete for every key that was asked for once.
        self.order_names: dict[tuple[ShowId, str], OrderId | None] = {}
        self.buyer_orders: dict[tuple[ShowId, BuyerId], tuple[OrderId, ...]] = {}
        self.order_lines: dict[OrderId, tuple[LineId, ...]] = {}
        self.queues: dict[Code, tuple[tuple[int, LineId], ...]] = {}
        self.variants: dict[Code, tuple[str, ...]] = {}
        self.identities: dict[BuyerId, tuple[IdentityId, ...]] = {}
        self.heards: dict[CommentId, Heard | None] = {}
        self.changed: dict[str, set[Any]] = {kind: set() for kind in KINDS}

    def forget(self) -> None:
        """Drop all that was fetched; the shelf has the truth."""
        self._forget()

    def show_to(self, other: Book, event: e.Event) -> None:
        """Let another book, which fetches nothing, have what an event touched, as it is here now."""
        order = getattr(event, "order", None)
        if order is not None:
            other.orders[order] = self.order(order)
            other.order_lines[order] = self.all_lines(order)
            for number in other.order_lines[order]:
                line = other.lines[number] = self.line(number)
                if line is not None:
                    self._show_product(other, line.product)
        code = event.product.code if isinstance(event, e.ProductPut) else getattr(event, "product", None)
        if code is not None:
            self._show_product(other, code)
        comment = getattr(event, "comment", None)
        if comment is not None:
            other.unclears[comment] = self.unclear(comment)
            if comment in self.heards:
                other.heards[comment] = self.heards[comment]
            for candidate in event.candidates if isinstance(event, e.Unclear) else ():
                self._show_product(other, candidate)
        if event.show is not None:
            other.shows[event.show] = self.show(event.show)

    def _show_product(self, other: Book, code: Code) -> None:
        if code in other.products and code in other.queues:
            return
        other.products[code] = self.product(code)
        for cell in self.cells(code):
            other.stock[code, cell.variant] = cell
        other.variants[code] = tuple(cell.variant for cell in self.cells(code))
        other.queues[code] = self._queue(code)
        for _, number in other.queues[code]:
            other.lines[number] = self.line(number)

    @property
    def size(self) -> int:
        """How many orders, lines and comments are held."""
        return len(self.orders) + len(self.lines) + len(self.unclears) + len(self.heards)

    def fork(self) -> Book:
        """A book that starts as this one and may be changed without touching it."""
        fork = Book(None, self.rules)
        fork.parent, fork.counters = self, self.counters
        return fork

    # --- looking --------------------------------------------------------------------------------------------------

    def _get(self, kind: str, key: Any, fetch: Callable[[Shelf], Any]) -> Any:
        own = getattr(self, kind)
        if key in own:
            return own[key]
        if self.parent is not None:
            return self.parent._get(kind, key, fetch)
        value = fetch(self.shelf) if self.shelf is not None else None
        if self.shelf is not None:
            own[key] = value
        return value

    def show(self, show: ShowId) -> ShowState | None:
        found: ShowState | None = self._get("shows", show, lambda shelf: shelf.show(show))
        return found

    def product(self, code: Code) -> Product | None:
        found: Product | None = self._get("products", code, lambda shelf: shelf.product(code))
        return found

    def order(self, order: OrderId) -> OrderState | None:
        found: OrderState | None = self._get("orders", order, lambda shelf: shelf.order(order))
        return found

    def line(self, line: LineId) -> LineState | None:
        found: LineState | None = self._get("lines", line, lambda shelf: shelf.line(line))
        return found

    def unclear(self, comment: CommentId) -> UnclearState | None:
        found: UnclearState | None = self._get("unclears", comment, lambda shelf: shelf.unclear(comment))
        return found

    def heard(self, comment: CommentId) -> Heard | None:
        found: Heard | None = self._get("heards", comment, lambda shelf: shelf.heard(comment))
        return found

    def buyer_of(self, identity: IdentityId) -> BuyerId:
        """The buyer an identity belongs to; its own number until it is linked."""
        found: BuyerId | None = self._get("buyers", identity, lambda shelf: shelf.buyer_of(identity))
        return found if found is not None else BuyerId(identity)

    def remember(self, heard: Heard) -> None:
        """Keep a comment at hand without asking the shelf for it."""
        self.heards[heard.id] = heard

    def _index(self, kind: str, key: Any, fetch: Callable[[Shelf], tuple[Any, ...]]) -> tuple[Any, ...]:
        own = getattr(self, kind)
        if key in own:
            found: tuple[Any, ...] = own[key]
            return found
        if self.parent is not None:
            return self.parent._index(kind, key, fetch)
        own[key] = fetch(self.shelf) if self.shelf is not None else ()
        return own[key]  # type: ignore[no-any-return]

    def _keep(self, kind: str, key: Any, value: Any) -> Any:
        """Hold a fetched value unless a newer one is held; gives the one that holds."""
        return getattr(self, kind).setdefault(key, value)

    def orders_of(self, show: ShowId, buyer: BuyerId) -> list[OrderState]:
        """The buyer's orders of a show, oldest first, cancelled ones too."""

        def fetch(shelf: Shelf) -> tuple[OrderId, ...]:
            return tuple(self._root()._keep("orders", order.id, order).id for order in shelf.orders_of(show, buyer))

        ids = self._index("buyer_orders", (show, buyer), fetch)
        return [order for order in map(self.order, ids) if order is not None]

    def order_named(self, show: ShowId, code: str) -> OrderState | None:
        """The order of that code, in upper or lower case."""
        key = (show, code.upper())

        def fetch(shelf: Shelf) -> OrderId | None:
            order = shelf.order_named(*key)
            if order is None:
                return None
            self._root()._keep("orders", order.id, order)
            return order.id

        found: OrderId | None = self._get("order_names", key, fetch)
        return self.order(found) if found is not None else None

    def lines_of(self, order: OrderId) -> list[LineState]:
        """The lines of an order that hold or wait for something, oldest first."""

        def fetch(shelf: Shelf) -> tuple[LineId, ...]:
            return tuple(self._root()._keep("lines", line.id, line).id for line in shelf.lines_of(order))

        ids = self._index("order_lines", order, fetch)
        return [line for line in map(self.line, ids) if line is not None and line.quantity > 0]

    def queue(self, product: Code, variant: str) -> list[LineState]:
        """The lines that wait for this stock, first come first."""
        waiting = (self.line(line) for _, line in self._queue(product))
        return [line for line in waiting if line is not None and line.waitlisted > 0 and line.variant == variant]

    def waiting(self, product: Code) -> list[LineState]:
        """The lines that wait for any of a product, first come first."""
        found = (self.line(line) for _, line in self._queue(product))
        return [line for line in found if line is not None and line.waitlisted > 0]

    def first(self, product: Code, variant: str) -> LineState | None:
        """The line whose turn it is."""
        for _, number in self._queue(product):
            line = self.line(number)
            if line is not None and line.waitlisted > 0 and line.variant == variant:
                return line
        return None

    def _queue(self, product: Code) -> tuple[tuple[int, LineId], ...]:
        def fetch(shelf: Shelf) -> tuple[tuple[int, LineId], ...]:
            found = (self._root()._keep("lines", line.id, line) for line in shelf.queue(product))
            return tuple(sorted((line.place, line.id) for line in found if line.waitlisted > 0))

        return self._index("queues", product, fetch)

    def cell(self, product: Code, variant: str) -> StockState | None:
        """What is there of a variant, None where nothing was ever counted."""
        self.cells(product)
        found: StockState | None = self._get("stock", (product, variant), lambda _: None)
        return found

    def cells(self, product: Code) -> list[StockState]:
        """The counted variants of a product."""

        def fetch(shelf: Shelf) -> tuple[str, ...]:
            return tuple(
                self._root()._keep("stock", (product, cell.variant), cell).variant for cell in shelf.stock(product)
            )

        variants = self._index("variants", product, fetch)
        found = (self._get("stock", (product, variant), lambda _: None) for variant in variants)
        return [cell for cell in found if cell is not None]

    def identities_of(self, buyer: BuyerId) -> tuple[IdentityId, ...]:
        """The identities of one person."""
        return self._index("identities", buyer, lambda shelf: tuple(shelf.identities_of(buyer))) or (IdentityId(buyer),)

    def step(self, event: EventNumber) -> tuple[list[tuple[EventNumber, e.Event]], bool]:
        """All events of the command that this event belongs to, and whether it was taken back already."""
        root = self._root()
        return root.shelf.step(event) if root.shelf is not None else ([], False)

    def held_before(self, show: ShowId, time: datetime) -> list[LineState]:
        """Lines of drafts that hold stock since before `time`, oldest first."""
        root = self._root()
        ids = root.shelf.held_before(show, time) if root.shelf is not None else tuple(root.lines)
        lines = (self.line(number) for number in ids)
        return [
            line
            for line in lines
            if line is not None
            and line.show == show
            and line.reserved > line.confirmed
            and line.held_at is not None
            and line.held_at <= time
        ]

    def _root(self) -> Book:
        return self if self.parent is None else self.parent._root()

    # --- changing -------------------------------------------------------------------------------------------------

    def _put(self, kind: str, key: Any, value: Any) -> None:
        getattr(self, kind)[key] = value
        self.changed[kind].add(key)

    def apply(self, event: e.Event, number: EventNumber = UNNUMBERED) -> None:
        """What an event does to the state; `number` is its number in the ledger, 0 while it has none."""
        APPLY[type(event)](self, event)
        order = getattr(event, "order", None)
        if order is not None:
            self._touch(order, number)

    def _touch(self, order: OrderId, number: EventNumber) -> None:
        state = self.order(order)
        if state is not None and number > state.seen:
            self._put("orders", order, replace(state, seen=number))

    def _change_line(self, line: LineId, **fields: Any) -> None:
        before = self._line(line)
        after = replace(before, **fields)
        self._put("lines", line, after)
        if before.waitlisted or after.waitlisted:
            self._requeue(before, after)

    def _requeue(self, before: LineState, after: LineState) -> None:
        was = (before.product, before.place) if before.waitlisted else None
        now = (after.product, after.place) if after.waitlisted else None
        if was == now:
            return
        if was is not None:
            queue = self._queue(before.product)
            at = bisect_left(queue, (before.place, before.id))
            self.queues[before.product] = queue[:at] + queue[at + 1 :]
        if now is not None:
            queue = self._queue(after.product)
            at = bisect_left(queue, (after.place, after.id))
            self.queues[after.product] = (*queue[:at], (after.place, after.id), *queue[at:])

    def _line(self, line: LineId) -> LineState:
        found = self.line(line)
        if found is None:
            raise LookupError(f"line {line} is not in the book")
        return found

    def _order(self, order: OrderId) -> OrderState:
        found = self.order(order)
        if found is None:
            raise LookupError(f"order {order} is not in the book")
        return found

    def _reserve(self, product: Code, variant: str, quantity: Quantity) -> None:
        cell = self.cell(product, variant)
        if cell is not None:
            self._put("stock", (product, variant), replace(cell, reserved=Quantity(cell.reserved + quantity)))

    def _commented(self, event: e.Commented) -> None:
        if self._get("buyers", event.identity, lambda shelf: shelf.buyer_of(event.identity)) is None:
            self.buyers[event.identity] = event.buyer
            self.changed["buyers"].add(event.identity)

    def _drafted(self, event: e.Drafted) -> None:
        assert event.show is not None
        if event.opened:
            order = OrderState(
                event.order, event.show, event.number, event.code, event.buyer, "draft", event.at, event.identity
            )
            earlier = self.orders_of(event.show, event.buyer)
            self._put("orders", event.order, order)
            self.buyer_orders[event.show, event.buyer] = (*(one.id for one in earlier), event.order)
            self.order_names[event.show, event.code] = event.order
            self.order_lines[event.order] = ()
            show = self.show(event.show)
            if show is not None:
                self._put("shows", event.show, replace(show, orders=max(show.orders, event.number)))
            self.counters = replace(self.counters, order=max(self.counters.order, event.order))
        lines = self.all_lines(event.order)
        self.counters = replace(self.counters, line=max(self.counters.line, event.line))
        line = LineState(
            id=event.line,
            order=event.order,
            show=event.show,
            identity=event.identity,
            product=event.product,
            options=event.options,
            quantity=event.quantity,
            unit_price=event.unit_price,
            settled=event.settled,
            place=event.place,
            comments=() if event.comment is None else (event.comment,),
            pinned_before=event.pinned_before,
        )
        self._put("lines", event.line, line)
        self.order_lines[event.order] = (*lines, event.line)

    def all_lines(self, order: OrderId) -> tuple[LineId, ...]:
        """The lines of an order, cancelled ones too."""
        self.lines_of(order)
        return self._index("order_lines", order, lambda _: ())

    def _reserved(self, event: e.Reserved) -> None:
        line = self._line(event.line)
        self._change_line(
            event.line,
            reserved=Quantity(line.reserved + event.quantity),
            variant=event.variant,
            held_at=line.held_at or event.at,
        )
        self._reserve(event.product, event.variant, event.quantity)

    def _waitlisted(self, event: e.Waitlisted) -> None:
        line = self._line(event.line)
        self._change_line(event.line, waitlisted=Quantity(line.waitlisted + event.quantity), variant=event.variant)

    def _promoted(self, event: e.Promoted) -> None:
        line = self._line(event.line)
        self._change_line(
            event.line,
            reserved=Quantity(line.reserved + event.quantity),
            waitlisted=Quantity(line.waitlisted - event.quantity),
            held_at=event.at,
        )
        self._reserve(event.product, event.variant, event.quantity)

    def _released(self, event: e.Released) -> None:
        line = self._line(event.line)
        reserved = Quantity(line.reserved - event.quantity)
        self._change_line(
            event.line,
            reserved=reserved,
            waitlisted=Quantity(line.waitlisted - event.waiting),
            confirmed=min(line.confirmed, reserved),
            held_at=line.held_at if reserved else None,
        )
        if event.quantity and event.variant is not None:
            self._reserve(event.product, event.variant, Quantity(-event.quantity))

    def _edited(self, event: e.Edited) -> None:
        line = self._line(event.line)
        comments = line.comments
        if event.comment is not None and event.comment not in comments:
            comments = (*comments, event.comment)
        self._change_line(
            event.line,
            product=event.product,
            options=event.options,
            quantity=event.quantity,
            unit_price=event.unit_price,
            settled=event.settled,
            place=event.place,
            comments=comments,
        )

    def _settled(self, event: e.Settled) -> None:
        self._change_line(event.line, settled=True)

    def _confirmed(self, event: e.Confirmed) -> None:
        self._put("orders", event.order, replace(self._order(event.order), status=_later(event.was, "confirmed")))
        for line, quantity in event.held.items():
            self._change_line(LineId(int(line)), confirmed=quantity, pinned_before=None)

    def _moved(self, event: e.Moved) -> None:
        self._put("orders", event.order, replace(self._order(event.order), status=event.status))
        for line, quantity in event.held.items():
            self._change_line(LineId(int(line)), confirmed=quantity)

    def _status(self, event: e.Paid | e.Packed | e.Shipped | e.Returned) -> None:
        status: Status = STATUS_OF[type(event)]
        self._put("orders", event.order, replace(self._order(event.order), status=status))

    def _cancelled(self, event: e.Cancelled) -> None:
        if event.line is None:
            self._put("orders", event.order, replace(self._order(event.order), status="cancelled"))
        else:
            self._change_line(event.line, quantity=Quantity(0))

    def _unclear(self, event: e.Unclear) -> None:
        self._put(
            "unclears",
            event.comment,
            UnclearState(
                event.comment, event.show, event.reason, event.candidates, not event.closed, event.how, event.at
            ),
        )

    def _linked(self, event: e.Linked | e.Unlinked) -> None:
        for identity, (_, buyer) in event.identities.items():
            self._join(IdentityId(int(identity)), buyer)
        for given, (_, buyer) in event.orders.items():
            self._give(OrderId(int(given)), buyer)
        for number, (source, target) in event.lines.items():
            line = LineId(int(number))
            mine, theirs = self.all_lines(source), self.all_lines(target)
            self.order_lines[source] = tuple(one for one in mine if one != line)
            self.order_lines[target] = tuple(sorted({*theirs, line}))
            self._change_line(line, order=target)
        for order in {order for pair in event.lines.values() for order in pair}:
            self._put("orders", order, self._order(order))

    def _join(self, identity: IdentityId, buyer: BuyerId) -> None:
        before = self.buyer_of(identity)
        self.identities[before] = tuple(one for one in self.identities_of(before) if one != identity)
        after = tuple(one for one in self.identities_of(buyer) if self.buyer_of(one) == buyer)
        self._put("buyers", identity, buyer)
        self.identities[buyer] = tuple(sorted({*after, identity}))

    def _give(self, order: OrderId, buyer: BuyerId) -> None:
        state = self._order(order)
        mine = tuple(one.id for one in self.orders_of(state.show, state.buyer) if one.id != order)
        theirs = tuple(one.id for one in self.orders_of(state.show, buyer))
        self.buyer_orders[state.show, state.buyer] = mine
        self.buyer_orders[state.show, buyer] = tuple(sorted({*theirs, order}))
        self._put("orders", order, replace(state, buyer=buyer))

    def _product(self, event: e.ProductPut) -> None:
        self._put("products", event.product.code, event.product)

    def _pinned(self, event: e.Pinned) -> None:
        assert event.show is not None
        show = self.show(event.show)
        if show is not None:
            after = replace(show, pinned=event.code, pinned_before=event.before, pinned_at=event.at)
            self._put("shows", event.show, after)

    def _stock(self, event: e.Stock) -> None:
        cell = self.cell(event.product, event.variant)
        if cell is None:
            cell = StockState(event.product, event.variant)
            self.variants[event.product] = (*self._index("variants", event.product, lambda _: ()), event.variant)
        self._put("stock", (event.product, event.variant), replace(cell, on_hand=event.on_hand))

    def _show(self, event: e.Show) -> None:
        assert event.show is not None
        if event.state == "opened":
            self._put("shows", event.show, ShowState(event.show, event.at))
            self.counters = replace(self.counters, show=max(self.counters.show, event.show))
            return
        show = self.show(event.show)
        if show is not None:
            ended = event.state == "ended"
            after = replace(show, status="ended" if ended else "open", ended_at=event.at if ended else None)
            self._put("shows", event.show, after)

    def _nothing(self, event: e.Event) -> None:
        """Told to people only."""


STATUS_OF: Mapping[type[e.Event], Status] = {
    e.Paid: "paid",
    e.Packed: "packed",
    e.Shipped: "shipped",
    e.Returned: "returned",
}

ORDER_OF_STATUS: tuple[Status, ...] = ("draft", "confirmed", "paid", "packed", "shipped", "returned")


def _later(one: Status, other: Status) -> Status:
    """Confirming what joined a paid order leaves it paid."""
    return max(one, other, key=ORDER_OF_STATUS.index)


APPLY: Mapping[type[e.Event], Callable[[Book, Any], None]] = {
    e.Commented: Book._commented,
    e.Drafted: Book._drafted,
    e.Reserved: Book._reserved,
    e.Waitlisted: Book._waitlisted,
    e.Promoted: Book._promoted,
    e.Released: Book._released,
    e.Edited: Book._edited,
    e.Settled: Book._settled,
    e.Confirmed: Book._confirmed,
    e.Moved: Book._moved,
    e.Paid: Book._status,
    e.Packed: Book._status,
    e.Shipped: Book._status,
    e.Returned: Book._status,
    e.Cancelled: Book._cancelled,
    e.Unclear: Book._unclear,
    e.Flagged: Book._nothing,
    e.Linked: Book._linked,
    e.Unlinked: Book._linked,
    e.Known: Book._nothing,
    e.ProductPut: Book._product,
    e.Pinned: Book._pinned,
    e.Stock: Book._stock,
    e.Source: Book._nothing,
    e.Gap: Book._nothing,
    e.Jumped: Book._nothing,
    e.Undone: Book._nothing,
    e.Show: Book._show,
}


def place_of(time: datetime, line: int) -> int:
    """A place in the queue: by time to the microsecond, among equals by the line's number."""
    return int((time - EPOCH) / timedelta(microseconds=1)) * 1000 + line % 1000


def time_of(place: int) -> datetime:
    """The time that a place in the queue was made from."""
    return EPOCH + timedelta(microseconds=place // 1000)


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
