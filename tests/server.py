"""The real server in a process of its own, and somebody who posts to it and listens to its feed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parent.parent
GOODS = "code,name,price,stock\nA1,Trà rừng,90000,40\nA2,Mật ong,180000,\n"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Server:
    """`livesell run` in a folder; `start` and `kill` as often as wanted."""

    def __init__(self, folder: Path, *, url: str = "", goods: str = GOODS, **environment: str) -> None:
        self.folder, self.environment = folder, environment
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "server.log"
        lines = [f"[server]\nport = {self.port}", '[catalog]\nfile = "products.csv"']
        if url:
            lines.append(f'[database]\nurl = "{url}"')
        (folder / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "products.csv").write_text(goods, encoding="utf-8")

    def start(self) -> None:
        """Start the process."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "livesell", "run"],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    async def up(self, seconds: float = 20) -> float:
        """Wait until a commit is possible; how long that took."""
        begin = time.monotonic()
        assert self.process is not None
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as http:
            while time.monotonic() - begin < seconds:
                assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(f"{self.address}/healthz") as answer:
                        if answer.status == 200:
                            return time.monotonic() - begin
                await asyncio.sleep(0.02)
        raise AssertionError(f"the server did not come up: {self.log.read_text(encoding='utf-8')[-2000:]}")

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def key(self, role: str) -> str:
        """A key, as the first start made it."""
        keys = (self.folder / "livesell.keys").read_text(encoding="utf-8")
        return next(line.split('"')[1] for line in keys.splitlines() if line.startswith(role))

    def logged(self) -> str:
        """What the server wrote to its log."""
        return (self.folder / "logs" / "livesell.log").read_text(encoding="utf-8")

    async def post(self, *rows: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Post comments; the status and the answer."""
        headers = {"Authorization": f"Bearer {self.key('ingest')}"}
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(20)) as http,
            http.post(f"{self.address}/api/shows/current/comments", json=list(rows)) as answer,
        ):
            return answer.status, await answer.json()

    async def get(self, path: str) -> tuple[int, Any]:
        """Read something with the seller's key."""
        headers = {"Authorization": f"Bearer {self.key('seller')}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(self.address + path) as answer:
            return answer.status, await answer.json()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Ear]:
        """A control page that stays open."""
        ear = Ear(self)
        task = asyncio.create_task(ear.run())
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Ear:
    """A page that comes back by itself with the number it has, and writes down all it was told."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.number: int | None = None
        self.numbers: list[int] = []
        self.messages: list[dict[str, Any]] = []
        self.snapshots = 0

    async def run(self) -> None:
        """Listen until cancelled."""
        async with aiohttp.ClientSession() as http:
            while True:
                with suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
                    await self._listen(http)
                await asyncio.sleep(0.05)

    async def _listen(self, http: aiohttp.ClientSession) -> None:
        after = "" if self.number is None else f"&after={self.number}"
        address = f"{self.server.address}/feed?key={self.server.key('seller')}{after}"
        async with http.ws_connect(address, max_msg_size=0) as line:
            async for message in line:
                told = json.loads(message.data)
                self.messages.append(told)
                event = told.get("event")
                if event is None:
                    continue
                if event["type"] == "snapshot":
                    self.snapshots += 1
                else:
                    self.numbers.append(told["number"])
                self.number = told["number"]

    async def hears(self, wanted: Callable[[dict[str, Any]], Any], seconds: float = 20) -> dict[str, Any]:
        """The first message of which something holds."""
        looked = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for message in self.messages[looked:]:
                if wanted(message):
                    return message
            looked = len(self.messages)
            await asyncio.sleep(0.02)
        raise AssertionError(f"not heard in {seconds} s; last: {self.messages[-3:]}")


def row(number: int, text: str = "A2 1", who: str = "mai") -> dict[str, str]:
    """A comment as a program posts it."""
    return {"id": f"m{number}", "author_id": who, "author": who, "text": text}


def trouble(message: dict[str, Any]) -> Any:
    """What a message says of the database: a code, None where all is well again, False where it says nothing."""
    now = message.get("now") or {}
    if "trouble" not in now:
        return False
    return None if now["trouble"] is None else now["trouble"]["code"]
