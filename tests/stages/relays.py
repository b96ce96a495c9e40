"""Stages of relays: WebSockets that bring in JSON what was written elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.relay import RelayFake
from tests.stages.stage import NO_HISTORY, Said, Stage, text_of

LOCAL = "a program on this machine, without a login"


class Relayed(Stage):
    """A WebSocket of JSON messages."""

    def __init__(self) -> None:
        self.line = RelayFake()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.line.serving():
            yield

    async def before(self, *said: Said) -> None:
        self.line.greeting = [*self.line.greeting, *(self.raw(one) for one in said)]

    async def say(self, *said: Said) -> None:
        await self.line.say(*(text_of(self.raw(one)) for one in said))

    async def drop(self) -> None:
        await self.line.drop()

    def limit(self, asked: bool) -> float:
        self.line.refuse, self.line.retry_after = 429, "7" if asked else None
        return 7 if asked else 60

    def refuse(self) -> None:
        self.line.refuse = 401


class SocialStreamSocket(Relayed):
    way = "socialstream socket"
    site = "youtube"
    lacks: ClassVar[Mapping[str, str]] = {"end": "the relay does not say when a stream ends"}
    nameless = "a message without a name is no chat"

    def table(self) -> Mapping[str, Any]:
        return {"platform": "socialstream", "session": "secret-session", "url": self.line.url}

    def raw(self, one: Said) -> Any:
        row = {"chatname": one.name, "chatmessage": one.text, "type": "youtube", "id": one.number, "textonly": True}
        row |= {"userid": one.who} if one.who is not None else {}
        return {**row, "meta": {"messageId": f"y-{one.number}"}, "timestamp": one.seconds * 1000}

    async def before(self, *said: Said) -> None:
        self.line.greeting = [{**self.raw(one), "initial": True} for one in said]

    async def delete(self, one: Said) -> None:
        await self.line.say({"delete": {"type": "youtube", "id": one.number, "chatname": one.name}})

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.line.mute = True
        monkeypatch.setattr("adapters._socket.OPEN_TIMEOUT", 0.2)


class RestreamSocket(Relayed):
    way = "restream"
    site = "youtube"
    lacks: ClassVar[Mapping[str, str]] = {
        "history": NO_HISTORY,
        "delete": "it has no action for that",
        "end": "it says when a site is connected or not, not when the stream ends",
    }

    def __init__(self) -> None:
        super().__init__()
        self.line.greeting = [{"action": "connection_info", "payload": {}}]
        self.quiet = 90.0

    def table(self) -> Mapping[str, Any]:
        return {"platform": "restream", "token": "secret-token", "url": self.line.url, "quiet": self.quiet}

    def raw(self, one: Said) -> Any:
        author = {"displayName": one.name} | ({"id": one.who} if one.who is not None else {})
        said = {"eventIdentifier": f"e{one.number}", "eventTypeId": 5, "eventPayload": {"author": author}}
        said["eventPayload"]["text"] = one.text  # type: ignore[index]
        return {"action": "event", "payload": said, "timestamp": one.seconds}

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.line.greeting, self.quiet = [], 0.2


async def _subscribed(line: RelayFake, socket: ServerConnection, data: str) -> None:
    if json.loads(data)["request"] == "Subscribe":
        await socket.send('{"id": "1", "status": "ok"}')


async def _refused(line: RelayFake, socket: ServerConnection, data: str) -> None:
    await socket.send('{"id": "1", "status": "error", "error": "authentication required"}')


class StreamerBotSocket(Relayed):
    way = "streamerbot"
    site = "twitch"
    lacks: ClassVar[Mapping[str, str]] = {
        "history": NO_HISTORY,
        "end": "it hears several sites: the end of one is not the end",
    }

    def __init__(self) -> None:
        self.line = RelayFake(greeting=[{"request": "Hello"}], speaks=_subscribed)

    def table(self) -> Mapping[str, Any]:
        return {"platform": "streamerbot", "url": self.line.url}

    def _event(self, kind: str, data: dict[str, Any], at: datetime) -> Any:
        return {"timeStamp": at.isoformat(), "event": {"source": "Twitch", "type": kind}, "data": data}

    def raw(self, one: Said) -> Any:
        user = {"name": one.name} | ({"id": one.who} if one.who is not None else {})
        return self._event("ChatMessage", {"messageId": f"t{one.number}", "text": one.text, "user": user}, one.at)

    async def delete(self, one: Said) -> None:
        await self.line.say(self._event("ChatMessageDeleted", {"targetMessageId": f"t{one.number}"}, one.at))

    def refuse(self) -> None:
        self.line.speaks = _refused

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.line.greeting, self.line.speaks = [], None
        monkeypatch.setattr("adapters.streamerbot.PATIENCE", 0.2)


class TikTokRelay(Relayed):
    way = "tiktok relay"
    greets = False
    lacks: ClassVar[Mapping[str, str]] = {"history": "TikFinity's events name none", "auth failure": LOCAL}

    def table(self) -> Mapping[str, Any]:
        return {"platform": "tiktok", "user": "mai", "transport": "relay", "relay_url": self.line.url}

    def raw(self, one: Said) -> Any:
        data = {"comment": one.text, "msgId": str(one.number), "nickname": one.name, "createTime": one.seconds}
        return {"event": "chat", "data": data | ({"userId": one.who} if one.who is not None else {})}

    async def delete(self, one: Said) -> None:
        await self.line.say({"event": "imDelete", "data": {"deleteMsgIds": [str(one.number)]}})

    async def end(self) -> None:
        await self.line.say({"event": "streamEnd", "data": {"action": 3}})

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.line.mute = True
        monkeypatch.setattr("adapters._socket.OPEN_TIMEOUT", 0.2)


RELAYS: tuple[type[Stage], ...] = (TikTokRelay, SocialStreamSocket, RestreamSocket, StreamerBotSocket)
