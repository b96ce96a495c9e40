"""Several processes on one PostgreSQL: who runs which show, who runs the clock, and word that somebody has written.

Two connections of their own, for as long as the process lives: one listens, the other holds session-long locks, which
go with the process however it ends. When the server was away, both are made anew and the locks taken again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable

import psycopg
from sqlalchemy.engine import URL

from livesell.errors import StoreAway
from livesell.model import ShowId
from livesell.store.engine import CHANNEL

log = logging.getLogger(__name__)

CLOCK = 0x6C697666
"""The lock of the process that runs the clock of every open show, also of those whose process is gone."""

RUNS = 0x6C697667
"""With a show's number: the lock of the process that runs it."""

POLL = 2.0
"""Seconds between two looks at the event table, where no word comes: words can be lost, the table has the truth."""

AWAY = 1.0
"""Seconds between two attempts to reach a server that is away."""


class Peers:
    """`heard` is called on the event loop with the newest event number that was said, or None at each poll."""

    def __init__(self, url: URL, heard: Callable[[int | None], None]) -> None:
        self.address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.heard = heard
        self.clock = False
        self.shows: set[ShowId] = set()
        self._locks: psycopg.Connection | None = None
        self._taking = threading.Lock()
        self._ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="livesell-peers", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Give the locks back and end."""
        self._ended.set()
        await asyncio.to_thread(self._wake)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._let_go)

    def claim(self, show: ShowId) -> bool:
        """Take a show, unless a process that is alive has it; StoreAway where the server does not answer."""
        try:
            with self._taking:
                taken = self._try("SELECT pg_try_advisory_lock(%s, %s)", RUNS, show)
        except psycopg.Error as error:
            raise StoreAway(f"the database server does not answer ({str(error).splitlines()[0]})") from None
        if taken:
            self.shows.add(show)
        return taken

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with psycopg.connect(self.address, autocommit=True) as listening:
                    listening.execute(f"LISTEN {CHANNEL}")
                    self._say(None)  # what was written before we listened
                    while not self._ended.is_set():
                        self._hold()
                        self._listen(listening)
            except psycopg.Error as error:
                log.warning("the database server is away: %s", str(error).splitlines()[0])
                self._let_go()
                self._ended.wait(AWAY)

    def _listen(self, listening: psycopg.Connection) -> None:
        """Pass on what is said, for as long as one poll takes."""
        newest = None
        for notice in listening.notifies(timeout=POLL, stop_after=1):
            with contextlib.suppress(ValueError):  # somebody else may say anything there
                newest = int(notice.payload)
        self._say(newest)

    def _say(self, number: int | None) -> None:
        assert self._loop is not None
        if not self._ended.is_set():
            self._loop.call_soon_threadsafe(self.heard, number)

    def _hold(self) -> None:
        """Have the locks that this process should have, also after the connection that held them was lost."""
        with self._taking:
            if self._locks is None:
                for show in sorted(self.shows):
                    if not self._try("SELECT pg_try_advisory_lock(%s, %s)", RUNS, show):
                        log.error("show %d is run by another process now: end one of the two", show)
            if not self.clock:
                self.clock = self._try("SELECT pg_try_advisory_lock(%s)", CLOCK)
            elif self._locks is not None:
                self._locks.execute("SELECT 1")

    def _try(self, statement: str, *keys: int) -> bool:
        if self._locks is None:
            self._locks = psycopg.connect(self.address, autocommit=True)
        row = self._locks.execute(statement.encode(), keys).fetchone()
        return bool(row and row[0])

    def _wake(self) -> None:
        """Say something, so that one's own listening ends at once; to others it is one look more."""
        with self._taking, contextlib.suppress(psycopg.Error):
            if self._locks is not None:
                self._locks.execute(f"NOTIFY {CHANNEL}".encode())

    def _let_go(self) -> None:
        with self._taking:
            self.clock = False
            if self._locks is not None:
                self._locks.close()
                self._locks = None
