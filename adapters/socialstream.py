"""Social Stream Ninja, which relays the chats of a hundred sites: posted to us (preferred) or by its WebSocket.

Its text is HTML of strangers, its own ids start anew with the extension: the site's message id is used where it is
passed on, else the comment is named by who wrote what within three seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from livesell.adapter import Adapter, Answer, Decoded, Ear, Frame, Hook, Settings, Status
from livesell.model import AuthorId, Comment, Deleted, MessageId, Platform, Role

from ._fields import ident, parsed, payload, rows, since_1970, single_line, table, whole, words
from ._html import plain
from ._socket import opened

LINK = re.compile(r"(?:https?://)?(?:\w+\.)?socialstream\.ninja/[^?#]*\?(?:[^#]*&)?session=([\w-]{3,100})(?:[&#].*)?")
SITES = {"youtubeshorts": "youtube", "instagramlive": "instagram", "facebooklive": "facebook", "tiktoklive": "tiktok"}
WINDOW = timedelta(seconds=3)
REMEMBERED = 2_000
"""Messages that a deletion may name by the extension's own number, and people that it may name."""


def decoded(row: Mapping[str, Any], frame: Frame) -> Iterator[Decoded]:
    """A message of the relay; notes of events, counters and commands are left out, a donation's words are not."""
    gone = table(row, "delete")
    if gone and (message := _site_id(gone)):
        yield Deleted(_site(gone), (MessageId(message),))
    elif gone and (person := ident(gone.get("userid"))):
        yield Deleted(_site(gone), author_ids=(AuthorId(person),))
    name, text, who = _said(row)
    donation = bool(words(row.get("hasDonation")).strip())
    if not name or not text or row.get("bot") is True or (row.get("event") and not donation):
        return
    site = _site(row)
    role: Role = "moderator" if row.get("moderator") is True or row.get("admin") is True else "viewer"
    sent = whole(row.get("timestamp"))
    yield Comment(
        platform=site,
        id=MessageId(_site_id(row) or _made_id(row, site, who, text, frame)),
        author_id=AuthorId(who),
        author=name,
        text=text,
        sent_at=since_1970(sent, 1_000 if sent and sent > 10**11 else 1),
        history=frame.history or row.get("initial") is True,
        role=role,
    )


def _said(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, text and author id; without one of the site's the name stands for the person."""
    typed = row.get("textonly") is True
    written, text = single_line(words(row.get("chatname"))), words(row.get("chatmessage"))
    name = written if typed else plain(written)
    who = ident(row.get("userid")) or f"name:{name or written}"[:200]
    # A name that is nothing but markup still names somebody who wrote.
    shown = name or (f"{_site(row)} user" if written else "")
    return shown, single_line(text) if typed else plain(text), who


def _site(row: Mapping[str, Any]) -> Platform:
    name = words(row.get("type")).strip().lower()[:64]
    return Platform(SITES.get(name, name) or "socialstream")


def _site_id(row: Mapping[str, Any]) -> str:
    return ident(table(row, "meta").get("messageId"))


def _made_id(row: Mapping[str, Any], site: str, who: str, text: str, frame: Frame) -> str:
    """An id for a message without one: the same for a second delivery, another for the same words later."""
    moment = ident(row.get("timestamp"))
    if not moment and frame.at is not None:
        moment = str(int(frame.at.timestamp() // WINDOW.total_seconds()))
    seed = json.dumps([site, who, text, moment or ident(row.get("id"))])
    return "ssn-" + hashlib.sha256(seed.encode()).hexdigest()[:24]


class SocialStreamSettings(Settings, frozen=True, kw_only=True):
    """`session`: for the WebSocket; it is a secret, whoever knows it can write. Without it, messages are posted."""

    session: str = ""
    url: str = "wss://io.socialstream.ninja"


class SocialStream(Adapter):
    """One session of the relay."""

    platform = "socialstream"
    relay = True
    Settings = SocialStreamSettings

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._recent: dict[tuple[str, str, str], datetime] = {}
        self._numbers: dict[tuple[str, str], str] = {}
        self._people: dict[tuple[str, str], str] = {}

    @property
    def place(self) -> str:
        """The session, without giving it away."""
        session = str(self.settings.session)
        return f"session {hashlib.sha256(session.encode()).hexdigest()[:8]}" if session else "posted messages"

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """Any address of the relay's pages with its session."""
        match = LINK.fullmatch(link)
        return {"session": match[1]} if match else None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The messages of a frame, one or a batch."""
        body = payload(frame)
        for row in rows(body if isinstance(body, list) else [body]):
            yield from decoded(row, frame)

    def receive(self, hook: Hook) -> Answer:
        """A message, or a batch, as its setting "post" sends them."""
        if hook.method != "POST":
            return Answer(405, "post messages here")
        body = parsed(hook.body)
        if body is None:
            return Answer(400, "the body is not JSON")
        return Answer(200, frames=tuple(self._frames(body, hook.now)))

    async def run(self, ear: Ear) -> None:
        """Join the session's chat; without a session, wait for what is posted."""
        if not self.settings.session:
            await ear.tell(Status("live"))
            await asyncio.Event().wait()
        async with opened(self.settings.url, "Social Stream") as socket:
            await socket.send(json.dumps({"join": self.settings.session, "in": 4, "out": 3}))
            await ear.tell(Status("live"))
            while True:
                data = await socket.recv()
                ear.beat()
                text = data if isinstance(data, str) else data.decode("utf-8", "replace")
                for frame in self._frames(payload(Frame(text=text)), datetime.now(UTC)):
                    await ear.hear(frame)

    def _frames(self, body: Any, now: datetime) -> Iterator[Frame]:
        """A frame for each message; one that was heard within the window keeps the time of the first."""
        for row in rows(body if isinstance(body, list) else [body]):
            if gone := table(row, "delete"):
                yield Frame(json={**row, "delete": self._meant(gone)}, at=now, transport="relay")
                continue
            name, text, who = _said(row)
            site = _site(row)
            for old in [one for one, at in self._recent.items() if now - at > WINDOW]:
                del self._recent[old]
            frame = Frame(json=row, at=self._recent.setdefault((site, who, text), now), transport="relay")
            if name and text:
                message = _site_id(row) or _made_id(row, site, who, text, frame)
                _remember(self._numbers, (site, ident(row.get("id"))), message)
                _remember(self._people, (site, name), who)
            yield frame

    def _meant(self, gone: Mapping[str, Any]) -> dict[str, Any]:
        """A deletion with the message's or the person's id in it, where only the relay's number or a name was said."""
        site, number = _site(gone), ident(gone.get("id"))
        if _site_id(gone) or ident(gone.get("userid")):
            return dict(gone)
        if number:
            message = self._numbers.get((site, number))
            return {**gone, "meta": {"messageId": message}} if message else dict(gone)
        person = self._people.get((site, plain(words(gone.get("chatname")))))
        return {**gone, "userid": person} if person else dict(gone)


def _remember(kept: dict[tuple[str, str], str], key: tuple[str, str], value: str) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > REMEMBERED:
        del kept[next(iter(kept))]
