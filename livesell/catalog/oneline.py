"""A product in one line, as the seller says it: `A32 trà shan 200g 120k 10` is code, name, pack, price and stock.

One reading for both doors: the form of the control page and the seller's own comment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal

from livesell.catalog import cells
from livesell.model import Amount, Code, Offer, Quantity, Struct
from livesell.text import tokenise

CODE = re.compile(r"[^\W_]*\d[^\W_]*|[^\W\d_]{1,5}")
"""A code: with a digit in it, or a few letters that are written large."""

STOCK = re.compile(r"(?:[x×*+-]|sl)?(\d{1,6})([^\d\s.,]*)", re.IGNORECASE)
PRICE = re.compile(r"([^\d\s]*)\s?(\d[\d.,]*)\s?([^\d.,][^\d]*)?(\d{1,3})?")
SIGNS = frozenset("$€£¥₫৳฿₱₹₩/-.")

FEWEST, LONGEST = 3, 200
LEAST_PLAIN = 1_000
"""Where a currency has no small coins, a bare number below it is no price if a larger one stands behind it."""


class Words(Struct, frozen=True):
    """What a line is read by beside numbers: what a word behind or before a price multiplies it by, amounts, counters.

    All words are folded: small, without marks.
    """

    prices: Mapping[str, Decimal]
    amounts: Mapping[str, Amount] = {}
    counters: frozenset[str] = frozenset()


PLAIN = Words({"k": Decimal(1000), "tr": Decimal(1_000_000), "d": Decimal(1), "vnd": Decimal(1)})
"""Without any language: thousands and millions as they are typed in Vietnam, and grams."""


def read(line: str, words: Words = PLAIN) -> Offer | None:
    """What a line offers; None if it is no such line. The price is in whole units of the currency, as it was said."""
    parts = _ascii(line).split()
    if not FEWEST <= len(parts) <= 40 or len(line) > LONGEST or not _is_code(parts[0]):
        return None
    stock, unit, rest = _stock(parts[1:], words)
    found = _priced(rest, words)
    if found is None and stock is not None:
        stock, unit, rest = None, "", parts[1:]
        found = _priced(rest, words)
    if found is not None and stock is not None and not found[1] and found[0] < LEAST_PLAIN and stock > found[0] * 1000:
        # "trà 5 120000": the larger of two bare numbers is the price.
        alone = _priced(parts[1:], words)
        if alone is not None and alone[0] >= LEAST_PLAIN:
            stock, unit, rest, found = None, "", parts[1:], alone
    if found is None:
        return None
    price, marked, left = found
    name = line.split()[1 : 1 + left]
    while name and _leads(name[-1], words):
        name.pop()
    if not any(letter.isalpha() for letter in "".join(name)) or price <= 0:
        return None
    return Offer(
        code=Code(parts[0].upper()),
        name=" ".join(name).rstrip(",:"),
        price=price,
        pack=_pack(name, words),
        unit=unit,
        stock=stock,
        marked=marked,
    )


def _leads(word: str, words: Words) -> bool:
    """Whether a word only leads to the price: giá, price, a dash."""
    bare = _plain(word.strip(":,=-–"))
    return not bare or (bare in words.prices and not any(letter.isdecimal() for letter in bare))


def _ascii(line: str) -> str:
    """The line with the digits of every script as ASCII, word for word."""
    return " ".join(cells.ascii_digits(word) or word for word in line.split())


def _plain(word: str) -> str:
    return "".join(token.plain for token in tokenise(word))


def _is_code(word: str) -> bool:
    if CODE.fullmatch(word) is None or (word.isdecimal() and len(word) > 5):
        return False
    return any(letter.isdecimal() for letter in word) or word == word.upper() != word.lower()


def _stock(parts: Sequence[str], words: Words) -> tuple[Quantity | None, str, list[str]]:
    """How many there are, what they are counted in, and what stands before: `10`, `x10`, `-10`, `sl 10`, `10 gói`."""
    rest, unit = list(parts), ""
    if len(rest) > 2 and _plain(rest[-1]) in words.counters:
        unit = rest.pop()
    match = STOCK.fullmatch(rest[-1]) if len(rest) > 2 else None
    if match is None or (match[2] and (unit or _plain(match[2]) not in words.counters)):
        return None, "", list(parts)
    rest.pop()
    if len(rest) > 2 and rest[-1].casefold() in ("sl", "x", "×", "-", ":"):
        rest.pop()
    return Quantity(int(match[1]) * 1000), unit or match[2], rest


def _priced(parts: Sequence[str], words: Words) -> tuple[Decimal, bool, int] | None:
    """The price at the end of the parts, whether a word says that it is one, and how many parts stand before it."""
    for size in (3, 2, 1):
        if len(parts) > size:
            found = _price(" ".join(parts[-size:]), words)
            if found is not None:
                return (*found, len(parts) - size)
    return None


def _price(text: str, words: Words) -> tuple[Decimal, bool] | None:
    match = PRICE.fullmatch(text)
    if match is None:
        return None
    before, digits, behind, tail = match.groups()
    try:
        value = cells.number(digits, "")
    except cells.CellProblem:
        return None
    first, last = _factor(before, words), _factor(behind or "", words)
    if value is None or first is None or last is None or (tail and last <= 1):
        return None
    if tail:  # 1tr2, 12k5
        value += Decimal(tail).scaleb(-len(tail))
    return value * first * last, bool(before or behind)


def _factor(text: str, words: Words) -> Decimal | None:
    """What the words around a number multiply it by; None if one of them says nothing of money."""
    factor = Decimal(1)
    for word in text.split():
        bare = "".join(letter for letter in word if letter not in SIGNS and unicodedata.category(letter) != "Sc")
        if not bare:
            continue
        if _plain(bare) not in words.prices:
            return None
        factor *= words.prices[_plain(bare)]
    return factor


def _pack(name: Sequence[str], words: Words) -> Amount | None:
    """The amount that a name tells of one unit: `200g`, `0.5 kg`, `2 lạng`."""
    for at in range(len(name) - 1, -1, -1):
        for text in (name[at], " ".join(name[at : at + 2])):
            match = re.fullmatch(r"(\d[\d.,]*)\s?([^\d\s.,]+)\.?", cells.ascii_digits(text))
            if match is None:
                continue
            try:
                value = cells.number(match[1], "")
            except cells.CellProblem:
                value = None
            measure = cells.MEASURES.get(match[2].lower())
            amount = words.amounts.get(_plain(match[2]))
            if value and measure is not None:
                return Amount(value * measure[1], measure[0])
            if value and amount is not None:
                return Amount(value * amount.value, amount.measure)
    return None
