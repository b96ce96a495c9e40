"""A Graph interface for tests: a page with live videos, comments with paging, its errors, and an event stream."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

PAGE, VIDEO, START = "100200300", "5550001", 1_795_377_600


def comment(
    number: int, text: str, *, author: str | None = "42", name: str = "Mai Hoa", at: int = START
) -> dict[str, Any]:
    """A comment as the comments edge has it; `author` None leaves `from` out."""
    stamp = f"2026-11-22T20:{(at - START + number) // 60:02d}:{(at - START + number) % 60:02d}+0000"
    row: dict[str, Any] = {"id": f"{VIDEO}_{9000 + number}", "message": text, "created_time": stamp}
    if author is not None:
        row["from"] = {"id": author, "name": name}
    return row


class Graph:
    """`errors` are answered to the next requests, one each, before anything else: (status, error, headers)."""

    def __init__(self, *, live: bool = True) -> None:
        self.live, self.status = live, "LIVE"
        self.comments: list[dict[str, Any]] = []
        self.errors: deque[tuple[int, dict[str, Any], dict[str, str]]] = deque()
        self.filter_known = True
        self.polls: list[dict[str, str]] = []
        self.answers: list[str] = []
        self.cut = 0
        self.mute = False
        self.tokens: set[str] = set()
        self.stream: list[dict[str, Any]] | None = None
        self.break_after: int | None = None
        self.url = ""

    def settings(self, **more: object) -> dict[str, object]:
        """A `[[source]]` table that leads here."""
        table = {
            "platform": "facebook",
            "page": "thaomoc",
            "token": "t-1",
            "graph_url": self.url,
            "stream_url": self.url,
        }
        return {**table, "every": 1.5, "look_again": 0.05, **more}

    async def _object(self, request: web.Request) -> web.Response:
        if (error := self._error(request)) is not None:
            return error
        while self.mute:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)
        name = request.match_info["name"]
        if name in ("thaomoc", PAGE):
            return web.json_response({"id": PAGE})
        if name == VIDEO:
            return web.json_response({"id": VIDEO, "status": self.status, "from": {"id": PAGE}})
        return self._failed(400, {"code": 100, "message": "Unsupported get request."}, {})

    async def _videos(self, request: web.Request) -> web.Response:
        if (error := self._error(request)) is not None:
            return error
        return web.json_response({"data": [{"id": VIDEO, "status": "LIVE"}] if self.live else []})

    async def _comments(self, request: web.Request) -> web.Response:
        self.polls.append(dict(request.query))
        await self._held(request)
        if (error := self._error(request)) is not None:
            return error
        if "live_filter" in request.query and not self.filter_known:
            return self._failed(400, {"code": 100, "message": "(#100) Unknown parameter"}, {})
        since = request.query.get("since")
        found = [row for row in self.comments if since is None or _seconds(row) > int(since)]
        start = int(request.query.get("after", "0"))
        page = found[start : start + int(request.query["limit"])]
        if self.break_after is not None and start >= self.break_after:
            assert request.transport is not None
            request.transport.abort()
        body: dict[str, Any] = {"data": page}
        if page:
            body["paging"] = {"cursors": {"before": str(start), "after": str(start + len(page))}}
            body["paging"]["next"] = f"{self.url}/next?access_token={request.query['access_token']}"
            self.answers.append(json.dumps(body))
        return web.json_response(body)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.stream is None:
            return web.Response(status=404)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for row in self.stream:
            await response.write(f"data: {json.dumps(row)}\n\n".encode())
        await asyncio.sleep(0.05)
        return response

    async def _held(self, request: web.Request) -> None:
        if self.cut:
            self.cut -= 1
            assert request.transport is not None
            request.transport.abort()
        while self.mute:  # noqa: ASYNC110 - it accepts and says nothing, for ever
            await asyncio.sleep(0.05)

    def _error(self, request: web.Request) -> web.Response | None:
        self.tokens.add(request.query.get("access_token", ""))
        return self._failed(*self.errors.popleft()) if self.errors else None

    def _failed(self, status: int, error: dict[str, Any], headers: dict[str, str]) -> web.Response:
        return web.json_response({"error": {"type": "OAuthException", **error}}, status=status, headers=headers)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Graph]:
        """It listens on 127.0.0.1 inside the block."""
        app = web.Application()
        app.router.add_get("/v26.0/{name}", self._object)
        app.router.add_get("/v26.0/{page}/live_videos", self._videos)
        app.router.add_get("/v26.0/{video}/comments", self._comments)
        app.router.add_get("/{video}/live_comments", self._events)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


def _seconds(row: dict[str, Any]) -> int:
    minutes, seconds = row["created_time"][14:16], row["created_time"][17:19]
    return START + int(minutes) * 60 + int(seconds)
