"""The life of an order, step by step: what each state allows, and what happens to stock and places on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from livesell import commands as c
from livesell import events as e
from livesell.errors import Conflict, NotFound, Refused
from livesell.model import Code, LineId, Money, Product, Quantity, Status
from tests.playbook import (
    Cancelled,
    Drafted,
    Edited,
    Playbook,
    Promoted,
    Refusal,
    Released,
    Reserved,
    Step,
    Waitlisted,
    cancels,
    changes,
    claim,
    event,
    more,
    on,
    on_line,
    one,
    sized,
    unclear,
    undo,
)

# --- every state and every step -------------------------------------------------------------------------------------

WAY: dict[Status, tuple[type[c.Command], ...]] = {
    "draft": (),
    "confirmed": (c.Confirm,),
    "paid": (c.Confirm, c.Paid),
    "packed": (c.Confirm, c.Paid, c.Packed),
    "shipped": (c.Confirm, c.Paid, c.Packed, c.Shipped),
    "returned": (c.Confirm, c.Paid, c.Packed, c.Shipped, c.Returned),
    "cancelled": (c.Cancel,),
}
"""The taps that lead to a state."""

STEPS: dict[str, Step] = {
    "confirm": on("mai", c.Confirm),
    "paid": on("mai", c.Paid),
    "packed": on("mai", c.Packed),
    "shipped": on("mai", c.Shipped),
    "returned": on("mai", c.Returned),
    "cancel": on("mai", c.Cancel),
    "cancel line": lambda book: c.Cancel(line=first_line(book)),
    "set_quantity": lambda book: c.SetQuantity(line=first_line(book), quantity=2),
    "set_options": lambda book: c.SetOptions(line=first_line(book), options={"size": "L"}),
    "pass": lambda book: c.Pass(line=first_line(book)),
}
"""What a person may tap on an order."""

ALLOWED: dict[Status, dict[str, Status]] = {
    "draft": {
        "confirm": "confirmed",
        "cancel": "cancelled",
        "cancel line": "cancelled",
        "set_quantity": "draft",
        "set_options": "draft",
    },
    "confirmed": {
        "paid": "paid",
        "packed": "packed",
        "cancel": "cancelled",
        "cancel line": "cancelled",
        "set_quantity": "confirmed",
        "set_options": "confirmed",
    },
    "paid": {
        "packed": "packed",
        "cancel": "cancelled",
        "cancel line": "cancelled",
        "set_quantity": "paid",
        "set_options": "paid",
    },
    "packed": {
        "shipped": "shipped",
        "cancel": "cancelled",
        "cancel line": "cancelled",
        "set_quantity": "packed",
        "set_options": "packed",
    },
    "shipped": {"returned": "returned"},
    "returned": {},
    "cancelled": {},
}
"""The state that a step leads to; whatever is not here is refused."""


def first_line(book: Playbook) -> LineId:
    """The number of the first line that was ever drafted, withdrawn or not."""
    return min(book.book.lines)


def at(status: Status) -> Playbook:
    """A playbook with an order of mai's in this state."""
    book = Playbook(products=(sized("D5", {"S": 9, "M": 9, "L": 9}),))
    book >> claim("mai", "D5", 1, size="M") << Drafted() << Reserved()
    for step in WAY[status]:
        book >> on("mai", step)
        book.pending.clear()
    assert book.order("mai").status == status
    return book


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", WAY)
def test_each_step_leads_where_the_table_says_or_is_refused_in_words(status: Status, step: str) -> None:
    """All pairs: a legal step changes the status, an illegal one changes nothing and names the order and its state."""
    book = at(status)
    wanted = ALLOWED[status].get(step)
    before = book.number
    book._give(STEPS[step](book))
    if wanted is not None:
        assert book.refusal is None, f"{step} of a {status} order was refused: {book.refusal}"
        assert book.order("mai").status == wanted
        return
    assert book.refusal is not None, f"{step} of a {status} order was carried out"
    assert book.number == before
    words = str(book.refusal)
    assert isinstance(book.refusal, Conflict | NotFound | Refused)
    assert len(words) > 10
    if isinstance(book.refusal, Conflict):
        assert book.order("mai").code in words
        assert status in words or "confirmed already" in words


@pytest.mark.parametrize("status", [status for status in WAY if status != "draft"])
def test_the_last_step_can_be_taken_back_until_the_parcel_is_away(status: Status) -> None:
    """Also shipped and returned themselves: a slip of the thumb is undone; what came before them is not."""
    book = at(status)
    way = WAY[status]
    last = UNDONE[way[-1]]
    before: Status = "draft" if len(way) == 1 else list(WAY)[len(way) - 1]
    book._give(undo(last)(book))
    assert book.refusal is None, book.refusal
    assert book.order("mai").status == before
    book.balanced()


