"""Comments before products: a claim of what is not on sale yet is kept, and heard when the seller opens it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from livesell import commands as c
from livesell import lexicon
from livesell.ledger import Rules
from livesell.model import Code, CommentId, Money, Product, quantity
from livesell.parser import Parser
from livesell.store import Asked, Said, Store
from tests.test_store import NOW, SHOW, ask, comment, held, look, orders, reopen, same, say


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A shop with nothing on sale, and a show that has begun."""
    postgres = request.param == "postgres"
    opened = reopen(request.getfixturevalue("postgres_url") if postgres else "sqlite:///shop.db", tmp_path)
    ask(opened, c.OpenShow(), show=None)
    yield opened
    opened.close()


def open_line(shop: Store, line: str, **fields: Any) -> Any:
    """The seller opens a product on the control page."""
    return ask(shop, c.Open(line=line), **fields)


def test_what_was_claimed_before_it_was_open_is_held_in_the_order_of_arrival(shop: Store) -> None:
    """The first to ask is the first to get, though nobody knew the code yet; who asked for something else is not."""
    say(shop, comment(1, "B7 2"), comment(2, "B8 1", "an"))
    say(shop, comment(3, "B7 2", "lin"), comment(4, "hello", "hoa"))
    assert held(shop) == {}
    answer = open_line(shop, "B7 trà shan 120k 3")
    assert held(shop) == {"mai": [("B7", 2, 0)], "lin": [("B7", 1, 1)]}
    assert orders(shop)[0]["lines"][0]["comments"] == ["1"]
    with look(shop) as found:
        assert [one["intent"] for one in found.last_comments(SHOW)] == ["order", "other", "order", "other"]
    assert {type(one.event).__name__ for one in answer.events} >= {"ProductPut", "Drafted", "Waitlisted"}
    same(shop)


def test_the_sellers_own_comment_opens_it_too(shop: Store) -> None:
    """Also in the same batch as the claims before it; nobody else's comment does."""
    seller = comment(3, "B7 trà shan 120k 3", "shop", role="seller")
    say(shop, comment(1, "B7 2"), comment(2, "B7 trà lài 90k 5", "lin"), seller, comment(4, "B7", "hoa"))
    assert held(shop) == {"mai": [("B7", 2, 0)], "lin": [("B7", 1, 0)], "hoa": [("B7", 0, 1)]}
    same(shop)


def test_a_product_from_the_sheet_opens_it_too(shop: Store) -> None:
    """Whatever brings a product on sale brings its parked claims."""
    say(shop, comment(1, "B7 2"))
    product = Product(Code("B7"), "B7", Money(5), stock={"": quantity(1)})
    ask(shop, c.PutProduct(product=product, stock={"": quantity(1)}), show=None)
    assert held(shop) == {"mai": [("B7", 1, 1)]}


def test_a_closed_product_that_is_opened_again_answers_its_questions(shop: Store) -> None:
    """What a person was asked about is settled; what a person has put away stays away."""
    open_line(shop, "B7 trà shan 120k 3")
    ask(shop, c.Close(code=Code("B7")))
    say(shop, comment(1, "B7 1"), comment(2, "B7 1", "lin"))
    ask(shop, c.Dismiss(comment=CommentId(2)))
    assert held(shop) == {}
    open_line(shop, "b7")
    assert held(shop) == {"mai": [("B7", 1, 0)]}
    with look(shop) as found:
        assert found.unclear(SHOW) == []
    same(shop)


def test_who_has_taken_it_back_meanwhile_is_not_held_to_it(shop: Store) -> None:
    """A cancel after the parked claim stands."""
    say(shop, comment(1, "B7 1"), comment(2, "B7 1", "lin"), comment(3, "cancel"))
    open_line(shop, "B7 trà shan 120k 3")
    assert held(shop) == {"lin": [("B7", 1, 0)]}


def test_talk_of_long_ago_is_not_read_again(shop: Store) -> None:
    """What did not look like a claim is kept for half an hour; a show before this one is not touched."""
    say(shop, comment(1, "B7 1"))
    say(shop, comment(2, "B7 1", "lin"), now=NOW + timedelta(minutes=40))
    open_line(shop, "B7 trà shan 120k 3", now=NOW + timedelta(minutes=45))
    assert held(shop) == {"lin": [("B7", 1, 0)]}
    ask(shop, c.EndShow(), now=NOW + timedelta(minutes=46))
    ask(shop, c.OpenShow(), show=None, now=NOW + timedelta(minutes=47))
    say(shop, comment(3, "B8 1", "hoa"), now=NOW + timedelta(minutes=48))
    open_line(shop, "B8 chè 50k 3", now=NOW + timedelta(minutes=49))
    assert held(shop) == {"lin": [("B7", 1, 0)]}


