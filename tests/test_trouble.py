"""What is wrong with the database stands on the control page, in the seller's words, until it is over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from livesell.errors import (
    StoreAway,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLow,
    StoreReadOnly,
    StoreUnsure,
)
from livesell.i18n import words
from livesell.store import Asked
from livesell.web.shop import Shop
from tests.test_pages import PHONE, browser, page_of, selling

__all__ = ["browser"]  # the fixture

pytestmark = pytest.mark.browser

KINDS = (StoreFull, StoreLow, StoreBusy, StoreAway, StoreReadOnly, StoreDamaged, StoreUnsure, StoreError)


def most_pages(shop: Shop, count: int) -> None:
    """Let the database have so many pages and no more."""
    with shop.store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={count}")


async def test_a_full_disk_is_a_red_line_until_there_is_room(tmp_path: Path, browser: Browser) -> None:
    """It says that it is full and what is safe, to screen readers too; it goes by itself, and so do the taps."""
    async with selling(tmp_path) as evening, page_of(browser, PHONE) as control:
        shop = evening.shop
        shop.store.reserve = None
        await control.goto(evening.url("/control"))
        await evening.say("1", "Lò Thị Mẩy", "chốt H1 2 gói")
        await expect(control.locator("#card article")).to_contain_text("Lò Thị Mẩy")
        await asyncio.to_thread(most_pages, shop, 1)
        for number in range(40):
            try:
                await shop.writer.submit(Asked(shop.show, (), lambda connection: fill(connection)))
            except StoreFull:
                break
            assert number < 39, "the disk is never full"
        red = control.locator("#bars .bar.bad")
        await expect(red).to_contain_text("Ổ đĩa đầy")
        await expect(control.locator("#alarm")).to_contain_text("Ổ đĩa đầy")
        await asyncio.to_thread(most_pages, shop, 1_000_000)
        await expect(red).to_have_count(0)
        await control.locator("#card article button.main").click()
        await expect(control.locator("#nothing")).to_contain_text("Xong hết rồi")


def fill(connection: object) -> None:
    """Something that needs room."""
    from sqlalchemy import Connection

    assert isinstance(connection, Connection)
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS filler (body TEXT)")
    connection.exec_driver_sql("INSERT INTO filler VALUES (?)", ("x" * 100_000,))


async def test_every_trouble_has_words_of_its_own(tmp_path: Path, browser: Browser) -> None:
    """Also on a page that is opened while it lasts; what waits is counted."""
    said = words("vi")
    async with selling(tmp_path) as evening, page_of(browser, PHONE) as control:
        await control.goto(evening.url("/control"))
        for number, kind in enumerate(KINDS):
            evening.shop.feed.troubled(kind("in the log"), number)
            red = control.locator("#bars .bar.bad")
            await expect(red).to_contain_text(str(said[f"err.db_{kind.code}"]))
            if number:
                await expect(red).to_contain_text(str(number))
        await control.reload()
        await expect(control.locator("#bars .bar.bad")).to_contain_text(str(said["err.db_failed"]))
        evening.shop.feed.troubled(None, 0)
        await expect(control.locator("#bars .bar.bad")).to_have_count(0)
