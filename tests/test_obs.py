"""OBS: sources added and put right by obs-websocket 5, every refusal in words, its stream followed, pages that wait."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from websockets.asyncio.server import ServerConnection

from livesell import broadcast, obs
from livesell.config import Config, Server
from livesell.config import Obs as Settings
from livesell.errors import ConfigError, LivesellError, NotFound
from livesell.i18n import languages, words
from livesell.running import running
from tests.fakes.obs import PASSWORD, FakeObs, answer_to, obs_running
from tests.server import free_port
from tests.test_pages import Evening, browser, page_of, selling

__all__ = ["browser"]

SOURCES = [obs.Source("livesell buyers", "http://127.0.0.1:8777/overlay/buyers?key=k")]


def settings(fake: FakeObs, password: str = PASSWORD) -> Settings:
    """How to get to it."""
    return Settings(port=fake.port, password=password)


@asynccontextmanager
async def line_to(fake: FakeObs) -> AsyncIterator[obs.Line]:
    """A line to an OBS at work."""
    async with obs_running(fake), obs.connected(settings(fake)) as line:
        yield line


# --- getting in -----------------------------------------------------------------------------------------------------


async def test_the_example_of_the_specification_is_answered() -> None:
    """Password, salt and challenge of protocol.md give one string, and that is what Identify carries."""
    fake = FakeObs()
    assert answer_to(PASSWORD) == "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4="
    async with line_to(fake) as line:
        await line.ask("GetVideoSettings")
    assert fake.identified[0]["authentication"] == "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4="
    assert (fake.identified[0]["rpcVersion"], fake.identified[0]["eventSubscriptions"]) == (1, 0)


async def test_an_obs_without_a_password_lets_in() -> None:
    """Hello without authentication is answered without."""
    fake = FakeObs("")
    async with obs_running(fake), obs.connected(settings(fake, "")) as line:
        await line.ask("GetVideoSettings")
    assert "authentication" not in fake.identified[0]


async def refusal_of(fake: FakeObs, password: str = PASSWORD) -> str:
    """Why OBS cannot be used, by its code."""
    with pytest.raises(obs.ObsRefused) as refused:
        async with obs_running(fake), obs.connected(settings(fake, password)) as line:
            await obs.add(line, SOURCES)
    assert len(str(refused.value)) > 20
    return refused.value.code


async def test_every_refusal_is_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not running, wrong or missing password, another version, no OBS at all, no answer, closed, no package."""
    monkeypatch.delenv(obs.PASSWORD, raising=False)
    monkeypatch.setattr(obs, "CONNECT", 0.5)
    with pytest.raises(obs.ObsRefused, match="start OBS, and switch on Tools, WebSocket Server Settings") as refused:
        async with obs.connected(Settings(port=free_port())):
            pass
    assert refused.value.code == "obs_not_running"
    assert await refusal_of(FakeObs(), "wrong") == "obs_wrong_password"
    assert await refusal_of(FakeObs(), "") == "obs_password_missing"
    fake = FakeObs()
    fake.rpc = 2
    assert await refusal_of(fake) == "obs_version"
    fake = FakeObs()
    fake.silent = True  # obs-websocket 4 waits to be asked
    assert await refusal_of(fake) == "obs_version"
    for request in ("GetVideoSettings", "CreateInput"):
        fake = FakeObs()
        fake.close_on = request
        assert await refusal_of(fake) == "obs_closed"

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(web, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(obs.ObsRefused, match="is no OBS") as refused:
            async with obs.connected(Settings(port=port)):
                pass
        assert refused.value.code == "obs_not_obs"
    monkeypatch.setitem(sys.modules, "simpleobsws", None)
    with pytest.raises(obs.ObsRefused, match=r"pip install 'livesell\[obs\]'"):
        async with obs.connected(Settings()):
            pass


async def test_an_obs_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request without an answer is a refusal after a while."""
    monkeypatch.setattr(obs, "CALL", 0.2)
    fake = FakeObs()

    async def never(line: ServerConnection, asked: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(fake, "answer", never)
    assert await refusal_of(fake) == "obs_silent"


async def test_the_password_may_stand_in_the_environment() -> None:
    """That of the configuration goes first."""
    environment = {obs.PASSWORD: "from outside"}
    assert obs.password_of(Settings(), environment) == "from outside"
    assert obs.password_of(Settings(password="own"), environment) == "own"
    assert obs.password_of(Settings(), {}) == ""


# --- sources --------------------------------------------------------------------------------------------------------


async def test_a_source_is_added_to_the_scene_on_air_in_the_size_of_the_picture() -> None:
    """A browser source with the page's address."""
    fake = FakeObs()
    async with line_to(fake) as line:
        assert await obs.add(line, SOURCES) == [obs.Done("livesell buyers", True, "Live")]
    kind, there = fake.inputs["livesell buyers"]
    assert kind == "browser_source"
    assert there == {"is_local_file": False, "url": SOURCES[0].url, "width": 1080, "height": 1920}
    assert fake.scenes["Live"] == ["livesell buyers"]
    assert fake.pressed == []


async def test_a_source_that_is_there_is_put_right_and_reloaded() -> None:
    """601 is no refusal: its address changes, what else was set stays, and it comes into the scene asked for."""
    fake = FakeObs()
    async with line_to(fake) as line:
        await obs.add(line, SOURCES)
        fake.inputs["livesell buyers"][1].update(url="http://old", css="body {}")
        assert await obs.add(line, SOURCES) == [obs.Done("livesell buyers", False, "Live")]
        assert fake.scenes == {"Live": ["livesell buyers"], "Pause": []}
        assert await obs.add(line, SOURCES, "Pause") == [obs.Done("livesell buyers", False, "Pause")]
    assert fake.inputs["livesell buyers"][1]["url"] == SOURCES[0].url
    assert fake.inputs["livesell buyers"][1]["css"] == "body {}"
    assert fake.scenes["Pause"] == ["livesell buyers"]
    assert fake.pressed == ["livesell buyers", "livesell buyers"]


async def test_an_obs_that_is_starting_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """207 a few times is waited for; for ever it is a refusal."""
    fake = FakeObs()
    fake.not_ready = 2
    async with line_to(fake) as line:
        assert (await obs.add(line, SOURCES))[0].added
    monkeypatch.setattr(obs, "READY", 0.6)
    fake = FakeObs()
    fake.not_ready = 1000
    assert await refusal_of(fake) == "obs_not_ready"


async def test_what_obs_cannot_do_is_told() -> None:
    """No such scene, no browser plugin, a name that something else has, and any other code with OBS's own words."""
    fake = FakeObs()
    async with line_to(fake) as line:
        with pytest.raises(obs.ObsRefused, match="no scene 'Nope'"):
            await obs.add(line, SOURCES, "Nope")
        fake.inputs["livesell buyers"] = ("image_source", {})
        with pytest.raises(obs.ObsRefused, match="another source or scene that is called 'livesell buyers'"):
            await obs.add(line, SOURCES)
        assert fake.inputs["livesell buyers"] == ("image_source", {})
        with pytest.raises(obs.ObsRefused, match="called 'Pause'"):
            await obs.add(line, [obs.Source("Pause", "http://x")])
        with pytest.raises(obs.Failed, match=r"OBS refused GetInputSettings: No source .* \(600\)"):
            await line.ask("GetInputSettings", {"inputName": "none"})
    fake = FakeObs()
    fake.kinds = set()
    assert await refusal_of(fake) == "obs_no_browser"


def test_every_refusal_has_a_sentence_for_the_page() -> None:
    """In each language, under its own code."""
    text = Path(obs.__file__).read_text(encoding="utf-8")
    codes = {line.split('"')[1] for line in text.split("ObsRefused(")[1:] if line.startswith('"obs_')}
    assert len(codes) >= 11
    for language in languages():
        assert {f"obs.{code.removeprefix('obs_')}" for code in codes} <= set(words(language))


# --- the command ----------------------------------------------------------------------------------------------------


async def test_the_command_puts_pages_that_wait_into_obs(tmp_path: Path) -> None:
    """Without a running livesell: files for their owner only, with the key, and words that they wait."""
    config = Config(folder=tmp_path, server=Server(port=free_port()))
    async with obs_running(FakeObs()) as fake:
        config = replaced(config, fake)
        out = io.StringIO()
        await broadcast.run(config, ["goal?target=80&junk=1"], scene="", by_address=False, follow=False, out=out)
        await broadcast.run(config, [], scene="Pause", by_address=True, follow=False, out=out)
    said = out.getvalue()
    assert "livesell goal: added to the scene 'Live'" in said
    assert "livesell product: added to the scene 'Pause'" in said
    there = fake.inputs["livesell goal"][1]
    file = Path(there["local_file"])
    assert there["is_local_file"]
    assert file.parent == tmp_path / "obs"
    assert "target=80" in text_of(file) and "junk" not in text_of(file)
    if os.name != "nt":
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116
    assert fake.inputs["livesell buyers"][1]["url"].startswith(
        f"http://127.0.0.1:{config.server.port}/overlay/buyers?key="
    )
    with pytest.raises(NotFound, match="'nope'; there are buyers, goal"):
        await broadcast.run(config, ["nope"], scene="", by_address=False, follow=False, out=out)
    free = Config(folder=tmp_path, server=Server(port=0))
    with pytest.raises(ConfigError, match="name a port"):
        await broadcast.run(free, [], scene="", by_address=False, follow=False, out=out)


def text_of(file: str | Path) -> str:
    """What stands in a file."""
    return Path(file).read_text(encoding="utf-8")


def replaced(config: Config, fake: FakeObs) -> Config:
    """The same shop with that OBS."""
    return Config(folder=config.folder, server=config.server, obs=settings(fake))


async def test_an_obs_elsewhere_needs_a_livesell_that_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sources have the address that this computer has for it; a shop that listens to itself says what to do."""
    monkeypatch.setattr(obs, "here", lambda host: host != "127.0.0.1")
    shop = obs.Shop("http://127.0.0.1:8777", "k", tmp_path)
    async with obs_running(FakeObs()) as fake:
        with pytest.raises(obs.ObsRefused, match="another computer"):
            await obs.put(settings(fake), shop, [obs.Wanted("buyers")])
        shop = obs.Shop("http://127.0.0.1:8777", "k", tmp_path, open=True)
        await obs.put(settings(fake), shop, [obs.Wanted("buyers", "rows=2")])
    there = fake.inputs["livesell buyers"][1]
    assert there["url"] == "http://127.0.0.1:8777/overlay/buyers?key=k&rows=2"
    assert not there["is_local_file"]


def test_this_computer_has_several_names() -> None:
    """Loopback addresses and localhost are here; all else is not."""
    assert [obs.here(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1")] == [True] * 4
    assert [obs.here(host) for host in ("192.168.1.7", "obs.example", "0.0.0.0", "")] == [False] * 4


@pytest.mark.browser
async def test_a_page_that_waits_goes_to_the_overlay_when_livesell_is_there(tmp_path: Path, browser: Browser) -> None:
    """OBS opened first: transparent and without a word until the server is up; a wrong key is waited with for ever."""
    port = free_port()
    (tmp_path / "shop").mkdir()
    async with page_of(browser, {"width": 1920, "height": 1080}) as page:
        stranger = await browser.new_page()
        async with selling(tmp_path / "shop", port) as evening:
            key = evening.shop.guard.keys.of("overlay")
        address = f"http://127.0.0.1:{port}"
        right = obs.waiting_page(tmp_path / "a", "goal", address, key, "target=7")
        wrong = obs.waiting_page(tmp_path / "b", "goal", address, "x" * 43)
        assert right.file is not None and wrong.file is not None
        await page.goto(right.file.as_uri())
        await asyncio.sleep(1)
        assert await page.evaluate("document.body.innerText.trim()") == ""
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        async with selling(tmp_path / "shop", port):
            await expect(page.locator("[data-figure]")).to_have_text("0 / 7 đơn", timeout=10_000)
            assert page.url.startswith(f"{address}/overlay/goal?key=")
            await stranger.goto(wrong.file.as_uri())
            await asyncio.sleep(1.5)
            assert stranger.url.startswith("file:")


async def test_only_the_overlay_key_learns_from_elsewhere_that_livesell_is_there(tmp_path: Path) -> None:
    """A page of another site gets its answer with the key, and without it nothing that it could read or count."""
    crossing = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    async with selling(tmp_path) as evening:
        for key, status, policy in (
            (evening.shop.guard.keys.of("overlay"), 204, "cross-origin"),
            (evening.shop.guard.keys.of("seller"), 403, "same-origin"),
            ("wrong", 403, "same-origin"),
        ):
            async with evening.http.get(f"{evening.address}/up?key={key}", headers=crossing) as answer:
                assert (answer.status, answer.headers["Cross-Origin-Resource-Policy"]) == (status, policy)


# --- the button -----------------------------------------------------------------------------------------------------


async def test_the_interface_puts_themes_into_obs_or_says_why_not(tmp_path: Path) -> None:
    """With the seller's key; settings that a theme does not have are left out; a refusal is 409 with its code."""
    async with obs_running(FakeObs()) as fake:
        config = Config(folder=tmp_path, server=Server(port=0), obs=settings(fake))
        async with running(config, []) as (shop, address):
            evening = Evening(shop, address, await session())
            body = {"themes": [{"theme": "buyers", "settings": "rows=3&key=x"}, {"theme": "goal"}], "scene": "Live"}
            status, told = await post(evening, body)
            assert status == 200
            assert [one["added"] for one in told["done"]] == [True, True]
            text = text_of(fake.inputs["livesell buyers"][1]["local_file"])
            assert "rows=3" in text and "key=x" not in text
            for wrong, expected in (
                ({"themes": []}, 400),
                ({"themes": [{"theme": "../x"}]}, 404),
                ({"themes": "all"}, 400),
                ([], 400),
                ({"themes": [{"theme": "goal"}], "scene": 7}, 400),
            ):
                assert (await post(evening, wrong))[0] == expected, wrong
            fake.kinds = set()
            status, told = await post(evening, {"themes": [{"theme": "thanks"}]})
            assert (status, told["code"]) == (409, "obs_no_browser")
            await evening.http.close()


async def session() -> Any:
    """A client."""
    from aiohttp import ClientSession

    return ClientSession()


async def post(evening: Evening, body: Any) -> tuple[int, Any]:
    """Ask for it."""
    headers = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
    async with evening.http.post(f"{evening.address}/api/obs", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_a_new_overlay_key_is_in_obs_at_once(tmp_path: Path) -> None:
    """In the pages that wait and in addresses; the sources are loaded again, and what is not ours is left alone."""
    async with obs_running(FakeObs()) as fake:
        config = Config(folder=tmp_path, server=Server(port=0), obs=settings(fake))
        async with running(config, []) as (shop, address):
            evening = Evening(shop, address, await session())
            await post(evening, {"themes": [{"theme": "buyers"}, {"theme": "goal", "settings": "target=9"}]})
            fake.inputs["camera page"] = ("browser_source", {"url": "http://elsewhere/?key=mine"})
            old = shop.guard.keys.of("overlay")
            headers = {"Authorization": f"Bearer {shop.guard.keys.of('seller')}"}
            asked = evening.http.post(f"{address}/api/keys", json={"role": "overlay"}, headers=headers)
            async with asked as answer:
                assert (await answer.json())["renewed"] == ["overlay"]
            key = shop.guard.keys.of("overlay")
            await until(lambda: sorted(fake.pressed) == ["livesell buyers", "livesell goal"])
            for name in ("livesell buyers", "livesell goal"):
                there = fake.inputs[name][1]
                text = text_of(there["local_file"])
                assert old not in text + there["url"]
                assert text.count(key) == 2 and key in there["url"]
            assert "target=9" in text_of(fake.inputs["livesell goal"][1]["local_file"])
            assert fake.inputs["camera page"][1]["url"] == "http://elsewhere/?key=mine"
            await evening.http.close()


# --- following ------------------------------------------------------------------------------------------------------


async def until(true: Callable[[], bool]) -> None:
    """Wait for it, not for long."""
    async with asyncio.timeout(8):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_the_stream_is_followed_through_loss_and_short_stops() -> None:
    """On at once if it runs already; a stop shorter than the grace is none; an OBS that goes is waited for."""
    told: list[str] = []
    said: list[str] = []

    async def started() -> None:
        told.append("on")

    async def stopped() -> None:
        told.append("off")

    port = free_port()
    where = Settings(port=port, password=PASSWORD)
    task = asyncio.create_task(obs.follow(where, started, stopped, said=said.append, grace=0.4, again=(0.1,)))
    try:
        await until(lambda: len(said) == 1)
        await asyncio.sleep(0.3)
        assert "start OBS" in said[0] and len(said) == 1
        fake = FakeObs()
        fake.streams = True
        async with obs_running(fake, port):
            await until(lambda: told == ["on"])
            assert fake.identified[0]["eventSubscriptions"] == 64
            await fake.stream(False)
            await asyncio.sleep(0.1)
            await fake.stream(True)
            await asyncio.sleep(0.6)
            assert told == ["on"]
            await fake.stream(False)
            await until(lambda: told == ["on", "off"])
            await fake.hang_up()
            await until(lambda: len(fake.identified) == 2)
        async with obs_running(FakeObs(), port) as again:
            await until(lambda: len(again.identified) == 1)
            await asyncio.sleep(0.1)
            await again.stream(True)
            await until(lambda: told == ["on", "off", "on"])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_wrong_password_ends_the_following() -> None:
    """Trying again would not help, so it is told at once."""

    async def nothing() -> None:
        raise AssertionError

    async with obs_running(FakeObs()) as fake:
        with pytest.raises(obs.ObsRefused, match="does not take this password"):
            await obs.follow(settings(fake, "wrong"), nothing, nothing)


async def test_the_command_ends_and_opens_the_show_with_the_stream(tmp_path: Path, monkeypatch: Any) -> None:
    """By the running livesell's own interface; what it answers is told."""
    monkeypatch.setattr(obs, "GRACE", 0.2)
    monkeypatch.setattr(
        obs.follow, "__kwdefaults__", {**(obs.follow.__kwdefaults__ or {}), "grace": 0.2, "again": (0.1,)}
    )
    async with obs_running(FakeObs()) as fake:
        config = Config(folder=tmp_path, server=Server(port=0), obs=settings(fake))
        async with running(config, []) as (shop, _):
            out = io.StringIO()
            task = asyncio.create_task(broadcast.run(config, [], scene="", by_address=False, follow=True, out=out))
            try:
                await until(lambda: "is followed" in out.getvalue())
                await asyncio.sleep(0.1)
                await fake.stream(True)
                await until(lambda: "the stream has started: the show is open" in out.getvalue())
                await fake.stream(False)
                await until(lambda: "the stream is over: the show has ended" in out.getvalue())
                assert (await state_of(shop))["status"] == "ended"
                await fake.stream(True)
                await until(lambda: out.getvalue().count("the show is open") == 2)
                assert (await state_of(shop))["status"] == "open"
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
    elsewhere = broadcast.Followed(f"http://127.0.0.1:{free_port()}", "k", out)
    await elsewhere.started()
    assert "livesell is not there" in out.getvalue()


async def test_a_running_livesell_follows_by_itself(tmp_path: Path, monkeypatch: Any) -> None:
    """With `[obs] follow = true`; a show that is long over stays closed."""
    monkeypatch.setattr(
        obs.follow, "__kwdefaults__", {**(obs.follow.__kwdefaults__ or {}), "grace": 0.2, "again": (0.1,)}
    )
    async with obs_running(FakeObs()) as fake:
        follows = Settings(port=fake.port, password=PASSWORD, follow=True)
        config = Config(folder=tmp_path, server=Server(port=0), obs=follows)
        async with running(config, []) as (shop, _):
            await until(lambda: bool(fake.heard))
            await fake.stream(True)
            await asyncio.sleep(0.2)
            await fake.stream(False)
            await ended(shop, "ended")
            await fake.stream(True)
            await ended(shop, "open")
            await fake.stream(False)
            await ended(shop, "ended")
            now = shop.clock()
            monkeypatch.setattr(shop, "clock", lambda: now + obs.OLD * 2)
            await fake.stream(True)
            await asyncio.sleep(0.5)
            assert (await state_of(shop))["status"] == "ended"


async def state_of(shop: Any) -> Any:
    """The show as it is."""
    return await shop.look(lambda look: look.show(shop.show))


async def ended(shop: Any, status: str) -> None:
    """Wait until the show is so."""
    async with asyncio.timeout(8):
        while (await state_of(shop))["status"] != status:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_a_refusal_is_one_line_and_exit_code_one(tmp_path: Path) -> None:
    """As every refusal of the command line."""
    import subprocess

    (tmp_path / "config.toml").write_text(f"[obs]\nport = {free_port()}\n", encoding="utf-8")
    command = [sys.executable, "-m", "livesell", "obs", "-c", str(tmp_path / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=Path.cwd())
    assert done.returncode == 1
    assert done.stderr.startswith("livesell: no OBS answers at 127.0.0.1:")
    assert len(done.stderr.splitlines()) == 1
    assert issubclass(obs.ObsRefused, LivesellError)


def test_the_way_by_hand_is_four_pictures_of_our_own() -> None:
    """Drawings with words for who cannot see them; each stands in the document under the same words."""
    folder = Path(__file__).parent.parent / "docs"
    document = text_of(folder / "obs.md")
    pictures = sorted((folder / "pictures").glob("obs-*.svg"))
    assert len(pictures) == 4
    for picture in pictures:
        drawn = text_of(picture)
        title = drawn.split("<title>")[1].split("</title>")[0]
        assert f"![{title}](pictures/{picture.name})" in document
        assert f'aria-label="{title}"' in drawn
        assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "").replace("http://127.0.0.1:8777", "")
