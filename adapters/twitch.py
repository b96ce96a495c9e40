"""Twitch chat: read anonymously by IRC over WebSocket, no account and no key, or with a login by EventSub.

IRC: dev.twitch.tv/docs/chat/irc. Positions of emotes count Unicode code points; tags are escaped as IRCv3 says.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from websockets.asyncio.client import ClientConnection

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status, clean
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, MessageId, Platform, Role, Struct

from ._eventsub import Login, from_event
from ._eventsub import listen as listen_eventsub
from ._fields import ident, payload, since_1970, single_line
from ._socket import Silent, opened, received

TWITCH = Platform("twitch")
LINK = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?twitch\.tv/(?:popout/)?(\w{1,25})(?:[/?#].*)?", re.IGNORECASE | re.ASCII
)
NOT_CHANNELS = frozenset(["directory", "downloads", "jobs", "p", "popout", "settings", "store", "turbo", "videos"])
ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
MEANT = {":": ";", "s": " ", "r": "\r", "n": "\n"}


class TwitchSettings(Settings, frozen=True, kw_only=True):
    """`channel`: the name in the address. `quiet`: seconds without a word before we ask by PING.

    `transport` "eventsub" needs `client_id`, and `token` or else a code that a person types in at twitch.tv; `login` is
    the file that keeps what came of it.
    """

    channel: str
    transport: Literal["irc", "eventsub"] = "irc"
    client_id: str = ""
    token: str = ""
    login: Path | None = None
    keepalive: Annotated[int, msgspec.Meta(ge=10, le=600)] = 30
    url: str = "wss://irc-ws.chat.twitch.tv:443"
    quiet: float = 300
    patience: float = 15
    eventsub_url: str = "wss://eventsub.wss.twitch.tv/ws"
    helix_url: str = "https://api.twitch.tv/helix"
    id_url: str = "https://id.twitch.tv"


class Line(Struct, frozen=True):
    """One IRC message."""

    tags: Mapping[str, str]
    source: str
    verb: str
    params: tuple[str, ...]


def parse(line: str) -> Line | None:
    """An IRC line in parts, None where it has no verb; several spaces separate as one does."""
    tags: dict[str, str] = {}
    source = ""
    rest = line.rstrip("\r\n").lstrip(" ")
    if rest.startswith("@"):
        raw, _, rest = rest[1:].partition(" ")
        for tag in raw.split(";"):
            key, _, value = tag.partition("=")
            tags[key] = unescape(value) if "\\" in value else value
        rest = rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
        rest = rest.lstrip(" ")
    head, colon, last = rest.partition(" :")
    words = [word for word in head.split(" ") if word]
    if not words:
        return None
    if colon:
        words.append(last)
    return Line(tags, source, words[0].upper(), tuple(words[1:]))


def unescape(value: str) -> str:
    """A tag's value as it was meant; a lone backslash at the end is dropped."""
    return ESCAPED.sub(lambda match: MEANT.get(match[1], match[1]), value)


def without_emotes(text: str, emotes: str) -> str:
    """Text without its emotes, `id:first-last,…/…` in code points; a text of emotes alone stays as it is."""
    spans: list[tuple[int, int]] = []
    for emote in emotes.split("/"):
        for span in emote.rpartition(":")[2].split(","):
            first, _, last = span.partition("-")
            if first.isdecimal() and last.isdecimal() and len(last) < 6 and int(first) <= int(last) < len(text):
                spans.append((int(first), int(last) + 1))
    left = text
    for start, end in sorted(spans, reverse=True):
        left = left[:start] + " " + left[end:]
    return single_line(left) or text


