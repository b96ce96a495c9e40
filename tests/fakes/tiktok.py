"""TikTok for tests: its pages, the sign server and the push server, and Euler Stream's WebSocket, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from adapters._webcast import webcast


def chat(
    number: int, text: str, *, user: int = 7_200_000_000_000_000_001, name: str = "Mai", handle: str = "mai.hoa",
    history: bool = False, anchor: bool = False, moderator: bool = False, at: int = 1_795_377_600_000,
) -> Any:  # fmt: skip
    """A chat message of a result."""
    kinds = webcast()
    body = kinds.Chat(content=text.encode("utf-8", "surrogatepass"))
    body.common.msg_id, body.common.create_time = 7_400_000_000_000_000_000 + number, at + 1000 * number
    body.user.id, body.user.nickname, body.user.display_id = user, name.encode(), handle.encode()
    if anchor or moderator:
        body.user_identity.is_anchor, body.user_identity.is_moderator = anchor, moderator
    return message("WebcastChatMessage", body, body.common.msg_id, history)


def message(method: str, body: Any, number: int = 1, history: bool = False) -> Any:
    """Any message of a result."""
    data = body if isinstance(body, bytes) else body.SerializeToString()
    return webcast().Message(method=method.encode(), payload=data, msg_id=number, is_history=history)


def deleted(*ids: int, users: tuple[int, ...] = ()) -> Any:
    return message("WebcastImDeleteMessage", webcast().Delete(ids=ids, user_ids=users))


def control(action: int) -> Any:
    return message("WebcastControlMessage", webcast().Control(action=action))


def result(*messages: Any, first: bool = False) -> bytes:
    """A fetch result, as the push server sends it inside a push frame."""
    return bytes(
        webcast()
        .FetchResult(messages=messages, cursor=b"c", internal_ext=b"ext-7", need_ack=not first, is_first=first)
        .SerializeToString()
    )


def push(*messages: Any, zipped: bool = True, number: int = 1) -> bytes:
    """A push frame with a result in it."""
    kinds = webcast()
    frame = kinds.PushFrame(seq_id=number, log_id=900 + number, payload_encoding=b"pb", payload_type=b"msg")
    payload = result(*messages)
    frame.payload = gzip.compress(payload, mtime=0) if zipped else payload
    if zipped:
        frame.headers.add(key=b"compress_type", value=b"gzip")
    return bytes(frame.SerializeToString())


class TikTokFake:
    """`live`: whether the host is on. `refuse`: an HTTP status and headers that the sign server answers with."""

    def __init__(self, *, live: bool = True) -> None:
        self.live = live
        self.history: list[Any] = []
        self.refuse: tuple[int, dict[str, str]] | None = None
        self.euler_close: tuple[int, str] | None = None
        self.mute = False
        self.looks = self.signs = 0
        self.keys: list[str | None] = []
        self.heard: list[Any] = []
        self.euler_asked: list[str] = []
        self.url = self.euler_url = ""
        self._push_url = ""
        self._sockets: list[ServerConnection] = []
        self._joined = asyncio.Event()

    def settings(self, **more: object) -> dict[str, object]:
        """A `[[source]]` table that leads here."""
        return {
            "platform": "tiktok",
            "user": "@mai.shop",
            "sign_url": self.url,
            "web_url": self.url,
            "webcast_url": f"{self.url}/webcast",
            "euler_url": self.euler_url,
            "look_again": 0.05,
            **more,
        }

    async def send(self, data: bytes | str) -> None:
        async with asyncio.timeout(10):
            await self._joined.wait()
        for socket in list(self._sockets):
            await socket.send(data)

    async def drop(self) -> None:
        for socket in list(self._sockets):
            socket.transport.abort()
        self._sockets.clear()
        self._joined.clear()

    async def close(self, code: int, reason: str = "") -> None:
        for socket in list(self._sockets):
            await socket.close(code, reason)

    async def _page(self, _: web.Request) -> web.Response:
        self.looks += 1
        user = {"uniqueId": "mai.shop", "roomId": "7300000000000000001", "status": 2 if self.live else 4}
        state = json.dumps({"LiveRoom": {"liveRoomUserInfo": {"user": user}}})
        script = f'<script id="SIGI_STATE" type="application/json">{state}</script>'
        return web.Response(text=f"<html>{script}</html>", content_type="text/html")

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"alive": self.live, "room_id": 7300000000000000001}]})

    async def _sign(self, request: web.Request) -> web.Response:
        self.signs += 1
        while self.mute:  # noqa: ASYNC110 - it accepts and says nothing, for ever
            await asyncio.sleep(0.05)
        self.keys.append(request.headers.get("X-Api-Key"))
        if self.refuse is not None:
            status, headers = self.refuse
            return web.json_response({"message": "slow down", "limit_label": "minute"}, status=status, headers=headers)
        fetched = webcast().FetchResult(
            messages=self.history, cursor=b"c", push_server=self._push_url.encode(), is_first=True
        )
        fetched.route_params.add(key=b"k", value=b"v")
        return web.Response(body=fetched.SerializeToString(), headers={"X-Set-TT-Cookie": "ttwid=x; path=/"})

    async def _push(self, socket: ServerConnection) -> None:
        kinds = webcast()
        try:
            async for data in socket:
                frame = kinds.PushFrame.FromString(data)
                self.heard.append((frame.payload_type.decode(), bytes(frame.payload)))
                if frame.payload_type == b"im_enter_room":
                    self._sockets.append(socket)
                    self._joined.set()
        except ConnectionClosed:
            pass
        finally:
            self._left(socket)

    def _left(self, socket: ServerConnection) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self._joined.clear()

    async def _euler(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.euler_asked.append(socket.request.path)
        if self.euler_close is not None:
            await socket.close(*self.euler_close)
            return
        self._sockets.append(socket)
        self._joined.set()
        await socket.wait_closed()
        self._left(socket)

    async def _door(self, _: ServerConnection, __: object) -> None:
        while self.mute:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TikTokFake]:
        """All of it listens on 127.0.0.1 inside the block."""
        app = web.Application()
        app.router.add_get("/@mai.shop/live", self._page)
        app.router.add_get("/webcast/room/check_alive/", self._alive)
        app.router.add_get("/webcast/fetch", self._sign)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with (
                serve(self._push, "127.0.0.1", 0, subprotocols=["echo-protocol"]) as push_server,  # type: ignore[list-item]
                serve(self._euler, "127.0.0.1", 0, process_request=self._door) as euler,
            ):
                self._push_url = f"ws://127.0.0.1:{push_server.sockets[0].getsockname()[1]}/ws"
                self.euler_url = f"ws://127.0.0.1:{euler.sockets[0].getsockname()[1]}"
                yield self
                self.mute = False
        finally:
            await runner.cleanup()
