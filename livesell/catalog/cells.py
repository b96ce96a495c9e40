"""The cells of a product sheet: what each column may hold, read strictly and told where it is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

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
    "stock": 2_000,
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

MARKS = re.compile(r"(?:₫|đ|vnđ|vnd|৳|tk|taka|rp|rm|₱|php|฿|baht|บาท|nt\$|us\$|r\$|\$|€|₹|rs\.?)", re.IGNORECASE)
SHORT = {"k": 1_000, "tr": 1_000_000}


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
    """A price in minor units: 90000, 120.000, 120,000đ, 120k, 12.50."""
    value = number(cell, decimals)
    if value is None:
        raise CellProblem(f"'{cell}' is not a number")
    minor = value * 10**decimals
    if minor != minor.to_integral_value():
        raise CellProblem(f"'{cell}' has more decimals than the currency")
    if not 0 <= minor < 10**15:
        raise CellProblem(f"'{cell}' is not a price")
    return Money(int(minor))


def number(cell: str, decimals: int) -> Decimal | None:
    """A number as people write prices, None if it is none.

    With several marks, or one before exactly three digits in a currency without decimals, marks part thousands; the
    last of two different marks is the decimal point.
    """
    text = MARKS.sub("", unicodedata.normalize("NFKC", cell)).strip().lower()
    factor = 1
    for short, value in SHORT.items():
        if text.endswith(short) and text[: -len(short)].strip()[-1:].isdecimal():
            text, factor = text[: -len(short)].strip(), value
            break
    digits = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)
    if not re.fullmatch(r"\d+(?:[ .,]\d+)*", digits):
        return None
    parts = re.split(r"[ .,]", digits)
    marks = re.findall(r"[ .,]", digits)
    if not marks:
        plain = digits
    elif factor > 1 and len(marks) == 1:
        plain = ".".join(parts)
    elif len(set(marks)) > 1 or len(marks) > 1 or (len(parts[-1]) == 3 and (decimals == 0 or len(parts[0]) <= 3)):
        point = len(set(marks)) > 1 and marks.count(marks[-1]) == 1 and len(parts[-1]) != 3
        if any(len(part) != 3 for part in parts[1 : -1 if point else None]):
            return None
        plain = "".join(parts[:-1]) + "." + parts[-1] if point else "".join(parts)
    else:
        plain = ".".join(parts)
    return Decimal(plain) * factor


def pack(cell: str) -> Amount | None:
    """The content of one unit: `500 g`, `1 kg`, `250 ml`; None where it is empty."""
    if not cell:
        return None
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)", unicodedata.normalize("NFKC", cell))
    measure = MEASURES.get(match[2].lower()) if match else None
    if match is None or measure is None:
        raise CellProblem(f"'{cell}' is not an amount such as 500 g, 1 kg or 250 ml")
    value = Decimal(match[1].replace(",", ".")) * measure[1]
    if value <= 0:
        raise CellProblem(f"'{cell}' is nothing")
    return Amount(value, measure[0])


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
    return tuple(found)


def stock(cell: str, choices: tuple[Option, ...]) -> dict[str, Quantity] | None:
    """How many there are: empty is not counted; `12`; `S:3|M:5` per value, `S,black:3|M,black:5` per choice."""
    if not cell:
        return None
    if ":" not in cell:
        return {"": count(cell)}
    if not choices:
        raise CellProblem(f"'{cell}' counts values, but the product has no options")
    found: dict[str, Quantity] = {}
    for part in cell.split("|"):
        key, _, value = part.rpartition(":")
        words = [word.strip() for word in key.split(",")]
        if len(words) != len(choices):
            raise CellProblem(f"'{part.strip()}' needs a value of {', '.join(option.name for option in choices)}")
        names = []
        for option, word in zip(choices, words, strict=True):
            match = next((one.name for one in option.values if word in (one.name, *one.synonyms)), None)
            if match is None:
                raise CellProblem(f"'{word}' is not one of {option.name}'s values")
            names.append(match)
        variant = ",".join(names)
        if variant in found:
            raise CellProblem(f"'{key.strip()}' is counted twice")
        found[variant] = count(value)
    return found


def count(cell: str) -> Quantity:
    """A number of units, with at most three decimals."""
    text = unicodedata.normalize("NFKC", cell).strip().replace(",", ".")
    try:
        value = quantity(Decimal(text))
    except (InvalidOperation, ValueError):
        raise CellProblem(f"'{cell.strip()}' is not a number") from None
    if not 0 <= value <= 1_000_000_000:
        raise CellProblem(f"'{cell.strip()}' is not a number of units")
    return value


# --- and back -------------------------------------------------------------------------------------------------------


def plain(value: Quantity) -> str:
    """A quantity as a plain number."""
    return f"{Decimal(value) / 1000:f}".rstrip("0").rstrip(".") if value % 1000 else str(value // 1000)


def price_cell(value: Money, decimals: int) -> str:
    """A price as a plain decimal."""
    return f"{Decimal(value).scaleb(-decimals):f}"


def pack_cell(value: Amount | None) -> str:
    """An amount as `500 g`."""
    return "" if value is None else f"{value.value.normalize():f} {value.measure}"


def options_cell(values: tuple[Option, ...]) -> str:
    """Options as the sheet writes them."""
    return ";".join(
        f"{option.name}=" + "|".join("/".join((value.name, *value.synonyms)) for value in option.values)
        for option in values
    )


def stock_cell(values: Mapping[str, Quantity] | None) -> str:
    """Stock as the sheet writes it."""
    if values is None:
        return ""
    if set(values) == {""}:
        return plain(values[""])
    return "|".join(f"{variant}:{plain(count)}" for variant, count in values.items())
