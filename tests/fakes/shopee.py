"""A Shopee Live session for tests: its latest comments, signed requests, its errors."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from adapters import shopee
from livesell.registry import make_source
from tests.fakes.ear import Listener


def row(number: int, text: str) -> dict[str, Any]:
    return {"comment_id": number, "content": text, "timestamp": 1_795_377_600 + number, "user_id": 3, "username": "mai"}


class ShopeeFake:
    """`latest`: what the next answer has. `errors` are answered first, one each: (status, body)."""

    def __init__(self) -> None:
        self.latest: list[dict[str, Any]] = []
        self.errors: deque[tuple[int, dict[str, Any], dict[str, str]]] = deque()
        self.asked: list[dict[str, str]] = []
        self.cut = 0
        self.mute = False
        self.url = ""

    async def _list(self, request: web.Request) -> web.Response:
        if self.cut:
            self.cut -= 1
            assert request.transport is not None
            request.transport.abort()
        while self.mute:  # noqa: ASYNC110 - it accepts and says nothing, for ever
            await asyncio.sleep(0.05)
        asked = dict(request.query)
        self.asked.append(asked)
        signed = "1001" + request.path + asked["timestamp"] + asked["access_token"] + asked["user_id"]
        if asked["sign"] != hmac.new(b"key-1", signed.encode(), hashlib.sha256).hexdigest():
            return web.json_response({"error": "error_sign", "message": "Wrong sign."}, status=403)
        if self.errors:
            status, body, headers = self.errors.popleft()
            return web.json_response(body, status=status, headers=headers)
        return web.json_response({"error": "", "response": {"next_offset": len(self.asked), "list": self.latest}})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[ShopeeFake]:
        app = web.Application()
        app.router.add_get(shopee.PATH, self._list)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def listener(self, **more: object) -> Listener:
        """A source that asks faster than the configuration allows."""
        keys = {"partner_id": "1001", "partner_key": "key-1", "token": "t-1", "user": "77", "session": "555"}
        ear = Listener(make_source({"platform": "shopee", "api_url": self.url, **keys, **more}))
        ear.adapter.settings = replace(ear.adapter.settings, every=0.02)
        return ear
