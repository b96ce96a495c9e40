"""The seller's whole evening and the morning after, in a real Chromium, in Vietnamese, by phone and by laptop."""

from __future__ import annotations

import asyncio
import csv
import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from openpyxl import load_workbook
from playwright.async_api import Browser, Page, expect

from tests.test_pages import LAPTOP, ON_AIR, PHONE, browser, page_of
from tests.test_setup import first_run

__all__ = ["browser"]  # the fixture

pytestmark = pytest.mark.browser


GOODS = "A1 Giảo cổ lam, gói, 90k, 40\nA12 Trà shan, gói, 120k, 3\nB3 Mật ong, chai, 180k, 5"


class Viewers:
    """People who write under the live."""

    def __init__(self, folder: Path, address: str, http: ClientSession) -> None:
        keys = tomllib.loads((folder / "livesell.keys").read_text(encoding="utf-8"))
        self.url, self.http = f"{address}/api/shows/current/comments", http
        self.key = {"Authorization": f"Bearer {keys['ingest']}"}
        self.overlay = f"{address}/overlay/buyers?key={keys['overlay']}"
        self.said = 0

    async def say(self, who: str, text: str) -> None:
        """A comment comes."""
        self.said += 1
        row = {"id": str(self.said), "author_id": f"id {who}", "author": who, "text": text, "platform": "tiktok"}
        async with self.http.post(self.url, json=row, headers=self.key) as answer:
            assert answer.status == 202, await answer.text()


async def tap(page: Page, name: str) -> None:
    """A button of the card in hand, once it takes taps: a card that has just come takes none for a moment."""
    await asyncio.sleep(0.5)
    await page.locator("#card").get_by_role("button", name=name).first.click()


