"""The guard: which key opens what, for how long, and how wrong ones are met (attacks 1-3, 21, 22)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from livesell.web.assets import Assets, found_themes
from livesell.web.keys import OneTime
from livesell.web.sessions import Attempts
from tests.doors import (
    COMMENTS,
    INGEST,
    KEYS,
    SELLER,
    Shop,
    a_guard,
    expected,
    missing_rows,
    open_shop,
    serving,
    shop_app,
    status_for,
    theme_folder,
)

JSON = {"Content-Type": "application/json"}

TABLE: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/control"): frozenset({"seller"}),
    ("POST", "/control"): frozenset({"seller"}),
    ("GET", "/away"): frozenset({"seller"}),
    ("GET", "/overlay/{theme}"): frozenset({"overlay"}),
    ("POST", "/api/shows/{show}/comments"): frozenset({"ingest", "seller"}),
    ("POST", "/api/shows/{show}/commands"): frozenset({"seller"}),
    ("GET", "/api/shows/{show}/orders"): frozenset({"seller"}),
    ("POST", "/goods"): frozenset({"seller"}),
    ("GET", "/api/breaks/{fault}"): frozenset({"seller"}),
    ("GET", "/feed"): frozenset({"seller", "overlay"}),
    ("POST", "/in/{source}"): frozenset({"hook"}),
    ("GET", "/healthz"): frozenset({"none"}),
}


def test_every_route_has_its_row_in_the_table() -> None:
    """A route that is new, gone, or asks for another key than the table says fails here."""
    guard = a_guard()
    shop_app(guard, [])
    assert missing_rows(guard.rules, TABLE) == []
    guard.route(web.Application().router, "GET", "/new", _nothing, needs="seller", kind="page")
    assert missing_rows(guard.rules, TABLE) == ["GET /new"]


@pytest.mark.parametrize("role", ["seller", "overlay", "ingest", "wrong", None])
@pytest.mark.parametrize(
    ("row", "needs"), TABLE.items(), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
async def test_a_key_opens_what_the_table_says_and_nothing_else(
    row: tuple[str, str], needs: frozenset[str], role: str | None
) -> None:
    """No key and a wrong one are 401, a right key in the wrong place 403; where a key is right the handler answers."""
    method, pattern = row
    path = pattern.format(theme="plain", show="current", source="zalo", fault="missing")
    keys_and_wrong: dict[str, str] = {"wrong": "wrong-" + "x" * 37, **{str(name): text for name, text in KEYS.items()}}
    key = None if role is None else keys_and_wrong[role]
    async with open_shop() as shop:
        status = await status_for(f"http://{shop.here}", method, path, key)
    refusals = expected(needs, role)
    if refusals is None:
        assert status not in (401, 403)
    else:
        assert status in refusals


async def test_a_route_without_a_rule_is_not_served() -> None:
    """Forgetting to say what a route needs closes it, for the seller too, and is found before it is released."""
    guard = a_guard()
    app = shop_app(guard, [])
    app.router.add_get("/forgotten", _nothing)
    assert guard.unruled(app) == ["GET /forgotten", "HEAD /forgotten"]
    async with serving(app) as port:
        assert (await Shop(guard, app, port).ask("GET", "/forgotten", SELLER)).status == 500


async def test_the_seller_key_at_an_overlay_is_never_more_than_the_overlay() -> None:
    """An overlay page opened with the seller's key becomes an overlay, and so does its feed."""
    async with open_shop() as shop:
        opened = await shop.ask("GET", f"/overlay/plain?key={KEYS['seller']}")
        assert opened.status == 404  # let in; there is no such theme
        async with ClientSession() as client:
            async with client.ws_connect(f"http://{shop.here}/feed?as=overlay", headers=SELLER) as feed:
                assert await feed.receive_str() == "overlay"
            async with client.ws_connect(f"http://{shop.here}/feed", headers=SELLER) as feed:
                assert await feed.receive_str() == "seller"


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {KEYS['seller'][:-1]}",
        f"Bearer {KEYS['seller']}x",
        f"Bearer {KEYS['seller'].upper()}",
        "Bearer",
        "Bearer ",
        "Bearer khoá-của-tôi",
        "Bearer \udcff\udcfe\udc80",
        f"Basic {KEYS['seller']}",
        f"{KEYS['seller']}",
        f"Bearer {KEYS['seller']}\r\nAuthorization: Bearer {KEYS['overlay']}",
        f"Bearer {KEYS['seller']} {KEYS['seller']}",
    ],
)
async def test_a_key_that_is_almost_right_is_wrong(header: str) -> None:
    """Cut, longer, other case, empty, not ASCII or UTF-8, under another scheme, two at once: 401 and never 500."""
    async with open_shop() as shop:
        assert (await shop.ask("GET", "/api/shows/current/orders", {"Authorization": header})).status == 401
        assert (await shop.ask("GET", "/api/shows/current/orders", SELLER)).status == 200


