"""The rules of the desk, as a playbook: what is said and tapped, and what must follow."""

from __future__ import annotations

from msgspec.structs import replace

from livesell import commands as c
from livesell import events as e
from livesell.desk import decide
from livesell.model import ONE, Claim, Code, Quantity
from tests.playbook import (
    Cancelled,
    Drafted,
    Edited,
    Playbook,
    Promoted,
    Refusal,
    Released,
    Reserved,
    Waitlisted,
    cancels,
    changes,
    claim,
    event,
    more,
    on,
    on_comment,
    on_line,
    one,
    says,
    sized,
    unclear,
    undo,
)


def test_claims_hold_what_is_there_and_the_rest_waits() -> None:
    """First come, first served: the second buyer gets what is left and waits for the rest."""
    book = Playbook(stock={"A1": 3})
    book >> claim("mai", "A1", 2) << Drafted(2, opened=True) << Reserved(2)
    book >> claim("lin", "A1", 2) << Drafted(2) << Reserved(1) << Waitlisted(1)
    book.done()


def test_what_a_cancel_frees_goes_to_the_first_who_waits() -> None:
    """A release serves the queue in the same turn, in the order of arrival."""
    book = Playbook(stock={"A1": 2})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(2)
    book >> claim("lin", "A1", 1) << Drafted() << Waitlisted(1)
    book >> claim("hoa", "A1", 2) << Drafted() << Waitlisted(2)
    book >> cancels("mai") << Released(2) << Cancelled(2) << Promoted(1) << Promoted(1) << event(e.Cancelled, line=None)
    assert (book.held("lin"), book.held("hoa")) == ({"A1": (1, 0)}, {"A1": (1, 1)})


def test_one_open_order_per_buyer() -> None:
    """Claims of one buyer stand in one order until it is paid; then the next claim opens her next order."""
    book = Playbook(stock={"A1": 9, "A2": 9})
    book >> claim("mai", "A1", 1) << Drafted(opened=True) << Reserved(1)
    book >> claim("mai", "A2", 1) << Drafted(opened=False) << Reserved(1)
    book >> on("mai", c.Confirm) << event(e.Confirmed, was="draft")
    book >> claim("mai", "A2", 3) << Edited(3) << Reserved(2)
    assert [(line.reserved, line.confirmed) for line in book.lines("mai")] == [(1000, 1000), (3000, 1000)]
    book >> on("mai", c.Confirm) << event(e.Confirmed, was="confirmed")
    book >> on("mai", c.Paid) << event(e.Paid)
    book >> claim("mai", "A1", 1) << Drafted(opened=True, number=2) << Reserved(1)


def test_saying_it_again_counts_once() -> None:
    """repeat = "once": the same number changes nothing, another number holds, a bare code says no number."""
    book = Playbook(stock={"A1": 9})
    book >> claim("mai", "A1", 2) << Drafted(2) << Reserved(2)
    book >> claim("mai", "A1", 2)
    book.done()
    book >> claim("mai", "A1")
    book.done()
    book >> claim("mai", "A1", 3) << Edited(3) << Reserved(1)
    book >> claim("mai", "A1", 1) << Released(2) << Edited(1)
    book >> more("mai", "A1", 2) << Edited(3) << Reserved(2)


def test_saying_it_again_adds_where_the_shop_says_so() -> None:
    """repeat = "add": every claim comes on top."""
    book = Playbook(stock={"A1": 9}, repeat="add")
    book >> claim("mai", "A1", 2) << Drafted(2) << Reserved(2)
    book >> claim("mai", "A1", 2) << Edited(4) << Reserved(2)


def test_more_of_what_waits_does_not_jump_the_queue() -> None:
    """What comes on top of a waiting line stands behind those who came between."""
    book = Playbook(stock={"A1": 1})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    book >> claim("lin", "A1", 1) << Drafted() << Waitlisted(1)
    book >> more("mai", "A1", 1) << Drafted(1, opened=False) << Waitlisted(1)
    book >> c.Restock(code=Code("A1"), by=2) << Promoted(1) << Promoted(1)
    assert (book.held("mai"), book.held("lin")) == ({"A1": (2, 1)}, {"A1": (1, 0)})


