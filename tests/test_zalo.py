"""Zalo Official Account: its own signature, its window of time, messages and contacts."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from livesell import registry
from livesell.adapter import Hook
from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.ear import Listener

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def door(**more: object) -> Any:
    return make_source({"platform": "zalo", "app_id": "4001", "secret": "oa-secret", **more})


def event(text: str = "A1 2 gói", sent: datetime = NOW) -> bytes:
    body = {"app_id": "4001", "event_name": "user_send_text", "sender": {"id": "2468"}}
    message = {"message": {"text": text, "msg_id": "m1"}, "timestamp": str(int(sent.timestamp() * 1000))}
    return json.dumps({**body, **message}).encode()


def signed(body: bytes, secret: str = "oa-secret", app: str = "4001", prefix: str = "mac=") -> Hook:
    time = str(json.loads(body)["timestamp"])
    mac = hashlib.sha256(app.encode() + body + time.encode() + secret.encode()).hexdigest()
    return Hook("POST", NOW, headers={"x-zevent-signature": prefix + mac}, body=body)


@pytest.mark.parametrize("prefix", ["mac=", ""])
def test_a_signed_message_is_heard(prefix: str) -> None:
    """Zalo's plain hash over app id, body, time and secret is taken, with its prefix or without."""
    source = door()
    answer = source.receive(signed(event(), prefix=prefix))
    assert answer.status == 200
    (frame,) = answer.frames
    (comment,) = source.decode(frame)
    assert (comment.text, comment.author_id, comment.author, comment.sent_at) == ("A1 2 gói", "2468", "zalo user", NOW)


def test_unproven_events_are_refused() -> None:
    """Another secret, another app, a changed body, no signature, no JSON, or no secret of our own: 401."""
    tampered = signed(event())
    for source, hook in (
        (door(), signed(event(), secret="other")),
        (door(), signed(event(), app="4002")),
        (door(), Hook("POST", NOW, headers=tampered.headers, body=event("A1 99 gói"))),
        (door(), Hook("POST", NOW, body=event())),
        (door(), Hook("POST", NOW, headers={"x-zevent-signature": "mac=é"}, body=b"{")),
        (door(secret=""), signed(event(), secret="")),
    ):
        answer = source.receive(hook)
        assert (answer.status, answer.text, answer.frames) == (401, "", ())


@pytest.mark.parametrize(("minutes", "status"), [(9, 200), (-9, 200), (11, 401), (-11, 401)])
def test_an_old_event_is_not_taken_again(minutes: int, status: int) -> None:
    """A signed time more than ten minutes off is refused, whichever way the clocks differ."""
    assert door().receive(signed(event(sent=NOW - timedelta(minutes=minutes)))).status == status


def test_the_probe_is_answered() -> None:
    """When the address is entered Zalo knocks with nothing: it gets 200 and nothing happens."""
    for hook in (Hook("POST", NOW), Hook("GET", NOW), Hook("POST", NOW, body=b"  ")):
        answer = door().receive(hook)
        assert (answer.status, answer.frames) == (200, ())


def test_a_contact_that_is_sent_is_kept_as_one() -> None:
    """`user_submit_info` brings phone and address as such, and as text for a person to read."""
    info = {"name": "Mây", "phone": "84900000001", "address": "Bản Cát", "city": "Lào Cai"}
    body = {"event_name": "user_submit_info", "sender": {"id": "2468"}, "info": info, "timestamp": "1795377603000"}
    source = door()
    (comment,) = source.decode(door().receive(signed(json.dumps(body).encode())).frames[0])
    assert (comment.phone, comment.address) == ("+84900000001", "Bản Cát, Lào Cai")
    assert (comment.author, comment.text) == ("Mây", "Mây, +84900000001, Bản Cát, Lào Cai")


async def test_it_waits_for_what_is_posted() -> None:
    """With its secret the source is live; without it, it says what is missing."""
    ear = Listener(door())
    async with ear.listening():
        await ear.until(lambda: ear.states == ["live"])
    with pytest.raises(AdapterError, match="secret key") as missing:
        await Listener(door(secret="")).connection()
    assert missing.value.permanent


def test_links_are_recognised() -> None:
    """An official account's address, which has a number."""
    found = registry.adapter("zalo").recognise
    assert found("https://zalo.me/1357000000000000001") == {"account": "1357000000000000001"}
    assert found("https://zalo.me/g/abcdef") is None
