"""Evenings that chance makes up, on a real database: what may happen in a show, and what must hold after each step."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace
from sqlalchemy import select

from livesell import commands as c
from livesell import events as e
from livesell.errors import Refused
from livesell.ledger import Book, LineState, OrderState, Rules
from livesell.model import (
    AuthorId,
    Claim,
    Code,
    Comment,
    CommentId,
    Deleted,
    EventNumber,
    IdentityId,
    LineId,
    MessageId,
    Money,
    Option,
    OptionValue,
    OrderId,
    Platform,
    Product,
    Quantity,
    Reading,
    ShowId,
)
from livesell.store import Answer, Asked, Gone, Numbered, Said, Store, schema
from livesell.store.overview import looking
from livesell.store.rebuild import compare
from tests.exactreader import ExactReader
from tests.queuemodel import QueueModel

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SHOW = ShowId(1)
SIZES = (Option("size", (OptionValue("S"), OptionValue("M"))),)
GOODS = (
    Product(code=Code("A1"), name="A1", price=Money(1000), stock={"": Quantity(4000)}),
    Product(code=Code("A2"), name="A2", price=Money(755)),
    Product(
        code=Code("D5"), name="D5", price=Money(500), options=SIZES, stock={"S": Quantity(1000), "M": Quantity(2000)}
    ),
    Product(code=Code("O1"), name="O1", price=Money(9000), stock={"": Quantity(1000)}),
)
LATER = ("B7", "Z9")
"""Codes that people ask for before there is such a product; only the second looks like one to the reader."""

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where files need no disk: what a power cut does is tried elsewhere, here it is thousands of commits that count."""

PEOPLE = ("mai", "lin", "hoa", "an")
TRIED: Counter[str] = Counter()
"""What was tried, for the report at the end of a long run."""

who = st.sampled_from(PEOPLE)
codes = st.sampled_from(["A1", "A1", "A2", "D5", "O1", *LATER])
known = st.sampled_from(["A1", "A2", "D5", "O1"])
counts = st.integers(1, 3)
pick = st.integers(0, 1000)


class Talker(ExactReader):
    """Also reads `more A1 2`, `change A1 A2`, `pass`, a size (`D5/M 2`), and Z9 as a code that nobody knows."""

    def read(self, text: str, pinned: Code | None = None) -> Reading:
        """What a comment asks for."""
        words = text.split()
        if words[:1] == ["more"]:
            return replace(super().read(" ".join(words[1:]), pinned), adds=True)
        if words[:1] == ["change"]:
            old, new = (Claim(Code(word)) for word in words[1:3])
            return Reading("change", (new,), confidence=0.95, replaces=(old,))
        if words[:1] == ["pass"]:
            return Reading("other", confidence=0.95, passes=True)
        code, slash, size = words[0].partition("/") if words else ("", "", "")
        if slash and Code(code) in self.products:
            found = super().read(" ".join((code, *words[1:])), pinned)
            return replace(found, claims=tuple(replace(one, options={"size": size}) for one in found.claims))
        if words[:1] == ["Z9"] and Code("Z9") not in self.products:
            return Reading("order", confidence=0.9, unknown=("Z9",))
        return super().read(text, pinned)


