"""The server over real HTTP and WebSockets: what programs post, what pages are told, and what is refused in words."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from livesell.config import Config, Server
from livesell.config import Shop as ShopSettings
from livesell.registry import make_source
from livesell.running import running
from livesell.web.keys import ROLES
from livesell.web.shop import Shop

GOODS = """code,name,aliases,unit,pack,price,stock,options
H1,Trà rừng,tra rung,gói,500 g,90000,3,
H2,Mật ong hoa,mat ong,chai,500 ml,180000,,
H3,Áo len,,cái,,250000,S:1|M:2,size=S|M
"""


class Client:
    """A program with the shop's keys."""

    def __init__(self, shop: Shop, address: str, http: aiohttp.ClientSession) -> None:
        self.shop, self.address, self.http = shop, address, http

    def key(self, role: str) -> dict[str, str]:
        """The header that carries a key."""
        return {"Authorization": f"Bearer {self.shop.guard.keys.of(role)}"}  # type: ignore[arg-type]

    async def call(self, method: str, path: str, body: Any = None, role: str = "seller") -> tuple[int, Any]:
        """A status and its JSON."""
        async with self.http.request(method, self.address + path, json=body, headers=self.key(role)) as answer:
            return answer.status, await answer.json()

    async def say(self, *texts: tuple[str, str, str]) -> dict[str, int]:
        """Post comments as (id, author, text)."""
        rows = [{"id": number, "author_id": who, "author": who, "text": text} for number, who, text in texts]
        status, answer = await self.call("POST", "/api/shows/current/comments", rows, "ingest")
        assert status == 202, answer
        found: dict[str, int] = answer
        return found

    async def command(self, **fields: Any) -> Any:
        """Give a command that is carried out."""
        status, answer = await self.call("POST", "/api/shows/current/commands", fields)
        assert status == 200, answer
        return answer

    async def orders(self) -> list[dict[str, Any]]:
        """The orders of the show."""
        _, found = await self.call("GET", "/api/shows/current/orders")
        rows: list[dict[str, Any]] = found
        return rows

    @asynccontextmanager
    async def feed(self, role: str = "seller", after: int | None = None) -> AsyncIterator[Feed]:
        """A page's ear."""
        query = "" if after is None else f"?after={after}"
        async with self.http.ws_connect(f"{self.address}/feed{query}", headers=self.key(role)) as socket:
            yield Feed(socket)


class Feed:
    """What a page hears."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        """The next message that has an event."""
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.receive_str(), 5))
            if message["event"] is not None:
                return message

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of a type."""
        while True:
            message = await self.next()
            if message["event"]["type"] == kind:
                return message


@asynccontextmanager
async def selling(folder: Path, **settings: Any) -> AsyncIterator[Client]:
    """A shop at work in a folder, on a free port."""
    (folder / "products.csv").write_text(GOODS, encoding="utf-8")
    from livesell.config import Catalog

    config = Config(
        shop=ShopSettings(name="Thử", languages=("vi", "en")),
        server=Server(port=0),
        catalog=Catalog(file="products.csv"),
        folder=folder,
        **settings,
    )
    async with running(config, []) as (shop, address), aiohttp.ClientSession() as http:
        yield Client(shop, address, http)


async def test_a_posted_comment_becomes_an_order_on_the_feed(tmp_path: Path) -> None:
    """202 after the commit, then the comment, the draft and the held stock as events with what they touched."""
    async with selling(tmp_path) as client, client.feed() as feed:
        assert (await feed.next())["event"]["type"] == "snapshot"
        assert await client.say(("1", "mai", "H1 2 gói")) == {"accepted": 1, "duplicates": 0}
        told = await feed.until("comment")
        assert told["now"]["comments"][0]["text"] == "H1 2 gói"
        assert told["now"]["comments"][0]["lines"] == [{"code": "H1", "options": {}, "quantity": 2}]
        reserved = await feed.until("reserved")
        assert reserved["now"]["orders"][0]["lines"][0]["reserved"] == 2
        assert reserved["now"]["products"][0]["left"] == 1
        assert await client.say(("1", "mai", "H1 2 gói")) == {"accepted": 0, "duplicates": 1}


