"""An evening on a stage: a shop that listens to it with all of livesell, and what it heard and said of the source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from livesell.commands import SourceIs
from livesell.config import Config, Server
from livesell.running import running
from livesell.store import Answer, Ask, Asked
from livesell.web.shop import Shop
from tests.stages.stage import Stage

PATIENCE = 30
"""Seconds; a client that is imported for the first time takes some of them on a busy machine."""


class Evening:
    """The shop at work; `told` is all that the source was said to be, in order, `waits` for how many seconds."""

    def __init__(self, shop: Shop, told: list[SourceIs], waits: list[float | None]) -> None:
        self.shop, self.told, self.waits = shop, told, waits

    @property
    def states(self) -> list[str]:
        """The states that the source went through."""
        return [one.state for one in self.told]

    async def comments(self) -> list[dict[str, Any]]:
        """What is stored, in the order it came."""
        return await self.shop.look(lambda look: look.last_comments(self.shop.show, 500))

    async def texts(self) -> list[str]:
        """The words of it."""
        return [one["text"] for one in await self.comments()]

    async def until_heard(self, *texts: str) -> list[dict[str, Any]]:
        """Wait until all of these are stored."""
        async with asyncio.timeout(PATIENCE):
            while not set(texts) <= set(await self.texts()):  # noqa: ASYNC110 - they are in a database
                await asyncio.sleep(0.02)
        return await self.comments()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - it happens elsewhere in this process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def evening(stage: Stage, folder: Path, *, record: Path | None = None) -> AsyncIterator[Evening]:
    """livesell listens to the stage inside the block; the database stays in the folder."""
    heard = stage.source()
    told: list[SourceIs] = []
    waits: list[float | None] = []

    def ready(shop: Shop) -> None:
        (listening,) = shop.spine.listening
        submit = listening.submit

        async def noted(ask: Ask) -> Answer:
            for one in ask.commands if isinstance(ask, Asked) else ():
                if isinstance(one, SourceIs):
                    now = datetime.now(UTC)
                    told.append(one)
                    waits.append((one.retry_at - now).total_seconds() if one.retry_at is not None else None)
            return await submit(ask)

        listening.submit = noted

    config = Config(folder=folder, server=Server(port=0))
    async with running(config, [heard], record=record, ready=ready) as (shop, address), ClientSession() as http:
        key = {"Authorization": f"Bearer {shop.guard.keys.of('ingest')}"}
        stage.door = (http, f"{address}/in/{heard.name}", key)
        yield Evening(shop, told, waits)
