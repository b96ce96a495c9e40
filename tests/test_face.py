"""The pages as people meet them: what they weigh, whom they shut out, and that nothing gets lost."""

from __future__ import annotations

import asyncio
import gzip
import importlib.resources
import re
from pathlib import Path
from typing import Any

import pytest
from multidict import MultiDict
from playwright.async_api import Browser, expect

from livesell import bundle, i18n
from livesell.errors import BadInput, ConfigError
from livesell.i18n import Words
from livesell.web import themes, view
from livesell.web.keys import Keys
from livesell.web.pages import environment
from livesell.web.setup import Setup, shown
from tests.doors import KEYS
from tests.server import free_port
from tests.test_pages import LAPTOP, ON_AIR, PHONE, browser, page_of, selling

__all__ = ["browser"]  # the fixture

WEB = bundle.PACKAGE / "web"
LANGUAGES = ("vi", "en", "bn")


def rendered(name: str, language: str, **page: Any) -> str:
    """A template with a page's common parts."""
    words = Words(language, "VND", "Asia/Ho_Chi_Minh")
    shop = {"name": "Thử", "currency": "VND", "country": "VN", "timezone": "Asia/Ho_Chi_Minh"}
    common = {"language": words.language, "languages": i18n.languages(), "shop": shop, "port": 1}
    return environment().get_template(name).render(page={**common, **page}, **view.functions(words))


# --- forms and shapes ------------------------------------------------------------------------------------------------


def test_a_form_is_a_command() -> None:
    """Fields are the command's; numbers become numbers, options a table, a read_as its line."""
    command = view.command_of
    assert command(MultiDict(type="confirm", order="K7P", seen="17")) == {"type": "confirm", "order": "K7P", "seen": 17}
    assert command(MultiDict(type="set_quantity", line="3", quantity="0,5", show="2")) == {
        "type": "set_quantity",
        "line": 3,
        "quantity": 0.5,
    }
    assert command(MultiDict({"type": "set_options", "line": "3", "options.size": "M", "options.colour": ""})) == {
        "type": "set_options",
        "line": 3,
        "options": {"size": "M"},
    }
    assert command(
        MultiDict({"type": "read_as", "comment": "9", "code": "A1", "quantity": "2", "options.size": "M"})
    ) == {
        "type": "read_as",
        "comment": 9,
        "lines": [{"code": "A1", "quantity": 2, "options": {"size": "M"}}],
    }
    assert command(MultiDict(type="pin", code="")) == {"type": "pin", "code": None}
    several = MultiDict([("type", "paid"), ("orders", "K7P"), ("orders", "K7Q")])
    assert command(several) == {"type": "paid", "orders": ["K7P", "K7Q"]}
    for field, value in (("quantity", "viele"), ("line", "1e400"), ("lines", "[")):
        with pytest.raises(BadInput, match=field):
            command(MultiDict({"type": "set_quantity", field: value}))


def order(number: int, status: str = "draft", **line: Any) -> dict[str, Any]:
    """An order of one line."""
    one = {"code": "A1", "options": {}, "quantity": 1, "settled": True, "pinned_before": None, **line}
    return {"number": number, "code": f"K{number}", "status": status, "held": True, "fresh": False, "lines": [one]}


def test_what_waits_for_a_tap() -> None:
    """Drafts that hold something, lines without their size, and what is new in a confirmed order; nothing else."""
    assert view.waits_for_a_tap(order(1))
    assert view.waits_for_a_tap({**order(1), "held": False, "lines": [{**order(1)["lines"][0], "settled": False}]})
    assert view.waits_for_a_tap({**order(1, "confirmed"), "fresh": True})
    assert not view.waits_for_a_tap({**order(1), "held": False})
    assert not view.waits_for_a_tap(order(1, "confirmed", pinned_before="A2"))
    assert not view.waits_for_a_tap(order(1, "cancelled", settled=False))
    assert not view.waits_for_a_tap({**order(1), "lines": []})


def test_a_page_brings_what_its_first_screen_needs() -> None:
    """Of many orders the newest and those that wait for a tap; the script is told that there are more."""
    orders = [order(number, "confirmed") for number in range(400)]
    orders[0] = order(0)
    now = {"orders": orders, "comments": [{"id": str(number)} for number in range(200)], "unclear": [], "recent": [1]}
    page = view.first({"snapshot": now, "number": 9})
    assert not page["whole"]
    assert [one["number"] for one in page["snapshot"]["orders"]] == [0, *range(300, 400)]
    assert len(page["snapshot"]["comments"]) == view.FIRST_COMMENTS
    assert view.first({"snapshot": {**now, "orders": orders[:3], "comments": []}})["whole"]