async def test_confirm_shows_the_buyer_on_the_overlay_and_not_before(tmp_path: Path) -> None:
    """The overlay's key hears of a buyer only once she is confirmed, and never a field beyond what is on screen."""
    async with selling(tmp_path) as client, client.feed("overlay") as screen:
        snapshot = await screen.next()
        assert snapshot["now"]["buyers"] == []
        await client.say(("1", "mai", "H1 2 gói 0912 345 678"))
        order = (await client.orders())[0]
        await client.command(type="set_contact", buyer=order["buyer"]["id"], phone="0912345678", note="khách quen")
        await client.command(type="confirm", order=order["code"])
        told = await screen.until("confirmed")
        row = told["now"]["buyers"][0]
        assert (row["name"], row["items"][0]["code"], row["items"][0]["quantity"]) == ("mai", "H1", 2)
        assert set(row) == {"number", "order", "name", "items", "seen"}
        heard = json.dumps(told) + json.dumps(snapshot)
        assert "0912" not in heard
        assert "khách quen" not in heard
        await client.command(type="cancel", order=order["code"])
        gone = await screen.until("changed")
        assert gone["now"]["gone"] == [1]


async def test_a_page_that_lost_its_line_gets_what_it_missed(tmp_path: Path) -> None:
    """`after` gives every later event once and in order, also after a restart of the server in the same show."""
    async with selling(tmp_path) as client:
        await client.say(("1", "mai", "H1"))
        async with client.feed() as feed:
            known = (await feed.next())["number"]
        await client.say(("2", "lin", "H2 2 chai"))
    async with selling(tmp_path) as client, client.feed(after=known) as feed:
        numbers = []
        while True:
            message = await feed.next()
            numbers.append(message["number"])
            if message["event"]["type"] == "reserved":
                break
        assert numbers == sorted(set(numbers))
        assert numbers[0] == known + 1
        assert message["event"]["show"] == 1
        assert len(await client.orders()) == 2


async def test_orders_come_in_pages(tmp_path: Path) -> None:
    """Oldest first, going on after a code; an empty list is the end."""
    async with selling(tmp_path) as client:
        await client.say(*((str(number), f"buyer{number}", "H2") for number in range(5)))
        _, first = await client.call("GET", "/api/shows/current/orders?limit=3")
        _, rest = await client.call("GET", f"/api/shows/1/orders?limit=3&after={first[-1]['code']}")
        _, end = await client.call("GET", f"/api/shows/1/orders?after={rest[-1]['code']}")
        assert [order["number"] for order in first + rest] == [1, 2, 3, 4, 5]
        assert end == []
        assert (first[0]["total"], first[0]["currency"]) == ("180000", "VND")


BAD = [
    ({"author_id": "u", "author": "U", "text": "H1"}, "id"),
    ({"id": 7, "author_id": "u", "author": "U", "text": "H1"}, "id"),
    ({"id": "7", "author_id": "u", "author": "U"}, "text"),
    ({"id": "7", "author_id": "u", "author": "U", "text": ""}, "text"),
    ({"id": "7", "author_id": 5, "author": "U", "text": "H1"}, "author_id"),
    ({"id": "7", "author_id": "u", "author": "U", "text": "H1", "sent_at": "yesterday"}, "sent_at"),
]


@pytest.mark.parametrize(("bad", "field"), BAD)
async def test_one_bad_comment_refuses_the_list(tmp_path: Path, bad: dict[str, Any], field: str) -> None:
    """400 names the index and the field; nothing of the list is stored; the server lives."""
    async with selling(tmp_path) as client:
        good = {"id": "1", "author_id": "mai", "author": "Mai", "text": "H1"}
        status, answer = await client.call("POST", "/api/shows/current/comments", [good, bad], "ingest")
        assert status == 400
        assert (answer["index"], answer["field"]) == (1, field)
        assert await client.orders() == []
        assert await client.say(("1", "mai", "H1")) == {"accepted": 1, "duplicates": 0}


