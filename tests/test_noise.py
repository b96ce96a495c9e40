"""Every way of listening, against servers that talk nonsense: the source's task ends in words, or not at all."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from livesell.adapter import Frame, read_frame
from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.mutation import ODD, mutated

FRAMES = Path(__file__).parent / "frames"
SEEDS = range(12)

SOCKETS: dict[str, dict[str, object]] = {
    "twitch": {"channel": "x", "url": "{ws}", "quiet": 0.1, "patience": 0.1},
    "kick pusher": {"channel": "x", "chatroom": "1", "transport": "pusher", "pusher_url": "{ws}"},
    "kick centrifugo": {
        "channel": "x", "chatroom": "1", "transport": "centrifugo", "centrifugo_url": "{ws}", "web_url": "{http}",
    },
    "socialstream": {"session": "abc", "url": "{ws}"},
    "restream": {"token": "t", "url": "{ws}", "quiet": 0.2},
    "streamerbot": {"url": "{ws}"},
    "tiktok": {"user": "x", "transport": "euler", "euler_url": "{ws}", "look_again": 0.01},
    "tiktok relay": {"user": "x", "transport": "relay", "relay_url": "{ws}", "look_again": 0.01},
    "twitch eventsub": {
        "channel": "x", "transport": "eventsub", "client_id": "c", "token": "t", "eventsub_url": "{ws}",
        "helix_url": "{http}", "id_url": "{http}",
    },
}  # fmt: skip
REQUESTS: dict[str, dict[str, object]] = {
    "facebook": {"page": "x", "token": "t", "graph_url": "{http}", "look_again": 0.01},
    "facebook sse": {"video": "1", "token": "t", "graph_url": "{http}", "stream_url": "{http}", "sse": True},
    "youtube": {"video": "dQw0live_01", "key": "k", "api_url": "{http}", "look_again": 0.01},
    "youtube channel": {"token": "t", "api_url": "{http}", "look_again": 0.01},
    "youtube innertube": {"channel": "@x", "transport": "innertube", "web_url": "{http}", "look_again": 0.01},
    "shopee": {
        "session": "1", "partner_id": "1", "partner_key": "k", "token": "t", "user": "1", "api_url": "{http}",
    },
    "kick": {"channel": "x", "site_url": "{http}", "web_url": "{http}", "pusher_url": "{ws}", "centrifugo_url": "{ws}"},
    "kick webhook": {"channel": "x", "transport": "webhook", "api_url": "{http}"},
    "restream login": {"refresh": "r", "oauth_url": "{http}", "url": "{ws}"},
    "twitch login": {
        "channel": "x", "transport": "eventsub", "client_id": "c", "id_url": "{http}", "helix_url": "{http}",
    },
}  # fmt: skip

WORDS: list[Any] = [
    {"data": [{"id": "1", "status": "LIVE"}]}, {"data": {"token": "t"}}, {"id": "1", "status": "LIVE"}, {"items": [{}]},
    {"items": [{"id": "dQw0live_01", "liveStreamingDetails": {"activeLiveChatId": "c"}}]}, {"error": {"code": 190}},
    {"access_token": "t", "refresh_token": "r"}, {"connect": {"ttl": 1e400}},
    {"device_code": "d", "user_code": "u", "interval": 0.01, "expires_in": 1},
    {"chatroom": {"id": 1}}, {"metadata": {"message_type": "session_welcome"}, "payload": {"session": {"id": "s"}}},
    {"metadata": {"message_type": "session_reconnect"}, "payload": {}}, {"id": "1", "status": "ok"},
    {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}, {"event": "pusher:connection_established", "data": "[]"},
]  # fmt: skip


def noise(chance: random.Random, known: list[Frame]) -> str | bytes:
    """Something that a server might say: nearly right, of another protocol, or nothing at all."""
    kind = chance.randrange(4)
    if kind == 0:
        return json.dumps(chance.choice(WORDS))
    if kind == 1:
        return json.dumps(chance.choice(ODD))
    frame = mutated(chance.choice(known), chance) if kind == 2 else chance.choice(known)
    if frame.data is not None:
        return frame.data
    text = frame.text if frame.text is not None else json.dumps(frame.json)
    return text.encode("utf-8", "replace").decode("utf-8")


def recorded() -> list[Frame]:
    paths = sorted(FRAMES.glob("*/*.jsonl"))
    return [read_frame(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


KNOWN = recorded()


@asynccontextmanager
async def babbling(seed: int) -> AsyncIterator[tuple[str, str]]:
    """A WebSocket and an HTTP server that say one nonsense after another."""
    chance = random.Random(seed)

    async def talk(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for _ in range(40):
                await socket.send(noise(chance, KNOWN))
            await socket.close(chance.choice([1000, 1011, 3500, 4001, 4100, 4404, 4999]), "bye")

    async def answer(_: web.Request) -> web.Response:
        said = noise(chance, KNOWN)
        body = said if isinstance(said, bytes) else said.encode("utf-8", "replace")
        status = chance.choice([200, 200, 200, 200, 400, 401, 403, 404, 429, 500])
        headers = {"Retry-After": chance.choice(["", "-1", "soon", "9" * 20])} if status == 429 else {}
        return web.Response(status=status, body=body, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with serve(talk, "127.0.0.1", 0) as server:
            yield (
                f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}",
                f"http://127.0.0.1:{runner.addresses[0][1]}",
            )
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("way", [*SOCKETS, *REQUESTS])
async def test_nonsense_never_ends_in_anything_but_words(way: str) -> None:
    """Whatever a server says, `run` returns, goes on, or raises an AdapterError; what was decoded is kept."""
    for seed in SEEDS:
        async with babbling(seed) as (socket, address):
            keys = {
                key: value.format(ws=socket, http=address) if isinstance(value, str) else value
                for key, value in (SOCKETS | REQUESTS)[way].items()
            }
            ear = Listener(make_source({"platform": way.partition(" ")[0], **keys}))
            with suppress(AdapterError, TimeoutError):
                await ear.connection(0.4)
