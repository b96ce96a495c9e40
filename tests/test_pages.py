"""The pages in a real Chromium: a comment becomes a draft, a tap confirms it, and only then a name is on air."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from livesell.commands import SetContact, SourceIs
from livesell.config import Catalog, Config, Server
from livesell.config import Shop as ShopSettings
from livesell.model import ShowId
from livesell.running import running
from livesell.store import Asked
from livesell.web.shop import Shop
from tests.server import free_port

pytestmark = pytest.mark.browser

GOODS = """code,name,aliases,unit,pack,price,stock,options
H1,Trà rừng,tra rung,gói,500 g,90000,5,
H2,"<img src=x onerror=""document.title='broken'"">",,chai,,180000,,
H3,Áo len,,cái,,250000,S:1|M:2,size=S|M
"""
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
ON_AIR = "li:not([hidden])"

HOSTILE = (
    "<script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "</script><svg onload=document.title='broken'>",
    "\"><iframe src=javascript:document.title='broken'>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "' onmouseover='document.title=1' x='",
    "&lt;b&gt;",
    "\u202egnp.exe \u2066x",
    "Z̴̢̛͓̱̹̐͑̈a̶͚͑l̸̪̄g̵̰̽o̷͎͝" * 5,
    "a" * 300,
    "javascript:alert(1)",
    "<style>*{display:none}</style>",
    "<template><slot></template>",
    "--></title><h1>x",
    "नमस्ते\u200d\u200dবাংলা ไทย 陳淑芬 👩‍👩‍👧‍👦",
    "\u2028\u2029\u0085",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=document.title='broken'>",
    "]]><![CDATA[<b>",
    "%3Cscript%3E",
    "<a href='//evil.example'>mine</a>",
)


class Evening:
    """A shop at work, and what its pages' consoles say."""

    def __init__(self, shop: Shop, address: str, http: ClientSession) -> None:
        self.shop, self.address, self.http = shop, address, http

    def url(self, path: str, role: str = "seller") -> str:
        """The address of a page with its key."""
        return f"{self.address}{path}?key={self.shop.guard.keys.of(role)}"  # type: ignore[arg-type]

    async def say(self, number: str, who: str, text: str) -> None:
        """A comment comes."""
        row = {"id": number, "author_id": f"id {abs(hash(who))}", "author": who, "text": text, "platform": "tiktok"}
        key = {"Authorization": f"Bearer {self.shop.guard.keys.of('ingest')}"}
        async with self.http.post(f"{self.address}/api/shows/current/comments", json=row, headers=key) as answer:
            assert answer.status == 202, await answer.text()


@asynccontextmanager
async def selling(folder: Path, port: int = 0) -> AsyncIterator[Evening]:
    """A shop at work."""
    (folder / "products.csv").write_text(GOODS, encoding="utf-8")
    config = Config(
        shop=ShopSettings(name="Thử", languages=("vi", "en", "bn")),
        server=Server(port=port),
        catalog=Catalog(file="products.csv"),
        folder=folder,
    )
    async with running(config, []) as (shop, address), ClientSession() as http:
        yield Evening(shop, address, http)


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A Chromium of this machine."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        await opened.close()