def test_a_size_that_was_not_said_is_asked_and_keeps_its_place() -> None:
    """With stock per size an unsettled line holds nothing; once settled it stands where its comment stood."""
    book = Playbook(products=(sized("D5", {"S": 1, "M": 1}),))
    book >> claim("mai", "D5", 1) << Drafted(settled=False) << Waitlisted(1, variant=None)
    book >> claim("lin", "D5", 2, size="M") << Drafted() << Reserved(1, variant="M") << Waitlisted(1)
    book >> on_line("mai", c.SetOptions, options={"size": "m"}) << Released(waiting=ONE) << Edited() << Waitlisted(1)
    assert [line.identity for line in book.book.queue(Code("D5"), "M")] == [1, 2]
    book >> c.Restock(code=Code("D5"), by=1, variant="M") << Promoted(1)
    assert book.held("mai") == {"D5": (1, 0)}


def test_a_size_said_later_settles_the_line() -> None:
    """A claim with the missing option completes the line instead of making a second one."""
    book = Playbook(products=(sized("D5", 5),))
    book >> claim("mai", "D5", 2) << Drafted(settled=False) << Reserved(2)
    book >> claim("mai", "D5", size="M") << Edited(2, options={"size": "M"})
    assert [line.settled for line in book.lines("mai")] == [True]


def test_goods_that_are_not_counted_never_wait() -> None:
    """Without a stock column everything is held."""
    Playbook(stock={"A1": None}) >> claim("mai", "A1", 500) << Drafted() << Reserved(500)


def test_doubt_is_a_question_never_silence() -> None:
    """Whatever cannot be drafted by itself stands in the pile with its reason and candidates."""
    book = Playbook(stock={"A1": 3, "A11": 3}, pinned="A1")
    book >> says("mai", "order") << unclear("no_product", candidates=("A1",))
    book >> says("mai", "order", candidates=("A1", "A11")) << unclear("which", candidates=("A1", "A11"))
    book >> says("mai", "order", unknown=("B7",)) << unclear("unknown")
    book >> says("mai", "order", Claim(Code("A1"), {}, None)) << unclear("quantity", candidates=("A1",))
    book >> says("mai", "order", one("A1", 1), confidence=0.3) << unclear("doubtful", candidates=("A1",))
    book >> says("mai", "order", one("A1", 1), anonymous=True) << unclear("anonymous")
    book >> says("mai", "order", one("A1", 1), edited=True) << unclear("edited")
    book >> says("mai", "order", one("A1", 1), by_tap=True) << unclear("late")
    book >> says("mai", "order", one("A1", 1), unknown=("B7",)) << Drafted(1) << Reserved(1) << unclear("unknown")
    book >> c.Close(code=Code("A1")) << event(e.Pinned, code=None)
    book >> claim("lin", "A1", 1) << unclear("closed_product")


def test_questions_and_chatter_change_nothing() -> None:
    """Only claims, cancels and changes reach orders; the seller's own words never do."""
    book = Playbook(stock={"A1": 3})
    book >> says("mai", "question") >> says("mai", "other") >> says("shop", "order", one("A1", 2), role="seller")
    book.done()


def test_the_sellers_comment_opens_a_product() -> None:
    """`code name price [stock]` from the seller's account is a product; from anybody else it is a comment."""
    book = Playbook()
    book >> says("shop", "other", role="seller", text="a32 trà shan 200g 120k 10")
    product = book.book.product(Code("A32"))
    assert product is not None
    assert (product.name, product.price, product.stock) == ("trà shan 200g", 120_000, {"": 10_000})
    book >> says("mai", "other", text="A33 trà lài 100k 10")
    assert book.book.product(Code("A33")) is None


