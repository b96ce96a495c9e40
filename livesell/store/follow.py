"""The events of all processes in the order of their numbers: one's own as committed, others' from the table."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy import Engine, select

from livesell.errors import StoreError
from livesell.ledger import Book
from livesell.model import EventNumber
from livesell.store import schema as s
from livesell.store.asks import Numbered
from livesell.store.engine import in_words, place_of
from livesell.store.shelf import event_of

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Events that are read in one piece."""

MOMENT = 0.005
"""Seconds that one's own commit may take from being said to being told here."""

Publish = Callable[[Sequence[Numbered], Book | None], None]


class Follower:
    """Stands between the writer and the feed; numbers of events have no gaps, so what is missing can be seen.

    `last`: the number up to which everything has been told.
    """

    def __init__(self, readers: Engine, publish: Publish, last: int) -> None:
        self.readers, self.forward, self.last = readers, publish, last
        self._own: deque[tuple[Sequence[Numbered], Book | None]] = deque()
        self._reading = False
        self._work = asyncio.Event()

    def publish(self, events: Sequence[Numbered], seen: Book | None = None) -> None:
        """Take a commit of this process; called on the event loop, in the order of commits."""
        if not self._reading and not self._own and events[0].number == self.last + 1:
            self._tell(events, seen)
        else:
            self._own.append((events, seen))
            self._work.set()

    def heard(self, number: int | None) -> None:
        """Somebody, perhaps this process itself, has written up to this event (None: look whether anybody has)."""
        if number is None or number > self.last:
            self._work.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            await asyncio.sleep(MOMENT)
            try:
                await self._catch_up()
            except StoreError as error:
                log.warning("other processes' events wait: %s", error)
                await asyncio.sleep(1)
                self._work.set()

    async def _catch_up(self) -> None:
        while True:
            self._reading = True
            reading = asyncio.ensure_future(asyncio.to_thread(self._read, self.last))
            try:
                found = await asyncio.shield(reading)
            except asyncio.CancelledError:
                await asyncio.wait({reading})  # its connection must be back before the database is let go
                raise
            finally:
                self._reading = False
            if found:
                self._tell(found, None)
            while self._own and self._own[0][0][-1].number <= self.last:
                self._own.popleft()
            while self._own and self._own[0][0][0].number == self.last + 1:
                self._tell(*self._own.popleft())
            if len(found) < AT_ONCE and not self._own:
                return

    def _read(self, after: int) -> list[Numbered]:
        """The events after a number, as far as they are committed."""
        wanted = (
            select(s.events.c.number, s.events.c.body)
            .where(s.events.c.number > after)
            .order_by(s.events.c.number)
            .limit(AT_ONCE)
        )
        with in_words(place_of(self.readers)), self.readers.connect() as connection, connection.begin():
            return [Numbered(EventNumber(row.number), event_of(row.body)) for row in connection.execute(wanted)]

    def _tell(self, events: Sequence[Numbered], seen: Book | None) -> None:
        self.last = events[-1].number
        self.forward(events, seen)
