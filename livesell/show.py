"""The spine: opens or goes on with the show, runs its sources, and keeps them coming back.

| a source is | until                                   | and then                                             |
| ----------- | --------------------------------------- | ---------------------------------------------------- |
| connecting  | it says it is live, or waiting           | what was missed since its last sign of life is a gap |
| live        | the line breaks (AdapterError)           | lost: tried again after a full-jitter back-off       |
| live        | it says nothing for twice its interval   | lost, the same                                       |
| live        | the stream ends (run returns)            | ended; the show goes on                              |
| any         | a permanent AdapterError                 | stopped, with the reason, until a person acts        |
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from livesell import commands as c
from livesell.adapter import Adapter, Decoded, Frame, Gap, Status, spoken_to
from livesell.errors import AdapterError, CatalogError, Refused, StoreError
from livesell.model import Comment, Deleted, Ended, Platform, ShowId
from livesell.store import Answer, Ask, Asked, Gone, Said, Store, rows
from livesell.store import schema as s
from livesell.store.shelf import DatabaseShelf
from livesell.store.writing import upsert

if TYPE_CHECKING:
    from livesell.store.peers import Peers

log = logging.getLogger(__name__)

GOES_ON = timedelta(hours=12)
"""A show whose last event is younger goes on after a restart; an older one has ended then."""

FIRST_WAIT, LONGEST_WAIT, STEADY = 1.0, 60.0, 60.0
"""Seconds: the back-off's first and last step, and how long up makes it start anew."""

LONGEST_HOLD = 2.0
"""Seconds between two attempts of a source whose comments the database does not take."""

SHORTEST_GAP = timedelta(seconds=1)
JUMP = 60.0
"""Seconds by which the clock may go ahead of, or behind, the time that passed before it is told."""
TICK = 5.0
LOOK_AT_FILE = 2.0

Submit = Callable[[Ask], Awaitable[Answer]]
Sleep = Callable[[float], Awaitable[None]]


async def current(
    store: Store, submit: Submit, now: datetime, *, peers: Peers | None = None, names: Sequence[str] = ()
) -> ShowId:
    """The show that this process runs: the open one if it is young enough, else a new one.

    Where several processes share a database, a show that one of them runs is left to it; of the others the one that
    had sources of these names comes first.
    """
    for show, last in await asyncio.to_thread(_open_shows, store, names):
        if peers is not None and not await asyncio.to_thread(peers.claim, show):
            continue
        if last is None or now - last < GOES_ON:
            return show
        await submit(Asked(show, (c.EndShow(at=last),)))
        if peers is None:
            break
    answer = await submit(Asked(None, (c.OpenShow(),)))
    opened = answer.events[0].event.show
    assert opened is not None
    if peers is not None:
        await asyncio.to_thread(peers.claim, opened)
    return opened


def _open_shows(store: Store, names: Sequence[str]) -> list[tuple[ShowId, datetime | None]]:
    """The open shows with the time of their last events; those with sources of these names first, then the newest."""
    with store.readers.connect() as connection, connection.begin():
        found = list(
            connection.scalars(select(s.shows.c.id).where(s.shows.c.status == "open").order_by(s.shows.c.id.desc()))
        )
        known = set(connection.scalars(select(s.sources.c.show).where(s.sources.c.name.in_(names))))
        found.sort(key=lambda show: show not in known)
        shows = []
        for show in found:
            newest = select(s.events.c.at).where(s.events.c.show == show).order_by(s.events.c.number.desc()).limit(1)
            shows.append((ShowId(show), rows.maybe_time(connection.scalar(newest))))
    return shows