def test_a_draft_is_cancelled_and_changed_by_comment() -> None:
    """While it is a draft, a comment withdraws a product, or everything."""
    book = Playbook(stock={"A1": 5, "A3": 5, "A15": 5})
    book >> says("mai", "order", one("A1", 1), one("A3", 2)) << Drafted() << Reserved() << Drafted() << Reserved()
    book >> changes("mai", one("A15"), replaces=(one("A3"),)) << Released(2) << Edited(2, product="A15") << Reserved(2)
    book >> changes("mai", one("A1", 3)) << Edited(3) << Reserved(2)
    book >> cancels("mai", "A1") << Released(3) << Cancelled(3)
    assert book.held("mai") == {"A15": (2, 0)}
    book >> cancels("mai") << Released(2) << Cancelled(2) << event(e.Cancelled, line=None)
    assert book.order("mai").status == "cancelled"


def test_a_change_that_fits_no_line_is_asked() -> None:
    """Nothing is guessed: two lines of the product, or none, and a person decides."""
    book = Playbook(products=(sized("D5", 9),), stock={"A1": 9})
    book >> changes("mai", one("A1", 2)) << unclear("nothing_to_change")
    book >> says("mai", "order", one("D5", 1, size="S"), one("D5", 1, size="M"))
    book.pending.clear()
    book >> changes("mai", one("D5", size="L")) << unclear("change")
    book >> changes("mai", one("A1", 2), replaces=(one("A1"),)) << unclear("nothing_to_change")
    book >> changes("mai", one("D5", size="L"), replaces=(one("D5", size="M"),)) << Edited(1, options={"size": "L"})


def test_a_confirmed_order_is_not_changed_by_comment() -> None:
    """Once confirmed, a cancel or change needs a person; "agree" does what was asked."""
    book = Playbook(stock={"A1": 5})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(2)
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> cancels("mai") << unclear("cancel")
    book >> on_comment(c.Agree) << event(e.Unclear, closed=True, how="agreed") << Released(2) << Cancelled(2)
    book << event(e.Cancelled, line=None)
    book.done()


def test_cancel_can_be_asked_for_drafts_too() -> None:
    """cancel = "ask" makes every cancel and change a question."""
    book = Playbook(stock={"A1": 5}, cancel="ask")
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(2)
    book >> cancels("mai", "A1") << unclear("cancel")
    book >> on_comment(c.Dismiss) << event(e.Unclear, closed=True, how="dismissed")
    book >> on_comment(c.Dismiss) << Refusal("not_unclear")


def test_confirm_takes_what_is_held() -> None:
    """What waits keeps its place and is new when it comes; an order of which nothing is held is refused."""
    book = Playbook(stock={"A1": 1})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    book >> claim("lin", "A1", 1) << Drafted() << Waitlisted(1)
    book >> on("lin", c.Confirm) << Refusal("nothing_held")
    book >> on("mai", c.Confirm) << event(e.Confirmed, held={"1": ONE})
    book >> c.Restock(code=Code("A1"), by=1) << Promoted(1)
    assert [(line.reserved, line.confirmed) for line in book.lines("mai")] == [(2000, 1000)]


def test_sure_readings_confirm_themselves() -> None:
    """confirm = "sure": a sure and settled claim is confirmed at once, also what comes up from the queue later."""
    book = Playbook(stock={"A1": 1}, confirm="sure")
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1) << event(e.Confirmed, sure=True)
    book >> c.Restock(code=Code("A1"), by=1) << Promoted(1) << event(e.Confirmed, sure=True)
    book >> says("lin", "order", one("A1", 1), confidence=0.7) << Drafted() << Waitlisted(1)


def test_one_tap_confirms_many_and_one_undo_takes_them_back() -> None:
    """Confirming all is one step; what cannot be confirmed is left out."""
    book = Playbook(stock={"A1": 2})
    book >> claim("mai", "A1", 1) << Drafted() << Reserved()
    book >> claim("lin", "A1", 1) << Drafted() << Reserved()
    book >> claim("hoa", "A1", 1) << Drafted() << Waitlisted()
    codes = tuple(book.order(name).code for name in ("mai", "lin", "hoa"))
    book >> c.Confirm(orders=codes) << event(e.Confirmed) << event(e.Confirmed)
    book >> undo(e.Confirmed) << event(e.Moved, status="draft") << event(e.Moved, status="draft")
    book >> undo(e.Confirmed) << Refusal("undone")


