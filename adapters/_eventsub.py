"""Twitch's EventSub over WebSocket: chat with a login, which also brings deletions by author and the stream's end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from livesell.adapter import Decoded, Ear, Frame, Status, read_time
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform, Role

from ._fields import ident, payload, rows, single_line, table, whole, words
from ._http import Http, Reply, asking
from ._kept import Kept
from ._socket import opened, received, refusal

TWITCH = Platform("twitch")
SCOPE = "user:read:chat"
CHAT = "channel.chat.message"
BESIDE = ("channel.chat.notification", "channel.chat.message_delete", "channel.chat.clear_user_messages")
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
WELCOME, GRACE, TOO_OLD = 10, 5, timedelta(minutes=10)


# --- decoding -------------------------------------------------------------------------------------------------------


def from_event(body: Any, history: bool) -> Iterator[Decoded]:
    """What a notification contains; also one without the frame's metadata."""
    outer = table(body, "payload") or table(body)
    event, subscription = table(outer, "event"), table(outer, "subscription")
    kind = words(subscription.get("type"))
    if kind in (CHAT, "channel.chat.notification"):
        sent_at = read_time(table(body, "metadata").get("message_timestamp"))
        comment = _comment(event, sent_at, history)
        if comment is not None:
            yield comment
    elif kind == "channel.chat.message_delete" and ident(event.get("message_id")):
        yield Deleted(TWITCH, ids=(MessageId(ident(event["message_id"])),))
    elif kind == "channel.chat.clear_user_messages" and ident(event.get("target_user_id")):
        yield Deleted(TWITCH, author_ids=(AuthorId(ident(event["target_user_id"])),))
    elif kind == "stream.offline":
        yield Ended("the stream is over")


def answered(text: str) -> str:
    """An answer to the seller without the "@seller" that Twitch puts before it: it speaks to her, not of another."""
    name, _, rest = text.partition(" ")
    return rest.lstrip() or text if name[:1] == "@" else text


def _comment(event: Mapping[str, Any], sent_at: datetime | None, history: bool) -> Comment | None:
    message, who = ident(event.get("message_id")), ident(event.get("chatter_user_id"))
    room, source = ident(event.get("broadcaster_user_id")), ident(event.get("source_broadcaster_user_id"))
    if not message or (source and source != room):
        return None  # shared chat: written in another channel
    whole_text = words(table(event, "message").get("text"))
    fragments = list(rows(table(event, "message").get("fragments")))
    parts = [" " if part.get("type") == "emote" else words(part.get("text")) for part in fragments]
    emotes = any(part.get("type") == "emote" for part in fragments)
    text = (single_line("".join(parts)) if emotes else "") or whole_text
    if room and ident(table(event, "reply").get("parent_user_id")) == room:
        text = answered(text)
    if not text.strip():
        return None
    name = words(event.get("chatter_user_name")).strip() or words(event.get("chatter_user_login")).strip()
    return Comment(
        platform=TWITCH,
        id=MessageId(message),
        author_id=AuthorId(who) if who and event.get("chatter_is_anonymous") is not True else None,
        author=name or "twitch user",
        text=text,
        sent_at=sent_at,
        history=history,
        role=_role(event),
    )


def _role(event: Mapping[str, Any]) -> Role:
    badges = {badge.get("set_id") for badge in rows(event.get("badges")) if isinstance(badge.get("set_id"), str)}
    if "broadcaster" in badges:
        return "seller"
    return "moderator" if "moderator" in badges else "viewer"


# --- listening ------------------------------------------------------------------------------------------------------