def test_a_theme_with_a_setting_that_cannot_be_right_is_told(tmp_path: Path) -> None:
    """The file and the key are named; a theme without settings has those of every theme."""
    assert themes.settings("buyers")["rows"]["default"] == 6
    assert themes.script("buyers") == "buyers"
    (tmp_path / "bare").mkdir()
    assert "accent" in themes.settings("bare", tmp_path)
    for number, line in enumerate(
        ('type = "size"', 'type = "number"\ndefault = 9\nmin = 1\nmax = 8', 'type = "color"\ndefault = "red"')
    ):
        folder = tmp_path / f"t{number}"
        folder.mkdir()
        (folder / "theme.toml").write_text(f"[settings.rows]\n{line}\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"settings\.rows"):
            themes.settings(folder.name, tmp_path)
    (folder / "theme.toml").write_text('script = "mine"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="script"):
        themes.script(folder.name, tmp_path)


# --- markup and weight ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", sorted(path.name for path in (WEB / "templates").glob("*.html")))
def test_templates_keep_to_the_policy(template: str) -> None:
    """No script or style in the page, no handler in an attribute, nothing put in unescaped, every attribute quoted."""
    text = (WEB / "templates" / template).read_text(encoding="utf-8")
    scripts = re.findall(r"<script\b[^>]*>", text)
    assert all('type="application/json"' in one or 'src="{{' in one for one in scripts)
    assert "<style" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=|\|\s*safe|javascript:|(?:src|href)=\"\s*(?:https?:)?//", text)
    bare = re.sub(r'"[^"]*"', '""', text)
    assert not re.search(r"<[a-z][^>{}]*\s[a-z-]+=[^\"\s{]", bare)


@pytest.mark.parametrize("script", sorted(path.name for path in (WEB / "static").glob("*.js")))
def test_scripts_put_text_in_as_text(script: str) -> None:
    """Nothing that takes markup, evaluates text or loads from elsewhere; files that can be read at one sitting."""
    text = (WEB / "static" / script).read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", text)
    assert text.startswith("// ")
    assert text.count("\n") <= 400


def weight(*paths: str) -> int:
    """What static files weigh compressed."""
    return sum(len(gzip.compress((WEB / "static" / path).read_bytes())) for path in paths)


def loaded(script: str, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A module and all that it imports."""
    found = (*known, script)
    for name in re.findall(r'from "\./([a-z]+\.js)"', (WEB / "static" / script).read_text(encoding="utf-8")):
        if name not in found:
            found = loaded(name, found)
    return found


def test_pages_are_light() -> None:
    """Within the budgets: control 70 KB and twelve requests, the overlay 25 KB, review 80 KB, all compressed."""
    control = loaded("control.js")
    assert len(control) + len(("html", "page.css", "control.css", "icons.svg")) <= 12
    words = len(gzip.compress((bundle.LANGUAGE_FOLDER / "bn" / "ui.po").read_bytes()))
    assert weight(*control, "page.css", "control.css", "icons.svg") + words < 60_000
    theme = sum(len(gzip.compress(path.read_bytes())) for path in (bundle.OVERLAY_FOLDER / "buyers").glob("overlay.*"))
    assert weight(*loaded("buyers.js")) + theme < 20_000
    assert weight(*loaded("review.js"), "page.css", "review.css", "icons.svg") + words < 60_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_pages_in_every_language(tmp_path: Path, language: str) -> None:
    """The page that asks for the key says what is wrong beside the field; the five steps work as plain forms."""
    page = rendered("key.html", language, status=401, code="wrong_key", reason="")
    assert Words(language, "VND", "UTC")("key.wrong") in page
    assert 'aria-invalid="true"' in page
    assert "<b>x</b>" not in rendered("key.html", language, status=409, code="changed", reason="<b>x</b>")
    setup = Setup(tmp_path, Keys(KEYS), 8777, language=language, name="<script>x</script>", goods="A1, <b>trà</b>, 12o")
    setup.sources.append({"platform": "tiktok", "user": "shop"})
    for step in range(1, 6):
        text = shown(setup, step, form={"link": "<script>y"}, errors={"link": "<script>z"}).text or ""
        assert "<form" in text
        assert not re.search("<script>|<b>trà", text)
        assert text.count("<") < 1200
        assert len(gzip.compress(text.encode())) + weight("setup.js", "page.css", "plain.css", "icons.svg") < 40_000


# --- in a browser ---------------------------------------------------------------------------------------------------

AXE = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"


async def violations(page: Any) -> list[str]:
    """What axe finds."""
    source = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    await page.evaluate(source)
    found = await page.evaluate(AXE)
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_no_barrier_on_any_page(tmp_path: Path, browser: Browser, size: Any, scheme: Any) -> None:
    """axe finds nothing on the card, in every tab, in the sheets, on the review page and on labels."""
    async with selling(tmp_path) as evening, page_of(browser, size) as page:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await evening.say("1", "Lò Thị Mẩy", "chốt H1 2 gói")
        await evening.say("2", "lin", "chốt")
        await evening.say("3", "mai", "H3")
        await evening.say("4", "ngọc", "H1 9 gói")
        await page.goto(evening.url("/control"))
        await expect(page.locator("#card article")).to_be_visible()
        found = [f"card {one}" for one in await violations(page)]
        for name in ("chat", "goods", "orders"):
            tab = page.locator(f"[data-show={name}]:visible")
            if await tab.count():
                await tab.first.click()
                await asyncio.sleep(0.2)
                found += [f"{name} {one}" for one in await violations(page)]
        await page.locator("#orders .order").first.click()
        await asyncio.sleep(0.2)
        found += [f"order {one}" for one in await violations(page)]
        await page.locator("#sheet-close").click()
        await page.locator("#settings").click()
        await asyncio.sleep(0.2)
        found += [f"settings {one}" for one in await violations(page)]
        await page.goto(evening.url("/review"))
        await page.locator("#rows .open").first.click()
        await expect(page.locator("#field-phone")).to_be_visible()
        found += [f"review {one}" for one in await violations(page)]
        await page.goto(evening.url("/review/print"))
        found += [f"print {one}" for one in await violations(page)]
        assert found == []


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_confirm_button_is_on_the_screen(tmp_path: Path, chromium: str, language: str) -> None:
    """Also with text twice as large, and in the height that a phone's browser leaves."""
    from playwright.async_api import async_playwright

    async with selling(tmp_path) as evening, async_playwright() as playwright:
        await evening.say("1", "Nguyễn Thị Minh Khai Công Chúa Phượng Hoàng Lửa", "chốt H1 2 gói, ship về chợ thị trấn")
        for font, height in ((16, 664), (32, 844)):
            arguments = ["--no-sandbox", "--disable-gpu", f"--blink-settings=defaultFontSize={font}"]
            opened = await playwright.chromium.launch(executable_path=chromium, args=arguments)
            page = await opened.new_page(viewport={"width": 390, "height": height})
            await page.goto(evening.url("/control") + f"&lang={language}")
            button = page.locator("#card button.main")
            await expect(button).to_be_in_viewport(ratio=1)
            box = await button.bounding_box()
            assert box is not None
            assert box["height"] >= 48
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
            assert await page.evaluate(HIT)
            await opened.close()


HIT = """() => {
    const box = document.querySelector("#card button.main").getBoundingClientRect();
    const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return Boolean(at && at.closest("button.main"));
}"""
"""Nothing lies over the button."""


@pytest.mark.browser
async def test_a_long_evening_stays_small(tmp_path: Path, browser: Browser) -> None:
    """A thousand comments: the page keeps to 1,200 elements, and nothing moves while it is read."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        await page.goto(evening.url("/control"))
        rows = [
            {
                "id": str(n),
                "author_id": f"u{n % 300}",
                "author": f"khách {n % 300}",
                "text": "chốt H2" if n % 3 else "đẹp quá",
            }
            for n in range(1000)
        ]
        key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('ingest')}"}
        for at in range(0, 1000, 100):
            address = f"{evening.address}/api/shows/current/comments"
            async with evening.http.post(address, json=rows[at : at + 100], headers=key) as answer:
                assert answer.status == 202
        await expect(page.locator("#chat .at").last).to_contain_text("khách 99")
        for name in ("orders", "chat"):
            await page.locator(f"[data-show={name}]:visible").first.click()
            await asyncio.sleep(0.3)
            assert await page.evaluate("document.querySelectorAll('*').length") <= 1200
        await page.locator("#chat-scroll").evaluate("box => { box.scrollTop = box.scrollHeight / 2 }")
        await asyncio.sleep(0.3)
        before = await page.locator("#chat-scroll").evaluate("box => box.scrollTop")
        await evening.say("late", "cuối", "chào")
        await expect(page.locator("#chat-new")).to_be_visible()
        assert await page.locator("#chat-scroll").evaluate("box => box.scrollTop") == before


@pytest.mark.browser
async def test_taps_survive_the_page(tmp_path: Path, browser: Browser) -> None:
    """Tapped without a line, closed, opened again: sent once the server is there."""
    port = free_port()
    async with page_of(browser) as page:
        async with selling(tmp_path, port) as evening:
            await page.goto(evening.url("/control"))
            await evening.say("1", "mai", "chốt H1 2 gói")
            await expect(page.locator("#card button.main")).to_be_enabled()
        await page.locator("#card button.main").click()
        await expect(page.locator("#bars")).to_contain_text("Đã giữ 1 thao tác", timeout=9_000)
        await page.goto("about:blank")
        async with selling(tmp_path, port) as evening:
            assert (await evening.shop.look(lambda look: look.sums(evening.shop.show)))["confirmed"] == 0
            await page.goto(evening.url("/control"))
            await expect(page.locator("#undo")).to_contain_text("Đã chốt")
            assert (await evening.shop.look(lambda look: look.sums(evening.shop.show)))["confirmed"] == 1


@pytest.mark.browser
async def test_what_was_typed_without_a_line_is_there_again(tmp_path: Path, browser: Browser) -> None:
    """A field says that it is not saved, keeps its text over a reload, and saves when the server is back."""
    port = free_port()
    async with page_of(browser, LAPTOP) as page:
        async with selling(tmp_path, port) as evening:
            await evening.say("1", "mai", "chốt H1 2 gói")
            await page.goto(evening.url("/review"))
            await page.locator("#rows .open").first.click()
            await expect(page.locator("#field-address")).to_be_visible()
        await page.locator("#field-address").fill("12 Hàng Bạc")
        await expect(page.locator(".field .saved.bad")).to_contain_text("Chữ vẫn còn đây")
        async with selling(tmp_path, port) as evening:
            await expect(page.locator(".field .saved", has_text="Đã lưu")).to_be_visible(timeout=15_000)
            buyer = (await evening.shop.look(lambda look: look.orders(evening.shop.show)))[0]["buyer"]
            assert buyer["address"] == "12 Hàng Bạc"


@pytest.mark.browser
async def test_a_crowd_on_air(tmp_path: Path, browser: Browser) -> None:
    """Sixty confirmations at once: as many rows as asked for, the newest among them, the total right; then quiet."""
    async with page_of(browser, {"width": 1080, "height": 1920}) as page:
        async with selling(tmp_path) as evening:
            await page.goto(evening.url("/overlay/buyers", "overlay") + "&rows=4&quiet_after=5&scale=99&accent=red")
            for number in range(60):
                await evening.say(f"{number}", f"khách {number}", "chốt H2")
            orders = await evening.shop.look(lambda look: look.orders(evening.shop.show, limit=500))
            key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
            command = {"type": "confirm", "orders": [one["code"] for one in orders]}
            address = f"{evening.address}/api/shows/current/commands"
            async with evening.http.post(address, json=command, headers=key) as answer:
                assert answer.status == 200
            await expect(page.locator("[data-total]")).to_have_text("60")
            await expect(page.locator(ON_AIR)).to_have_count(4)
            await expect(page.locator(ON_AIR, has_text="khách 59")).to_be_visible(timeout=15_000)
            assert (
                await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--scale').trim()")
                == "1"
            )
            assert await page.evaluate("document.querySelectorAll('*').length") <= 150
            assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
            first = {"type": "cancel", "order": orders[-1]["code"]}
            async with evening.http.post(address, json=first, headers=key) as answer:
                assert answer.status == 200
            await expect(page.locator(ON_AIR, has_text="khách 59")).to_have_count(0)
            await expect(page.locator(ON_AIR)).to_have_count(4)
        opacity = "getComputedStyle(document.body).opacity"
        assert await page.evaluate(opacity) == "1"
        await asyncio.sleep(6)
        assert await page.evaluate(opacity) == "0"
        assert "lỗi" not in (await page.locator("body").inner_text())