async def test_strange_comments_are_taken_and_lose_nothing(tmp_path: Path) -> None:
    """10,000 characters, lone surrogates, NUL and hostile text are stored; the pages go on."""
    async with selling(tmp_path) as client:
        rows = [
            {"id": "long", "author_id": "a", "author": "A", "text": "H2 " + "x" * 10_000},
            {"id": "half", "author_id": "b", "author": "B\ud800", "text": "H2 \udc00 1 chai\u0000"},
            {"id": "script", "author_id": "c", "author": "</script><b>", "text": "<script>alert(1)</script>"},
        ]
        data = json.dumps(rows).encode()
        headers = {**client.key("ingest"), "Content-Type": "application/json"}
        async with client.http.post(
            f"{client.address}/api/shows/current/comments", data=data, headers=headers
        ) as answer:
            assert (answer.status, await answer.json()) == (202, {"accepted": 3, "duplicates": 0})
        async with client.http.get(f"{client.address}/control", headers=client.key("seller")) as page:
            text = await page.text()
        assert page.status == 200
        assert "<script>alert" not in text
        assert "</script><b>" not in text


async def test_refusals_are_words_and_statuses(tmp_path: Path) -> None:
    """Unknown shows and orders are 404, what is out of date or not allowed 409, nonsense 400, a large body 413."""
    async with selling(tmp_path) as client:
        assert (await client.call("GET", "/api/shows/99/orders"))[0] == 404
        assert (await client.call("GET", "/api/shows/abc/orders"))[0] == 404
        status, answer = await client.call("POST", "/api/shows/current/commands", {"type": "confirm", "order": "ZZZ"})
        assert (status, answer["error"]) == (404, "there is no order ZZZ")
        status, answer = await client.call("POST", "/api/shows/current/commands", {"type": "dance"})
        assert status == 400
        status, answer = await client.call("POST", "/api/shows/current/commands", {"type": "confirm", "ordre": "ZZZ"})
        assert (status, "ordre" in answer["error"]) == (400, True)
        await client.say(("1", "mai", "H1"))
        order = (await client.orders())[0]
        await client.say(("2", "mai", "H1 2"))
        stale = {"type": "confirm", "order": order["code"], "seen": order["seen"]}
        status, answer = await client.call("POST", "/api/shows/current/commands", stale)
        assert (status, answer["code"]) == (409, "changed")
        await client.command(type="end")
        big = io.BytesIO(json.dumps({"id": "9", "author": "x", "text": "y" * (1 << 20)}).encode())
        path, headers = f"{client.address}/api/shows/current/comments", client.key("ingest")
        async with client.http.post(path, data=big, headers=headers) as too_large:
            assert too_large.status == 413


async def test_an_ended_show_refuses_comments_after_half_an_hour(tmp_path: Path) -> None:
    """409 with the words of the design: no show is open."""
    from datetime import timedelta

    async with selling(tmp_path) as client:
        await client.command(type="end")
        ended = client.shop.clock()
        client.shop.writer.clock = lambda: ended + timedelta(minutes=31)
        row = {"id": "9", "author_id": "x", "author": "x", "text": "H1"}
        status, answer = await client.call("POST", "/api/shows/current/comments", row, "ingest")
        assert (status, answer["error"]) == (409, "no show is open")


async def test_a_resent_tap_is_answered_once(tmp_path: Path) -> None:
    """The same id gets the same events, and nothing happens twice."""
    async with selling(tmp_path) as client:
        await client.say(("1", "mai", "H1"))
        code = (await client.orders())[0]["code"]
        first = await client.command(type="confirm", order=code, id="tap")
        assert await client.command(type="confirm", order=code, id="tap") == first


async def test_who_posts_comments_cannot_be_the_seller(tmp_path: Path) -> None:
    """With the ingest key a role counts for nothing; with the seller's key her line opens a product."""
    async with selling(tmp_path) as client:
        row = {"id": "1", "author_id": "x", "author": "x", "text": "ZZ9 hàng 1k 10", "role": "seller"}
        await client.call("POST", "/api/shows/current/comments", row, "ingest")
        _, goods = await client.call("GET", "/api/catalog")
        assert [product["code"] for product in goods["products"]] == ["H1", "H2", "H3"]
        await client.call("POST", "/api/shows/current/comments", {**row, "id": "2"}, "seller")
        _, goods = await client.call("GET", "/api/catalog")
        assert goods["products"][-1]["code"] == "ZZ9"


