"""Restream's chat WebSocket: what is written on the sites that a broadcast is sent on to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, MessageId, Platform

from ._fields import ident, payload, since_1970, table, whole, words
from ._http import asking
from ._kept import OAuth
from ._socket import opened, received

SITES = {1: "discord", 2: "dlive", 4: "twitch", 5: "youtube", 7: "youtube", 8: "youtube"}
"""Where an event of a type was written; others carry the relay's name."""


def from_action(body: Mapping[str, Any], history: bool) -> Iterator[Comment]:
    """The comment of an event; connections, heartbeats and replies are left out."""
    event = table(body, "payload")
    said = table(event, "eventPayload")
    message, text = ident(event.get("eventIdentifier")), words(said.get("text"))
    if body.get("action") != "event" or not message or not text.strip():
        return
    author = table(said, "author")
    who = ident(author.get("id"))
    names = (words(author.get(key)).strip() for key in ("displayName", "name", "username"))
    site = Platform(SITES.get(whole(event.get("eventTypeId")) or 0, "restream"))
    time = whole(body.get("timestamp"))
    yield Comment(
        platform=site,
        id=MessageId(message),
        author_id=AuthorId(who) if who else None,
        author=next(filter(None, names), f"{site} user"),
        text=text,
        sent_at=since_1970(time, 1_000 if time and time > 10**11 else 1),
        history=history,
    )


class RestreamSettings(Settings, frozen=True, kw_only=True):
    """`token`: OAuth, good for an hour; with `client_id`, `client_secret` and `refresh` a new one is got by itself.

    `login`: the file that keeps the newest refresh token.
    """

    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh: str = ""
    login: Path | None = None
    quiet: float = 90
    url: str = "wss://chat.api.restream.io/ws"
    oauth_url: str = "https://api.restream.io/oauth/token"


class Restream(Adapter):
    """One account's chat."""

    platform = "restream"
    relay = True
    Settings = RestreamSettings

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._login = OAuth(settings)

    @property
    def place(self) -> str:
        """The account, which has one chat."""
        return self.settings.client_id or "the token's account"

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The comment of a message."""
        body = payload(frame)
        return from_action(body, frame.history) if isinstance(body, dict) else ()

    async def run(self, ear: Ear) -> None:
        """Connect with a token that is fresh, listen until the line breaks."""
        if self._login.refresh:
            async with asking("Restream") as http:
                await self._login.renew(http)
        token = self._login.token
        if not token:
            needed = "a `token`, or `refresh` with the `client_id` of an app (developers.restream.io)"
            raise AdapterError(f"Restream needs {needed}", permanent=True)
        async with opened(f"{self.settings.url}?{urlencode({'accessToken': token})}", "Restream") as socket:
            live = False
            while True:
                text = await received(socket, self.settings.quiet, "Restream")
                ear.beat()
                if not live:
                    live = True
                    await ear.tell(Status("live"))
                await ear.hear(Frame(text=text, at=datetime.now(UTC)))
