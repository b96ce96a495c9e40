"""What buyers wrote of themselves: the phone and the address among their comments, for a person to take by a tap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from livesell.model import ShowId
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.look import Look
from livesell.store.shelf import chunks

MOST = 4_000
"""Comments looked through for a page of orders, the newest of each buyer."""

AddressOf = Callable[[str, Sequence[tuple[int, int]]], str | None]


def found(look: Look, show: ShowId, codes: Sequence[str], address_of: AddressOf) -> Mapping[str, dict[str, Any]]:
    """For each of these orders `{"phone", "address"}`, each with its comment and time, where there is one.

    The newest comment counts; deleted ones and those of the seller do not.
    """
    wanted: dict[int, list[str]] = {}
    for chunk in chunks(list(codes)):
        orders = select(s.orders.c.code, s.orders.c.buyer).where(s.orders.c.show == show, s.orders.c.code.in_(chunk))
        for row in look.connection.execute(orders):
            wanted.setdefault(row.buyer, []).append(row.code)
    told: dict[str, dict[str, Any]] = {}
    for buyers in chunks(sorted(wanted)):
        said = (
            select(s.comments, s.identities.c.buyer)
            .join(s.identities, s.identities.c.id == s.comments.c.identity)
            .where(s.identities.c.buyer.in_(buyers), s.comments.c.show == show, s.comments.c.role == "viewer")
            .order_by(s.comments.c.id.desc())
            .limit(MOST)
        )
        for row in look.connection.execute(said):
            if row.flags & rows.DELETED:
                continue
            mine = [told.setdefault(code, {}) for code in wanted[row.buyer]]
            about = {"comment": str(row.id), "at": rows.time(row.received_at)}
            if row.phone and not all("phone" in one for one in mine):
                for one in mine:
                    one.setdefault("phone", {"value": row.phone, **about})
            if not all("address" in one for one in mine):
                address = address_of(row.text, pieces(row.reading))
                for one in mine if address else ():
                    one.setdefault("address", {"value": address, **about})
    return {code: one for code, one in told.items() if one}


TAKEN = frozenset({"code", "name", "quantity", "phone"})
FRONT = 12
"""Characters at the front of a comment in which a word that claims stands."""


def pieces(reading: str | None) -> list[tuple[int, int]]:
    """The pieces of a comment that were read as something else than an address."""
    if not reading:
        return []
    return [
        (one.start, one.end)
        for one in rows.reading_of(reading).why
        if one.end and (one.code in TAKEN or (one.code == "word" and one.start < FRONT))
    ]
