"""Kick: the official webhook (signed with RSA), or anonymous reading over the site's own Pusher or Centrifugo line."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from msgspec.structs import replace

from livesell.adapter import UNPROVEN, Adapter, Answer, Decoded, Ear, Frame, Hook, Settings, Status, read_time
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform, Role

from ._fields import ident, parsed, payload, rows, single_line, table, words
from ._http import asking
from ._kick_lines import CLIENT, centrifugo, pusher
from ._protobuf import missing

KICK = Platform("kick")
LINK = re.compile(
    r"(?:https?://)?(?:www\.)?kick\.com/(?:popout/)?([\w-]{3,50})(?:/chat(?:room)?)?/?(?:[?#].*)?", re.ASCII
)
NOT_CHANNELS = frozenset(["browse", "category", "categories", "clips", "following", "video", "search", "dashboard"])
EMOTE = re.compile(r"\[emote:\d+:([\w-]*)\]", re.ASCII)
NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
WINDOW = timedelta(minutes=10)
ENDED = Ended("the stream is over")


# --- decoding -------------------------------------------------------------------------------------------------------


def from_frame(frame: Frame) -> Iterator[Decoded]:
    """What a webhook, a Pusher event or some Centrifugo pushes contain."""
    body = payload(frame)
    if body is None and frame.text:
        # Centrifugo puts several objects into one message, a line each.
        for line in frame.text.split("\n"):
            yield from _from_body(payload(Frame(text=line)), frame.history)
    else:
        yield from _from_body(body, frame.history)


def _from_body(body: Any, history: bool) -> Iterator[Decoded]:
    if not isinstance(body, dict):
        return
    if isinstance(body.get("headers"), dict) and isinstance(body.get("body"), dict):
        headers = {name.lower(): value for name, value in body["headers"].items()}
        yield from _event(words(headers.get("kick-event-type")), body["body"], history)
        return
    pushed = table(body, "push", "pub", "data")
    event = pushed or body
    name = words(event.get("event")) or words(event.get("type"))
    data = event.get("data", event)
    if isinstance(data, str):
        data = payload(Frame(text=data))
    yield from _event(name, data if isinstance(data, dict) else {}, history)


def _event(name: str, data: Mapping[str, Any], history: bool) -> Iterator[Decoded]:
    kind = name.rpartition("\\")[2]
    if kind in ("ChatMessageEvent", "ChatMessageSentEvent", "chat.message.sent") or (
        kind in ("", "message", "reply") and "content" in data and "sender" in data
    ):
        yield from _comment(data, history)
    elif kind == "MessageDeletedEvent":
        gone = ident(table(data, "message").get("id"))
        if gone:
            yield Deleted(KICK, ids=(MessageId(gone),))
    elif kind in ("UserBannedEvent", "moderation.banned"):
        who = ident(table(data, "user").get("id")) or ident(table(data, "banned_user").get("user_id"))
        if who:
            yield Deleted(KICK, author_ids=(AuthorId(who),))
    elif kind == "StopStreamBroadcast" or (kind == "livestream.status.updated" and data.get("is_live") is False):
        yield ENDED


def _comment(data: Mapping[str, Any], history: bool) -> Iterator[Comment]:
    message, raw = ident(data.get("message_id")) or ident(data.get("id")), words(data.get("content"))
    text = raw
    if "[emote:" in raw:
        text = single_line(EMOTE.sub(" ", raw)) or single_line(EMOTE.sub(r" \1 ", raw)) or raw
    if not message or not text.strip():
        return
    sender = table(data, "sender")
    who = ident(sender.get("user_id")) or ident(sender.get("id"))
    badges = {
        badge.get("type")
        for badge in rows(table(sender, "identity").get("badges"))
        if isinstance(badge.get("type"), str)
    }
    role: Role = "viewer"
    if "broadcaster" in badges or (who and who == ident(table(data, "broadcaster").get("user_id"))):
        role = "seller"
    elif "moderator" in badges:
        role = "moderator"
    yield Comment(
        platform=KICK,
        id=MessageId(message),
        author_id=AuthorId(who) if who and sender.get("is_anonymous") is not True else None,
        author=words(sender.get("username")).strip() or words(sender.get("slug")).strip() or "kick user",
        text=text,
        sent_at=read_time(data.get("created_at")),
        history=history,
        role=role,
    )


# --- listening ------------------------------------------------------------------------------------------------------


class KickSettings(Settings, frozen=True, kw_only=True):
    """`channel`: the name in the address. `chatroom`: its number, which Kick hides from programs at times.

    `transport`: "auto" asks Kick which line it uses, "pusher" and "centrifugo" name it, "webhook" waits for posts.
    """

    channel: str
    chatroom: str = ""
    transport: Literal["auto", "pusher", "centrifugo", "webhook"] = "auto"
    api_url: str = "https://api.kick.com"
    web_url: str = "https://web.kick.com"
    site_url: str = "https://kick.com"
    pusher_url: str = "wss://ws-us2.pusher.com/app/32cbd69e4b950bf97679"
    pusher_host: str = "wss://ws-{cluster}.pusher.com"
    centrifugo_url: str = "wss://realtime.us-west-2.platform.kick.com/connection/websocket"


class Kick(Adapter):
    """One channel's chat."""

    platform = "kick"
    Settings = KickSettings
    signed = True

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._key: Any = None

    @property
    def place(self) -> str:
        """The channel."""
        return str(self.settings.channel).strip().lower()

    @property
    def handles(self) -> frozenset[str]:
        """The channel, as viewers type it."""
        return frozenset([self.place])

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """A channel's address."""
        match = LINK.fullmatch(link)
        return {"channel": match[1].lower()} if match and match[1].lower() not in NOT_CHANNELS else None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """Comments, deletions and the end, whichever way they came."""
        return from_frame(frame)

    def receive(self, hook: Hook) -> Answer:
        """An event with Kick's signature over its id, its time and its bytes."""
        if hook.method == "GET":
            return Answer(405)
        if self._key is None:
            return Answer(503, "Kick's public key has not been fetched yet")
        message, time = (hook.headers.get(f"kick-event-message-{part}", "") for part in ("id", "timestamp"))
        sent = read_time(time)
        if not self._signed(hook.headers.get("kick-event-signature", ""), f"{message}.{time}.".encode() + hook.body):
            return UNPROVEN
        if sent is None or abs(hook.now - sent) > WINDOW:
            return UNPROVEN
        body = parsed(hook.body)
        if body is None:
            return Answer(400, "the body is not JSON")
        kind = {"Kick-Event-Type": hook.headers.get("kick-event-type", "")}
        return Answer(200, frames=(Frame(json={"headers": kind, "body": body}, at=hook.now, transport="webhook"),))

    def _signed(self, signature: str, data: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        try:
            self._key.verify(base64.b64decode(signature, validate=True), data, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    async def run(self, ear: Ear) -> None:
        """Listen to the chat room's line, or fetch the key and wait for what Kick posts."""
        async with asking("Kick") as http:
            if self.settings.transport == "webhook":
                reply = await http.get(f"{self.settings.api_url}/public/v1/public-key")
                self._key = _public_key(words(table(reply.body, "data").get("public_key")))
                await ear.tell(Status("live"))
                await asyncio.Event().wait()
            room = self.settings.chatroom or await self._room(http)
            line, urls = self.settings.transport, self.settings
            if line == "auto":
                line, urls = await self._line(http)

            async def heard(text: str) -> bool:
                frame = Frame(text=text, at=datetime.now(UTC), transport=line)
                await ear.hear(frame)
                return any(isinstance(item, Ended) for item in self.decode(frame))

            if line == "centrifugo":
                await centrifugo(urls, http, room, ear, heard)
            else:
                await pusher(urls, room, ear, heard)

    async def _room(self, http: Any) -> str:
        reply = await http.get(f"{self.settings.site_url}/api/v2/channels/{self.place}")
        room = ident(table(reply.body, "chatroom").get("id"))
        if room:
            return room
        if reply.status == 404:
            raise AdapterError(f"Kick knows no channel {self.place}", permanent=True)
        raise AdapterError(
            f"Kick hides the chat room's number from programs (HTTP {reply.status}): open {self.settings.site_url}"
            f"/api/v2/channels/{self.place} in a browser and set `chatroom` to chatroom.id",
            permanent=True,
        )

    async def _line(self, http: Any) -> tuple[str, Any]:
        """Which line the site uses now, and where it is; Pusher where it does not say."""
        asked = {"accepted_providers": [{"provider": "pusher"}, {"provider": "centrifugo"}]}
        client = {"id": CLIENT, "type": "web"}
        try:
            reply = await http.post(
                f"{self.settings.web_url}/api/v1/realtime/connection", json={"client": client, "capabilities": asked}
            )
        except AdapterError:
            return "pusher", self.settings
        first = next(rows(table(reply.body, "data").get("connections")), {})
        if first.get("provider") == "centrifugo":
            url = words(table(first, "credentials").get("url"))
            return "centrifugo", replace(self.settings, centrifugo_url=url or self.settings.centrifugo_url)
        told = {**first, **table(first, "credentials")}
        key, cluster = words(told.get("app_key")), words(told.get("cluster"))
        if not NAME.fullmatch(key) or not NAME.fullmatch(cluster):
            return "pusher", self.settings
        host = self.settings.pusher_host.format(cluster=cluster)
        return "pusher", replace(self.settings, pusher_url=f"{host}/app/{key}")


def _public_key(pem: str) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise missing("kick") from None
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise AdapterError("Kick does not give its public key")
    return key