async def show(page: Page, tab: str) -> None:
    """A tab on a phone, a column on a laptop."""
    found = page.locator(f"[data-show={tab}]:visible")
    if await found.count():
        await found.first.click()


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_an_evening_and_the_morning_after(tmp_path: Path, browser: Browser, size: Any) -> None:
    """First steps, goods, live, a doubt, a queue, a step back, the end; then filled in, paid, packed and saved."""
    async with first_run(tmp_path) as first, page_of(browser, size) as page, ClientSession() as http:
        address = first.partition("/setup")[0]
        # The afternoon: a name and three products, no file edited.
        await page.goto(first)
        await page.locator("#name").fill("Trà Nhà Mẩy")
        await page.get_by_role("button", name="Tiếp tục").click()
        await page.locator("#goods").fill(
            "A1 Giảo cổ lam, gói, 90k, 40\nA12 Trà shan, gói, 120k, 3\nB3 Mật ong, chai, 180k, 5"
        )
        await expect(page.locator("#count")).to_have_text("3 món đọc được, 0 cần sửa")
        await page.get_by_role("button", name="Tiếp tục").click()
        await page.get_by_role("button", name="Để sau").click()
        await page.locator("#text").fill("chot giao co lam 2")
        await expect(page.locator("#read")).to_contain_text("A1 ×2")
        await page.get_by_role("button", name="Tiếp tục").click()
        await page.get_by_role("button", name="Mở trang điều khiển").click()
        await page.wait_for_selector("body.control[data-ready]")
        await expect(page.locator("#nothing")).to_contain_text("3 món đang bán")

        # The live begins.
        viewers = Viewers(tmp_path, address, http)
        context = await browser.new_context(viewport={"width": 540, "height": 960})
        screen = await context.new_page()
        await screen.goto(viewers.overlay)
        await viewers.say("Ngọc Ánh", "đẹp quá chị ơi")
        await expect(page.locator("#nothing")).to_contain_text("Có bình luận đầu tiên rồi")

        # A doubt stands first, with its question; one tap settles it, the next card waits under the thumb.
        await viewers.say("Lò Thị Mẩy", "chốt")
        card = page.locator("#card article")
        await expect(card).to_contain_text("chưa nói mã")
        await tap(page, "Mã khác")
        await page.locator("dialog .choice", has_text="A12").click()
        await expect(card).to_contain_text("A12 Trà shan")
        await page.locator("#card button.main").wait_for()
        await asyncio.sleep(0.5)
        await page.locator("#card button.main").click()
        await expect(screen.locator(ON_AIR, has_text="A12")).to_have_count(1)

        # Three packs are there: the second buyer gets two of three, and the rest waits in the queue.
        await viewers.say("Hoàng Phúc", "A12 3 gói")
        await expect(card).to_contain_text("Hoàng Phúc")
        await expect(card).to_contain_text("chờ")
        await asyncio.sleep(0.5)
        await page.locator("#card button.main").click()
        await expect(screen.locator(ON_AIR, has_text="Hoàng Phúc")).to_have_count(1)
        await show(page, "orders")
        await expect(page.locator("#orders")).to_contain_text("Hoàng Phúc")
        await page.locator("#show-recent").click()
        await page.locator("#recent li", has_text="Mẩy").get_by_role("button", name="Hoàn tác").first.click()
        await expect(screen.locator(ON_AIR, has_text="Mẩy")).to_have_count(0)
        await show(page, "todo")
        await expect(card).to_contain_text("Lò Thị Mẩy")
        await asyncio.sleep(0.5)
        await page.locator("#card button.main").click()
        await expect(screen.locator(ON_AIR, has_text="Lò Mẩy")).to_have_count(1)

        # Somebody gives up: what she held goes to who waited.
        await viewers.say("Lò Thị Mẩy", "hủy A12 giúp em")
        await expect(card).to_contain_text("Mẩy")
        await tap(page, "Đồng ý")
        await expect(card).to_contain_text("Hoàng Phúc")
        await asyncio.sleep(0.5)
        await page.locator("#card button.main").click()
        await viewers.say("Trà My", "B3 2 chai, sđt 0901 234 678, số 5 ngõ 12 đường Láng, Hà Nội")
        await expect(card).to_contain_text("Trà My")
        await asyncio.sleep(0.5)
        await page.locator("#card button.main").click()
        await expect(page.locator("#nothing")).to_contain_text("Xong hết rồi")
        await page.locator("#settings").click()
        await page.get_by_role("button", name="Kết thúc buổi live").click()
        await expect(page.locator("#nothing")).to_contain_text("Xong buổi live: 2 đơn, 720.000 ₫")
        await context.close()

        # The morning: what is missing stands on lists that go to zero.
        await page.locator("#nothing").get_by_role("link", name="Sang trang soát đơn").click()
        await page.wait_for_selector("body.review[data-ready]")
        await expect(page.locator("#title")).to_contain_text("2 đơn · 720.000 ₫")
        await page.locator("[data-list=phone]").click()
        await page.locator("#rows .open", has_text="Trà My").click()
        await page.get_by_role("button", name="Dùng 0901234678").click()
        await page.get_by_role("button", name="Dùng số 5 ngõ 12").click()
        await expect(page.locator("#field-phone")).to_have_value("0901234678")
        if size is PHONE:
            await page.locator("#detail .back").click()
        await page.locator("#rows .open", has_text="Hoàng Phúc").click()
        await page.locator("#field-phone").fill("0912 345 678")
        await page.locator("#field-address").fill("Bản Tả Van, Sa Pa")
        await expect(page.locator("#detail .saved", has_text="Đã lưu")).to_have_count(2)
        if size is PHONE:
            await page.locator("#detail .back").click()
        await expect(page.locator("[data-list=phone] b")).to_have_text("✓")
        await expect(page.locator("[data-list=address] b")).to_have_text("✓")
        await page.locator("[data-list=unpaid]").click()
        await expect(page.locator("#rows .line")).to_have_count(2)
        await page.locator("#choose-all").check()
        await page.locator("#bulk").get_by_role("button", name="Đã trả").click()
        await expect(page.locator("[data-list=unpaid] b")).to_have_text("✓")
        await page.goto(f"{address}/review/pack")
        await expect(page.locator("#left")).to_have_text("Còn 2 đơn cần gói")
        await page.get_by_label("In nhãn sau mỗi đơn").uncheck()
        for left in ("Còn 1 đơn cần gói", "Gói xong hết rồi."):
            for box in await page.locator("#bag .tick input").all():
                await box.check()
            await page.get_by_role("button", name="Gói xong").click()
            await expect(page.locator("#left")).to_have_text(left)
        await page.get_by_role("link", name="Về trang soát đơn").click()
        await page.wait_for_selector("body.review[data-ready]")
        await expect(page.locator("[data-list=pack] b")).to_have_text("✓")
        await expect(page.locator("[data-list=send] b")).to_have_text("2")
        files = {}
        for kind in ("XLSX", "CSV"):
            async with page.expect_download() as saved:
                await page.get_by_role("link", name=kind, exact=True).click()
            path = Path(await (await saved.value).path())
            files[kind] = await asyncio.to_thread(path.read_bytes)
        text = " ".join(" ".join(row) for row in csv.reader(io.StringIO(files["CSV"].decode("utf-8-sig"))))
        assert "Trà My" in text
        assert "0901234678" in text
        assert "Bản Tả Van, Sa Pa" in text
        book = load_workbook(io.BytesIO(files["XLSX"]))
        cells = " ".join(str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)
        assert "0912345678" in cells
