"""Kick: signed webhooks, and chat read from local Pusher and Centrifugo lines."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from livesell import registry
from livesell.adapter import Hook
from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.kick import ROOM, KickFake, event, push, said, signed

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
BODY = {
    "message_id": "w-1",
    "broadcaster": {"user_id": 7001},
    "sender": {"user_id": 42, "username": "mai", "identity": None},
    "content": "A1 2 gói",
    "created_at": "2026-11-22T20:00:00Z",
}


def listener(kick: KickFake, **more: object) -> Listener:
    return Listener(make_source(kick.settings(**more)))


# --- the site's lines -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["pusher", "centrifugo", None])
async def test_the_line_that_the_site_uses_is_read(provider: str | None) -> None:
    """Asked which line it uses, Kick's answer is followed; without one it is Pusher. The stream's end is told."""
    async with KickFake().serving() as kick:
        kick.provider = provider
        line, made = (kick.centrifugo, push) if provider == "centrifugo" else (kick.pusher, event)
        ear = listener(kick)
        async with ear.listening() as task:
            await ear.until(lambda: ear.states[:1] == ["live"])
            await line.say(made("ChatMessageEvent", said(1, "A1")), made("ChatMessageEvent", said(2, "A2")))
            await line.say(made("ChatMessageEvent", said(2, "A2")))
            await line.say(made("MessageDeletedEvent", {"message": {"id": "k-1"}}))
            await line.say(made("StopStreamBroadcast", {}))
            await asyncio.wait_for(task, 5)
        assert ear.texts == ["A1", "A2", "A2"]
        assert ear.deleted[0].ids == ("k-1",)
        assert ear.ends == ["the stream is over"]


async def test_the_address_that_the_site_names_goes_before_ours() -> None:
    """Where the site says at which address its line is, that one is taken: its lines move."""
    async with KickFake().serving() as kick:
        lost: dict[str, object] = {"pusher_url": "ws://127.0.0.1:9", "centrifugo_url": "ws://127.0.0.1:9"}
        kick.provider, kick.named = "centrifugo", {"credentials": {"url": kick.centrifugo.url}}
        ear = listener(kick, **lost)
        async with ear.listening():
            await ear.until(lambda: ear.states == ["live"])
        kick.provider, kick.named = "pusher", {"app_key": "k3y", "cluster": "eu"}
        ear = listener(kick, **lost, pusher_host=f"{kick.pusher.url}/{{cluster}}")
        async with ear.listening():
            await ear.until(lambda: ear.states[:1] == ["live"])
        assert kick.pusher.paths[0].startswith("/eu/app/k3y?protocol=7")
        kick.named = {"app_key": "k3y/../x", "cluster": "eu.example.com/"}
        ear = listener(kick)
        async with ear.listening():
            await ear.until(lambda: ear.states[:1] == ["live"])
        assert kick.pusher.paths[1].startswith("/app/key?")


async def test_pusher_is_spoken_as_it_wants() -> None:
    """Room and channel are subscribed to, and a ping is answered."""
    async with KickFake().serving() as kick:
        ear = listener(kick, transport="pusher", chatroom=ROOM)
        async with ear.listening():
            await kick.pusher.say({"event": "pusher:ping", "data": {}})
            await ear.until(lambda: len(kick.pusher.heard) == 3)
        sent = [json.loads(one) for one in kick.pusher.heard]
        assert [one["data"].get("channel") for one in sent[:2]] == [f"chatrooms.{ROOM}.v2", f"channel.{ROOM}"]
        assert sent[2]["event"] == "pusher:pong"
        assert kick.pusher.paths[0].startswith("/app/key?protocol=7&client=js")


async def test_centrifugo_is_spoken_as_it_wants() -> None:
    """It connects with a token, subscribes, answers an empty object, and renews the token before it runs out."""
    async with KickFake().serving() as kick:
        kick.ttl = 1
        ear = listener(kick, transport="centrifugo", chatroom=ROOM)
        async with ear.listening():
            await kick.centrifugo.say("{}")
            await ear.until(lambda: kick.tokens == 2)
            await kick.centrifugo.say(json.dumps(push("ChatMessageEvent", said(1, "A1"))) + "\n{}")
            await ear.until(lambda: ear.texts == ["A1"])
        sent = [json.loads(one) for one in kick.centrifugo.heard]
        assert sent[0] == {"connect": {"token": "token-1", "name": "js"}, "id": 1}
        assert {"subscribe": {"channel": f"chatrooms.{ROOM}.v2", "flag": 1}, "id": 2} in sent
        assert {"refresh": {"token": "token-2"}, "id": 3} in sent
        assert {} in sent


async def test_silence_is_asked_about_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Pusher's line silence is answered with a ping, which must be answered; a server that never speaks is left."""
    monkeypatch.setattr("adapters._kick_lines.MOST", 0.05)
    monkeypatch.setattr("adapters._kick_lines.LEAST", 0.05)
    monkeypatch.setattr("adapters._kick_lines.PATIENCE", 0.2)
    async with KickFake().serving() as kick:
        ear = listener(kick, transport="pusher", chatroom=ROOM)
        async with ear.listening() as task:
            await ear.until(lambda: sum("pusher:ping" in one for one in kick.pusher.heard) >= 2)
            assert not task.done()
            kick.pusher.speaks = None
            with pytest.raises(AdapterError, match="says nothing any more"):
                await asyncio.wait_for(task, 5)
        kick.pusher.greeting = []
        with pytest.raises(AdapterError, match="says nothing any more"):
            await listener(kick, transport="pusher", chatroom=ROOM).connection()