class OnDatabase(RuleBasedStateMachine):
    """A shop on a real database that can be left and gone on with."""

    address = "sqlite:///shop.db"
    desk: dict[str, Any] = {}  # noqa: RUF012 - each variant has its own class
    made = False
    empty = b""
    """A database as at its first start: making its tables for each evening would take most of the time."""

    def __init__(self) -> None:
        super().__init__()
        TRIED["evenings"] += 1
        if TRIED["evenings"] % 100 == 0:
            print(f"{type(self).__mro__[1].__name__} on {self.address.partition(':')[0]}: {dict(TRIED)}", flush=True)
        self.folder = Path(tempfile.mkdtemp(prefix="livesell-evening-", dir=MEMORY))
        self.now = START
        self.sent: dict[str, Comment] = {}
        self.answered_with: list[Numbered] = []
        self.unseen: list[e.Event] = []
        self.store = self.opened(afresh=True)

    def opened(self, *, afresh: bool = False) -> Store:
        """The shop as a new process finds it; `afresh`: as at its first start."""
        kind = type(self)
        if afresh and kind.empty:
            (self.folder / "shop.db").write_bytes(kind.empty)
        store = Store(self.address, folder=self.folder, rules=Rules(**self.desk), reader=Talker())
        if afresh and not store.sqlite and kind.made:
            with store.engine.begin() as connection:
                for table in reversed(schema.metadata.sorted_tables):
                    if table.name != "alembic_version":
                        connection.execute(table.delete())
        store.open()
        if not kind.made and store.sqlite:
            store.close()
            kind.empty = (self.folder / "shop.db").read_bytes()
            store = Store(self.address, folder=self.folder, rules=Rules(**self.desk), reader=Talker())
            store.open()
        kind.made = True
        return store

    def teardown(self) -> None:
        """The whole ledger once more from its first event; then nothing is left behind."""
        try:
            with self.store.readers.connect() as connection, connection.begin():
                found = compare(connection)
            assert found.differences == ()
        finally:
            self.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def transact(self, *asks: Any) -> list[Answer]:
        """One batch; a refusal is an answer too, anything else that is raised is a fault."""
        self.now += timedelta(seconds=1)
        answers = self.store.transact(list(asks), self.now)
        for answer in answers:
            TRIED["refused" if answer.error else "done"] += 1
            self.answered_with += answer.events
            assert answer.error is None or isinstance(answer.error, Refused), answer.error
            if answer.error is not None:
                assert len(str(answer.error)) > 8, repr(answer.error)
        return answers

    def ask(self, *commands: c.Command, show: ShowId | None = SHOW) -> Answer | None:
        """Give commands together; None where they are refused."""
        answer = self.transact(Asked(show, commands))[0]
        return None if answer.error is not None else answer

    def say(self, *comments: Comment, **fields: Any) -> Answer | None:
        """Let comments come; None where no show is open any more."""
        answer = self.transact(Said(SHOW, "tiktok", comments, **fields))[0]
        return None if answer.error is not None else answer

    def comment(self, name: str, words: str, **fields: Any) -> Comment:
        """A new comment; it counts as sent once it was said."""
        TRIED["comments"] += 1
        number = f"m{TRIED['comments']}"
        return Comment(Platform("tiktok"), MessageId(number), AuthorId(name), name, words, **fields)

    def look(self) -> Any:
        """What pages are shown."""
        return looking(self.store.readers, "VND", 0)


