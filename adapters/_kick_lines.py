"""The two lines that Kick's own site reads chat by: Pusher, and Centrifugo which it is moving to."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from livesell.adapter import Ear, Frame, Status
from livesell.errors import AdapterError

from ._fields import payload, table, whole, words
from ._http import Http
from ._socket import Silent, opened, received, told

PATIENCE = 15
LEAST, MOST = 5, 120
CLIENT = str(uuid.uuid4())
"""Who we are to the site's lines: made up, as its pages do."""
Heard = Callable[[str], Awaitable[bool]]


async def pusher(settings: Any, room: str, ear: Ear, heard: Heard) -> None:
    """Subscribe to the room and its channel by Pusher's protocol 7, listen to the stream's end."""
    url = f"{settings.pusher_url}?protocol=7&client=js&version=8.4.0&flash=false"
    async with opened(url, "Kick", closed=_pusher_closed, ping_interval=None) as socket:
        hello = payload(Frame(text=await received(socket, PATIENCE, "Kick")))
        quiet = float(
            whole(table(payload(Frame(text=words(table(hello).get("data"))))).get("activity_timeout")) or MOST
        )
        for channel in (f"chatrooms.{room}.v2", f"channel.{room}"):
            await socket.send(json.dumps({"event": "pusher:subscribe", "data": {"auth": "", "channel": channel}}))
        asked = False
        while True:
            try:
                text = await received(socket, PATIENCE if asked else min(max(quiet, LEAST), MOST), "Kick")
            except Silent:
                if asked:
                    raise
                asked = True
                await socket.send('{"event":"pusher:ping","data":{}}')
                continue
            asked = False
            ear.beat()
            event = words(table(payload(Frame(text=text))).get("event"))
            if event == "pusher:ping":
                await socket.send('{"event":"pusher:pong","data":{}}')
            elif event == "pusher_internal:subscription_succeeded":
                await ear.tell(Status("live"))
            elif event == "pusher:error":
                raise AdapterError("Kick's Pusher line reports an error")
            elif not event.startswith("pusher") and await heard(text):
                return


def _pusher_closed(code: int | None, reason: str) -> AdapterError:
    if code is not None and 4000 <= code < 4100:
        return AdapterError(
            f"Kick's Pusher line is no longer what it was ({code}): try another `transport`", permanent=True
        )
    if code is not None and 4100 <= code < 4200:
        return AdapterError(f"Kick's Pusher line is full ({code})", retry_after=5)
    if code is not None and 4200 <= code < 4300:
        return AdapterError(f"Kick's Pusher line asks to connect anew ({code})", retry_after=0)
    return told("Kick")(code, reason)


async def centrifugo(settings: Any, http: Http, room: str, ear: Ear, heard: Heard) -> None:
    """Connect with a token, subscribe to the room, answer pings, renew the token, listen to the stream's end."""
    token = await _token(settings, http)
    loop = asyncio.get_running_loop()
    async with opened(settings.centrifugo_url, "Kick", closed=_centrifugo_closed, ping_interval=None) as socket:
        await socket.send(json.dumps({"connect": {"token": token, "name": "js"}, "id": 1}))
        number, quiet, renew = 2, float(PATIENCE), float("inf")
        while True:
            try:
                text = await received(socket, max(min(quiet, renew - loop.time()), 0), "Kick")
            except Silent:
                if loop.time() < renew:
                    raise
                number, renew = number + 1, float("inf")
                fresh = await _token(settings, http)
                await socket.send(json.dumps({"refresh": {"token": fresh}, "id": number}))
                continue
            ear.beat()
            over = False
            for line in filter(str.strip, text.split("\n")):
                message = table(payload(Frame(text=line)))
                if not message:
                    await socket.send("{}")  # an empty object is a ping
                elif "error" in message:
                    words_ = words(table(message, "error").get("message"))
                    raise AdapterError(f"Kick's Centrifugo line reports an error ({words_})")
                elif "connect" in message:
                    connected = table(message, "connect")
                    quiet = float(whole(connected.get("ping")) or MOST) + PATIENCE
                    if connected.get("expires") is True:
                        renew = loop.time() + max((whole(connected.get("ttl")) or 60) * 0.8, 1)
                    await socket.send(
                        json.dumps({"subscribe": {"channel": f"chatrooms.{room}.v2", "flag": 1}, "id": 2})
                    )
                elif "refresh" in message:
                    renew = loop.time() + max((whole(table(message, "refresh").get("ttl")) or 60) * 0.8, 1)
                elif "subscribe" in message:
                    await ear.tell(Status("live"))
                elif "push" in message:
                    over = await heard(line) or over
            if over:
                return


async def _token(settings: Any, http: Http) -> str:
    url = f"{settings.web_url}/api/v1/realtime/auth/connection"
    reply = await http.post(url, json={"client_id": CLIENT})
    token = words(table(reply.body, "data").get("token"))
    if not token:
        raise AdapterError(f"Kick gives no token for its chat (HTTP {reply.status})", retry_after=60)
    return token


def _centrifugo_closed(code: int | None, reason: str) -> AdapterError:
    if code is not None and (3500 <= code < 4000 or 4500 <= code < 5000):
        return AdapterError(f"Kick's Centrifugo line refuses us ({code}): try another `transport`", permanent=True)
    return told("Kick")(code, reason)
