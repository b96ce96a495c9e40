"""Comments that asked for goods before these were on sale: found again when the seller opens them.

Those that a person is asked about are parked for as long as the question is open, whatever their age; those that looked
like talk when nothing of that code was there are looked at again for half an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection, and_, or_, select

from livesell import events as e
from livesell.commands import Heard
from livesell.ledger import Book
from livesell.model import READ_LIMIT, BuyerId, Code, IdentityId, Reading, ShowId
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.asks import Numbered, Reader

log = logging.getLogger(__name__)

PARKED = ("unknown", "closed_product", "which", "no_product", "quantity", "doubtful")
"""The questions that a new product may answer."""

MEANWHILE = timedelta(minutes=30)
MOST = 1_000
"""Comments that are read again at most: the newest."""

NEVER = rows.EDITED | rows.DELETED | rows.ANONYMOUS | rows.BY_TAP


def opened(events: Iterable[Numbered]) -> tuple[Code, ...]:
    """The products that came on sale by these events, or are called differently since."""
    found: dict[Code, None] = {}
    for one in events:
        event = one.event
        if isinstance(event, e.ProductPut) and event.product.open:
            before, product = event.before, event.product
            same = before is not None and before.open
            if not (same and before is not None and (before.name, before.aliases) == (product.name, product.aliases)):
                found[product.code] = None
    return tuple(found)


def parked(
    connection: Connection,
    book: Book,
    reader: Reader,
    codes: Sequence[Code],
    fresh: Iterable[tuple[ShowId, Heard]],
    now: datetime,
) -> list[tuple[ShowId, Heard]]:
    """The comments of open shows that ask for one of `codes`, as they are read now, in the order of arrival.

    `fresh`: those of this batch, which the database does not have yet. Who cancelled afterwards asks for nothing.
    """
    found: list[tuple[ShowId, Heard]] = []
    shows = connection.scalars(select(s.shows.c.id).where(s.shows.c.status == "open").order_by(s.shows.c.id))
    for show in [ShowId(number) for number in shows]:
        here = [heard for where, heard in fresh if where == show]
        waiting = {one.id: one for one in [*_stored(connection, book, show, now), *here] if _asks(book, one)}
        reading = {number: _read(reader, one) for number, one in waiting.items()}
        gone = _withdrawn(connection, show, here, reader, codes) if waiting else {}
        for number, heard in sorted(waiting.items()):
            now_read = reading[number]
            if now_read is None or now_read.intent != "order" or number < gone.get(heard.identity, 0):
                continue
            if {claim.code for claim in now_read.claims} & set(codes):
                found.append((show, replace(heard, reading=now_read, buyer=book.buyer_of(heard.identity))))
    return found


def _asks(book: Book, heard: Heard) -> bool:
    """Whether a comment may still become an order by itself."""
    if heard.anonymous or heard.by_tap or heard.comment.edited or heard.comment.role == "seller":
        return False
    state = book.unclear(heard.id) if heard.id in book.unclears else None
    if state is not None:
        return state.open and state.reason in PARKED
    return heard.reading is not None and heard.reading.intent in ("other", "order")


def _stored(connection: Connection, book: Book, show: ShowId, now: datetime) -> list[Heard]:
    asked = and_(s.unclears.c.comment.is_not(None), s.unclears.c.open, s.unclears.c.reason.in_(PARKED))
    talk = and_(
        s.unclears.c.comment.is_(None),
        s.comments.c.intent == "other",
        s.comments.c.received_at >= rows.micros(now - MEANWHILE),
    )
    wanted = (
        select(s.comments)
        .outerjoin(s.unclears, s.unclears.c.comment == s.comments.c.id)
        .where(
            s.comments.c.show == show,
            s.comments.c.role != "seller",
            s.comments.c.flags.op("&")(NEVER) == 0,
            or_(asked, talk),
        )
        .order_by(s.comments.c.id.desc())
        .limit(MOST)
    )
    return [rows.heard_of(row, book.buyer_of(IdentityId(row.identity)), None) for row in connection.execute(wanted)]


def _withdrawn(
    connection: Connection, show: ShowId, here: Iterable[Heard], reader: Reader, codes: Sequence[Code]
) -> dict[IdentityId, int]:
    """The last comment of each person that takes back everything, or one of `codes`."""
    cancels = select(s.comments).where(s.comments.c.show == show, s.comments.c.intent == "cancel")
    said = [rows.heard_of(row, BuyerId(row.identity), None) for row in connection.execute(cancels)]
    said += [one for one in here if one.reading is not None and one.reading.intent == "cancel"]
    gone: dict[IdentityId, int] = {}
    for heard in said:
        reading = _read(reader, heard)
        if reading is not None and reading.intent == "cancel":
            named = {claim.code for claim in reading.claims}
            if not named or named & set(codes):
                gone[heard.identity] = max(gone.get(heard.identity, 0), heard.id)
    return gone


def _read(reader: Reader, heard: Heard) -> Reading | None:
    """What it asks for now; the product that was on show then names nothing in it."""
    try:
        return reader.read(heard.comment.text[:READ_LIMIT])
    except Exception:
        log.exception("comment %d could not be read again", heard.id)
        return None


__all__ = ["opened", "parked"]