class Evening(OnDatabase):
    """A show in which anything may happen next."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(None, self.store.book.rules)
        self.read = 0
        self.before: dict[LineId, LineState] = {}
        self.steps = 0
        self.prices: dict[LineId, tuple[str, int]] = {}
        self.codes: dict[str, tuple[int, int]] = {}
        self.people: dict[str, IdentityId] = {}

    @initialize()
    def begin(self) -> None:
        """Goods, and a show."""
        self.ask(c.OpenShow(), show=None)
        for product in GOODS:
            stock = None if product.stock is None else dict(product.stock)
            self.ask(c.PutProduct(product=product, stock=stock), show=None)

    def say(self, *comments: Comment, **fields: Any) -> Answer | None:
        """Let comments come, and remember those that were taken."""
        answer = super().say(*comments, **fields)
        if answer is not None:
            self.sent.update({comment.id: comment for comment in comments})
        return answer

    # --- what people say ------------------------------------------------------------------------------------------

    @rule(name=who, code=codes, count=counts)
    def claims(self, name: str, code: str, count: int) -> None:
        """Somebody claims: afterwards she has what she said, or a person is asked; nothing of it is lost or doubled."""
        before = self.has(name, code)
        answer = self.say(self.comment(name, f"{code} {count}"))
        if answer is None:
            return
        assert answer.accepted == 1
        product = self.book.product(Code(code))
        asked = any(isinstance(one.event, e.Unclear) for one in answer.events)
        if product is None or not product.open or product.options or asked:
            assert not any(isinstance(one.event, e.Drafted) for one in answer.events) or product is not None
            return
        self.catch_up()
        wanted = count * 1000 + (before if self.desk.get("repeat") == "add" else 0)
        assert self.has(name, code) == wanted, f"{name} asked for {count} of {code}: {before} → {self.has(name, code)}"

    @rule(name=who, size=st.sampled_from(["S", "M"]), count=counts)
    def claims_a_size(self, name: str, size: str, count: int) -> None:
        """Somebody claims with the size, or says at last which size."""
        self.say(self.comment(name, f"D5/{size} {count}"))

    @rule(name=who, code=codes, count=counts)
    def wants_more(self, name: str, code: str, count: int) -> None:
        """Somebody wants some more: it comes on top."""
        before = self.has(name, code)
        answer = self.say(self.comment(name, f"more {code} {count}"))
        product = self.book.product(Code(code))
        if answer is None or product is None or not product.open or product.options:
            return
        if any(isinstance(one.event, e.Unclear) for one in answer.events):
            return
        self.catch_up()
        assert self.has(name, code) == before + count * 1000

    @rule(names=st.lists(st.tuples(who, codes, counts), min_size=2, max_size=6))
    def claim_together(self, names: list[tuple[str, str, int]]) -> None:
        """Several claim in one batch."""
        self.say(*(self.comment(name, f"{code} {count}") for name, code, count in names))

    @rule(name=who, code=st.sampled_from(["", "A1", "A2", "D5", "O1", "B7"]))
    def withdraws(self, name: str, code: str) -> None:
        """Somebody cancels, by comment: what is a draft is gone, anything else is a question."""
        answer = self.say(self.comment(name, f"cancel {code}".strip()))
        if answer is None or any(isinstance(one.event, e.Unclear) for one in answer.events):
            return
        self.catch_up()
        assert not code or self.has(name, code) == 0

    @rule(name=who)
    def passes(self, name: str) -> None:
        """Somebody lets the next have it: she waits for nothing any more, and keeps what she had by being first."""
        before = {line.id: line for line in self.lines()}
        answer = self.say(self.comment(name, "pass"))
        if answer is None or not any(isinstance(one.event, e.Released) for one in answer.events):
            return
        self.catch_up()
        person = self.person(name)
        for line in self.lines():
            order = self.book.order(line.order)
            was = before.get(line.id)
            if person is None or order is None or was is None or order.buyer != self.book.buyer_of(person):
                continue
            if order.status in ("draft", "confirmed"):
                assert (line.waitlisted, line.reserved) == (0, was.reserved - was.promoted), (was, line)

    @rule(name=who, old=known, new=known)
    def changes_mind(self, name: str, old: str, new: str) -> None:
        """Somebody wants something else instead."""
        self.say(self.comment(name, f"change {old} {new}"))

    @rule(name=who, code=known, count=counts, back=st.integers(1, 500))
    def heard_late(self, name: str, code: str, count: int, back: int) -> None:
        """After a gap a comment comes that was written in it, or as history."""
        written = max(START, self.now - timedelta(seconds=back))
        gap = {"lost_since": START, "lost_until": self.now}
        self.say(self.comment(name, f"{code} {count}", sent_at=written, history=back % 3 == 0), **gap)

    @precondition(lambda self: self.sent)
    @rule(numbers=st.lists(pick, min_size=1, max_size=5))
    def delivered_again(self, numbers: list[int]) -> None:
        """The platform sends old comments once more, the seller's own too: nothing happens."""
        old = [list(self.sent.values())[number % len(self.sent)] for number in numbers]
        last = self.store.last
        answer = self.say(*old)
        assert answer is None or (answer.accepted, self.store.last) == (0, last)

    @precondition(lambda self: self.sent)
    @rule(number=pick, edit=st.booleans())
    def taken_away_or_edited(self, number: int, edit: bool) -> None:
        """A platform takes a comment away, or it was edited: no order changes."""
        comment = list(self.sent.values())[number % len(self.sent)]
        before = self.orders_as_told()
        if edit and comment.role == "viewer" and not comment.edited:
            changed = replace(comment, text=f"{comment.text} 9", edited=True)
            answer = super().say(changed)
            if answer is not None and answer.accepted:
                self.sent[f"{comment.id}/edited"] = changed
        else:
            self.transact(Gone(SHOW, Deleted(Platform("tiktok"), ids=(comment.id,))))
        self.catch_up()
        assert self.orders_as_told() == before

    # --- what the seller says and taps ----------------------------------------------------------------------------

    @rule(code=st.sampled_from([*LATER, "A1", "O1"]), price=st.integers(1, 9), count=st.sampled_from(["", " 2", " 5"]))
    def announced(self, code: str, price: int, count: str) -> None:
        """The seller opens a product by her own comment."""
        self.say(self.comment("shop", f"{code} lotus tea {price}k{count}", role="seller"))

    @rule(code=st.sampled_from([*LATER, "A1", "A2", "D5", "O1"]), price=st.integers(1, 9), whole=st.booleans())
    def opened_by_line(self, code: str, price: int, whole: bool) -> None:
        """The seller opens a product on the page, by its line or, closed before, by its code."""
        self.ask(c.Open(line=f"{code} green tea {price}k 3" if whole else code))

    @rule(code=st.sampled_from(["A1", "A2", "D5", "O1", *LATER]))
    def closed(self, code: str) -> None:
        """A product is taken off sale."""
        self.ask(c.Close(code=Code(code)))

    @rule(code=known, on=st.booleans())
    def back_orders(self, code: str, on: bool) -> None:
        """More may be promised than is there, or no more."""
        self.ask(c.BackOrders(code=Code(code), on=on))

    @rule(
        code=st.sampled_from(["A1", "A2", "O1"]),
        price=st.sampled_from([300, 755]),
        stock=st.sampled_from([None, 0, 2, 6]),
    )
    def goods_changed(self, code: str, price: int, stock: int | None) -> None:
        """A sheet or an edit: another price, counted from now on or not counted any more."""
        counted = None if stock is None else {"": Quantity(stock * 1000)}
        before = self.book.product(Code(code))
        if before is not None:
            product = replace(before, price=Money(price), stock=counted)
            self.ask(c.PutProduct(product=product, stock=counted), show=None)

    @rule(shape=st.sampled_from([None, "", "S M", "S"]))
    def sizes_counted_differently(self, shape: str | None) -> None:
        """A product with sizes: counted by size, as a whole, or not at all."""
        before = self.book.product(Code("D5"))
        assert before is not None
        stock = None if shape is None else {size: Quantity(2000) for size in (shape.split() or [""])}
        self.ask(c.PutProduct(product=replace(before, stock=stock), stock=stock), show=None)

    @rule(code=st.sampled_from([("A1", ""), ("D5", "S"), ("D5", "M"), ("O1", "")]), by=st.sampled_from([-1, 0.5, 1, 3]))
    def restocked(self, code: tuple[str, str], by: float) -> None:
        """More is there, or less."""
        self.ask(c.Restock(code=Code(code[0]), variant=code[1], by=by))

    @rule(code=st.sampled_from(["A1", "D5", ""]))
    def pinned(self, code: str) -> None:
        """Another product is on show."""
        self.ask(c.Pin(code=Code(code) if code else None))

    @rule(
        number=pick,
        step=st.sampled_from([c.Confirm, c.Confirm, c.Cancel, c.Paid, c.Packed, c.Shipped, c.Returned]),
        all_of_them=st.booleans(),
    )
    def tapped(self, number: int, step: Any, all_of_them: bool) -> None:
        """A tap on an order, or on all of them."""
        orders = self.orders()
        if orders and all_of_them and step is not c.Cancel:
            self.ask(step(orders=tuple(order.code for order in orders)))
        elif order := self.some(orders, number):
            refused = {"refused": number % 2 == 0} if step is c.Returned else {}
            self.ask(step(order=order.code, **refused))

    @rule(number=pick, step=st.sampled_from(["cancel", "pass", 0, 0.5, 1, 2, 5]))
    def line_tapped(self, number: int, step: Any) -> None:
        """A line is withdrawn, passed on, or gets another quantity by hand."""
        if line := self.some(self.lines(), number):
            if step == "cancel":
                self.ask(c.Cancel(line=line.id))
            elif step == "pass":
                self.ask(c.Pass(line=line.id))
            else:
                self.ask(c.SetQuantity(line=line.id, quantity=step))

    @rule(number=pick, size=st.sampled_from(["S", "M"]))
    def settled(self, number: int, size: str) -> None:
        """A size is said at last."""
        if line := self.some([line for line in self.lines() if line.product == "D5"], number):
            self.ask(c.SetOptions(line=line.id, options={"size": size}))

    @rule(number=pick, code=known, count=counts)
    def read_by_hand(self, number: int, code: str, count: int) -> None:
        """A person says what a comment asks for."""
        wanted = c.Wanted(code=Code(code), quantity=count)
        self.ask(c.ReadAs(comment=CommentId(1 + number % (len(self.sent) + 1)), lines=(wanted,)))

    @rule(number=pick, agreed=st.booleans())
    def answered(self, number: int, agreed: bool) -> None:
        """A person answers a question."""
        waiting = [one.comment for one in self.book.unclears.values() if one is not None and one.open]
        if waiting:
            comment = waiting[number % len(waiting)]
            self.ask(c.Agree(comment=comment) if agreed else c.Dismiss(comment=comment))

    @rule(number=pick)
    def undone(self, number: int) -> None:
        """Any step is taken back, the newest ones oftener."""
        last = max(1, self.store.last)
        self.ask(c.Undo(event=EventNumber(last - number % min(last, 12) if number % 2 else 1 + number % last)))

    @rule(one=who, other=who)
    def linked(self, one: str, other: str) -> None:
        """Two are one person, or are taken apart again."""
        persons = {name: self.person(name) for name in (one, other)}
        buyers = {name: self.book.buyer_of(person) for name, person in persons.items() if person is not None}
        if one in buyers and other in buyers and buyers[one] != buyers[other]:
            self.ask(c.Link(buyers=(buyers[one], buyers[other])))
        elif one in buyers:
            self.ask(c.Unlink(buyer=buyers[one]))

    @rule(minutes=st.integers(1, 30))
    def time_passes(self, minutes: int) -> None:
        """Holds may run out."""
        self.now += timedelta(minutes=minutes)
        self.ask(c.Tick())

    @rule(again=st.booleans())
    def show_over(self, again: bool) -> None:
        """The show ends, and mostly goes on."""
        self.ask(c.EndShow())
        if again:
            self.ask(c.Reopen())

    @rule()
    def reopened(self) -> None:
        """An ended show goes on."""
        self.ask(c.Reopen())

    @rule(number=pick)
    def resent(self, number: int) -> None:
        """A tap that is sent twice counts once."""
        if order := self.some(self.orders(), number):
            tap = c.Confirm(order=order.code, id=f"tap-{self.store.last}")
            if (first := self.ask(tap)) is not None:
                last = self.store.last
                assert (self.ask(tap), self.store.last) == (first, last)

    @rule()
    def restarted(self) -> None:
        """The process ends, and another goes on; the ledger alone gives what the tables hold."""
        TRIED["restarts"] += 1
        self.store.close()
        self.store = self.opened()
        with self.store.readers.connect() as connection, connection.begin():
            assert compare(connection).differences == ()

    # --- what always holds ----------------------------------------------------------------------------------------

    def catch_up(self) -> list[e.Event]:
        """Apply the events that were answered to a book that knows nothing else; those events.

        That the ledger holds the same is looked at by `compare`, after restarts and at the end.
        """
        new: list[e.Event] = []
        for one in sorted(self.answered_with, key=lambda one: one.number):
            if one.number > self.read:
                assert one.number == self.read + 1, f"event {self.read + 1} is missing"
                self.book.apply(one.event, one.number)
                self.read = one.number
                new.append(one.event)
        self.answered_with.clear()
        self.unseen += new
        return new

    def has(self, name: str, code: str) -> int:
        """How much of a product a person's open order asks for, in thousandths."""
        person = self.person(name)
        if person is None:
            return 0
        orders = self.book.orders_of(SHOW, self.book.buyer_of(person))
        for order in reversed(orders):
            if order.status in ("draft", "confirmed"):
                return sum(line.quantity for line in self.book.lines_of(order.id) if line.product == code)
        return 0

    def person(self, name: str) -> IdentityId | None:
        """The identity of a name; None before anything was heard of it."""
        if name not in self.people:
            with self.store.readers.connect() as connection, connection.begin():
                mine = select(schema.identities.c.id).where(schema.identities.c.author_id == name)
                found = connection.scalar(mine)
            if found is None:
                return None
            self.people[name] = IdentityId(found)
        return self.people[name]

    def orders(self) -> list[OrderState]:
        """All orders."""
        return [order for order in self.book.orders.values() if order is not None]

    def lines(self) -> list[LineState]:
        """All lines that ask for something."""
        return [line for line in self.book.lines.values() if line is not None and line.quantity]

    def some(self, found: list[Any], number: int) -> Any:
        """One of them, or None."""
        return found[number % len(found)] if found else None

    def orders_as_told(self) -> list[Any]:
        """What pages are told of orders, but for the marks of comments taken away."""
        with self.look() as found:
            shapes = found.orders(SHOW, limit=500)
        for shape in shapes:
            for line in shape["lines"]:
                line.pop("deleted")
        return [{key: value for key, value in shape.items() if key != "seen"} for shape in shapes]

    @invariant()
    def holds(self) -> None:
        """The tables are what the events add up to, and the book balances."""
        if not self.store.last:
            return
        self.catch_up()
        self.balances()
        self.in_order()
        self.frozen(self.unseen)
        self.steps += 1
        if self.steps % 4 == 0:  # what pages are told takes longer than all the rest
            self.told(self.unseen)
            self.unseen = []

    def balances(self) -> None:
        """Sums, no oversell, nobody waits while something is free, the queue in its order."""
        held: dict[tuple[str, str], int] = {}
        for line in self.book.lines.values():
            assert line is not None
            assert line.quantity == line.reserved + line.waitlisted, line
            assert 0 <= line.confirmed <= line.reserved, line
            assert 0 <= line.promoted <= line.reserved, line
            if line.reserved:
                key = (line.product, line.variant or "")
                held[key] = held.get(key, 0) + line.reserved
        for key, cell in self.book.stock.items():
            assert cell is not None
            product = self.book.product(key[0])
            assert product is not None
            assert cell.reserved == held.get(key, 0), (cell, held)
            queue = self.book.queue(*key)
            assert [line.place for line in queue] == sorted(line.place for line in queue)
            if product.stock is None or product.back_orders:
                stocks: Collection[str] = product.stock if product.stock is not None else ("",)
                assert not [line for line in queue if line.variant in stocks], "nobody needs to wait"
            else:
                assert cell.reserved <= cell.on_hand, f"oversold: {cell}"
                if key[1] in product.stock:
                    assert not queue or cell.reserved == cell.on_hand, f"{queue[0]} waits while {cell} is free"
        numbers = [order.number for order in self.orders()]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        for order in self.orders():
            assert self.codes.setdefault(order.code, (order.id, order.number)) == (order.id, order.number)
            assert order.status == "cancelled" or self.book.lines_of(order.id), f"{order} has no line"

    def in_order(self) -> None:
        """Nobody who came later has got what somebody who waits, and waited, came first for."""
        had = {number: line.reserved for number, line in self.before.items()}
        for line_id, before in self.before.items():
            if not before.waitlisted:
                continue
            now = self.book.line(line_id)
            if now is None or not now.waitlisted or (now.place, now.variant) != (before.place, before.variant):
                continue
            for other in self.lines():
                same = (other.product, other.variant) == (now.product, now.variant)
                if same and other.place > now.place and other.reserved > had.get(other.id, 0):
                    raise AssertionError(f"{other} was served before {now}")
        self.before = {line.id: line for line in self.lines()}

    def frozen(self, new: list[e.Event]) -> None:
        """A line's price is the one that was said, unless it is of another product now."""
        back = any(isinstance(event, e.Undone) for event in new)
        for line in self.lines():
            known = self.prices.get(line.id)
            if known is not None and known[0] == line.product and not back:
                assert known[1] == line.unit_price, f"{line}: the price was {known[1]}"
            self.prices[line.id] = (line.product, line.unit_price)

    def told(self, new: list[e.Event]) -> None:
        """The tables hold the same, and what pages are told adds up."""
        touched: set[OrderId] = {event.order for event in new if getattr(event, "order", None) is not None}  # type: ignore[attr-defined]
        with self.look() as found:
            for order in touched:
                assert found.book.order(order) == self.book.order(order)
                for line in self.book.all_lines(order):
                    assert found.book.line(line) == self.book.line(line)
            moves = (e.Reserved, e.Promoted, e.Released, e.Stock)
            goods = {event.product for event in new if isinstance(event, moves)}
            for key, cell in self.book.stock.items():
                assert key[0] not in goods or found.book.cell(*key) == cell
            for event in new:
                if isinstance(event, e.Unclear):
                    assert found.book.unclear(event.comment) == self.book.unclear(event.comment)
            for shape in found.orders_by_id(touched):
                whole = sum(round_half_up(Decimal(line["unit_price"]) * thousandths(line)) for line in shape["lines"])
                assert shape["total"] == str(whole)
            sums = found.sums(SHOW)
            assert sums["comments"] == len(self.sent), "a comment is lost or doubled"
            assert sums["orders"] == sum(order.status != "cancelled" for order in self.orders())


