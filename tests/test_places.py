"""A link pasted while the show runs: heard at once, kept for the next start, changed and taken out again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from livesell import logs, sheets
from livesell.config import Config, Server
from livesell.errors import BadInput, ConfigError, NotFound
from livesell.registry import make_sources
from livesell.running import running, sources_of
from livesell.web.shop import Shop
from tests.fakes.twitch_irc import TwitchIrc
from tests.test_twitch import said


class Open:
    """A shop at work and a program with the seller's key."""

    def __init__(self, shop: Shop, address: str, http: ClientSession) -> None:
        self.shop, self.address, self.http = shop, address, http

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """A status and its JSON, or text where it is none."""
        headers = {"Authorization": f"Bearer {self.shop.guard.keys.of('seller')}", "Origin": self.address}
        async with self.http.request(
            method, self.address + path, headers=headers, allow_redirects=False, **options
        ) as answer:
            json = answer.content_type == "application/json"
            return answer.status, await answer.json() if json else await answer.text()

    async def add(self, link: str, **keys: object) -> tuple[int, Any]:
        """Paste a link."""
        return await self.call("POST", "/api/sources", json={"link": link, **keys})

    async def states(self) -> dict[str, str]:
        """The sources as pages show them."""
        found = await self.shop.look(lambda look: look.sources(self.shop.show))
        return {one["name"]: one["state"] for one in found}

    async def until(self, name: str, state: str) -> None:
        """Wait until a source is in a state."""
        async with asyncio.timeout(5):
            while (await self.states()).get(name) != state:  # noqa: ASYNC110 - the state is in a server
                await asyncio.sleep(0.02)

    async def texts(self) -> list[str]:
        """What was heard."""
        _, found = await self.call("GET", "/api/shows/current/comments")
        return [one["text"] for one in found]


@asynccontextmanager
async def opened(folder: Path, *tables: dict[str, Any]) -> AsyncIterator[Open]:
    """A shop with these sources of its configuration."""
    config = Config(folder=folder, server=Server(port=0), source=tables)
    async with running(config, sources_of(config)) as (shop, address), ClientSession() as http:
        yield Open(shop, address, http)


async def test_a_pasted_link_is_heard_at_once_and_kept(tmp_path: Path) -> None:
    """The running show listens without a restart; the next start listens too."""
    async with TwitchIrc("thaomoc").serving() as irc:
        async with opened(tmp_path) as here:
            status, made = await here.add("https://www.twitch.tv/ThaoMoc", url=irc.url)
            assert (status, made) == (201, {"name": "twitch", "platform": "twitch", "place": "thaomoc", "needs": []})
            await here.until("twitch", "live")
            await irc.say(said("chốt A1", "m1"))
            async with asyncio.timeout(5):
                while await here.texts() != ["chốt A1"]:  # noqa: ASYNC110 - the comments are in a server
                    await asyncio.sleep(0.02)
        async with opened(tmp_path), asyncio.timeout(5):
            while irc.connections < 2:  # noqa: ASYNC110 - they are counted in a server
                await asyncio.sleep(0.02)


async def test_the_command_asks_the_running_server(tmp_path: Path) -> None:
    """`livesell sources add` while a show runs is the same as a paste on its page; without one it writes by itself."""
    config = Config(folder=tmp_path, server=Server(port=0))
    async with TwitchIrc("thaomoc").serving() as irc, opened(tmp_path) as here:
        told = await sheets.add_source(config, "twitch.tv/thaomoc", {"url": irc.url})
        assert told == "twitch: twitch thaomoc; the running show listens to it now"
        await here.until("twitch", "live")
        with pytest.raises(BadInput, match="listened to already by 'twitch'"):
            await sheets.add_source(config, "twitch.tv/thaomoc")
        with pytest.raises(BadInput, match="'soup' is not known"):
            await sheets.add_source(config, "soup")
        assert await sheets.remove_source(config, "twitch") == "twitch: the running show has let it go"
        await here.until("twitch", "ended")
        with pytest.raises(BadInput, match="there is no source twitch"):
            await sheets.remove_source(config, "twitch")
        await sheets.add_source(config, "twitch.tv/thaomoc", {"url": irc.url, "quiet": "60"})
        assert here.shop.spine.listening[0].adapter.settings.quiet == 60.0
    told = await sheets.add_source(config, "twitch.tv/nui", {"url": irc.url})
    assert told == "twitch-2: twitch nui; `livesell check` tries it"
    assert [one.name for one in sources_of(config)] == ["twitch", "twitch-2"]
    assert await sheets.remove_source(config, "twitch") == "twitch: taken out"
    assert [one.name for one in sources_of(config)] == ["twitch-2"]
    with pytest.raises(NotFound, match="'twitch' that was added"):
        await sheets.remove_source(config, "twitch")


