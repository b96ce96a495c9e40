"""The morning after: lists that go to zero page by page, what buyers wrote, bags, labels and the night."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, expect

from livesell import lexicon
from livesell.config import Catalog, Config, Server
from livesell.ledger.view import View
from livesell.parser import Parser
from livesell.parser.places import address_in
from livesell.running import running
from livesell.store.worklists import LISTS
from livesell.web.shop import Shop
from livesell.web.view import clock
from tests.test_face import violations
from tests.test_pages import GOODS, LAPTOP, PHONE, Evening, browser, page_of, selling

__all__ = ["browser"]  # the fixture


class Morning:
    """A shop, and commands for it."""

    def __init__(self, shop: Shop, address: str, http: ClientSession) -> None:
        self.shop, self.address, self.http = shop, address, http
        self.say = Evening(shop, address, http).say

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.shop.guard.keys.of('seller')}"}

    async def command(self, **body: Any) -> tuple[int, Any]:
        """A tap, and what it is answered."""
        address = f"{self.address}/api/shows/current/commands"
        async with self.http.post(address, json=body, headers=self.key) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        """What an address answers, as JSON or text."""
        async with self.http.get(self.address + path, headers=self.key) as answer:
            assert answer.status == 200, await answer.text()
            return await (answer.json() if "json" in answer.content_type else answer.text())

    async def crowd(self, count: int) -> None:
        """That many buyers, an order each."""
        rows = [
            {"id": f"c{n}", "author_id": f"u{n}", "author": f"khách {n}", "text": "chốt H2", "platform": "tiktok"}
            for n in range(count)
        ]
        for at in range(0, count, 500):
            address = f"{self.address}/api/shows/current/comments"
            async with self.http.post(address, json=rows[at : at + 500], headers=self.key) as answer:
                assert answer.status == 202


@asynccontextmanager
async def morning(folder: Path, clock: Any = None) -> AsyncIterator[Morning]:
    """A shop with the goods of the pages' tests."""
    (folder / "products.csv").write_text(GOODS, encoding="utf-8")
    config = Config(server=Server(port=0), catalog=Catalog(file="products.csv"), folder=folder)
    more = {} if clock is None else {"clock": clock}
    async with running(config, [], **more) as (shop, address), ClientSession() as http:
        yield Morning(shop, address, http)


# --- lists ----------------------------------------------------------------------------------------------------------


async def test_every_list_holds_what_it_counts(tmp_path: Path) -> None:
    """Counts and pages come from one place, page after page without a gap, and an order leaves a list by being done."""
    async with morning(tmp_path) as shop:
        await shop.crowd(120)
        await shop.say("w1", "ấm", "chốt H1 4 gói")
        await shop.say("w2", "lan", "H1 3 gói")
        await shop.say("w3", "hoa", "H3")
        counts = await shop.get("/api/shows/current/lists")
        assert set(counts) == {"unclear", *LISTS}
        assert (counts["all"], counts["phone"], counts["unpaid"], counts["waiting"]) == (123, 123, 123, 1)
        assert (counts["unsettled"], counts["pack"], counts["send"], counts["refused"]) == (1, 0, 0, 0)
        seen: list[str] = []
        while page := await shop.get(f"/api/shows/current/orders?list=phone{f'&after={seen[-1]}' if seen else ''}"):
            seen += [order["code"] for order in page]
        assert len(seen) == len(set(seen)) == 123
        first = (await shop.get("/api/shows/current/orders?limit=1"))[0]
        await shop.command(type="set_contact", buyer=first["buyer"]["id"], phone="0901234678")
        await shop.command(type="confirm", order=first["code"])
        await shop.command(type="paid", order=first["code"])
        counts = await shop.get("/api/shows/current/lists")
        assert (counts["phone"], counts["unpaid"], counts["pack"]) == (122, 122, 1)
        await shop.command(type="packed", order=first["code"])
        assert [one["code"] for one in await shop.get("/api/shows/current/orders?list=send")] == [first["code"]]
        await shop.command(type="cancel", order=seen[5])
        assert (await shop.get("/api/shows/current/lists"))["all"] == 122
        async with shop.http.get(f"{shop.address}/api/shows/current/orders?list=x", headers=shop.key) as answer:
            assert answer.status == 400


