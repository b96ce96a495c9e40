"""Twitch with a login: EventSub's sessions, subscriptions, reconnects and revocations, and the login by a code."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from livesell import registry
from livesell.adapter import Frame, Status
from livesell.errors import AdapterError
from livesell.model import Comment
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.eventsub import ME, ROOM, EventSub, chat, frame, notification


def listener(twitch: EventSub, **more: object) -> Listener:
    return Listener(make_source(twitch.settings(**more)))


def heard(body: dict[str, Any]) -> list[Comment]:
    return [item for item in registry.adapter("twitch").decode(Frame(json=body)) if isinstance(item, Comment)]


# --- decoding -------------------------------------------------------------------------------------------------------


def test_emotes_are_left_out_unless_there_is_nothing_else() -> None:
    """The text is the fragments that are no emotes; a comment of emotes alone keeps their names."""
    parts = [{"type": "text", "text": "A1 "}, {"type": "emote", "text": "LeafyHi"}, {"type": "text", "text": " x2"}]
    (comment,) = heard(chat(1, "x", message={"text": "A1 LeafyHi x2", "fragments": parts}))
    assert comment.text == "A1 x2"
    (alone,) = heard(chat(1, "x", message={"text": "LeafyHi", "fragments": parts[1:2]}))
    assert alone.text == "LeafyHi"


def test_shared_chat_of_others_is_left_out() -> None:
    """What was written in another channel of a shared chat is nobody's order here."""
    assert heard(chat(1, "A1", source_broadcaster_user_id="7999")) == []
    assert len(heard(chat(1, "A1", source_broadcaster_user_id=ROOM))) == 1
    assert [one.role for one in heard(chat(1, "A1", who=ROOM, badges=[{"set_id": "broadcaster"}]))] == ["seller"]


def test_an_answer_to_the_seller_speaks_to_her() -> None:
    """Twitch begins an answer with whom it answers: the seller's own name goes, another viewer's stays."""
    for parent, text in ((ROOM, "A1 x2"), ("9002", "@ThaoMoc A1 x2")):
        (comment,) = heard(chat(1, "@ThaoMoc A1 x2", reply={"parent_user_id": parent, "parent_message_id": "m-0"}))
        assert comment.text == text


# --- listening ------------------------------------------------------------------------------------------------------


async def test_chat_is_heard_to_the_streams_end() -> None:
    """Welcome, subscriptions, comments, a duplicate, our own words, deletions, the end; the client says nothing."""
    async with EventSub().serving() as twitch:
        ear = listener(twitch)
        async with ear.listening() as task:
            await twitch.say(chat(1, "A1"), chat(2, "A2"), chat(2, "A2"), frame("session_keepalive", {}))
            await twitch.say(chat(9, "đã nhận A1 x2", who=ME))
            await twitch.say(notification("channel.chat.message_delete", {"message_id": "m-2"}))
            await twitch.say(notification("channel.chat.clear_user_messages", {"target_user_id": "9001"}))
            await twitch.say(chat(3, "cũ rồi", age=700), chat(4, "A4"))
            await twitch.say(notification("stream.offline", {"broadcaster_user_id": ROOM}))
            await asyncio.wait_for(task, 5)
        assert ear.texts == ["A1", "A2", "A2", "A4"]
        assert ear.comments[0].sent_at is not None
        assert [(gone.ids, gone.author_ids) for gone in ear.deleted] == [(("m-2",), ()), ((), ("9001",))]
        assert ear.ends == ["the stream is over"]
        assert ear.states == ["live"]
        assert twitch.heard == []
        first = twitch.subscribed[0]
        assert first["condition"] == {"broadcaster_user_id": ROOM, "user_id": ME}
        assert first["transport"] == {"method": "websocket", "session_id": "s-1"}


async def test_a_reconnect_loses_nothing() -> None:
    """Asked to reconnect, the new line is welcomed before the old one, read to its last word, is left."""
    async with EventSub().serving() as twitch:
        ear = listener(twitch)
        async with ear.listening():
            session = {"id": "s-1", "reconnect_url": f"{twitch.ws_url}?again=1"}
            await twitch.say(chat(1, "A1"), frame("session_reconnect", {"session": session}), chat(2, "A2"))
            await ear.until(lambda: ear.texts == ["A1", "A2"])
            await ear.until(lambda: twitch.connections == 2)
            await twitch.say(chat(3, "A3"))
            await ear.until(lambda: ear.texts == ["A1", "A2", "A3"])
            await twitch.sockets[0].wait_closed()
        assert len(twitch.subscribed) == 5
        assert ear.states == ["live"]


async def test_a_revoked_permission_needs_a_person() -> None:
    """When the user takes the permission back the source stops, saying so."""
    async with EventSub().serving() as twitch:
        ear = listener(twitch)
        async with ear.listening() as task:
            gone = {"type": "channel.chat.message", "status": "authorization_revoked"}
            await twitch.say(frame("revocation", {"subscription": gone}))
            with pytest.raises(AdapterError, match="authorization revoked") as revoked:
                await asyncio.wait_for(task, 5)
        assert revoked.value.permanent


