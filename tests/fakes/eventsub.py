"""Twitch with a login, for tests: tokens, users, subscriptions, and the EventSub WebSocket with its rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

ROOM, ME = "7001", "8001"


def frame(kind: str, payload: dict[str, Any], number: int = 1, age: float = 0) -> dict[str, Any]:
    sent = (datetime.now(UTC) - timedelta(seconds=age)).isoformat().replace("+00:00", "123Z")
    return {
        "metadata": {"message_id": f"meta-{number}", "message_type": kind, "message_timestamp": sent},
        "payload": payload,
    }


def notification(kind: str, event: dict[str, Any], number: int = 1, age: float = 0) -> dict[str, Any]:
    condition = {"broadcaster_user_id": ROOM, "user_id": ME}
    return frame("notification", {"subscription": {"type": kind, "condition": condition}, "event": event}, number, age)


def chat(number: int, text: str, *, who: str = "9001", age: float = 0, **more: object) -> dict[str, Any]:
    event = {
        "broadcaster_user_id": ROOM,
        "chatter_user_id": who,
        "chatter_user_login": "mai",
        "chatter_user_name": "Mai",
        "message_id": f"m-{number}",
        "message": {"text": text, "fragments": [{"type": "text", "text": text}]},
        "badges": [],
        **more,
    }
    return notification("channel.chat.message", event, number, age)


class EventSub:
    """`tokens`: the good ones. `deny`: an HTTP status for the chat subscription. `mute`: no welcome."""

    def __init__(self) -> None:
        self.tokens = {"t-1"}
        self.refreshes = {"r-1": ("t-2", "r-2")}
        self.typed = asyncio.Event()
        self.deny: int | None = None
        self.retry_after: str | None = None
        self.mute = False
        self.keepalive = 10
        self.subscribed: list[dict[str, Any]] = []
        self.heard: list[str] = []
        self.connections = 0
        self.url = self.ws_url = ""
        self.sockets: list[ServerConnection] = []
        self.ready = asyncio.Event()

    def settings(self, **more: object) -> dict[str, object]:
        """A `[[source]]` table that leads here."""
        table = {
            "platform": "twitch",
            "channel": "thaomoc",
            "transport": "eventsub",
            "client_id": "c-1",
            "token": "t-1",
        }
        return {**table, "eventsub_url": self.ws_url, "helix_url": f"{self.url}/helix", "id_url": self.url, **more}

    async def say(self, *messages: dict[str, Any], socket: int = -1) -> None:
        async with asyncio.timeout(5):
            await self.ready.wait()
        for message in messages:
            await self.sockets[socket].send(json.dumps(message))

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    async def _users(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return web.json_response({"message": "Invalid OAuth token"}, status=401)
        name = request.query.get("login")
        found = {None: ME, "thaomoc": ROOM}.get(name)
        return web.json_response({"data": [{"id": found}] if found else []})

    async def _subscribe(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return web.json_response({"message": "Invalid OAuth token"}, status=401)
        body = await request.json()
        if body["type"] == "channel.chat.message" and self.deny is not None:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response({"message": "no"}, status=self.deny, headers=headers)
        self.subscribed.append(body)
        if body["type"] == "stream.offline":
            self.ready.set()
        return web.json_response({"data": []}, status=202)

    async def _device(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("client_id") != "c-1":
            return web.json_response({"message": "invalid client"}, status=400)
        code = {"device_code": "d-1", "user_code": "ABCDEFGH", "expires_in": 60, "interval": 0.02}
        return web.json_response({**code, "verification_uri": "https://www.twitch.tv/activate?device-code=ABCDEFGH"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form["grant_type"] == "refresh_token":
            fresh = self.refreshes.pop(str(form["refresh_token"]), None)
            if fresh is None:
                return web.json_response({"message": "Invalid refresh token"}, status=400)
            self.tokens.add(fresh[0])
            return web.json_response({"access_token": fresh[0], "refresh_token": fresh[1]})
        if not self.typed.is_set():
            return web.json_response({"message": "authorization_pending"}, status=400)
        return web.json_response({"access_token": "t-1", "refresh_token": "r-1"})

    async def _socket(self, socket: ServerConnection) -> None:
        self.connections += 1
        self.sockets.append(socket)
        if not self.mute:
            session = {"id": f"s-{self.connections}", "keepalive_timeout_seconds": self.keepalive}
            await socket.send(json.dumps(frame("session_welcome", {"session": session})))
        try:
            async for data in socket:
                self.heard.append(str(data))
                await socket.close(4001, "client sent inbound traffic")
        except ConnectionClosed:
            pass

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[EventSub]:
        """All of it listens on 127.0.0.1 inside the block."""
        app = web.Application()
        app.router.add_get("/helix/users", self._users)
        app.router.add_post("/helix/eventsub/subscriptions", self._subscribe)
        app.router.add_post("/oauth2/device", self._device)
        app.router.add_post("/oauth2/token", self._token)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with serve(self._socket, "127.0.0.1", 0) as server:
                self.ws_url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
                yield self
        finally:
            await runner.cleanup()
