"""Shopee Live (experimental): the last ten seconds of comments, asked for every few; a longer pause is a gap.

Needs an app approved by Shopee's Open Platform. Signed by HMAC-SHA256 over partner, path, time, token and user.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from livesell.adapter import Adapter, Decoded, Ear, Frame, Gap, Settings, Status
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Ended, MessageId, Platform

from ._fields import ident, payload, rows, since_1970, table, words
from ._http import Http, Reply, asking
from ._socket import refusal

SHOPEE = Platform("shopee")
LINK = re.compile(r"(?:https?://)?live\.shopee\.[\w.]+/\S*?session(?:_?id)?=(\d+)\S*", re.ASCII)
PATH = "/api/v2/livestream/get_latest_comment_list"
REACH = timedelta(seconds=10)


def from_list(body: Mapping[str, Any], history: bool) -> Iterable[Comment]:
    """The comments of an answer, oldest first as Shopee sends them."""
    for row in rows(table(body, "response").get("list")):
        message, text, who = ident(row.get("comment_id")), words(row.get("content")), ident(row.get("user_id"))
        if message and text.strip():
            yield Comment(
                platform=SHOPEE,
                id=MessageId(message),
                author_id=AuthorId(who) if who else None,
                author=words(row.get("username")).strip() or "shopee user",
                text=text,
                sent_at=since_1970(row.get("timestamp")),
                history=history,
            )


class ShopeeSettings(Settings, frozen=True, kw_only=True):
    """`session`: the live's number. `user` or `shop`: whose token it is. `every`: seconds, well under ten."""

    session: str
    partner_id: str = ""
    partner_key: str = ""
    token: str = ""
    user: str = ""
    shop: str = ""
    every: Annotated[float, msgspec.Meta(ge=1, le=8)] = 3
    api_url: str = "https://partner.shopeemobile.com"


class Shopee(Adapter):
    """One live session."""

    platform = "shopee"
    Settings = ShopeeSettings
    needs = ("partner_id", "partner_key", "token", "user")

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._seen: dict[str, None] = {}
        self._known = False
        self._offset = ""

    @property
    def place(self) -> str:
        """The session."""
        return str(self.settings.session)

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """The address of a live that is shared."""
        match = LINK.fullmatch(link)
        return {"session": match[1]} if match else None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The comments of an answer."""
        body = payload(frame)
        return from_list(body, frame.history) if isinstance(body, dict) else ()

    async def run(self, ear: Ear) -> None:
        """Ask within Shopee's ten seconds, for as long as the session is on."""
        own = self.settings
        if not (own.partner_id and own.partner_key and own.token and (own.user or own.shop)):
            needed = "`partner_id`, `partner_key`, `token` and `user` or `shop`"
            raise AdapterError(f"Shopee needs {needed} of an app approved on open.shopee.com", permanent=True)
        last: datetime | None = None
        async with asking("Shopee") as http:
            while True:
                body = await self._ask(http)
                if body is None:
                    await ear.take([Ended("the live session is over")])
                    return
                now = datetime.now(UTC)
                await ear.tell(Status("live"))
                if last is not None and now - last > REACH:
                    await ear.tell(Gap(last, now - REACH))
                last = now
                found = [ident(row.get("comment_id")) for row in rows(table(body, "response").get("list"))]
                if any(one not in self._seen for one in found):
                    await ear.hear(Frame(json=body, at=now, history=not self._known))
                    self._seen = dict.fromkeys([*self._seen, *found][-2_000:])
                else:
                    ear.beat()
                self._known = True
                self._offset = ident(table(body, "response").get("next_offset")) or self._offset
                await asyncio.sleep(self.settings.every)

    async def _ask(self, http: Http) -> Mapping[str, Any] | None:
        own, now = self.settings, str(int(time.time()))
        signed = "".join((own.partner_id, PATH, now, own.token, own.user or own.shop))
        sign = hmac.new(own.partner_key.encode(), signed.encode(), hashlib.sha256).hexdigest()
        asked = {
            "partner_id": own.partner_id,
            "timestamp": now,
            "access_token": own.token,
            "user_id" if own.user else "shop_id": own.user or own.shop,
            "sign": sign,
            "session_id": own.session,
            "offset": self._offset or "0",
        }
        reply = await http.get(own.api_url + PATH, asked)
        if reply.status == 200 and isinstance(reply.body, dict) and not words(reply.body.get("error")):
            return reply.body
        failed = failure(reply)
        if failed is not None:
            raise failed
        return None


def failure(reply: Reply) -> AdapterError | None:
    """What an error means in words; None where it means that the session is over."""
    error = (words(table(reply.body).get("error")) + " " + words(table(reply.body).get("message"))).lower()
    if "session" in error and ("end" in error or "not" in error):
        return None
    if any(word in error for word in ("auth", "token", "sign", "permission", "partner")):
        detail = words(table(reply.body).get("message"))[:200]
        return AdapterError(f"Shopee does not take the app's keys or token ({detail})", permanent=True)
    if "limit" in error or "frequen" in error:
        return AdapterError("Shopee is asked too often", retry_after=10)
    return refusal("Shopee", reply.status, reply.headers.get("retry-after"))
