"""What is known of buyers: remembered across shows, joined and taken apart with them, and never told to viewers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from livesell import commands as c
from livesell.model import BuyerId, Money, Product, Reading, quantity
from livesell.model import Code as ProductCode
from livesell.store import Store
from livesell.store.purge import purge
from tests.exactreader import ExactReader
from tests.test_store import NOW, SHOW, ask, comment, held, look, orders, reopen, same, say


class PhoneReader(ExactReader):
    """Also reads a phone that stands at the end: `A1 +84901234567`."""

    def read(self, text: str, pinned: ProductCode | None = None) -> Reading:
        """What a comment asks for, and its phone."""
        words, plus, number = text.partition(" +")
        found = super().read(words, pinned)
        return replace(found, phone=f"+{number}") if plus else found


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest) -> str:
    """The database under test."""
    found: str = request.getfixturevalue("postgres_url") if request.param == "postgres" else "sqlite:///shop.db"
    return found


@pytest.fixture
def shop(address: str, tmp_path: Path) -> Iterator[Store]:
    """A shop that asks before it links, and a show that has begun."""
    opened = begin(address, tmp_path)
    yield opened
    opened.close()


def begin(address: str, folder: Path, **rules: Any) -> Store:
    """A shop with A1 (9 there), and a show that has begun."""
    opened = reopen(address, folder, **rules)
    opened.reader = PhoneReader()
    ask(opened, c.OpenShow(), show=None)
    product = Product(code=ProductCode("A1"), name="A1", price=Money(1000), stock={"": quantity(9)})
    ask(opened, c.PutProduct(product=product, stock={"": quantity(9)}))
    return opened


def people(shop: Store) -> dict[str, dict[str, Any]]:
    """The buyers of the show's orders, by name."""
    return {order["buyer"]["name"]: order["buyer"] for order in orders(shop)}


def next_show(shop: Store) -> Any:
    """End the show and open another."""
    ask(shop, c.EndShow(), now=NOW + timedelta(hours=1))
    answer = ask(shop, c.OpenShow(), show=None, now=NOW + timedelta(hours=20))
    return answer.events[0].event.show


def through(shop: Store, code: str, *steps: type[c.Command], **last: Any) -> None:
    """Take an order through steps; `last` are fields of the last one."""
    for step in steps:
        fields = last if step is steps[-1] else {}
        ask(shop, step(order=code, **fields))  # type: ignore[call-arg]


def test_phone_address_and_note_are_there_in_the_next_show(shop: Store, address: str, tmp_path: Path) -> None:
    """What was filled in once stands beside her next draft, also after a restart."""
    say(shop, comment(1, "A1 1"))
    buyer = people(shop)["mai"]["id"]
    ask(shop, c.SetContact(buyer=buyer, phone="+84901234567", address="12 Phố Núi", note="giao buổi tối"))
    show = next_show(shop)
    shop.close()
    again = reopen(address, tmp_path)
    later = NOW + timedelta(hours=21)
    again.transact([said(show, comment(2, "A1 1"))], later)
    with look(again) as found:
        mai = found.orders(show)[0]["buyer"]
    assert (mai["phone"], mai["address"], mai["note"]) == ("+84901234567", "12 Phố Núi", "giao buổi tối")
    again.close()


def said(show: Any, *comments: Any) -> Any:
    """Comments of another show."""
    from livesell.store import Said

    return Said(show, "tiktok", comments)


def test_what_she_had_before_is_counted_beside_her_draft(shop: Store) -> None:
    """Taken, sent back and refused are told apart; the show at hand is not counted as before."""
    walk = (c.Confirm, c.Paid, c.Packed, c.Shipped)
    for number in range(3):
        say(shop, comment(number, "A1 1", f"b{number}"))
    codes = [order["code"] for order in orders(shop)]
    through(shop, codes[0], *walk)
    through(shop, codes[1], *walk, c.Returned)
    through(shop, codes[2], *walk, c.Returned, refused=True)
    assert [order["buyer"]["before"] for order in orders(shop)] == [{"orders": 0, "returned": 0}] * 3
    show = next_show(shop)
    for number in range(3):
        shop.transact([said(show, comment(10 + number, "A1 1", f"b{number}"))], NOW + timedelta(hours=21))
    with look(shop) as found:
        buyers = [order["buyer"] for order in found.orders(show)]
        past = found.orders_of_buyer(BuyerId(buyers[2]["id"]))
    assert [buyer["before"]["orders"] for buyer in buyers] == [1, 0, 0]
    assert [buyer["before"]["returned"] for buyer in buyers] == [0, 1, 0]
    assert [buyer["refused"] for buyer in buyers] == [0, 0, 1]
    assert [(order["status"], order["refused"]) for order in past] == [("draft", False), ("returned", True)]


def test_the_mark_can_be_set_and_taken_away_by_hand(shop: Store) -> None:
    """For parcels that were refused before the shop kept its book here."""
    say(shop, comment(1, "A1 1"))
    buyer = people(shop)["mai"]["id"]
    ask(shop, c.SetContact(buyer=buyer, refused=True))
    assert people(shop)["mai"]["refused"] == 1
    ask(shop, c.SetContact(buyer=buyer, refused=False))
    assert people(shop)["mai"]["refused"] == 0


