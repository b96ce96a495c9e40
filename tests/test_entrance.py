"""Who may come in while the shop is open: a phone by a code that works once, and nobody any more after new keys."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import aiohttp
import pytest
import segno
from aiohttp import ClientSession, WSMsgType
from playwright.async_api import Browser, expect

from livesell.config import Config, Server
from livesell.config import Keys as ConfiguredKeys
from livesell.errors import BadInput
from livesell.running import running
from livesell.signing import renew
from livesell.web import entrance, network
from livesell.web.network import Network
from livesell.web.shop import Shop
from tests.test_face import violations
from tests.test_pages import LAPTOP, browser, page_of, selling

__all__ = ["browser"]  # the fixture

ROOT = Path(__file__).parent.parent


@asynccontextmanager
async def serving(folder: Path, server: Server | None = None) -> AsyncIterator[tuple[Shop, str]]:
    """A shop at work."""
    async with running(Config(server=server or Server(port=0), folder=folder), []) as (shop, address):
        yield shop, address


def bearer(shop: Shop, role: str = "seller") -> dict[str, str]:
    """The key of a role, as a program shows it."""
    return {"Authorization": f"Bearer {shop.guard.keys.of(role)}"}  # type: ignore[arg-type]


# --- a phone --------------------------------------------------------------------------------------------------------


async def test_a_phone_is_told_when_it_cannot_get_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loopback alone there is no code; one tap opens the local network, and that is kept over a restart."""
    found = "127.0.0.2"
    if sys.platform != "linux":
        pytest.skip("only Linux answers on a second loopback address without being told to")
    monkeypatch.setattr(network, "lan_address", lambda: found)
    monkeypatch.setattr(Network.__init__, "__kwdefaults__", {"find": lambda: found})
    async with serving(tmp_path) as (shop, address), ClientSession() as http:
        async with http.post(f"{address}/api/phone", json={}, headers=bearer(shop)) as answer:
            assert await answer.json() == {"reachable": False}
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://{found}:{shop.guard.port}/healthz")
        async with http.post(f"{address}/api/phone", json={"open": True}, headers=bearer(shop)) as answer:
            told = await answer.json()
            assert told["place"] == f"http://{found}:{shop.guard.port}/control"
            assert told["picture"].startswith("data:image/svg+xml")
        async with http.get(f"http://{found}:{shop.guard.port}/control") as answer:
            assert answer.status == 401
    async with (
        serving(tmp_path) as (shop, _),
        ClientSession() as http,
        http.get(f"http://{found}:{shop.guard.port}/healthz") as answer,
    ):
        assert answer.status == 200


async def test_without_a_network_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal says what to do."""
    monkeypatch.setattr(Network.__init__, "__kwdefaults__", {"find": lambda: None})
    async with (
        serving(tmp_path) as (shop, address),
        ClientSession() as http,
        http.post(f"{address}/api/phone", json={"open": True}, headers=bearer(shop)) as answer,
    ):
        assert answer.status == 409
        assert "connect it" in (await answer.json())["error"]


async def test_a_code_opens_one_page_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the picture holds opens the control page one time; two minutes later it opens nothing."""
    drawn: list[str] = []
    draw = entrance.qr

    def seen(content: str) -> str:
        drawn.append(content)
        return draw(content)

    monkeypatch.setattr(entrance, "qr", seen)
    async with serving(tmp_path, Server(port=0, host="0.0.0.0")) as (shop, address), ClientSession() as http:
        monkeypatch.setattr(shop.network, "_find", lambda: "127.0.0.1")
        for _ in range(2):
            async with http.post(f"{address}/api/phone", json={}, headers=bearer(shop)) as answer:
                assert (await answer.json())["seconds"] == 120
        assert shop.guard.keys.of("seller") not in "".join(drawn)
        async with http.get(drawn[0]) as answer:
            assert answer.status == 200
            assert "livesell_seller_" in answer.headers["Set-Cookie"]
        async with ClientSession() as second, second.get(drawn[0]) as answer:
            assert answer.status == 401
        now = shop.guard.now
        monkeypatch.setattr(shop.guard, "now", lambda: now() + timedelta(seconds=121))
        async with ClientSession() as second, second.get(drawn[1]) as answer:
            assert answer.status == 401


def test_a_code_is_drawn_as_it_is_read() -> None:
    """The picture is the standard's own, four modules of rim around it."""
    picture = entrance.qr("http://192.0.2.7:8777/control?key=x")
    code = segno.make("http://192.0.2.7:8777/control?key=x", error="m", micro=False)
    side = (code.symbol_size(border=4)[0]) * 8
    assert f"width='{side}'" in unquote(picture).replace('"', "'")


# --- new keys -------------------------------------------------------------------------------------------------------


async def closed(socket: aiohttp.ClientWebSocketResponse) -> bool:
    """Whether a line ends within a few seconds."""
    async with asyncio.timeout(5):
        async for message in socket:
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
                break
    return socket.closed


