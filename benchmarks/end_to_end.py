"""From sending a comment to the feed event of its reading, against the same way without reading, desk and ledger.

python -m benchmarks.end_to_end [SECONDS]: 100 comments a second to each of two servers, turn by turn in one run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from livesell.demo.play import GOODS, SHOW
from tests.server import free_port

RATE = 100


async def up(http: aiohttp.ClientSession, address: str) -> None:
    """Wait until a server takes connections."""
    for _ in range(200):
        with suppress(aiohttp.ClientError):
            async with http.get(address):
                return
        await asyncio.sleep(0.05)
    raise SystemExit(f"{address} did not come up")


async def listen(http: aiohttp.ClientSession, address: str, heard: dict[str, float]) -> None:
    """Write down when each comment is told."""
    async with http.ws_connect(address, max_msg_size=0) as socket:
        async for message in socket:
            now = time.perf_counter()
            told = json.loads(message.data)
            if "comments" in told:
                for number in told["comments"]:
                    heard[number] = now
            elif told.get("event") and told["event"]["type"] == "comment":
                # The reading is what is waited for: the text tells which comment it was.
                for comment in told["now"]["comments"]:
                    heard[comment["text"].rsplit(" ", 1)[-1]] = now


async def run(seconds: float) -> None:
    """Measure, and print medians and their ratio."""
    texts = [row["text"] for row in map(json.loads, SHOW.read_text(encoding="utf-8").splitlines()) if "text" in row]
    texts = [text for text in texts if len(text) < 80]
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        ports = (free_port(), free_port())
        (folder / "config.toml").write_text(
            f'[server]\nport = {ports[0]}\n[catalog]\nfile = "{GOODS}"\n[shop]\nlanguages = ["vi", "en", "bn"]\n',
            encoding="utf-8",
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        servers = [
            subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
                [sys.executable, "-m", "livesell", "run"], cwd=folder, env=environment, stdout=subprocess.DEVNULL
            ),
            subprocess.Popen(  # noqa: ASYNC220
                [sys.executable, "-m", "benchmarks.bare", str(ports[1]), name], env=environment
            ),
        ]
        try:
            async with aiohttp.ClientSession() as http:
                mine, bare = (f"http://127.0.0.1:{port}" for port in ports)
                await up(http, f"{mine}/healthz")
                await up(http, f"{bare}/feed")
                lines = (folder / "livesell.keys").read_text(encoding="utf-8").splitlines()
                key = next(line.split('"')[1] for line in lines if line.startswith("seller"))
                heard: tuple[dict[str, float], dict[str, float]] = ({}, {})
                ears = [
                    asyncio.create_task(listen(http, f"{mine}/feed?key={key}", heard[0])),
                    asyncio.create_task(listen(http, f"{bare}/feed", heard[1])),
                ]
                await asyncio.sleep(0.5)
                sent: tuple[dict[str, float], dict[str, float]] = ({}, {})
                addresses = (f"{mine}/api/shows/current/comments", f"{bare}/comments")
                headers = ({"Authorization": f"Bearer {key}"}, {})
                waiting: set[asyncio.Task[None]] = set()

                async def post(which: int, body: dict[str, str]) -> None:
                    async with http.post(addresses[which], json=body, headers=headers[which]) as answer:
                        assert answer.status == 202, await answer.text()

                begin = time.perf_counter()
                for number in range(int(seconds * RATE * 2)):
                    which = number % 2
                    mark = f"z{number}q"
                    body = {
                        "id": mark,
                        "author_id": f"u{chance.randrange(400)}",
                        "author": "Mai",
                        "text": f"{chance.choice(texts)} {mark}",
                    }
                    await asyncio.sleep(max(0.0, begin + number / (RATE * 2) - time.perf_counter()))
                    sent[which][mark] = time.perf_counter()
                    task = asyncio.create_task(post(which, body))
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
                await asyncio.gather(*waiting)
                await asyncio.sleep(1)
                for ear in ears:
                    ear.cancel()
        finally:
            for server in servers:
                server.terminate()
                server.wait()
    times = []
    for name, asked, told in zip(("livesell", "bare"), sent, heard, strict=True):
        missing = [mark for mark in asked if mark not in told]
        if missing:
            raise SystemExit(f"{name}: {len(missing)} of {len(asked)} comments were never told")
        found = sorted((told[mark] - asked[mark]) * 1000 for mark in asked)
        times.append(found)
        print(
            f"{name:<9} p50 {statistics.median(found):6.2f} ms   p95 {found[int(len(found) * 0.95)]:6.2f} ms"
            f"   n {len(found)}"
        )
    print(f"ratio of p50: {statistics.median(times[0]) / statistics.median(times[1]):.2f}")


if __name__ == "__main__":
    asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 20))