async def test_goods_are_edited_and_read_by_the_next_comment(tmp_path: Path) -> None:
    """PUT creates or changes cells; a bad cell names itself; what is pinned is what "+1" means."""
    async with selling(tmp_path) as client:
        status, product = await client.call(
            "PUT", "/api/catalog/K7", {"name": "Kẹo dừa", "price": "15.000", "stock": 5}
        )
        assert (status, product["price"], product["left"]) == (200, "15000", 5)
        status, answer = await client.call("PUT", "/api/catalog/K8", {"name": "x", "price": "12o.000"})
        assert (status, answer["field"], answer["error"]) == (400, "price", "field 'price': '12o.000' is not a number")
        await client.call("PUT", "/api/shows/current/pinned", {"code": "K7"})
        await client.say(("1", "mai", "+1"))
        assert (await client.orders())[0]["lines"][0]["code"] == "K7"
        status, answer = await client.call("POST", "/api/parse", {"text": "keo dua 2"})
        assert answer["reading"]["lines"] == [{"code": "K7", "options": {}, "quantity": 2}]


async def test_a_line_is_read_and_opened_by_the_same_words(tmp_path: Path) -> None:
    """What /api/parse says of a line is what the command opens; what is no line is refused with an example."""
    async with selling(tmp_path) as client:
        _, answer = await client.call("POST", "/api/parse", {"line": "K9 mật ong 500ml 85 nghìn 4 chai"})
        wanted = {"code": "K9", "name": "mật ong 500ml", "price": "85000", "pack": "500 ml", "unit": "chai", "stock": 4}
        assert answer == {"offer": wanted}
        _, answer = await client.call("POST", "/api/parse", {"line": "mật ong"})
        assert answer == {"offer": None}
        await client.command(type="open", line="K9 mật ong 500ml 85 nghìn 4 chai")
        _, goods = await client.call("GET", "/api/catalog")
        opened = next(one for one in goods["products"] if one["code"] == "K9")
        assert {key: opened[key] for key in ("name", "price", "pack", "unit", "left")} == {
            **{key: wanted[key] for key in ("name", "price", "pack", "unit")},
            "left": 4,
        }
        bad = {"type": "open", "line": "mật ong"}
        status, answer = await client.call("POST", "/api/shows/current/commands", bad)
        assert (status, answer["code"]) == (409, "line")
        assert "A32" in answer["error"]


async def test_an_order_says_why_and_a_person_what_she_had(tmp_path: Path) -> None:
    """The comments and events behind an order; a person's orders of every show; unknown ones are 404."""
    async with selling(tmp_path) as client:
        await client.say(("1", "mai", "chốt H1 2 gói"))
        order = (await client.orders())[0]
        status, why = await client.call("GET", f"/api/shows/current/orders/{order['code'].lower()}")
        assert status == 200
        assert [one["text"] for one in why["comments"]] == ["chốt H1 2 gói"]
        assert [one["event"]["type"] for one in why["events"]] == ["drafted", "reserved"]
        status, person = await client.call("GET", f"/api/buyers/{order['buyer']['id']}")
        assert (status, [one["code"] for one in person["orders"]]) == (200, [order["code"]])
        for path in ("/api/shows/current/orders/ZZZ", "/api/buyers/999", "/api/buyers/x"):
            assert (await client.call("GET", path))[0] == 404, path


async def test_every_page_is_complete_without_scripts(tmp_path: Path) -> None:
    """The HTML itself shows the order, its comment and a form to confirm it; the form goes by the same door."""
    async with selling(tmp_path) as client:
        await client.say(("1", "Lò Thị Mẩy", "chốt H1 2 gói"))
        code = (await client.orders())[0]["code"]
        for path in ("/control", "/review", "/review/print?orders=" + code):
            async with client.http.get(client.address + path, headers=client.key("seller")) as page:
                assert (page.status, "Lò Thị Mẩy" in await page.text()) == (200, True), path
        headers = {**client.key("seller"), "Origin": client.address}
        form = {"type": "confirm", "order": code}
        async with client.http.post(
            f"{client.address}/control/do", data=form, headers=headers, allow_redirects=False
        ) as done:
            assert (done.status, done.headers["Location"]) == (303, "/control")
        assert (await client.orders())[0]["status"] == "confirmed"
        for kind, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
            async with client.http.get(f"{client.address}/export/{kind}", headers=client.key("seller")) as file:
                assert (await file.read()).startswith(begins)
        async with client.http.get(f"{client.address}/overlay/nothing", headers=client.key("overlay")) as missing:
            assert missing.status == 404