@pytest.mark.parametrize(
    ("transport", "code", "permanent", "wait"),
    [
        ("pusher", 4001, True, None),
        ("pusher", 4100, False, 5),
        ("pusher", 4200, False, 0),
        ("pusher", 1011, False, None),
        ("centrifugo", 3500, True, None),
        ("centrifugo", 4501, True, None),
        ("centrifugo", 3005, False, None),
    ],
)
async def test_close_codes_are_told(transport: str, code: int, permanent: bool, wait: float | None) -> None:
    """Codes that say never need a person, codes that say later wait, the rest is tried again."""
    async with KickFake().serving() as kick:
        ear = listener(kick, transport=transport, chatroom=ROOM)
        line = kick.pusher if transport == "pusher" else kick.centrifugo
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.states))
            await line.close(code, "why")
            with pytest.raises(AdapterError, match=str(code)) as closed:
                await asyncio.wait_for(task, 5)
        assert (closed.value.permanent, closed.value.retry_after) == (permanent, wait)


async def test_a_dropped_line_is_tried_again() -> None:
    """A line that breaks ends the connection; the next one hears what follows."""
    async with KickFake().serving() as kick:
        ear = listener(kick)
        for number in (1, 2):
            async with ear.listening() as task:
                await ear.until(lambda number=number: ear.states.count("live") >= number)  # type: ignore[misc]
                await kick.pusher.say(event("ChatMessageEvent", said(number, f"A{number}")))
                await ear.until(lambda number=number: len(ear.comments) == number)  # type: ignore[misc]
                await kick.pusher.drop()
                with pytest.raises(AdapterError):
                    await asyncio.wait_for(task, 5)
        assert ear.texts == ["A1", "A2"]


async def test_a_hidden_room_is_told_with_the_way_out() -> None:
    """Where Kick keeps the number from programs, the error says where a person finds it."""
    async with KickFake().serving() as kick:
        kick.hidden = True
        with pytest.raises(AdapterError, match=r"open .*/api/v2/channels/thaomoc in a browser") as hidden:
            await listener(kick).connection()
        assert hidden.value.permanent
        with pytest.raises(AdapterError, match="knows no channel nobody"):
            await listener(kick, channel="nobody").connection()


# --- webhooks -------------------------------------------------------------------------------------------------------


async def door(kick: KickFake) -> Any:
    """A source that has fetched the key."""
    ear = listener(kick, transport="webhook")
    async with ear.listening():
        await ear.until(lambda: ear.states == ["live"])
    return ear.adapter


async def test_a_signed_event_is_heard() -> None:
    """An event with Kick's RSA signature over id, time and bytes is answered and decoded."""
    async with KickFake().serving() as kick:
        source = await door(kick)
        answer = source.receive(signed(BODY, NOW, now=NOW))
        assert answer.status == 200
        (comment,) = source.decode(answer.frames[0])
        assert (comment.id, comment.text, comment.author_id) == ("w-1", "A1 2 gói", "42")
        over = source.receive(signed({"is_live": False}, NOW, now=NOW, kind="livestream.status.updated"))
        assert [item.reason for item in source.decode(over.frames[0])] == ["the stream is over"]


async def test_unproven_and_old_events_are_refused() -> None:
    """A changed body, id or time, a signature that is none, and a time ten minutes off: 401 without a word."""
    async with KickFake().serving() as kick:
        source = await door(kick)
        good = signed(BODY, NOW, now=NOW)
        bad = [Hook("POST", NOW, headers=good.headers, body=good.body + b" ")]
        bad += [
            Hook("POST", NOW, headers={**good.headers, name: value}, body=good.body)
            for name, value in {
                "kick-event-message-id": "02H",
                "kick-event-message-timestamp": "2026-11-22T20:00:01Z",
                "kick-event-signature": "AAAA",
            }.items()
        ]
        bad += [Hook("POST", NOW, headers={**good.headers, "kick-event-signature": "é"}, body=good.body)]
        bad += [Hook("POST", NOW, body=good.body)]
        bad += [signed(BODY, NOW - timedelta(minutes=minutes), now=NOW) for minutes in (11, -11)]
        for hook in bad:
            answer = source.receive(hook)
            assert (answer.status, answer.text, answer.frames) == (401, "", ())
        assert source.receive(signed(BODY, NOW - timedelta(minutes=9), now=NOW)).status == 200


async def test_before_the_key_is_there_kick_is_asked_to_come_again() -> None:
    """Without the public key nothing can be proven: 503, and Kick posts it again."""
    async with KickFake().serving() as kick:
        answer = make_source(kick.settings(transport="webhook")).receive(signed(BODY, NOW, now=NOW))
        assert (answer.status, answer.frames) == (503, ())
        kick.pem = b"no key"
        with pytest.raises(AdapterError, match="does not give its public key"):
            await listener(kick, transport="webhook").connection()


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cryptography the error says what to install."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    async with KickFake().serving() as kick:
        with pytest.raises(AdapterError, match=r"pip install 'livesell\[kick\]'"):
            await listener(kick, transport="webhook").connection()


def test_links_are_recognised() -> None:
    """A channel's address, also of its chat alone; not a category's."""
    found = registry.adapter("kick").recognise
    assert found("https://kick.com/ThaoMoc") == {"channel": "thaomoc"}
    assert found("kick.com/popout/thao-moc/chat") == {"channel": "thao-moc"}
    assert found("https://kick.com/browse") is None
    assert found("https://notkick.com/thaomoc") is None
