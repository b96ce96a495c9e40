"""Several processes on one PostgreSQL server: one book, one stock, each its own show, and pages served by any."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import aiohttp
import msgspec
import pytest
from sqlalchemy import select

from livesell import commands as c
from livesell.config import Config, Database, Desk
from livesell.config import Server as ServerSettings
from livesell.errors import StoreAway, StoreError
from livesell.feed import Page
from livesell.model import AuthorId, Code, Comment, MessageId, Money, Platform, Product, quantity
from livesell.running import running
from livesell.store import Asked, Said, schema
from livesell.store.engine import one_view
from livesell.store.rebuild import compare
from livesell.web.shop import Shop
from tests.postgres import Cluster

pytestmark = pytest.mark.postgres


class Shops:
    """Processes on one database; here each is a shop of its own with its own connections, threads and folder."""

    def __init__(self, url: str, folder: Path, stack: AsyncExitStack) -> None:
        self.url, self.folder, self.stack = url, folder, stack

    async def open(self, name: str, hold_minutes: int = 0) -> Shop:
        """One more."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        config = Config(
            folder=folder,
            server=ServerSettings(port=0),
            database=Database(url=self.url),
            desk=Desk(hold_minutes=hold_minutes),
        )
        shop, _ = await self.stack.enter_async_context(running(config, []))
        return shop


@pytest.fixture
async def shops(postgres_url: str, tmp_path: Path) -> AsyncIterator[Shops]:
    """Processes on a fresh database."""
    async with AsyncExitStack() as stack:
        yield Shops(postgres_url, tmp_path, stack)


def comment(number: int, text: str, who: str) -> Comment:
    """A comment."""
    return Comment(Platform("here"), MessageId(f"m{number}"), AuthorId(who), who, text)


async def says(shop: Shop, number: int, text: str, who: str) -> None:
    """A comment comes to one of the processes."""
    await shop.writer.submit(Said(shop.show, "here", (comment(number, text, who),)))


async def put(shop: Shop, code: str, count: int) -> None:
    """A product is put on sale by one of the processes."""
    stock = {"": quantity(count)}
    product = Product(code=Code(code), name=code, price=Money(1000), stock=stock)
    await shop.writer.submit(Asked(None, (c.PutProduct(product=product, stock=stock),)))


async def left(shop: Shop, code: str) -> object:
    """What a process says is left of a product."""
    found = await shop.look(lambda look: look.products([Code(code)]))
    return found[0]["left"]


async def test_each_process_runs_a_show_of_its_own(shops: Shops) -> None:
    """The second opens one; who comes back after a crash goes on with the show that nobody runs."""
    first = await shops.open("first")
    async with AsyncExitStack() as stack:
        second = await Shops(shops.url, shops.folder, stack).open("second")
        assert (first.show, second.show) == (1, 2)
    third = await shops.open("third")
    assert third.show == 2
    assert (await shops.open("fourth")).show == 3


async def test_goods_and_stock_are_shared(shops: Shops) -> None:
    """What one opens the other reads at once; what one sells is gone for the other; a restock serves the queue."""
    first, second = await shops.open("first"), await shops.open("second")
    await put(first, "A1", 3)
    await says(second, 1, "A1 2", "mai")
    await says(first, 2, "A1 2", "lin")
    await says(second, 3, "A1 1", "hoa")
    assert (await left(first, "A1"), await left(second, "A1")) == (0, 0)
    await second.writer.submit(Asked(second.show, (c.Restock(code=Code("A1"), by=1),)))
    for shop in (first, second):
        own = await shop.look(lambda look: look.orders(first.show))
        other = await shop.look(lambda look: look.orders(second.show))
        shown = [
            [(line["reserved"], line["waitlisted"]) for order in orders for line in order["lines"]]
            for orders in (own, other)
        ]
        assert shown == [[(2, 0)], [(2, 0), (0, 1)]]


async def test_a_control_page_of_any_show_is_served_by_any_process(shops: Shops) -> None:
    """By the number in its address; without one it is the show of who answers."""
    first, second = await shops.open("first"), await shops.open("second")
    key = first.guard.keys.of("seller")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:
        for query, show in (("", first.show), (f"?show={second.show}", second.show)):
            async with http.get(f"http://127.0.0.1:{first.guard.port}/control{query}") as answer:
                found = re.search(r'<script type="application/json" id="data">(.*?)</script>', await answer.text())
                assert found is not None
                assert json.loads(found[1])["snapshot"]["show"]["id"] == show


async def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something; a time-out says that it never came."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is said on other threads
            await asyncio.sleep(0.05)


