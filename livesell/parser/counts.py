"""Quantities in digits and words, with what stands around them: signs, units, halves, dozens."""

from __future__ import annotations

from decimal import Decimal

from livesell.lexicon import (
    ADD,
    AND,
    ARTICLE,
    CANCEL,
    EACH,
    FILLER,
    FROM,
    HALF,
    HALF_AFTER,
    MONEY,
    NOT,
    PERSON,
    SIZE,
    TIMES,
    Match,
)  # fmt: skip
from livesell.model import Amount
from livesell.parser.measures import fraction
from livesell.parser.sizes import product_near, sizes_before
from livesell.parser.units import unit_of
from livesell.parser.view import Kind, Spot, View, group_at, unit_at

DIGITS = frozenset(map(Decimal, range(1, 10)))
MULTIPLES = (Decimal(10), Decimal(100), Decimal(1000), Decimal(10000))


def times_behind(view: View, at: int) -> bool:
    """True for the x of "2x A1", not for that of "2 xl"."""
    following = view.tokens[at + 1] if at + 1 < view.size else None
    return following is None or not (following.kind == "number" or (following.glued and following.kind == "word"))


def value_of(view: View, at: int) -> tuple[Decimal | None, int]:
    """The number that stands in digits at a token, and where it ends; None where it is none that counts."""
    tokens, text = view.tokens, view.tokens[at].text
    if len(text) > 7:
        return None, at + 1
    if at + 2 < view.size and tokens[at + 1].text == "/" and tokens[at + 2].kind == "number" and fraction(view, at):
        link = view.role(at + 3, FROM | FILLER) if unit_at(view, at + 3) is None else None
        joined = link is not None and unit_at(view, link.end) is not None
        return Decimal(text) / Decimal(tokens[at + 2].text), link.end if joined and link is not None else at + 3
    text = text.replace(",", ".")
    if text.count(".") > 1:
        return None, at + 1
    number, end = Decimal(text), at + 1
    if (
        end + 2 < view.size
        and tokens[end].kind == "number"
        and not tokens[end].glued
        and tokens[end + 1].text == "/"
        and fraction(view, end)
    ):
        return number + Decimal(tokens[end].text) / Decimal(tokens[end + 2].text), end + 3
    half = view.role(end, HALF_AFTER)
    if half is not None and view.free(end, half.end):
        number, end = number + Decimal("0.5"), half.end
    return number, end


def counted(view: View, at: int, number: Decimal, end: int) -> Spot | None:
    """A number with a unit or a group behind it: "2 gói", "1kg5", "2 dozen", "1 kg 200"."""
    group = group_at(view, end)
    if group is not None:
        number, end = number * group.phrase.group, group.end
        half = view.role(end, HALF_AFTER)
        if half is not None and view.free(end, half.end):
            number, end = number + Decimal(group.phrase.group) / 2, half.end
        unit = unit_at(view, end)
        if unit is not None and unit.phrase.amount is None:
            end = unit.end
        spot = Spot("quantity", at, end, number=number, unit="dozen", times=False)
        spot.bare = False
        return spot
    unit = unit_at(view, end)
    if unit is None:
        return None
    name, amount, end = unit.phrase.unit or "", unit.phrase.amount, unit.end
    if amount is None:
        sized_by = view.role(end, SIZE)
        if (
            sized_by is not None
            and unit_at(view, end) is None
            and view.free(end, sized_by.end)
            and len(view.words[end]) > 1
        ):
            return Spot("size", at, sized_by.end)
        following = unit_at(view, end)
        if (
            following is not None
            and following.phrase.amount is None
            and not (len(view.words[end]) == 1 and view.words[end].isascii())
        ):
            end = following.end
    else:
        number, end = more(view, number, amount, end)
    half = view.role(end, HALF_AFTER)
    if half is not None and view.free(end, half.end):
        number, end = number + Decimal("0.5"), half.end
    return Spot("quantity", at, end, number=number, unit=name, amount=amount)


def more(view: View, number: Decimal, amount: Amount, end: int) -> tuple[Decimal, int]:
    """What stands behind a measure and belongs to it: "1kg5", "1 kg 200 g", "1kg 200"."""
    if (
        end >= view.size
        or view.owner[end] is not None
        or view.tokens[end].kind != "number"
        or not view.tokens[end].text.isdecimal()
    ):
        return number, end
    token = view.tokens[end]
    unit = unit_at(view, end + 1)
    if token.glued and len(token.text) == 1 and amount.value >= 100 and unit is None:
        return number + Decimal(token.text) / 10, end + 1
    smaller = unit is not None and unit.phrase.amount is not None and unit.phrase.amount.measure == amount.measure
    if (
        smaller
        and unit is not None
        and unit.phrase.amount is not None
        and unit.phrase.amount.value * int(token.text) < amount.value
    ):
        return number + unit.phrase.amount.value * int(token.text) / amount.value, unit.end
    return number, end


