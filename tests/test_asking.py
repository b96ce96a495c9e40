"""What adapters share to reach a platform: answers of every kind, silence, and a source tried out once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters import _http
from adapters._socket import refusal
from livesell.adapter import Status, try_out
from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.relay import RelayFake
from tests.fakes.twitch_irc import TwitchIrc

Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(answer: Answers) -> AsyncIterator[str]:
    """A server that answers every request so."""
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def asked(url: str) -> _http.Reply:
    async with _http.asking("Market") as http:
        return await http.get(url)


@pytest.mark.parametrize(
    ("body", "meant"),
    [(b'{"a": 1}', {"a": 1}), (b"<html>", None), (b"", None), (b'"\xff"', "\ufffd"), (b"[" * 50_000, None)],
)
async def test_an_answer_is_json_or_nothing(body: bytes, meant: object) -> None:
    """A body that is no JSON, broken, or nested without end, is None; bytes that are no UTF-8 cost a letter."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=418, body=body)

    async with answering(answer) as url:
        reply = await asked(url)
    assert (reply.status, reply.body) == (418, meant)


async def test_a_server_that_never_speaks_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepting the connection is not enough; the address, which may hold a key, stays out of the error."""
    monkeypatch.setattr(_http, "TIMEOUT", aiohttp.ClientTimeout(total=0.1))

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with answering(answer) as url:
        with pytest.raises(AdapterError, match="Market cannot be reached") as silent:
            await asked(f"{url}?key=secret")
    assert not silent.value.permanent
    assert "secret" not in str(silent.value)


async def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the limit is an error, not all of the memory."""
    monkeypatch.setattr(_http, "LARGEST", 100_000)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1_000_000)

    async with answering(answer) as url:
        with pytest.raises(AdapterError, match="without end"):
            await asked(url)


async def test_addresses_that_lead_nowhere_are_told() -> None:
    """A server that is down may come back, an address that is none never will."""
    with pytest.raises(AdapterError) as down:
        await asked("http://127.0.0.1:9/")
    assert not down.value.permanent
    with pytest.raises(AdapterError, match="no web address") as none:
        await asked("http://")
    assert none.value.permanent


@pytest.mark.parametrize(
    ("status", "after", "wait", "permanent"),
    [
        (429, "30", 30, False),
        (429, None, 60, False),
        (429, "Wed, 25 Nov 2026 20:00:00 GMT", 60, False),
        (429, "9999999", 3_600, False),
        (503, "5", 5, False),
        (500, None, None, False),
        (401, None, None, True),
        (403, None, None, True),
        (404, None, None, True),
    ],
)
def test_a_status_says_how_long_to_wait(status: int, after: str | None, wait: float | None, permanent: bool) -> None:
    """429 waits as long as it says, within an hour, and a minute where it does not; 401, 403 and 404 need a person."""
    told = refusal("Market", status, after)
    assert (told.retry_after, told.permanent) == (wait, permanent)


# --- trying a source out --------------------------------------------------------------------------------------------


async def test_a_source_that_works_is_live() -> None:
    """Connected to once, a source says that it is live, and is left again."""
    async with TwitchIrc("thaomoc").serving() as server:
        source = make_source({"platform": "twitch", "channel": "thaomoc", "url": server.url})
        assert await try_out(source) == Status("live")
        assert server.connections == 1


async def test_what_is_wrong_with_a_source_is_said_in_words(tmp_path: Path) -> None:
    """A missing key, a server that is down, one that never speaks, and a source that has ended: each as a status."""
    missing = await try_out(make_source({"platform": "facebook", "page": "thaomoc"}))
    assert (missing.code, "page token is needed" in missing.reason) == ("stopped", True)
    down = await try_out(make_source({"platform": "twitch", "channel": "x", "url": "ws://127.0.0.1:9"}))
    assert (down.code, down.reason) == ("lost", "Twitch cannot be reached (ConnectionRefusedError)")
    async with RelayFake().serving() as relay:
        mute = await try_out(make_source({"platform": "restream", "token": "t", "url": relay.url}), 0.1)
    assert (mute.code, mute.reason) == ("lost", "it says nothing within 0 s")
    night = tmp_path / "night.jsonl"
    night.write_text("", encoding="utf-8")
    assert (await try_out(make_source({"platform": "replay", "file": str(night)}))).code == "live"


async def test_a_redirect_takes_no_token_along() -> None:
    """An answer that leads elsewhere is an answer with that status; a page made for people is followed."""
    asked_there: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        asked_there.append(request.path_qs)
        return web.Response(text="here")

    async with answering(elsewhere) as other:

        async def moved(_: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{other}?moved=1")

        async with answering(moved) as first, _http.asking("Market") as http:
            reply = await http.get(first, {"access_token": "secret-token"})
            assert (reply.status, asked_there) == (302, [])
            assert (await http.page(first)).text == "here"