async def test_a_form_of_the_page_does_the_same(tmp_path: Path) -> None:
    """Without script the page's form adds the source and comes back; a strange link is told and changes nothing."""
    async with opened(tmp_path) as here:
        status, _ = await here.call("POST", "/control/sources", data={"link": "zalo.me/1357000000000000001"})
        assert status == 409
        status, page = await here.call("POST", "/control/sources", data={"link": "soup"})
        assert status == 400 and "is not known" in str(page)
        status, _ = await here.call("POST", "/control/sources", data={"link": "instagram.com/thaomoc"})
        assert status == 303
        await here.until("instagram", "stopped")
        assert list(await here.states()) == ["instagram"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"link": "soup"}, 400, "is not known"),
        ({"link": ""}, 400, "is not known"),
        ({"link": "twitch.tv/" + "x/" * 50_000}, 400, "is not known"),
        ({"link": 5}, 400, "field 'link': is missing"),
        ([], 400, "field 'link': is missing"),
        ({"link": "twitch.tv/first"}, 409, "listened to already by 'first'"),
        ({"link": "twitch.tv/x", "chanel": "y"}, 409, "chanel: this key is not known"),
        ({"link": "twitch.tv/x", "name": "first"}, 409, "there is another source 'first'"),
        ({"link": "twitch.tv/x", "name": "a/b"}, 409, "is not a short name"),
        ({"link": "twitch.tv/x", "quiet": "long"}, 409, "quiet: Expected `float`, got `str`"),
        ({"link": "twitch.tv/x", "token_env": "LIVESELL_NOT_SET"}, 409, "the environment has no"),
        ({"link": "twitch.tv/x", "login": "../config.toml"}, 409, "login: names a file"),
        ({"link": "twitch.tv/x", "token_env": "PATH", "helix_url": "http://x"}, 409, "does not go with an address"),
    ],
)
async def test_what_cannot_be_added_is_told_and_changes_nothing(
    tmp_path: Path, body: object, status: int, words: str
) -> None:
    """An unknown link, a place or name that is taken, a key that is none: in words, and the sources stay."""
    async with opened(tmp_path, {"platform": "http", "name": "first"}) as here:
        here.shop.spine.listening.append(here.shop.spine._listening(_first()))
        answered, said_ = await here.call("POST", "/api/sources", json=body)
        assert answered == status and words in said_["error"]
        assert await here.shop.look(lambda look: look.added_sources()) == []


def _first() -> Any:
    (source,) = make_sources([{"platform": "twitch", "channel": "first", "name": "first"}])
    return source


async def test_what_a_platform_needs_beside_is_named(tmp_path: Path) -> None:
    """The keys that a link does not bring, whether the source can be made without them or not."""
    async with opened(tmp_path) as here:
        status, made = await here.add("facebook.com/thaomoc", graph_url="http://127.0.0.1:9")
        assert (status, made["needs"]) == (201, ["token"])
        status, made = await here.add("facebook.com/thaomoc", graph_url="http://127.0.0.1:9", token="t")
        assert (status, made["needs"]) == (201, [])
        status, refused = await here.add("zalo.me/1357000000000000001")
        assert (status, refused["needs"]) == (409, ["app_id", "secret"])
        assert "app_id: is missing" in refused["error"]
        status, made = await here.add("zalo.me/1357000000000000001", app_id="4001", secret="s")
        assert (status, made["needs"]) == (201, [])