@asynccontextmanager
async def page_of(browser: Browser, size: Any = PHONE) -> AsyncIterator[Page]:
    """A page of its own, whose errors fail the test."""
    context = await browser.new_context(viewport=size)
    page = await context.new_page()
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        # A line that breaks is no mistake of the page.
        if message.type == "error" and "WebSocket" not in message.text and "ERR_CONNECTION" not in message.text:
            wrong.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    yield page
    await context.close()
    assert wrong == []


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_a_tap_confirms_and_only_then_the_name_is_on_air(tmp_path: Path, browser: Browser, size: Any) -> None:
    """Comment → draft on the control page → confirm → the overlay; undo takes the name down again."""
    async with selling(tmp_path) as evening, page_of(browser, size) as control, page_of(browser, LAPTOP) as overlay:
        await control.goto(evening.url("/control"))
        await overlay.goto(evening.url("/overlay/buyers", "overlay"))
        assert "key=" not in control.url
        await evening.say("1", "Lò Thị Mẩy", "chốt H1 2 gói")
        card = control.locator("#card article")
        await expect(card).to_contain_text("Lò Thị Mẩy")
        await expect(card).to_contain_text("H1")
        await asyncio.sleep(0.5)
        await expect(overlay.locator("body")).not_to_contain_text("Mẩy")
        await card.locator("button.main").click()
        await expect(overlay.locator(ON_AIR).first).to_contain_text("Lò Mẩy")
        await expect(overlay.locator(ON_AIR).first).to_contain_text("H1 ×2")
        await expect(control.locator("#nothing")).to_contain_text("Xong hết rồi")
        await control.locator("#undo button").click()
        await expect(overlay.locator(ON_AIR)).to_have_count(0)
        await expect(control.locator("#card article")).to_contain_text("Lò Thị Mẩy")


async def test_a_doubt_is_settled_with_one_tap(tmp_path: Path, browser: Browser) -> None:
    """What was not clear stands first, with the products it could be; a missing size is asked for at once."""
    async with selling(tmp_path) as evening, page_of(browser) as control:
        await control.goto(evening.url("/control"))
        await evening.say("1", "lin", "chốt")
        card = control.locator("#card article")
        await expect(card).to_contain_text("chưa nói mã")
        await card.get_by_text("Mã khác").click()
        await control.locator("dialog .choice", has_text="H3").click()
        await expect(control.locator("dialog")).to_contain_text("size nào?")
        await control.locator("dialog").get_by_role("button", name="M", exact=True).click()
        await expect(card).to_contain_text("H3 Áo len M")
        await asyncio.sleep(0.5)  # a new card takes no taps for a third of a second
        await card.locator("button.main").click()
        await expect(control.locator("#nothing")).to_contain_text("Xong hết rồi")
        await evening.say("2", "mai", "chốt H3")
        await expect(card).to_contain_text("size nào?")
        await asyncio.sleep(0.5)
        await card.get_by_role("button", name="S", exact=True).click()
        await expect(card).to_contain_text("H3 Áo len S")


async def test_pages_outlive_a_restart_without_a_reload(tmp_path: Path, browser: Browser) -> None:
    """The server goes and comes back on the same port: both pages go on, in the same show, with what came meanwhile."""
    port = free_port()
    async with page_of(browser) as control, page_of(browser, LAPTOP) as overlay:
        async with selling(tmp_path, port) as evening:
            await control.goto(evening.url("/control"))
            await overlay.goto(evening.url("/overlay/buyers", "overlay"))
            await evening.say("1", "mai", "chốt H1")
            await control.locator("#card button.main").click()
            await expect(overlay.locator(ON_AIR)).to_have_count(1)
            await control.evaluate("window.marker = 'same page'")
        await asyncio.sleep(0.3)
        async with selling(tmp_path, port) as evening:
            await evening.say("2", "lin", "chốt H1 2 gói")
            await expect(control.locator("#card article")).to_contain_text("lin", timeout=15_000)
            await control.locator("#card button.main").click()
            await expect(overlay.locator(ON_AIR)).to_have_count(2, timeout=15_000)
            assert await control.evaluate("window.marker") == "same page"
            assert await evening.shop.look(lambda look: len(look.shows())) == 1


async def test_a_tap_without_a_line_is_kept_and_sent_once(tmp_path: Path, browser: Browser) -> None:
    """Taps wait while the server is away, and happen once when it is back."""
    port = free_port()
    async with page_of(browser) as control:
        async with selling(tmp_path, port) as evening:
            await control.goto(evening.url("/control"))
            await evening.say("1", "mai", "chốt H1 2 gói")
            await expect(control.locator("#card button.main")).to_be_enabled()
        await control.locator("#card button.main").click()
        await asyncio.sleep(0.5)
        async with selling(tmp_path, port) as evening:
            async with asyncio.timeout(15):
                while (await evening.shop.look(lambda look: look.sums(evening.shop.show)))["confirmed"] != 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            confirmed = await evening.shop.look(
                lambda look: [one for one in look.recent(ShowId(1)) if one["type"] == "confirmed"]
            )
            assert len(confirmed) == 1


