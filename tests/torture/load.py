"""Viewers: programs that post and ask again, a relay that delivers again what it delivered, a page that stays open.

Each side writes down what it sent, what was acknowledged and what it was told; the server has no say in that.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise

import aiohttp
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.server import Ear, Server, free_port

GOODS = "code,name,price,stock\n" + "".join(
    f"{code},{name},{price},{stock}\n"
    for code, name, price, stock in (
        ("A1", "Trà rừng", 90000, 40),
        ("A2", "Mật ong", 180000, 25),
        ("A3", "Măng khô", 120000, 10),
        ("A4", "Gừng sấy", 60000, ""),
    )
)
CHATTER = ("hello", "how much?", "đẹp quá", "ship Hà Nội không", "chào chị", "hay quá")
AGAIN = 100
"""Messages that a relay delivers again before those that are missing."""

AHEAD = 1_000
"""Messages by which a relay may be ahead of what is stored."""

MEANWHILE = 100
"""Messages that are written while nobody listens."""


def words(chance: random.Random) -> str:
    """What a viewer writes: chatter, and a good third of claims and cancels."""
    if chance.random() < 0.6:
        return chance.choice(CHATTER)
    code = f"A{chance.randint(1, 4)}"
    return chance.choice([code, f"{code} {chance.randint(1, 3)}", f"{code} 1", f"hủy {code}"])


@dataclass
class Sent:
    """What went out, by message id, and which of it was acknowledged."""

    posted: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    relayed: set[str] = field(default_factory=set)

    @property
    def must(self) -> set[str]:
        """What has to be in the book at last: the acknowledged, and what the relay delivers until it is there."""
        return self.acknowledged | self.relayed


class Relay:
    """A platform's relay: sends as it comes, and on each joining first again what was said last.

    `known` tells what the shop has: what it lacks is delivered, and with it the `AGAIN` messages before.
    """

    def __init__(self, sent: Sent, chance: random.Random, known: Callable[[], set[str]]) -> None:
        self.sent, self.chance, self.known = sent, chance, known
        self.port = free_port()
        self.said: list[tuple[str, str]] = []
        self.joined: set[ServerConnection] = set()
        self.joinings = self.again = self.unheard = self.lead = 0

    async def join(self, connection: ServerConnection) -> None:
        """One listener."""
        with suppress(ConnectionClosed):
            await connection.recv()
            known = await asyncio.to_thread(self.known)
            lacks = next((at for at, (name, _) in enumerate(self.said) if name not in known), len(self.said))
            self.joinings += 1
            at = max(0, lacks - AGAIN)
            while at < len(self.said):  # what is said meanwhile comes in its turn
                self.again += self.said[at][0] in known
                await connection.send(self.said[at][1])
                at += 1
            self.joined.add(connection)
            await connection.wait_closed()
        self.joined.discard(connection)

    @property
    def can_say(self) -> bool:
        """While nobody listens, or what was said is far from stored, nothing more is said.

        Else a machine that is busy with other things is given more than it can ever take in.
        """
        return self.lead < AHEAD and (bool(self.joined) or self.unheard < MEANWHILE)

    async def watch(self) -> None:
        """Look how far the shop is behind."""
        while True:
            known = await asyncio.to_thread(self.known)
            self.lead = len(self.said) - sum(name.startswith("r") for name in known)
            await asyncio.sleep(2)

    async def say(self) -> None:
        """Somebody writes."""
        number = len(self.said)
        self.unheard = 0 if self.joined else self.unheard + 1
        who = f"viewer{self.chance.randint(1, 60)}"
        message = {
            "chatname": who,
            "chatmessage": words(self.chance),
            "type": "tiktok",
            "userid": who,
            "meta": {"messageId": f"r{number}"},
        }
        text = json.dumps(message)
        self.sent.relayed.add(f"r{number}")
        self.said.append((f"r{number}", text))
        for connection in list(self.joined):
            with suppress(ConnectionClosed):
                await connection.send(text)


class Load:
    """Comments at a rate, half posted and half relayed, to one server or to several in turn."""

    def __init__(self, servers: Sequence[Server], rate: float, seed: int, known: Callable[[], set[str]]) -> None:
        self.servers, self.rate = servers, rate
        self.chance = random.Random(seed)
        self.sent = Sent()
        self.relay = Relay(self.sent, self.chance, known)
        self.quiet = asyncio.Event()
        self._number = 0

    @property
    def source(self) -> str:
        """The relay as a source of the first server's configuration."""
        return (
            f'\n[[source]]\nplatform = "socialstream"\nsession = "torture"\nurl = "ws://127.0.0.1:{self.relay.port}"\n'
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Viewers write for as long as this lasts."""
        async with serve(self.relay.join, "127.0.0.1", self.relay.port):
            tasks = [asyncio.create_task(self._relaying()), asyncio.create_task(self.relay.watch())]
            tasks += [asyncio.create_task(self._posting(number)) for number in range(2)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _relaying(self) -> None:
        begin, count = time.monotonic(), 0
        while not self.quiet.is_set():
            if not self.relay.can_say:
                await asyncio.sleep(0.02)
                begin, count = time.monotonic(), 0
                continue
            await self.relay.say()
            count += 1
            await asyncio.sleep(max(0.0, begin + count / (self.rate / 2) - time.monotonic()))

    async def _posting(self, which: int) -> None:
        """One program: batches of one to five, each asked again until it is acknowledged."""
        timeout = aiohttp.ClientTimeout(15)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            begin, count = time.monotonic(), 0
            while not self.quiet.is_set():
                rows = [self._row() for _ in range(self.chance.randint(1, 5))]
                self.sent.posted.update(row["id"] for row in rows)
                while not await self._post(http, self.servers[which % len(self.servers)], rows):
                    await asyncio.sleep(0.1)
                    begin, count = time.monotonic(), 0
                self.sent.acknowledged.update(row["id"] for row in rows)
                count += len(rows)
                await asyncio.sleep(max(0.0, begin + count / (self.rate / 4) - time.monotonic()))

    def _row(self) -> dict[str, str]:
        self._number += 1
        who = f"poster{self.chance.randint(1, 60)}"
        return {"id": f"p{self._number}", "author_id": who, "author": who, "text": words(self.chance)}

    async def _post(self, http: aiohttp.ClientSession, server: Server, rows: list[dict[str, str]]) -> bool:
        address = f"{server.address}/api/shows/current/comments"
        try:
            headers = {"Authorization": f"Bearer {server.key('ingest')}"}
            async with http.post(address, json=rows, headers=headers) as answer:
                return answer.status == 202
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def missing(ear: Ear, numbers: Sequence[int]) -> tuple[int, int]:
    """How many of the events a page that stayed open was never told, and how many it was told twice or out of order."""
    told = ear.numbers
    first = told[0] if told else 0
    wanted = [number for number in numbers if number >= first]
    disorder = sum(after <= before for before, after in pairwise(told))
    return len(set(wanted) - set(told)) if told else len(wanted), disorder