@pytest.mark.parametrize(
    "query", ["key=", "key", "key=%ff%fe", "key=%00", "key=%ed%a0%80", f"key={KEYS['seller']}&key=x"]
)
async def test_a_broken_key_in_the_address_is_wrong(query: str) -> None:
    """The address of a page can be anything: 401, no cookie, and nothing of it on the page."""
    async with open_shop() as shop:
        answer = await shop.ask("GET", f"/control?{query}")
        assert answer.status == 401
        assert "set-cookie" not in answer.headers
        assert KEYS["seller"] not in answer.text


async def test_a_thousand_guesses_are_told_to_wait_and_the_seller_is_served_throughout() -> None:
    """20 wrong keys a minute are answered 401, the rest 429 with Retry-After; a right key is always served."""
    async with open_shop() as shop, ClientSession() as client:
        orders = f"http://{shop.here}/api/shows/current/orders"
        guesses = []
        for number in range(1000):
            async with client.get(orders, headers={"Authorization": f"Bearer guess-{number}"}) as answer:
                guesses.append(answer.status)
                if answer.status == 429:
                    assert 1 <= int(answer.headers["Retry-After"]) <= 61
            if number % 100 == 50:
                async with client.get(orders, headers=SELLER) as answer:
                    assert answer.status == 200
        assert guesses == [401] * 20 + [429] * 980


async def test_requests_without_a_key_are_not_guesses() -> None:
    """A page whose session has ended and that comes again and again is not locked out for it."""
    async with open_shop() as shop:
        answers = [await shop.ask("GET", "/api/shows/current/orders") for _ in range(30)]
        assert {answer.status for answer in answers} == {401}
        assert answers[0].headers["www-authenticate"] == "Bearer"


def test_attempts_are_forgotten_after_a_minute_and_the_table_stays_small() -> None:
    """A window ends by itself; of 10,000 addresses the oldest makes room; one IPv6 network is one guest."""
    attempts = Attempts(limit=2, window=60)
    assert [attempts.count("10.0.0.1", now) for now in (0, 1, 2, 59)] == [0, 0, 58, 1]
    assert attempts.count("10.0.0.1", 60) == 0
    for number in range(12_000):
        attempts.count(f"10.1.{number // 250}.{number % 250}", 61)
    assert len(attempts) == 10_000
    assert [attempts.count(f"2001:db8::{end}", 70) > 0 for end in range(1, 5)] == [False, False, True, True]


async def test_a_key_in_the_address_opens_the_page_itself_and_becomes_a_cookie() -> None:
    """No redirect; the cookie holds a new session named for role and port, never the key."""
    async with open_shop() as shop:
        opened = await shop.ask("GET", f"/control?key={KEYS['seller']}")
        name, _, rest = opened.headers["set-cookie"].partition("=")
        token, _, attributes = rest.partition("; ")
        assert (opened.status, opened.text, name) == (200, "control page", f"livesell_seller_{shop.port}")
        assert attributes == "HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000"
        assert len(token) == 43 and KEYS["seller"] not in opened.text + str(opened.headers)
        assert (await shop.ask("GET", "/control", {"Cookie": f"{name}={token}"})).status == 200
        second = await shop.ask("GET", f"/control?key={KEYS['seller']}")
        assert second.headers["set-cookie"].partition(";")[0] != f"{name}={token}"


async def test_a_program_that_comes_with_its_key_each_time_keeps_one_session() -> None:
    """A broadcasting program reloads with the key in its address: it gets its session again, not one more each time."""
    async with open_shop() as shop:
        cookie = await shop.cookie("seller")
        again = await shop.ask("GET", f"/control?key={KEYS['seller']}", {"Cookie": cookie})
        assert again.headers["set-cookie"].partition(";")[0] == cookie


async def test_a_bearer_key_sets_no_cookie() -> None:
    """Programs keep their key; only a page's address is turned into a session."""
    async with open_shop() as shop:
        assert "set-cookie" not in (await shop.ask("GET", "/control", SELLER)).headers
        path = f"/api/shows/current/orders?key={KEYS['seller']}"
        answer = await shop.ask("GET", path)
        assert (answer.status, answer.headers.get("set-cookie")) == (200, None)


async def test_an_overlay_page_uses_the_overlay_cookie_and_no_other(tmp_path: Path) -> None:
    """The seller's cookie opens no overlay, the overlay's opens nothing else, and both can stand side by side."""
    assets = Assets(tmp_path, found_themes(theme_folder(tmp_path)))
    async with open_shop(assets=assets) as shop:
        seller, overlay = await shop.cookie("seller"), await shop.cookie("overlay")
        assert overlay.startswith(f"livesell_overlay_{shop.port}=")

        async def status(path: str, cookie: str) -> int:
            return (await shop.ask("GET", path, {"Cookie": cookie})).status

        assert [await status("/overlay/plain", cookie) for cookie in (seller, overlay)] == [401, 200]
        assert [await status("/control", cookie) for cookie in (seller, overlay)] == [200, 401]
        assert [await status("/api/shows/current/orders", cookie) for cookie in (seller, overlay)] == [200, 401]
        moved = overlay.replace("overlay", "seller")
        assert [await status("/control", moved), await status("/api/shows/current/orders", moved)] == [401, 401]
        async with ClientSession() as client:
            for query, role in (("", "seller"), ("?as=overlay", "overlay")):
                both = {"Cookie": f"{seller}; {overlay}"}
                async with client.ws_connect(f"http://{shop.here}/feed{query}", headers=both) as feed:
                    assert await feed.receive_str() == role