async def test_every_route_needs_what_the_table_says(tmp_path: Path) -> None:
    """Each key on each route: a new route without a row fails here."""
    table = {
        ("GET", "/"): "seller",
        ("GET", "/control"): "seller",
        ("POST", "/control/do"): "seller",
        ("GET", "/review"): "seller",
        ("POST", "/review/do"): "seller",
        ("GET", "/review/print"): "seller",
        ("GET", "/setup"): "seller",
        ("GET", "/export/{format}"): "seller",
        ("GET", "/overlay/{theme}"): "overlay",
        ("GET", "/up"): "overlay",
        ("GET", "/picture/{code}"): "overlay",
        ("GET", "/overlay/{theme}/preview"): "seller",
        ("POST", "/api/obs"): "seller",
        ("GET", "/static/{set}/{path:.+}"): "none",
        ("POST", "/api/shows/{show}/comments"): "ingest",
        ("GET", "/api/shows"): "seller",
        ("GET", "/api/shows/{show}/orders"): "seller",
        ("GET", "/api/shows/{show}/orders/{code}"): "seller",
        ("GET", "/api/buyers/{buyer}"): "seller",
        ("GET", "/api/shows/{show}/comments"): "seller",
        ("GET", "/api/shows/{show}/recent"): "seller",
        ("POST", "/api/shows/{show}/commands"): "seller",
        ("PUT", "/api/shows/{show}/pinned"): "seller",
        ("GET", "/api/catalog"): "seller",
        ("PUT", "/api/catalog/{code}"): "seller",
        ("POST", "/api/parse"): "seller",
        ("POST", "/api/sources"): "seller",
        ("DELETE", "/api/sources/{name}"): "seller",
        ("POST", "/control/sources"): "seller",
        ("POST", "/api/phone"): "seller",
        ("GET", "/api/shows/{show}/found"): "seller",
        ("GET", "/api/shows/{show}/lists"): "seller",
        ("GET", "/api/shows/{show}/unclear"): "seller",
        ("GET", "/review/pick"): "seller",
        ("GET", "/review/pack"): "seller",
        ("GET", "/review/night"): "seller",
        ("POST", "/api/keys"): "seller",
        ("GET", "/comments"): "ingest",
        ("GET", "/feed"): "overlay",
        ("GET", "/healthz"): "none",
        ("GET", "/in/{source}"): "hook",
        ("POST", "/in/{source}"): "hook",
        ("GET", "/metrics"): "seller",
    }
    async with selling(tmp_path) as client:
        guard = client.shop.guard
        assert {(rule.method, rule.path) for rule in guard.rules} == set(table)
        for rule in guard.rules:
            needs = table[rule.method, rule.path]
            path = rule.path.replace("{show}", "1").replace("{format}", "csv").replace("{theme}", "buyers")
            path = path.replace("{code}", "H1").replace("{buyer}", "1").replace("{name}", "x").replace("{set}", "web-0")
            path = path.replace("{path:.+}", "page.css")
            keys = {role: guard.keys.of(role) for role in ROLES} | {"wrong": "wrong", "": ""}
            for role, key in keys.items():
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                headers["Origin"] = client.address
                async with client.http.request(rule.method, client.address + path, headers=headers) as answer:
                    let_in = needs in ("none", "hook") or role == "seller" or role == needs
                    if needs in ("none", "hook") and role == "wrong":
                        continue
                    # After too many wrong keys from one address, the answer to one more is 429.
                    assert (answer.status not in (401, 403, 429)) == let_in, (
                        rule.method,
                        rule.path,
                        role,
                        answer.status,
                    )


async def test_a_second_run_on_the_same_file_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    """StoreBusy names its address; the first goes on."""
    from livesell.errors import StoreBusy

    async with selling(tmp_path) as client:
        with pytest.raises(StoreBusy, match=client.address):
            async with selling(tmp_path):
                pass
        assert (await client.call("GET", "/healthz"))[1] == {"ok": True}


async def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    """The words name the port and the way out."""
    from livesell.errors import ConfigError
    from livesell.web.app import bound

    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is in use"):
            bound("127.0.0.1", port)