class Login:
    """A user's login: the token of the configuration, or one got with a code typed in at twitch.tv, kept in a file."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.kept = Kept(settings.login)
        kept = self.kept.read()
        self.token: str = settings.token or words(kept.get("token"))
        self.refresh = "" if settings.token else words(kept.get("refresh"))

    def _keep(self, body: Mapping[str, Any]) -> None:
        self.token, self.refresh = words(body.get("access_token")), words(body.get("refresh_token"))
        self.kept.write({"token": self.token, "refresh": self.refresh})

    async def renew(self, http: Http) -> bool:
        """Whether a new token was got for an old one."""
        if not self.refresh:
            return False
        asked = {"client_id": self.settings.client_id, "grant_type": "refresh_token", "refresh_token": self.refresh}
        reply = await http.post(f"{self.settings.id_url}/oauth2/token", data=asked)
        if reply.status != 200:
            self.token = self.refresh = ""
            return False
        self._keep(table(reply.body))
        return True

    async def ask(self, http: Http, ear: Ear) -> None:
        """Show the code that a person types in at twitch.tv, and wait until she has."""
        first = await http.post(
            f"{self.settings.id_url}/oauth2/device", data={"client_id": self.settings.client_id, "scopes": SCOPE}
        )
        code = table(first.body)
        if first.status != 200 or not words(code.get("device_code")):
            raise AdapterError("Twitch does not take the `client_id` (dev.twitch.tv/console)", permanent=True)
        until = datetime.now(UTC) + timedelta(seconds=whole(code.get("expires_in")) or 1_800)
        place = words(code.get("verification_uri")) or "https://www.twitch.tv/activate"
        await ear.tell(Status("waiting", f"open {place} and type {words(code.get('user_code'))}", until))
        wait = code.get("interval")
        asked = {
            "client_id": self.settings.client_id,
            "scopes": SCOPE,
            "device_code": words(code.get("device_code")),
            "grant_type": DEVICE,
        }
        while datetime.now(UTC) < until:
            await asyncio.sleep(wait if isinstance(wait, int | float) and wait > 0 else 5)
            reply = await http.post(f"{self.settings.id_url}/oauth2/token", data=asked)
            if reply.status == 200:
                self._keep(table(reply.body))
                return
            if "pending" not in words(table(reply.body).get("message")):
                break
        raise AdapterError("nobody typed the code in at Twitch", retry_after=5)


async def listen(settings: Any, channel: str, login: Login, ear: Ear) -> None:
    """Log in, subscribe to the channel's chat, listen to the stream's end."""
    if not settings.client_id:
        raise AdapterError("EventSub needs the `client_id` of an app (dev.twitch.tv/console)", permanent=True)
    async with asking("Twitch") as http, AsyncExitStack() as sockets:
        if not login.token:
            await login.ask(http, ear)
        me = await _user(http, settings, login, "")
        room = await _user(http, settings, login, channel)
        query = urlencode({"keepalive_timeout_seconds": settings.keepalive})
        socket, session, alive = await _welcomed(sockets, f"{settings.eventsub_url}?{query}")
        await _subscribe(http, settings, login, session, me, room)
        await ear.tell(Status("live"))
        while True:
            body = await _received(socket, alive + GRACE)
            ear.beat()
            kind = words(table(body, "metadata").get("message_type"))
            if kind == "session_reconnect":
                onward = words(table(body, "payload", "session").get("reconnect_url"))
                fresh = await _welcomed(sockets, onward)
                with suppress(AdapterError, ConnectionClosed):  # what the old line still has, before it is left
                    while True:
                        await _notified(ear, await _received(socket, 0.2))
                await socket.close()
                socket, _, alive = fresh
            elif kind == "revocation":
                subscription = table(body, "payload", "subscription")
                if subscription.get("type") == CHAT:
                    why = words(subscription.get("status")).replace("_", " ")
                    raise AdapterError(f"Twitch took the permission back ({why}): log in anew", permanent=True)
            elif await _notified(ear, body):
                return


async def _notified(ear: Ear, body: Any) -> bool:
    """Hear a notification; whether the stream ended with it."""
    now = datetime.now(UTC)
    sent = read_time(table(body, "metadata").get("message_timestamp"))
    event = table(body, "payload", "event")
    me = ident(table(body, "payload", "subscription", "condition").get("user_id"))
    # What our own login writes comes back; it is the seller's word only where the login is the channel's.
    own = me != "" and me == ident(event.get("chatter_user_id")) != ident(event.get("broadcaster_user_id"))
    old = sent is not None and now - sent > TOO_OLD
    if table(body, "metadata").get("message_type") != "notification" or own or old:
        return False
    await ear.hear(Frame(json=body, at=now, transport="eventsub"))
    return any(isinstance(item, Ended) for item in from_event(body, history=False))


async def _welcomed(sockets: AsyncExitStack, url: str) -> tuple[ClientConnection, str, float]:
    # EventSub pings by itself, and a client that sends anything but pongs is cut off.
    socket = await sockets.enter_async_context(opened(url, "Twitch", ping_interval=None))
    body = await _received(socket, WELCOME)
    session = table(body, "payload", "session")
    if table(body, "metadata").get("message_type") != "session_welcome" or not words(session.get("id")):
        raise AdapterError("Twitch does not say welcome")
    return socket, words(session["id"]), float(whole(session.get("keepalive_timeout_seconds")) or 10)


async def _received(socket: ClientConnection, seconds: float) -> Any:
    return payload(Frame(text=await received(socket, seconds, "Twitch")))


async def _helix(http: Http, settings: Any, login: Login, method: str, path: str, **options: Any) -> Reply:
    """A request with the login, once more with a new one where it has run out."""
    for last in (False, True):
        headers = {"Client-Id": settings.client_id, "Authorization": f"Bearer {login.token}"}
        reply = await http.request(method, f"{settings.helix_url}/{path}", headers=headers, **options)
        if reply.status != 401 or last or not await login.renew(http):
            break
    if reply.status == 401:
        login.token = ""
        again = settings.token == ""
        raise AdapterError("Twitch does not take the login any more: log in anew", permanent=not again, retry_after=1)
    return reply


async def _user(http: Http, settings: Any, login: Login, name: str) -> str:
    reply = await _helix(http, settings, login, "GET", "users", params={"login": name} if name else {})
    if reply.status != 200:
        raise refusal("Twitch", reply.status, reply.headers.get("retry-after"))
    found = next((ident(row.get("id")) for row in rows(table(reply.body).get("data"))), "")
    if not found:
        raise AdapterError(f"Twitch knows no channel {name or 'of this login'}", permanent=True)
    return found


async def _subscribe(http: Http, settings: Any, login: Login, session: str, me: str, room: str) -> None:
    for kind in (CHAT, *BESIDE, "stream.offline"):
        condition = {"broadcaster_user_id": room}
        if kind != "stream.offline":
            condition["user_id"] = me
        transport = {"method": "websocket", "session_id": session}
        asked = {"type": kind, "version": "1", "condition": condition, "transport": transport}
        reply = await _helix(http, settings, login, "POST", "eventsub/subscriptions", json=asked)
        if kind != CHAT or reply.status in (200, 202, 409):
            continue
        if reply.status == 403:
            raise AdapterError(f"Twitch does not allow this: the login lacks {SCOPE}", permanent=True)
        raise refusal("Twitch", reply.status, reply.headers.get("retry-after"))
