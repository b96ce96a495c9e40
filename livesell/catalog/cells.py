"""The cells of a product sheet: what each column may hold, read strictly and told where it is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from math import prod

from livesell.model import Amount, Measure, Money, Option, OptionValue, Quantity, quantity

COLUMNS = ("code", "name", "aliases", "unit", "pack", "price", "stock", "options")
NEEDED = ("code", "name", "price")

LIMITS = {
    "code": 40,
    "name": 200,
    "aliases": 1_000,
    "unit": 40,
    "pack": 40,
    "price": 40,
    "stock": 10_000,
    "options": 2_000,
}
"""The longest cell of each column, in characters."""

MEASURES: Mapping[str, tuple[Measure, int]] = {
    "g": ("g", 1),
    "gr": ("g", 1),
    "gram": ("g", 1),
    "kg": ("g", 1000),
    "ml": ("ml", 1),
    "cl": ("ml", 10),
    "l": ("ml", 1000),
    "lít": ("ml", 1000),
    "lit": ("ml", 1000),
    "litre": ("ml", 1000),
    "liter": ("ml", 1000),
}

MARK = (
    r"(?:₫|vnđ|vnd|đ|d|৳|tk\.?|taka|bdt|rp\.?|idr|rm|myr|₱|php|฿|baht|บาท|thb|nt\$|twd|us\$|usd|r\$|brl|\$|mxn|€|eur"
    r"|₹|rs\.?|inr)"
)
MONEY = re.compile(rf"{MARK}?\s*([\d .,]*\d)\s*(k|tr)?\s*{MARK}?", re.IGNORECASE)
"""A price as people write it: a currency's sign or letters on either side, `k` for thousands, `tr` for millions."""

GROUPED = re.compile(r"[1-9]\d{0,2}(?:([ .,])\d{3})(?:\1\d{3})*|[1-9]\d?(?:,\d{2})+,\d{3}")
"""Digits parted into thousands, or as in India into lakhs and crores."""

MOST_CHOICES = 1_000
"""Choices of all options of one product: each may have a stock of its own."""


class CellProblem(ValueError):
    """What is wrong with a cell."""


def code(cell: str) -> str:
    """What viewers type for the product."""
    if not cell:
        raise CellProblem("is empty: every product needs a code that viewers can type")
    if not any(letter.isalnum() for letter in cell):
        raise CellProblem(f"'{cell}' has neither letter nor digit")
    return cell


def price(cell: str, decimals: int) -> Money:
    """A price in minor units: 90000, 120.000, 120,000đ, 120k, 12.50.

    One mark before exactly three digits parts thousands, unless the currency itself has three decimals: then a dot is
    the point and a comma is asked about.
    """
    if not cell:
        raise CellProblem("is empty")
    match = MONEY.fullmatch(ascii_digits(cell))
    short = match[2].lower() if match and match[2] else ""
    if short == "tr":
        value = number(match[1], ".,") if match else None
    else:
        value = number(match[1], "." if decimals >= 3 and not short else "", sure=decimals < 3) if match else None
    if value is None:
        raise no_number(cell)
    minor = value * {"": 1, "k": 1_000, "tr": 1_000_000}[short] * 10**decimals
    if minor != minor.to_integral_value():
        raise CellProblem(f"'{cell}' has more decimals than the currency")
    if minor >= 10**15:
        raise CellProblem(f"'{cell}' is not a price")
    return Money(int(minor))


def no_number(cell: str) -> CellProblem:
    """What to say of a cell that should hold a number."""
    negative = re.fullmatch(r"[-−–]\s*[\d.,]+\D{0,3}", ascii_digits(cell))
    return CellProblem(f"'{cell}' is negative" if negative else f"'{cell}' is not a number")


def ascii_digits(cell: str) -> str:
    """Text with the digits, dots and spaces of every script as ASCII."""
    text = unicodedata.normalize("NFKC", cell).strip()
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def number(digits: str, points: str, *, sure: bool = True) -> Decimal | None:
    """ASCII digits with marks between them as a number, None if they are none.

    `points`: the marks that are a decimal point before exactly three digits, where others part thousands; if not
    `sure`, those others are a CellProblem, for nobody can tell.
    """
    marks = re.sub(r"\d", "", digits)
    if not marks:
        return Decimal(digits) if digits else None
    head, mark, tail = digits.rpartition(marks[-1])
    grouped = GROUPED.fullmatch(digits) is not None
    if grouped and not (len(marks) == 1 and mark in points):
        whole = re.sub(r"\D", "", digits)
        if not sure and len(marks) == 1:
            small = unmistakable(Decimal(f"{head}.{tail}"))
            raise CellProblem(f"'{digits}' may be {whole} or {small}: write one of these")
        return Decimal(whole)
    # What is not parted into thousands has a decimal point, once, behind digits that may be parted by another mark.
    if mark == " " or mark in head or not (head.isdecimal() or GROUPED.fullmatch(head)) or not tail:
        return None
    if len(tail) == 3 and head.lstrip("0") and mark not in points:
        return None
    return Decimal(f"{re.sub(r'[^0-9]', '', head)}.{tail}")


