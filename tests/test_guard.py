"""The guard: who is let in, from where, and what every answer carries (attacks of docs/security.md)."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from livesell.errors import ConfigError
from livesell.web.assets import Assets, found_themes
from livesell.web.guard import RUNNER, Guard
from livesell.web.hosts import Hosts
from livesell.web.keys import Keys, OneTime
from livesell.web.sessions import Attempts, MemorySessions
from tests.doors import (
    KEYS,
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

SELLER = {"Authorization": f"Bearer {KEYS['seller']}"}
INGEST = {"Authorization": f"Bearer {KEYS['ingest']}"}
JSON = {"Content-Type": "application/json"}
COMMENTS = "/api/shows/current/comments"
COMMANDS = "/api/shows/current/commands"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

# -- 1: routes and roles ----------------------------------------------------------------------------------------------

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


# -- 2, 3: keys -------------------------------------------------------------------------------------------------------


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


# -- 4: Host ----------------------------------------------------------------------------------------------------------

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example",
    "127.0.0.1:{port}@evil.example",
    "evil.example@127.0.0.1",
    "localhost.evil.example",
    "localhost.",
    "127.1",
    "0.0.0.0",
    "[::2]",
    "127.0.0.1:{port}, evil.example",
    "127.0.0.1:port",
    "",
]
EVERYWHERE = [
    "/healthz",
    "/control",
    "/overlay/plain",
    "/feed",
    "/api/shows/current/orders",
    "/static/web-0/a.css",
    "/none",
]


async def rebound(shop: Shop, host: str = "evil.example") -> int:
    """The attack: a page whose own name was turned to this address asks, with the key in its hands."""
    return (await shop.ask("GET", "/control", SELLER, host=host.format(port=shop.port))).status


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_name_that_is_not_ours_is_answered_nowhere(host: str) -> None:
    """DNS rebinding: whatever leads a foreign name to this machine, no address answers to it, even with the key."""
    async with open_shop() as shop:
        for path in EVERYWHERE:
            answer = await shop.ask("GET", path, SELLER, host=host.format(port=shop.port) or " ")
            assert answer.status in (400, 421), path
        assert await rebound(shop, "127.0.0.1:{port}") == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:{port}", "localhost:{port}", "LocalHost", "[::1]:{port}", "shop.lan"]
)
async def test_our_own_names_are_answered(host: str) -> None:
    """Loopback by name and by address, with and without a port, and the names of the configuration."""
    async with open_shop(hosts=("shop.lan",)) as shop:
        assert await rebound(shop, host) == 200


@pytest.mark.parametrize(
    "request_head",
    [
        "GET /control HTTP/1.1\r\nHost: {here}\r\nHost: evil.example",
        "GET /control HTTP/1.1\r\nHost: {here}\r\nHost: {here}",
        "GET http://evil.example/control HTTP/1.1\r\nHost: {here}",
        "GET http://{here}@evil.example/control HTTP/1.1\r\nHost: {here}",
        "GET http://{here}/control HTTP/1.1\r\nHost: evil.example",
        "GET /control HTTP/1.0",
        "GET /control HTTP/1.1",
        "GET /control HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {here}\r\nForwarded: host={here}",
        "CONNECT evil.example:80 HTTP/1.1\r\nHost: {here}",
        "GET /control HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue",
    ],
)
async def test_a_request_that_names_two_hosts_or_none_is_refused(request_head: str) -> None:
    """Two Host headers, a full address in the request line, no Host at all, a proxy's word for it: 421 or 400."""
    async with open_shop() as shop:
        answer = await shop.raw(f"{request_head.format(here=shop.here)}\r\nConnection: close\r\n\r\n".encode())
        assert answer.status in (400, 421)


async def test_the_public_name_reaches_hooks_and_nothing_else() -> None:
    """A tunnel ends at the loopback address: only the rule of names keeps the control page from being published."""
    async with open_shop(public_host="hooks.example.com") as shop:
        assert (await shop.ask("POST", "/in/zalo", host="hooks.example.com")).status == 200
        for path in [*EVERYWHERE, "/in/../control", "/in/%2e%2e/control"]:
            assert (await shop.ask("GET", path, SELLER, host="hooks.example.com")).status == 421, path
        assert (await shop.ask("POST", "/in/zalo")).status == 200