async def told(shop: Shop, page: Page, numbers: list[int]) -> None:
    """A page that stays open, and the numbers that it is told."""
    messages = shop.feed.listen(page, 0)
    async for message in messages:
        found = msgspec.json.decode(message)
        if found["event"] is not None and found["event"]["type"] != "snapshot":
            numbers.append(found["number"])


async def test_a_page_at_any_process_is_told_everything_in_order(shops: Shops) -> None:
    """Events of both come to the pages of both, each number once, whoever wrote it, also the own ones in between."""
    first, second = await shops.open("first"), await shops.open("second")
    await put(first, "A1", 5)
    heard: dict[str, list[int]] = {"first": [], "second": []}
    tasks = [
        asyncio.create_task(told(shop, Page("seller", first.show), heard[name]))
        for name, shop in (("first", first), ("second", second))
    ]
    await asyncio.sleep(0.3)

    async def burst(shop: Shop, begin: int) -> None:
        for number in range(begin, begin + 30):
            await shop.writer.submit(Said(first.show, "here", (comment(number, "A1 1", f"u{number}"),)))

    await asyncio.gather(burst(first, 100), burst(second, 200))
    with one_view(first.store.readers) as connection:
        wanted = schema.events.c.show.is_(None) | (schema.events.c.show == first.show)
        all_of_it = list(connection.scalars(select(schema.events.c.number).where(wanted).order_by("number")))
    await until(lambda: all(numbers[-1:] == all_of_it[-1:] for numbers in heard.values()))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert heard == {"first": all_of_it, "second": all_of_it}
    with one_view(first.store.readers) as connection:
        assert compare(connection).differences == ()


async def test_word_that_is_lost_is_made_up_for_by_a_look(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table has the truth: without a single notice the events come with the next poll."""
    monkeypatch.setattr("livesell.store.engine.CHANNEL", "nobody_listens_here")
    first, second = await shops.open("first"), await shops.open("second")
    numbers: list[int] = []
    task = asyncio.create_task(told(second, Page("seller", first.show), numbers))
    await asyncio.sleep(0.3)
    await says(first, 1, "hello", "mai")
    last = first.store.last
    await until(lambda: last in numbers, 6)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_one_process_runs_the_clock_for_all(shops: Shops) -> None:
    """Also for shows whose process is gone: what they hold runs out, and another takes the clock over."""
    first = await shops.open("first", hold_minutes=1)
    await put(first, "A1", 2)
    async with AsyncExitStack() as stack:
        second = await Shops(shops.url, shops.folder, stack).open("second", hold_minutes=1)
        assert [shop.spine.peers.clock for shop in (first, second) if shop.spine.peers is not None] == [True, False]
        await says(second, 1, "A1 2", "mai")
        assert await left(first, "A1") == 0
    # The process of the second show is gone; a minute passes.
    before = first.writer.clock
    first.writer.clock = lambda: before() + timedelta(seconds=61)
    await first.spine.tick()
    assert await left(first, "A1") == 2


async def test_a_restarted_server_is_told_waited_for_and_gone_on_with(
    postgres_cluster: Cluster, tmp_path: Path
) -> None:
    """Mid-show: the page says that it does not answer, nothing is lost or doubled, locks are taken again."""
    async with AsyncExitStack() as stack:
        shops = Shops(postgres_cluster.url, tmp_path, stack)
        first, second = await shops.open("first"), await shops.open("second")
        await put(first, "A1", 5)
        await says(first, 1, "A1 1", "mai")
        heard: list[int] = []
        page = asyncio.create_task(told(second, Page("seller", first.show), heard))
        postgres_cluster.stop()
        with pytest.raises(StoreAway, match="does not answer"):
            await says(first, 2, "A1 1", "lin")
        with pytest.raises(StoreError, match="does not answer"):
            await second.look(lambda look: look.products())
        assert first.feed.trouble is not None
        assert first.feed.trouble["code"] == "away"
        postgres_cluster.start()
        await until(lambda: first.feed.trouble is None)
        await says(first, 1, "A1 1", "mai")
        await says(first, 2, "A1 1", "lin")
        await says(second, 3, "A1 1", "hoa")
        assert await left(second, "A1") == 2
        await until(lambda: any(shop.spine.peers is not None and shop.spine.peers.clock for shop in (first, second)))
        with one_view(first.store.readers) as connection:
            wanted = schema.events.c.show.is_(None) | (schema.events.c.show == first.show)
            written = list(connection.scalars(select(schema.events.c.number).where(wanted).order_by("number")))
        await until(lambda: heard[-1:] == written[-1:])
        page.cancel()
        await asyncio.gather(page, return_exceptions=True)
        assert heard == sorted(set(heard))
        assert set(heard) >= set(written[-6:])
        with one_view(first.store.readers) as connection:
            assert compare(connection).differences == ()
        assert (await shops.open("third")).show == 3
