"""Numbers: which are products, options, quantities, prices, measures of the body or parts of an address.

Read from left to right; what a bare number is depends on what stands before it: after a product or an option it counts,
elsewhere it may be a code where codes are plain numbers.
"""

from __future__ import annotations

from decimal import Decimal

from livesell.lexicon import (
    ADD,
    AND,
    ARTICLE,
    CANCEL,
    CHANGE,
    CLAIM,
    CODE,
    EACH,
    FILLER,
    HALF,
    INSTEAD,
    NOT,
    REPLACING,
    TAKE,
    TIMES,
    TO,
)  # fmt: skip
from livesell.parser.codes import decided
from livesell.parser.counts import counted, marked, spoken, times_behind, value_of
from livesell.parser.measures import CURRENCY, not_counted
from livesell.parser.sizes import code_of, product_near, size_of, sizes_before
from livesell.parser.view import Spot, View, unit_at


def numbers(view: View) -> None:
    """Every number in digits or words."""
    if not view.numeric and not view.counting:
        return
    at = 0
    counting, owner = view.counting, view.owner
    while at < view.size:
        if owner[at] is not None:
            at += 1
            continue
        token = view.tokens[at]
        spot = None
        if token.kind == "number":
            spot = digits(view, at)
        elif token.kind == "word":
            if at in counting and at in view.at:
                spot = spoken(view, at)
        elif token.text in CURRENCY and at + 1 < view.size and view.tokens[at + 1].kind == "number":
            spot = Spot("money", at, at + 2)
        elif token.text in "+x*=" and at + 1 < view.size and view.owner[at + 1] is None:
            spot = marked(view, at)
        if spot is None:
            at += 1
        else:
            view.take(spot)
            at = spot.end
    view.sort()


def digits(view: View, at: int) -> Spot | None:
    """What a number in digits is."""
    token, tokens = view.tokens[at], view.tokens
    if view.roles & EACH and token.glued:
        for start in (at - 1, at - 2):
            if any(match.end > at and match.roles & EACH for match in view.at.get(start, ())):
                return None  # the 2 of "masing2"
    after = tokens[at + 1] if at + 1 < view.size and view.owner[at + 1] is None else None
    if (
        at + 2 < view.size
        and tokens[at + 1].text == "-"
        and tokens[at + 2].text == token.text
        and token.text.isdecimal()
        and int(token.text) <= 20
        and view.owner[at + 2] is None
    ):
        # "1-1": one of each.
        unit = unit_at(view, at + 3)
        spot = Spot("quantity", at, at + 3 if unit is None else unit.end, number=Decimal(token.text))
        spot.each, spot.bare = True, False
        return spot
    noise = not_counted(view, at)
    if noise is not None:
        return noise
    coded = by_code_word(view, at)
    if coded is not None:
        return coded
    size = size_of(view, at)
    if size is not None:
        return size
    if view.index.plain_numbers and token.text in view.index.spelt:
        half = view.role(at + 1, HALF)
        if half is not None and unit_at(view, half.end) is not None:
            # "8 setengah kilo" where 8 is a code: half a kilo of it.
            return Spot("product", at, at + 1, codes=decided(code_of(view, at), view.pinned), by="number")
    if view.index.plain_numbers and len(token.text) >= 3 and token.text in view.index.spelt:
        unit = unit_at(view, at + 1)
        if unit is not None and unit.phrase.amount is None and not any(spot.kind == "product" for spot in view.spots):
            # "101 ta cancel": so many pieces nobody takes, so it is the one with that number.
            return Spot("product", at, at + 1, codes=decided(code_of(view, at), view.pinned), by="number")
    if view.index.plain_numbers and token.text in view.index.spelt and one_behind(view, at + 1):
        # "14 คู่นึง": one pair of what has the number 14.
        return Spot("product", at, at + 1, codes=decided(code_of(view, at), view.pinned), by="number")
    number, end = value_of(view, at)
    if number is None:
        return Spot("size", at, at + 1)
    times = end < view.size and tokens[end].plain in ("x", "*") and view.owner[end] is None and times_behind(view, end)
    quantity = counted(view, at, number, end)
    if quantity is not None:
        return quantity
    if times and after is not None:
        return Spot("quantity", at, end + 1, number=number, times=True)
    if end == at + 1 and token.text.isdecimal():
        found = bare(view, at)
        if found is not None:
            return found
    if len(token.text) > 4 or laughs(token.text) or (token.text.isdecimal() and 1900 <= int(token.text) <= 2100):
        return Spot("size", at, at + 1)  # a postal code, part of an account, laughter, a year
    return Spot("quantity", at, end, number=number)


def one_behind(view: View, at: int) -> bool:
    """True where a word that counts stands here and the word for one is glued to it."""
    unit = unit_at(view, at)
    if unit is None or unit.phrase.amount is not None or unit.end >= view.size or not view.tokens[unit.end].glued:
        return False
    if view.tokens[unit.end].kind != "word":
        return False
    return any(one.phrase.number == 1 for one in view.at.get(unit.end, ()))


def laughs(text: str) -> bool:
    """True for 555, which laughs in Thai."""
    return len(text) >= 3 and not text.strip("5")


