"""What is in the book after it, against what went out: counted from the tables by somebody else than livesell."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, func, select, text

from livesell.store import schema as s
from livesell.store.engine import one_view, url_of
from livesell.store.rebuild import compare
from tests.server import Ear
from tests.torture.load import Sent, missing


@dataclass
class Count:
    """What is counted; from `lost` on all must be 0.

    `lost`: acknowledged and not in the book. `undelivered`: what the relay had and the book has not, at the end of it.
    """

    kills: int = 0
    sent: int = 0
    acknowledged: int = 0
    lost: int = 0
    undelivered: int = 0
    doubled: int = 0
    unknown: int = 0
    oversold: int = 0
    undersold: int = 0
    out_of_order: int = 0
    events_missing: int = 0
    told_twice: int = 0
    does_not_add_up: int = 0

    @property
    def wrong(self) -> int:
        """Everything that must not be."""
        return sum(getattr(self, field.name) for field in fields(self)[3:])

    def line(self) -> str:
        """All counts in a line."""
        return "  ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))


async def arrived(url: str, folder: Path, must: set[str], seconds: float = 180) -> None:
    """Wait until a relay has delivered everything, also what it delivers again."""
    engine = create_engine(url_of(url, folder))
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if not must - set(await asyncio.to_thread(stored, engine)):
                return
            await asyncio.sleep(0.3)
    finally:
        engine.dispose()


def last_number(url: str, folder: Path) -> int:
    """The number of the newest event."""
    engine = create_engine(url_of(url, folder))
    try:
        with engine.connect() as connection, connection.begin():
            return connection.scalar(select(func.max(s.events.c.number))) or 0
    finally:
        engine.dispose()


def stored(engine: Any) -> list[str]:
    """The ids of all comments."""
    with engine.connect() as connection, connection.begin():
        return list(connection.scalars(select(s.comments.c.message_id)))


def count(url: str, folder: Path, sent: Sent, ears: Sequence[tuple[Ear, int, int]] = (), kills: int = 0) -> Count:
    """Count it all; `ears` are pages that stayed open, with the show of each and the last event to be told there."""
    engine = create_engine(url_of(url, folder))
    try:
        with one_view(engine) as connection:
            ids = Counter(connection.scalars(select(s.comments.c.message_id)))
            found = Count(
                kills=kills,
                sent=len(sent.posted | sent.relayed),
                acknowledged=len(sent.acknowledged),
                lost=len(sent.acknowledged - set(ids)),
                undelivered=len(sent.relayed - set(ids)),
                doubled=sum(times - 1 for times in ids.values()) + doubled_lines(connection),
                unknown=len(set(ids) - sent.posted - sent.relayed),
            )
            stock(connection, found)
            for ear, show, last in ears:
                mine = s.events.c.show.is_(None) | (s.events.c.show == show)
                wanted = select(s.events.c.number).where(mine, s.events.c.number <= last)
                lost, twice = missing(ear, sorted(connection.scalars(wanted)))
                found.events_missing += lost
                found.told_twice += twice
            numbers = sorted(connection.scalars(select(s.events.c.number)))
            found.events_missing += (numbers[-1] if numbers else 0) - len(numbers)
            found.does_not_add_up = len(compare(connection).differences)
    finally:
        engine.dispose()
    return found


def doubled_lines(connection: Connection) -> int:
    """Comments that made more than one line: each of these claims names one product only."""
    return sum(
        times - 1
        for times in connection.scalars(
            text(
                "SELECT count(*) FROM events WHERE type = 'drafted' GROUP BY "
                + (
                    "json_extract(body, '$.comment')"
                    if connection.dialect.name == "sqlite"
                    else "body::jsonb ->> 'comment'"
                )
                + " HAVING count(*) > 1"
            )
        )
    )


def stock(connection: Connection, found: Count) -> None:
    """Units beyond what is there, units kept back while somebody waits, and places in the queue that were passed."""
    for cell in connection.execute(select(s.stock)):
        mine = (s.lines.c.product == cell.product) & (s.lines.c.variant == cell.variant)
        lines = list(connection.execute(select(s.lines).where(mine).order_by(s.lines.c.place, s.lines.c.id)))
        held = sum(line.reserved for line in lines)
        found.oversold += max(0, held - cell.on_hand, abs(held - cell.reserved))
        waiting = [line for line in lines if line.waitlisted]
        if waiting and not cell.below:
            found.undersold += max(0, cell.on_hand - cell.reserved)