async def test_hostile_words_are_words(tmp_path: Path, browser: Browser) -> None:
    """Names and texts of viewers, and a product's name, run nothing and add no element on any page."""
    async with selling(tmp_path) as evening:
        for number, words in enumerate(HOSTILE):
            await evening.say(f"n{number}", words[:200], f"chốt H1 {words}")
            await evening.say(f"t{number}", f"viewer {number}", f"· {words}")
        orders = await evening.shop.look(lambda look: look.orders(evening.shop.show, limit=100))
        assert orders
        async with page_of(browser, LAPTOP) as control, page_of(browser, LAPTOP) as overlay, page_of(browser) as review:
            await control.goto(evening.url("/control"))
            await overlay.goto(evening.url("/overlay/buyers", "overlay"))
            await review.goto(evening.url("/review"))
            await review.locator("#rows .open").first.click()
            await expect(control.locator(".chatrow").first).to_be_visible()
            for page in (control, overlay, review):
                assert await page.title() != "broken"
                for tag in ("iframe", "math", "img", "h1 b", "marquee"):
                    assert await page.locator(tag).count() == 0, tag
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["vi", "en", "bn"])
@pytest.mark.parametrize("width", [320, 390])
async def test_nothing_is_wider_than_the_phone(tmp_path: Path, browser: Browser, language: str, width: int) -> None:
    """In every language and every tab, with a long name and a waiting line."""
    async with selling(tmp_path) as evening, page_of(browser, {"width": width, "height": 664}) as page:
        await evening.say("1", "Nguyễn Thị Minh Khai Công Chúa Phượng Hoàng Lửa", "chốt H1 9 gói")
        await evening.say("2", "lin", "H3 2")
        for path in ("/control", "/review"):
            await page.goto(evening.url(path) + f"&lang={language}")
            await page.wait_for_load_state("load")
            tabs = page.locator(".tabs button") if path == "/control" else page.locator("#rows .open")
            for index in range(await tabs.count()):
                await tabs.nth(index).click()
                await asyncio.sleep(0.1)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, index)
                if path == "/review":
                    break


async def test_what_is_typed_on_the_review_page_saves_itself(tmp_path: Path, browser: Browser) -> None:
    """A phone is saved after a rest, and is there after a reload; a step can be taken back."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as review:
        await evening.say("1", "mai", "chốt H1 2 gói")
        await review.goto(evening.url("/review"))
        await review.locator("#rows .open").first.click()
        await review.locator("[data-field=phone]").fill("0912 345 678")
        await expect(review.locator(".saved").first).to_contain_text("Đã lưu")
        await review.reload()
        await review.locator("#rows .open").first.click()
        await expect(review.locator("[data-field=phone]")).to_have_value("0912345678")
        await review.locator(".next button").first.click()
        await expect(review.locator("#detail .chip").first).to_contain_text("Đã chốt")
        await review.locator("#toast button").click()
        await expect(review.locator("#detail .chip").first).to_contain_text("Đơn nháp")


async def test_one_tap_is_one_line_of_what_was_done(tmp_path: Path, browser: Browser) -> None:
    """Three clear orders are confirmed by one tap: one line says so, and one undo from it takes back all three."""
    async with selling(tmp_path) as evening, page_of(browser) as control:
        await control.goto(evening.url("/control"))
        for number in range(3):
            await evening.say(f"{number}", f"khách {number}", "chốt H2")
        await control.get_by_role("button", name="Chốt cả 3").click()
        await expect(control.locator("#nothing")).to_contain_text("Xong hết rồi")
        await control.locator(".tabs [data-show=orders]").click()
        await control.locator("#show-recent").click()
        line = control.locator("#recent li", has_text="Đã chốt")
        await expect(line).to_have_count(1)
        await expect(line).to_contain_text("Đã chốt 3 đơn")
        await line.locator("button").click()
        await expect(control.locator("#count-todo")).to_have_text("3")
        await expect(line).to_contain_text("đã hoàn tác")


async def test_what_is_not_on_sale_is_named_as_it_was_typed(tmp_path: Path, browser: Browser) -> None:
    """The question has the buyer's own letters, and the sheet of all goods starts with the number that was said."""
    async with selling(tmp_path) as evening, page_of(browser) as control:
        await control.goto(evening.url("/control"))
        await evening.say("1", "mai", "chốt ZZ9 3 gói nhé")
        await expect(control.locator("#card .ask")).to_contain_text("“ZZ9”")
        await asyncio.sleep(0.5)
        await control.locator("[data-role=other]").click()
        await expect(control.locator(".stepper input")).to_have_value("3")


