"""The picture of a night: comments and orders by time, the goods as claimed, confirmed, waiting and paid, the gaps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select

from livesell.model import Quantity, ShowId, quantity_number
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.overview import Overview
from livesell.store.rows import micros

MINUTE = 60_000_000
BARS = 90
"""The most bars that a phone shows one by one."""

KINDS = ("claimed", "confirmed", "waiting", "paid")
PAID = ("paid", "packed", "shipped")


def night(look: Overview, show: ShowId) -> dict[str, Any]:
    """`{"since", "minutes", "comments", "orders", "gaps", "products"}`: each bar counts `minutes` minutes from `since`.

    Bars and gaps (`[first, last]` bar) go by arrival; products come best first, quantities as numbers.
    """
    heard = _by_minute(look, s.comments.c.received_at, s.comments.c.show == show)
    made = _by_minute(look, s.orders.c.created_at, s.orders.c.show == show)
    known = [*heard, *made]
    if not known:
        return {"since": None, "minutes": 1, "comments": [], "orders": [], "gaps": [], "products": []}
    first, last = min(known), max(known)
    each = -(-(last - first + 1) // BARS)
    columns = (last - first) // each + 1

    def bars(found: dict[int, int]) -> list[int]:
        filled = [0] * columns
        for minute, number in found.items():
            filled[(minute - first) // each] += number
        return filled

    gaps = []
    for gap in look.gaps(show):
        ends = [min(columns - 1, max(0, (micros(gap[end]) // MINUTE - first) // each)) for end in ("since", "until")]
        gaps.append({"source": gap["source"], "first": ends[0], "last": ends[1]})
    return {
        "since": rows.time(first * MINUTE),
        "minutes": each,
        "comments": bars(heard),
        "orders": bars(made),
        "gaps": gaps,
        "products": _products(look, show),
    }


def _by_minute(look: Overview, at: Any, where: Any) -> dict[int, int]:
    minute = (at // MINUTE).label("minute")
    found = look.connection.execute(select(minute, func.count().label("many")).where(where).group_by(minute))
    return {int(row.minute): int(row.many) for row in found}


def _products(look: Overview, show: ShowId) -> list[dict[str, Any]]:
    paid = func.sum(case((s.orders.c.status.in_(PAID), s.lines.c.reserved), else_=0))
    sums = (
        select(
            s.lines.c.product,
            func.sum(s.lines.c.quantity).label("claimed"),
            func.sum(s.lines.c.confirmed).label("confirmed"),
            func.sum(s.lines.c.waitlisted).label("waiting"),
            paid.label("paid"),
        )
        .join(s.orders, s.orders.c.id == s.lines.c.order)
        .where(s.lines.c.show == show, s.lines.c.quantity > 0, s.orders.c.status != "cancelled")
        .group_by(s.lines.c.product)
    )
    found = []
    for row in look.connection.execute(sums):
        product = look.book.product(row.product)
        kinds = {
            kind: quantity_number(Quantity(int(getattr(row, kind))))
            for kind in ("claimed", "confirmed", "waiting", "paid")
        }
        found.append({"code": row.product, "name": product.name if product is not None else "", **kinds})
    return sorted(found, key=lambda one: (-one["claimed"], one["code"]))
