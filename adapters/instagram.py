"""Instagram Live: the `live_comments` webhook, which Meta posts only while a professional account is live."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from livesell.adapter import Adapter, Answer, Decoded, Ear, Frame, Hook, Settings, Status
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, MessageId, Platform

from ._fields import ident, payload, rows, since_1970, table, words
from ._meta import received

INSTAGRAM = Platform("instagram")
LINK = re.compile(r"(?:https?://)?(?:www\.)?instagram\.com/([\w.]{1,30})(?:/live/?\d*)?/?(?:[?#].*)?", re.ASCII)
NOT_ACCOUNTS = frozenset(["p", "reel", "reels", "explore", "accounts", "stories", "direct", "tv", "live"])


def values(body: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Each comment with its account and time, in the three shapes that Meta sends.

    As documented for all webhooks (entry, changes), with field and value in the entry itself, and bare.
    """
    if not isinstance(body.get("entry"), list):
        yield dict(body), "", body.get("time")
        return
    for entry in rows(body["entry"]):
        account, time = ident(entry.get("id")), entry.get("time")
        for change in rows(entry["changes"]) if isinstance(entry.get("changes"), list) else rows([entry]):
            if change.get("field") == "live_comments":
                yield table(change, "value"), account, time


def comment(value: Mapping[str, Any], account: str, time: Any, history: bool) -> Iterator[Comment]:
    """A comment of a live, without an author where Meta leaves it out (its test button does)."""
    message, text = ident(value.get("id")), words(value.get("text"))
    if not message or not text.strip():
        return
    author = table(value, "from")
    who = ident(author.get("id"))
    own = bool(who) and (who == account or "self_ig_scoped_id" in author)
    yield Comment(
        platform=INSTAGRAM,
        id=MessageId(message),
        author_id=AuthorId(who) if who else None,
        author=words(author.get("username")).strip() or "instagram user",
        text=text,
        sent_at=since_1970(time),
        history=history,
        role="seller" if own else "viewer",
    )


class InstagramSettings(Settings, frozen=True, kw_only=True):
    """`account`: the professional account. `app_secret` and `verify_token`: of the app that its webhook belongs to."""

    account: str
    app_secret: str = ""
    verify_token: str = ""


class Instagram(Adapter):
    """One account's lives."""

    platform = "instagram"
    Settings = InstagramSettings
    signed = True
    needs = ("app_secret", "verify_token")

    @property
    def place(self) -> str:
        """The account."""
        return str(self.settings.account).lower()

    @property
    def handles(self) -> frozenset[str]:
        """The account, as viewers type it."""
        return frozenset([self.place])

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """An account's address."""
        match = LINK.fullmatch(link)
        return {"account": match[1]} if match and match[1] not in NOT_ACCOUNTS else None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The live comments of a webhook's body."""
        body = payload(frame)
        if isinstance(body, dict):
            for value, account, time in values(body):
                yield from comment(value, account, time, frame.history)

    def receive(self, hook: Hook) -> Answer:
        """Meta's hello, or a signed body."""
        secrets = self.settings
        return received(hook, app_secret=secrets.app_secret, verify_token=secrets.verify_token, about="instagram")

    async def run(self, ear: Ear) -> None:
        """Wait: Meta posts."""
        if not self.settings.app_secret:
            needed = "the app's secret (`app_secret`, from developers.facebook.com)"
            raise AdapterError(f"Instagram needs {needed} to prove what it posts", permanent=True)
        await ear.tell(Status("live"))
        await asyncio.Event().wait()
