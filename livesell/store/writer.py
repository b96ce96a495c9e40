"""The writer: one thread that takes whatever is waiting, commits it in one transaction, and tells who asked.

Under load a batch grows by itself, at rest it is one ask: the time of a commit is the timer.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from livesell.errors import StoreBroken, StoreBusy, StoreError, StoreLow
from livesell.ledger import Book
from livesell.store import Store
from livesell.store.asks import Answer, Ask, Numbered, Said

log = logging.getLogger(__name__)

MOST_COMMENTS = 500
"""Comments in one batch: more would keep others waiting for their commit."""

LOOK_AGAIN = 1.0
"""Seconds between two looks whether a trouble is over, while nobody asks for anything."""

MOST_WAITING = 2_000
"""Asks that may wait; beyond it the asker is told to come again."""

Publish = Callable[[Sequence[Numbered], Book | None], None]
Tell = Callable[[StoreError | None], None]
Waiting = tuple[Ask, asyncio.Future[Answer]]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Writer:
    """Runs a store in a thread of its own.

    `publish` gets each commit's events, in order, on the event loop, with a book of what they touched as it then was.
    """

    def __init__(self, store: Store, publish: Publish, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.store, self.publish, self.clock = store, publish, clock
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.trouble: StoreError | None = None
        self.tell: Tell = lambda _: None
        """Gets, on the event loop, what is wrong with the database, again while it lasts, and None when it ends."""

    def start(self) -> None:
        """Begin; called on the event loop that answers go to."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="livesell-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Commit what is waiting and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    @property
    def waiting(self) -> int:
        """How many asks are not begun yet."""
        return self._waiting.qsize()

    async def submit(self, ask: Ask) -> Answer:
        """The answer after the commit; raises the ask's own refusal, or StoreError where nothing could be committed."""
        if self._thread is None or not self._thread.is_alive():
            raise StoreError("the writer has stopped; restart livesell")
        if self._waiting.qsize() >= MOST_WAITING:
            raise StoreBusy("too much is waiting to be stored; try again in a moment")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.put((ask, future))
        answer = await future
        if answer.error is not None:
            # The same error may answer many: what it gathered on the way to one is not for the next.
            raise answer.error.with_traceback(None)
        return answer

    def _run(self) -> None:
        last = False
        while not last:
            batch: list[Waiting] = []
            comments = 0
            try:
                first = self._waiting.get(timeout=None if self.trouble is None else LOOK_AGAIN)
            except queue.Empty:
                self._look_again()
                continue
            while True:
                if first is None:
                    last = True
                    break
                batch.append(first)
                comments += len(first[0].comments) if isinstance(first[0], Said) else 1
                if comments >= MOST_COMMENTS:
                    break
                try:
                    first = self._waiting.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._carry_out(batch)

    def _carry_out(self, batch: list[Waiting]) -> None:
        try:
            if isinstance(self.trouble, StoreBroken):
                raise self.trouble.with_traceback(None)
            if self.trouble is not None and not isinstance(self.trouble, StoreLow):
                self.store.probe()  # a batch that writes nothing would say that all is well
            answers = self.store.transact([ask for ask, _ in batch], self.clock())
            self._is(self.store.low)
        except StoreError as error:
            self._is(error)
            answers = [Answer(error=error)] * len(batch)
        except Exception as error:
            # The thread must outlive whatever went wrong: those who asked are told, and ask again.
            log.exception("a batch of %d failed", len(batch))
            failed = StoreError(f"{type(error).__name__} in the store; nothing was stored")
            self._is(failed)
            answers = [Answer(error=failed)] * len(batch)
        # Where the batch took more than one commit, the book has the last of them only.
        seen = self.store.seen if all(answer.error is None for answer in answers) else None
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._deliver, batch, answers, seen)

    def _look_again(self) -> None:
        """While there is trouble and nobody asks: is it over?"""
        if isinstance(self.trouble, StoreBroken):
            self._is(self.trouble)
            return
        try:
            self.store.probe()
            self._is(self.store.low)
        except StoreError as error:
            self._is(error)

    def _is(self, trouble: StoreError | None) -> None:
        """Keep what is wrong, write it down when it changes, and tell it as long as it lasts."""
        if trouble is None and self.trouble is None:
            return
        if trouble is None:
            log.warning("the database takes orders again")
        elif self.trouble is None or self.trouble.code != trouble.code:
            log.error("%s", trouble)
        self.trouble = trouble
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.tell, trouble)

    def _deliver(self, batch: list[Waiting], answers: list[Answer], seen: Book | None) -> None:
        events = [event for answer in answers for event in answer.events]
        if events:
            self.publish(events, seen)
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