async def test_the_address_that_a_connection_came_in_by_is_ours() -> None:
    """Opened to the Wi-Fi, livesell answers to the address the phone dialled, and to no other address."""
    guard = Guard(Keys(KEYS), MemorySessions(), host="0.0.0.0", port=0)
    runner = web.AppRunner(shop_app(guard, []), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.2", 0).start()
        except OSError:
            pytest.skip("this machine has no second loopback address")
        port = runner.addresses[0][1]
        statuses = []
        for host in (f"127.0.0.2:{port}", f"127.0.0.3:{port}"):
            reader, writer = await asyncio.open_connection("127.0.0.2", port)
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            statuses.append(int((await reader.readline()).split()[1]))
            writer.close()
    finally:
        await runner.cleanup()
    assert statuses == [200, 421]


@pytest.mark.parametrize("entry", ["shop lan", "a/b", "ftp://shop.lan", "*", "shop.lan:99999999", "\ud800"])
def test_a_name_in_the_configuration_that_cannot_be_one_is_told(entry: str) -> None:
    """A wrong entry is an error at start that names the key, not a name that is silently never answered."""
    with pytest.raises(ConfigError, match=r"\[server\] hosts"):
        Hosts("127.0.0.1", [entry], "")


# -- 5, 6: requests that other pages make ------------------------------------------------------------------------------

FOREIGN_ORIGINS = [
    "http://evil.example",
    "null",
    "http://127.0.0.1:1",
    "https://{here}",
    "http://{here}.evil.example",
    "file://",
    "",
]


async def forged(shop: Shop, origin: str = "http://evil.example", kind: str = "application/json") -> int:
    """The attack: another page lets the seller's browser post a command, and the cookie goes along."""
    headers = {"Cookie": await shop.cookie("seller"), "Origin": origin.format(here=shop.here)}
    if kind:
        headers["Content-Type"] = kind
    return (await shop.ask("POST", COMMANDS, headers, '{"type": "confirm"}')).status


async def hijacked(shop: Shop, origin: str = "http://127.0.0.1:1") -> int:
    """The attack: another page opens the feed, which no preflight and no same-origin rule holds back."""
    headers = {**UPGRADE, "Cookie": await shop.cookie("seller"), "Origin": origin.format(here=shop.here)}
    lines = [f"GET /feed HTTP/1.1\r\nHost: {shop.here}", *(f"{name}: {value}" for name, value in headers.items())]
    return (await shop.raw("\r\n".join(lines) + "\r\n\r\n")).status


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_a_foreign_page_gives_no_command_and_opens_no_feed(origin: str) -> None:
    """Any Origin but our own, whole string for whole string, is 403; the cookie does not help and nothing is done."""
    async with open_shop() as shop:
        assert await forged(shop, origin) == 403
        assert await hijacked(shop, origin) == 403
        assert shop.done == []
        assert await forged(shop, "http://{here}") == 202
        assert await hijacked(shop, "http://{here}") == 101


async def test_a_foreign_page_is_refused_with_the_seller_key_too() -> None:
    """Only the key for comments may come from a page that is not ours."""
    async with open_shop() as shop:
        foreign = {"Origin": "https://bot.example", "Sec-Fetch-Site": "cross-site"}
        assert (await shop.ask("POST", COMMENTS, {**SELLER, **foreign}, "{}")).status == 403
        assert (await shop.ask("POST", COMMENTS, {**INGEST, **foreign}, "{}")).status == 202
        assert (await shop.ask("POST", f"{COMMENTS}?key={KEYS['ingest']}", foreign, "{}")).status == 202
        assert (await shop.ask("POST", COMMANDS, {**INGEST, **foreign}, "{}")).status == 403
        assert (await shop.ask("OPTIONS", COMMENTS, foreign)).status == 403


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "PUT"])
async def test_no_preflight_is_granted(method: str) -> None:
    """No answer ever carries an Access-Control header, so a browser keeps what needs one from being sent."""
    async with open_shop() as shop:
        answer = await shop.ask(method, COMMENTS, {"Origin": "http://evil.example", **INGEST})
        assert answer.status in (403, 405)
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
)
async def test_a_cookie_counts_at_the_interface_only_with_a_type_that_no_form_can_send(kind: str) -> None:
    """Forms, beacons and plain fetches need no preflight and cannot say application/json: 415, and nothing is done."""
    async with open_shop() as shop:
        assert await forged(shop, "http://{here}", kind) == 415
        assert shop.done == []
        assert await forged(shop, "http://{here}", "Application/JSON; charset=utf-8") == 202


async def test_on_a_foreign_pages_get_the_cookie_does_not_count() -> None:
    """A GET with a foreign Origin is answered as if nobody had come in; with the own one the same cookie is good."""
    async with open_shop() as shop:
        cookie = {"Cookie": await shop.cookie("seller")}
        assert (await shop.ask("GET", "/control", {**cookie, "Origin": "http://evil.example"})).status == 401
        assert (await shop.ask("GET", "/control", {**cookie, "Origin": f"http://{shop.here}"})).status == 200
        assert (await shop.ask("GET", "/control", cookie)).status == 200


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
        ("same-site", "no-cors", 403),
        ("cross-site", "no-cors", 403),
        ("cross-site", "cors", 403),
        ("", "", 403),
    ],
)
async def test_what_the_browser_says_about_the_asking_page_is_believed(site: str, mode: str, status: int) -> None:
    """A second net: what is neither our own nor a plain navigation is refused, such as a picture on a foreign page."""
    async with open_shop() as shop:
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, **SELLER}
        assert (await shop.ask("GET", "/control", headers)).status == status
        assert (await shop.ask("GET", "/healthz", headers)).status == status


