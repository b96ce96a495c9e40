"""Stages of platforms that are heard by WebSocket, each on the fake server of its protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from adapters._webcast import webcast
from tests.fakes import eventsub as es
from tests.fakes.eventsub import EventSub
from tests.fakes.kick import ROOM, KickFake, event, push
from tests.fakes.relay import RelayFake
from tests.fakes.tiktok import TikTokFake, control, deleted
from tests.fakes.tiktok import message as webcast_message
from tests.fakes.tiktok import push as webcast_push
from tests.fakes.twitch_irc import TwitchIrc
from tests.stages.stage import NO_HISTORY, Said, Stage, text_of


class _TikTok(Stage):
    def __init__(self) -> None:
        self.tiktok = TikTokFake()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.tiktok.serving():
            yield

    async def drop(self) -> None:
        await self.tiktok.drop()


class TikTokEuler(_TikTok):
    way = "tiktok euler"
    greets = False
    lacks: ClassVar[Mapping[str, str]] = {"history": "not documented of its WebSocket"}

    def table(self) -> Mapping[str, Any]:
        return self.tiktok.settings(transport="euler", key="secret-key")

    def raw(self, one: Said) -> Any:
        common = {"msgId": str(one.number), "createTime": str(one.seconds * 1000)}
        user: dict[str, Any] = {"nickname": one.name} | ({"id": one.who} if one.who is not None else {})
        data = {"common": common, "user": user, "content": one.text}
        return {"messages": [{"type": "WebcastChatMessage", "data": data}]}

    async def say(self, *said: Said) -> None:
        for one in said:
            await self.tiktok.send(text_of(self.raw(one)))

    async def delete(self, one: Said) -> None:
        gone = {"type": "WebcastImDeleteMessage", "data": {"deleteMsgIds": [str(one.number)]}}
        await self.tiktok.send(json.dumps({"messages": [gone]}))

    def limit(self, asked: bool) -> float:
        self.tiktok.euler_close = (4429, "too many connections")
        return 300

    def refuse(self) -> None:
        self.tiktok.euler_close = (4401, "no")

    async def end(self) -> None:
        await self.tiktok.close(4005, "stream end")

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiktok.mute = True
        monkeypatch.setattr("adapters._socket.OPEN_TIMEOUT", 0.2)


class TikTokClient(_TikTok):
    """The real TikTokLive client."""

    way = "tiktok tiktoklive"

    def table(self) -> Mapping[str, Any]:
        return self.tiktok.settings(key="secret-key")

    def _message(self, one: Said, *, history: bool = False) -> Any:
        body = webcast().Chat(content=one.text.encode("utf-8", "surrogatepass"))
        body.common.msg_id, body.common.create_time = self._id(one), one.seconds * 1000
        body.user.nickname = one.name.encode("utf-8", "surrogatepass")
        if one.who is not None:
            body.user.id = int(one.who)
        return webcast_message("WebcastChatMessage", body, body.common.msg_id, history)

    def _id(self, one: Said) -> int:
        return 7_400_000_000_000_000_000 + one.number

    def raw(self, one: Said) -> Any:
        return webcast_push(self._message(one))

    async def before(self, *said: Said) -> None:
        self.tiktok.history = [self._message(one, history=True) for one in said]

    async def say(self, *said: Said) -> None:
        for one in said:
            await self.tiktok.send(self.raw(one))

    async def delete(self, one: Said) -> None:
        await self.tiktok.send(webcast_push(deleted(self._id(one))))

    def limit(self, asked: bool) -> float:
        self.tiktok.refuse = (429, {"RateLimit-Reset": "7"} if asked else {})
        return 7 if asked else 60

    def refuse(self) -> None:
        self.tiktok.refuse = (401, {})

    async def end(self) -> None:
        await self.tiktok.send(webcast_push(control(3)))

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiktok.mute = True
        monkeypatch.setattr("adapters._tiktoklive.SIGN_TIMEOUT", 0.2)


class TwitchChat(Stage):
    way = "twitch irc"
    lacks: ClassVar[Mapping[str, str]] = {"history": NO_HISTORY, "end": "IRC does not say it"}

    def __init__(self) -> None:
        self.irc = TwitchIrc("thaomoc")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.irc.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        patience = 0.2 if self.irc.mute else 5
        return {"platform": "twitch", "channel": "thaomoc", "url": self.irc.url, "patience": patience}

    def raw(self, one: Said) -> Any:
        # A line's end and a zero byte cannot stand in an IRC line; a tag's white space and semicolon are escaped.
        text = one.text.replace("\r", "").replace("\n", "").replace("\0", "")
        name = one.name.replace("\\", "\\\\").replace(";", "\\:").replace(" ", "\\s")
        who = f";user-id={one.who}" if one.who is not None else ""
        tags = f"@badges=;display-name={name};emotes=;id=i-{one.number};room-id=7001;tmi-sent-ts={one.seconds * 1000}"
        line = f"{tags}{who} :mai!mai@mai.tmi.twitch.tv PRIVMSG #thaomoc :{text}"
        return line.encode("utf-8", "replace").decode("utf-8") + "\r\n"

    async def say(self, *said: Said) -> None:
        await self.irc.say(*(self.raw(one).rstrip("\r\n") for one in said))

    async def delete(self, one: Said) -> None:
        await self.irc.say(f"@login=mai;target-msg-id=i-{one.number} :tmi.twitch.tv CLEARMSG #thaomoc :{one.text}")

    async def drop(self) -> None:
        await self.irc.drop()

    def limit(self, asked: bool) -> float:
        self.irc.refuse, self.irc.retry_after = 429, "7" if asked else None
        return 7 if asked else 60

    def refuse(self) -> None:
        self.irc.farewell = ":tmi.twitch.tv NOTICE * :Login authentication failed"

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.irc.mute = True


class TwitchEvents(Stage):
    way = "twitch eventsub"
    lacks: ClassVar[Mapping[str, str]] = {"history": NO_HISTORY}

    def __init__(self) -> None:
        self.twitch = EventSub()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.twitch.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        return self.twitch.settings()

    def raw(self, one: Said) -> Any:
        event = es.chat(one.number, one.text, who=one.who or "", chatter_user_name=one.name)
        event["metadata"]["message_timestamp"] = datetime.now(UTC).isoformat()
        if one.who is None:
            del event["payload"]["event"]["chatter_user_id"]
        return event

    async def say(self, *said: Said) -> None:
        await self.twitch.say(*(self.raw(one) for one in said))

    async def delete(self, one: Said) -> None:
        await self.twitch.say(es.notification("channel.chat.message_delete", {"message_id": f"m-{one.number}"}))

    async def drop(self) -> None:
        self.twitch.ready.clear()
        self.twitch.sockets[-1].transport.abort()

    def limit(self, asked: bool) -> float:
        self.twitch.deny, self.twitch.retry_after = 429, "7" if asked else None
        return 7 if asked else 60

    def refuse(self) -> None:
        self.twitch.tokens.clear()

    async def expire(self) -> None:
        gone = {"type": "channel.chat.message", "status": "authorization_revoked"}
        await self.twitch.say(es.frame("revocation", {"subscription": gone}))

    async def end(self) -> None:
        await self.twitch.say(es.notification("stream.offline", {"broadcaster_user_id": es.ROOM}))

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.twitch.mute = True
        monkeypatch.setattr("adapters._eventsub.WELCOME", 0.2)


class _Kick(Stage):
    lacks: ClassVar[Mapping[str, str]] = {"history": NO_HISTORY}
    made: ClassVar[Any]

    def __init__(self) -> None:
        self.kick = KickFake()

    @property
    def line(self) -> RelayFake:
        return self.kick.pusher if "pusher" in self.way else self.kick.centrifugo

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.kick.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        return self.kick.settings(transport=self.way.partition(" ")[2], chatroom=ROOM)

    def raw(self, one: Said) -> Any:
        sender: dict[str, Any] = {"username": one.name, "identity": {"badges": []}}
        sender |= {"id": int(one.who)} if one.who is not None else {}
        made = {"id": f"k-{one.number}", "content": one.text, "type": "message", "sender": sender}
        return type(self).made("ChatMessageEvent", {**made, "created_at": one.at.isoformat()})

    async def say(self, *said: Said) -> None:
        await self.line.say(*(text_of(self.raw(one)) for one in said))

    async def delete(self, one: Said) -> None:
        await self.line.say(type(self).made("MessageDeletedEvent", {"message": {"id": f"k-{one.number}"}}))

    async def drop(self) -> None:
        await self.line.drop()

    def limit(self, asked: bool) -> float:
        self.line.refuse, self.line.retry_after = 429, "7" if asked else None
        return 7 if asked else 60

    async def end(self) -> None:
        await self.line.say(type(self).made("StopStreamBroadcast", {}))

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.line.greeting, self.line.speaks = [], None
        monkeypatch.setattr("adapters._kick_lines.PATIENCE", 0.2)


class KickPusher(_Kick):
    way = "kick pusher"
    made = staticmethod(event)

    def refuse(self) -> None:
        self.line.close_at_once = (4001, "App key is gone")


class KickCentrifugo(_Kick):
    way = "kick centrifugo"
    made = staticmethod(push)

    def refuse(self) -> None:
        self.line.close_at_once = (3500, "invalid token")


SOCKETS: tuple[type[Stage], ...] = (TikTokClient, TikTokEuler, TwitchChat, TwitchEvents, KickPusher, KickCentrifugo)