class Twitch(Adapter):
    """One channel's chat."""

    platform = "twitch"
    Settings = TwitchSettings
    silence = 330

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._login = Login(settings)

    @property
    def channel(self) -> str:
        """The channel, in the lower case that JOIN needs."""
        return str(self.settings.channel).strip().lstrip("#").lower()

    @property
    def place(self) -> str:
        """The channel."""
        return self.channel

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """twitch.tv/name, with or without what stands around it."""
        match = LINK.fullmatch(link)
        if match is None or match[1].lower() in NOT_CHANNELS:
            return None
        return {"channel": match[1].lower()}

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """Comments and deletions of a frame, which may hold several lines."""
        text = frame.text or ""
        if not text or text.startswith("{"):
            yield from from_event(payload(frame), frame.history)
            return
        for one in text.split("\n"):
            line = parse(one)
            if line is not None:
                yield from _decoded(line, frame.history)

    async def run(self, ear: Ear) -> None:
        """Listen to the channel until the line breaks; IRC does not say when a stream ends, EventSub does."""
        if self.settings.transport == "eventsub":
            await listen_eventsub(self.settings, self.channel, self._login, ear)
            return
        async with opened(self.settings.url, "Twitch", ping_interval=None) as socket:
            await socket.send("CAP REQ :twitch.tv/tags twitch.tv/commands")
            await socket.send(f"NICK justinfan{random.randint(10_000, 99_999)}")  # noqa: S311 - a guest's name
            await socket.send(f"JOIN #{self.channel}")
            await self._listen(socket, ear)

    async def _listen(self, socket: ClientConnection, ear: Ear) -> None:
        joined = asked = False
        while True:
            wait = self.settings.quiet if joined and not asked else self.settings.patience
            try:
                text = await received(socket, wait, "Twitch")
            except Silent:
                if not joined:
                    raise AdapterError(f"Twitch does not let us into #{self.channel}: is the name right?") from None
                if asked:
                    raise AdapterError("Twitch says nothing, not even to a ping") from None
                asked = True
                await socket.send("PING :livesell")
                continue
            asked = False
            ear.beat()
            farewell: AdapterError | None = None
            for line in filter(None, (parse(part) for part in text.split("\n"))):
                last = line.params[-1] if line.params else ""
                if line.verb == "PING":
                    await socket.send(f"PONG :{last or 'tmi.twitch.tv'}")
                elif line.verb == "RECONNECT":
                    farewell = AdapterError("Twitch asks to connect anew", retry_after=0)
                elif line.verb == "JOIN" and not joined:
                    joined = True
                    await ear.tell(Status("live"))
                elif line.verb == "NOTICE":
                    farewell = _farewell(line, last) or farewell
            await ear.hear(Frame(text=text, at=datetime.now(UTC)))
            if farewell is not None:
                raise farewell


def _farewell(line: Line, words: str) -> AdapterError | None:
    if line.tags.get("msg-id") in ("msg_channel_suspended", "msg_banned", "tos_ban"):
        return AdapterError(f"Twitch: {clean(words)}", permanent=True)
    if line.params[:1] == ("*",) and "auth" in words.lower():
        return AdapterError(f"Twitch does not take our guest name ({clean(words)})", permanent=True)
    return None


def _decoded(line: Line, history: bool) -> Iterator[Decoded]:
    tags = line.tags
    if line.verb == "PRIVMSG" or line.verb == "USERNOTICE":
        comment = _comment(line, history)
        if comment is not None:
            yield comment
    elif line.verb == "CLEARMSG" and ident(tags.get("target-msg-id")):
        yield Deleted(TWITCH, ids=(MessageId(ident(tags["target-msg-id"])),))
    elif line.verb == "CLEARCHAT" and ident(tags.get("target-user-id")):
        yield Deleted(TWITCH, author_ids=(AuthorId(ident(tags["target-user-id"])),))


def _comment(line: Line, history: bool) -> Comment | None:
    tags = line.tags
    message = ident(tags.get("id"))
    if len(line.params) < 2 or not message:
        return None
    room = tags.get("room-id")
    if tags.get("source-room-id", room) != room:
        return None  # shared chat: written in another channel
    text = line.params[1]
    if text.startswith("\x01ACTION "):
        text = text[8:].rstrip("\x01")
    emotes = tags.get("emotes")
    text = clean(without_emotes(text, emotes) if emotes else text)
    if not text.strip():
        return None
    author = ident(tags.get("user-id"))
    name = tags.get("display-name", "").strip() or tags.get("login") or line.source.partition("!")[0]
    return Comment(
        platform=TWITCH,
        id=MessageId(message),
        author_id=AuthorId(author) if author else None,
        author=clean(name) or "twitch user",
        text=text,
        sent_at=since_1970(tags.get("tmi-sent-ts"), 1_000),
        history=history or tags.get("historical") == "1",
        role=_role(tags.get("badges", "")),
    )


def _role(badges: str) -> Role:
    if "broadcaster/" in badges:
        return "seller"
    return "moderator" if "moderator/" in badges else "viewer"
