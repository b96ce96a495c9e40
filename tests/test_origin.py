"""What another page can make the seller's browser do: nothing (attacks 5 and 6 of docs/security.md)."""

from __future__ import annotations

import pytest
from aiohttp import web

from livesell.web.guard import Guard
from livesell.web.hosts import Hosts
from tests.doors import (
    COMMANDS,
    COMMENTS,
    INGEST,
    KEYS,
    SELLER,
    Shop,
    open_shop,
)
from tests.test_hosts import rebound

JSON = {"Content-Type": "application/json"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

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
