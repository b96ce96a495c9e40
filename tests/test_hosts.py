"""The names that livesell answers to, against DNS rebinding (attack 4 of docs/security.md)."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from livesell.errors import ConfigError
from livesell.web.guard import Guard
from livesell.web.hosts import Hosts
from livesell.web.keys import Keys
from livesell.web.sessions import MemorySessions
from tests.doors import (
    EVERYWHERE,
    KEYS,
    SELLER,
    Shop,
    open_shop,
    shop_app,
)

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
