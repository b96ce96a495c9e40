"""What is done to a shop under load, one scene after another; each gives what was counted afterwards."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from livesell.store import schema as s
from livesell.store.engine import url_of
from tests.postgres import Cluster
from tests.server import Ear, Server, row
from tests.torture.check import Count, arrived, count, last_number
from tests.torture.load import GOODS, Load

RATE = 200.0
"""Comments a second."""

FILE = "sqlite:///shop.db"

Say = Callable[[str], None]


def known_of(url: str, folder: Path) -> Callable[[], set[str]]:
    """What the shop has stored so far, as a platform might be asked for its history since then."""

    def known() -> set[str]:
        if url == FILE and not (folder / "shop.db").exists():
            return set()
        engine = create_engine(url_of(url, folder))
        try:
            with engine.connect() as connection, connection.begin():
                return set(connection.scalars(select(s.comments.c.message_id)))
        except SQLAlchemyError:
            return set()  # the server is away: everything is sent again
        finally:
            engine.dispose()

    return known


class Scene:
    """A server with viewers and a page that stays open."""

    def __init__(self, folder: Path, url: str = FILE, *, rate: float = RATE, seed: int = 1) -> None:
        self.url, self.folder = url, folder
        self.chance = random.Random(seed)
        self.server = Server(folder, url="" if url == FILE else url, goods=GOODS)
        self.load = Load([self.server], rate, seed, known_of(url, folder))
        with (folder / "config.toml").open("a", encoding="utf-8") as file:
            file.write(self.load.source)
        self.page: Ear | None = None
        self.told = 0
        """The event that a page must have been told last; what a server writes while it stops is told to nobody."""

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """The show under load; at the end everything that is still on its way has come."""
        self.server.start()
        try:
            await self.server.up()
            async with self.server.listening() as page:
                self.page = page
                async with self.load.running():
                    yield
                    await self.server.up(60)
                    await self.rest()
                    await arrived(self.url, self.folder, self.load.sent.must)
                await asyncio.sleep(1)
                self.told = await asyncio.to_thread(last_number, self.url, self.folder)
                await asyncio.sleep(1)
        finally:
            self.server.stop()

    async def rest(self) -> None:
        """No new comments, but those that were sent go on."""
        self.load.quiet.set()
        await asyncio.sleep(1)

    def count(self, kills: int = 0) -> Count:
        """Count what is in the book."""
        assert self.page is not None
        return count(self.url, self.folder, self.load.sent, [(self.page, 1, self.told)], kills)


async def kills(
    folder: Path, times: int, url: str = FILE, *, seed: int = 1, rate: float = RATE, say: Say = lambda _: None
) -> Count:
    """Kill the server at random moments, as a power cut would."""
    scene = Scene(folder, url, rate=rate, seed=seed)
    slowest = 0.0
    async with scene.playing():
        for number in range(times):
            await asyncio.sleep(scene.chance.uniform(0.05, 2))
            scene.server.kill()
            scene.server.start()
            slowest = max(slowest, await scene.server.up(30))
            if number % 20 == 19:
                say(f"  {number + 1} kills, {len(scene.load.sent.acknowledged)} comments acknowledged")
    relay = scene.load.relay
    say(f"  slowest start {slowest:.1f} s; the relay was joined {relay.joinings} times and sent {relay.again} again")
    return scene.count(times)


async def locked(folder: Path, times: int, *, seconds: float = 6.5, seed: int = 2) -> Count:
    """Another program holds the database for longer than livesell waits."""
    script = (
        "import sqlite3, sys, time\n"
        "held = sqlite3.connect('shop.db', isolation_level=None, timeout=30)\n"
        "held.execute('BEGIN IMMEDIATE')\n"
        f"time.sleep({seconds})\n"
    )
    scene = Scene(folder, seed=seed)
    async with scene.playing():
        for _ in range(times):
            await asyncio.sleep(1)
            child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=folder)
            await child.wait()
        await asyncio.sleep(2)
    return scene.count()


def small_disk(folder: Path) -> bool:
    """Mount a disk of 48 MB there; False where that is not allowed."""
    if sys.platform != "linux" or shutil.which("mount") is None:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(folder)]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


def fill(folder: Path) -> Path:
    """Take up all room but a little; tried again where the shop was quicker."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        for _ in range(50):
            free = shutil.disk_usage(folder).free
            if free <= 131_072:
                break
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), ballast.stat().st_size, free - 65_536)
    return ballast


async def full(folder: Path, times: int, *, seed: int = 3) -> Count | None:
    """Fill the disk until nothing goes in any more, and make room again; None where no disk can be mounted."""
    if not small_disk(folder):
        return None
    try:
        scene = Scene(folder, seed=seed)
        refused = 0
        async with scene.playing():
            for number in range(times):
                await asyncio.sleep(1)
                ballast = fill(folder)
                for attempt in range(300):  # the log's own room is written over first
                    status, _ = await scene.server.post(row(1_000_000 + number * 1000 + attempt, "hello " * 5000))
                    if status == 202:
                        scene.load.sent.acknowledged.add(f"m{1_000_000 + number * 1000 + attempt}")
                        scene.load.sent.posted.add(f"m{1_000_000 + number * 1000 + attempt}")
                        continue
                    assert status == 507, status
                    refused += 1
                    break
                await asyncio.sleep(1)
                ballast.unlink()
                await scene.server.up(30)
        assert refused == times, f"the disk was full {refused} times of {times}"
        return scene.count()
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(folder)], check=True)


async def away(folder: Path, times: int, *, seed: int = 4, say: Say = lambda _: None) -> Count:
    """Stop the database server as a power cut would, and start it again, under load."""
    cluster = Cluster()
    try:
        scene = Scene(folder, cluster.url, seed=seed)
        async with scene.playing():
            for number in range(times):
                await asyncio.sleep(scene.chance.uniform(0.5, 2))
                await asyncio.to_thread(cluster.stop)
                await asyncio.sleep(scene.chance.uniform(0, 1.5))
                await asyncio.to_thread(cluster.start)
                await scene.server.up(30)
                if number % 5 == 4:
                    say(f"  {number + 1} restarts, {len(scene.load.sent.acknowledged)} comments acknowledged")
        return scene.count(times)
    finally:
        cluster.remove()