def test_every_step_can_be_taken_back_until_shipped() -> None:
    """Undo brings back the state before; once the parcel is away, earlier steps stay."""
    book = Playbook(stock={"A1": 2})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved()
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> on("mai", c.Paid) << event(e.Paid)
    book >> undo(e.Confirmed) << Refusal("too_late")
    book >> undo(e.Paid) << event(e.Moved, status="confirmed")
    book >> on("mai", c.Packed) << event(e.Packed)
    book >> on("mai", c.Shipped) << event(e.Shipped)
    book >> undo(e.Drafted) << Refusal("too_late")
    book >> on("mai", c.Cancel) << Refusal("status")
    book >> on_line("mai", c.SetQuantity, quantity=1) << Refusal("status")
    book >> on("mai", c.Returned) << event(e.Returned)


def test_undoing_a_cancel_does_not_take_from_others() -> None:
    """The order comes back; what went to the queue meanwhile stays there, and it waits in its old place."""
    book = Playbook(stock={"A1": 2})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(2)
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> claim("lin", "A1", 1) << Drafted() << Waitlisted(1)
    book >> claim("hoa", "A1", 2) << Drafted() << Waitlisted(2)
    book >> on("mai", c.Cancel) << Released(2) << Cancelled(2) << Promoted(1) << Promoted(1)
    book << event(e.Cancelled, line=None)
    book >> undo(e.Cancelled) << event(e.Moved, status="confirmed") << Edited(2) << Waitlisted(2)
    assert [line.identity for line in book.book.queue(Code("A1"), "")] == [1, 3]


def test_undo_of_a_tap_brings_back_line_and_question() -> None:
    """A comment read by hand can be read again; an edited number comes back, with what was confirmed of it."""
    book = Playbook(stock={"A1": 5})
    book >> says("mai", "order") << unclear("no_product")
    book >> on_comment(c.ReadAs, lines=(c.Wanted(code=Code("A1"), quantity=2),))
    book << event(e.Unclear, closed=True, how="read") << Drafted(2) << Reserved(2)
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> on_line("mai", c.SetQuantity, quantity=1) << Released(1) << Edited(1)
    book >> undo(e.Edited) << Edited(2) << Reserved(1) << event(e.Moved, held={"1": Quantity(2000)})
    book >> undo(e.Drafted) << Released(2) << Cancelled(2) << event(e.Cancelled, line=None)
    book << event(e.Unclear, closed=False)


def test_a_tap_on_what_has_changed_is_refused() -> None:
    """`seen` is the last event the page knew of the order: a newer change makes the tap a conflict."""
    book = Playbook(stock={"A1": 5})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(2)
    seen = book.order("mai").seen
    book >> claim("mai", "A1", 3) << Edited(3) << Reserved(1)
    book >> on("mai", c.Confirm, seen=seen) << Refusal("changed")
    book >> on("mai", c.Confirm, seen=book.order("mai").seen) << event(e.Confirmed)


def test_a_claim_right_after_the_pin_moved_shows_the_one_before() -> None:
    """For pin_delay seconds a claim that names no product is drafted on the new one, with the old one beside it."""
    book = Playbook(stock={"A1": 5, "A2": 5}, pinned="A1")
    book.wait(60)
    book >> c.Pin(code=Code("A2")) << event(e.Pinned, code="A2", before="A1")
    book >> claim("mai", "A2", 1, on_pinned=True) << Drafted(pinned_before="A1") << Reserved()
    book.wait(10)
    book >> claim("lin", "A2", 1, on_pinned=True) << Drafted(pinned_before=None) << Reserved()


