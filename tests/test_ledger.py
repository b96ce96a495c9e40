"""Desk and store driven by chance: nothing is oversold, lost or doubled, and the queue keeps its order."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from livesell import commands as c
from livesell.errors import Refused
from livesell.ledger import Book, Rules
from livesell.model import (
    AuthorId,
    Code,
    Comment,
    CommentId,
    EventNumber,
    MessageId,
    Money,
    Option,
    OptionValue,
    Platform,
    Product,
    Quantity,
    ShowId,
)
from livesell.store import Answer, Asked, Said, Store
from tests.exactreader import ExactReader
from tests.test_store import rebuilt

START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SHOW = ShowId(1)
SIZES = (Option("size", (OptionValue("S"), OptionValue("M"))),)
GOODS = (
    Product(code=Code("A1"), name="A1", price=Money(1000), stock={"": Quantity(4000)}),
    Product(code=Code("A2"), name="A2", price=Money(700)),
    Product(
        code=Code("D5"), name="D5", price=Money(500), options=SIZES, stock={"S": Quantity(1000), "M": Quantity(2000)}
    ),
)
PEOPLE = ("mai", "lin", "hoa", "an")

who = st.sampled_from(PEOPLE)
codes = st.sampled_from(["A1", "A2", "D5"])
counts = st.integers(1, 3)
pick = st.integers(0, 1000)

RUNS = int(os.environ.get("LIVESELL_RUNS", "30"))
"""How many evenings are tried; the longer target asks for 2,000."""


class Evening(RuleBasedStateMachine):
    """A show in which anything may happen next."""

    address = "sqlite:///shop.db"
    desk: dict[str, Any] = {}  # noqa: RUF012 - each variant has its own class

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="livesell-evening-"))
        self.now = START
        self.sent: dict[str, Comment] = {}
        self.store = self.opened()

    def opened(self) -> Store:
        """The shop as a new process finds it."""
        store = Store(self.address, folder=self.folder, rules=Rules(**self.desk), reader=ExactReader())
        store.open()
        return store

    @initialize()
    def begin(self) -> None:
        """Goods, and a show."""
        self.ask(c.OpenShow(), show=None)
        for product in GOODS:
            stock = None if product.stock is None else dict(product.stock)
            self.ask(c.PutProduct(product=product, stock=stock), show=None)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *commands: c.Command, show: ShowId | None = SHOW) -> Answer | None:
        """Give commands; a refusal is an answer too, anything else that is raised is a fault."""
        self.now += timedelta(seconds=1)
        answer = self.store.transact([Asked(show, commands)], self.now)[0]
        if answer.error is not None:
            assert isinstance(answer.error, Refused), answer.error
            return None
        return answer

    def say(self, *comments: Comment) -> Answer:
        """Let comments come."""
        self.now += timedelta(seconds=1)
        answer = self.store.transact([Said(SHOW, "tiktok", comments)], self.now)[0]
        assert answer.error is None, answer.error
        return answer

    def comment(self, name: str, text: str) -> Comment:
        """A new comment."""
        number = f"m{len(self.sent)}"
        self.sent[number] = Comment(Platform("tiktok"), MessageId(number), AuthorId(name), name, text)
        return self.sent[number]

    # --- what may happen ------------------------------------------------------------------------------------------

    @rule(name=who, code=codes, count=counts)
    def claims(self, name: str, code: str, count: int) -> None:
        """Somebody claims."""
        assert self.say(self.comment(name, f"{code} {count}")).accepted == 1

    @rule(names=st.lists(st.tuples(who, codes, counts), min_size=2, max_size=6))
    def claim_together(self, names: list[tuple[str, str, int]]) -> None:
        """Several claim in one batch."""
        self.say(*(self.comment(name, f"{code} {count}") for name, code, count in names))

    @rule(name=who, code=st.sampled_from(["", "A1", "A2", "D5"]))
    def withdraws(self, name: str, code: str) -> None:
        """Somebody cancels, by comment."""
        self.say(self.comment(name, f"cancel {code}".strip()))

    @precondition(lambda self: self.sent)
    @rule(numbers=st.lists(pick, min_size=1, max_size=5))
    def delivered_again(self, numbers: list[int]) -> None:
        """The platform sends old comments once more."""
        old = [list(self.sent.values())[number % len(self.sent)] for number in numbers]
        assert self.say(*old).accepted == 0

    @rule(number=pick, step=st.sampled_from([c.Confirm, c.Cancel, c.Paid, c.Packed, c.Shipped, c.Returned]))
    def tapped(self, number: int, step: Any) -> None:
        """A tap on an order."""
        if order := self.some(self.orders(), number):
            self.ask(step(order=order.code))

    @rule(number=pick, quantity=st.sampled_from([0, 0.5, 1, 2, 5]))
    def edited(self, number: int, quantity: float) -> None:
        """A line gets another quantity by hand."""
        if line := self.some(self.lines(), number):
            self.ask(c.SetQuantity(line=line.id, quantity=quantity))

    @rule(number=pick, size=st.sampled_from(["S", "M"]))
    def settled(self, number: int, size: str) -> None:
        """A size is said at last."""
        if line := self.some([line for line in self.lines() if line.product == "D5"], number):
            self.ask(c.SetOptions(line=line.id, options={"size": size}))

    @rule(code=st.sampled_from([("A1", ""), ("D5", "S"), ("D5", "M")]), by=st.sampled_from([-1, 0.5, 1, 3]))
    def restocked(self, code: tuple[str, str], by: float) -> None:
        """More is there, or less."""
        self.ask(c.Restock(code=Code(code[0]), variant=code[1], by=by))

    @rule(number=pick)
    def undone(self, number: int) -> None:
        """Any step is taken back."""
        self.ask(c.Undo(event=EventNumber(1 + number % max(1, self.store.last))))

    @rule(one=who, other=who)
    def linked(self, one: str, other: str) -> None:
        """Two are one person, or are taken apart again."""
        book = rebuilt(self.store)
        buyers = {name: book.buyer_of(person.id) for (_, name), person in self.store.intake.people.items()}
        if one in buyers and other in buyers and buyers[one] != buyers[other]:
            self.ask(c.Link(buyers=(buyers[one], buyers[other])))
        elif one in buyers:
            self.ask(c.Unlink(buyer=buyers[one]))

    @rule(number=pick, code=codes, count=counts)
    def read_by_hand(self, number: int, code: str, count: int) -> None:
        """A person says what a comment asks for."""
        if self.sent:
            wanted = c.Wanted(code=Code(code), quantity=count)
            self.ask(c.ReadAs(comment=CommentId(1 + number % len(self.sent)), lines=(wanted,)))

    @rule(minutes=st.integers(1, 30))
    def time_passes(self, minutes: int) -> None:
        """Holds may run out."""
        self.now += timedelta(minutes=minutes)
        self.ask(c.Tick())

    @rule()
    def restarted(self) -> None:
        """The process ends, and another goes on."""
        self.store.close()
        self.store = self.opened()

    # --- what always holds ----------------------------------------------------------------------------------------

    def orders(self) -> list[Any]:
        """All orders."""
        return [order for order in rebuilt(self.store).orders.values() if order is not None]

    def lines(self) -> list[Any]:
        """All lines that ask for something."""
        return [line for line in rebuilt(self.store).lines.values() if line is not None and line.quantity]

    def some(self, found: list[Any], number: int) -> Any:
        """One of them, or None."""
        return found[number % len(found)] if found else None

    @invariant()
    def holds(self) -> None:
        """The tables are what the events add up to, and the book balances."""
        if not self.store.last:
            return
        book = rebuilt(self.store)
        self.same(book)
        held: dict[tuple[str, str], int] = {}
        for line in book.lines.values():
            assert line is not None
            assert line.quantity == line.reserved + line.waitlisted, line
            assert 0 <= line.confirmed <= line.reserved, line
            if line.reserved:
                key = (line.product, line.variant or "")
                held[key] = held.get(key, 0) + line.reserved
        for key, cell in book.stock.items():
            assert cell is not None
            assert cell.reserved == held.get(key, 0), (cell, held)
            assert cell.reserved <= cell.on_hand, f"oversold: {cell}"
            queue = book.queue(*key)
            assert not queue or cell.reserved == cell.on_hand, f"{queue[0]} waits while {cell} is free"
            assert [line.place for line in queue] == sorted(line.place for line in queue)
        numbers = [order.number for order in book.orders.values() if order is not None]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))

    def same(self, book: Book) -> None:
        """The tables hold the same."""
        from tests.test_store import look

        with look(self.store) as found:
            for kind in ("orders", "lines", "unclears"):
                for key, state in getattr(book, kind).items():
                    stored = {"orders": found.book.order, "lines": found.book.line, "unclears": found.book.unclear}[
                        kind
                    ](key)
                    assert stored == state, (kind, key)
            for key, cell in book.stock.items():
                assert found.book.cell(*key) == cell
            assert found.sums(SHOW)["comments"] == len(self.sent)


class Careful(Evening):
    """A shop that confirms sure readings by itself, adds repeats, and holds for ten minutes."""

    desk = {"confirm": "sure", "repeat": "add", "hold_minutes": 10}  # noqa: RUF012


HOW = settings(
    max_examples=RUNS,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    # Without shrinking, which takes minutes here: the blob brings the evening back, to be shrunk by hand.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.mark.parametrize("evening", [Evening, Careful])
def test_whatever_happens_the_book_balances(evening: type[Evening]) -> None:
    """On SQLite, with restarts."""
    run_state_machine_as_test(evening, settings=HOW)
