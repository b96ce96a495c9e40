"""Quantities: numbers in digits and words, with the signs, units, halves and dozens around them."""

from __future__ import annotations

from decimal import Decimal

from livesell.lexicon import Match
from livesell.parser.view import Spot, View, role_at, unit_at


def quantities(view: View) -> None:
    """Numbers, number words and what stands around them: signs, units, halves, dozens."""
    at = 0
    while at < len(view.tokens):
        spot = quantity_at(view, at) if not view.taken[at] else None
        if spot is not None:
            view.take(spot)
            at = spot.end
        else:
            at += 1


def quantity_at(view: View, at: int) -> Spot | None:
    """The quantity that begins at a token."""
    tokens = view.tokens
    start = at
    plus = times = False
    while at < len(tokens) and not view.taken[at]:
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.text == "+" and following is not None:
            plus = True
            at += 1
        elif token.text in ("x", "*", "=", ":") and following is not None and (following.kind == "number"):
            times = True
            at += 1
        elif (match := role_at(view, at, "times")) is not None and match.end < len(tokens):
            times = True
            at = match.end
        else:
            break
    if at >= len(tokens) or view.taken[at]:
        return None
    number, end = number_at(view, at)
    if number is None:
        return unit_first(view, at)
    each = False
    if (
        end + 1 < len(tokens)
        and tokens[end].text in "-/"
        and tokens[end].kind == "sign"
        and tokens[end + 1].text == tokens[at].text
        and end == at + 1
    ):
        each, end = True, end + 2
    if end < len(tokens) and tokens[end].plain in ("x", "*") and not view.taken[end]:
        behind = tokens[end + 1] if end + 1 < len(tokens) else None
        if behind is None or not (behind.glued and behind.kind == "word"):
            times = True
            end += 1
    dozen = role_at(view, end, "dozen")
    if dozen is not None and view.free(end, dozen.end):
        number, end = number * (dozen.phrase.number or 12), dozen.end
    unit, amount = None, None
    whole = next((one for one in view.by_start.get(at, ()) if one.end == end and one.phrase.number is not None), None)
    if whole is not None and whole.phrase.unit is not None:
        unit, amount = whole.phrase.unit, whole.phrase.amount
    match = unit_at(view, end)
    if match is not None:
        unit, amount, end = match.phrase.unit, match.phrase.amount, match.end
        tenth = tokens[end] if end < len(tokens) else None
        if amount is not None and tenth is not None and tenth.glued and tenth.kind == "number" and len(tenth.text) == 1:
            number, end = number + Decimal(tenth.text) / 10, end + 1
        half = role_at(view, end, "half_after")
        if half is not None:
            number, end = number + Decimal("0.5"), half.end
    if dozen is not None and unit is None:
        unit = "dozen"
    return Spot("quantity", start, end, number=number, unit=unit, amount=amount, plus=plus, times=times, each=each)


def unit_first(view: View, at: int) -> Spot | None:
    """A unit with its number word behind it: "kilo y medio", "กระปุกนึง"."""
    match = unit_at(view, at)
    if match is None:
        return None
    phrase = match.phrase
    half = role_at(view, match.end, "half_after")
    if half is not None and phrase.amount is not None:
        return Spot("quantity", at, half.end, number=Decimal("1.5"), unit=phrase.unit, amount=phrase.amount)
    after = match.end
    if after < len(view.tokens) and view.tokens[after].kind == "word" and not view.taken[after]:
        number, end = number_at(view, after)
        if number == 1 and end > after:
            return Spot("quantity", at, end, number=number, unit=phrase.unit, amount=phrase.amount)
    return None


def number_at(view: View, at: int) -> tuple[Decimal | None, int]:
    """The number in digits or words at a token, and where it ends."""
    tokens = view.tokens
    token = tokens[at]
    if token.kind == "number":
        if len(token.text) > 7:
            return None, at
        text = token.text.replace(",", ".")
        if text.count(".") > 1:
            return None, at
        half = role_at(view, at + 1, "half")
        if half is not None and tokens[at + 1].kind == "number" and view.free(at + 1, half.end):
            return Decimal(text) + Decimal("0.5"), half.end
        if role_at(view, at, "half") is None:
            return Decimal(text), at + 1
    half = role_at(view, at, "half")
    if half is not None:
        return Decimal("0.5"), half.end
    total: Decimal | None = None
    end = at
    while True:
        match = next(
            (
                one
                for one in view.by_start.get(end, ())
                if one.phrase.number is not None and view.free(end, one.end) and not part_of_phrase(view, one)
            ),
            None,
        )
        if match is None:
            break
        value = match.phrase.number
        assert value is not None
        if total is None:
            total = value
        elif value in (10, 100, 1000) and total < value:
            total *= value
        elif total % 10 == 0 and total >= 10 and value < 10:
            total += value
        else:
            break
        end = match.end
    if total is None:
        dozen = role_at(view, at, "dozen")
        return (None, at) if dozen is None else (Decimal(1), at)
    return total, end


def part_of_phrase(view: View, number: Match) -> bool:
    """True for a number word inside a longer phrase that means something else: "do" in "bhej do"."""
    return any(
        match.start <= number.start
        and number.end <= match.end
        and match.end - match.start > number.end - number.start
        and match.phrase.number is None
        and match.roles
        and not match.roles & {"each", "all", "add"}
        for match in view.matches
    )