def marked(view: View, at: int) -> Spot | None:
    """A quantity behind a sign: +2, x3, *4, =5."""
    sign = view.tokens[at].text
    number, end = None, at + 1
    if view.tokens[end].kind == "number":
        if sign == "+" and end + 1 < view.size and view.tokens[end + 1].glued and view.tokens[end + 1].kind == "number":
            return None
        before = view.owner[at - 1] if at else None
        if sign == "+" and before is not None and before.by == "number" and view.tokens[end].text in view.index.spelt:
            return None  # "8+11" where codes are plain numbers
        number, end = value_of(view, end)
        if number is None or len(view.tokens[at + 1].text) > 4:
            return None
    else:
        word = number_word(view, end)
        if word is None:
            return None
        number, end = word
    spot = counted(view, at, number, end) or Spot("quantity", at, end, number=number)
    if sign == "+" and not view.tokens[at + 1].glued and spot.end < view.size:
        following = view.owner[spot.end]
        if following is not None and following.kind == "product":
            return None  # "coffee + 1 honey": the plus joins
    spot.plus, spot.times, spot.bare = sign == "+", sign != "+", False
    return spot


def spoken(view: View, at: int) -> Spot | None:
    """A quantity in words: "ba gói", "half a kilo", "kilo y medio", "x 2" with a word for times."""
    times = view.role(at, TIMES)
    if times is not None and times.end < view.size and view.free(at, times.end):
        end = times.end
        while end < view.size and view.tokens[end].text in ".:=":
            end += 1
        if (
            end < view.size
            and view.owner[end] is None
            and view.tokens[end].kind == "number"
            and not (
                view.tokens[end].text in sizes_before(view, end)
                and times.phrase.plain != ("x",)
                and not times.roles & TIMES
            )
        ):
            number, stop = value_of(view, end)
            if number is not None and len(view.tokens[end].text) <= 4:
                spot = counted(view, at, number, stop) or Spot("quantity", at, stop, number=number)
                spot.times, spot.bare = True, False
                return spot
    half = view.role(at, HALF)
    if half is not None and view.free(at, half.end):
        found = halved(view, at, half.end)
        if found is not None:
            return found
    word = None if somebody(view, at) else number_word(view, at)
    if word is not None:
        number, end = word
        if number == 2 and (pair := sold_by(view, at, end)) is not None:
            # "un par" of what is sold by the pair is one of it.
            return Spot("quantity", at, end, number=Decimal(1), unit=pair)
        if (
            number >= 1
            and (money := view.role(end, MONEY | SIZE)) is not None
            and view.free(end, money.end)
            and len(view.words[end]) > 1
        ):
            kind: Kind = "money" if money.roles & MONEY else "size"
            if unit_at(view, end) is None:
                return Spot(kind, at, money.end)
        fitting = view.role(end, HALF_AFTER)
        if fitting is not None and view.free(end, fitting.end):
            number, end = number + Decimal("0.5"), fitting.end
        match = next((one for one in reversed(view.at[at]) if one.phrase.number is not None), None)
        if match is not None and match.phrase.unit is not None and match.end == end:
            following = unit_at(view, end)
            if following is not None and match.phrase.amount is None:
                return Spot(
                    "quantity",
                    at,
                    following.end,
                    number=number,
                    unit=following.phrase.unit,
                    amount=following.phrase.amount,
                )
            half_behind = view.role(end, HALF_AFTER)
            if half_behind is not None and match.phrase.amount is not None:
                number, end = number + Decimal("0.5"), half_behind.end
            return Spot("quantity", at, end, number=number, unit=match.phrase.unit, amount=match.phrase.amount)
        if match is not None and match.phrase.group:
            return Spot("quantity", at, end, number=number * match.phrase.group, unit="dozen")
        found = counted(view, at, number, end)
        if found is not None:
            return found
        if end < view.size and view.words[end] == "x" and view.owner[end] is None and times_behind(view, end):
            return Spot("quantity", at, end + 1, number=number, times=True)
        return Spot("quantity", at, end, number=number)
    group = group_at(view, at)
    if group is not None and group.end == at + 1 and len(view.words[at]) == 1:
        group = None  # 打 is a dozen only behind a number
    if group is not None and not any(match.roles and match.end == group.end for match in view.at[at]):
        number = Decimal(group.phrase.group)
        end = group.end
        one = number_word(view, end)
        if one is not None and one[0] == 1 and view.tokens[end].glued:
            end = one[1]
        return Spot("quantity", at, end, number=number, unit="dozen")
    unit = unit_at(view, at)
    if (unit is not None and unit.phrase.amount is not None) or (
        unit is not None and view.tokens[at].text[0] >= "\u0e00"
    ):
        half_behind = view.role(unit.end, HALF_AFTER)
        if half_behind is not None and view.free(unit.end, half_behind.end) and unit.phrase.amount is not None:
            return Spot(
                "quantity", at, half_behind.end, number=Decimal("1.5"), unit=unit.phrase.unit, amount=unit.phrase.amount
            )
        if unit.end < view.size and (view.tokens[unit.end].glued or not view.tokens[unit.end].text.isascii()):
            one = number_word(view, unit.end)
            if one is not None and one[0] == 1:
                return Spot("quantity", at, one[1], number=Decimal(1), unit=unit.phrase.unit, amount=unit.phrase.amount)
    return None


