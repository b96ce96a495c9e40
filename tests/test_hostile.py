"""Hostile words on every page: in names, texts, goods, notes and addresses they are words, and break no layout."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from livesell.commands import PutProduct
from livesell.model import Code, Money, Product, Quantity
from livesell.store import Asked
from livesell.web.pages import assets
from livesell.web.setup import Setup, shown
from tests.test_morning import Morning
from tests.test_pages import LAPTOP, PHONE, browser, page_of, selling

__all__ = ["browser"]  # the fixture

pytestmark = pytest.mark.browser

WORDS: list[str] = [
    json.loads(line) for line in Path(__file__).with_name("hostile.jsonl").read_text(encoding="utf-8").splitlines()
]
FOREIGN = "iframe, object, embed, math, marquee, plaintext, xmp, portal, base, frameset, isindex, font, b b, style, a a"
"""Elements that no page of livesell has."""


async def settled(page: Page, size: Any, where: str) -> None:
    """Nothing ran, nothing was added, nothing went sideways, nothing was asked of elsewhere."""
    assert await page.evaluate("window.hits") == 0, where
    assert await page.locator(FOREIGN).count() == 0, where
    bare = await page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes]).filter((it) => "
        "it.name.startsWith('on') || (/^(href|src|action)$/.test(it.name) && !/^(data:|[/?#]|$)/.test(it.value) && "
        "new URL(it.value, location.href).protocol === 'javascript:')).length"
    )
    assert bare == 0, where
    if size is not None:
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], where


async def watched(page: Page) -> list[str]:
    """Count what runs, and what the page asks other hosts for."""
    await page.add_init_script("window.hits = 0; window.broken = () => { window.hits += 1; };")
    elsewhere: list[str] = []
    page.on("request", lambda one: elsewhere.append(one.url) if "evil.example" in one.url else None)
    return elsewhere


async def fill(shop: Morning) -> None:
    """Every string as a buyer's name, a comment, a product's name, other name and unit, a note and an address."""
    puts = [
        PutProduct(
            product=Product(
                code=Code(f"X{number}"),
                name=words[:200] or "x",
                price=Money(90_000),
                aliases=(words[:100],),
                unit=words[:20],
                stock={"": Quantity(1000 if number % 2 else 5000)},
            )
        )
        for number, words in enumerate(WORDS, 1)
    ]
    await shop.shop.writer.submit(Asked(None, tuple(puts)))
    for number, words in enumerate(WORDS, 1):
        await shop.say(f"n{number}", words, f"chốt X{number} 2")
        await shop.say(f"t{number}", f"viewer {number}", words)
        await shop.say(f"c{number}", f"buyer {number}", f"chốt X{number} {words[:200]}")
    after, orders = "", []
    while page := await shop.get(f"/api/shows/current/orders?limit=500{after}"):
        orders += page
        after = f"&after={page[-1]['code']}"
    assert len(orders) >= 100
    for order, words in zip(orders, itertools.cycle(WORDS), strict=False):
        if len(order["lines"]) == 1:
            body = {"type": "set_contact", "buyer": order["buyer"]["id"], "note": words[:500], "address": words[:500]}
            await shop.command(**body)
    for at in range(0, len(orders), 100):
        codes = [order["code"] for order in orders[at : at + 100] if order["held"]][: 100 if at else 60]
        await shop.command(type="confirm", orders=codes, who=WORDS[at % len(WORDS)][:40])


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    """At least a hundred different strings, in elements, attributes, addresses, templates and bare text."""
    assert len(set(WORDS)) == len(WORDS) >= 100
    for part in ("<script", "onerror", "javascript:", "{{", "</", "\u202e", "__proto__", "data:text/html", "\n"):
        assert any(part in words for words in WORDS), part


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_no_word_is_more_than_a_word(tmp_path: Path, browser: Browser, size: Any) -> None:
    """On the control page, the review page, bags, shelf, night, labels, every overlay and the first steps."""
    async with selling(tmp_path) as evening:
        shop = Morning(evening.shop, evening.address, evening.http)
        await fill(shop)
        async with page_of(browser, size) as page:
            elsewhere = await watched(page)
            await page.goto(evening.url("/control"))
            await page.wait_for_selector("body[data-ready]")
            await settled(page, size, "control")
            for tab in ("chat", "goods", "orders"):
                found = page.locator(f"[data-show={tab}]:visible")
                if await found.count():
                    await found.first.click()
                await asyncio.sleep(0.2)
                await settled(page, size, tab)
                rows = page.locator(f"#{tab} .at button:visible")
                for at in range(min(6, await rows.count())):
                    await rows.nth(at).click()
                    await asyncio.sleep(0.05)
                    if await page.locator("#sheet[open]").count():
                        await settled(page, size, f"{tab} sheet {at}")
                        await page.locator("#sheet-close").click()
                scroll = page.locator(f"#{tab}-scroll")
                for part in range(5):
                    await scroll.evaluate("(box, part) => { box.scrollTop = box.scrollHeight * part / 5 }", part)
                    await asyncio.sleep(0.1)
                    await settled(page, size, f"{tab} {part}")
            if size is PHONE:
                await page.locator("[data-show=todo]:visible").first.click()
            for _ in range(12):
                card = page.locator("#card article")
                if not await card.count():
                    break
                await asyncio.sleep(0.42)
                await settled(page, size, "card")
                await card.get_by_role("button", name="Để sau").click()
            await page.locator("[data-show=orders]:visible").first.click()
            await page.locator("#show-recent").click()
            await expect(page.locator("#recent li").first).to_be_visible()
            await settled(page, size, "recent")

            await page.goto(f"{evening.address}/review")
            await page.wait_for_selector("body[data-ready]")
            for name in ("unclear", "phone", "waiting", "all"):
                await page.locator(f"[data-list={name}]").click()
                await asyncio.sleep(0.4)
                await settled(page, size, name)
                for at in range(5):
                    row = page.locator("#rows .open").nth(at)
                    if await row.count():
                        await row.click()
                        await asyncio.sleep(0.15)
                        await settled(page, size, f"{name} {at}")
                        if size is PHONE:
                            await page.locator("#detail .back").click()
            await page.locator("#buy-in").click()
            await settled(page, size, "buy in")
            for path in ("pick", "pack", "night", "print?format=a7", "print?format=roll58"):
                await page.goto(f"{evening.address}/review/{path}")
                await page.wait_for_load_state("load")
                await asyncio.sleep(0.2)
                await settled(page, size if "print" not in path else None, path)
                if path == "pack":
                    for _ in range(8):
                        await page.keyboard.press("ArrowRight")
                        await asyncio.sleep(0.05)
                        await settled(page, size, "bag")
            assert await page.title() != "broken"
            assert elsewhere == []


async def test_no_word_is_more_than_a_word_on_air(tmp_path: Path, browser: Browser) -> None:
    """Every theme, in both shapes of a picture, while name after name comes."""
    async with selling(tmp_path) as evening:
        shop = Morning(evening.shop, evening.address, evening.http)
        await fill(shop)
        orders = await shop.get("/api/shows/current/orders?limit=500")
        drafts = [order["code"] for order in orders if order["status"] == "draft" and order["held"]][:30]
        for theme in assets().themes:
            for size in ({"width": 540, "height": 960}, {"width": 960, "height": 540}):
                async with page_of(browser, size) as page:
                    elsewhere = await watched(page)
                    await page.goto(evening.url(f"/overlay/{theme}", "overlay"))
                    for code in [drafts.pop() for _ in range(min(3, len(drafts)))]:
                        await shop.command(type="confirm", order=code)
                        await asyncio.sleep(0.2)
                    await asyncio.sleep(0.5)
                    assert await page.evaluate("window.hits") == 0
                    assert (
                        await page.locator(
                            "iframe, object, embed, math, marquee, script:not([src]):not([type])"
                        ).count()
                        == 0
                    )
                    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
                    assert elsewhere == []


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_no_word_is_more_than_a_word_in_the_first_steps(tmp_path: Path, browser: Browser, size: Any) -> None:
    """The shop's name, the goods that are pasted, a link, a comment that is tried."""
    async with selling(tmp_path) as evening, page_of(browser, size) as page:
        elsewhere = await watched(page)
        drawn: dict[str, Any] = {"content_type": "text/html; charset=utf-8"}

        async def give(route: Route) -> None:
            await route.fulfill(**drawn)

        await page.route("**/steps", give)
        setup = Setup(tmp_path, evening.shop.guard.keys, 8777)
        for at in range(0, len(WORDS), 12):
            some = [" ".join(words.split()) for words in WORDS[at : at + 12]]
            some += some[:5]
            setup.name = some[0][:80]
            setup.goods = "\n".join(f"S{number}\t{words}\t90k\t5" for number, words in enumerate(some)) + "\n" + some[1]
            for step in range(1, 6):
                form = {"link": some[2], "text": some[3]}
                drawn["body"] = shown(setup, step, form=form, errors={"link": some[4]}).text
                await page.goto(f"{evening.address}/steps")
                await settled(page, size, f"step {step}")
        assert elsewhere == []