async def test_a_form_needs_our_own_origin() -> None:
    """Pages without JavaScript post forms; those are taken only where the browser says that the page was ours."""
    async with open_shop() as shop:
        form = {"Cookie": await shop.cookie("seller"), "Content-Type": "application/x-www-form-urlencoded"}
        for origin in ({}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}):
            assert (await shop.ask("POST", "/control", {**form, **origin}, "order=K7P")).status == 403
        assert shop.done == []
        answer = await shop.ask("POST", "/control", {**form, "Origin": f"http://{shop.here}"}, "order=K7P")
        assert (answer.status, answer.headers["location"], shop.done) == (303, "/control", [{"order": "K7P"}])


@pytest.mark.parametrize("trick", [{"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}, {}])
async def test_nothing_changes_by_get(trick: dict[str, str]) -> None:
    """A GET on an address that changes things is 405, whatever method a header claims."""
    async with open_shop() as shop:
        for path in (COMMANDS, f"{COMMANDS}?_method=POST"):
            assert (await shop.ask("GET", path, {**SELLER, **trick})).status == 405
        assert shop.done == []


async def test_behind_tls_the_origin_is_https() -> None:
    """A name written with https:// has TLS in front: its pages' Origin says so, and cookies are Secure."""
    async with open_shop(hosts=("https://shop.example",)) as shop:
        post = {**SELLER, **JSON}
        secure, plain = {"Origin": "https://shop.example"}, {"Origin": "http://shop.example"}
        assert (await shop.ask("POST", COMMANDS, {**post, **secure}, "{}", host="shop.example")).status == 202
        assert (await shop.ask("POST", COMMANDS, {**post, **plain}, "{}", host="shop.example")).status == 403
        opened = await shop.ask("GET", f"/control?key={KEYS['seller']}", host="shop.example")
        assert opened.headers["set-cookie"].endswith("; Secure")


class WithoutOrigin(Guard):
    """The guard with its check of the asking page taken out."""

    def _check_origin(self, request: web.Request, rule: object, own: str) -> bool:
        return False


class AnyHost(Hosts):
    """Names that are all ours."""

    def origin(self, request: web.Request, *, hook: bool) -> str | None:
        return f"http://{request.host}"


class WithoutHost(Guard):
    """The guard with its check of names taken out."""

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)  # type: ignore[arg-type]
        self._hosts = AnyHost("", [], "")


async def test_the_attacks_reach_a_guard_without_those_checks() -> None:
    """The broken twins: with a check taken out each attack gets through, so the tests above would see it missing."""
    async with open_shop(guard_type=WithoutOrigin) as shop:
        assert (await forged(shop), await hijacked(shop)) == (202, 101)
    async with open_shop(guard_type=WithoutHost) as shop:
        assert await rebound(shop) == 200


# -- cookies and sessions (21) ----------------------------------------------------------------------------------------


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


# -- answers (14, 15, 18) ---------------------------------------------------------------------------------------------

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.mark.parametrize("path", ["/control", "/healthz", "/none", "/api/shows/current/orders", "/feed", COMMANDS])
async def test_every_answer_carries_the_headers(path: str) -> None:
    """Pages, data, refusals and what does not exist: the same policy, nothing stored, no word of the software."""
    async with open_shop() as shop:
        headers = (await shop.ask("GET", path, SELLER if path == "/control" else {})).headers
    assert headers["content-security-policy"] == POLICY
    assert (headers["server"], headers["cache-control"]) == ("livesell", "no-store")
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"] == "camera=(), microphone=(), geolocation=(), payment=()"
    assert not {"strict-transport-security", "access-control-allow-origin"} & headers.keys()


async def test_an_overlay_page_may_be_styled_and_framed_by_us_but_not_scripted() -> None:
    """Custom CSS of the broadcasting program must work there; scripts stay ours and a theme's form goes nowhere."""
    async with open_shop() as shop:
        policy = (await shop.ask("GET", "/overlay/plain")).headers["content-security-policy"].split("; ")
    assert {"script-src 'self'", "style-src 'self' 'unsafe-inline'", "frame-ancestors 'self'"} <= set(policy)
    assert "form-action 'none'" in policy
    assert not [directive for directive in policy if "trusted-types" in directive]


async def test_a_page_asks_for_the_key_and_an_overlay_shows_nothing_on_air() -> None:
    """Refused, the control page has a field for the key; an overlay has its words in the title only."""
    async with open_shop() as shop:
        control, overlay = await shop.ask("GET", "/control"), await shop.ask("GET", "/overlay/plain?key=wrong")
    assert 'name="key"' in control.text and control.headers["content-type"].startswith("text/html")
    assert "<title>the key is wrong" in overlay.text and "<body></body>" in overlay.text


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ("input", 400, {"code": "bad_input", "index": 3, "field": "author"}),
        ("missing", 404, {"code": "not_found", "error": "there is no order K7P"}),
        ("refused", 409, {"code": "no_stock", "left": 2}),
        ("changed", 409, {"code": "changed"}),
        ("full", 507, {"code": "disk_full"}),
        ("busy", 503, {"code": "busy"}),
        ("store", 500, {"error": "the database cannot be read"}),
        ("sheet", 400, {"row": 7, "column": "price"}),
        ("bug", 500, {"code": "internal"}),
    ],
)
async def test_every_error_has_a_status_a_code_and_one_line(fault: str, status: int, body: dict[str, object]) -> None:
    """Errors of livesell say what they are; one that nobody foresaw says where the log has more, no more."""
    async with open_shop() as shop:
        answer = await shop.ask("GET", f"/api/breaks/{fault}", {**SELLER, "Accept": "text/html"})
    assert answer.status == status
    assert body.items() <= answer.json.items()
    assert "\n" not in answer.json["error"] and "secret detail" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "path", ["/<b>mark</b>", "/control/%3Cb%3Emark", "/%0d%0aX-Mark: mark", "/static/mark<b>", "/in/<b>mark"]
)
async def test_a_refusal_never_repeats_what_came_in(path: str) -> None:
    """Whatever stands in the path, the query or a header, no refusal has it, as page or as data."""
    async with open_shop() as shop:
        for headers in ({}, {"Accept": "text/html"}, {"Expect": "<b>mark</b>"}, {"Origin": "<b>mark"}):
            answer = await shop.ask("GET", f"{path}?mark=<b>mark", headers)
            assert 400 <= answer.status < 500
            assert b"mark" not in answer.body or not answer.headers["content-type"].startswith("text/html")
            assert "x-mark" not in answer.headers


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /control\r\nX: y HTTP/1.1",
        "GET /con\rtrol HTTP/1.1",
        "GET /control?a=\nb HTTP/1.1",
        "GET /overlay/\x00 HTTP/1.1",
    ],
)
async def test_line_breaks_and_nul_in_a_request_line_are_refused(request_line: str) -> None:
    """Header injection by the path: 4xx, and the server goes on."""
    async with open_shop() as shop:
        answer = await shop.raw(f"{request_line}\r\nHost: {shop.here}\r\nConnection: close\r\n\r\n")
        assert 400 <= answer.status < 500
        assert (await shop.ask("GET", "/healthz")).status == 200