def backoff(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait before try number `attempt` (from 0): full jitter under a doubling roof."""
    roof: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt, 10))
    return chance() * roof


class Listening:
    """One source at work: the ear that its adapter speaks into, and the loop that brings it back."""

    def __init__(
        self,
        show: ShowId,
        adapter: Adapter,
        submit: Submit,
        *,
        clock: Callable[[], datetime],
        alive_at: datetime | None = None,
        record: Callable[[Adapter, Frame], None] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.show, self.adapter, self.submit = show, adapter, submit
        self.clock, self.record, self.sleep = clock, record, sleep
        self.alive_at = alive_at
        self.lost_since: datetime | None = None
        self.lost_until: datetime | None = None
        self.state: Literal["", "live", "waiting", "lost", "stopped", "ended"] = ""
        self.reason = ""
        self._end: str | None = None
        self._missing = alive_at is not None
        self._beats = 0
        self.held = 0
        """Comments that the source has delivered and the database has not taken."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.adapter.name

    # --- the ear --------------------------------------------------------------------------------------------------

    async def hear(self, frame: Frame) -> None:
        """Record a frame, decode it, and take what is in it."""
        self.beat()
        if self.record is not None:
            self.record(self.adapter, frame)
        await self.take(self.adapter.decode(frame))

    async def posted(self, frame: Frame) -> None:
        """Take a frame that came by webhook: no line stands that ends with the stream, so its end is told here."""
        over, self._end = self._end is not None, None
        await self.hear(frame)
        if self._end is not None:
            await self._state("ended", self._end)
        elif over and self.state == "ended":
            await self._state("live")

    async def take(self, items: Iterable[Decoded]) -> None:
        """Store what was decoded, in its order; held back for as long as the database takes nothing."""
        self.beat()
        waiting: list[Comment] = []
        for item in items:
            if isinstance(item, Comment):
                waiting.append(self._own(item))
                continue
            await self._say(waiting)
            waiting = []
            if isinstance(item, Deleted):
                platform = item.platform if self.adapter.stable_ids else Platform(self.name)
                await self._hold(Gone(self.show, replace(item, platform=platform)))
            elif isinstance(item, Ended):
                self._end = item.reason
        await self._say(waiting)

    async def tell(self, status: Status | Gap) -> None:
        """Say how the source is; coming live after a loss makes the time between a gap."""
        if isinstance(status, Gap):
            await self._gap(status.since, status.until)
            return
        if status.code == "live":
            self.beat()
            if self._missing and self.alive_at is not None:
                since, until = self._last_alive, self.clock()
                self._missing = False
                if until - since >= SHORTEST_GAP:
                    await self._gap(since, until)
        await self._state(status.code, status.reason, status.retry_at)

    def beat(self) -> None:
        """The source gave a sign of life."""
        self._beats += 1
        if not self._missing:
            self.alive_at = self.clock()

    # --- coming back ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Listen until the stream ends or nothing can be done without a person."""
        attempt = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._connect()
                await self._state("ended", self._end or "")
                return
            except AdapterError as error:
                if error.permanent:
                    await self._state("stopped", str(error))
                    return
                reason, least = str(error), error.retry_after
            except Exception as error:
                # An adapter of somebody else may raise anything: it must not take the others with it.
                log.exception("source %s broke", self.name)
                reason, least = f"{type(error).__name__} in the adapter", None
            self._lose()
            attempt = 0 if loop.time() - began >= STEADY else attempt
            wait = backoff(attempt) if least is None else least
            attempt += 1
            await self._state("lost", reason, self.clock() + timedelta(seconds=wait))
            await self.sleep(wait)

    async def end(self, reason: str) -> None:
        """Tell that this source is heard no more, and why."""
        await self._state("ended", reason)

    async def _connect(self) -> None:
        if self.adapter.silence is None:
            await self.adapter.run(self)
            return None
        task = asyncio.ensure_future(self.adapter.run(self))
        try:
            while True:
                beats = self._beats
                done, _ = await asyncio.wait({task}, timeout=2 * self.adapter.silence)
                if done:
                    return task.result()
                if beats == self._beats and self.state == "live":
                    raise AdapterError("it says nothing any more")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _lose(self) -> None:
        if self.alive_at is not None:
            self._missing = True

    @property
    def _last_alive(self) -> datetime:
        assert self.alive_at is not None
        return self.alive_at

    async def _gap(self, since: datetime, until: datetime) -> None:
        self.lost_since, self.lost_until = since, until
        await self._hold(Asked(self.show, (c.GapFound(source=self.name, since=since, until=until),)))

    async def _state(
        self,
        state: Literal["live", "waiting", "lost", "stopped", "ended"],
        reason: str = "",
        retry_at: datetime | None = None,
    ) -> None:
        if (state, reason) == (self.state, self.reason) and state != "lost":
            return
        self.state, self.reason = state, reason
        command = c.SourceIs(
            source=self.name, platform=self.adapter.platform, state=state, reason=reason, retry_at=retry_at
        )
        await self._hold(Asked(self.show, (command,)))

    def _own(self, comment: Comment) -> Comment:
        if not self.adapter.stable_ids:
            comment = replace(comment, platform=Platform(self.name))
        if comment.text[:1] == "@":
            comment = replace(comment, text=spoken_to(comment.text, self.adapter.handles))
        if comment.author_id is not None and comment.author_id in self.adapter.seller_ids:
            comment = replace(comment, role="seller")
        return comment

    async def _say(self, comments: Sequence[Comment]) -> None:
        if comments:
            said = Said(self.show, self.name, tuple(comments), self.lost_since, self.lost_until)
            await self._hold(said)

    async def _hold(self, ask: Ask) -> None:
        """Ask until it is stored: what a platform delivered is not dropped because a disk is full."""
        wait = 0.2
        self.held = len(ask.comments) if isinstance(ask, Said) else 0
        while True:
            try:
                await self.submit(ask)
                break
            except Refused as refusal:
                log.info("source %s: %s", self.name, refusal)
                break
            except StoreError as error:
                if wait < 0.3:
                    log.warning("source %s is held: %s", self.name, error)
                await self.sleep(wait)
                wait = min(LONGEST_HOLD, wait * 2)
        self.held = 0


class Spine:
    """A show at work: its sources, the clock, and the sheet of goods."""

    def __init__(
        self,
        store: Store,
        submit: Submit,
        show: ShowId,
        sources: Sequence[Adapter],
        *,
        clock: Callable[[], datetime],
        sheet: Path | None = None,
        currency: str = "VND",
        record: Callable[[Adapter, Frame], None] | None = None,
        steady: Callable[[], float] | None = None,
        peers: Peers | None = None,
    ) -> None:
        self.store, self.submit, self.show, self.clock = store, submit, show, clock
        self.steady, self.peers = steady, peers
        self.jumps: tuple[tuple[datetime, float], ...] = ()
        self._passed: tuple[datetime, float] | None = None
        self.sheet, self.currency = sheet, currency
        self.sheet_problem = ""
        self.record = record
        alive = self._alive()
        self.listening = [self._listening(source, alive.get(source.name)) for source in sources]
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _listening(self, source: Adapter, alive_at: datetime | None = None) -> Listening:
        return Listening(self.show, source, self.submit, clock=self.clock, alive_at=alive_at, record=self.record)

    def _alive(self) -> dict[str, datetime]:
        """When each source was last alive, from before a restart."""
        with self.store.readers.connect() as connection, connection.begin():
            found = connection.execute(
                select(s.sources.c.name, s.sources.c.alive_at).where(
                    s.sources.c.show == self.show,
                    s.sources.c.state.in_(("live", "lost")),
                    s.sources.c.alive_at.is_not(None),
                )
            )
            return {row.name: rows.time(row.alive_at) for row in found}

    def source(self, name: str) -> Listening | None:
        """The source of that name."""
        return next((one for one in self.listening if one.name == name), None)

    def seller_ids(self, source: str) -> frozenset[str]:
        """The authors of a source that are the seller."""
        found = (one.adapter.seller_ids for one in self.listening if one.name == source)
        return next(found, frozenset())

    def add(self, source: Adapter) -> None:
        """Listen to one more source, from now on where the show runs already."""
        one = self._listening(source)
        self.listening.append(one)
        if self._group is not None:
            self._tasks[one.name] = self._group.create_task(one.run())

    async def remove(self, name: str, reason: str) -> None:
        """Listen no more to the source of that name; pages are told that it has ended, and why."""
        one = self.source(name)
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if one is not None:
            self.listening.remove(one)
            await one.end(reason)

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for one in self.listening:
                self._tasks[one.name] = group.create_task(one.run())
            group.create_task(self._ticks())
            if self.sheet is not None:
                group.create_task(self._watch(self.sheet))

    @property
    def held(self) -> int:
        """Comments that sources have delivered and the database has not taken."""
        return sum(one.held for one in self.listening)

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            await self.tick()

    async def tick(self) -> None:
        """Let the desk know that time has passed, and whether the clock went with it."""
        jumped = self._jumped()
        commands = (c.ClockJumped(seconds=jumped),) if jumped else ()
        try:
            mine = (c.Tick(jumps=self.jumps),) if self.peers is None else ()
            await self.submit(Asked(self.show, (*commands, *mine), self._write_alive))
            if self.peers is not None and self.peers.clock:
                for show, _ in await asyncio.to_thread(_open_shows, self.store, ()):
                    await self.submit(Asked(show, (c.Tick(jumps=self.jumps),)))
        except (StoreError, Refused, SQLAlchemyError) as error:
            log.debug("the clock is held: %s", error)

    def _jumped(self) -> float:
        """Seconds by which the clock jumped since the last tick, 0 where it went with the time that passed."""
        if self.steady is None:
            return 0.0
        now, passed = self.clock(), self.steady()
        before, self._passed = self._passed, (now, passed)
        if before is None:
            return 0.0
        by = (now - before[0]).total_seconds() - (passed - before[1])
        if abs(by) < JUMP:
            return 0.0
        log.warning("the clock jumped by %.0f seconds", by)
        if by > 0:
            # What was held before it has not been held for longer because of it.
            self.jumps = (*self.jumps[-20:], (before[0], by))
        return by

    def _write_alive(self, connection: Connection) -> None:
        for one in self.listening:
            if one.alive_at is not None and one.state in ("live", "lost"):
                row = {
                    "show": self.show,
                    "name": one.name,
                    "platform": one.adapter.platform,
                    "state": one.state,
                    "reason": one.reason,
                    "since": rows.micros(one.alive_at),
                    "alive_at": rows.micros(one.alive_at),
                }
                upsert(connection, s.sources, [row], only=("alive_at",))

    # --- goods ----------------------------------------------------------------------------------------------------

    async def _watch(self, sheet: Path) -> None:
        seen: tuple[int, int] | None = None
        while True:
            found = await asyncio.to_thread(stamp, sheet)
            if found is not None and found != seen:
                seen = found
                try:
                    await self.take_goods(sheet)
                except (CatalogError, StoreError) as error:
                    log.warning("the goods stay as they are: %s", error)
            await asyncio.sleep(LOOK_AT_FILE)

    async def take_goods(self, sheet: Path) -> int:
        """Take in what is new in a product sheet; how many products changed. CatalogError changes nothing."""
        try:
            count = await take_goods(self.store, self.submit, sheet, self.currency)
            self.sheet_problem = ""
            return count
        except CatalogError as error:
            self.sheet_problem = str(error)
            raise


def stamp(file: Path) -> tuple[int, int] | None:
    """What changes when a file's content does, None while there is none."""
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


async def take_goods(store: Store, submit: Submit, sheet: Path, currency: str) -> int:
    """Bring the goods up to a product sheet; how many products changed."""
    from livesell.catalog.inbox import changes
    from livesell.catalog.sheet import load_rows
    from livesell.store.goods import imported_cells, remember_imported

    found = await asyncio.to_thread(load_rows, sheet)
    with store.readers.connect() as connection, connection.begin():
        shelf = DatabaseShelf(connection)
        cells = imported_cells(connection)
        products = {code: product for code in cells if (product := shelf.product(code)) is not None}
    puts, remembered = changes(products, cells, found, sheet.name, currency)
    if not puts and all(cells.get(code) == row for code, row in remembered.items()):
        return 0
    await submit(Asked(None, tuple(puts), lambda connection: remember_imported(connection, remembered)))
    return len(puts)