async def test_a_phone_on_its_side_has_the_card_and_the_chat(tmp_path: Path, browser: Browser) -> None:
    """The card at the left, what is said at the right, both alive."""
    async with selling(tmp_path) as evening, page_of(browser, {"width": 844, "height": 390}) as control:
        await control.goto(evening.url("/control"))
        await evening.say("1", "mai", "chốt H1")
        await expect(control.locator("#card button.main")).to_be_in_viewport(ratio=1)
        await expect(control.locator(".chatrow", has_text="chốt H1")).to_be_in_viewport()
        assert await control.evaluate("document.documentElement.scrollWidth") <= 844


async def test_the_source_in_trouble_has_its_name(tmp_path: Path, browser: Browser) -> None:
    """On a phone, with three sources: every light is on the screen, and the one that lost its line is named first."""
    async with selling(tmp_path) as evening, page_of(browser, {"width": 320, "height": 664}) as control:
        for one in (
            SourceIs(source="facebook", platform="facebook", state="live"),
            SourceIs(source="tiktok", platform="tiktok", state="live"),
            SourceIs(source="youtube", platform="youtube", state="lost"),
        ):
            await evening.shop.writer.submit(Asked(evening.shop.show, (one,)))
        await control.goto(evening.url("/control") + "&lang=bn")
        await expect(control.locator(".light")).to_have_count(3)
        for index in range(3):
            await expect(control.locator(".light").nth(index)).to_be_in_viewport(ratio=1)
        await expect(control.locator(".light").first).to_contain_text("youtube")
        await expect(control.locator(".light.lost bdi")).to_be_visible()


async def test_a_link_pasted_on_the_page_is_heard(tmp_path: Path, browser: Browser) -> None:
    """A strange link is told in words; a known one gets its light among the sources at once."""
    async with selling(tmp_path) as evening:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(evening.url("/control"))
        await page.locator("#settings").click()
        for link, words in (("soup", "is not known"), ("https://www.instagram.com/thaomoc/", "app_secret")):
            await page.locator("#link").fill(link)
            await page.locator("#link").press("Enter")
            await expect(page.locator("#link-result")).to_contain_text(words)
        await page.locator("[name=app_secret]").fill("s3cret")
        await page.locator("[name=verify_token]").fill("hello-1")
        await page.locator("[name=verify_token]").press("Enter")
        await expect(page.locator("#link-result")).to_have_text("Đang nghe thaomoc")
        assert evening.shop.spine.listening[0].adapter.settings.app_secret == "s3cret"
        await page.locator("#sheet-close").click()
        await expect(page.locator("#lights")).to_contain_text("instagram")
        await page.locator("#lights button").first.click()
        await page.get_by_role("button", name="Thôi nghe chat này").click()
        await expect(page.locator("#lights .ended")).to_contain_text("instagram")
        assert evening.shop.spine.listening == []
        await context.close()


