"""Twitch chat: read anonymously by IRC over WebSocket, no account and no key, or with a login by EventSub.

IRC: dev.twitch.tv/docs/chat/irc. Positions of emotes count Unicode code points; tags are escaped as IRCv3 says.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from websockets.asyncio.client import ClientConnection

from livesell.adapter import MOST_ID, Adapter, Decoded, Ear, Frame, Settings, Status, clean
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, MessageId, Platform, Role

from ._eventsub import Login, answered, from_event
from ._eventsub import listen as listen_eventsub
from ._fields import ident, payload, single_line
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


class Line(NamedTuple):
    """One IRC message."""

    tags: Mapping[str, str]
    source: str
    verb: str
    params: list[str]


USUAL = re.compile(
    r"@badge-info=[^;]*+;badges=([^;]*+);(?:[^;]*+;)*?display-name=([^;]++);emotes=([^;]*+);(?:[^;]*+;)*?id=([^;]++);"
    r"(?:[^;]*+;)*?room-id=[^;]*+;subscriber=[^;]*+;tmi-sent-ts=([0-9]++);(?:[^;]*+;)*?user-id=([0-9]++)"
    r"(?:;user-type=[^; ]*+)?+ :[^ ]++ PRIVMSG #[^ ]++ :([^\r]++)\r*+$"
)
"""A PRIVMSG as nearly all are: tags in their order, none of a shared chat among them, nothing to backtrack in."""
NO_TAGS: Mapping[str, str] = {}


def parse(line: str) -> Line | None:
    """An IRC line in parts, None where it has no verb; several spaces separate as one does."""
    tags = NO_TAGS
    source = ""
    rest = line.rstrip("\r\n").lstrip(" ")
    if rest[:1] == "@":
        raw, _, rest = rest[1:].partition(" ")
        tags = {key: value for key, _, value in [tag.partition("=") for tag in raw.split(";")]}
        if "\\" in raw:
            tags = {key: unescape(value) if "\\" in value else value for key, value in tags.items()}
        rest = rest.lstrip(" ")
    if rest[:1] == ":":
        source, _, rest = rest[1:].partition(" ")
        rest = rest.lstrip(" ")
    head, colon, last = rest.partition(" :")
    words = head.split(" ")
    if "" in words:
        words = [word for word in words if word]
    if not words:
        return None
    verb = words.pop(0)
    if colon:
        words.append(last)
    return Line(tags, source, verb.upper(), words)


def unescape(value: str) -> str:
    """A tag's value as it was meant; a lone backslash at the end is dropped."""
    return ESCAPED.sub(lambda match: MEANT.get(match[1], match[1]), value)


def said(text: str, emotes: str) -> str:
    """What was said, without its emotes (`id:first-last,…/…` in code points) and /me; of emotes alone all of it."""
    if text.startswith("\x01ACTION "):
        text = text[8:].rstrip("\x01")
    if not emotes:
        return text
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

    @property
    def handles(self) -> frozenset[str]:
        """The channel, as viewers type it."""
        return frozenset([self.channel])

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
        if not text or text[0] == "{":
            return from_event(payload(frame), frame.history)
        history = frame.history
        lines = clean(text).split("\n")
        return [item for line in lines if (item := usual(line, history) or decoded(line, history)) is not None]

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
    if line.params[:1] == ["*"] and "auth" in words.lower():
        return AdapterError(f"Twitch does not take our guest name ({clean(words)})", permanent=True)
    return None


def decoded(line: str, history: bool) -> Decoded | None:
    """What a line of clean text says, whatever it is."""
    parts = parse(line)
    if parts is None:
        return None
    tags, source, verb, params = parts
    if (verb == "PRIVMSG" or verb == "USERNOTICE") and len(params) > 1:
        get = tags.get
        if get("source-room-id", get("room-id")) != get("room-id"):
            return None  # shared chat: written in another channel
        name = get("display-name", "").strip() or get("login", "").strip() or source.partition("!")[0]
        text = said(params[1], get("emotes", ""))
        if get("reply-parent-user-id", "") == get("room-id"):
            text = answered(text)
        history = history or get("historical") == "1"
        role = _role(get("badges", ""))
        return _made(get("id", ""), get("user-id", ""), name, text, get("tmi-sent-ts", ""), history, role)
    if verb == "CLEARMSG" and (gone := ident(tags.get("target-msg-id"))):
        return Deleted(TWITCH, ids=(MessageId(gone),))
    if verb == "CLEARCHAT" and (gone := ident(tags.get("target-user-id"))):
        return Deleted(TWITCH, author_ids=(AuthorId(gone),))
    return None


def usual(line: str, history: bool) -> Comment | None:
    """What `decoded` makes of a PRIVMSG as nearly all are, at a third of its cost; None for any other line."""
    match = USUAL.match(line)
    if match is None or "\\" in line or "source-room-id=" in line or "reply-parent-user-id=" in line:
        return None
    badges, name, emotes, message, millis, who, text = match.groups()
    if line.find(" ") < match.end(6) or len(message) > MOST_ID or len(millis) > 14 or len(who) > MOST_ID:
        return None
    if emotes or text[0:1] == "\x01":
        text = said(text, emotes)
    if not text or text.isspace() or name.isspace():
        return None
    sent_at = datetime.fromtimestamp(int(millis) / 1000, UTC)
    role = _role(badges) if badges else "viewer"
    # The ids are their own types, made by a call; in this place two calls would cost as much as the Comment.
    return Comment(TWITCH, message, who, name, text, sent_at, history, role)  # type: ignore[arg-type]


def _made(message: str, who: str, name: str, text: str, millis: str, history: bool, role: Role) -> Comment | None:
    if not 0 < len(message) <= MOST_ID or not text or text.isspace():
        return None
    sent_at = None
    if millis.isascii() and millis.isdecimal() and len(millis) < 15:  # what a clock can show: up to the year 5138
        sent_at = datetime.fromtimestamp(int(millis) / 1000, UTC)
    author = AuthorId(who) if 0 < len(who) <= MOST_ID else None
    return Comment(TWITCH, MessageId(message), author, name or "twitch user", text, sent_at, history, role)


def _role(badges: str) -> Role:
    if "broadcaster/" in badges:
        return "seller"
    return "moderator" if "moderator/" in badges else "viewer"
