"""Orders as files: one module a format, found by its name; each has `CONTENT_TYPE` and `write(orders) -> bytes`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, cast

from livesell.model import Struct


class ExportedLine(Struct, frozen=True):
    """A line of an order; quantities are numbers, money is a plain decimal, the time is the shop's."""

    code: str
    name: str
    unit: str
    options: str
    quantity: float
    reserved: float
    waitlisted: float
    unit_price: str
    amount: str
    asked_at: datetime | None = None


class ExportedOrder(Struct, frozen=True):
    """An order with its buyer; `number` is her shelf number in the show."""

    code: str
    number: int
    status: str
    created_at: datetime
    buyer: str
    platform: str
    phone: str
    address: str
    note: str
    total: str
    currency: str
    lines: tuple[ExportedLine, ...] = ()


HEADING = (
    "number",
    "order",
    "status",
    "time",
    "buyer",
    "platform",
    "phone",
    "address",
    "note",
    "code",
    "product",
    "options",
    "quantity",
    "unit",
    "held",
    "waiting",
    "unit_price",
    "amount",
    "order_total",
    "currency",
)


Cell = str | float | Decimal
"""Text, a count, or an amount of money with the decimals of its currency."""


class Format(Protocol):
    """A module of this folder."""

    CONTENT_TYPE: str

    def write(self, orders: Sequence[ExportedOrder]) -> bytes:
        """The orders as the bytes of a file."""


class Formats(Mapping[str, Format]):
    """The formats by name, as many as there are files; a file is imported when its format is asked for."""

    def __init__(self) -> None:
        self._names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))

    def __getitem__(self, name: str) -> Format:
        if name not in self._names:
            raise KeyError(name)
        return cast(Format, importlib.import_module(f"{__name__}.{name}"))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


FORMATS = Formats()


def rows(orders: Iterable[ExportedOrder]) -> Iterator[tuple[Cell, ...]]:
    """A row a line, in the order of HEADING; the order's total stands once, in its first row."""
    for order in orders:
        for index, line in enumerate(order.lines or (None,)):
            head: tuple[Cell, ...] = (
                order.number,
                order.code,
                order.status,
                (line.asked_at if line is not None and line.asked_at else order.created_at).strftime("%Y-%m-%d %H:%M"),
                order.buyer,
                order.platform,
                national(order.phone),
                order.address,
                order.note,
            )
            total: Cell = Decimal(order.total) if index == 0 else ""
            if line is None:
                yield (*head, "", "", "", "", "", "", "", "", "", total, order.currency)
                continue
            yield (
                *head,
                line.code,
                line.name,
                line.options,
                line.quantity,
                line.unit,
                line.reserved,
                line.waitlisted,
                Decimal(line.unit_price),
                Decimal(line.amount),
                total,
                order.currency,
            )


def national(phone: str) -> str:
    """A phone as people of the country dial it: 0912345678 rather than +84912345678."""
    if not phone.startswith("+"):
        return phone
    import phonenumbers

    try:
        parsed = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


DANGEROUS = "=+-@\t\r\n＝＋－＠"
INVISIBLE = (
    " \u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u2064\u2066-\u206f\u3000\ufe00-\ufe0f\ufeff"
)
"""Spaces and characters without a shape, as the inside of a character class."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DANGER = re.compile(rf"((?:^|[,;\t|])[{INVISIBLE}]*)([{re.escape(DANGEROUS)}])")


def cell(text: str) -> str:
    """Text that no spreadsheet runs as a formula, wherever it splits: owasp.org, CSV Injection.

    Control characters and line breaks become a space; an apostrophe goes before a dangerous first character, also
    behind spaces that do not show and behind every character that some Excel takes for a separator.
    """
    return _DANGER.sub(r"\1'\2", CONTROL.sub(" ", text).strip())