async def test_a_product_opened_in_one_line_brings_who_asked_before(tmp_path: Path, browser: Browser) -> None:
    """What the page shows while it is typed is what the server will open; who asked earlier has a draft at once."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as control:
        await control.goto(evening.url("/control"))
        await evening.say("1", "mai", "chốt H77 2 gói nhé")
        await expect(control.locator("#card .ask")).to_contain_text("“H77”")
        line = control.locator("#open-line")
        await line.fill("H77 trà sen 200g 120 nghìn")
        await expect(control.locator("#open-read")).to_contain_text("H77 · trà sen 200g · 200 g · 120.000")
        await line.fill("H77 trà sen")
        await expect(control.locator("#open-read")).to_have_class("result bad")
        await line.fill("H77 trà sen 200g 120 nghìn 10 gói")
        await expect(control.locator("#open-read")).to_contain_text("· 10")
        await line.press("Enter")
        await expect(control.locator("#goods")).to_contain_text("trà sen 200g")
        await expect(control.locator("#card .lines")).to_contain_text("H77")
        await expect(line).to_have_value("")


async def test_what_is_known_of_her_stands_beside_the_draft(tmp_path: Path, browser: Browser) -> None:
    """The private note and the mark are on the card, for the seller's eyes only; viewers' words run nowhere."""
    async with selling(tmp_path) as evening, page_of(browser) as control, page_of(browser) as air:
        await air.goto(evening.url("/overlay/buyers", "overlay"))
        await evening.say("1", "mai", "chốt H1 1 gói")
        buyer = (await evening.shop.look(lambda look: look.orders(ShowId(1))))[0]["buyer"]["id"]
        known = SetContact(buyer=buyer, note="<b>giao buổi tối</b>", refused=True)
        await evening.shop.writer.submit(Asked(ShowId(1), (known,)))
        await control.goto(evening.url("/control"))
        await expect(control.locator("#card .known")).to_contain_text("<b>giao buổi tối</b>")
        await expect(control.locator("#card .refused")).to_contain_text("1")
        await control.locator("[data-role=confirm]").click()
        await expect(air.locator(ON_AIR)).to_contain_text("mai")
        assert "giao buổi" not in await air.content()


async def test_who_names_nothing_is_offered_what_is_on_show(tmp_path: Path, browser: Browser) -> None:
    """Also where it came on show only after the comment: one tap settles it."""
    async with selling(tmp_path) as evening, page_of(browser) as control:
        await control.goto(evening.url("/control"))
        await evening.say("1", "lin", "chốt")
        card = control.locator("#card article")
        await expect(card).to_contain_text("chưa nói mã")
        await control.locator(".shown.foot button").last.click()
        await expect(card.locator(".candidate")).to_contain_text("H1")
        await asyncio.sleep(0.5)
        await card.locator(".candidate").click()
        await expect(card).to_contain_text("H1 Trà rừng")


@pytest.mark.parametrize("secure", [True, False], ids=["lock", "picture"])
async def test_the_screen_stays_on_where_that_is_wanted(tmp_path: Path, browser: Browser, secure: bool) -> None:
    """By the browser's lock, or where there is none by a picture that plays; off again with the switch."""
    async with selling(tmp_path) as evening, page_of(browser) as control:
        if secure:
            await control.add_init_script(
                "window.locks = []; Object.defineProperty(navigator, 'wakeLock', { value: { request: async (kind) => {"
                " window.locks.push(kind); return { release: async () => window.locks.pop() }; } } })"
            )
        else:
            await control.add_init_script("delete Navigator.prototype.wakeLock")
        await control.goto(evening.url("/control"))
        await control.wait_for_selector("body[data-ready]")
        await control.locator("#settings").click()
        switch = control.get_by_label("Giữ màn hình sáng")
        await switch.check()
        held = "window.locks.length" if secure else "document.querySelectorAll('video.awake').length"
        await until(control, f"{held} === 1")
        if not secure:
            await until(control, "!document.querySelector('video.awake').paused")
        await control.reload()
        await until(control, f"document.body.dataset.awake === 'true' && {held} === 1")
        await control.locator("#settings").click()
        await switch.uncheck()
        await until(control, f"{held} === 0")


async def until(page: Page, condition: str) -> None:
    """Wait for something in a page, whose policy lets nothing be evaluated from inside."""
    for _ in range(100):
        if await page.evaluate(condition):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within ten seconds: {condition}")