def test_linked_she_is_both_and_apart_each_is_herself(shop: Store) -> None:
    """What was known of one identity is known of the person, and goes with the identity when they are taken apart."""
    say(shop, comment(1, "A1 1"), comment(2, "A1 1", "mai.fb"))
    one, other = (order["buyer"]["id"] for order in orders(shop))
    ask(shop, c.SetContact(buyer=other, phone="+84901234567", note="ở Sa Pa"))
    ask(shop, c.SetContact(buyer=one, address="12 Phố Núi"))
    ask(shop, c.Link(buyers=(one, other)))
    both = people(shop)["mai"]
    assert (both["phone"], both["address"], both["note"]) == ("+84901234567", "12 Phố Núi", "ở Sa Pa")
    ask(shop, c.SetContact(buyer=one, phone=""))
    assert people(shop)["mai"]["phone"] is None
    ask(shop, c.Unlink(buyer=one))
    say(shop, comment(3, "A1 2", "mai.fb"))
    apart = people(shop)
    assert (apart["mai"]["phone"], apart["mai"]["address"]) == (None, "12 Phố Núi")
    assert (apart["mai.fb"]["phone"], apart["mai.fb"]["note"]) == ("+84901234567", "ở Sa Pa")


def test_a_paid_order_is_kept_apart_when_buyers_are_linked(shop: Store) -> None:
    """Drafts move into the older order; what is paid stays an order of its own, with the person it now belongs to."""
    say(shop, comment(1, "A1 1"), comment(2, "A1 2", "mai.fb"), comment(3, "A1 1", "mai.yt"))
    codes = [order["code"] for order in orders(shop)]
    through(shop, codes[1], c.Confirm, c.Paid)
    ask(shop, c.Link(buyers=tuple(order["buyer"]["id"] for order in orders(shop))))
    found = {order["code"]: order for order in orders(shop)}
    assert [found[code]["status"] for code in codes] == ["draft", "paid", "cancelled"]
    assert [len(found[code]["lines"]) for code in codes] == [2, 1, 0]
    assert len({found[code]["buyer"]["id"] for code in codes}) == 1
    same(shop)


def test_by_phone_the_shop_links_by_itself_where_it_says_so(address: str, tmp_path: Path) -> None:
    """link = "phone": the same phone in a comment or filled in by hand makes one person of two; "ask" never does."""
    shop = begin(address, tmp_path, link="phone")
    say(shop, comment(1, "A1 1 +84901234567"), comment(2, "A1 2 +84901234567", "mai.fb"))
    assert held(shop) == {"mai": [("A1", 2, 0)]}  # one person who has said it again, with another number
    alive = [order for order in orders(shop) if order["lines"]]
    assert [order["buyer"]["phone"] for order in alive] == ["+84901234567"]
    say(shop, comment(3, "A1 1 +84909999999", "lin"))
    say(shop, comment(4, "A1 1", "lin.fb"))
    alone = next(order["buyer"]["id"] for order in orders(shop) if order["buyer"]["name"] == "lin.fb")
    ask(shop, c.SetContact(buyer=alone, phone="+84909999999"))
    assert len({order["buyer"]["id"] for order in orders(shop) if order["lines"]}) == 2
    same(shop)
    shop.close()


def test_the_shop_that_asks_never_links_by_itself(shop: Store) -> None:
    """The same phone twice stays two buyers until a person says so."""
    say(shop, comment(1, "A1 1 +84901234567"), comment(2, "A1 2 +84901234567", "mai.fb"))
    assert held(shop) == {"mai": [("A1", 1, 0)], "mai.fb": [("A1", 2, 0)]}


def test_a_line_answers_with_its_comments_and_events(shop: Store) -> None:
    """Why is this in my order? Every comment that shaped it and every event, oldest first."""
    say(shop, comment(1, "A1 1"))
    say(shop, comment(2, "A1 3"))
    code = orders(shop)[0]["code"]
    ask(shop, c.Confirm(order=code))
    with look(shop) as found:
        order = found.book.order_named(SHOW, code)
        assert order is not None
        why = found.why(order)
    assert [one["text"] for one in why["comments"]] == ["A1 1", "A1 3"]
    assert why["lines"][0]["comments"] == ["1", "2"]
    kinds = [type(event).__name__ for _, event in why["events"]]
    assert kinds == ["Drafted", "Reserved", "Edited", "Reserved", "Confirmed"]


def test_purging_the_long_silent_spares_who_is_known_by_another_number_now(shop: Store) -> None:
    """Linked into somebody who was here yesterday, she was here yesterday."""
    say(shop, comment(1, "A1 1"), comment(2, "A1 1", "mai.fb"))
    one, other = (order["buyer"]["id"] for order in orders(shop))
    ask(shop, c.SetContact(buyer=other, phone="+84901234567"))
    ask(shop, c.Link(buyers=(one, other)))
    say(shop, comment(3, "A1 2"), now=NOW + timedelta(days=100))
    with shop.engine.begin() as connection:
        purge(connection, NOW + timedelta(days=50), NOW + timedelta(days=101))
    assert [order["buyer"]["phone"] for order in orders(shop) if order["lines"]] == ["+84901234567"]
