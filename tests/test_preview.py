"""The preview page: sample events, settings that make an address, the button for OBS, without barriers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from livesell.config import Config, Server
from livesell.config import Overlay as OverlaySettings
from livesell.running import running
from livesell.web import samples, themes
from livesell.web.screens import settings_of
from tests.fakes.obs import PASSWORD, FakeObs, obs_running
from tests.test_face import violations
from tests.test_obs import session, settings
from tests.test_overlays import THEMES
from tests.test_pages import LAPTOP, PHONE, Evening, browser, page_of, selling

__all__ = ["browser"]


async def previewed(page: Page, evening: Evening, theme: str, more: str = "") -> FrameLocator:
    """The page of a theme, once its frame shows something."""
    await page.goto(evening.url(f"/overlay/{theme}/preview") + more)
    frame = page.frame_locator("#air")
    await expect(frame.locator("[data-on-air]")).to_be_visible()
    return frame


@pytest.mark.browser
@pytest.mark.parametrize("language", ["vi", "bn", "en"])
async def test_the_preview_has_no_barrier(tmp_path: Path, browser: Browser, language: str) -> None:
    """Each theme at a laptop, one on a phone; all words in the language asked for; nothing wider than the screen."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page, page_of(browser, PHONE) as phone:
        for theme in THEMES:
            await previewed(page, evening, theme, f"&lang={language}")
            assert await page.evaluate("document.documentElement.lang") == language
            # The frame is a picture: no landmarks, no heading.
            beside = ("landmark-one-main", "page-has-heading-one", "region")
            found = [one for one in await violations(page) if one.split(":")[0] not in beside]
            assert found == [], theme
            labels = await page.locator("#settings label").all_inner_texts()
            assert all(labels)
            own = {str(one["label"][language]) for one in themes.described(theme)["settings"].values()}
            assert own <= {label.splitlines()[0].strip() for label in labels}
        await previewed(phone, evening, "buyers", f"&lang={language}")
        assert await phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        small = await phone.evaluate(
            "[...document.querySelectorAll('button, select')].filter((one) => one.offsetParent"
            " && one.getBoundingClientRect().height < 47.5).length"
        )
        assert small == 0


@pytest.mark.browser
async def test_settings_make_the_address_at_once(tmp_path: Path, browser: Browser) -> None:
    """What differs from the theme's own stands in it, what does not fit does not; the key is shown when asked for."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        frame = await previewed(page, evening, "buyers")
        address = page.locator("#address")
        await expect(address).to_have_value(f"{evening.address}/overlay/buyers?key=••••")
        await page.locator("[name=rows]").fill("2")
        await page.locator("[name=heading]").fill("Tối & nay")
        await page.locator("[name=corner]").select_option("bottom-right")
        await page.locator("[name=accent]").fill("#ff00aa")
        await page.locator("[name=scale]").fill("9")
        await expect(frame.locator("li:visible")).to_have_count(2)
        await expect(frame.locator("[data-heading]")).to_have_text("Tối & nay")
        assert "key=" + evening.shop.guard.keys.of("overlay") not in await address.input_value()
        await page.locator("#show-address").click()
        query = parse_qs(urlsplit(await address.input_value()).query)
        key = evening.shop.guard.keys.of("overlay")
        chosen = {"rows": ["2"], "heading": ["Tối & nay"], "corner": ["bottom-right"], "accent": ["#ff00aa"]}
        assert query == {"key": [key], **chosen}
        await expect(page.locator("[name=scale]")).to_have_attribute("aria-invalid", "")
        async with page_of(browser, LAPTOP) as other:
            await other.goto(await address.input_value())
            await expect(other.locator("html")).to_have_attribute("data-corner", "bottom-right")
        await page.locator("#reset").click()
        await expect(address).to_have_value(f"{evening.address}/overlay/buyers?key={key}")


@pytest.mark.browser
async def test_samples_play_what_an_evening_brings(tmp_path: Path, browser: Browser) -> None:
    """One order, a crowd, long and nasty names, a cancel, the next product, the goal; names as the shop shows them."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        frame = await previewed(page, evening, "buyers")
        total = frame.locator("[data-total]")
        await expect(total).to_have_text("47")
        first = 47
        await page.locator("[data-play=one]").click()
        await expect(total).to_have_text(str(first + 1))
        await page.locator("[data-play=cancel]").click()
        await expect(total).to_have_text(str(first))
        await page.locator("[data-play=crowd]").click()
        await expect(total).to_have_text(str(first + 60), timeout=10_000)
        await page.locator("[name=rows]").fill("8")
        await page.locator("[data-play=hostile]").click()
        await expect(frame.locator("[data-on-air]")).to_contain_text("đảo ngược")
        words = await frame.locator("[data-on-air]").inner_text()
        assert "0901" not in words and "example.com" not in words
        await page.locator("[name=names]").select_option("code")
        await expect(frame.locator("li:visible [data-name]", has_text="#49")).to_have_count(1)
        for ground in ("white", "black", "busy"):
            await page.locator("#ground").select_option(ground)
        for size in ("1920x1080", "800x600"):
            await page.locator("#size").select_option(size)
            wide, high = (int(one) for one in size.split("x"))
            assert await page.evaluate("[air.offsetWidth, air.offsetHeight]") == [wide, high]
        await page.locator("#show-safe").check()
        await expect(page.locator("#safe")).to_be_visible()
        frame = await previewed(page, evening, "product")
        code = frame.locator("[data-code]")
        before = await code.inner_text()
        await page.locator("[data-play=product]").click()
        await expect(code).not_to_have_text(before)
        frame = await previewed(page, evening, "goal")
        await page.locator("[data-play=goal]").click()
        await expect(frame.locator("[data-figure]")).to_have_text("50 / 50 đơn")
        frame = await previewed(page, evening, "thanks")
        await expect(frame.locator(".card:visible")).to_contain_text("Cảm ơn")


