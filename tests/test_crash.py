"""Pulling the plug: the server is killed at a random moment, and everything that it acknowledged is there, once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from livesell.ledger import Rules
from livesell.store import Store, schema
from tests.exactreader import ExactReader

ROOT = Path(__file__).parent.parent
GOODS = "code,name,price,stock\nA1,Trà rừng,90000,40\nA2,Mật ong,180000,\n"
CONFIG = """
[server]
port = {port}
[catalog]
file = "products.csv"
"""

ROUNDS = 4


def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """The real server, in a process of its own."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "livesell", "run"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


async def answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server can commit."""
    async with aiohttp.ClientSession() as http:
        for _ in range(200):
            assert process.poll() is None, await asyncio.to_thread(log.read_text, encoding="utf-8")
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(f"{address}/healthz", timeout=aiohttp.ClientTimeout(2)) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise AssertionError("the server did not come up")


async def post(address: str, key: str, first: int, sent: dict[str, str], acknowledged: set[str]) -> None:
    """Post comments until the server dies; what was acknowledged is written down by the poster, not by the server."""
    number = first
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        while True:
            rows = []
            for _ in range(random.randint(1, 5)):
                number += 1
                text = random.choice(["A1", "A1 2", "A2 1", "hello", "cancel A1", "how much?"])
                rows.append({"id": f"m{number}", "author_id": f"u{number % 30}", "author": "x", "text": text})
                sent[f"m{number}"] = text
            try:
                async with http.post(f"{address}/api/shows/current/comments", json=rows) as answer:
                    if answer.status == 202:
                        acknowledged.update(row["id"] for row in rows)
            except aiohttp.ClientError:
                return


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9; its TerminateProcess is tried by hand")
async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """Killed again and again under load: each acknowledged comment once, the same show, the stock consistent."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    (tmp_path / "products.csv").write_text(GOODS, encoding="utf-8")
    (tmp_path / "config.toml").write_text(CONFIG.format(port=port), encoding="utf-8")
    acknowledged: set[str] = set()
    sent: dict[str, str] = {}
    for turn in range(ROUNDS):
        process = start(tmp_path, tmp_path / "server.log")
        try:
            await answers(address, process, tmp_path / "server.log")
            keys = (tmp_path / "livesell.keys").read_text(encoding="utf-8")
            key = next(line.split('"')[1] for line in keys.splitlines() if line.startswith("ingest"))
            posting = asyncio.create_task(post(address, key, turn * 100_000, sent, acknowledged))
            await asyncio.sleep(random.uniform(0.2, 0.8))
            process.send_signal(signal.SIGKILL)
            await posting
        finally:
            process.kill()
            process.wait()
    assert acknowledged, "nothing was acknowledged: the test proves nothing"
    store = Store("sqlite:///shop.db", folder=tmp_path, rules=Rules(), reader=ExactReader())
    store.open()
    try:
        with store.readers.connect() as connection, connection.begin():
            stored = list(connection.scalars(select(schema.comments.c.message_id)))
            shows = list(connection.scalars(select(schema.shows.c.id)))
            numbers = list(connection.scalars(select(schema.events.c.number).order_by(schema.events.c.number)))
            stock = connection.execute(select(schema.stock)).all()
            lines = connection.execute(select(schema.lines)).all()
    finally:
        store.close()
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored)
    assert set(stored) <= set(sent)
    assert shows == [1]
    assert numbers == list(range(1, len(numbers) + 1))
    for cell in stock:
        assert 0 <= cell.reserved <= cell.on_hand
        assert cell.reserved == sum(line.reserved for line in lines if line.product == cell.product)
