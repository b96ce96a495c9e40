"""Who a buyer is: what is known of each of her identities, and what became of her orders so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select

from livesell.model import BuyerId, ShowId, Struct
from livesell.store import schema as s


class Past(Struct, frozen=True):
    """What became of a buyer's orders in one show: how many she took, how many came back, how many nobody took in."""

    show: ShowId
    orders: int
    returned: int
    refused: int


class Person(Struct, frozen=True):
    """A buyer as pages show her.

    `refused` counts parcels that nobody took in, in any show; at least 1 where the seller has marked her by hand.
    """

    id: BuyerId
    name: str
    platform: str
    platforms: tuple[str, ...]
    phone: str | None = None
    address: str | None = None
    note: str | None = None
    hidden: bool = False
    refused: int = 0
    past: tuple[Past, ...] = ()
    handle: str | None = None


# Made once: pages ask for people all the time, and making a statement takes longer than carrying it out.
MINE = (
    select(s.identities).where(s.identities.c.buyer.in_(bindparam("ids", expanding=True))).order_by(s.identities.c.id)
)
KNOWN = select(s.buyers).where(s.buyers.c.id.in_(bindparam("ids", expanding=True)))
TAKEN = case((s.orders.c.status.in_(("confirmed", "paid", "packed", "shipped")), 1), else_=0)
BACK = case((and_(s.orders.c.status == "returned", s.orders.c.refused.is_(False)), 1), else_=0)
PAST = (
    select(
        s.orders.c.identity,
        s.orders.c.show,
        func.sum(TAKEN).label("taken"),
        func.sum(BACK).label("back"),
        func.sum(case((s.orders.c.refused, 1), else_=0)).label("refused"),
    )
    .where(s.orders.c.identity.in_(bindparam("ids", expanding=True)))
    .group_by(s.orders.c.identity, s.orders.c.show)
)


def people_of(connection: Connection, buyers: Sequence[BuyerId]) -> dict[BuyerId, Person]:
    """These buyers.

    What is known of an identity stays with it: linked, a person is all of them, the one that gave her its number
    first; apart, each has what was hers.
    """
    names: dict[int, list[Any]] = {}
    for row in connection.execute(MINE, {"ids": list(buyers)}):
        names.setdefault(row.buyer, []).append(row)
    everyone = sorted({*buyers, *(row.id for found in names.values() for row in found)})
    known = {row.id: row for row in connection.execute(KNOWN, {"ids": everyone})}
    past = past_of(connection, everyone)
    people: dict[BuyerId, Person] = {}
    for buyer in buyers:
        identities = names.get(buyer, [])
        own = next((row for row in identities if row.id == buyer), identities[0] if identities else None)
        ids = [int(buyer), *(row.id for row in identities if row.id != buyer)]
        about = [known[number] for number in ids if number in known]
        before = tuple(one for number in ids for one in past.get(number, ()))
        people[buyer] = Person(
            id=buyer,
            name=first(about, "name") or (own.name if own else ""),
            platform=own.platform if own else "",
            platforms=tuple(dict.fromkeys(row.platform for row in identities)),
            phone=first(about, "phone"),
            address=first(about, "address"),
            note=first(about, "note"),
            hidden=any(row.hidden for row in about),
            refused=max(sum(one.refused for one in before), max((row.refused for row in about), default=0)),
            past=before,
            handle=own.author_id if own else None,
        )
    return people


def past_of(connection: Connection, identities: Sequence[int]) -> dict[int, list[Past]]:
    """What became of the orders that these identities opened, by show."""
    found: dict[int, list[Past]] = {}
    for row in connection.execute(PAST, {"ids": list(identities)}):
        past = Past(ShowId(row.show), int(row.taken), int(row.back), int(row.refused))
        found.setdefault(row.identity, []).append(past)
    return found


def first(rows: Iterable[Any], field: str) -> Any:
    """What the first row says that says anything; an empty text says that there is nothing."""
    for row in rows:
        value = getattr(row, field)
        if value is not None:
            return value or None
    return None
