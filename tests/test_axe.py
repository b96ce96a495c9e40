"""Nobody is shut out, in any language of the pages: what axe finds on every page, in the states that it can be in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.test_face import violations
from tests.test_pages import LAPTOP, ON_AIR, PHONE, Evening, browser, page_of, selling

__all__ = ["browser"]  # the fixture

pytestmark = pytest.mark.browser
LANGUAGES = ("vi", "en", "bn")


async def evening_in_all_states(evening: Evening) -> None:
    """A claim without a product, one of nothing sold, a missing size, a draft in part, one confirmed; many scripts."""
    await evening.say("1", "Lò Thị Mẩy", "chốt H1 2 gói, số 0912 345 678")
    await evening.say("2", "শ্রীমতী চৌধুরী", "chốt")
    await evening.say("3", "陳淑芬", "H3 2")
    await evening.say("4", "สมหญิง ใจดี", "H1 9 gói")
    await evening.say("5", "mai", "chốt ZZ9 nhé")
    await evening.say("6", "lin", "ship bao nhiêu ạ?")
    key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
    order = (await evening.shop.look(lambda look: look.orders(evening.shop.show)))[0]["code"]
    for command in ({"type": "pin", "code": "H1"}, {"type": "confirm", "order": order}):
        address = f"{evening.address}/api/shows/current/commands"
        async with evening.http.post(address, json=command, headers=key) as answer:
            assert answer.status == 200, await answer.text()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_control_has_no_barrier(tmp_path: Path, browser: Browser, language: str) -> None:
    """The card in each of its states, the tabs, every sheet, and the page of a show that has ended."""
    async with selling(tmp_path) as evening, page_of(browser, PHONE) as page:
        await evening_in_all_states(evening)
        await page.goto(evening.url("/control") + f"&lang={language}")
        assert await page.get_attribute("html", "lang") == language
        found = []
        for _ in range(4):
            await expect(page.locator("#card article")).to_be_visible()
            found += await violations(page)
            await page.locator("[data-role=later]").click()
            await asyncio.sleep(0.45)  # a new card takes no taps for a third of a second
        for opener in ("[data-role=more], [data-role=edit]", "#settings"):
            await page.locator(opener).first.click()
            await expect(page.locator("#sheet")).to_be_visible()
            await asyncio.sleep(0.3)
            found += await violations(page)
            await page.locator("#sheet-close").click()
        for name, row in (("chat", ".chatrow"), ("goods", ".good button"), ("orders", ".order")):
            await page.locator(f".tabs [data-show={name}]").click()
            await expect(page.locator(row).first).to_be_visible()
            found += await violations(page)
            await page.locator(row).last.click()
            await expect(page.locator("#sheet")).to_be_visible()
            await asyncio.sleep(0.3)
            found += await violations(page)
            await page.locator("#sheet-close").click()
        key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
        address = f"{evening.address}/api/shows/current/commands"
        async with evening.http.post(address, json={"type": "end"}, headers=key) as answer:
            assert answer.status == 200
        await page.reload()
        await expect(page.locator("#card article")).to_be_visible()
        found += await violations(page)
        assert found == []


async def test_a_barrier_is_found(browser: Browser) -> None:
    """The tool sees: pale words, a field without a label, a picture without words."""
    page = await browser.new_page()
    await page.set_content("<p style='color:#ccc;background:#fff'>pale</p><input><img src='data:,'>")
    assert {one.split(":")[0] for one in await violations(page)} >= {"color-contrast", "label", "image-alt"}
    await page.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_review_and_labels_have_no_barrier(tmp_path: Path, browser: Browser, language: str) -> None:
    """The lists, an order in full, what is bought in, steps for several, and labels on each paper."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        await evening_in_all_states(evening)
        await page.goto(evening.url("/review") + f"&lang={language}")
        await page.locator("#rows .open").last.click()
        await expect(page.locator("#field-phone")).to_be_visible()
        found = await violations(page)
        await page.locator("#rows input[type=checkbox]").first.click()
        await expect(page.locator(".bulk")).to_be_visible()
        found += await violations(page)
        await page.locator("#buy-in").click()
        await expect(page.locator("#sheet")).to_be_visible()
        await asyncio.sleep(0.3)
        found += await violations(page)
        for paper in ("a6", "a7", "roll58", "roll80"):
            await page.goto(evening.url("/review/print") + f"&format={paper}&lang={language}")
            await expect(page.locator(".label")).to_have_count(1)
            found += await violations(page)
        assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_overlay_has_no_barrier(tmp_path: Path, browser: Browser, language: str) -> None:
    """With a name on air and with none. (A picture has no landmarks and needs no heading; all else holds.)"""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        address = evening.url("/overlay/buyers", "overlay") + f"&lang={language}"
        await page.goto(address)
        found = await violations(page)
        await evening_in_all_states(evening)
        await expect(page.locator(ON_AIR)).to_have_count(1)
        await asyncio.sleep(0.4)
        found += await violations(page)
        assert [
            one for one in found if one.split(":")[0] not in ("landmark-one-main", "page-has-heading-one", "region")
        ] == []