def test_holds_run_out_by_the_clock() -> None:
    """A draft holds for hold_minutes; then the next in the queue gets it. What is confirmed stays."""
    book = Playbook(stock={"A1": 2}, hold_minutes=10)
    book >> claim("mai", "A1", 1) << Drafted() << Reserved()
    book >> claim("lin", "A1", 1) << Drafted() << Reserved()
    book >> on("lin", c.Confirm) << event(e.Confirmed)
    book >> claim("hoa", "A1", 1) << Drafted() << Waitlisted()
    book.wait(590)
    book >> c.Tick()
    book.done()
    book.wait(10)
    book >> c.Tick() << Released(1, reason="expired") << Cancelled(1) << Promoted(1) << event(e.Cancelled, line=None)


def test_linking_moves_drafts_and_unlinking_sends_them_back() -> None:
    """Two identities of one person share the older order; taken apart, each line goes back to who asked."""
    book = Playbook(stock={"A1": 5, "A2": 5})
    book >> claim("mai", "A1", 1) << Drafted() << Reserved()
    book >> claim("mai.fb", "A2", 2) << Drafted() << Reserved()
    buyers = (book.buyer("mai"), book.buyer("mai.fb"))
    book >> c.Link(buyers=buyers) << event(e.Linked) << event(e.Cancelled, line=None)
    assert book.held("mai") == {"A1": (1, 0), "A2": (2, 0)}
    assert book.held("mai.fb") == book.held("mai")
    book >> claim("mai.fb", "A2", 3) << Edited(3) << Reserved(1)
    book >> c.Unlink(buyer=buyers[0]) << event(e.Unlinked) << Released(3) << Cancelled(3) << Drafted(3) << Reserved(3)
    assert (book.held("mai"), book.held("mai.fb")) == ({"A1": (1, 0)}, {"A2": (3, 0)})


def test_undoing_a_link_restores_both_orders() -> None:
    """The merged order is there again, with its lines and its number."""
    book = Playbook(stock={"A1": 5, "A2": 5})
    book >> claim("mai", "A1", 1) << Drafted() << Reserved()
    book >> claim("mai.fb", "A2", 2) << Drafted(number=2) << Reserved()
    book >> c.Link(buyers=(book.buyer("mai"), book.buyer("mai.fb"))) << event(e.Linked) << event(e.Cancelled, line=None)
    book >> undo(e.Linked) << event(e.Moved, status="draft") << event(e.Unlinked)
    assert (book.held("mai"), book.held("mai.fb")) == ({"A1": (1, 0)}, {"A2": (2, 0)})
    assert [order.number for order in book.orders("mai.fb")] == [2]


def test_undoing_an_unlink_makes_them_one_person_again() -> None:
    """The lines stand in the one order again, and the next claim of either joins it."""
    book = Playbook(stock={"A1": 5, "A2": 5})
    book >> claim("mai", "A1", 1) << Drafted() << Reserved()
    book >> claim("mai.fb", "A2", 2) << Drafted() << Reserved()
    buyers = (book.buyer("mai"), book.buyer("mai.fb"))
    book >> c.Link(buyers=buyers) << event(e.Linked) << event(e.Cancelled, line=None)
    book >> claim("mai.fb", "A2", 3) << Edited(3) << Reserved(1)
    book >> c.Unlink(buyer=buyers[0])
    book.pending.clear()
    book >> undo(e.Unlinked)
    book.pending.clear()
    assert book.buyer("mai") == book.buyer("mai.fb")
    assert book.held("mai.fb") == {"A1": (1, 0), "A2": (3, 0)}
    book >> claim("mai.fb", "A1", 2) << Edited(2) << Reserved(1)


def test_the_desk_never_changes_its_view() -> None:
    """Deciding is pure: the same command on the same book gives the same events, and the book stays as it was."""
    book = Playbook(stock={"A1": 1})
    command = replace(claim("mai", "A1", 2)(book), show=book.show)
    first = decide(command, book.book, book.now)
    assert first == decide(command, book.book, book.now)
    assert not book.book.orders