async def test_no_answer_leads_away() -> None:
    """`//evil` as a path is only a path; an answer that would lead to another server is not sent."""
    async with open_shop() as shop:
        for path in (
            "//evil.example/control?key=x",
            "/\\evil.example",
            "//evil.example/%2e%2e",
            "/control/?next=//evil.example",
        ):
            answer = await shop.ask("GET", path, SELLER)
            assert answer.status == 404 and "location" not in answer.headers
        for target in ("//evil.example", "http://evil.example", "evil"):
            answer = await shop.ask("GET", f"/away?next={target}", SELLER)
            assert answer.status == 500 and "location" not in answer.headers
        for target, location in (("/review", "/review"), ("/%5Cevil", "/%5Cevil"), ("/a%0d%0aX:b", "/aX:b")):
            assert (await shop.ask("GET", f"/away?next={target}", SELLER)).headers["location"] == location


# -- 16: connections that stand open -----------------------------------------------------------------------------------


async def test_half_open_connections_keep_nobody_waiting_and_end_by_themselves() -> None:
    """50 clients that never finish their headers: others are served at once, and the 50 go after the limit."""
    assert RUNNER == {"keepalive_timeout": 30.0, "lingering_time": 2.0}
    async with open_shop(runner={"keepalive_timeout": 1.0}) as shop:
        halves = [await asyncio.open_connection("127.0.0.1", shop.port) for _ in range(50)]
        for _, writer in halves:
            writer.write(b"GET /control HTTP/1.1\r\nHost: 127.0")
        took = []
        for _ in range(40):
            started = time.perf_counter()
            assert (await shop.ask("GET", "/healthz")).status == 200
            took.append(time.perf_counter() - started)
        assert statistics.quantiles(took, n=20)[-1] < 1
        async with asyncio.timeout(5):
            for reader, writer in halves:
                assert await reader.read() == b""
                writer.close()


# -- 22: who may be believed -------------------------------------------------------------------------------------------


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
