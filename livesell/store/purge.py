"""People's data taken out of the tables and out of the file, while events, orders and sums stay.

| where        | goes                                             | stays                                        |
| ------------ | ------------------------------------------------ | -------------------------------------------- |
| `comments`   | author, text, message id, phone, reading         | number, show, times, who by number, intent   |
| `identities` | name and author id, of people not heard of since | number, platform, whose identity it is       |
| `buyers`     | name, phone, address, note, of the same          | number, hidden, parcels refused              |

Events name people by number only, so the state can still be built again from them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, String, cast, func, literal, or_, select, update

from livesell.model import Struct
from livesell.store import Store, rows
from livesell.store import schema as s

NOBODY = "—"
"""What stands where a name stood."""

GOES_ON = timedelta(hours=12)
"""A show whose last event is younger may go on: its comments must still be known when they come again."""


class Purged(Struct, frozen=True):
    """How many comments were emptied, and how many people forgotten."""

    comments: int
    people: int


def purge(connection: Connection, before: datetime, now: datetime) -> Purged:
    """Empty comments that came before a time, and forget people of whom nothing was heard since."""
    limit = rows.micros(before)
    going_on = (
        select(s.shows.c.id)
        .join(s.events, s.events.c.show == s.shows.c.id)
        .where(s.shows.c.status == "open")
        .group_by(s.shows.c.id)
        .having(func.max(s.events.c.at) >= rows.micros(now - GOES_ON))
    )
    emptied = connection.execute(
        update(s.comments)
        .where(s.comments.c.received_at < limit, s.comments.c.text != "", s.comments.c.show.not_in(going_on))
        .values(
            author=NOBODY,
            text="",
            message_id=literal("purged:") + cast(s.comments.c.id, String),
            phone=None,
            reading=None,
        )
    ).rowcount
    forgotten = connection.execute(
        update(s.identities)
        .where(unheard(s.identities.c.buyer, limit), s.identities.c.name != NOBODY)
        .values(name=NOBODY, author_id=None)
    ).rowcount
    # What is known stands with the identity it was said of; who that is now may be another's number.
    now_hers = select(s.identities.c.buyer).where(s.identities.c.id == s.buyers.c.id).scalar_subquery()
    person = func.coalesce(now_hers, s.buyers.c.id)
    connection.execute(
        update(s.buyers).where(unheard(person, limit)).values(name=None, phone=None, address=None, note=None)
    )
    return Purged(emptied, forgotten)


def unheard(buyer: ColumnElement[int], limit: int) -> ColumnElement[bool]:
    """True of a buyer without a comment, and without a change of an order, since."""
    spoke = (
        select(s.identities.c.buyer)
        .join(s.comments, s.comments.c.identity == s.identities.c.id)
        .where(s.comments.c.received_at >= limit)
    )
    bought = select(s.orders.c.buyer).join(s.events, s.events.c.number == s.orders.c.seen).where(s.events.c.at >= limit)
    return ~or_(buyer.in_(spoke), buyer.in_(bought))


def sweep(store: Store) -> None:
    """Write the tables anew, so that no byte of what was taken out is left in the file's or the log's free places."""
    if store.sqlite:
        store.vacuum()
        return
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (s.comments, s.identities, s.buyers):
            connection.exec_driver_sql(f"VACUUM FULL {table.name}")