def test_opening_by_mistake_is_one_step_to_take_back(shop: Store) -> None:
    """The product is closed and its orders are gone; opened once more, they are there once more, once."""
    say(shop, comment(1, "B7 1"))
    answer = open_line(shop, "B7 trà shan 120k 3")
    ask(shop, c.Undo(event=answer.events[0].number))
    assert held(shop) == {"mai": []}
    assert [order["status"] for order in orders(shop)] == ["cancelled"]
    open_line(shop, "b7")
    assert [(order["status"], len(order["lines"])) for order in orders(shop)] == [("cancelled", 0), ("draft", 1)]
    same(shop)


def test_nothing_is_drafted_twice(shop: Store) -> None:
    """A new name, a second opening, the same comment delivered again: one claim stays one."""
    say(shop, comment(1, "B7 2"))
    open_line(shop, "B7 trà shan 120k 9")
    open_line(shop, "B7 trà shan tuyết 120k 9")
    ask(shop, c.Close(code=Code("B7")))
    open_line(shop, "b7")
    say(shop, comment(1, "B7 2"))
    assert held(shop) == {"mai": [("B7", 2, 0)]}


def test_a_restart_keeps_what_is_parked(tmp_path: Path) -> None:
    """It is in the database, not in the head of a process."""
    shop = reopen("sqlite:///shop.db", tmp_path)
    ask(shop, c.OpenShow(), show=None)
    say(shop, comment(1, "B7 2"))
    shop.close()
    shop = reopen("sqlite:///shop.db", tmp_path)
    open_line(shop, "B7 trà shan 120k 3")
    assert held(shop) == {"mai": [("B7", 2, 0)]}
    shop.close()


def test_a_comment_of_two_goods_waits_for_the_one_that_is_missing(tmp_path: Path) -> None:
    """With the real reader: what is known is drafted at once, what is not stays a question until it is opened."""
    reader = Parser((), lexicon.load(["vi"]))
    shop = Store("sqlite:///shop.db", folder=tmp_path, rules=Rules(repeat="add"), reader=reader)
    shop.open()
    ask(shop, c.OpenShow(), show=None)
    open_line(shop, "C12 trà shan 120k 9")
    open_line(shop, "C13 trà lài 90k 9")
    say(shop, comment(1, "C12 2 gói, C77 1 gói"))
    assert held(shop) == {"mai": [("C12", 2, 0)]}
    with look(shop) as found:
        assert [one["unclear"]["reason"] for one in found.unclear(SHOW)] == ["unknown"]
    open_line(shop, "C77 mật ong 150k 5")
    assert held(shop) == {"mai": [("C12", 2, 0), ("C77", 1, 0)]}
    with look(shop) as found:
        assert found.unclear(SHOW) == []
    same(shop)
    shop.close()


def test_one_that_breaks_the_desk_leaves_the_others_alone(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product is open, the others are heard, and the broken one stays where it was."""
    from livesell.desk import decide

    def broken(command: c.Command, *rest: Any) -> Any:
        if isinstance(command, c.ReadAgain) and command.heard.id == 1:
            raise RuntimeError("a rule broke")
        return decide(command, *rest)

    monkeypatch.setattr("livesell.store.decide", broken)
    say(shop, comment(1, "B7 1"), comment(2, "B7 1", "lin"))
    open_line(shop, "B7 trà shan 120k 3")
    assert held(shop) == {"lin": [("B7", 1, 0)]}


def test_claims_of_the_batch_that_opens_are_heard_once(shop: Store) -> None:
    """Comments, the opening and more comments in one commit."""
    shop.transact(
        [
            Said(SHOW, "tiktok", (comment(1, "B7 1"),)),
            Asked(SHOW, (c.Open(line="B7 trà shan 120k 3"),)),
            Said(SHOW, "tiktok", (comment(2, "B7 1", "lin"), comment(1, "B7 1"))),
        ],
        NOW,
    )
    assert held(shop) == {"mai": [("B7", 1, 0)], "lin": [("B7", 1, 0)]}
    same(shop)
