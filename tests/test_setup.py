"""The first ten minutes in a real Chromium: five steps, none of which needs a file to be edited."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.async_api import Browser, Page, expect

from livesell import config
from livesell.catalog import pasted
from livesell.errors import CatalogError
from livesell.web.setup import toml
from tests.test_face import violations
from tests.test_pages import LAPTOP, PHONE, browser, page_of

__all__ = ["browser"]  # the fixture

ROOT = Path(__file__).parent.parent

GOODS = """A1 Giảo cổ lam, gói, 90k, 40
A12 Trà shan, gói, 12o.000, 20
A3 mật ong rừng 180.000 12
chỉ có tên"""


# --- goods as they are pasted ---------------------------------------------------------------------------------------


def test_every_line_is_read_by_itself() -> None:
    """Good lines are products, whatever stands between their cells; each mistake is told with its line and value."""
    found = pasted.of_text(GOODS + "\nA3, lại, 5k\nA5\tNấm\tgói\t1.250.000\t3\nA6,Măng,bó,120,000,7\nA7;Áo;250000")
    rows = {one.code: (one.name, one.unit, one.price, one.stock) for one in found.products}
    assert rows == {
        "A1": ("Giảo cổ lam", "gói", 90_000, {"": 40_000}),
        "A3": ("mật ong rừng", "", 180_000, {"": 12_000}),
        "A5": ("Nấm", "gói", 1_250_000, {"": 3_000}),
        "A6": ("Măng", "bó", 120_000, {"": 7_000}),
        "A7": ("Áo", "", 250_000, None),
    }
    assert [(one.row, one.what, one.value) for one in found.problems] == [
        (2, "price", "12o.000"),
        (4, "short", "chỉ có tên"),
        (5, "twice", "A3"),
    ]


def test_a_heading_in_the_sellers_own_words_is_understood() -> None:
    """Columns go by their names, in any order; a CSV file without a heading is read like pasted lines."""
    found = pasted.of_text("Tên hàng\tMã\tTồn\tGiá bán\nTrà shan\tA12\t20\t120000")
    assert [(one.code, one.name, one.price, one.stock) for one in found.products] == [
        ("A12", "Trà shan", 120_000, {"": 20_000})
    ]
    assert [one.code for one in pasted.of_file("A1,Trà,90000,4\n".encode()).products] == ["A1"]
    with pytest.raises(CatalogError):
        pasted.of_file(b"\xff\xfe\x00")


def test_a_thousand_lines_are_read_at_once() -> None:
    """What is pasted is shown while it is typed: a thousand lines in less than 300 ms."""
    import time

    text = "\n".join(f"B{number} Trà shan tuyết, gói, {number}000, 20" for number in range(1, 1001))
    pasted.of_text(text)
    begun = time.process_time()
    assert len(pasted.of_text(text).products) == 1000
    assert time.process_time() - begun < 0.3


def test_what_is_written_is_a_plain_configuration(tmp_path: Path) -> None:
    """Names with quotes and line signs come back as they were."""
    name = 'Nhà "Trà" \\ 陳 \U0001f33f'
    (tmp_path / "config.toml").write_text(
        toml({"shop": {"name": name, "languages": ["vi", "en"]}}, [{"platform": "twitch", "channel": "shop"}]),
        encoding="utf-8",
    )
    read = config.load(tmp_path / "config.toml")
    assert read.shop.name == name
    assert read.source == ({"platform": "twitch", "channel": "shop"},)


# --- in a browser ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def first_run(folder: Path) -> AsyncIterator[str]:
    """`livesell run` in an empty folder, and the address that it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "livesell",
        "run",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        told = ""
        async with asyncio.timeout(20):
            while not (found := re.search(r"http://\S+/setup\?key=\S+", told)):
                line = await process.stdout.readline()
                assert line, told
                told += line.decode()
        yield found[0]
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def check(page: Page, size: Any, found: list[str], name: str) -> None:
    """No barrier, nothing sideways, every button large enough for a thumb."""
    found += [f"{name}: {one}" for one in await violations(page)]
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
    small = await page.evaluate(
        "[...document.querySelectorAll('main button, main input:not([type=hidden]), main select')]"
        ".filter((one) => one.getBoundingClientRect().height < 47).map((one) => one.outerHTML)"
    )
    assert small == [], name


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_from_nothing_to_the_control_page_in_five_steps(tmp_path: Path, browser: Browser, size: Any) -> None:
    """Shop, goods, link, a comment tried, the overlay: and the shop that was described is at work."""
    barriers: list[str] = []
    async with first_run(tmp_path) as address, page_of(browser, size) as page:
        await page.goto(address)
        assert "key=" not in page.url
        await expect(page.locator("h1")).to_have_text("Năm bước nhỏ, tối nay bán được")
        await check(page, size, barriers, "shop")
        await page.get_by_label("Tên, in trên phiếu").fill("Trà Nhà Mẩy")
        await page.get_by_role("button", name="Tiếp tục").click()

        goods = page.locator("#goods")
        await goods.fill(GOODS)
        await expect(page.locator("#count")).to_have_text("2 món đọc được, 2 cần sửa")
        await expect(page.locator("#problems")).to_contain_text("Dòng 2: “12o.000” không phải giá.")
        await expect(page.locator("#rows tr")).to_have_count(2)
        await page.get_by_role("button", name="Tiếp tục").click()
        # The mistakes are told, nothing typed is lost, and what was right counts already.
        await expect(page.locator("#problems")).to_contain_text("Dòng 4")
        await expect(goods).to_have_value(GOODS)
        assert "A1" in (tmp_path / "products.csv").read_text(encoding="utf-8-sig")
        await check(page, size, barriers, "goods")
        await goods.fill(GOODS.replace("12o.000", "120.000").replace("\nchỉ có tên", ""))
        await page.get_by_role("button", name="Tiếp tục").click()

        await page.locator("#link").fill("https://nowhere.example/x")
        await page.get_by_role("button", name="Thêm").click()
        await expect(page.locator("#link-wrong")).to_contain_text("Chưa hiểu link này")
        await check(page, size, barriers, "link")
        await page.locator("#link").fill("https://www.twitch.tv/tranhamay")
        await page.get_by_role("button", name="Thêm").click()
        await expect(page.locator(".found")).to_contain_text("Đây là twitch: tranhamay")
        await page.get_by_role("button", name="Bỏ").click()
        await expect(page.locator(".found")).to_have_count(0)
        await page.get_by_role("button", name="Để sau").click()

        await page.locator("#text").fill("chot A12 2 goi")
        await expect(page.locator("#read")).to_contain_text("A12 ×2")
        await check(page, size, barriers, "try")
        await page.get_by_role("button", name="Tiếp tục").click()

        overlay = await page.locator("#address").input_value()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/overlay/buyers\?key=\S+", overlay)
        await check(page, size, barriers, "screen")
        # Back never loses.
        await page.locator(".steps a").first.click()
        await expect(page.locator("#name")).to_have_value("Trà Nhà Mẩy")
        await page.locator(".steps a").last.click()
        await page.get_by_role("button", name="Mở trang điều khiển").click()

        await expect(page.locator("body.control")).to_be_visible()
        await page.wait_for_selector("body[data-ready]")
        assert "key=" not in page.url
        if size is PHONE:
            await page.locator("[data-show=goods]:visible").first.click()
        await expect(page.locator("#goods")).to_contain_text("Trà shan")
        await page.goto(overlay)
        assert await page.title() != ""
        written = config.load(tmp_path / "config.toml")
        assert (written.shop.name, written.shop.currency, written.shop.language) == ("Trà Nhà Mẩy", "VND", "vi")
        assert written.source == ()
    assert barriers == []


