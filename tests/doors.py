"""A shop's front door for tests: a small server behind the guard, raw sockets, and the table of routes and roles."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, WSServerHandshakeError, web

from livesell import errors
from livesell.web import guard as guard_module
from livesell.web.assets import Assets
from livesell.web.body import SECONDS, read_form, read_json, read_upload
from livesell.web.guard import Guard, Rule
from livesell.web.keys import ROLES, Keys, Role
from livesell.web.sessions import MemorySessions

KEYS: dict[Role, str] = {role: f"{role}-key-{'x' * 30}" for role in ROLES}
SELLER = {"Authorization": f"Bearer {KEYS['seller']}"}
INGEST = {"Authorization": f"Bearer {KEYS['ingest']}"}
COMMENTS = "/api/shows/current/comments"
COMMANDS = "/api/shows/current/commands"
EVERYWHERE = (
    "/healthz",
    "/control",
    "/overlay/plain",
    "/feed",
    "/api/shows/current/orders",
    "/static/web-0/a.css",
    "/none",
)

FAULTS: dict[str, Exception] = {
    "input": errors.BadInput("must be text", index=3, field="author"),
    "missing": errors.NotFound("order", "K7P"),
    "refused": errors.Refused("no_stock", "there are only 2 left", left=2),
    "changed": errors.Conflict("changed", "somebody else was first"),
    "full": errors.StoreFull("the disk is full"),
    "busy": errors.StoreBusy("another program holds the database"),
    "store": errors.StoreError("the database cannot be read"),
    "sheet": errors.CatalogError("goods.csv", "'12o' is not a number", row=7, column="price"),
    "bug": ZeroDivisionError("a secret detail"),
}


@dataclass
class Shop:
    """A running server: what it did stands in `done`, so that a test sees what a refused request changed."""

    guard: Guard
    app: web.Application
    port: int = 0
    done: list[object] = field(default_factory=list)

    @property
    def here(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def raw(self, data: str | bytes, *, patience: float = 5.0) -> Answer:
        """Send bytes as they are and read until the server closes or answers in full."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
        try:
            return await asyncio.wait_for(Answer.read(reader), patience)
        finally:
            writer.close()

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: str | bytes = "",
        *,
        host: str = "",
    ) -> Answer:
        """One plain request; the Host is right and nothing else is said unless the test says it."""
        payload = body.encode() if isinstance(body, str) else body
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.here}", "Connection: close"]
        if payload or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(payload)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return await self.raw("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + payload)

    async def cookie(self, role: Role) -> str:
        """The Cookie header of a browser that came in with the key of `role`."""
        page = "/overlay/plain" if role == "overlay" else "/control"
        answer = await self.ask("GET", f"{page}?key={KEYS[role]}")
        return answer.headers["set-cookie"].partition(";")[0]


@dataclass
class Answer:
    """What came back: `status` 0 means that the connection was closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @classmethod
    async def read(cls, reader: asyncio.StreamReader) -> Answer:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return cls(0, {}, b"")
        headers: dict[str, str] = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        status = int(head[0].split()[1])
        size = headers.get("content-length")
        if status < 200:
            return cls(status, headers, b"")
        try:
            return cls(status, headers, await (reader.readexactly(int(size)) if size else reader.read()))
        except asyncio.IncompleteReadError as short:  # HEAD: the length of what GET would get
            return cls(status, headers, short.partial)


def a_guard() -> Guard:
    """A guard with the test's keys that is not yet at any port."""
    return Guard(Keys(KEYS), MemorySessions(), host="127.0.0.1", port=8777)


async def _control(request: web.Request) -> web.Response:
    return web.Response(text="control page", content_type="text/html")


def shop_app(
    guard: Guard, done: list[object], assets: Assets | None = None, seconds: float = SECONDS
) -> web.Application:
    """An application with one route of each kind; handlers note what they did in `done`."""

    async def form(request: web.Request) -> web.Response:
        done.append(dict(await read_form(request)))
        raise web.HTTPSeeOther("/control")

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPSeeOther(request.query.get("next", "/control"))

    async def overlay(request: web.Request) -> web.Response:
        if assets is None or request.match_info["theme"] not in assets.themes:
            raise web.HTTPNotFound
        return web.Response(text="on air", content_type="text/html")

    async def comments(request: web.Request) -> web.Response:
        value = await read_json(request, seconds=seconds)
        done.append((guard.role(request), value))
        return web.json_response({"role": guard.role(request)}, status=202)

    async def upload(request: web.Request) -> web.Response:
        sent = await read_upload(request, limit=1000, seconds=seconds)
        done.append((sent.data, dict(sent.fields)))
        return web.json_response({})

    async def breaks(request: web.Request) -> web.Response:
        raise FAULTS[request.match_info["fault"]]

    async def orders(request: web.Request) -> web.Response:
        return web.json_response({"orders": []})

    async def feed(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(str(guard.role(request)))
        await socket.close()
        return socket

    async def hook(request: web.Request) -> web.Response:
        return web.json_response({"role": guard.role(request)})

    async def health(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    app = web.Application()
    guard.attach(app)
    add = guard.route
    add(app.router, "GET", "/control", _control, needs="seller", kind="page")
    add(app.router, "POST", "/control", form, needs="seller", kind="page")
    add(app.router, "GET", "/away", away, needs="seller", kind="page")
    add(app.router, "GET", "/overlay/{theme}", overlay, needs="overlay", kind="overlay")
    add(app.router, "POST", "/api/shows/{show}/comments", comments, needs={"ingest", "seller"}, kind="api")
    add(app.router, "POST", "/api/shows/{show}/commands", comments, needs="seller", kind="api")
    add(app.router, "GET", "/api/shows/{show}/orders", orders, needs="seller", kind="api")
    add(app.router, "POST", "/goods", upload, needs="seller", kind="page")
    add(app.router, "GET", "/api/breaks/{fault}", breaks, needs="seller", kind="api")
    add(app.router, "GET", "/feed", feed, needs={"seller", "overlay"}, kind="feed")
    add(app.router, "POST", "/in/{source}", hook, needs="hook", kind="hook")
    add(app.router, "GET", "/healthz", health, needs="none", kind="api")
    if assets is not None:
        add(app.router, "GET", Assets.ROUTE, assets.serve, needs="none", kind="static")
    return app


@asynccontextmanager
async def open_shop(
    *,
    hosts: tuple[str, ...] = (),
    public_host: str = "",
    assets: Assets | None = None,
    guard_type: type[Guard] = Guard,
    seconds: float = SECONDS,
    watch: Callable[[web.Request, web.StreamResponse], Awaitable[None]] | None = None,
    runner: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Shop]:
    """A server on a free port of 127.0.0.1, closed at the end."""
    guard = guard_type(
        Keys(KEYS), MemorySessions(), host="127.0.0.1", port=0, hosts=hosts, public_host=public_host, **settings
    )
    done: list[object] = []
    shop = Shop(guard, shop_app(guard, done, assets, seconds), done=done)
    if watch is not None:
        shop.app.on_response_prepare.append(watch)
    async with serving(shop.app, runner) as port:
        shop.port = guard.port = port
        yield shop


@asynccontextmanager
async def serving(app: web.Application, runner: Mapping[str, Any] | None = None) -> AsyncIterator[int]:
    """The application on a free port of 127.0.0.1."""
    running = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, **{**guard_module.RUNNER, **(runner or {})})
    await running.setup()
    try:
        await web.TCPSite(running, "127.0.0.1", 0).start()
        yield running.addresses[0][1]
    finally:
        await running.cleanup()


def theme_folder(folder: Path) -> Path:
    """A folder of overlays with one theme, beside a file that no address may reach."""
    (folder / "secret.toml").write_text("the shop's secret", encoding="utf-8")
    theme = folder / "overlays" / "plain"
    theme.mkdir(parents=True)
    (theme / "overlay.html").write_text("<template></template>", encoding="utf-8")
    (theme / "overlay.css").write_text("body { color: red }", encoding="utf-8")
    (theme / "theme.js").write_text("alert(1)", encoding="utf-8")
    return folder / "overlays"


async def status_for(base: str, method: str, path: str, key: str | None) -> int:
    """The status that a program with this key gets; a feed that opens counts as 101."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        if path.startswith("/feed"):
            try:
                async with client.ws_connect(base + path, headers=headers):
                    return 101
            except WSServerHandshakeError as error:
                return error.status
        data: bytes | None = None
        if method != "GET":
            by_page = not path.startswith(("/api", "/in"))
            data = b"field=value" if by_page else b"{}"
            headers["Content-Type"] = "application/x-www-form-urlencoded" if by_page else "application/json"
            if by_page:
                headers["Origin"] = base
        async with client.request(method, base + path, headers=headers, allow_redirects=False, data=data) as answer:
            return answer.status


def expected(rule_needs: frozenset[str], role: str | None) -> tuple[int, ...] | None:
    """The refusal that a key of `role` (None: no key, "wrong": a wrong one) must get; None where it must be let in."""
    if "none" in rule_needs:
        return None
    if role == "wrong":
        return (401,)
    if role is None:
        return None if "hook" in rule_needs else (401,)
    return None if role == "seller" or role in rule_needs or "hook" in rule_needs else (403,)


def missing_rows(rules: list[Rule], table: Mapping[tuple[str, str], frozenset[str]]) -> list[str]:
    """Routes that differ from the table, or stand in only one of the two."""
    real = {(rule.method, rule.path): frozenset(rule.needs) for rule in rules}
    return sorted(" ".join(row) for row in real.keys() | table.keys() if real.get(row) != table.get(row))
