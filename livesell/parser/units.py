"""Quantities in the product's own unit."""

from __future__ import annotations

from decimal import Decimal

from livesell.lexicon import Lexicon, same
from livesell.model import Amount, Product, Quantity
from livesell.parser.view import Spot
from livesell.text import tokenise


def in_units(spot: Spot, product: Product, lexicon: Lexicon) -> Quantity | None:
    """How many units of a product a quantity is, None where it does not come out even."""
    assert spot.number is not None
    number = spot.number
    own = unit_of(product, lexicon)
    if spot.amount is not None:
        one = own or product.pack
        if one is None:
            return thousandths(number) if spot.unit and _same_word(spot.unit, product.unit) else None
        if one.measure != spot.amount.measure:
            return None
        whole = number * spot.amount.value / one.value
        if own is None and whole != whole.to_integral_value():
            return None
        return thousandths(whole)
    if spot.unit == "dozen" and (held := dozens(product, lexicon)):
        number = number / held
    if own is None and number != number.to_integral_value():
        return None
    return thousandths(number)


def thousandths(number: Decimal) -> Quantity | None:
    """A number with at most three places, above zero."""
    value = number * 1000
    if value != value.to_integral_value() or not 0 < value <= 10_000_000:
        return None
    return Quantity(int(value))


def _unit(written: str, lexicon: Lexicon) -> tuple[Amount | None, int]:
    """What a unit of the catalog amounts to, and how many pieces it groups."""
    held = lexicon.units.get(written)
    if held is None:
        tokens = [token for token in tokenise(written) if token.kind != "sign"]
        amount, group = None, 0
        for match in lexicon.spot(tokens):
            if match.start == 0 and match.end == len(tokens) and same(match.phrase, tokens, 0):
                amount = amount or match.phrase.amount
                group = group or match.phrase.group
        if len(lexicon.units) > 2000:
            lexicon.units.clear()
        held = lexicon.units[written] = (amount, group)
    return held


def unit_of(product: Product, lexicon: Lexicon) -> Amount | None:
    """The measure that a product's unit is: kg, กก., 公斤; None for a mere count."""
    return _unit(product.unit, lexicon)[0] if product.unit else None


def dozens(product: Product, lexicon: Lexicon) -> int:
    """How many pieces one unit of the product is, 0 where it is no group."""
    return _unit(product.unit, lexicon)[1] if product.unit else 0


def _same_word(one: str, other: str) -> bool:
    return [token.plain for token in tokenise(one)] == [token.plain for token in tokenise(other)]