@pytest.mark.parametrize("status", ["shipped", "returned"])
def test_what_came_before_the_parcel_left_is_not_undone(status: Status) -> None:
    """The refusal names the order and says that it is away."""
    for kind in (e.Drafted, e.Confirmed, e.Paid, e.Packed):
        book = at(status)
        book._give(undo(kind)(book))
        assert book.refusal is not None
        assert book.refusal.code == "too_late"
        assert status in str(book.refusal)


UNDONE: dict[type[c.Command], type[e.Event]] = {
    c.Confirm: e.Confirmed,
    c.Paid: e.Paid,
    c.Packed: e.Packed,
    c.Shipped: e.Shipped,
    c.Returned: e.Returned,
    c.Cancel: e.Cancelled,
}
"""The event that stands for a tap."""

COMMENTS: dict[str, Callable[[], Step]] = {
    "claim": lambda: claim("mai", "D5", 2, size="L"),
    "cancel": lambda: cancels("mai"),
    "change": lambda: changes("mai", one("D5", 1, size="S"), replaces=(one("D5", size="M"),)),
}


@pytest.mark.parametrize("said", COMMENTS)
@pytest.mark.parametrize("status", WAY)
def test_what_a_comment_does_in_each_state(status: Status, said: str) -> None:
    """A draft follows the chat; from confirmed on a person is asked; from paid on a claim opens the next order."""
    book = at(status)
    before = book.orders("mai")
    book._give(COMMENTS[said]()(book))
    assert book.refusal is None, book.refusal
    happened = {type(event) for event in book.pending}
    orders = book.orders("mai")
    if said == "claim":
        joined = status in ("draft", "confirmed")
        assert len(orders) == len(before) + (not joined)
        assert orders[0].status == status
        assert e.Drafted in happened
    elif status == "draft":
        assert e.Unclear not in happened
        assert orders[0].status == ("cancelled" if said == "cancel" else "draft")
    else:
        assert happened == {e.Unclear}
        assert orders[0].status == status
    book.balanced()


# --- the queue ------------------------------------------------------------------------------------------------------


def test_who_passes_gives_the_place_to_the_next() -> None:
    """What waits goes, and what came up for it and is not confirmed goes to the next; what was first stays."""
    book = Playbook(stock={"A1": 1})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    book >> claim("lin", "A1", 1) << Drafted() << Waitlisted(1)
    book >> claim("hoa", "A1", 1) << Drafted() << Waitlisted(1)
    book >> on_line("lin", c.Pass) << Released(waiting=Quantity(1000), reason="passed") << Cancelled(1)
    book << event(e.Cancelled, line=None)
    book >> c.Restock(code=Code("A1"), by=1) << Promoted(1)
    assert (book.held("mai"), book.held("hoa")) == ({"A1": (2, 0)}, {"A1": (0, 1)})
    book >> on_line("mai", c.Pass) << Released(1, reason="passed") << Edited(1) << Promoted(1)
    assert (book.held("mai"), book.held("hoa")) == ({"A1": (1, 0)}, {"A1": (1, 0)})
    book >> on_line("mai", c.Pass) << Refusal("nothing_to_pass")


def test_what_is_confirmed_of_what_came_up_is_not_passed_on() -> None:
    """A person's word stands: only a cancel takes it back."""
    book = Playbook(stock={"A1": 0})
    book >> claim("mai", "A1", 1) << Drafted() << Waitlisted(1)
    book >> c.Restock(code=Code("A1"), by=1) << Promoted(1)
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> on_line("mai", c.Pass) << Refusal("nothing_to_pass")


def test_a_pass_is_taken_back_to_the_old_place() -> None:
    """Undo puts her where she stood; what went to the next stays there."""
    book = Playbook(stock={"A1": 0})
    for name in ("mai", "lin", "hoa"):
        book >> claim(name, "A1", 1) << Drafted() << Waitlisted(1)
    book >> c.Restock(code=Code("A1"), by=1) << Promoted(1)
    book >> on_line("mai", c.Pass) << Released(1) << Cancelled(1) << Promoted(1) << event(e.Cancelled, line=None)
    book >> undo(e.Cancelled) << event(e.Moved, status="draft") << Edited(1) << Waitlisted(1)
    assert [line.identity for line in book.book.queue(Code("A1"), "")] == [1, 3]


# --- goods ----------------------------------------------------------------------------------------------------------


def test_of_one_of_a_kind_the_first_comment_wins() -> None:
    """Stock 1: the second waits, and gets it only if the first gives it back."""
    book = Playbook(stock={"B1": 1})
    book >> claim("mai", "B1") << Drafted(1) << Reserved(1)
    book >> claim("lin", "B1") << Drafted(1) << Waitlisted(1)
    book >> claim("mai", "B1", 2) << Edited(2) << Waitlisted(1)
    book >> cancels("mai") << Released(1, waiting=Quantity(1000)) << Cancelled(2) << Promoted(1)
    book << event(e.Cancelled, line=None)
    assert book.held("lin") == {"B1": (1, 0)}


