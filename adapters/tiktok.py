"""TikTok LIVE, which has no official interface: by the TikTokLive client, Euler Stream, or a relay on this machine.

Binary frames are webcast protobuf (`_webcast.py`), JSON frames what Euler and relays make of it. Gifts are no orders.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status, clean
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform, Role

from ._fields import ident, letters, payload, rows, since_1970, table, whole, words
from ._socket import opened
from ._tiktoklive import listen
from ._webcast import webcast

TIKTOK = Platform("tiktok")
LINK = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?tiktok\.com/@([\w.]{2,24})(?:/live)?/?(?:[?#].*)?|@([\w.]{2,24})", re.ASCII
)
LARGEST = 16 << 20
GZIP = b"\x1f\x8b"
ENDED = {3: "the live is over", 4: "TikTok has stopped the live"}
CHATS = frozenset(["chat", "comment", "webcastchatmessage"])
DELETES = frozenset(["delete", "imdelete", "webcastimdeletemessage"])
CONTROLS = frozenset(["control", "streamend", "webcastcontrolmessage"])


# --- decoding -------------------------------------------------------------------------------------------------------


def from_wire(data: bytes, history: bool) -> Iterator[Decoded]:
    """What a push frame, or the result in one, contains; nothing for one that is cut off."""
    kinds = webcast()
    result = result_of(data)
    if result is None:
        return
    history = history or result.is_first
    for message in result.messages:
        name = message.method
        if name == b"WebcastChatMessage":
            chat = _parsed(kinds.Chat, message.payload)
            if chat is not None:
                yield from _chat(chat, message.msg_id, history or message.is_history)
        elif name == b"WebcastImDeleteMessage":
            gone = _parsed(kinds.Delete, message.payload)
            if gone is not None:
                yield from _deleted(gone.ids, gone.user_ids)
        elif name == b"WebcastControlMessage":
            control = _parsed(kinds.Control, message.payload)
            if control is not None and control.action in ENDED:
                yield Ended(ENDED[control.action])


def result_of(data: bytes) -> Any | None:
    """The result that a push frame carries, or that the bytes are; None where there is none in them."""
    kinds = webcast()
    frame = _parsed(kinds.PushFrame, data)
    if frame is not None and frame.payload:
        if frame.payload_type and frame.payload_type != b"msg":
            return None
        data = frame.payload
        if data[:2] == GZIP or any(one.key == b"compress_type" and one.value == b"gzip" for one in frame.headers):
            unpacked = _gunzip(data)
            if unpacked is None:
                return None
            data = unpacked
    return _parsed(kinds.FetchResult, data)


def _gunzip(data: bytes) -> bytes | None:
    packed = zlib.decompressobj(wbits=31)
    try:
        unpacked = packed.decompress(data, LARGEST)
    except zlib.error:
        return None
    return unpacked if packed.eof else None


def _parsed(kind: Any, data: bytes) -> Any | None:
    try:
        return kind.FromString(data)
    except webcast().DecodeError:
        return None


def _chat(chat: Any, outer: int, history: bool) -> Iterator[Comment]:
    text = letters(chat.content)
    message = chat.common.msg_id or outer
    if not message or not text.strip():
        return
    user, identity = chat.user, chat.user_identity
    yield Comment(
        platform=TIKTOK,
        id=MessageId(str(message)),
        author_id=AuthorId(str(user.id)) if user.id else None,
        author=letters(user.nickname).strip() or letters(user.display_id).strip() or "tiktok user",
        text=text,
        sent_at=_time(chat.common.create_time),
        history=history,
        role="seller" if identity.is_anchor else "moderator" if identity.is_moderator else "viewer",
    )


def _time(count: int | None) -> datetime | None:
    # Milliseconds, but seconds from some relays; 10^11 seconds are the year 5138.
    return since_1970(count, 1_000 if count and count > 10**11 else 1)


def _deleted(ids: Iterable[Any], user_ids: Iterable[Any]) -> Iterator[Deleted]:
    messages = tuple(MessageId(one) for one in map(ident, ids) if one not in ("", "0"))
    authors = tuple(AuthorId(one) for one in map(ident, user_ids) if one not in ("", "0"))
    if messages or authors:
        yield Deleted(TIKTOK, messages, authors)


def from_json(value: Any, history: bool) -> Iterator[Decoded]:
    """What relays send: one event, a list of them, or {"messages": […]}; each {type, data} or bare."""
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    for row in rows(value if isinstance(value, list) else [value]):
        name = words(row.get("type") or row.get("method") or row.get("event")).lower()
        data = next((row[key] for key in ("data", "decodedData") if isinstance(row.get(key), dict)), row)
        text = words(data.get("comment")) or words(data.get("content"))
        if name in DELETES:
            yield from _deleted(
                _list(data, "deleteMsgIds", "delete_msg_ids"), _list(data, "deleteUserIds", "delete_user_ids")
            )
        elif name in CONTROLS:
            action = whole(data.get("action"))
            if action in ENDED or name == "streamend":
                yield Ended(ENDED.get(action or 3, ENDED[3]))
        elif text.strip() and (name in CHATS or not name):
            yield from _relayed(data, text, history)


def _relayed(data: Mapping[str, Any], text: str, history: bool) -> Iterator[Comment]:
    common, user = table(data, "common"), table(data, "user")
    message = ident(_first(data, common, "msgId", "msg_id"))
    if not message:
        return
    author = ident(_first(data, user, "userId", "user_id", "id"))
    handle = words(_first(data, user, "uniqueId", "displayId", "display_id", "unique_id"))
    identity = table(data, "userIdentity")
    role: Role = "viewer"
    if identity.get("isAnchor") is True:
        role = "seller"
    elif identity.get("isModeratorOfAnchor") is True or data.get("isModerator") is True:
        role = "moderator"
    yield Comment(
        platform=TIKTOK,
        id=MessageId(message),
        author_id=AuthorId(author) if author and author != "0" else None,
        author=words(_first(data, user, "nickname")).strip() or handle.strip() or "tiktok user",
        text=text,
        sent_at=_time(whole(_first(data, common, "createTime", "create_time"))),
        history=history or data.get("isHistory") is True,
        role=role,
    )


def _first(outer: Mapping[str, Any], inner: Mapping[str, Any], *keys: str) -> Any:
    """The first of some keys that has a value: in the inner object as the wire nests it, or flat as relays have it."""
    for source in (inner, outer):
        for key in keys:
            if source.get(key) not in (None, ""):
                return source[key]
    return None


def _list(data: Mapping[str, Any], *keys: str) -> list[Any]:
    return next((data[key] for key in keys if isinstance(data.get(key), list)), [])


# --- listening ------------------------------------------------------------------------------------------------------


class TikTokSettings(Settings, frozen=True, kw_only=True):
    """`user`: the handle, with or without @. `transport`: "tiktoklive" needs the extra, "euler" needs a key, "relay" a
    program on this machine that says TikTok's events by WebSocket.

    `key`: of Euler Stream; TikTokLive works without one for a few connections a day. `look_again`: seconds between
    looks while the live is not on. `room_id` spares the look at TikTok's pages. Addresses are for mirrors and tests.
    """

    user: str
    transport: Literal["tiktoklive", "euler", "relay"] = "tiktoklive"
    key: str = ""
    look_again: float = 20
    room_id: str = ""
    sign_url: str = "https://api.eulerstream.com"
    euler_url: str = "wss://ws.eulerstream.com"
    relay_url: str = "ws://127.0.0.1:21213/"
    web_url: str = "https://www.tiktok.com"
    webcast_url: str = "https://webcast.tiktok.com/webcast"


class TikTok(Adapter):
    """One host's LIVE."""

    platform = "tiktok"
    Settings = TikTokSettings
    silence = 90  # the number of viewers alone comes every few seconds

    @property
    def user(self) -> str:
        """The handle without @."""
        return str(self.settings.user).strip().lstrip("@").lower()

    @property
    def place(self) -> str:
        """The handle."""
        return f"@{self.user}"

    @property
    def handles(self) -> frozenset[str]:
        """The handle, as viewers type it."""
        return frozenset([self.user])

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """tiktok.com/@name, also with /live, or @name alone."""
        match = LINK.fullmatch(link)
        return {"user": match[1] or match[2]} if match else None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """Comments, deletions and the end of a webcast frame or of a relay's event."""
        if frame.data is not None and frame.data[:1] not in (b"{", b"["):
            return from_wire(frame.data, frame.history)
        return from_json(payload(frame), frame.history)

    async def run(self, ear: Ear) -> None:
        """Wait for the live, listen to its end."""
        while True:
            if self.settings.transport == "euler":
                over = await self._euler(ear)
            elif self.settings.transport == "relay":
                over = await self._relay(ear)
            else:
                over = await listen(self.settings, self.user, ear, self._heard)
            if over:
                return
            again = datetime.now(UTC) + timedelta(seconds=self.settings.look_again)
            await ear.tell(Status("waiting", f"{self.place} is not live", again))
            await asyncio.sleep(self.settings.look_again)

    async def _heard(self, ear: Ear, frame: Frame) -> bool:
        """Whether the live ended with this frame."""
        await ear.hear(frame)
        return any(isinstance(item, Ended) for item in self.decode(frame))

    # --- a relay ---------------------------------------------------------------------------------------------------

    async def _relay(self, ear: Ear) -> bool:
        """Listen to TikFinity or another that says {"event", "data"}; it connects to TikTok and waits by itself."""
        async with opened(self.settings.relay_url, "the TikTok relay") as socket:
            await ear.tell(Status("waiting", "the relay is there and has said nothing yet"))
            async for data in socket:
                await ear.tell(Status("live"))
                text, raw = (data, None) if isinstance(data, str) else (None, data)
                if await self._heard(ear, Frame(text=text, data=raw, at=datetime.now(UTC), transport="relay")):
                    return True
            raise AdapterError("the TikTok relay closed the line")

    # --- Euler Stream's WebSocket ---------------------------------------------------------------------------------

    async def _euler(self, ear: Ear) -> bool:
        options = {
            "uniqueId": self.user,
            "apiKey": self.settings.key,
            "features.bundleEvents": "true",
            "features.rawMessages": "false",
            "features.schemaVersion": "v2",
            "features.includeRawBytes": "false",
        }
        try:
            async with opened(
                f"{self.settings.euler_url}?{urlencode(options)}", "Euler Stream", closed=_closed
            ) as socket:
                async for data in socket:
                    await ear.tell(Status("live"))
                    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
                    if await self._heard(ear, Frame(text=text, at=datetime.now(UTC), transport="euler")):
                        return True
                raise _closed(socket.close_code, socket.close_reason or "")
        except _NotLive:
            return False
        except _Over:
            await ear.take([Ended(ENDED[3])])
            return True


class _NotLive(AdapterError):
    """The live is not on."""


class _Over(AdapterError):
    """The live is over."""


def _closed(code: int | None, reason: str) -> AdapterError:
    """What Euler Stream's close codes ask for."""
    if code == 4404:
        return _NotLive("not live")
    if code == 4005:
        return _Over("over")
    if code in (4400, 4401, 4403):
        words_ = {
            4400: "does not know these options",
            4401: "does not take the key",
            4403: "does not allow this account",
        }
        return AdapterError(f"Euler Stream {words_[code]} ({code}): set `key` to one of your account", permanent=True)
    if code == 4429:
        return AdapterError("Euler Stream: too many connections with this key", retry_after=300)
    return AdapterError(
        f"Euler Stream closed the line ({f'{code} {clean(reason)}'.strip() if code else 'no reason given'})"
    )
