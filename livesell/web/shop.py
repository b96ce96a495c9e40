"""The running shop as handlers see it: its store, feed, parser and show, and how it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web

from livesell.config import Config
from livesell.errors import NotFound
from livesell.feed import Feed
from livesell.model import ShowId
from livesell.show import Spine
from livesell.store import Store
from livesell.store.overview import Overview
from livesell.store.writer import Writer
from livesell.web.guard import Guard
from livesell.web.network import Network

T = TypeVar("T")


@dataclass
class Shop:
    """What one process serves."""

    config: Config
    store: Store
    writer: Writer
    feed: Feed
    guard: Guard
    spine: Spine
    show: ShowId
    clock: Callable[[], datetime]
    currency: str = "VND"
    decimals: int = 0
    hands: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network.alone)
    overlay_address: Callable[[str], str] = field(default=lambda theme: f"/overlay/{theme}")
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the sources are changed, so that two links at once are not one name."""

    async def look(self, wanted: Callable[[Overview], T]) -> T:
        """What a look at the database gives, away from the event loop."""

        def read() -> T:
            with self.feed.look() as look:
                found: T = wanted(look)
                return found

        return await asyncio.to_thread(read)

    async def show_of(self, request: web.Request) -> ShowId:
        """The show that an address names: a number, or `current`."""
        name = request.match_info.get("show") or request.query.get("show") or "current"
        return await self.named(name)

    async def named(self, name: str) -> ShowId:
        """The show of that name; NotFound where there is none."""
        if name == "current":
            return self.show
        if not name.isascii() or not name.isdecimal() or len(name) > 15:
            raise NotFound("show", name)
        show = ShowId(int(name))
        if await self.look(lambda look: look.show(show)) is None:
            raise NotFound("show", name)
        return show


SHOP = web.AppKey("shop", Shop)


def shop(request: web.Request) -> Shop:
    """The shop behind a request."""
    found: Any = request.app[SHOP]
    assert isinstance(found, Shop)
    return found
