"""An ear for tests: decodes what it hears with the adapter's own decode half, keeps all of it, and can be waited on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress

from livesell.adapter import Adapter, Decoded, Frame, Gap, Status
from livesell.model import Comment, Deleted, Ended


class Listener:
    """What an adapter said, in order."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.frames: list[Frame] = []
        self.items: list[Decoded] = []
        self.told: list[Status | Gap] = []
        self.beats = 0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def hear(self, frame: Frame) -> None:
        self.frames.append(frame)
        await self.take(self.adapter.decode(frame))

    async def take(self, items: Iterable[Decoded]) -> None:
        self.items.extend(items)
        self._news.set()

    async def tell(self, status: Status | Gap) -> None:
        self.told.append(status)
        self._news.set()

    def beat(self) -> None:
        self.beats += 1
        self._news.set()

    @property
    def comments(self) -> list[Comment]:
        return [item for item in self.items if isinstance(item, Comment)]

    @property
    def texts(self) -> list[str]:
        return [comment.text for comment in self.comments]

    @property
    def deleted(self) -> list[Deleted]:
        return [item for item in self.items if isinstance(item, Deleted)]

    @property
    def ends(self) -> list[str]:
        return [item.reason for item in self.items if isinstance(item, Ended)]

    @property
    def states(self) -> list[str]:
        return [status.code for status in self.told if isinstance(status, Status)]

    @property
    def gaps(self) -> list[Gap]:
        return [gap for gap in self.told if isinstance(gap, Gap)]

    async def until(self, true: Callable[[], bool], seconds: float = 5) -> None:
        """Wait until something is true; TimeoutError if it does not become so, and what the adapter raises."""
        async with asyncio.timeout(seconds):
            while not true():
                if self._task is not None and self._task.done() and not self._task.cancelled():
                    self._task.result()
                    raise AssertionError("the adapter returned before that")
                self._news.clear()
                with suppress(TimeoutError):  # what a server heard is no news to the ear
                    await asyncio.wait_for(self._news.wait(), 0.02)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Task[None]]:
        """The adapter runs inside the block."""
        self._task = task = asyncio.create_task(self._run())
        task.add_done_callback(lambda _: self._news.set())
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _run(self) -> None:
        await self.adapter.run(self)

    async def connection(self, seconds: float = 5) -> None:
        """Run the adapter once to its end; what it raises is raised."""
        async with asyncio.timeout(seconds):
            await self.adapter.run(self)
