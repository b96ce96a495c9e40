"""Sizes that are plain numbers, and codes that are: what a number is of the product it belongs to."""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from livesell.catalog.index import Choice
from livesell.lexicon import (
    EACH,
    TIMES,
)  # fmt: skip
from livesell.model import Code
from livesell.parser.view import Spot, View, unit_at


def code_of(view: View, at: int) -> tuple[Code, ...]:
    """The products whose code is this number, where codes are plain numbers."""
    text = view.tokens[at].text
    if not text.isdecimal():
        return ()
    return tuple(view.index.codes.get(text.lstrip("0") or "0", ()))


def sizes_before(view: View, at: int) -> Container[str]:
    """The plain-number sizes of the product that a number belongs to."""
    spot = product_near(view, at)
    codes = spot.codes if spot is not None else (view.pinned,) if view.pinned is not None else ()
    shelves = view.index.shelves
    if len(codes) == 1:
        return shelves[codes[0]].sizes
    found: dict[str, tuple[str, str]] = {}
    for code in codes[:6]:
        found.update(shelves[code].sizes)
    return found


def product_near(view: View, at: int) -> Spot | None:
    """The product named last before a token, else the next one behind it."""
    before = behind = None
    for spot in view.spots:
        if spot.kind == "product":
            if spot.start < at:
                if before is None or spot.start > before.start:
                    before = spot
            elif spot.start > at and (behind is None or spot.start < behind.start):
                behind = spot
    return before or behind


def sized(view: View, at: int) -> Spot | None:
    """The option that a number is, of the product it belongs to."""
    text = view.tokens[at].text
    spot = product_near(view, at)
    codes = spot.codes if spot is not None else (view.pinned,) if view.pinned is not None else ()
    found: list[tuple[Code, Choice]] = []
    for code in codes[:6]:
        shelf = view.index.shelves[code]
        if text in shelf.sizes:
            option, value = shelf.sizes[text]
            found.extend(
                (code, choice)
                for choices in shelf.choices.values()
                for choice in choices
                if (choice.option, choice.value) == (option, value) and choice.plain[0] == text
            )
    return Spot("option", at, at + 1, choices=tuple(found)) if found else None


def size_of(view: View, at: int) -> Spot | None:
    """A number that is one of the sizes of the product named or pinned; not one that is marked as a quantity."""
    text = view.tokens[at].text
    if text not in sizes_before(view, at):
        return None
    before = view.tokens[at - 1] if at else None
    if before is not None and (before.text in "+x*=" or view.role_before(at, TIMES | EACH) is not None):
        return None
    product = product_near(view, at)
    unit = unit_at(view, at + 1)
    value = Decimal(text)
    if (
        unit is not None
        and (value < 20 or unit.phrase.amount is not None)
        and not (unit.phrase.amount is None and "." in text)
    ):
        return None
    if product is None:
        # Of the pinned product: alone it is chatter, and where it is a code it may be that.
        if code_of(view, at) and view.index.plain_numbers and view.tokens[at].text in view.index.spelt:
            return None
        return sized(view, at)
    if product.start > at:
        if product.start == at + 1 and value < 20:
            return None
        return sized(view, at)
    if (
        value < 20
        and any(
            spot.kind == "option"
            and spot.start >= product.end
            and any(str(choice.plain[0]).replace(".", "").isdecimal() for _, choice in spot.choices)
            for spot in view.spots
        )
        and not view.separated(max(spot.end for spot in view.spots if spot.start < at), at)
    ):
        return None
    if code_of(view, at) and view.index.plain_numbers and view.separated(product.end, at):
        last = max((spot for spot in view.spots if spot.start < at), key=lambda spot: spot.start)
        numeric = last.kind == "option" and any(choice.plain[0].isdecimal() for _, choice in last.choices)
        if not numeric:
            return None
    return sized(view, at)
