"""Two processes on one PostgreSQL and claims that compete for everything: what is there is sold once, in order."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from sqlalchemy import create_engine, select

from livesell.store import schema as s
from livesell.store.engine import one_view, url_of
from livesell.store.rebuild import compare
from tests.postgres import Cluster
from tests.server import Server
from tests.torture.load import missing

UNITS = 10
"""Of each product."""


@dataclass
class Rivalry:
    """What is counted; from `oversold` on all must be 0."""

    claims: int = 0
    reserved: int = 0
    waitlisted: int = 0
    events: int = 0
    seconds: float = 0
    oversold: int = 0
    undersold: int = 0
    out_of_order: int = 0
    lists_differ: int = 0
    polled_wrong: int = 0
    pages_missed: int = 0
    does_not_add_up: int = 0

    @property
    def wrong(self) -> int:
        """Everything that must not be."""
        return sum(getattr(self, field.name) for field in fields(self)[5:])

    def line(self) -> str:
        """All counts in a line."""
        return "  ".join(f"{field.name} {getattr(self, field.name):g}" for field in fields(self))


class Poller:
    """Reads "after N" all the time, in a thread of its own, and writes down the numbers."""

    def __init__(self, url: str) -> None:
        self.numbers: list[int] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(url,), daemon=True)
        self._thread.start()

    def _run(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while True:
                ended = self._ended.is_set()
                last = self.numbers[-1] if self.numbers else 0
                found = connection.execute("SELECT number FROM events WHERE number > %s ORDER BY number", (last,))
                numbers = [number for (number,) in found]
                self.numbers += numbers
                if ended and not numbers:
                    return
                if not numbers:
                    time.sleep(0.002)

    def end(self) -> list[int]:
        """The numbers that were seen."""
        self._ended.set()
        self._thread.join()
        return self.numbers


async def rivals(folder: Path, claims: int, products: int) -> Rivalry:
    """`claims` over `products` of ten units each, posted to two servers at the same time."""
    goods = "code,name,price,stock\n" + "".join(f"P{n},Sản phẩm {n},1000,{UNITS}\n" for n in range(1, products + 1))
    cluster = Cluster()
    servers: list[Server] = []
    try:
        for name in ("one", "two"):
            (folder / name).mkdir()
            server = Server(folder / name, url=cluster.url, goods=goods)
            server.start()
            servers.append(server)
            await server.up(30)
        poller = Poller(cluster.url)
        async with servers[0].listening() as first, servers[1].listening() as second:
            begin = time.monotonic()
            await compete(servers, claims, products)
            seconds = time.monotonic() - begin
            await asyncio.sleep(3)
            polled = poller.end()
            lists = await asyncio.gather(*(orders(server) for server in servers))
        found = counted(cluster.url, folder, polled, claims)
        found.seconds = round(seconds, 1)
        found.lists_differ = sum(one != other for one, other in zip(*lists, strict=True))
        engine = create_engine(url_of(cluster.url, folder))
        with one_view(engine) as connection:
            for show, page in ((1, first), (2, second)):
                wanted = select(s.events.c.number).where(s.events.c.show.is_(None) | (s.events.c.show == show))
                found.pages_missed += sum(missing(page, sorted(connection.scalars(wanted))))
        engine.dispose()
        return found
    finally:
        for server in servers:
            server.stop()
        cluster.remove()


async def compete(servers: Sequence[Server], claims: int, products: int) -> None:
    """Each claim by a buyer of its own, in random order, by four programs at each server."""
    chance = random.Random(5)
    wanted = [f"P{1 + number % products} 1" for number in range(claims)]
    chance.shuffle(wanted)
    rows = [
        {"id": f"c{number}", "author_id": f"u{number}", "author": f"u{number}", "text": words}
        for number, words in enumerate(wanted)
    ]
    waiting = [rows[at : at + 10] for at in range(0, len(rows), 10)]

    async def post(server: Server) -> None:
        headers = {"Authorization": f"Bearer {server.key('ingest')}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            while waiting:
                body = waiting.pop()
                async with http.post(f"{server.address}/api/shows/current/comments", json=body) as answer:
                    assert answer.status == 202, await answer.text()

    await asyncio.gather(*(post(server) for server in servers for _ in range(4)))


async def orders(server: Server) -> list[dict[str, Any]]:
    """The orders of both shows as one server's pages have them, without what only that server knows."""
    found: list[dict[str, Any]] = []
    for show in (1, 2):
        after = ""
        while True:
            status, page = await server.get(f"/api/shows/{show}/orders?limit=500{after}")
            assert status == 200, page
            if not page:
                break
            found += page
            after = f"&after={page[-1]['code']}"
    return found


def counted(url: str, folder: Path, polled: list[int], claims: int) -> Rivalry:
    """Count what is in the book."""
    found = Rivalry(claims=claims)
    engine = create_engine(url_of(url, folder))
    with one_view(engine) as connection:
        for cell in connection.execute(select(s.stock)):
            mine = select(s.lines).where(s.lines.c.product == cell.product).order_by(s.lines.c.place, s.lines.c.id)
            lines = list(connection.execute(mine))
            held = sum(line.reserved for line in lines)
            found.reserved += held // 1000
            found.waitlisted += sum(line.waitlisted for line in lines) // 1000
            found.oversold += max(0, held - cell.on_hand) // 1000 + (held != cell.reserved)
            if any(line.waitlisted for line in lines):
                found.undersold += (cell.on_hand - held) // 1000
            # Who asked first holds; whoever holds stands before everybody who waits.
            waits = [bool(line.waitlisted) for line in lines]
            found.out_of_order += sum(not after and before for before, after in pairwise(waits))
        numbers = list(connection.scalars(select(s.events.c.number).order_by(s.events.c.number)))
        found.events = len(numbers)
        found.polled_wrong = 0 if polled == numbers else abs(len(polled) - len(numbers)) or 1
        found.does_not_add_up = len(compare(connection).differences)
    engine.dispose()
    return found
