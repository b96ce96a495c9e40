"""Words, money, numbers and times of the pages, in the language of who reads them.

`languages/<tag>/ui.po` is read by Babel at start; nothing is compiled. A msgid is the key that pages use. What scripts
need to write the same values the same way is handed to them by `Words.formats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

from livesell import bundle

FALLBACK = "en"
LATIN = "-latn"
"""Behind a language's tag: its words, with the digits 0 to 9 (`bn-latn`)."""

DIGITS = {"bn": "০১২৩৪৫৬৭৮৯"}
"""The digits of languages that have their own."""

Text = str | tuple[str, ...]
"""A sentence, or its forms for one and for several (`n` in its data says how many)."""


NAME = '"X-Native-Name:'
"""How the line of a catalog's head begins that says the language's own name."""


@cache
def languages() -> dict[str, str]:
    """The languages that pages can be read in, by tag, each with its own name."""
    return {path.parent.name: _name(path) for path in sorted(bundle.LANGUAGE_FOLDER.glob("*/ui.po"))}


def _name(path: Path) -> str:
    # Babel knows it too, and reads all it knows of a language for it.
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith(NAME):
                return line.removeprefix(NAME).split("\\n")[0].strip()
    return path.parent.name


@cache
def words(language: str) -> Mapping[str, Text]:
    """All words of a language by key; a key that it lacks is English."""
    with (bundle.LANGUAGE_FOLDER / language / "ui.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    mine: dict[str, Text] = {}
    for message in catalog:
        if isinstance(message.id, str):
            if message.id and message.string:
                mine[message.id] = str(message.string)
        elif isinstance(message.string, tuple | list) and all(message.string):
            forms = tuple(str(form) for form in message.string)
            mine[str(message.id[0])] = forms if len(forms) > 1 else forms[0]
    return mine if language == FALLBACK else {**words(FALLBACK), **mine}


class Words:
    """The words and formats of one reader: `words("act.confirm", qty=2)`.

    `language` is a tag of `languages()`, with `-latn` behind it for one who reads the digits 0 to 9; any other is
    English.
    """

    def __init__(self, language: str, currency: str, timezone: str) -> None:
        tag = language.removesuffix(LATIN)
        self.language = tag if tag in languages() else FALLBACK
        self.native = "" if language.endswith(LATIN) else DIGITS.get(self.language, "")
        self.table = words(self.language)
        self.currency, self.zone = currency, ZoneInfo(timezone)
        self.locale = Locale.parse(self.language)
        self._to_native = str.maketrans("0123456789", self.native) if self.native else {}
        grouping = self.locale.decimal_formats[None].grouping
        self._grouped = "#,##,##0" if tuple(grouping) == (3, 2) else "#,##0"
        self._before, self._after = _around(self.locale, currency)

    def __call__(self, key: str, **data: object) -> str:
        """A sentence with its data put in; KeyError for a key that no language has."""
        text = self.table[key]
        if isinstance(text, tuple):
            count = data.get("n")
            one = isinstance(count, int | float | Decimal) and self.locale.plural_form(count) == "one"
            text = text[0 if one else -1]
        return text.format(**{name: self.shown(value) for name, value in data.items()}) if data else text

    def shown(self, value: object) -> str:
        """A value in a sentence: numbers by locale, all else as it is."""
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return self.quantity(value)
        return str(value)

    def digits(self, text: str) -> str:
        """Digits as the reader has them."""
        return text.translate(self._to_native)

    def quantity(self, value: float | Decimal) -> str:
        """A number with at most three decimals."""
        return self.digits(format_decimal(value, self._grouped + ".###", locale=self.locale))

    def money(self, amount: str | Decimal) -> str:
        """A plain decimal as money of the shop; without decimals where they are all zero."""
        value = Decimal(amount)
        places = 0 if value == value.to_integral_value() else max(2, get_currency_precision(self.currency))
        pattern = self._grouped + ("." + "0" * places if places else "")
        number = format_decimal(abs(value), pattern, locale=self.locale)
        return self.digits(("-" if value < 0 else "") + self._before + number + self._after)

    def time(self, moment: datetime) -> str:
        """Hours and minutes in the shop's time zone."""
        text: str = format_time(moment.astimezone(self.zone), "HH:mm", locale=self.locale)
        return self.digits(text)

    def date(self, moment: datetime) -> str:
        """Day and month in the shop's time zone."""
        text: str = format_date(moment.astimezone(self.zone), "d/M", locale=self.locale)
        return self.digits(text)

    def formats(self) -> dict[str, Any]:
        """What a script needs to write numbers, money and times as they are written here."""
        symbols = self.locale.number_symbols["latn"]
        return {
            "digits": self.native,
            "group": symbols["group"],
            "decimal": symbols["decimal"],
            "pairs": self._grouped == "#,##,##0",
            "before": self._before,
            "after": self._after,
            "places": max(2, get_currency_precision(self.currency)),
            "zone": self.zone.key,
        }


def _around(locale: Locale, currency: str) -> tuple[str, str]:
    """What stands before and behind an amount of a currency; letters keep a space from the digits."""
    symbol = get_currency_symbol(currency, locale=locale)
    pattern = str(locale.currency_formats["standard"].pattern).split(";")[0]
    first = min(pattern.find(mark) for mark in "#0" if mark in pattern)
    last = max(pattern.rfind(mark) for mark in "#0")
    before, after = pattern[:first].replace("¤", symbol), pattern[last + 1 :].replace("¤", symbol)
    if before and before[-1].isalpha():
        before += "\u00a0"
    if after and after[0].isalpha():
        after = "\u00a0" + after
    return before, after


__all__ = ["Words", "languages", "words"]
