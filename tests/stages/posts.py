"""Stages of platforms that post to us: their signed webhooks, and programs with the ingest key, sent to our server."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from tests.fakes.graph import PAGE, VIDEO
from tests.fakes.kick import KickFake, signed
from tests.stages.stage import Said, Stage

NO_LINE = "the platform posts by itself: it is not asked, and nothing is connected"
HELLO = {"hub.mode": "subscribe", "hub.verify_token": "hello-1", "hub.challenge": "1158201444"}


class Posted(Stage):
    """What is posted goes to our own server over a real socket; `wrong` makes the proof of who sent a false one."""

    posted = True
    lacks: ClassVar[Mapping[str, str]] = {
        "history": "only what is new is posted",
        "rate limit": NO_LINE,
        "end": "no post says so",
        "silence": NO_LINE,
    }
    keyed: ClassVar[bool] = False

    def __init__(self) -> None:
        self.wrong = False
        self.statuses: list[int] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        yield

    def proof(self, body: bytes) -> dict[str, str]:
        """The headers that prove who sent."""
        raise NotImplementedError

    async def post(self, body: Any) -> int:
        """Post it as the platform would; the status that it got."""
        http, address, key = self.door
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = (dict(key) if self.keyed and not self.wrong else {}) or ({} if self.keyed else self.proof(data))
        headers["Content-Type"] = "application/json"
        async with http.post(address, data=data, headers=headers) as answer:
            self.statuses.append(answer.status)
            return answer.status

    async def say(self, *said: Said) -> None:
        for one in said:
            await self.post(self.raw(one))

    def refuse(self) -> None:
        self.wrong = True


class _Meta(Posted):
    def proof(self, body: bytes) -> dict[str, str]:
        secret = "another" if self.wrong else "s3cret"
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}

    async def hello(self) -> tuple[int, str]:
        """What Meta gets when the address is entered."""
        http, address, _ = self.door
        async with http.get(address, params=HELLO) as answer:
            return answer.status, await answer.text()


class FacebookHook(_Meta):
    way = "facebook webhook"

    def table(self) -> Mapping[str, Any]:
        return {"platform": "facebook", "page": "thaomoc", "app_secret": "s3cret", "verify_token": "hello-1"}

    def _change(self, verb: str, one: Said) -> Any:
        value = {"item": "comment", "verb": verb, "comment_id": f"{VIDEO}_{one.number}", "created_time": one.seconds}
        value |= {"message": one.text} | ({"from": {"id": one.who, "name": one.name}} if one.who is not None else {})
        return {"object": "page", "entry": [{"id": PAGE, "changes": [{"field": "feed", "value": value}]}]}

    def raw(self, one: Said) -> Any:
        return self._change("add", one)

    async def delete(self, one: Said) -> None:
        await self.post(self._change("remove", one))


class InstagramHook(_Meta):
    way = "instagram"
    lacks: ClassVar[Mapping[str, str]] = {**Posted.lacks, "delete": "the field live_comments brings none"}

    def table(self) -> Mapping[str, Any]:
        return {"platform": "instagram", "account": "thaomoc", "app_secret": "s3cret", "verify_token": "hello-1"}

    def raw(self, one: Said) -> Any:
        value: dict[str, Any] = {"id": f"180{one.number}", "text": one.text}
        value |= {"from": {"id": one.who, "username": one.name}} if one.who is not None else {}
        change = {"field": "live_comments", "value": value}
        return {"object": "instagram", "entry": [{"id": "1784", "time": one.seconds, "changes": [change]}]}


class ZaloHook(Posted):
    way = "zalo"
    lacks: ClassVar[Mapping[str, str]] = {**Posted.lacks, "delete": "the platform's notes name no such event"}
    nameless = "a message carries no name"

    def table(self) -> Mapping[str, Any]:
        return {"platform": "zalo", "app_id": "4001", "secret": "oa-secret"}

    def raw(self, one: Said) -> Any:
        sender = {"sender": {"id": one.who}} if one.who is not None else {}
        body = {"app_id": "4001", "event_name": "user_send_text", **sender}
        sent = datetime.now(UTC) + (one.at - Said(0, "").at)
        message = {"text": one.text, "msg_id": f"z{one.number}"}
        return {**body, "message": message, "timestamp": str(int(sent.timestamp() * 1000))}

    def proof(self, body: bytes) -> dict[str, str]:
        time = json.loads(body.decode("utf-8", "replace"))["timestamp"]
        secret = "another" if self.wrong else "oa-secret"
        mac = hashlib.sha256(b"4001" + body + time.encode() + secret.encode()).hexdigest()
        return {"X-ZEvent-Signature": f"mac={mac}"}


class KickHook(Posted):
    way = "kick webhook"
    lacks: ClassVar[Mapping[str, str]] = {name: why for name, why in Posted.lacks.items() if name != "end"}

    def __init__(self) -> None:
        super().__init__()
        self.kick = KickFake()
        self.kind, self.late = "chat.message.sent", timedelta()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.kick.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        return self.kick.settings(transport="webhook")

    def raw(self, one: Said) -> Any:
        sender: dict[str, Any] = {"username": one.name, "identity": None}
        sender |= {"user_id": int(one.who)} if one.who is not None else {}
        said = {
            "message_id": f"w-{one.number}",
            "sender": sender,
            "content": one.text,
            "created_at": one.at.isoformat(),
        }
        return {**said, "broadcaster": {"user_id": 7001}}

    def frame(self, one: Said) -> Any:
        from livesell.adapter import Frame

        return Frame(json={"headers": {"Kick-Event-Type": "chat.message.sent"}, "body": self.raw(one)})

    def proof(self, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        headers = dict(signed(body, now, kind=self.kind, now=now).headers)
        return {**headers, "kick-event-signature": "AAAA"} if self.wrong else headers

    async def delete(self, one: Said) -> None:
        self.kind = "moderation.banned"  # of single messages the webhook tells nothing
        await self.post({"banned_user": {"user_id": int(one.who or 0)}})
        self.kind = "chat.message.sent"

    async def end(self) -> None:
        self.kind = "livestream.status.updated"
        await self.post({"is_live": False})
        self.kind = "chat.message.sent"


class SocialStreamPost(Posted):
    way = "socialstream post"
    keyed = True
    site = "youtube"
    nameless = "a message without a name is no chat"

    def table(self) -> Mapping[str, Any]:
        return {"platform": "socialstream"}

    def raw(self, one: Said) -> Any:
        row = {"chatname": one.name, "chatmessage": one.text, "type": "youtube", "id": one.number, "textonly": True}
        return row | ({"userid": one.who} if one.who is not None else {}) | {"timestamp": one.seconds * 1000}

    async def delete(self, one: Said) -> None:
        await self.post({"delete": {"type": "youtube", "id": one.number, "chatname": one.name}})


class HttpPost(Posted):
    way = "http"
    keyed = True
    site = "shop"
    lacks: ClassVar[Mapping[str, str]] = {**Posted.lacks, "delete": "programs post comments, nothing else"}

    def table(self) -> Mapping[str, Any]:
        return {"platform": "http"}

    def raw(self, one: Said) -> Any:
        row = {"platform": "shop", "id": f"h{one.number}", "text": one.text, "sent_at": one.at.isoformat()}
        row |= {"author": one.name} if one.name else {}
        return row | ({"author_id": one.who} if one.who is not None else {})


POSTS: tuple[type[Stage], ...] = (
    FacebookHook, InstagramHook, ZaloHook, KickHook, SocialStreamPost, HttpPost,
)  # fmt: skip
