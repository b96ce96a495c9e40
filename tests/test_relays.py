"""Restream and Streamer.bot: read-only WebSockets that bring what was written elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection

from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.relay import RelayFake

# --- Restream -------------------------------------------------------------------------------------------------------


def action(number: int, text: str, kind: int = 5) -> dict[str, Any]:
    said = {"author": {"id": f"UC{number}", "displayName": f"Mai {number}"}, "text": text}
    event = {"eventIdentifier": f"e{number}", "eventTypeId": kind, "eventPayload": said}
    return {"action": "event", "payload": event, "timestamp": 1_795_377_600 + number}


@asynccontextmanager
async def oauth(*answers: tuple[int, dict[str, str]]) -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """A token address that gives these answers, one after another, and keeps what it was asked."""
    asked: list[dict[str, str]] = []

    async def token(request: web.Request) -> web.Response:
        asked.append({key: str(value) for key, value in (await request.post()).items()})
        status, body = answers[len(asked) - 1]
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_post("/oauth/token", token)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/oauth/token", asked
    finally:
        await runner.cleanup()


async def test_restream_is_heard_under_the_sites_names() -> None:
    """Events of several sites come by one line; duplicates keep their id; a drop is tried again."""
    async with RelayFake(greeting=[{"action": "connection_info", "payload": {}}]).serving() as relay:
        ear = Listener(make_source({"platform": "restream", "token": "secret-token", "url": relay.url}))
        async with ear.listening() as task:
            await relay.say(action(1, "A1", 4), action(2, "A2", 5), action(2, "A2", 5), action(3, "A3", 77))
            await ear.until(lambda: len(ear.comments) == 4)
            await relay.drop()
            with pytest.raises(AdapterError) as broken:
                await asyncio.wait_for(task, 5)
        assert [one.platform for one in ear.comments] == ["twitch", "youtube", "youtube", "restream"]
        assert ear.comments[1].id == ear.comments[2].id
        assert ear.states == ["live"]
        assert relay.paths == ["/?accessToken=secret-token"]
        assert not broken.value.permanent and "secret-token" not in str(broken.value)


async def test_restreams_silence_is_given_up() -> None:
    """It sends heartbeats: without one the line is given up."""
    async with RelayFake().serving() as relay:
        with pytest.raises(AdapterError, match="says nothing any more"):
            await Listener(
                make_source({"platform": "restream", "token": "t", "url": relay.url, "quiet": 0.1})
            ).connection()


async def test_restreams_token_is_renewed_and_kept(tmp_path: Path) -> None:
    """With a refresh token each connection begins with a fresh one; the newest refresh token outlives a restart."""
    kept = tmp_path / "restream.login"
    answers = [(200, {"access_token": f"t-{n}", "refresh_token": f"r-{n}"}) for n in (1, 2)]
    async with RelayFake().serving() as relay, oauth(*answers) as (address, asked):
        table = {"platform": "restream", "client_id": "c", "client_secret": "s", "refresh": "r-0", "login": str(kept)}
        for number in (1, 2):
            ear = Listener(make_source({**table, "url": relay.url, "oauth_url": address}))
            async with ear.listening():
                await relay.say(action(number, f"A{number}"))
                await ear.until(lambda ear=ear: bool(ear.comments))  # type: ignore[misc]
        assert [one["refresh_token"] for one in asked] == ["r-0", "r-1"]
        assert relay.paths == ["/?accessToken=t-1", "/?accessToken=t-2"]
        assert json.loads(kept.read_text(encoding="utf-8")) == {"refresh": "r-2"}


async def test_restreams_refusals_are_told() -> None:
    """A spent login, a refused token, and none at all, each in words."""
    async with RelayFake().serving() as relay, oauth((400, {}), (503, {})) as (address, _):
        renewing = {"platform": "restream", "refresh": "r-0", "url": relay.url, "oauth_url": address}
        with pytest.raises(AdapterError, match="make a new `refresh`") as spent:
            await Listener(make_source(renewing)).connection()
        assert spent.value.permanent
        with pytest.raises(AdapterError, match="no token now"):
            await Listener(make_source(renewing)).connection()
        relay.refuse = 401
        with pytest.raises(AdapterError, match="refuses the key or token") as refused:
            await Listener(make_source({"platform": "restream", "token": "t", "url": relay.url})).connection()
        assert refused.value.permanent
    with pytest.raises(AdapterError, match="Restream needs a `token`"):
        await Listener(make_source({"platform": "restream"})).connection()


# --- Streamer.bot ---------------------------------------------------------------------------------------------------


def happened(site: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"timeStamp": "2026-11-22T20:00:00+07:00", "event": {"source": site, "type": kind}, "data": data}


async def subscribed(relay: RelayFake, socket: ServerConnection, data: str) -> None:
    if json.loads(data)["request"] == "Subscribe":
        await socket.send('{"id": "1", "status": "ok"}')


async def test_streamerbot_is_subscribed_to_and_heard() -> None:
    """The events that are configured are asked for; comments and deletions come under the site's name."""
    async with RelayFake(greeting=[{"request": "Hello"}], speaks=subscribed).serving() as relay:
        ear = Listener(
            make_source({"platform": "streamerbot", "url": relay.url, "events": {"Twitch": ["ChatMessage"]}})
        )
        async with ear.listening() as task:
            await ear.until(lambda: ear.states == ["live"])
            user = {"id": "9", "name": "Mai"}
            await relay.say(happened("Twitch", "ChatMessage", {"messageId": "t1", "text": "A1", "user": user}))
            await relay.say(happened("Twitch", "ChatMessageDeleted", {"targetMessageId": "t1"}), "noise")
            await ear.until(lambda: bool(ear.deleted))
            await relay.drop()
            with pytest.raises(AdapterError):
                await asyncio.wait_for(task, 5)
        assert [(one.platform, one.id, one.text) for one in ear.comments] == [("twitch", "t1", "A1")]
        assert json.loads(relay.heard[0])["events"] == {"Twitch": ["ChatMessage"]}


async def test_streamerbot_that_refuses_or_is_mute_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error to the subscription needs a person; no answer at all is a broken line."""

    async def refused(relay: RelayFake, socket: ServerConnection, data: str) -> None:
        await socket.send('{"id": "1", "status": "error", "error": "authentication required"}')

    async with RelayFake(speaks=refused).serving() as relay:
        with pytest.raises(AdapterError, match="authentication required") as told:
            await Listener(make_source({"platform": "streamerbot", "url": relay.url})).connection()
        assert told.value.permanent
    monkeypatch.setattr("adapters.streamerbot.PATIENCE", 0.1)
    async with RelayFake().serving() as relay:
        with pytest.raises(AdapterError, match="says nothing any more"):
            await Listener(make_source({"platform": "streamerbot", "url": relay.url})).connection()
