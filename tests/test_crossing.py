"""The same attacks from a real browser: a page of another port of this machine, which is the same site (attack 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from tests.doors import KEYS, Shop, open_shop, serving

pytestmark = pytest.mark.browser

Opened = tuple[Shop, Page, asyncio.Queue[int]]

ATTACKS = {
    "fetch": "fetch(there, {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}'}).catch(() => 0)",
    "beacon": "navigator.sendBeacon(there, new Blob(['{}']))",
    "form": "Object.assign(document.body.appendChild(document.createElement('form')),"
    " {method: 'post', enctype: 'text/plain', action: there, target: 'sink'}).submit()",
    "page form": "Object.assign(document.body.appendChild(document.createElement('form')),"
    " {method: 'post', action: page, target: 'other'}).submit()",
    "json": "fetch(there, {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'},"
    " body: '{}'}).catch(() => 0)",
    "picture": "new Image().src = page",
}


@pytest.fixture
async def pages(chromium: str) -> AsyncIterator[Opened]:
    """The shop, a page of another port in the seller's own browser, and the statuses that the shop answered."""
    statuses: asyncio.Queue[int] = asyncio.Queue()

    async def note(_request: web.Request, response: web.StreamResponse) -> None:
        statuses.put_nowait(response.status)

    async def elsewhere(_request: web.Request) -> web.Response:
        return web.Response(text="<iframe name=sink></iframe><iframe name=other></iframe>", content_type="text/html")

    other = web.Application()
    other.router.add_get("/", elsewhere)
    async with open_shop(watch=note) as shop, serving(other) as port, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium)
        try:
            page = await (await browser.new_context()).new_page()
            await page.goto(f"http://{shop.here}/control?key={KEYS['seller']}")
            assert await page.inner_text("body") == "control page"
            await page.goto(f"http://127.0.0.1:{port}/")
            while not statuses.empty():
                statuses.get_nowait()
            yield shop, page, statuses
        finally:
            await browser.close()


async def test_another_page_in_the_sellers_browser_changes_nothing(
    pages: Opened,
) -> None:
    """Her cookie travels along, and still fetch, beacon, forms and pictures are refused; the feed does not open."""
    shop, page, statuses = pages
    addresses = f"const there = 'http://{shop.here}/api/shows/current/commands', page = 'http://{shop.here}/control';"
    for attack in ATTACKS.values():
        await page.evaluate(f"() => {{ {addresses} {attack}; }}")
    opened = await page.evaluate(
        f"""() => new Promise(done => {{
            const feed = new WebSocket('ws://{shop.here}/feed');
            feed.onopen = () => done(true);
            feed.onerror = () => done(false);
        }})"""
    )
    async with asyncio.timeout(10):
        arrived = [await statuses.get() for _ in range(len(ATTACKS) + 1)]
    assert opened is False
    assert set(arrived) == {403}
    assert shop.done == []


async def test_our_own_page_may(pages: Opened) -> None:
    """The other half: the same browser and cookie from livesell's own page give a command and open the feed."""
    shop, page, _ = pages
    await page.goto(f"http://{shop.here}/control")
    answer = await page.evaluate(
        """() => fetch('/api/shows/current/commands',
            {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(got => got.status)"""
    )
    said = await page.evaluate(
        """() => new Promise(done => {
            const feed = new WebSocket('ws://' + location.host + '/feed');
            feed.onmessage = message => done(message.data);
            feed.onerror = () => done('refused');
        })"""
    )
    assert (answer, said, len(shop.done)) == (202, "seller", 1)