def thousandths(line: dict[str, Any]) -> Decimal:
    """A told quantity as a decimal."""
    return Decimal(str(line["quantity"]))


def round_half_up(value: Decimal) -> int:
    """Money in whole units."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class CarefulEvening(Evening):
    """A shop that confirms sure readings by itself, adds repeats, and holds for ten minutes."""

    desk = {"confirm": "sure", "repeat": "add", "hold_minutes": 10}  # noqa: RUF012


class Queueing(OnDatabase):
    """The same, held against the simplest book there can be: after each step both say the same of everybody."""

    desk = {"hold_minutes": 10}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.model = QueueModel(
            {"A1": 3, "O1": 1}, repeat=self.desk.get("repeat", "once"), hold=60 * self.desk.get("hold_minutes", 0)
        )
        self.said: list[Comment] = []

    @property
    def second(self) -> int:
        """The time that the next batch will have, as the model counts it."""
        return int((self.now - START).total_seconds())

    @initialize()
    def begin(self) -> None:
        """Two products, one of them one of a kind."""
        self.ask(c.OpenShow(), show=None)
        for code, count in self.model.stock.items():
            counted = {"": Quantity(count * 1000)}
            product = Product(code=Code(code), name=code, price=Money(1000), stock=counted)
            self.ask(c.PutProduct(product=product, stock=counted))

    @rule(
        claims=st.lists(
            st.tuples(who, st.sampled_from(["A1", "A1", "O1"]), counts, st.booleans()), min_size=1, max_size=5
        )
    )
    def claim(self, claims: list[tuple[str, str, int, bool]]) -> None:
        """One or several claim in one batch, or want some more."""
        comments = [
            self.comment(name, f"more {code} {count}" if adds else f"{code} {count}")
            for name, code, count, adds in claims
        ]
        self.said += comments
        assert self.say(*comments, *comments[:1]) is not None
        for name, code, count, adds in claims:
            self.model.claims(name, code, count, self.second, adds=adds)

    @rule(name=who, code=st.sampled_from([None, "A1", "O1"]))
    def cancel(self, name: str, code: str | None) -> None:
        """Somebody takes back."""
        self.said.append(self.comment(name, f"cancel {code or ''}".strip()))
        assert self.say(self.said[-1]) is not None
        self.model.cancels(name, code, self.second)

    @rule(number=pick, step=st.sampled_from(["confirm", "confirm", "paid", "cancel"]))
    def tap(self, number: int, step: str) -> None:
        """A person takes an order a step on, or is refused by both."""
        bills = [bill for bills in self.model.bills.values() for bill in bills]
        if not bills:
            return
        bill = bills[number % len(bills)]
        command: Any = {"confirm": c.Confirm, "paid": c.Paid, "cancel": c.Cancel}[step]
        done = self.ask(command(order=self.code_of(bill))) is not None
        assert self.model.taps(bill, step, self.second) == done, (step, bill)

    @rule(number=pick)
    def pass_on(self, number: int) -> None:
        """Somebody lets the next have it, or is refused by both."""
        wants = [(bill, want) for _, bill, want in self.model.all_wants()]
        if not wants:
            return
        bill, want = wants[number % len(wants)]
        with self.look() as found:
            order = found.book.order_named(SHOW, self.code_of(bill))
            lines = found.book.lines_of(order.id)
        done = self.ask(c.Pass(line=lines[bill.wants.index(want)].id)) is not None
        assert self.model.passes(bill, want, self.second) == done, want

    @rule(code=st.sampled_from(["A1", "O1"]), by=st.sampled_from([-2, -1, 1, 2]))
    def restock(self, code: str, by: int) -> None:
        """More is there, or less as far as nobody holds it."""
        left = self.model.stock[code] + by >= 0
        done = self.ask(c.Restock(code=Code(code), by=by)) is not None
        assert (self.model.restocks(code, by, self.second) if left else False) == done

    @rule(seconds=st.integers(1, 700))
    def wait(self, seconds: int) -> None:
        """Time passes, and holds may run out."""
        self.now += timedelta(seconds=seconds)
        self.ask(c.Tick())
        self.model.time_is(self.second)

    @precondition(lambda self: self.said)
    @rule(number=pick)
    def replay(self, number: int) -> None:
        """Everything from some point on is delivered again."""
        answer = self.say(*self.said[number % len(self.said) :])
        assert answer is not None
        assert answer.accepted == 0

    @rule()
    def restart(self) -> None:
        """Another process goes on."""
        TRIED["restarts"] += 1
        self.store.close()
        self.store = self.opened()

    def code_of(self, bill: Any) -> str:
        """The code of the order that the model means."""
        who, at = next((who, bills.index(bill)) for who, bills in self.model.bills.items() if bill in bills)
        with self.look() as found:
            mine = [order for order in found.orders(SHOW, limit=500) if order["buyer"]["name"] == who]
        code: str = mine[at]["code"]
        return code

    @invariant()
    def same(self) -> None:
        """Who holds, who waits, in which order, of which order: the same in both."""
        if not self.store.last:
            return
        with self.look() as found:
            orders = found.orders(SHOW, limit=500)
            told: dict[str, list[Any]] = {}
            for order in orders:
                lines = [
                    (line["code"], line["reserved"], line["waitlisted"], line["confirmed"]) for line in order["lines"]
                ]
                told.setdefault(order["buyer"]["name"], []).append((order["status"], lines))
            assert told == self.model.state()
            people = {line["id"]: order["buyer"]["name"] for order in orders for line in order["lines"]}
            for code, count in self.model.stock.items():
                cell = found.book.cell(Code(code), "")
                if cell is None:
                    continue
                assert cell.on_hand == count * 1000
                queue = [(people[line.id], line.waitlisted // 1000) for line in found.book.queue(Code(code), "")]
                assert queue == self.model.queue(code)
            assert found.sums(SHOW)["comments"] == len(self.said)


class AddingQueue(Queueing):
    """The same where a repeat adds."""

    desk = {"repeat": "add", "hold_minutes": 10}  # noqa: RUF012
