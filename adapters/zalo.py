"""Zalo Official Account: its webhook's messages (from one person to the shop, no live chat) and the contacts sent.

The signature is no HMAC: SHA-256 over app id, raw body, the body's timestamp and the account's secret in a row.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from livesell.adapter import UNPROVEN, Adapter, Answer, Decoded, Ear, Frame, Hook, Settings, Status
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, MessageId, Platform

from ._fields import ident, parsed, payload, since_1970, table, words

ZALO = Platform("zalo")
LINK = re.compile(r"(?:https?://)?(?:oa\.)?zalo\.me/(\d{8,25})/?(?:[?#].*)?", re.ASCII)
SPOKEN = frozenset(["user_send_text", "user_send_image", "anonymous_send_text"])
WINDOW = timedelta(minutes=10)


def from_event(body: Mapping[str, Any], history: bool) -> Iterator[Comment]:
    """A message to the shop, or the contact that a person sent; what the shop says itself is left out."""
    kind, who = words(body.get("event_name")), ident(table(body, "sender").get("id"))
    time = ident(body.get("timestamp"))
    phone = address = None
    if kind in SPOKEN:
        message, text = ident(table(body, "message").get("msg_id")), words(table(body, "message").get("text"))
    elif kind == "user_submit_info":
        info = table(body, "info")
        parts = [words(info.get(key)).strip() for key in ("address", "ward", "district", "city")]
        address = ", ".join(filter(None, parts)) or None
        phone = _phone(ident(info.get("phone"))) or None
        text = ", ".join(filter(None, (words(info.get("name")).strip(), phone, address)))
        message = f"info-{who}-{time}" if who and time else ""
    else:
        return
    if message and len(message) <= 200 and text.strip():
        yield Comment(
            platform=ZALO,
            id=MessageId(message),
            author_id=AuthorId(who) if who else None,
            author=words(table(body, "info").get("name")).strip() or "zalo user",
            text=text,
            sent_at=since_1970(time, 1_000),
            history=history,
            phone=phone,
            address=address,
        )


def _phone(digits: str) -> str:
    """Zalo writes numbers with the country and no plus."""
    return f"+{digits}" if re.fullmatch(r"84\d{9,10}", digits) else digits


class ZaloSettings(Settings, frozen=True, kw_only=True):
    """`app_id`: of the app that the webhook belongs to. `secret`: the account's secret key. `account`: its id."""

    app_id: str
    secret: str = ""
    account: str = ""


class Zalo(Adapter):
    """One official account."""

    platform = "zalo"
    Settings = ZaloSettings
    signed = True
    needs = ("app_id", "secret")

    @property
    def place(self) -> str:
        """The account, or the app."""
        return str(self.settings.account or self.settings.app_id)

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """An official account's address."""
        match = LINK.fullmatch(link)
        return {"account": match[1]} if match else None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The message of an event."""
        body = payload(frame)
        return from_event(body, frame.history) if isinstance(body, dict) else ()

    def receive(self, hook: Hook) -> Answer:
        """A signed event; the empty probe that Zalo sends when the address is entered is answered too."""
        said = hook.headers.get("x-zevent-signature", "")
        if hook.method == "GET" or (not hook.body.strip() and not said):
            return Answer(200)
        body = parsed(hook.body)
        time = ident(body.get("timestamp")) if isinstance(body, dict) else ""
        signed = self.settings.app_id.encode() + hook.body + time.encode() + self.settings.secret.encode()
        right = hashlib.sha256(signed).hexdigest()
        mac = said.removeprefix("mac=").strip().lower()
        if not self.settings.secret or not hmac.compare_digest(mac.encode("utf-8", "replace"), right.encode()):
            return UNPROVEN
        sent = since_1970(time, 1_000)
        if sent is None or abs(hook.now - sent) > WINDOW:
            return UNPROVEN
        return Answer(200, frames=(Frame(json=body, at=hook.now, transport="webhook"),))

    async def run(self, ear: Ear) -> None:
        """Wait: Zalo posts."""
        if not self.settings.secret:
            needed = "the account's secret key (`secret`, from developers.zalo.me)"
            raise AdapterError(f"Zalo needs {needed} to prove what it posts", permanent=True)
        await ear.tell(Status("live"))
        await asyncio.Event().wait()
