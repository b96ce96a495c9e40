"""Streamer.bot on the same machine: the chats that it is connected to, by its local WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status, read_time
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, MessageId, Platform, Role

from ._fields import ident, payload, table, words
from ._socket import opened, received

PATIENCE = 10
SPOKEN = frozenset(["ChatMessage", "Message", "SuperChat", "Cheer"])
GONE = frozenset(["ChatMessageDeleted", "MessageDeleted"])
EVENTS = {
    "Twitch": ["ChatMessage", "ChatMessageDeleted"],
    "YouTube": ["Message", "MessageDeleted", "SuperChat"],
    "Kick": ["ChatMessage", "ChatMessageDeleted"],
}
ROLES: dict[str, Role] = {"4": "seller", "broadcaster": "seller", "3": "moderator", "moderator": "moderator"}


def from_event(body: Mapping[str, Any], history: bool) -> Iterator[Decoded]:
    """The comment or deletion of an event; sites lay their data out differently, so several places are looked at."""
    site = Platform(words(table(body, "event").get("source")).strip().lower()[:64])
    kind, data = words(table(body, "event").get("type")), table(body, "data")
    inner, user = table(data, "message"), table(data, "user")
    message = _first(data, inner, "msgId", "messageId", "eventId", "targetMessageId", "id")
    if not site or not message:
        return
    if kind in GONE:
        yield Deleted(site, ids=(MessageId(message),))
    text = (
        words(data.get("text")) or words(inner.get("message")) or words(inner.get("text")) or words(data.get("message"))
    )
    if kind not in SPOKEN or not text.strip():
        return
    who = ident(user.get("id")) or _first(data, inner, "userId")
    names = [words(user.get(key)) for key in ("name", "displayName", "login")]
    names += [words(inner.get(key)) for key in ("displayName", "username")]
    role = ROLES.get(_first(user, inner, "role").lower(), "viewer")
    if user.get("isOwner") is True:
        role = "seller"
    elif user.get("isModerator") is True:
        role = "moderator"
    yield Comment(
        platform=site,
        id=MessageId(message),
        author_id=AuthorId(who) if who else None,
        author=next((name.strip() for name in names if name.strip()), f"{site} user"),
        text=text,
        sent_at=read_time(data.get("publishedAt")) or read_time(body.get("timeStamp")),
        history=history,
        role=role,
    )


def _first(outer: Mapping[str, Any], inner: Mapping[str, Any], *keys: str) -> str:
    return next(filter(None, (ident(source.get(key)) for source in (inner, outer) for key in keys)), "")


class StreamerBotSettings(Settings, frozen=True, kw_only=True):
    """`events`: which events of which sites are asked for."""

    url: str = "ws://127.0.0.1:8080/"
    events: dict[str, list[str]] = msgspec.field(default_factory=lambda: dict(EVENTS))


class StreamerBot(Adapter):
    """One Streamer.bot."""

    platform = "streamerbot"
    relay = True
    Settings = StreamerBotSettings

    @property
    def place(self) -> str:
        """Its address."""
        return str(self.settings.url)

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The comment or deletion of a message."""
        body = payload(frame)
        return from_event(body, frame.history) if isinstance(body, dict) else ()

    async def run(self, ear: Ear) -> None:
        """Subscribe, listen until the line breaks; that nothing is said for hours is normal."""
        async with opened(self.settings.url, "Streamer.bot") as socket:
            await socket.send(json.dumps({"request": "Subscribe", "id": "1", "events": self.settings.events}))
            live = False
            while True:
                text = await received(socket, None if live else PATIENCE, "Streamer.bot")
                ear.beat()
                body = table(payload(Frame(text=text)))
                if body.get("id") == "1" and not live:
                    if body.get("status") == "error":
                        why = words(body.get("error"))[:200]
                        raise AdapterError(f"Streamer.bot does not let us listen ({why})", permanent=True)
                    live = True
                    await ear.tell(Status("live"))
                elif "event" in body:
                    await ear.hear(Frame(text=text, at=datetime.now(UTC)))
