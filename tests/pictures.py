"""Pictures of every page, state and theme: three languages, day and night, phone and laptop (`make pictures`).

They are for looking at. Names after `make pictures ONLY=` pick states whose name begins so.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from playwright.async_api import Browser, Page, Route, async_playwright

from livesell import commands as c
from livesell.config import Catalog, Config, Server
from livesell.config import Shop as ShopSettings
from livesell.running import running
from livesell.store import Asked
from livesell.web.network import Network
from livesell.web.pages import assets
from livesell.web.setup import Setup, shown
from tests.conftest import find_browser
from tests.test_overlays import NOISE
from tests.test_overlays import shown as shown_now
from tests.test_pages import ARGUMENTS, LAPTOP, PHONE, Evening

ROOT = Path(__file__).parent.parent
LANGUAGES = ("vi", "en", "bn")

GOODS = """code,name,aliases,unit,pack,price,stock,options
A1,Giảo cổ lam 5 lá,giao co lam,gói,500 g,90000,40,
A11,Giảo cổ lam 7 lá,,gói,500 g,95000,3,
A12,Trà shan tuyết cổ thụ,tra shan,gói,500 g,120000,9,
B3,Mật ong hoa rừng,mat ong,chai,500 ml,180000,2,
C1,Áo len dệt tay,,cái,,250000,S:3|M:1,size=S|M
D4,Măng khô lưỡi lợn,mang kho,kg,1 kg,280000,5,
E2,Khăn thổ cẩm,,cái,,150000,,
"""

SAID = [
    ("mai", "Nguyễn Thị Ấm", "chốt A12 2 gói, sđt 0901 234 678, số 5 ngõ 12 đường Láng, phường Láng Hạ, Hà Nội"),
    ("phuc", "Hoàng Văn Phúc", "A12 x1 nha chị"),
    ("may", "Lò Thị Mẩy", "cho em mật ong 2 chai"),
    ("giang", "Hương Giang", "B3 1 chai"),
    ("anh", "Ngọc Ánh", "đẹp quá chị ơi"),
    ("lan", "Lan", "ship bao nhiêu vậy shop"),
    ("lin", "陳淑芬", "+1 A1"),
    ("shri", "শ্রীমতী চৌধুরী", "A1 ২টা"),
    ("hung", "Hùng", "cho chị giảo cổ lam 2 gói, ship HN"),
    ("hoa", "Hoa", "C1"),
    ("thanh", "Thanh Tâm", "chốt"),
    ("am", "Nguyễn Ấm", "D4 1kg nhé, 0901234678"),
    ("ut", "Út Thảo", "A11 5 gói địa chỉ thôn Nà Bản, xã Tả Van, Sa Pa"),
]


class Studio:
    """A shop in the middle of its evening, and pages of it in one size, language and light."""

    def __init__(self, evening: Evening, browser: Browser, out: Path, only: str) -> None:
        self.evening, self.browser, self.out, self.only = evening, browser, out, only
        self.taken = 0

    async def take(self, page: Page, name: str, whole: bool = False) -> None:
        """One picture."""
        await asyncio.sleep(0.25)
        await page.screenshot(path=self.out / f"{name}.png", full_page=whole)
        self.taken += 1

    async def command(self, **body: Any) -> list[dict[str, Any]]:
        """A tap."""
        evening = self.evening
        key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
        address = f"{evening.address}/api/shows/current/commands"
        async with evening.http.post(address, json=body, headers=key) as answer:
            told = await answer.json()
        return told.get("events", []) if answer.status == 200 else []

    async def orders(self) -> list[dict[str, Any]]:
        """All orders."""
        evening = self.evening
        key = {"Authorization": f"Bearer {evening.shop.guard.keys.of('seller')}"}
        async with evening.http.get(f"{evening.address}/api/shows/current/orders?limit=500", headers=key) as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found


async def open_page(page: Page, address: str) -> None:
    """A page of ours, until its script has it."""
    await page.goto(address)
    await page.wait_for_selector("body[data-ready]", timeout=10_000)
    await asyncio.sleep(0.3)


async def control(studio: Studio, page: Page, name: str, language: str) -> None:
    """The control page in its states."""
    evening = studio.evening
    address = evening.url("/control") + f"&lang={language}"
    wide = (page.viewport_size or PHONE)["width"] > 1000
    await open_page(page, address)
    await studio.take(page, f"control-card-{name}")
    for tab in ("chat", "goods", "orders"):
        found = page.locator(f"[data-show={tab}]:visible")
        if await found.count():
            await found.first.click()
            await studio.take(page, f"control-{tab}-{name}")
    await page.locator("[data-show=orders]:visible").first.click()
    await page.locator("#orders .order").first.click()
    await studio.take(page, f"control-order-{name}")
    await page.locator("#sheet-close").click()
    await page.locator("#settings").click()
    await studio.take(page, f"control-settings-{name}")
    await page.locator("#sheet-close").click()
    if wide:
        await page.locator("#phone").click()
        await page.wait_for_selector("dialog img.qr")
        await studio.take(page, f"control-phone-{name}")
        await page.locator("#sheet-close").click()
        await page.locator("#help").click()
        await studio.take(page, f"control-help-{name}")
        await page.locator("#sheet-close").click()
    else:
        await page.locator("[data-show=todo]:visible").first.click()
        await page.locator("#card button").last.click()
        await studio.take(page, f"control-more-{name}")


async def review(studio: Studio, page: Page, name: str, language: str) -> None:
    """The review page and those that hang on it."""
    evening = studio.evening
    await open_page(page, evening.url("/review") + f"&lang={language}")
    await studio.take(page, f"review-all-{name}")
    await page.locator("[data-list=phone]").click()
    await asyncio.sleep(0.4)
    await studio.take(page, f"review-phone-{name}")
    await page.locator("#rows .pick input").first.check()
    await studio.take(page, f"review-chosen-{name}")
    await page.locator("#rows .open").first.click()
    await studio.take(page, f"review-order-{name}")
    await open_page(page, f"{evening.address}/review?lang={language}")
    await page.locator("[data-list=unclear]").click()
    await page.locator("#rows .open").first.click()
    await studio.take(page, f"review-unclear-{name}")
    await open_page(page, f"{evening.address}/review?lang={language}")
    await page.locator("#buy-in").click()
    await studio.take(page, f"review-buy-{name}")
    for path in ("pick", "pack", "night"):
        await open_page(page, f"{evening.address}/review/{path}?lang={language}")
        await studio.take(page, f"{path}-{name}", whole=path != "pack")
    for paper in ("a6", "a7", "roll58", "roll80"):
        await page.goto(f"{evening.address}/review/print?format={paper}&lang={language}")
        await studio.take(page, f"print-{paper}-{name}")


async def setup(studio: Studio, page: Page, name: str, language: str) -> None:
    """The five steps, drawn without their server."""
    state = Setup(ROOT, studio.evening.shop.guard.keys, 8777, language=language, name="Trà Nhà Mẩy")
    state.goods = "A1 Giảo cổ lam, gói, 90k, 40\nA12 Trà shan, gói, 12o.000, 20\nB3 Mật ong, chai, 180k, 12"
    state.sources.append({"platform": "twitch", "channel": "tranhamay"})
    drawn: dict[str, Any] = {"content_type": "text/html; charset=utf-8"}

    async def give(route: Route) -> None:
        await route.fulfill(**drawn)

    await page.route("**/setup-picture", give)
    for step in range(1, 6):
        words = {"text": "A1 ×2", "why": "“chốt” · mã A1 · ×2", "order": True} if step == 4 else None
        drawn["body"] = shown(state, step, form={"text": "chot giao co lam 2"} if step == 4 else None, read=words).text
        await page.goto(f"{studio.evening.address}/setup-picture")
        await studio.take(page, f"setup-{step}-{name}", whole=True)


async def short(studio: Studio, page: Page, name: str, language: str) -> None:
    """The page that asks for the key."""
    await page.goto(f"{studio.evening.address}/control?key=wrong{language}")
    await studio.take(page, f"key-{name}")


async def preview(studio: Studio, page: Page, name: str, language: str) -> None:
    """The page that shows overlays before they are on air."""
    for theme in ("buyers", "product"):
        await page.goto(studio.evening.url(f"/overlay/{theme}/preview") + f"&lang={language}")
        await asyncio.sleep(1)
        await studio.take(page, f"preview-{theme}-{name}")


async def overlays(studio: Studio) -> None:
    """Every theme over a dark, a bright and a restless picture, upright and wide."""
    for theme in assets().themes:
        for shape, size in (("upright", (540, 960)), ("wide", (960, 540))):
            for ground in ("black", "white", "noise"):
                context = await studio.browser.new_context(viewport={"width": size[0], "height": size[1]})
                page = await context.new_page()
                if theme == "thanks":  # which shows nothing but what happens just now
                    await shown_now(page, studio.evening, theme)
                else:
                    await page.goto(studio.evening.url(f"/overlay/{theme}", "overlay"))
                if ground == "noise":
                    await page.evaluate(NOISE)
                else:
                    await page.evaluate(f"document.documentElement.style.setProperty('background', '{ground}')")
                await asyncio.sleep(0.8)
                await studio.take(page, f"overlay-{theme}-{shape}-{ground}")
                await context.close()


async def evening_of(studio: Studio) -> None:
    """An evening with a bit of everything in it."""
    for number, (who, name, text) in enumerate(SAID):
        await studio.evening.say(f"{who}-{number}", name, text)
    found = await studio.orders()
    for order in found[:3]:
        await studio.command(type="confirm", order=order["code"])
    await studio.command(type="paid", order=found[0]["code"])
    await studio.command(type="pin", code="A12")
    shop = studio.evening.shop
    for source, state, reason in (
        ("tiktok", "live", ""),
        ("facebook", "waiting", ""),
        ("youtube", "lost", "no answer"),
    ):
        await shop.writer.submit(
            Asked(shop.show, (c.SourceIs(source=source, platform=source, state=state, reason=reason),))  # type: ignore[arg-type]
        )


PAGES: dict[str, Callable[[Studio, Page, str, str], Awaitable[None]]] = {
    "control": control,
    "review": review,
    "setup": setup,
    "key": short,
    "preview": preview,
}


async def main(out: Path, only: str) -> None:
    """All pictures of what `only` begins, into a folder."""
    chromium = find_browser()
    assert chromium is not None, "no Chromium found (install it, or set LIVESELL_CHROMIUM)"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "products.csv").write_text(GOODS, encoding="utf-8")
        config = Config(
            shop=ShopSettings(name="Trà Nhà Mẩy", languages=("vi", "en", "bn")),
            server=Server(port=0),
            catalog=Catalog(file="products.csv"),
            folder=folder,
        )
        async with (
            running(config, []) as (shop, address),
            ClientSession() as http,
            async_playwright() as playwright,
        ):
            shop.network = Network("127.0.0.1", lambda _: asyncio.sleep(0), find=lambda: "127.0.0.1")
            await shop.network.open()
            browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
            studio = Studio(Evening(shop, address, http), browser, out, only)
            await evening_of(studio)
            for kind, take in PAGES.items():
                if not kind.startswith(only):
                    continue
                sizes = (("phone", PHONE), ("laptop", LAPTOP))
                for (size, view), language, scheme in itertools.product(sizes, LANGUAGES, ("light", "dark")):
                    context = await browser.new_context(viewport=view, color_scheme=scheme)  # type: ignore[arg-type]
                    await take(studio, await context.new_page(), f"{size}-{language}-{scheme}", language)
                    await context.close()
            if "overlay".startswith(only) or only.startswith("overlay"):
                await overlays(studio)
            await browser.close()
    print(f"{studio.taken} pictures in {out}")


if __name__ == "__main__":
    folder = Path(os.environ.get("PICTURES", ROOT / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder, re.sub(r"\W", "", "".join(sys.argv[1:2]))))