@pytest.mark.parametrize(
    "cookie",
    [
        "livesell_seller_{port}=",
        "livesell_seller_{port}=" + "A" * 43,
        "livesell_seller_{port}=" + "A" * 4000,
        "=;=;;;",
        'livesell_seller_{port}="\\0',
        "livesell_seller_{port}=\udcff\udcfe",
        "livesell_seller_{port}=khoá",
        "\x7f=\x01",
    ],
)
async def test_forged_and_broken_cookies_are_nobody(cookie: str) -> None:
    """401 and never 500; where a good cookie stands beside a forged one of the same name, the good one counts."""
    async with open_shop() as shop:
        forged_cookie = cookie.format(port=shop.port)
        assert (await shop.ask("GET", "/control", {"Cookie": forged_cookie})).status in (400, 401)
        if cookie.isprintable():
            both = f"{forged_cookie}; {await shop.cookie('seller')}"
            assert (await shop.ask("GET", "/control", {"Cookie": both})).status == 200


async def test_signing_out_everywhere_ends_sessions_and_keys() -> None:
    """Afterwards neither an open browser nor the old key nor a QR code that is still on a screen opens anything."""
    async with open_shop() as shop:
        cookie = {"Cookie": await shop.cookie("seller")}
        code = shop.guard.one_time.issue("seller", datetime.now(UTC))
        assert await shop.guard.sign_out_everywhere() == {"seller", "overlay", "ingest"}
        for headers in (cookie, SELLER):
            assert (await shop.ask("GET", "/control", headers)).status == 401
        assert (await shop.ask("GET", f"/control?key={code}")).status == 401
        assert (await shop.ask("GET", f"/control?key={shop.guard.keys.of('seller')}")).status == 200


async def test_a_session_ends_when_it_is_not_used_for_thirty_days_and_lives_on_when_it_is() -> None:
    """Each use, noted at most every ten minutes, gives it thirty days more and sends the cookie again."""
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    async with open_shop(now=lambda: now[0]) as shop:
        cookie = {"Cookie": await shop.cookie("seller")}
        now[0] += timedelta(days=20)
        assert "set-cookie" in (await shop.ask("GET", "/control", cookie)).headers
        assert "set-cookie" not in (await shop.ask("GET", "/control", cookie)).headers
        now[0] += timedelta(days=29)
        assert (await shop.ask("GET", "/control", cookie)).status == 200
        now[0] += timedelta(days=31)
        assert (await shop.ask("GET", "/control", cookie)).status == 401


async def test_a_one_time_key_opens_one_page_once() -> None:
    """The phone's QR code: good for a page's address only, used up by it, and dead after two minutes."""
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    codes = OneTime()
    async with open_shop(now=lambda: now[0], one_time=codes) as shop:
        code = codes.issue("seller", now[0])
        for path in ("/api/shows/current/orders", "/feed", "/overlay/plain"):
            assert (await shop.ask("GET", f"{path}?key={code}")).status == 401
        assert (await shop.ask("GET", "/control", {"Authorization": f"Bearer {code}"})).status == 401
        assert (await shop.ask("HEAD", f"/control?key={code}")).status == 401
        assert "set-cookie" in (await shop.ask("GET", f"/control?key={code}")).headers
        assert (await shop.ask("GET", f"/control?key={code}")).status == 401
        late = codes.issue("seller", now[0])
        now[0] += timedelta(minutes=2)
        assert (await shop.ask("GET", f"/control?key={late}")).status == 401


async def test_the_handler_is_told_who_asks() -> None:
    """A comment's word on its author's role counts only with the seller's key: the guard says whose key it was."""
    async with open_shop() as shop:
        for headers, role in ((INGEST, "ingest"), (SELLER, "seller")):
            answer = await shop.ask("POST", COMMENTS, {**headers, **JSON}, '{"role": "seller"}')
            assert answer.json == {"role": role}
        assert shop.done == [("ingest", {"role": "seller"}), ("seller", {"role": "seller"})]
        assert (await shop.ask("POST", "/in/zalo")).json == {"role": None}
        assert (await shop.ask("POST", "/in/zalo", INGEST)).json == {"role": "ingest"}


async def test_a_body_is_asked_for_only_once_it_is_wanted() -> None:
    """A client that waits for "100 Continue" gets its refusal first and never sends what would be thrown away."""
    async with open_shop() as shop:
        head = f"POST {COMMENTS} HTTP/1.1\r\nHost: {shop.here}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
        assert (await shop.raw(f"{head}\r\n")).status == 401
        assert (await shop.raw(f"{head}Authorization: {INGEST['Authorization']}\r\n\r\n")).status == 100
        assert (await shop.ask("POST", COMMENTS, {**INGEST, "Expect": "100-continue"}, "{}")).status == 100


async def _nothing(request: web.Request) -> web.Response:
    return web.Response()
