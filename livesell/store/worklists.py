"""The lists of the morning: which orders of a show still lack something, counted and given page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from livesell.model import ShowId
from livesell.store import schema as s

OVER = ("cancelled", "returned")


def _lines(lacking: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(s.lines.c.id).where(s.lines.c.order == s.orders.c.id, s.lines.c.quantity > 0, lacking).exists()


def _people(what: ColumnElement[bool]) -> ColumnElement[bool]:
    """What is true of any of a buyer's identities, as `people.py` has it."""
    known = select(s.identities.c.buyer).join(s.buyers, s.buyers.c.id == s.identities.c.id)
    return s.orders.c.buyer.in_(known.where(what))


def _refused() -> ColumnElement[bool]:
    before = s.orders.alias()
    back = select(s.identities.c.buyer).join(before, before.c.identity == s.identities.c.id).where(before.c.refused)
    return _people(s.buyers.c.refused > 0) | s.orders.c.buyer.in_(back)


LISTS: Mapping[str, ColumnElement[bool]] = {
    "unsettled": _lines(~s.lines.c.settled),
    "phone": ~_people(func.coalesce(s.buyers.c.phone, "") != ""),
    "address": ~_people(func.coalesce(s.buyers.c.address, "") != ""),
    "unpaid": s.orders.c.status.in_(("draft", "confirmed")),
    "waiting": _lines(s.lines.c.settled & (s.lines.c.waitlisted > 0)),
    "refused": _refused(),
    "pack": s.orders.c.status.in_(("confirmed", "paid")),
    "send": s.orders.c.status == "packed",
    "all": s.orders.c.status.not_in(OVER),
}
"""What is true of the orders on each list; those that were cancelled or came back are on none."""


def narrowed(wanted: Select[Any], name: str) -> Select[Any]:
    """A query of orders, only those on a list; KeyError for a list that is none."""
    return wanted.where(s.orders.c.status.not_in(OVER), LISTS[name])


def counted(connection: Connection, show: ShowId) -> dict[str, int]:
    """How many orders are on each list."""
    found: dict[str, int] = {}
    for name in LISTS:
        number = narrowed(select(func.count()).select_from(s.orders).where(s.orders.c.show == show), name)
        found[name] = connection.scalar(number) or 0
    return found
