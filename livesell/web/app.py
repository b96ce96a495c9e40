"""The server: one aiohttp application of the interface, the pages and the overlays, and how it is run."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web
from babel.numbers import get_currency_precision

from livesell import logs
from livesell import show as spine
from livesell.adapter import Adapter, Frame
from livesell.config import Config
from livesell.errors import ConfigError
from livesell.feed import Feed
from livesell.feed import Settings as FeedSettings
from livesell.ledger import Rules
from livesell.store import Store
from livesell.store.asks import Reader
from livesell.store.follow import Follower
from livesell.store.sessions import StoredSessions
from livesell.store.writer import Writer, utc_now
from livesell.web import api, entrance, hooks, morning, pages, places, screens
from livesell.web.guard import RUNNER, Guard
from livesell.web.keys import Keys, OneTime
from livesell.web.network import Network
from livesell.web.shop import SHOP, Shop

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    """A port that is listened to already, and the keys that open a page once behind it."""

    listening: socket.socket
    one_time: OneTime


ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


def rules_of(config: Config) -> Rules:
    """The desk's rules as the configuration has them."""
    desk = config.desk
    return Rules(
        confirm=desk.confirm,
        repeat=desk.repeat,
        hold_minutes=desk.hold_minutes,
        cancel=desk.cancel,
        link=desk.link,
        pin_delay=desk.pin_delay,
        decimals=get_currency_precision(config.shop.currency),
    )


def build(shop: Shop) -> web.Application:
    """The application of a shop, every route behind its guard."""
    app = web.Application(client_max_size=1 << 20)
    app[SHOP] = shop
    shop.guard.attach(app)
    api.add_routes(app, shop.guard)
    pages.add_routes(app, shop.guard)
    entrance.add_routes(app, shop.guard)
    morning.add_routes(app, shop.guard)
    screens.add_routes(app, shop.guard)
    app.on_shutdown.append(farewell)
    places.add_routes(app, shop.guard)
    hooks.add_routes(app, shop.guard)
    return app


async def farewell(app: web.Application) -> None:
    """Send the pages away: a server that waits for them to go does not stop."""
    for page in list(app[SHOP].feed.pages):
        page.lose()


@contextlib.asynccontextmanager
async def serving(
    config: Config,
    store: Store,
    sources: Sequence[Adapter],
    *,
    keys: Keys,
    clock: Callable[[], datetime] = utc_now,
    record: Callable[[Adapter, Frame], None] | None = None,
    ready: Callable[[Shop], None] = lambda _: None,
    door: Door | None = None,
) -> AsyncIterator[tuple[Shop, int]]:
    """A shop at work: its writer, feed, sources and server; gives it with the port it listens on.

    The store is open already. The goods of the sheet are taken in before anybody is served, so that a bad row is told
    at once; an error there leaves the goods as they are. `door` is one that is open already.
    """
    decimals = get_currency_precision(config.shop.currency)
    settings = FeedSettings(config.shop.currency, decimals, config.shop.language, config.overlay.names, config.pictures)
    feed = Feed(store.readers, settings)
    follower = None if store.sqlite else Follower(store.readers, feed.publish, store.last)
    peers = None
    if follower is not None:
        from livesell.store.peers import Peers  # its driver takes a while to load, and files do without

        peers = Peers(store.url, follower.heard)
    writer = Writer(store, feed.publish if follower is None else follower.publish, clock=clock)
    writer.tell = lambda trouble: feed.troubled(trouble, writer.waiting)
    writer.start()
    tasks: list[asyncio.Task[None]] = []
    try:
        if peers is not None:
            peers.start()
        number = await spine.current(
            store, writer.submit, clock(), peers=peers, names=[source.name for source in sources]
        )
        sheet = config.catalog_path
        if sheet is not None:
            await spine.take_goods(store, writer.submit, sheet, config.shop.currency)
        at_work = spine.Spine(
            store,
            writer.submit,
            number,
            sources,
            clock=clock,
            sheet=sheet,
            currency=config.shop.currency,
            record=record,
            steady=time.monotonic if clock is utc_now else None,
            peers=peers,
        )
        writer.tell = lambda trouble: feed.troubled(trouble, writer.waiting + at_work.held)
        server = config.server
        guard = Guard(
            keys,
            StoredSessions(store, writer),
            host=server.host,
            port=server.port,
            hosts=server.hosts,
            public_host=server.public_host,
            one_time=door.one_time if door is not None else None,
            page=lambda refusal: pages.refused(config, refusal),
        )
        shop = Shop(config, store, writer, feed, guard, at_work, number, clock, config.shop.currency, decimals)
        ready(shop)
        runner = web.AppRunner(
            build(shop), access_log=logs.ACCESS, access_log_class=logs.AccessLog, shutdown_timeout=2, **RUNNER
        )
        await runner.setup()
        try:
            listening = door.listening if door is not None else bound(server.host, server.port)
            site = web.SockSite(runner, listening)
            await site.start()
            port = listening.getsockname()[1]
            guard.port = port

            async def listen(host: str) -> None:
                await web.SockSite(runner, bound(host, port)).start()

            shop.network = Network(server.host, listen)
            with contextlib.suppress(ConfigError):  # on another network now, or on none: the page asks anew
                await entrance.open_again(shop)
            tasks = [asyncio.create_task(feed.run()), asyncio.create_task(at_work.run())]
            if follower is not None:
                tasks.append(asyncio.create_task(follower.run()))
            if config.obs.follow:
                tasks.append(asyncio.create_task(screens.follow(shop)))
            address = f"http://{'127.0.0.1' if server.host in ANYWHERE else server.host}:{port}"
            shop.overlay_address = lambda theme: f"{address}/overlay/{theme}?key={keys.of('overlay')}"
            yield shop, port
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await runner.cleanup()
    finally:
        if peers is not None:
            await peers.stop()
        await writer.stop()


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; ConfigError in words where the port is taken or the address is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    with contextlib.suppress(OSError, AttributeError):
        # On Windows this option lets two programs share a port; there, and only there, the exclusive one is wanted.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listening.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            problem = f"port {port} is in use by another program"
            raise ConfigError("[server] port", problem, "stop that one, or name another port") from None
        raise ConfigError("[server] host", f"cannot listen on {host}:{port} ({error.strerror})") from None
    listening.setblocking(False)
    return listening


def open_store(config: Config, reader: Reader) -> Store:
    """The shop's database, opened; SQLite's lock is taken by the caller."""
    store = Store(config.database.url, folder=config.folder, rules=rules_of(config), reader=reader)
    store.open()
    return store


def database_file(config: Config) -> Path | None:
    """The database's file, None where it is a server."""
    from livesell.store.engine import url_of

    url = url_of(config.database.url, config.folder)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
