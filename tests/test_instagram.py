"""Instagram Live: the signed webhook in its three shapes."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from livesell import registry
from livesell.adapter import Hook
from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.ear import Listener

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
VALUE = {"id": "18000000000000001", "from": {"id": "6001", "username": "mai"}, "text": "A1 2 gói"}
WITH_CHANGES = {
    "object": "instagram",
    "entry": [{"id": "1784", "changes": [{"field": "live_comments", "value": VALUE}]}],
}
IN_THE_ENTRY = {"object": "instagram", "entry": [{"id": "1784", "field": "live_comments", "value": VALUE}]}


def door(**more: object) -> Any:
    table = {"platform": "instagram", "account": "thaomoc", "app_secret": "s3cret", "verify_token": "hello-1"}
    return make_source({**table, **more})


def signed(body: object, secret: str = "s3cret") -> Hook:
    data = json.dumps(body).encode()
    mac = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
    return Hook("POST", NOW, headers={"x-hub-signature-256": f"sha256={mac}"}, body=data)


@pytest.mark.parametrize("body", [WITH_CHANGES, IN_THE_ENTRY, VALUE])
def test_all_shapes_of_a_signed_body_are_heard(body: dict[str, Any]) -> None:
    """With `changes` as all of Meta's webhooks, with field and value in the entry as its example has it, and bare."""
    source = door()
    answer = source.receive(signed(body))
    assert answer.status == 200
    (frame,) = answer.frames
    assert [(item.text, item.author, item.author_id) for item in source.decode(frame)] == [("A1 2 gói", "mai", "6001")]


def test_unproven_bodies_are_refused() -> None:
    """A wrong secret, none at all, and a source that knows no secret: 401 without a word."""
    for source, hook in (
        (door(), signed(WITH_CHANGES, "wrong")),
        (door(), Hook("POST", NOW, body=json.dumps(WITH_CHANGES).encode())),
        (door(app_secret=""), signed(WITH_CHANGES, "")),
    ):
        answer = source.receive(hook)
        assert (answer.status, answer.text, answer.frames) == (401, "", ())


def test_a_pages_body_is_not_ours() -> None:
    """One app may serve both: what is of another object is answered and not heard."""
    answer = door().receive(signed({**WITH_CHANGES, "object": "page"}))
    assert (answer.status, answer.frames) == (200, ())


def test_metas_hello_is_answered() -> None:
    """The challenge is said back to who knows the verify token."""
    query = {"hub.mode": "subscribe", "hub.verify_token": "hello-1", "hub.challenge": "77"}
    assert door().receive(Hook("GET", NOW, query=query)).text == "77"
    assert door().receive(Hook("GET", NOW, query={**query, "hub.verify_token": "x"})).status == 403


async def test_it_waits_for_what_is_posted() -> None:
    """With its secret the source is live; without it, it says what is missing."""
    ear = Listener(door())
    async with ear.listening():
        await ear.until(lambda: ear.states == ["live"])
    with pytest.raises(AdapterError, match="app_secret") as missing:
        await Listener(door(app_secret="")).connection()
    assert missing.value.permanent


def test_links_are_recognised() -> None:
    """An account's address and that of its live; not a post's."""
    found = registry.adapter("instagram").recognise
    assert found("https://www.instagram.com/thaomoc.sapa/") == {"account": "thaomoc.sapa"}
    assert found("instagram.com/thaomoc/live/") == {"account": "thaomoc"}
    assert found("https://www.instagram.com/p/abc/") is None
    assert found("https://instagram.com.example.com/thaomoc") is None