def by_code_word(view: View, at: int) -> Spot | None:
    """A number that a word makes a code: mã 12, code 12, #12, no. 12, el 117, 10 number."""
    tokens, token = view.tokens, view.tokens[at]
    if not token.text.isdecimal() or len(token.text) > 6:
        return None
    before = at - 1
    while before >= 0 and tokens[before].text in ".:-=":
        before -= 1
    strong = start = None
    if not view.index.plain_numbers and product_near(view, at) is not None and token.text in sizes_before(view, at):
        return None
    if before >= 0 and tokens[before].text == "#" and view.owner[before] is None:
        strong, start = True, before
    elif before >= 0:
        match = view.role_before(before + 1, CODE | ARTICLE)
        if match is not None and view.free(match.start, match.end):
            strong, start = bool(match.roles & CODE), match.start
    key = token.text.lstrip("0") or "0"
    found = tuple(view.index.codes.get(key, ()))
    if start is None:
        behind = view.role(at + 1, CODE)
        if behind is None or not (behind.phrase.verbs_last or not tokens[behind.start].text.isascii()):
            return None
        if not found:
            known = view.index.lettered < len(view.index.products)
            whole = tokens[behind.start].glued and known and token.text not in sizes_before(view, at)
            return Spot("unknown", at, behind.end) if whole and not behind.roles & ~(CODE | FILLER) else None
        if token.text in sizes_before(view, at):
            return None
        return Spot("product", at, behind.end, codes=decided(found, view.pinned), by="number")
    if not found:
        found = tuple(view.index.tails.get(key, ()))
    if found and strong is False:
        unit = unit_at(view, at + 1)
        if unit is not None or (view.index.plain_numbers and token.text in sizes_before(view, at)):
            return None
        if not view.index.plain_numbers and len(token.text) < 2:
            return None
        start = at
    if found:
        return Spot("product", start, at + 1, codes=decided(found, view.pinned), by="number")
    if strong and unit_at(view, at + 1) is None and token.text not in sizes_before(view, at):
        return Spot("unknown", start, at + 1)
    return None


def listed(view: View, at: int) -> bool:
    """True for one of three or more numbers in a row that are all codes: "14 17 18 size M"."""
    tokens, spelt = view.tokens, view.index.spelt
    first = last = at
    while first and tokens[first - 1].kind == "number" and tokens[first - 1].text in spelt:
        first -= 1
    while last + 1 < view.size and tokens[last + 1].kind == "number" and tokens[last + 1].text in spelt:
        last += 1
    return last - first >= 2


def bare(view: View, at: int) -> Spot | None:
    """A number with nothing around it, where codes are plain numbers: a product, a quantity or an unknown product."""
    index, tokens, token = view.index, view.tokens, view.tokens[at]
    if not index.plain_numbers:
        return None
    codes = code_of(view, at)
    exact = token.text in index.spelt
    if codes and exact and listed(view, at):
        return Spot("product", at, at + 1, codes=decided(codes, view.pinned), by="number")
    if codes and exact and view.at and any(match.roles & EACH for found in view.at.values() for match in found):
        each = view.role(at + 1, EACH)
        counts = each is not None and (each.end >= view.size or view.tokens[each.end].kind != "number")
        near = counts or view.role_before(at, EACH) is not None
        if not near:
            return Spot("product", at, at + 1, codes=decided(codes, view.pinned), by="number")
    last = max((spot for spot in view.spots if spot.start < at), key=lambda spot: spot.start, default=None)
    if (
        codes
        and not exact
        and (view.pinned is not None or any(spot.kind in ("product", "option") for spot in view.spots))
    ):
        # "1" where the code is 01 counts rather than names, beside anything that it could count.
        return None
    following = next((spot for spot in sorted(view.spots, key=lambda spot: spot.start) if spot.start > at), None)
    apart = (
        last is None
        or view.separated(last.end, at)
        or any(view.role(place, AND) is not None for place in range(last.end, at))
    )
    if (
        following is not None
        and following.kind == "product"
        and following.start - at <= 2
        and not view.separated(at + 1, following.start)
    ):
        padded = exact and token.text[0] == "0"
        filler = following.start - at == 1 or view.role(at + 1, FILLER | ARTICLE | TAKE) is not None
        if filler and following.by != "number" and not padded:
            return None
    behind = at + 1
    while (
        behind < view.size
        and tokens[behind].kind == "word"
        and view.role(behind, FILLER | ARTICLE) is not None
        and view.role(behind, AND | TIMES) is None
        and behind - at < 3
    ):
        behind += 1
    if (
        behind < view.size
        and behind > at + 1
        and tokens[behind].kind == "number"
        and tokens[behind].text in index.spelt
        and view.owner[behind] is None
        and unit_at(view, behind + 1) is None
    ):
        # "2 of 33"
        return None
    if last is not None and not apart and last.kind in ("product", "option", "unknown") and at - last.end <= 3:
        between = any(
            view.role(place, CLAIM | ADD | CHANGE | CANCEL | TO | REPLACING | INSTEAD | NOT) is not None
            for place in range(last.end, at)
        )
        if codes and exact and (len(token.text) >= 3 or token.text[0] == "0" or between) and last.kind != "option":
            return Spot("product", at, at + 1, codes=decided(codes, view.pinned), by="number")
        if not between or not codes:
            return None
    if codes:
        if last is not None and last.kind == "quantity" and not apart and last.end == at and not exact:
            return None
        return Spot(
            "product", at, at + 1, codes=decided(codes, view.pinned), by="number", quality=1.0 if exact else 0.95
        )
    claim = view.role_before(at, CLAIM | TAKE)
    if claim is not None and claim.roles & CLAIM and (last is None or apart) and len(token.text) <= 4:
        if int(token.text) <= 12 and last is not None and last.kind in ("product", "option") and last.end < claim.start:
            # "essa A1, manda 2": how many of what was just named.
            return None
        return Spot("unknown", at, at + 1)
    return None
