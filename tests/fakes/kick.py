"""Kick for tests: its pages' interface, a Pusher line, a Centrifugo line, and webhooks signed with a key made here."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from websockets.asyncio.server import ServerConnection

from livesell.adapter import Hook
from tests.fakes.relay import RelayFake

ROOM = "5501"
KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def said(number: int, text: str, who: int = 42, badges: tuple[str, ...] = ()) -> dict[str, Any]:
    """A chat message as the site's lines carry it."""
    identity = {"color": "#fff", "badges": [{"type": badge, "text": badge} for badge in badges]}
    sender = {"id": who, "username": f"mai{who}", "slug": f"mai{who}", "identity": identity}
    made = {"id": f"k-{number}", "chatroom_id": int(ROOM), "content": text, "type": "message", "sender": sender}
    return {**made, "created_at": f"2026-11-22T20:00:{number:02d}+00:00"}


def event(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """A Pusher event: its data is JSON in a string."""
    return {"event": f"App\\Events\\{name}", "data": json.dumps(data), "channel": f"chatrooms.{ROOM}.v2"}


def push(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """A Centrifugo push."""
    pub = {"data": {"event": f"App\\Events\\{name}", "data": data}}
    return {"push": {"channel": f"chatrooms.{ROOM}.v2", "pub": pub}}


def signed(
    body: object, sent: datetime, *, number: str = "01H", kind: str = "chat.message.sent", now: datetime
) -> Hook:
    """A webhook as Kick signs it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    time = sent.isoformat().replace("+00:00", "Z")
    signature = KEY.sign(f"{number}.{time}.".encode() + data, padding.PKCS1v15(), hashes.SHA256())
    headers = {
        "kick-event-message-id": number,
        "kick-event-message-timestamp": time,
        "kick-event-signature": base64.b64encode(signature).decode(),
        "kick-event-type": kind,
    }
    return Hook("POST", now, headers=headers, body=data)


class KickFake:
    """`provider`: the line that the site says it uses, `named`: what it says of that.

    `hidden`: the channel page is kept from programs.
    """

    def __init__(self) -> None:
        self.provider: str | None = "pusher"
        self.named: dict[str, Any] = {}
        self.hidden = False
        self.ttl = 3_600
        self.ping = 25
        self.tokens = 0
        self.pem = KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        hello = {"event": "pusher:connection_established", "data": json.dumps({"activity_timeout": 120})}
        self.pusher = RelayFake(greeting=[hello], speaks=self._pusher)
        self.centrifugo = RelayFake(speaks=self._centrifugo)
        self.url = ""

    def settings(self, **more: object) -> dict[str, object]:
        """A `[[source]]` table that leads here."""
        urls = {"api_url": self.url, "web_url": self.url, "site_url": self.url}
        lines = {"pusher_url": f"{self.pusher.url}/app/key", "centrifugo_url": self.centrifugo.url}
        return {"platform": "kick", "channel": "thaomoc", **urls, **lines, **more}

    async def _pusher(self, line: RelayFake, socket: ServerConnection, data: str) -> None:
        message = json.loads(data)
        if message["event"] == "pusher:subscribe":
            channel = message["data"]["channel"]
            done = {"event": "pusher_internal:subscription_succeeded", "data": "{}", "channel": channel}
            await socket.send(json.dumps(done))
        elif message["event"] == "pusher:ping":
            await socket.send('{"event":"pusher:pong","data":"{}"}')

    async def _centrifugo(self, line: RelayFake, socket: ServerConnection, data: str) -> None:
        message = json.loads(data)
        if "connect" in message:
            reply = {"client": "c", "ping": self.ping, "pong": True, "expires": True, "ttl": self.ttl}
            await socket.send(json.dumps({"id": 1, "connect": reply}))
        elif "subscribe" in message:
            await socket.send(json.dumps({"id": 2, "subscribe": {}}))
        elif "refresh" in message:
            await socket.send(json.dumps({"id": message["id"], "refresh": {"ttl": 3_600}}))

    async def _channel(self, _: web.Request) -> web.Response:
        if self.hidden:
            return web.Response(status=403, text="<html>just a moment</html>")
        return web.json_response({"chatroom": {"id": int(ROOM)}})

    async def _connection(self, _: web.Request) -> web.Response:
        if self.provider is None:
            return web.Response(status=404)
        return web.json_response({"data": {"connections": [{"provider": self.provider, **self.named}]}})

    async def _auth(self, _: web.Request) -> web.Response:
        self.tokens += 1
        return web.json_response({"data": {"token": f"token-{self.tokens}"}})

    async def _public_key(self, _: web.Request) -> web.Response:
        return web.json_response({"data": {"public_key": self.pem.decode()}})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[KickFake]:
        """All of it listens on 127.0.0.1 inside the block."""
        app = web.Application()
        app.router.add_get("/api/v2/channels/thaomoc", self._channel)
        app.router.add_post("/api/v1/realtime/connection", self._connection)
        app.router.add_post("/api/v1/realtime/auth/connection", self._auth)
        app.router.add_get("/public/v1/public-key", self._public_key)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with AsyncExitStack() as lines:
                await lines.enter_async_context(self.pusher.serving())
                await lines.enter_async_context(self.centrifugo.serving())
                yield self
        finally:
            await runner.cleanup()
