"""Twitch chat, read anonymously: IRC over WebSocket, no account and no key.

Protocol: dev.twitch.tv/docs/chat/irc. Positions of emotes count Unicode code points; tags are escaped as IRCv3 says.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status, clean
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, MessageId, Platform, Role, Struct

TWITCH = Platform("twitch")
LINK = re.compile(r"(?:https?://)?(?:www\.|m\.)?twitch\.tv/(?:popout/)?(\w{1,25})(?:[/?#].*)?$", re.IGNORECASE)
NOT_CHANNELS = frozenset(
    {"directory", "videos", "settings", "subscriptions", "p", "downloads", "jobs", "turbo", "store"}
)
UNESCAPED = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class TwitchSettings(Settings, frozen=True, kw_only=True):
    """`channel`: the name in the address. `url`: the server, for tests. `silence`: seconds before a PING."""

    channel: str
    url: str = "wss://irc-ws.chat.twitch.tv:443"
    silence: float = 300


class Line(Struct, frozen=True):
    """One IRC message."""

    tags: Mapping[str, str]
    nick: str
    verb: str
    params: tuple[str, ...]


def parse(line: str) -> Line | None:
    """An IRC line in parts, None where it has no verb."""
    tags: dict[str, str] = {}
    nick = ""
    rest = line.strip("\r\n").lstrip(" ")
    if rest.startswith("@"):
        raw, _, rest = rest[1:].partition(" ")
        for tag in raw.split(";"):
            key, _, value = tag.partition("=")
            tags[key] = unescape(value)
        rest = rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
        nick = source.partition("!")[0]
        rest = rest.lstrip(" ")
    head, colon, last = rest.partition(" :") if not rest.startswith(":") else ("", ":", rest[1:])
    words = head.split()
    if not words:
        return None
    return Line(tags, nick, words[0].upper(), (*words[1:], *((last,) if colon else ())))


def unescape(value: str) -> str:
    """A tag's value as it was meant; a lone backslash at the end is dropped."""
    if "\\" not in value:
        return value
    return re.sub(r"\\(.?)", lambda match: UNESCAPED.get(match[1], match[1]), value, flags=re.DOTALL)


def without_emotes(text: str, emotes: str) -> str:
    """Text without its emotes, `id:first-last,…/…` in code points; what does not fit the text is left alone."""
    spans: list[tuple[int, int]] = []
    for emote in filter(None, emotes.split("/")):
        for span in emote.partition(":")[2].split(","):
            first, _, last = span.partition("-")
            if first.isdecimal() and last.isdecimal() and int(first) <= int(last) < len(text):
                spans.append((int(first), int(last) + 1))
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + " " + text[end:]
    return " ".join(text.split()) if spans else text


class Twitch(Adapter):
    """One channel's chat."""

    platform = "twitch"
    Settings = TwitchSettings

    @property
    def channel(self) -> str:
        """The channel, in the lower case that JOIN needs."""
        return str(self.settings.channel).lstrip("#").lower()

    @property
    def place(self) -> str:
        """The channel."""
        return self.channel

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """twitch.tv/name, with or without what stands around it."""
        match = LINK.match(link.strip())
        if match is None or match[1].lower() in NOT_CHANNELS:
            return None
        return {"channel": match[1].lower()}

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """Comments and deletions of a frame, which may hold several lines."""
        for text in (frame.text or "").split("\n"):
            line = parse(text)
            if line is not None:
                yield from _decoded(line)

    async def run(self, ear: Ear) -> None:
        """Join the channel and listen until the line breaks."""
        try:
            async with connect(self.settings.url, max_size=1 << 20, open_timeout=10, ping_interval=None) as socket:
                await socket.send("CAP REQ :twitch.tv/tags twitch.tv/commands")
                await socket.send(f"NICK justinfan{random.randint(10_000, 99_999)}")  # noqa: S311 - a guest's name
                await socket.send(f"JOIN #{self.channel}")
                await self._listen(socket, ear)
        except ConnectionClosed as error:
            raise AdapterError(
                f"Twitch closed the line ({error.rcvd.code if error.rcvd else 'no reason given'})"
            ) from None
        except InvalidURI:
            raise AdapterError(f"'{self.settings.url}' is not a WebSocket address", permanent=True) from None
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise AdapterError(f"Twitch cannot be reached ({type(error).__name__})") from None

    async def _listen(self, socket: ClientConnection, ear: Ear) -> None:
        joined = asked = False
        while True:
            try:
                data = await asyncio.wait_for(socket.recv(), 10 if asked else self.settings.silence)
            except TimeoutError:
                if asked:
                    raise AdapterError("Twitch says nothing, not even to a ping") from None
                asked = True
                await socket.send("PING :livesell")
                continue
            asked = False
            ear.beat()
            text = data if isinstance(data, str) else data.decode("utf-8", "replace")
            for line in filter(None, (parse(part) for part in text.split("\n"))):
                if line.verb == "PING":
                    await socket.send(f"PONG :{line.params[-1] if line.params else 'tmi.twitch.tv'}")
                elif line.verb == "RECONNECT":
                    raise AdapterError("Twitch asks to connect anew", retry_after=0)
                elif line.verb == "JOIN" and not joined:
                    joined = True
                    await ear.tell(Status("live"))
                elif line.verb == "NOTICE" and line.tags.get("msg-id") in ("msg_channel_suspended", "msg_banned"):
                    raise AdapterError(f"Twitch: {line.params[-1]}", permanent=True)
            await ear.hear(Frame(text=text, at=datetime.now(UTC)))


def _decoded(line: Line) -> Iterator[Decoded]:
    tags = line.tags
    if line.verb in ("PRIVMSG", "USERNOTICE") and len(line.params) == 2 and tags.get("id"):
        if tags.get("source-room-id", tags.get("room-id")) != tags.get("room-id"):
            return  # shared chat: written in another channel
        text = line.params[1]
        if text.startswith("\x01ACTION "):
            text = text[8:].rstrip("\x01")
        login = tags.get("login") or line.nick
        read = clean(without_emotes(text, tags.get("emotes", "")))
        if read.strip():
            yield Comment(
                platform=TWITCH,
                id=MessageId(clean(tags["id"])),
                author_id=AuthorId(clean(tags["user-id"])) if tags.get("user-id") else None,
                author=clean(tags.get("display-name") or login) or "twitch user",
                text=read,
                sent_at=_time(tags.get("tmi-sent-ts")),
                role=_role(tags.get("badges", "")),
            )
    elif line.verb == "CLEARMSG" and tags.get("target-msg-id"):
        yield Deleted(TWITCH, ids=(MessageId(clean(tags["target-msg-id"])),))
    elif line.verb == "CLEARCHAT" and tags.get("target-user-id"):
        yield Deleted(TWITCH, author_ids=(AuthorId(clean(tags["target-user-id"])),))


def _role(badges: str) -> Role:
    held = {badge.partition("/")[0] for badge in badges.split(",")}
    return "seller" if "broadcaster" in held else "moderator" if "moderator" in held else "viewer"


def _time(millis: str | None) -> datetime | None:
    if not millis or not millis.isdecimal() or len(millis) > 15:
        return None
    try:
        return datetime.fromtimestamp(int(millis) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
