"""The store: a batch of asks in one transaction, from the comments' intake to the ledger's new events."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from livesell import commands as c
from livesell import events as e
from livesell.desk import decide
from livesell.errors import Conflict, LivesellError, NotFound, StoreBusy, StoreError, StoreFull, StoreLow
from livesell.ledger import Book, Rules
from livesell.model import CommentId, EventNumber
from livesell.store import engine as engines
from livesell.store import rows, schema, writing
from livesell.store.asks import Answer, Ask, Asked, Gone, Numbered, Reader, Said
from livesell.store.intake import AFTERWARDS, POISON, Intake, known_ids
from livesell.store.parked import opened, parked
from livesell.store.reserve import Reserve
from livesell.store.shelf import event_of

log = logging.getLogger(__name__)

MOST_HELD = 200_000
"""Orders, lines and comments that the book keeps at hand before it starts afresh."""


MOST_MISSED = 5_000
"""Events of other processes that are gone through one by one; beyond it everything is read again."""


class Stale(Exception):
    """The book and the database differ: another process has written."""


class Store:
    """One shop's database, written by one thread at a time.

    `transact` is synchronous; `livesell.store.writer` runs it in a thread of its own.
    """

    def __init__(self, url: str, *, folder: Path, rules: Rules, reader: Reader) -> None:
        self.url = engines.url_of(url, folder)
        self.place = str(self.url.database) if self.sqlite else self.url.render_as_string(hide_password=True)
        self.reader = reader
        self.engine = engines.writer_engine(self.url)
        self.readers = engines.reader_engine(self.url)
        self.book = Book(None, rules)
        self.shelf: writing.WritingShelf | None = None
        self.intake = Intake()
        self.last = 0
        self.chain = b""
        self.last_at = datetime.min.replace(tzinfo=UTC)
        self.fresh = False
        self.seen = Book(None, rules)
        self.reserve: Reserve | None = None

    @property
    def sqlite(self) -> bool:
        """True where the database is a file."""
        return self.url.get_backend_name() == "sqlite"

    def open(self) -> None:
        """Make or migrate the tables and read the goods; StoreError says in words what is in the way."""
        engines.prepare(self.engine, self.url)
        with engines.in_words(self.place), self.engine.begin() as connection:
            self._refresh(connection)

    def close(self) -> None:
        """Let the database go; SQLite's log is folded into the file."""
        if self.sqlite:
            self._outside("PRAGMA wal_checkpoint(TRUNCATE)")
        self.engine.dispose()
        self.readers.dispose()

    def vacuum(self) -> None:
        """Write an SQLite file anew, without what its free pages and its log still hold."""
        self._outside("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

    def _outside(self, *statements: str) -> None:
        """Run statements that SQLite takes outside a transaction only."""
        with engines.in_words(self.place), self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            connection.rollback()
            assert raw is not None
            for statement in statements:
                raw.execute(statement)

    # --- the transaction ------------------------------------------------------------------------------------------

    def transact(self, asks: Sequence[Ask], now: datetime) -> list[Answer]:
        """Carry out asks in their order and commit them together; an ask that is refused leaves the others alone.

        A failed commit is tried once more on what the database holds then, and after that ask by ask, so that one that
        cannot be stored takes nobody with it. StoreError where the database itself refuses.
        """
        try:
            return self._attempt(asks, now)
        except StoreFull:
            if self.reserve is None or not self.reserve.give_up():
                raise
            return self._attempt(asks, now)
        except (Stale, IntegrityError) as error:
            log.warning("a batch of %d is tried again: %s", len(asks), type(error).__name__)
        try:
            return self._attempt(asks, now)
        except (Stale, IntegrityError) as error:
            if len(asks) == 1:
                return [Answer(error=StoreError(f"{self.place}: this could not be stored ({type(error).__name__})"))]
        return [answer for ask in asks for answer in self.transact([ask], now)]

    def _attempt(self, asks: Sequence[Ask], now: datetime) -> list[Answer]:
        try:
            with engines.in_words(self.place):
                return self._commit(asks, now)
        except BaseException as error:
            # Whatever went wrong, the book may hold what was never stored.
            self.fresh = False
            if isinstance(error, StoreError) and not isinstance(error, StoreBusy | StoreFull):
                self.engine.dispose()  # the next attempt opens the database anew
            raise

    def probe(self) -> None:
        """Commit something small; StoreError in words where that cannot be done."""
        try:
            with engines.in_words(self.place), self.engine.begin() as connection:
                written = {"key": "probe", "value": datetime.now(UTC).isoformat()}
                writing.upsert(connection, schema.settings, [written])
        except StoreError as error:
            if not isinstance(error, StoreBusy | StoreFull):
                self.engine.dispose()
            raise

    @property
    def low(self) -> StoreLow | None:
        """What to say while the room that is kept for a full disk is in use; it is taken again when there is plenty."""
        if self.reserve is not None:
            self.reserve.look()
        if self.reserve is None or not self.reserve.low:
            return None
        return StoreLow(f"{self.place}: the disk is nearly full; free some space now, while orders are still taken")

    def _commit(self, asks: Sequence[Ask], now: datetime) -> list[Answer]:
        with self.engine.begin() as connection:
            if not self.fresh:
                self._refresh(connection)
            elif not self.sqlite:  # a file has one writer: the lock beside it sees to it
                self._catch_up(connection)
            assert self.shelf is not None
            self.shelf.connection = connection
            work = writing.Work(self.last, self.chain)
            now = max(now, self.last_at)
            self.intake.start(connection, [ask for ask in asks if isinstance(ask, Said)])
            answers = [self._one(connection, work, ask, now) for ask in asks]
            writing.flush(connection, self.book, self.shelf, self.intake, work)
            seen = Book(None, self.book.rules)
            for one in work.events:
                self.book.show_to(seen, one.event)
            if work.events and not self.sqlite:
                connection.execute(select(func.pg_notify(engines.CHANNEL, str(work.last))))
        self.last, self.chain, self.seen = work.last, work.chain, seen
        self.last_at = max(now, self.last_at)
        if self.book.size > MOST_HELD:
            self.fresh = False
        return answers

    def _catch_up(self, connection: Connection) -> None:
        """Take note of what other processes have written since: the state is fetched anew, the goods are learnt."""
        missed = connection.execute(
            select(schema.events.c.number, schema.events.c.body, schema.events.c.chain)
            .where(schema.events.c.number > self.last)
            .order_by(schema.events.c.number)
            .limit(MOST_MISSED)
        ).all()
        if not missed:
            return
        if len(missed) == MOST_MISSED:
            self._refresh(connection)
            return
        self._start_again(connection)
        self.last, self.chain = missed[-1].number, missed[-1].chain
        for row in missed:
            event = event_of(row.body)
            self.last_at = max(self.last_at, event.at)
            self.intake.follow(event)
            if isinstance(event, e.ProductPut):
                self.reader.put(event.product)

    def _start_again(self, connection: Connection) -> None:
        """An empty book before the shelves."""
        self.book.forget()
        self.shelf = writing.WritingShelf(connection)
        self.book.shelf = self.shelf
        self.book.counters = self.shelf.counters()

    def _refresh(self, connection: Connection) -> None:
        """Start again from what the database holds."""
        self._start_again(connection)
        self.intake.forget(connection)
        newest = connection.execute(
            select(schema.events.c.number, schema.events.c.chain, schema.events.c.at)
            .order_by(schema.events.c.number.desc())
            .limit(1)
        ).first()
        self.last = newest.number if newest is not None else 0
        self.chain = newest.chain if newest is not None else b""
        if newest is not None:
            self.last_at = max(self.last_at, rows.time(newest.at))
        for body in connection.scalars(select(schema.products.c.body).order_by(schema.products.c.position)):
            self.reader.put(rows.product_of(body))
        self.fresh = True

    def _one(self, connection: Connection, work: writing.Work, ask: Ask, now: datetime) -> Answer:
        try:
            if isinstance(ask, Said):
                return self._said(connection, work, ask, now)
            if isinstance(ask, Gone):
                return self._gone(connection, work, ask, now)
            return self._asked(connection, work, ask, now)
        except LivesellError as refusal:
            if isinstance(refusal, StoreError):
                raise
            return Answer(error=refusal)

    def _said(self, connection: Connection, work: writing.Work, ask: Said, now: datetime) -> Answer:
        show = self.book.show(ask.show)
        if show is None:
            raise NotFound("show", ask.show)
        if show.status == "ended" and (show.ended_at is None or now - show.ended_at > AFTERWARDS):
            raise Conflict("show_ended", "no show is open")
        first = len(work.events)
        accepted = 0
        for comment in ask.comments:
            state = self.book.show(ask.show)
            pinned = state.pinned if state is not None else None
            found = self.intake.heard(ask, comment, state or show, now, self.reader, pinned)
            if found is None:
                continue
            heard, message_id = found
            accepted += 1
            work.comments.append(rows.heard_row(ask.show, heard, message_id))
            self.book.remember(heard)
            self.book.unclears.setdefault(heard.id, None)  # it is new: nobody was asked about it
            command = c.Hear(heard=replace(heard, buyer=self.book.buyer_of(heard.identity)), show=ask.show)
            taken = self._hear(work, command, now)
            if comment.role == "seller":
                self._read_again(connection, work, taken, now)
        return Answer(tuple(work.events[first:]), accepted, len(ask.comments) - accepted)

    def _hear(self, work: writing.Work, command: c.Hear, now: datetime) -> tuple[Numbered, ...]:
        try:
            events = decide(command, self.book, now)
        except Exception:
            # One comment that breaks a rule must not take the batch with it: a person decides.
            log.exception("comment %d could not be decided; a person is asked", command.heard.id)
            broken = replace(command.heard, reading=POISON)
            events = decide(replace(command, heard=broken), self.book, now)
        writing.phone_said(work, self.book, command.heard, events)
        return self._take(work, events)

    def _read_again(
        self, connection: Connection, work: writing.Work, taken: Sequence[Numbered], now: datetime
    ) -> tuple[Numbered, ...]:
        """Let those who asked for goods before these were on sale be heard, in the step that opened them."""
        codes = opened(taken)
        if not codes:
            return ()
        here = ((row["show"], heard) for row in work.comments if (heard := self.book.heards.get(row["id"])) is not None)
        more: list[Numbered] = []
        for show, heard in parked(connection, self.book, self.reader, codes, list(here), now):
            command = c.ReadAgain(heard=heard, codes=codes, show=show)
            try:
                events = decide(command, self.book, now)
            except Exception:
                log.exception("comment %d could not be decided again; it stays as it was", heard.id)
                continue
            if events:
                self.book.remember(heard)
                work.read_again[heard.id] = rows.reading_row(heard.reading)
                more += self._take(work, events, taken[0].number)
        return tuple(more)

    def _gone(self, connection: Connection, work: writing.Work, ask: Gone, now: datetime) -> Answer:
        gone = ask.deleted
        found = known_ids(connection, ask.show, gone.platform, gone.ids, gone.author_ids)
        here = {row["message_id"]: row["id"] for row in work.comments if row["platform"] == gone.platform}
        found += [here[message] for message in gone.ids if message in here]
        if not found:
            return Answer()
        work.deleted.update(found)
        command = c.Delete(comments=tuple(CommentId(number) for number in found), show=ask.show)
        return Answer(self._take(work, decide(command, self.book, now)))

    def _asked(self, connection: Connection, work: writing.Work, ask: Asked, now: datetime) -> Answer:
        answered = self._answered(connection, ask)
        if answered is not None:
            return answered
        # Commands that belong together are decided on a book of their own first: all of them happen or none.
        trial = self.book.fork() if len(ask.commands) > 1 else self.book
        decided: list[list[e.Event]] = []
        for command in ask.commands:
            events = decide(self._read(replace(command, show=ask.show)), trial, now)
            decided.append(events)
            if trial is not self.book:
                for event in events:
                    trial.apply(event)
        step: EventNumber | None = None
        taken: list[Numbered] = []
        for command, events in zip(ask.commands, decided, strict=True):
            taken += self._take(work, events, step)
            step = step or (taken[0].number if taken else None)
            writing.people(work, command)
        taken += self._read_again(connection, work, taken, now)
        if ask.write is not None:
            ask.write(connection)
        for command in ask.commands:
            if command.id is not None:
                work.answers[command.id] = (taken[0].number, taken[-1].number) if taken else (0, -1)
        return Answer(tuple(taken))

    def _read(self, command: c.Command) -> c.Command:
        """A command with the text in it read: the desk decides on readings."""
        if not isinstance(command, c.Open):
            return command
        line = command.line
        return c.Offered(show=command.show, seen=command.seen, line=line, offer=self.reader.offer(line))

    def _answered(self, connection: Connection, ask: Asked) -> Answer | None:
        """The first answer, where a command with this id was answered before."""
        ids = [command.id for command in ask.commands if command.id is not None]
        if not ids:
            return None
        row = connection.execute(select(schema.answers).where(schema.answers.c.id == ids[0])).first()
        if row is None:
            return None
        return Answer(tuple(events_between(connection, row.first, row.last)))

    def _take(
        self, work: writing.Work, events: Iterable[e.Event], step: EventNumber | None = None
    ) -> tuple[Numbered, ...]:
        """Number events, and let the book and the goods that are read by follow them."""
        taken: list[Numbered] = []
        for event in events:
            number = EventNumber(work.last + 1)
            body = msgspec.json.encode(event)
            chain = hashlib.sha256(work.chain + body).digest()
            first = step or (taken[0].number if taken else number)
            work.add(number, first, event, body, chain)
            self.book.apply(event, number)
            if isinstance(event, e.ProductPut):
                self.reader.put(event.product)
            taken.append(Numbered(number, event))
        return tuple(taken)


def events_between(connection: Connection, first: int, last: int) -> list[Numbered]:
    """The events with these numbers, both ends included."""
    found = connection.execute(
        select(schema.events.c.number, schema.events.c.body)
        .where(schema.events.c.number.between(first, last))
        .order_by(schema.events.c.number)
    )
    return [Numbered(EventNumber(row.number), event_of(row.body)) for row in found]


__all__ = [
    "Answer",
    "Ask",
    "Asked",
    "Gone",
    "Numbered",
    "Reader",
    "Said",
    "Store",
    "events_between",
]
