"""The same viewer's words heard by two sources are one comment and one order; a source that dies disturbs no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from livesell.config import Catalog, Config, Server
from livesell.registry import make_sources
from livesell.running import running
from tests.fakes.tiktok import TikTokFake

GOODS = "code,name,price,unit,stock\nA1,Trà shan tuyết,90000,gói,20\n"


class Night:
    """A show with TikTok and a relay, and what can be asked of it."""

    def __init__(self, http: ClientSession, address: str, keys: dict[str, str]) -> None:
        self.http, self.address, self.keys = http, address, keys

    async def orders(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.keys['seller']}"}
        async with self.http.get(f"{self.address}/api/shows/current/orders", headers=headers) as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def relayed(self, row: dict[str, Any]) -> int:
        headers = {"Authorization": f"Bearer {self.keys['ingest']}"}
        async with self.http.post(f"{self.address}/in/socialstream", json=row, headers=headers) as answer:
            return answer.status

    async def until_ordered(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(5):
            while len(found := await self.orders()) < count:  # noqa: ASYNC110 - the orders are in a server
                await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def night(folder: Path, tiktok: TikTokFake) -> AsyncIterator[Night]:
    (folder / "products.csv").write_text(GOODS, encoding="utf-8")
    config = Config(server=Server(port=0), catalog=Catalog(file="products.csv"), folder=folder)
    sources = make_sources([tiktok.settings(transport="euler", key="k"), {"platform": "socialstream"}], folder=folder)
    async with running(config, sources) as (shop, address), ClientSession() as http:
        keys = {role: shop.guard.keys.of(role) for role in ("seller", "ingest")}
        yield Night(http, address, keys)


def direct(number: int, text: str, user: str = "7001") -> str:
    """A comment as TikTok's own source hears it."""
    data = {"common": {"msgId": str(number)}, "user": {"id": user, "nickname": "Mai"}, "content": text}
    return json.dumps({"messages": [{"type": "WebcastChatMessage", "data": data}]})


def through(number: int, text: str, user: str = "7001") -> dict[str, Any]:
    """The same comment as the relay passes it on."""
    row = {"chatname": "Mai", "chatmessage": text, "type": "tiktok", "userid": user}
    return {**row, "meta": {"messageId": str(number)}, "textonly": True}


async def test_one_comment_by_two_ways_is_one_order(tmp_path: Path) -> None:
    """Directly and through the relay, in either order: one comment, one order, the quantity that was asked for."""
    async with TikTokFake().serving() as tiktok, night(tmp_path, tiktok) as show:
        await tiktok.send(direct(71, "chốt A1 2 gói"))
        await show.until_ordered(1)
        assert await show.relayed(through(71, "chốt A1 2 gói")) == 200
        assert await show.relayed(through(72, "chốt A1 3 gói", "7002")) == 200
        await show.until_ordered(2)
        await tiktok.send(direct(72, "chốt A1 3 gói", "7002"))
        await tiktok.send(direct(73, "A1", "7003"))
        found = await show.until_ordered(3)
        assert [[line["quantity"] for line in order["lines"]] for order in found] == [[2], [3], [1]]
        assert [len(line["comments"]) for order in found for line in order["lines"]] == [1, 1, 1]


async def test_a_source_that_dies_disturbs_no_other(tmp_path: Path) -> None:
    """TikTok refusing the key stops TikTok; what the relay brings is still ordered."""
    async with TikTokFake().serving() as tiktok:
        tiktok.euler_close = (4401, "no")
        async with night(tmp_path, tiktok) as show:
            assert await show.relayed(through(71, "chốt A1 2 gói")) == 200
            (order,) = await show.until_ordered(1)
            assert order["buyer"]["platform"] == "tiktok"