async def test_a_long_queue_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's place in it, without going through it again for each who waits."""
    async with morning(tmp_path) as shop:
        for number in range(30):
            await shop.say(f"q{number}", f"khách {number}", "chốt H1 1 gói")
        asked: list[tuple[object, object]] = []
        look_at = View.queue

        def counted(self: View, product: Any, variant: str) -> Any:
            asked.append((product, variant))
            return look_at(self, product, variant)

        monkeypatch.setattr(View, "queue", counted)
        orders = await shop.shop.look(lambda look: look.orders(shop.shop.show, limit=50))
        places = [line["place"] for order in orders for line in order["lines"] if line["place"]]
        assert places == list(range(1, 26))
        assert len(asked) == 1


# --- what buyers wrote of themselves --------------------------------------------------------------------------------

WORDS = lexicon.load(("vi", "en", "bn"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("chốt H1 2 gói, sđt 0901234678, số 5 ngõ 12 đường Láng, Hà Nội", "số 5 ngõ 12 đường Láng, Hà Nội"),
        ("địa chỉ: 24 Trần Phú, P. 5, Vũng Tàu", "24 Trần Phú, P. 5, Vũng Tàu"),
        ("ship về thôn Nà Bản xã Tả Van nhé", "thôn Nà Bản xã Tả Van nhé"),
        ("my address is 12 Baker street, London", "12 Baker street, London"),
        ("ঠিকানা: বাসা ১২, রোড ৫, ধানমন্ডি", "বাসা ১২, রোড ৫, ধানমন্ডি"),
        ("chốt H1 2 gói", None),
        ("còn hàng không chị, bao nhiêu, ship không", None),
        ("đẹp quá", None),
        ("H1, H2, H3", None),
    ],
)
def test_an_address_is_found_in_a_comment(text: str, address: str | None) -> None:
    """What is left of a comment when its order and its phone are taken out, if it reads as a place."""
    from livesell.catalog import pasted

    parser = Parser(pasted.of_text("H1 Trà, 90k\nH2 Mật, 180k\nH3 Áo, 250k").products, WORDS)
    taken = [
        (why.start, why.end)
        for why in parser.read(text).why
        if why.code in ("code", "name", "quantity", "phone") or (why.code == "word" and why.start < 12)
    ]
    assert address_in(text, taken, WORDS) == address


async def test_phone_and_address_are_found_among_all_comments_of_a_buyer(tmp_path: Path) -> None:
    """The newest counts, also one that is behind no line; what was taken away does not."""
    async with morning(tmp_path) as shop:
        await shop.say("1", "ấm", "chốt H1 2 gói")
        await shop.say("2", "ấm", "sđt 0901 234 678 nhé")
        await shop.say("3", "ấm", "địa chỉ số 5 ngõ 12 đường Láng, Hà Nội")
        await shop.say("4", "lan", "H2")
        codes = {one["buyer"]["name"]: one["code"] for one in await shop.get("/api/shows/current/orders")}
        found = await shop.get(f"/api/shows/current/found?orders={','.join(codes.values())}")
        assert found[codes["ấm"]]["phone"]["value"] == "0901234678"
        assert found[codes["ấm"]]["address"]["value"] == "số 5 ngõ 12 đường Láng, Hà Nội"
        assert codes["lan"] not in found


# --- who was first --------------------------------------------------------------------------------------------------