def sold_by(view: View, start: int, end: int) -> str | None:
    """The unit that a word for a number is, too, where the product near it is sold by that unit."""
    product = product_near(view, start)
    codes = product.codes if product is not None else (view.pinned,) if view.pinned is not None else ()
    word = view.words[end - 1]
    if len(codes) == 1 and unit_at(view, end - 1) is not None and view.index.products[codes[0]].unit.lower() == word:
        return word
    return None


def somebody(view: View, at: int) -> bool:
    """True for a number word that is somebody's name or kin: "bà Sáu", "ba tui"."""
    if any(
        match.end > at + 1 and match.roles & PERSON and not match.roles & ~(PERSON | FILLER)
        for match in view.at.get(at, ())
    ):
        return True
    if not at or not view.said(at, at + 1)[0].isupper() or not view.said(0, at)[-1:].strip():
        return False
    before = view.role_before(at, PERSON)
    return before is not None and not view.said(at - 1, at).isupper()


def halved(view: View, at: int, end: int) -> Spot | None:
    """Half of a unit or of a dozen."""
    while (
        end < view.size
        and view.role(end, ARTICLE | FILLER) is not None
        and unit_at(view, end) is None
        and group_at(view, end) is None
        and end - at < 4
    ):
        end += 1
    group = group_at(view, end)
    if group is not None:
        return Spot("quantity", at, group.end, number=Decimal(group.phrase.group) / 2, unit="dozen")
    unit = unit_at(view, end)
    if unit is not None:
        return Spot("quantity", at, unit.end, number=Decimal("0.5"), unit=unit.phrase.unit, amount=unit.phrase.amount)
    if measured_before(view, at):
        spot = Spot("quantity", at, end, number=Decimal("0.5"))
        spot.bare = False
        return spot
    return None


def measured_before(view: View, at: int) -> bool:
    """True right behind a product that is sold by weight or volume, or an option of it: "hamonado kalahati"."""
    before = view.owner[at - 1] if at else None
    product = product_near(view, at)
    if before is None or before.kind not in ("product", "option") or product is None or product.start > at:
        return False
    return all(unit_of(view.index.products[code], view.lexicon) is not None for code in product.codes[:3])


def number_word(view: View, at: int) -> tuple[Decimal, int] | None:
    """The number in words at a token, and where it ends; not a word inside a phrase that means something else."""
    total: Decimal | None = None
    end = at
    while True:
        match = None
        for one in view.at.get(end, ()):
            if one.phrase.number is not None and view.free(end, one.end):
                match = one
        if match is None and total is not None and total >= 20 and total % 10 == 0 and view.role(end, AND) is not None:
            # "treinta y cinco", "vinte e cinco"
            for one in view.at.get(end + 1, ()):
                digit = one.phrase.number
                if digit is not None and digit in DIGITS and view.free(end + 1, one.end):
                    match = one
        if match is None or swallowed(view, match):
            break
        value = match.phrase.number
        assert value is not None
        if total is None:
            total = value
        elif value in MULTIPLES and total < value:
            total *= value
        elif (total % 10 == 0 and total >= 10 and value < 10 and value == value.to_integral_value()) or (
            value in MULTIPLES and total > value and total % value == 0
        ):
            total += value
        else:
            break
        end = match.end
        if match.phrase.unit is not None:
            break
    return None if total is None else (total, end)


def swallowed(view: View, match: Match) -> bool:
    """True for a number word inside a longer phrase of another meaning: the "do" of "kar do", of "one more"."""
    for start in range(max(0, match.start - 4), match.start + 1):
        for other in view.at.get(start, ()):
            if (
                other.end >= match.end
                and other.end - other.start > match.end - match.start
                and other.roles & ~(EACH | PERSON | ADD)
                and other.phrase.number is None
                and other.roles & (SIZE | MONEY) != other.roles
            ):
                return True
    for other in view.at.get(match.start, ()):
        if other.end == match.end and other.roles & ~(FILLER | AND | ARTICLE | ADD | EACH):
            # A word with another meaning counts only beside something that is counted.
            following = view.at.get(match.end, ())
            if any(one.phrase.unit is not None for one in following):
                return False
            behind = view.owner[match.end] if match.end < view.size else None
            ahead = view.owner[match.start - 1] if match.start else None
            if behind is not None and behind.kind == "product":
                return False
            return not (ahead is not None and ahead.kind in ("product", "option")) or bool(other.roles & (NOT | CANCEL))
    return False
