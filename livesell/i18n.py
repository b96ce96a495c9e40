"""Words, money, numbers and times of the pages, in the language of who reads them.

`languages/<tag>/ui.po` is read by Babel at start; nothing is compiled. A msgid is the key that pages use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, get_currency_precision

from livesell import bundle

FALLBACK = "en"
BENGALI_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


def languages() -> dict[str, str]:
    """The languages that pages can be read in, by tag, each with its own name."""
    found = sorted(path.parent.name for path in bundle.LANGUAGE_FOLDER.glob("*/ui.po"))
    return {tag: str(Locale.parse(tag).get_display_name(tag)) for tag in found}


@cache
def words(language: str) -> Mapping[str, str]:
    """All words of a language by key; a key that it lacks is English."""
    with (bundle.LANGUAGE_FOLDER / language / "ui.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    mine = {str(message.id): str(message.string) for message in catalog if message.id and message.string}
    return mine if language == FALLBACK else {**words(FALLBACK), **mine}


class Words:
    """The words and formats of one reader: `words("act.confirm", qty=2)`."""

    def __init__(self, language: str, currency: str, timezone: str) -> None:
        self.language = language if language in languages() else FALLBACK
        self.table = words(self.language)
        self.currency, self.zone = currency, ZoneInfo(timezone)
        self.locale = Locale.parse(self.language)

    def __call__(self, key: str, **data: object) -> str:
        """A sentence with its data put in; KeyError for a key that no language has."""
        text = self.table[key]
        return text.format(**{name: self.shown(value) for name, value in data.items()}) if data else text

    def shown(self, value: object) -> str:
        """A value in a sentence: numbers by locale, all else as it is."""
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return self.quantity(value)
        return str(value)

    def digits(self, text: str) -> str:
        """Digits as the language writes them."""
        return text.translate(BENGALI_DIGITS) if self.language == "bn" else text

    def quantity(self, value: float | Decimal) -> str:
        """A number with at most three decimals."""
        return self.digits(format_decimal(value, "#,##0.###", locale=self.locale))

    def money(self, amount: str | Decimal) -> str:
        """A plain decimal as money of the shop; without decimals where they are all zero."""
        value = Decimal(amount)
        places = 0 if value == value.to_integral_value() else get_currency_precision(self.currency)
        return self.digits(
            format_currency(
                value,
                self.currency,
                locale=self.locale,
                currency_digits=False,
                format=_pattern(self.locale, places),
            )
        )

    def time(self, moment: datetime) -> str:
        """Hours and minutes in the shop's time zone."""
        text: str = format_time(moment.astimezone(self.zone), "HH:mm", locale=self.locale)
        return self.digits(text)

    def date(self, moment: datetime) -> str:
        """Day and month in the shop's time zone."""
        text: str = format_date(moment.astimezone(self.zone), "d/M", locale=self.locale)
        return self.digits(text)


def _pattern(locale: Locale, places: int) -> str:
    """The locale's currency pattern with this many decimals."""
    pattern = str(locale.currency_formats["standard"].pattern)
    number = "#,##0" if "#,##,##0" not in pattern else "#,##,##0"
    plain = pattern.split(";")[0]
    for written in ("#,##,##0.00", "#,##0.00", "#,##,##0", "#,##0"):
        if written in plain:
            return plain.replace(written, number + ("." + "0" * places if places else ""))
    return plain


__all__ = ["Words", "languages", "words"]