def test_the_price_is_the_one_that_was_said() -> None:
    """A line keeps its unit price through every edit; a new line has the new one."""
    book = Playbook(stock={"A1": 9})
    book >> claim("mai", "A1", 1) << Drafted(unit_price=1000) << Reserved(1)
    product = book.book.product(Code("A1"))
    assert product is not None
    book >> c.PutProduct(product=replace(product, price=Money(2000)))
    book >> more("mai", "A1", 1) << Edited(2, unit_price=1000) << Reserved(1)
    book >> on_line("mai", c.SetQuantity, quantity=3) << Edited(3, unit_price=1000) << Reserved(1)
    book >> claim("lin", "A1", 1) << Drafted(unit_price=2000) << Reserved(1)
    book >> on("lin", c.Cancel) << Released(1) << Cancelled(1) << event(e.Cancelled, line=None)
    book >> undo(e.Cancelled) << event(e.Moved) << Edited(1, unit_price=2000) << Reserved(1)


def test_back_orders_are_taken_only_where_the_product_says_so() -> None:
    """With the setting nobody waits; without it again, the queue is as strict as before."""
    book = Playbook(stock={"A1": 1, "A2": 1})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    product = book.book.product(Code("A1"))
    assert product is not None
    book >> c.PutProduct(product=replace(product, back_orders=True)) << Promoted(1)
    book >> claim("lin", "A1", 5) << Drafted() << Reserved(5)
    book >> claim("lin", "A2", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    book >> c.PutProduct(product=product) << Refusal("promised")
    book >> c.Restock(code=Code("A1"), by=6)
    book >> c.PutProduct(product=product)
    book >> claim("hoa", "A1", 1) << Drafted() << Waitlisted(1)


def test_goods_that_begin_to_be_counted_keep_what_was_promised() -> None:
    """What is held counts against the stock, what has left the house does not; nothing is oversold from then on."""
    book = Playbook(stock={"A1": None})
    book >> claim("mai", "A1", 3) << Drafted() << Reserved(3)
    for step in (c.Confirm, c.Paid, c.Packed, c.Shipped):
        book >> on("mai", step)
        book.pending.clear()
    book >> claim("lin", "A1", 2) << Drafted() << Reserved(2)
    product = book.book.product(Code("A1"))
    assert product is not None
    counted = {"": Quantity(4000)}
    book >> c.PutProduct(product=replace(product, stock=counted), stock=counted)
    book >> claim("hoa", "A1", 3) << Drafted() << Reserved(2) << Waitlisted(1)
    book >> c.PutProduct(product=product) << Promoted(1)
    book >> c.PutProduct(product=replace(product, stock=counted))
    book >> claim("an", "A1", 1) << Drafted() << Waitlisted(1)


def test_stock_that_is_counted_by_size_from_now_on_is_held_by_size() -> None:
    """Every line moves to the stock of its size in the order of arrival, with what was confirmed of it."""
    book = Playbook(products=(sized("D5", 3),))
    book >> claim("mai", "D5", 1, size="M") << Drafted() << Reserved(1)
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> claim("lin", "D5", 1, size="M") << Drafted() << Reserved(1)
    book >> claim("hoa", "D5", 1) << Drafted(settled=False) << Reserved(1)
    stock = {"S": Quantity(1000), "M": Quantity(1000), "L": Quantity(0)}
    product = book.book.product(Code("D5"))
    assert product is not None
    book >> c.PutProduct(product=replace(product, stock=stock), stock=stock)
    book.pending.clear()
    assert [book.held(name) for name in ("mai", "lin", "hoa")] == [{"D5": (1, 0)}, {"D5": (0, 1)}, {"D5": (0, 1)}]
    assert [line.confirmed for line in book.lines("mai")] == [1000]
    whole = book.book.cell(Code("D5"), "")
    assert whole is not None
    assert (whole.on_hand, whole.reserved) == (0, 0)


# --- parcels that come back -----------------------------------------------------------------------------------------


def test_a_refused_parcel_is_told_from_one_sent_back() -> None:
    """The mark stands with the order, and goes when the step is taken back."""
    book = at("shipped")
    book >> on("mai", c.Returned, refused=True) << event(e.Returned, refused=True)
    assert book.order("mai").refused
    book >> undo(e.Returned) << event(e.Moved, status="shipped")
    assert not book.order("mai").refused
    book >> on("mai", c.Returned) << event(e.Returned, refused=False)
    assert not book.order("mai").refused


def test_a_product_known_under_a_code_is_closed_not_lost() -> None:
    """A claim of a closed product is a question; opened again, the product is what it was."""
    book = Playbook(products=(Product(Code("A1"), "A1", Money(5), stock={"": Quantity(1000)}),))
    book >> c.Close(code=Code("A1"))
    book >> claim("mai", "A1") << unclear("closed_product")
    book >> c.Open(line="a1")
    book >> claim("mai", "A1") << Drafted(1) << Reserved(1)