async def test_a_signed_post_is_taken_once_and_a_forged_one_not_at_all(tmp_path: Path) -> None:
    """200 after the commit for what the platform signed; 401 without a word otherwise; nothing stored."""
    config = Config(server=Server(port=0), folder=tmp_path)
    settings = {"platform": "instagram", "account": "shop", "app_secret": "s3cret", "verify_token": "hello"}
    value = {"id": "178", "from": {"id": "42", "username": "mai"}, "text": "mine", "media": {"id": "9"}}
    change = {"field": "live_comments", "value": value}
    body = json.dumps({"object": "instagram", "entry": [{"id": "1", "time": 1, "changes": [change]}]}).encode()
    right = "sha256=" + hmac.new(b"s3cret", body, "sha256").hexdigest()
    async with running(config, [make_source(settings)]) as (shop, address), aiohttp.ClientSession() as http:

        async def post(signature: str) -> int:
            headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
            async with http.post(f"{address}/in/instagram", data=body, headers=headers) as answer:
                return answer.status

        assert await post("sha256=" + "0" * 64) == 401
        assert await post("") == 401
        assert (await shop.look(lambda look: look.sums(shop.show)))["comments"] == 0
        assert [await post(right), await post(right)] == [200, 200]
        found = await shop.look(lambda look: look.last_comments(shop.show))
        assert [(one["author"], one["text"]) for one in found] == [("mai", "mine")]
        async with http.post(f"{address}/in/nobody", data=body) as answer:
            assert answer.status == 404
        query = "hub.mode=subscribe&hub.verify_token=hello&hub.challenge=1158201444"
        async with http.get(f"{address}/in/instagram?{query}") as answer:
            assert (answer.status, await answer.text()) == (200, "1158201444")


async def test_a_program_may_keep_a_line_open_for_its_comments(tmp_path: Path) -> None:
    """Each message is answered after its commit, a bad one with its place; a twin counts once."""
    one = {"id": "1", "author_id": "u1", "author": "Mai", "text": "H1 2", "role": "seller"}
    other = {**one, "id": "2", "author_id": "u2"}
    async with aiohttp.ClientSession() as program:
        async with selling(tmp_path) as client:
            address = f"{client.address}/comments"
            line = await program.ws_connect(address, headers=client.key("ingest"))

            async def told(message: str) -> Any:
                await line.send_str(message)
                return json.loads(await asyncio.wait_for(line.receive_str(), 5))

            assert await told(json.dumps(one)) == {"accepted": 1, "duplicates": 0}
            assert await told(json.dumps([one, other])) == {"accepted": 1, "duplicates": 1}
            assert (await told(json.dumps([{**one, "id": "3"}, {"id": "4"}])))["index"] == 1
            assert (await told("H1 2"))["code"] == "bad_json"
            await line.send_bytes(b"H1")
            assert (await asyncio.wait_for(line.receive_json(), 5))["code"] == "bad_json"
            assert [order["lines"][0]["quantity"] for order in await client.orders()] == [2, 2]
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await program.ws_connect(address, headers=client.key("overlay"))
        assert (await asyncio.wait_for(line.receive(), 5)).data == aiohttp.WSCloseCode.GOING_AWAY


async def test_what_phones_load_is_small_on_the_way(tmp_path: Path) -> None:
    """Pages, scripts and styles are packed for who can unpack them: the control page and all it loads within 70 KB."""
    async with selling(tmp_path) as client:
        packed = {**client.key("seller"), "Accept-Encoding": "gzip"}
        total, seen = 0, {"/control"}
        async with client.http.get(f"{client.address}/control", headers=client.key("seller")) as answer:
            text = await answer.text()
        files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', text))
        assert len(files) >= 10
        for path in seen | files:
            request = client.http.get(client.address + path, headers=packed)
            async with request as answer:
                assert answer.headers["Content-Encoding"] == "gzip", path
                body = await answer.read()
            total += len(gzip.compress(body))
        assert total < 70_000
        plain = {**client.key("seller"), "Accept-Encoding": "identity"}
        async with client.http.get(f"{client.address}/control", headers=plain) as answer:
            assert "Content-Encoding" not in answer.headers