async def test_new_keys_close_what_the_old_ones_opened(tmp_path: Path) -> None:
    """Feeds, comment lines, sessions and codes end at once; who asked goes on by a key that works once."""
    async with serving(tmp_path) as (shop, address):
        jar = aiohttp.CookieJar(unsafe=True)
        old = {role: bearer(shop, role) for role in ("seller", "overlay", "ingest")}
        code = shop.guard.one_time.issue("seller", shop.guard.now())
        async with ClientSession(cookie_jar=jar) as http:
            async with http.get(f"{address}/control?key={shop.guard.keys.of('seller')}") as answer:
                assert answer.status == 200
            feed = await http.ws_connect(f"{address}/feed", headers={"Origin": address})
            screen = await http.ws_connect(f"{address}/feed", headers=old["overlay"])
            comments = await http.ws_connect(f"{address}/comments", headers=old["ingest"])
            await feed.receive()
            async with http.post(f"{address}/api/keys", json={}, headers={"Origin": address}) as answer:
                assert answer.status == 200
                told = await answer.json()
            assert (told["renewed"], told["kept"]) == (["ingest", "overlay", "seller"], [])
            assert [await closed(line) for line in (feed, screen, comments)] == [True, True, True]
            async with http.get(f"{address}/control") as answer:
                assert answer.status == 401
            for role, path in (("seller", "/control"), ("overlay", "/overlay/buyers")):
                async with http.get(f"{address}{path}", headers=old[role]) as answer:
                    assert answer.status == 401
            async with http.get(f"{address}/control?key={code}") as answer:
                assert answer.status == 401
            async with http.get(address + told["again"]) as answer:
                assert answer.status == 200
            async with http.get(told["overlay"]) as answer:
                assert answer.status == 200


async def test_a_new_overlay_key_leaves_the_seller_alone(tmp_path: Path) -> None:
    """Only what is on air has to come again; a key that the configuration names stays, and that is said."""
    named = Server(port=0, keys=ConfiguredKeys(ingest="i" * 32))
    async with serving(tmp_path, named) as (shop, address), ClientSession() as http:
        screen = await http.ws_connect(f"{address}/feed", headers=bearer(shop, "overlay"))
        feed = await http.ws_connect(f"{address}/feed", headers=bearer(shop))
        await feed.receive()
        async with http.post(f"{address}/api/keys", json={"role": "overlay"}, headers=bearer(shop)) as answer:
            told = await answer.json()
        assert told["renewed"] == ["overlay"]
        assert "again" not in told
        assert await closed(screen)
        assert not feed.closed
        async with http.post(f"{address}/api/keys", json={"role": "ingest"}, headers=bearer(shop)) as answer:
            assert (await answer.json())["kept"] == ["ingest"]
        async with http.post(f"{address}/api/keys", json={"role": "queen"}, headers=bearer(shop)) as answer:
            assert answer.status == 400
        for role in ("overlay", "ingest"):
            async with http.post(f"{address}/api/keys", json={}, headers=bearer(shop, role)) as answer:
                assert answer.status == 403


async def test_the_command_renews_keys_of_an_open_and_a_closed_shop(tmp_path: Path) -> None:
    """It asks the running server, so that open pages close; without one it writes the file itself."""
    config = Config(server=Server(port=0), folder=tmp_path)
    async with serving(tmp_path) as (shop, address), ClientSession() as http:
        before = shop.guard.keys.of("seller")
        feed = await http.ws_connect(f"{address}/feed", headers=bearer(shop))
        await feed.receive()
        assert "new keys for ingest, overlay, seller" in await renew(config, "")
        assert await closed(feed)
        after = shop.guard.keys.of("seller")
        assert after != before
    assert "new keys for overlay" in await renew(config, "overlay")
    async with serving(tmp_path) as (shop, _):
        assert shop.guard.keys.of("seller") == after
    with pytest.raises(BadInput, match="'queen' is no key"):
        await renew(config, "queen")


# --- on the page ----------------------------------------------------------------------------------------------------


@pytest.mark.browser
async def test_the_laptop_shows_a_code_and_signs_everybody_out(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code, what it means to let phones in, and a second browser that is told that its key is over."""
    monkeypatch.setattr(Network.__init__, "__kwdefaults__", {"find": lambda: "127.0.0.1"})
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        context = await browser.new_context(viewport={"width": 390, "height": 844})
        helper = await context.new_page()
        await helper.goto(evening.url("/control"))
        await page.goto(evening.url("/control"))
        await page.wait_for_selector("body[data-ready]")
        await page.locator("#phone").click()
        await expect(page.locator("dialog")).to_contain_text("mới chỉ mở cho máy này")
        await page.locator("#sheet-close").click()
        monkeypatch.setattr(evening.shop.network, "_opened", {"127.0.0.1"})
        await page.locator("#phone").click()
        await expect(page.locator("dialog img.qr")).to_be_visible()
        await expect(page.locator("dialog")).to_contain_text("giây")
        assert await violations(page) == []
        await page.locator("#sheet-close").click()
        await page.locator("#settings").click()
        await page.get_by_role("button", name="Khóa").click()
        old = evening.shop.overlay_address("buyers")
        await page.get_by_role("button", name="Đổi địa chỉ overlay").click()
        await expect(page.locator("dialog input[value*='/overlay/']")).not_to_have_value(old)
        assert await page.locator("dialog input").input_value() == evening.shop.overlay_address("buyers") != old
        await page.locator("#sheet-close").click()
        await page.locator("#settings").click()
        await page.get_by_role("button", name="Khóa").click()
        await page.get_by_role("button", name="Đăng xuất mọi nơi").click()
        await expect(page.locator("body.control[data-ready]")).to_be_visible()
        await expect(helper.locator("#expired")).to_be_visible(timeout=10_000)
        await expect(page.locator("#expired")).to_be_hidden()
        await evening.say("1", "mai", "chốt H1")
        await expect(page.locator("#card article")).to_contain_text("mai")
        await context.close()


def test_the_command_line_knows_it() -> None:
    """`livesell keys renew` is a command of its own."""
    import subprocess

    told = subprocess.run(
        [sys.executable, "-m", "livesell", "keys", "renew", "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert b"sign everybody out" in told.stdout