async def test_who_comes_too_late_is_told_who_was_first(tmp_path: Path) -> None:
    """The name that a helper gave her page, and only where it is another one's."""
    async with morning(tmp_path) as shop:
        await shop.say("1", "mai", "chốt H1")
        await shop.say("2", "lin", "chốt")
        order = (await shop.get("/api/shows/current/orders"))[0]
        assert (await shop.command(type="confirm", order=order["code"], who="Lan"))[0] == 200
        status, told = await shop.command(type="confirm", order=order["code"], who="Mẩy")
        assert (status, told["code"], told["who"]) == (409, "done", "Lan")
        assert "who" not in (await shop.command(type="confirm", order=order["code"], who="Lan"))[1]
        comment = (await shop.get("/api/shows/current/comments"))[1]["id"]
        assert (await shop.command(type="dismiss", comment=int(comment), who="Lan"))[0] == 200
        status, told = await shop.command(type="dismiss", comment=int(comment))
        assert (status, told["who"]) == (409, "Lan")


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.mark.browser
async def test_a_list_beyond_a_page_loads_what_is_looked_at(tmp_path: Path, browser: Browser) -> None:
    """Fifty at a time while it is scrolled; all of them for a step on the whole list, which one tap takes back."""
    async with selling(tmp_path) as evening, page_of(browser, PHONE) as page:
        shop = Morning(evening.shop, evening.address, evening.http)
        await shop.crowd(230)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/orders?" in request.url else None)
        await page.goto(evening.url("/review"))
        await page.wait_for_selector("body[data-ready]")
        await page.locator("[data-list=unpaid]").click()
        await expect(page.locator("[data-list=unpaid] b")).to_have_text("230")
        await expect(page.locator("#rows .line").first).to_contain_text("khách 0")
        await asyncio.sleep(0.5)
        assert 1 <= len(asked) <= 2
        for _ in range(8):
            await page.locator("#scroll").evaluate("box => { box.scrollTop = box.scrollHeight }")
            await asyncio.sleep(0.25)
        await expect(page.locator("#rows .line").last).to_contain_text("khách 229")
        await page.locator("[data-list=phone]").click()
        await page.locator("#choose-all").check()
        await expect(page.locator("#chosen")).to_have_text("230 đã chọn")
        await page.get_by_role("button", name="Chốt cả 230").click()
        await expect(page.locator("#toast")).to_contain_text("230 đơn")
        await expect(page.locator("[data-list=pack] b")).to_have_text("230")
        await page.locator("#toast").get_by_role("button", name="Hoàn tác").click()
        await expect(page.locator("[data-list=pack] b")).to_have_text("✓")


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_found_phones_and_addresses_are_one_tap(tmp_path: Path, browser: Browser, size: Any) -> None:
    """A chip beside the empty field; one button for all of a list, which one tap takes back."""
    async with selling(tmp_path) as evening, page_of(browser, size) as page:
        for number, name in enumerate(("ấm", "lan", "hoa")):
            await evening.say(f"a{number}", name, "chốt H2")
            await evening.say(f"b{number}", name, f"sđt 090123467{number}, số {number + 1} ngõ 12 đường Láng, Hà Nội")
        await page.goto(evening.url("/review"))
        await page.wait_for_selector("body[data-ready]")
        await page.locator("[data-list=phone]").click()
        await page.get_by_role("button", name="Điền hết 3 số tìm được").click()
        await expect(page.locator("[data-list=phone] b")).to_have_text("✓")
        await page.locator("#toast").get_by_role("button", name="Hoàn tác").click()
        await expect(page.locator("[data-list=phone] b")).to_have_text("3")
        await page.locator("[data-list=address]").click()
        await page.locator("#rows .open").first.click()
        await page.get_by_role("button", name="Dùng số 1 ngõ 12 đường Láng, Hà Nội").click()
        await expect(page.locator("#field-address")).to_have_value("số 1 ngõ 12 đường Láng, Hà Nội")
        await expect(page.locator("[data-list=address] b")).to_have_text("2")
        await page.get_by_role("button", name="Dùng 0901234670").click()
        await expect(page.locator("#detail")).to_contain_text("Zalo")
        assert await violations(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
async def test_bags_are_packed_one_screen_each(tmp_path: Path, browser: Browser, size: Any) -> None:
    """No bag before every line is ticked, the label opens by itself, the next order comes, and a slip is taken back."""
    async with selling(tmp_path) as evening, page_of(browser, size) as page:
        shop = Morning(evening.shop, evening.address, evening.http)
        await evening.say("1", "ấm", "chốt H1 2 gói")
        await evening.say("2", "ấm", "H2 1 chai")
        await evening.say("3", "lan", "chốt H1 1 gói")
        for order in await shop.get("/api/shows/current/orders"):
            await shop.command(type="confirm", order=order["code"])
        await page.goto(evening.url("/review/pick"))
        await expect(page.locator(".ticks")).to_contain_text("3 gói")
        await page.locator(".tick input").first.check()
        await page.reload()
        await expect(page.locator(".tick input").first).to_be_checked()
        assert await violations(page) == []
        await page.get_by_role("link", name="Gói hàng").click()
        await expect(page.locator("#left")).to_have_text("Còn 2 đơn cần gói")
        assert await violations(page) == []
        done = page.get_by_role("button", name="Gói xong, in nhãn")
        await expect(done).to_be_disabled()
        await page.locator("#bag .tick input").first.check()
        await expect(done).to_be_disabled()
        await page.locator("#bag .tick input").last.check()
        box = await done.bounding_box()
        assert box is not None
        assert box["height"] >= 64
        async with page.expect_popup() as opened:
            await done.click()
        label = await opened.value
        await expect(label.locator(".label .number")).to_have_text("1")
        await label.close()
        await expect(page.locator("#left")).to_have_text("Còn 1 đơn cần gói")
        await expect(page.locator("#bag .number")).to_have_text("2")
        await page.locator("#toast").get_by_role("button", name="Hoàn tác").click()
        await expect(page.locator("#left")).to_have_text("Còn 2 đơn cần gói")
        await page.get_by_role("button", name="H1: Thiếu món").click()
        await expect(page.locator("#toast")).to_contain_text("Đã bỏ món này")
        await expect(page.locator("#bag .number")).to_have_text("1")


@pytest.mark.browser
async def test_the_night_is_a_picture(tmp_path: Path, browser: Browser) -> None:
    """Bars by time, goods as claimed, confirmed, waiting and paid with their figures; no buyer's name is on it."""
    now = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    time = {"now": now}
    async with morning(tmp_path, lambda: time["now"]) as shop, page_of(browser, PHONE) as page:
        for minute in range(0, 120, 4):
            time["now"] = now + timedelta(minutes=minute)
            await shop.say(f"n{minute}", f"Khách Bí Mật {minute}", "chốt H1 1 gói" if minute % 8 else "đẹp quá")
        for order in (await shop.get("/api/shows/current/orders"))[:3]:
            await shop.command(type="confirm", order=order["code"])
        await page.goto(f"{shop.address}/review/night?key={shop.shop.guard.keys.of('seller')}")
        drawn = page.locator("svg.night")
        await expect(drawn).to_be_visible()
        text = await drawn.text_content()
        assert text is not None
        assert "Bí Mật" not in text
        assert "đòi 15 · chốt 3 · chờ 10 · đã trả 0" in text
        assert "20:00" in text
        assert await page.locator("rect.p-chat").count() == 30
        assert await violations(page) == []
        async with page.expect_download() as saved:
            await page.locator("#save").click()
        picture = await (await saved.value).path()
        assert (await asyncio.to_thread(Path(picture).read_bytes))[:4] == b"\x89PNG"


def test_times_under_a_night_do_not_run_into_each_other() -> None:
    """At most seven, from the first bar on."""
    from livesell.i18n import Words

    words = Words("vi", "VND", "Asia/Ho_Chi_Minh")
    night = {"comments": [0] * 90, "minutes": 2, "since": datetime(2026, 11, 22, 13, 0, tzinfo=UTC)}
    marks = clock(night, words)
    assert marks[0] == {"bar": 0, "text": "20:00"}
    assert len(marks) <= 7
    assert clock({"comments": []}, words) == []


@pytest.mark.browser
@pytest.mark.parametrize(("paper", "width"), [("a6", 105), ("a7", 74), ("roll58", 58), ("roll80", 80)])
async def test_paper_is_as_large_as_it_says(tmp_path: Path, browser: Browser, paper: str, width: int) -> None:
    """One page a label in its size, a roll as long as its slip; the number 14 mm high, the code at least 22 mm wide."""
    async with selling(tmp_path) as evening, page_of(browser, LAPTOP) as page:
        shop = Morning(evening.shop, evening.address, evening.http)
        for name in ("Nguyễn Thị Minh Khai Công Chúa Phượng Hoàng Lửa", "lan"):
            await evening.say(name, name, "chốt H1 2 gói")
        for order in await shop.get("/api/shows/current/orders"):
            await shop.command(type="confirm", order=order["code"])
        await page.goto(evening.url("/review/print") + f"&format={paper}")
        await page.emulate_media(media="print")
        size = await page.locator(".label .qr").first.evaluate("one => one.getBoundingClientRect().width * 25.4 / 96")
        assert size >= 22
        high = await page.locator(".label .number").first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        assert high * 25.4 / 96 * 0.72 >= 13.5  # a digit is some 0.72 of its font's size
        document = await page.pdf(prefer_css_page_size=True)
        pages = [part.split(b"]")[0].split() for part in document.split(b"/MediaBox [")[1:]]
        assert len(pages) == 2
        for _, _, wide, high in pages:
            assert abs(float(wide) * 25.4 / 72 - width) < 1.5
            assert float(high) * 25.4 / 72 < 150