@pytest.mark.browser
async def test_letters_that_this_computer_lacks_are_named(tmp_path: Path, browser: Browser) -> None:
    """A script that is drawn as empty boxes is told with what to install; with all fonts there is no word of it."""
    boxes = """const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
      draw.call(this, /[\\u0980-\\u09FF]/.test(text) ? "\\u{10FFFE}" : text, ...where);
    };"""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        await previewed(page, evening, "buyers")
        await expect(page.locator("#fonts")).to_be_hidden()
        await page.add_init_script(boxes)
        await previewed(page, evening, "buyers")
        await expect(page.locator("#fonts")).to_have_text("Máy này thiếu chữ cho: বাংলা. Cài thêm Noto Sans.")


@pytest.mark.browser
async def test_the_button_puts_it_into_obs_or_says_why_not(tmp_path: Path, browser: Browser) -> None:
    """With the settings of the page; a refusal in the page's words beside the button."""
    async with obs_running(FakeObs()) as fake:
        page = await browser.new_page()
        config = Config(folder=tmp_path, server=Server(port=0), obs=settings(fake, PASSWORD))
        async with running(config, []) as (shop, address):
            evening = Evening(shop, address, await session())
            await previewed(page, evening, "goal")
            await page.locator("[name=target]").fill("80")
            await page.locator("#into-obs").click()
            await expect(page.locator("#result")).to_have_text("Đã có trong OBS, cảnh “Live”.")
            there = await asyncio.to_thread(Path(fake.inputs["livesell goal"][1]["local_file"]).read_text, "utf-8")
            assert "target=80" in there
            fake.close_on = "GetVideoSettings"
            async with page.expect_response("**/api/obs") as answered:
                await page.locator("#into-obs").click()
            assert (await (await answered.value).json())["code"] == "obs_closed"
            await expect(page.locator("#result")).to_have_text("OBS đã ngắt kết nối. Thử lại nhé.")
            await evening.http.close()


async def test_the_form_works_without_script(tmp_path: Path) -> None:
    """What stands in the page's own address is chosen, and what the form sends is the address."""
    async with selling(tmp_path) as evening:
        key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
        query = "?target=80&of=units&figure=true&heading=%3Cb%3E&scale=99&junk=1"
        async with evening.http.get(f"{evening.address}/overlay/goal/preview{query}", headers=key) as page:
            text = await page.text()
        assert "target=80" in text and "of=units" in text and "party=False" not in text and "party=false" in text
        assert "<b>" not in text.split('id="address"')[1].split(">")[0]
        assert "junk" not in text.replace(json.dumps("junk"), "")
        async with evening.http.get(f"{evening.address}/overlay/none/preview", headers=key) as page:
            assert page.status == 404
        key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('overlay')}"}
        async with evening.http.get(f"{evening.address}/overlay/goal/preview", headers=key) as page:
            assert page.status == 403


def test_a_setting_of_an_address_fits_or_is_not_there() -> None:
    """By its type and limits, as the page itself takes it."""
    rules = themes.settings("goal")
    tried = [
        ("target", "80", 80),
        ("target", "2.5", 2.5),
        ("target", "0", 50),
        ("target", "nan", 50),
        ("target", "many", 50),
        ("accent", "00ff00", "#00ff00"),
        ("accent", "red", "#FFC94D"),
        ("of", "units", "units"),
        ("of", "tears", "orders"),
        ("party", "0", False),
        ("party", "perhaps", True),
        ("heading", "x" * 99, "x" * 40),
        ("heading", None, ""),
    ]
    for key, text, value in tried:
        assert themes.fitting(rules[key], text) == value, (key, text)
    assert settings_of("goal", "target=80&key=secret&as=seller&heading=a%26b") == "target=80&heading=a%26b"


def test_samples_are_as_the_server_would_put_them_on_air() -> None:
    """Invented, in every mode, without a number or a link; some are long, some are nasty."""
    found = samples.samples("VND")
    assert {"names", "long", "hostile", "products"} == set(found)
    text = json.dumps([found["long"], found["hostile"]], ensure_ascii=False)
    assert "0901" not in text and "example.com" not in text and "\u202e" not in text
    for kind in ("names", "long", "hostile"):
        for one in found[kind]:
            assert set(one["names"]) == {"full", "short", "masked", "code"}
            assert all(one["names"].values())
    assert OverlaySettings().names in found["names"][0]["names"]