async def test_a_missing_key_is_handed_in_with_the_same_link(tmp_path: Path) -> None:
    """A source that stopped for want of a key is replaced when the link comes again with it; its name stays."""
    async with TwitchIrc("thaomoc").serving() as irc, opened(tmp_path) as here:
        await here.add("twitch.tv/thaomoc", url="http://127.0.0.1:9")
        await here.until("twitch", "stopped")
        assert (await here.add("twitch.tv/thaomoc"))[0] == 409
        status, made = await here.add("twitch.tv/thaomoc", url=irc.url)
        assert (status, made["name"]) == (201, "twitch")
        await here.until("twitch", "live")
        assert [one["url"] for one in await here.shop.look(lambda look: look.added_sources())] == [irc.url]
        assert len(here.shop.spine.listening) == 1


async def test_a_missing_key_is_handed_in_before_the_show_too(tmp_path: Path) -> None:
    """The command does the same while nothing runs."""
    config = Config(folder=tmp_path, server=Server(port=0))
    await sheets.add_source(config, "facebook.com/thaomoc")
    with pytest.raises(ConfigError, match="listened to already"):
        await sheets.add_source(config, "facebook.com/thaomoc")
    await sheets.add_source(config, "facebook.com/thaomoc", {"token": "t", "sse": "true", "every": "5"})
    (one,) = sources_of(config)
    assert (one.name, one.settings.token, one.settings.sse, one.settings.every) == ("facebook", "t", True, 5.0)


async def test_a_source_is_taken_out(tmp_path: Path) -> None:
    """What was added by link is let go; what the configuration names stays, as does what is not there."""
    async with TwitchIrc("thaomoc").serving() as irc, opened(tmp_path, {"platform": "http"}) as here:
        await here.add("twitch.tv/thaomoc", url=irc.url)
        await here.until("twitch", "live")
        assert (await here.call("DELETE", "/api/sources/twitch"))[0] == 200
        await here.until("twitch", "ended")
        async with asyncio.timeout(5):
            while irc._sockets:  # noqa: ASYNC110 - the line is a server's
                await asyncio.sleep(0.02)
        status, words = await here.call("DELETE", "/api/sources/http")
        assert status == 409 and "take it out there" in words["error"]
        assert (await here.call("DELETE", "/api/sources/twitch"))[0] == 404
        assert await here.shop.look(lambda look: look.added_sources()) == []


async def test_the_configuration_goes_before_what_was_added(tmp_path: Path) -> None:
    """A place that stands in config.toml too, there with its token, is one source, the configuration's."""
    config = Config(folder=tmp_path, server=Server(port=0))
    await sheets.add_source(config, "facebook.com/thaomoc")
    table = {"platform": "facebook", "page": "thaomoc", "token": "t"}
    (one,) = sources_of(Config(folder=tmp_path, source=(table,)))
    assert one.settings.token == "t"
    with pytest.raises(ConfigError, match="or `livesell sources remove facebook`"):
        sources_of(Config(folder=tmp_path, source=({"platform": "facebook", "page": "other"},)))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """livesell's log of this test."""
    logs.start(tmp_path, loud=logging.CRITICAL + 1)
    yield tmp_path / "logs" / "livesell.log"
    root = logging.getLogger()
    for handler in logs._ours():
        root.removeHandler(handler)
        handler.close()


async def test_a_token_that_was_handed_in_stands_in_no_log(tmp_path: Path, log: Path) -> None:
    """Its value is hidden from then on, whoever writes it."""
    async with opened(tmp_path) as here:
        await here.add("facebook.com/thaomoc", token="EAAB-secret-token", graph_url="http://127.0.0.1:9")
        await here.until("facebook", "lost")
        logging.getLogger("somebody").warning("asked with %s", "EAAB-secret-token")
    written = log.read_text(encoding="utf-8")  # noqa: ASYNC240 - nothing else runs
    assert "asked with" in written and "EAAB-secret-token" not in written
