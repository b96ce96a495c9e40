"""Numbers that count no goods: money, times, dates, measures of the body, parts of addresses."""

from __future__ import annotations

from livesell.lexicon import (
    ADD,
    BODY,
    CLAIM,
    CODE,
    FILLER,
    FROM,
    MONEY,
    PAID,
    PLACE,
    SIZE,
    TAKE,
)  # fmt: skip
from livesell.parser.options import relevant
from livesell.parser.sizes import sized
from livesell.parser.units import unit_of
from livesell.parser.view import Spot, View, group_at, unit_at
from livesell.text import fold

CURRENCY = frozenset("$€£¥₫৳฿₱₹₩")


def not_counted(view: View, at: int) -> Spot | None:
    """Money, dates, times, measures of the body and parts of addresses."""
    tokens, token = view.tokens, view.tokens[at]
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < view.size else None
    if before is not None and before.text in CURRENCY:
        return Spot("money", at, at + 1)
    if after is not None:
        if after.text in CURRENCY:
            return Spot("money", at, at + 2)
        if after.text == "%":
            return Spot("size", at, at + 2)
        if after.text == "/" and at + 2 < view.size and tokens[at + 2].text == "-":
            return Spot("money", at, at + 3)
        if (
            after.text in "/:"
            and at + 2 < view.size
            and tokens[at + 2].kind == "number"
            and after.glued
            and tokens[at + 2].glued
        ):
            if not fraction(view, at):
                end = at + 3
                while end + 1 < view.size and tokens[end].text in "/:" and tokens[end + 1].kind == "number":
                    end += 2
                return Spot("size", at, end)
        elif (
            after.text == "-"
            and at + 2 < view.size
            and tokens[at + 2].kind == "number"
            and after.glued
            and tokens[at + 2].glued
            and tokens[at + 2].text != token.text
            and view.role(at + 3, SIZE | MONEY) is not None
        ):
            return Spot("size", at, at + 3)
    if (
        at + 2 < view.size
        and tokens[at + 1].plain == "m"
        and tokens[at + 1].glued
        and tokens[at + 2].kind == "number"
        and tokens[at + 2].glued
    ):
        return Spot("size", at, at + 3)  # 1m65
    match = view.role(at + 1, MONEY | SIZE | PLACE)
    own = (
        match is not None
        and match.roles & SIZE
        and (own_unit(view, at + 1, match.end) or own_heading(view, at, at + 1))
    )
    if match is not None and view.free(at + 1, match.end) and not own:
        word = tokens[match.start]
        near = word.glued or len(word.plain) > 1 or match.end - match.start > 1 or not word.text.isascii()
        longer = any(
            (other.end > match.end and not other.roles & (MONEY | SIZE | PLACE))
            or (other.phrase.number is not None and unit_at(view, other.end) is not None)
            for other in view.at.get(at + 1, ())
        )
        if near and not longer:
            if match.roles & MONEY:
                return Spot("money", at, match.end)
            if match.roles & SIZE and not (len(token.text) >= 3 and token.text in view.index.spelt):
                return Spot("size", at, match.end)
            plain = view.index.lettered < len(view.index.products)
            coded = match.roles & CODE and (
                (view.index.plain_numbers and token.text in view.index.spelt) or (plain and view.roles & CLAIM)
            )
            if not word.text.isascii() and match.roles & PLACE and not (coded and view.role_before(at, PLACE) is None):
                return Spot("place", at, match.end)
    if grouped(token.text):
        return Spot("money", at, at + 1)
    place = at - 1
    if place >= 0 and tokens[place].text in ".:=":
        place -= 1
    ahead = view.role_before(place + 1, MONEY | BODY | PLACE | PAID) if place >= 0 else None
    if ahead is None and place < at - 1:
        ahead = view.role_before(at, PLACE)
    if ahead is not None and view.free(ahead.start, ahead.end):
        if ahead.roles & PAID and len(token.text) >= 2 and unit_at(view, at + 1) is None:
            return Spot("money", at, at + 1)
        if ahead.roles & MONEY and not (ahead.start and tokens[ahead.start - 1].kind == "number"):
            count = view.role(at + 1, 0)
            unit = unit_at(view, at + 1)
            return None if unit is not None or count is not None else Spot("money", at, at + 1)
        stood = view.owner[ahead.start - 1] if ahead.start else None
        if ahead.roles & BODY and not (
            stood is not None and stood.kind == "option" and not view.tokens[ahead.start].glued
        ):
            size = sized(view, at)
            if size is not None:
                return size
            return Spot("size", at, at + 1)
        if ahead.roles & PLACE and unit_at(view, at + 1) is None:
            return Spot("place", at, at + 1)
    if priced(view, at):
        return Spot("money", at, at + 1)
    if addressed(view, at):
        return Spot("place", at, at + 1)
    return None


