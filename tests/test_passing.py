"""Who says "pass" lets the next in the queue have it; who has no place there has only said something."""

from __future__ import annotations

import pytest

from livesell import commands as c
from livesell import events as e
from livesell import lexicon
from livesell.model import Code, Money, Product, Quantity
from livesell.parser import Parser
from tests.playbook import (
    Cancelled,
    Drafted,
    Edited,
    Playbook,
    Promoted,
    Released,
    Reserved,
    Step,
    Waitlisted,
    claim,
    event,
    on,
    on_comment,
    says,
    unclear,
)

GOODS = (Product(Code("A1"), "A1", Money(5)), Product(Code("A2"), "A2", Money(5)))

PASSES = [
    ("vi", "em nhường bạn sau ạ"),
    ("vi", "pass nha shop"),
    ("en", "i'll pass"),
    ("en", "pass, give it to the next person"),
    ("bn", "পরের জনকে দেন"),
    ("th", "สละสิทธิ์ค่ะ"),
    ("hi", "agle ko de do"),
    ("id", "kasih yang lain kak"),
    ("fil", "ipasa sa iba po"),
    ("es", "cedo mi lugar"),
    ("pt", "passo a vez"),
    ("zh", "讓給下一位"),
    ("ms", "bagi orang lain"),
]


@pytest.mark.parametrize(("language", "text"), PASSES)
def test_each_language_has_words_for_it(language: str, text: str) -> None:
    """They are no claim and, said by somebody who waits for nothing, nothing at all."""
    reading = Parser(GOODS, lexicon.load([language])).read(text)
    assert reading.passes
    assert reading.intent in ("other", "cancel")
    assert reading.claims == ()


@pytest.mark.parametrize(
    "text", ["chốt A1", "A1 2 cái", "A1 còn không", "pass A1 còn không shop", "chốt A1 pass lại nha"]
)
def test_a_claim_or_a_question_is_no_pass(text: str) -> None:
    """Whatever other word stands in it."""
    assert not Parser(GOODS, lexicon.load(["vi"])).read(text).passes


def test_the_product_that_is_passed_on_is_known_by_its_code() -> None:
    """`A1 pass` gives up the place for A1 only."""
    reading = Parser(GOODS, lexicon.load(["vi"])).read("A1 pass")
    assert (reading.passes, {*(one.code for one in reading.claims), *reading.candidates}) == (True, {"A1"})


def passes(who: str, *codes: str) -> Step:
    """A buyer says "pass"."""
    return says(who, "other", candidates=tuple(Code(code) for code in codes), passes=True)


def test_a_pass_by_comment_gives_up_the_place_and_what_came_up() -> None:
    """What she has by being first stays; a second pass says nothing any more."""
    book = Playbook(stock={"A1": 1, "A2": 0})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    book >> claim("mai", "A2", 1) << Drafted() << Waitlisted(1)
    book >> claim("lin", "A1", 1) << Drafted() << Waitlisted(1)
    book >> passes("mai", "A1") << Released(waiting=Quantity(1000), reason="passed") << Edited(1)
    book >> c.Restock(code=Code("A1"), by=1) << Promoted(1)
    assert (book.held("mai"), book.held("lin")) == ({"A1": (1, 0), "A2": (0, 1)}, {"A1": (1, 0)})
    book >> passes("lin") << Released(1, reason="passed") << Cancelled(1) << event(e.Cancelled, line=None)
    book >> passes("lin")
    book >> passes("hoa")
    book.done()


def test_what_is_confirmed_stays_and_what_waits_beside_it_goes() -> None:
    """A confirmed order keeps what a person has said yes to."""
    book = Playbook(stock={"A1": 1})
    book >> claim("mai", "A1", 2) << Drafted() << Reserved(1) << Waitlisted(1)
    book >> on("mai", c.Confirm) << event(e.Confirmed)
    book >> passes("mai") << Released(waiting=Quantity(1000), reason="passed") << Edited(1)
    assert [(line.confirmed, line.quantity) for line in book.lines("mai")] == [(1000, 1000)]


def test_where_every_cancel_is_asked_a_pass_is_too() -> None:
    """cancel = "ask": the question is answered with one tap, which does it."""
    book = Playbook(stock={"A1": 0}, cancel="ask")
    book >> claim("mai", "A1", 1) << Drafted() << Waitlisted(1)
    book >> passes("mai") << unclear("cancel", candidates=("A1",))
    book >> on_comment(c.Agree) << event(e.Unclear, closed=True) << Released() << Cancelled(1)
    book << event(e.Cancelled, line=None)