@pytest.mark.browser
async def test_the_steps_are_plain_forms_without_script(tmp_path: Path, browser: Browser) -> None:
    """A browser that runs nothing gets through as well; a spreadsheet counts as goods; another country its money."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Mã", "Tên", "Giá"])
    sheet.append(["K1", "শাড়ি", "1250"])
    book.save(tmp_path / "goods.xlsx")
    async with first_run(tmp_path) as address:
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(address)
        await page.locator("#country").select_option("BD")
        await page.locator("#language").select_option("bn")
        await page.locator("button.go").click()
        await page.locator("#file").set_input_files(tmp_path / "goods.xlsx")
        await page.locator("button.go").click()
        await expect(page.locator("#count")).to_contain_text("১টা পণ্য")
        await page.locator("button.go").click()
        await page.locator("#link").fill("@dokan")
        await page.locator("button.go").click()
        await expect(page.locator(".found")).to_contain_text("dokan")
        await page.locator("button.go").click()
        await page.locator("#text").fill("K1 2ta")
        await page.locator("button[name=try]").click()
        await expect(page.locator("#read")).to_contain_text("K1 ×২")
        await context.close()
    written = config.load(tmp_path / "config.toml")
    assert (written.shop.currency, written.shop.language, written.shop.timezone) == ("BDT", "bn", "Asia/Dhaka")
    assert written.source[0]["platform"] == "tiktok"


async def test_nobody_else_takes_the_first_steps(tmp_path: Path) -> None:
    """The printed address opens once; without it, or from another page, nothing is answered and nothing is written."""
    import aiohttp

    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        first_run(tmp_path) as address,
        aiohttp.ClientSession(cookie_jar=jar) as owner,
        aiohttp.ClientSession() as other,
    ):
        base = address.partition("/setup")[0]
        async with owner.get(address) as answer:
            assert answer.status == 200
        for client, path in ((other, address), (other, f"{base}/setup")):
            async with client.get(path) as answer:
                assert answer.status == 401
        form = {"step": "1", "name": "x"}
        async with owner.post(f"{base}/setup/do", data=form, headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with owner.get(f"{base}/setup", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        assert not (tmp_path / "config.toml").exists()
        async with owner.post(f"{base}/setup/do", data=form, headers={"Origin": base}) as answer:
            assert answer.status == 200
        assert config.load(tmp_path / "config.toml").shop.name == "x"