def pack(cell: str) -> Amount | None:
    """The content of one unit: `500 g`, `1 kg`, `250 ml`; None where it is empty."""
    if not cell:
        return None
    match = re.fullmatch(r"([\d.,]*\d)\s*([^\W\d_]+)\.?", ascii_digits(cell))
    measure = MEASURES.get(unicodedata.normalize("NFC", match[2].lower())) if match else None
    value = number(match[1], "", sure=False) if match else None
    if value is None or measure is None:
        raise CellProblem(f"'{cell}' is not an amount such as 500 g, 1 kg or 250 ml")
    if value == 0:
        raise CellProblem(f"'{cell}' is nothing")
    return Amount(value * measure[1], measure[0])


def options(cell: str) -> tuple[Option, ...]:
    """`size=S|M|L;colour=black/đen|white/trắng`: names, values, other words for them."""
    found: list[Option] = []
    for part in filter(None, (piece.strip() for piece in cell.split(";"))):
        name, sign, values = part.partition("=")
        if not sign or not name.strip():
            raise CellProblem(f"'{part}' is not name=value|value")
        words = [[word.strip() for word in value.split("/") if word.strip()] for value in values.split("|")]
        if not all(words):
            raise CellProblem(f"'{part}' has an empty value")
        names = [value[0] for value in words]
        if len(set(names)) < len(names):
            raise CellProblem(f"'{part}' names a value twice")
        if name.strip() in (one.name for one in found):
            raise CellProblem(f"option '{name.strip()}' stands twice")
        found.append(Option(name.strip(), tuple(OptionValue(value[0], tuple(value[1:])) for value in words)))
    comma = next((value.name for option in found for value in option.values if "," in value.name), None)
    if comma is not None and len(found) > 1:
        raise CellProblem(f"'{comma}' has a comma, which parts the values of several options in the stock column")
    if prod(len(option.values) for option in found) > MOST_CHOICES:
        raise CellProblem(f"makes more than {MOST_CHOICES} choices")
    return tuple(found)


def stock(cell: str, choices: tuple[Option, ...]) -> dict[str, Quantity] | None:
    """How many there are: empty is not counted; `12`; `S:3|M:5` per value, `S,black:3|M,black:5` per choice.

    A choice that is not named has 0.
    """
    if not cell:
        return None
    if ":" not in cell:
        return {"": count(cell)}
    if not choices:
        raise CellProblem(f"'{cell}' counts values, but the product has no options")
    found = {",".join(names): Quantity(0) for names in product(*([v.name for v in one.values] for one in choices))}
    counted: set[str] = set()
    for part in cell.split("|"):
        key, _, value = part.rpartition(":")
        words = [word.strip() for word in key.split(",")] if len(choices) > 1 else [key.strip()]
        if len(words) != len(choices) or not all(words):
            raise CellProblem(f"'{part.strip()}' needs a value of {', '.join(option.name for option in choices)}")
        variant = ",".join(value_named(word, option) for option, word in zip(choices, words, strict=True))
        if variant in counted:
            raise CellProblem(f"'{key.strip()}' is counted twice")
        counted.add(variant)
        found[variant] = count(value)
    return found


def value_named(word: str, option: Option) -> str:
    """The value of an option that a word names: exactly, by another word for it, or in another case."""
    for spelling in (
        lambda value: word == value.name,
        lambda value: word in value.synonyms,
        lambda value: word.casefold() in (value.name.casefold(), *(other.casefold() for other in value.synonyms)),
    ):
        for value in option.values:
            if spelling(value):
                return value.name
    raise CellProblem(f"'{word}' is not one of {option.name}'s values")


def count(cell: str) -> Quantity:
    """A number of units, with at most three decimals."""
    text = ascii_digits(cell)
    value = number(text, "", sure=False) if re.fullmatch(r"[\d .,]*\d", text) else None
    if value is None:
        raise no_number(cell.strip())
    try:
        units = quantity(value)
    except ValueError:
        raise CellProblem(f"'{cell.strip()}' has more than three decimals") from None
    if units > 1_000_000_000:
        raise CellProblem(f"'{cell.strip()}' is too many")
    return units


# --- and back -------------------------------------------------------------------------------------------------------


def plain(value: Quantity) -> str:
    """A quantity as a plain number; three decimals are written as four, so that no dot can be taken for thousands."""
    return unmistakable(Decimal(value) / 1000)


def unmistakable(value: Decimal) -> str:
    """A number without needless zeros, never with a dot before exactly three digits."""
    text = f"{value.normalize():f}"
    return text + "0" if len(text.partition(".")[2]) == 3 else text


def price_cell(value: Money, decimals: int) -> str:
    """A price as a plain decimal."""
    return f"{Decimal(value).scaleb(-decimals):f}"


def pack_cell(value: Amount | None) -> str:
    """An amount as `500 g`."""
    return "" if value is None else f"{unmistakable(value.value)} {value.measure}"


def options_cell(values: tuple[Option, ...]) -> str:
    """Options as the sheet writes them."""
    return ";".join(
        f"{option.name}=" + "|".join("/".join((value.name, *value.synonyms)) for value in option.values)
        for option in values
    )


def stock_cell(values: Mapping[str, Quantity] | None) -> str:
    """Stock as the sheet writes it; choices that have 0 are left out, except for one where all have."""
    if values is None:
        return ""
    if set(values) == {""}:
        return plain(values[""])
    some = {variant: units for variant, units in values.items() if units} or dict(list(values.items())[:1])
    return "|".join(f"{variant}:{plain(units)}" for variant, units in some.items())
