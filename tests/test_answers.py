"""What every answer carries and never repeats, and connections that stand open (attacks 14-16 and 18)."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from livesell.web.guard import RUNNER
from tests.doors import (
    COMMANDS,
    SELLER,
    open_shop,
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
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