async def test_silence_beyond_the_keepalive_is_a_broken_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """No frame within the keepalive and a grace is an error to try again after."""
    monkeypatch.setattr("adapters._eventsub.GRACE", -9.9)
    async with EventSub().serving() as twitch:
        with pytest.raises(AdapterError, match="says nothing any more") as silent:
            await listener(twitch).connection()
        assert not silent.value.permanent


async def test_a_server_without_a_welcome_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepting the connection is not enough."""
    monkeypatch.setattr("adapters._eventsub.WELCOME", 0.1)
    async with EventSub().serving() as twitch:
        twitch.mute = True
        with pytest.raises(AdapterError, match="says nothing any more"):
            await listener(twitch).connection()


@pytest.mark.parametrize("code", [4000, 4003, 4004, 4005, 4006, 4007])
async def test_close_codes_are_tried_again(code: int) -> None:
    """Whatever code Twitch closes with, a new connection is made; nothing heard is lost."""
    async with EventSub().serving() as twitch:
        ear = listener(twitch)
        async with ear.listening() as task:
            await twitch.say(chat(1, "A1"))
            await twitch.sockets[-1].close(code, "why")
            with pytest.raises(AdapterError, match=str(code)) as closed:
                await asyncio.wait_for(task, 5)
        assert not closed.value.permanent
        assert ear.texts == ["A1"]


@pytest.mark.parametrize(
    ("status", "words", "permanent", "wait"),
    [(403, "lacks user:read:chat", True, None), (429, "asked too often", False, 60), (500, "HTTP 500", False, None)],
)
async def test_a_refused_subscription_is_told(status: int, words: str, permanent: bool, wait: float | None) -> None:
    """A missing scope needs a person, a limit a while."""
    async with EventSub().serving() as twitch:
        twitch.deny = status
        with pytest.raises(AdapterError, match=words) as refused:
            await listener(twitch).connection()
        assert (refused.value.permanent, refused.value.retry_after) == (permanent, wait)


async def test_a_subscription_that_is_there_already_is_fine() -> None:
    """409 means that it is subscribed."""
    async with EventSub().serving() as twitch:
        twitch.deny = 409
        ear = listener(twitch)
        async with ear.listening():
            await ear.until(lambda: ear.states == ["live"])


async def test_wrong_tokens_channels_and_apps_are_told() -> None:
    """A token, a channel and an app that Twitch does not know are each named."""
    async with EventSub().serving() as twitch:
        for more, words in (
            ({"token": "secret-token"}, "does not take the login"),
            ({"channel": "nobody"}, "knows no channel nobody"),
            ({"client_id": ""}, "needs the `client_id`"),
            ({"client_id": "c-2", "token": ""}, "does not take the `client_id`"),
        ):
            with pytest.raises(AdapterError, match=words) as refused:
                await listener(twitch, **more).connection()
            assert refused.value.permanent
            assert "secret-token" not in str(refused.value)


# --- the login ------------------------------------------------------------------------------------------------------


async def test_a_code_typed_in_at_twitch_is_the_login(tmp_path: Path) -> None:
    """Without a token the code to type in is shown; once typed, it is live, and the login is kept for nobody else."""
    kept = tmp_path / "twitch.login"
    async with EventSub().serving() as twitch:
        ear = listener(twitch, token="", login=str(kept))
        async with ear.listening():
            await ear.until(lambda: ear.states == ["waiting"])
            told = ear.told[0]
            assert isinstance(told, Status)
            assert told.reason == "open https://www.twitch.tv/activate?device-code=ABCDEFGH and type ABCDEFGH"
            twitch.typed.set()
            await ear.until(lambda: ear.states == ["waiting", "live"])
        assert json.loads(kept.read_text(encoding="utf-8")) == {"token": "t-1", "refresh": "r-1"}
        if sys.platform != "win32":
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        again = listener(twitch, token="", login=str(kept))
        async with again.listening():
            await again.until(lambda: again.states == ["live"])


async def test_a_login_that_ran_out_is_renewed_and_kept(tmp_path: Path) -> None:
    """An old token is exchanged once for a new one; the new refresh token is on disk, as the old one is spent."""
    kept = tmp_path / "twitch.login"
    kept.write_text('{"token": "old", "refresh": "r-1"}', encoding="utf-8")
    async with EventSub().serving() as twitch:
        ear = listener(twitch, token="", login=str(kept))
        async with ear.listening():
            await ear.until(lambda: ear.states == ["live"])
        assert json.loads(kept.read_text(encoding="utf-8")) == {"token": "t-2", "refresh": "r-2"}
        twitch.tokens.clear()
        with pytest.raises(AdapterError, match="log in anew") as spent:
            await ear.connection()
        assert not spent.value.permanent