def addressed(view: View, at: int) -> bool:
    """True for a number some strange words beside a word for a place: "vivo en Juárez 45"."""
    if not view.roles & PLACE:
        return False
    if unit_at(view, at + 1) is not None:
        return False
    ahead = at + 1
    while ahead < view.size and ahead - at <= 3 and view.owner[ahead] is None and view.tokens[ahead].kind == "word":
        if ahead > at + 1 and view.role(ahead, PLACE) is not None:
            return True  # "12 Mill street"
        if view.ordinary[ahead]:
            break
        ahead += 1
    place = at - 1
    strange = 0
    while place >= 0 and at - place <= 5:
        if view.owner[place] is not None or view.tokens[place].kind == "sign":
            return False
        match = view.role_before(place + 1, PLACE)
        if match is not None:
            return strange > 0
        if any(one.roles & (CLAIM | TAKE | ADD) for one in view.at.get(place, ())):
            return False
        strange += 1
        place -= 1
    return False


def own_unit(view: View, at: int, end: int) -> bool:
    """True where a word, not a longer phrase, is the unit that a product meant is sold in: metres of cable."""
    unit = unit_at(view, at)
    if unit is None or unit.end < end:
        return False
    word, amount = view.words[at], unit.phrase.amount
    for code in relevant(view):
        product = view.index.products[code]
        if word == fold(product.unit)[1] or unit.phrase.unit == product.unit:
            return True
        own = unit_of(product, view.lexicon) if amount is not None else None
        if own is not None and amount is not None and own.measure == amount.measure:
            return True
    return False


def own_heading(view: View, at: int, word: int) -> bool:
    """True where a number and the word behind it are a value and the name of an option of a product meant: "9 watt"."""
    text = view.tokens[at].text
    for code in relevant(view):
        shelf = view.index.shelves[code]
        if text in shelf.sizes and view.words[word] in shelf.headings:
            return True
    return False


def grouped(text: str) -> bool:
    """120.000, 1,200,000: a price written with thousands marks."""
    for mark in ".,":
        if mark in text:
            head, *rest = text.split(mark)
            return (
                1 <= len(head) <= 3
                and head != "0"
                and all(len(piece) == 3 for piece in rest)
                and text.replace(mark, "").isdecimal()
            )
    return False


def priced(view: View, at: int) -> bool:
    """True for a number that is exactly the price of the product meant: "95 each, mine 3"."""
    text = view.tokens[at].text
    if not text.isdecimal() or len(text) < 2 or int(text) < 15 or unit_at(view, at + 1) is not None:
        return False
    before = view.tokens[at - 1] if at else None
    if before is not None and before.text in "+x*":
        return False
    number = int(text)
    codes = relevant(view)
    if number < 50 and not codes:
        return False
    for code in codes:
        price = view.index.products[code].price
        if price in (number, number * 100) or (price == number * 1000 and number >= 20):
            shelf = view.index.shelves[code]
            return text not in shelf.sizes and not (view.index.plain_numbers and text in view.index.spelt)
    return False


def fraction(view: View, at: int) -> bool:
    """True where "1/2" is a half, not a date: a small part of something that is measured or counted."""
    top, bottom = view.tokens[at].text, view.tokens[at + 2].text
    if not (top.isdecimal() and bottom in ("2", "3", "4", "8") and 0 < int(top) < int(bottom)):
        return False
    before = view.tokens[at - 1] if at else None
    return (
        unit_at(view, at + 3) is not None
        or (view.role(at + 3, FROM | FILLER) is not None and unit_at(view, at + 4) is not None)
        or (before is not None and before.kind == "number")
        or view.role(at + 3, 0) is not None
        or group_at(view, at + 3) is not None
    )
