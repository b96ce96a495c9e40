"""Goods and orders as files, from the command line: through the running server's lock, never beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from livesell import exports, registry
from livesell.catalog import sheet
from livesell.config import Config
from livesell.errors import BadInput, NotFound, StoreBusy
from livesell.exports import ExportedLine, ExportedOrder
from livesell.model import ShowId
from livesell.running import LateReader, added_sources
from livesell.show import take_goods
from livesell.store.added import change
from livesell.store.asks import Asked
from livesell.store.engine import Lock
from livesell.store.overview import Overview, looking
from livesell.store.writer import Writer
from livesell.web.app import database_file, open_store
from livesell.web.keys import Keys

T = TypeVar("T")


async def take_in(config: Config, file: Path) -> str:
    """Take in a product sheet; says how many products changed. StoreBusy while a server has the database."""
    count = await writing(
        config,
        "save the sheet as its [catalog] file",
        lambda writer: take_goods(writer.store, writer.submit, file, config.shop.currency),
    )
    return f"{file.name}: {count} products new or changed"


async def writing(config: Config, instead: str, work: Callable[[Writer], Awaitable[T]]) -> T:
    """Do a piece of work with a writer of its own.

    StoreBusy, with what to do instead, while a server has the database: a database has one writer.
    """
    path = database_file(config)
    lock = Lock(path) if path is not None else None
    if lock is not None:
        holder = lock.holder()
        if holder is not None:
            raise StoreBusy(f"livesell is running at {holder or 'another window'}: {instead}")
        lock.take()
    try:
        store = open_store(config, LateReader(config))
        writer = Writer(store, lambda *_: None)
        writer.start()
        try:
            return await work(writer)
        finally:
            await writer.stop()
            await asyncio.to_thread(store.close)
    finally:
        if lock is not None:
            lock.give()


async def add_source(config: Config, link: str, keys: Mapping[str, str] | None = None) -> str:
    """Add the source that a pasted link stands for, kept in the database; says what it is.

    A show that runs listens to it at once; `keys` are keys of the source, as in a `[[source]]` table.
    """
    path = database_file(config)
    address = Lock(path).holder() if path is not None else None
    if path is not None and address:
        body = {"link": link, **(keys or {})}
        found = await asked(address, seller_key(config, path.parent), "POST", "/api/sources", body)
        return f"{found['name']}: {found['platform']} {found['place']}; the running show listens to it now"
    before = added_sources(config)
    listening = registry.with_added(config.source, before, folder=config.folder)
    table, taken = registry.placed(link, listening, before, keys or {}, config.folder)
    one = registry.make_source(table, "the link", folder=config.folder)
    await writing(
        config,
        "add it as a [[source]] of config.toml and start again, or stop livesell first",
        lambda writer: writer.submit(Asked(None, (), lambda to: change(to, take=taken, add=[table]))),
    )
    return f"{one.name}: {one.platform} {one.place}; `livesell check` tries it"


async def remove_source(config: Config, name: str) -> str:
    """Listen no more to a source that was added by a link; a show that runs lets it go at once."""
    path = database_file(config)
    address = Lock(path).holder() if path is not None else None
    if path is not None and address:
        await asked(address, seller_key(config, path.parent), "DELETE", f"/api/sources/{quote(name, safe='')}")
        return f"{name}: the running show has let it go"
    if name not in {one.get("name", one.get("platform")) for one in added_sources(config)}:
        raise NotFound("source", f"'{name}' that was added by a link")
    await writing(
        config,
        "take it out on its page",
        lambda writer: writer.submit(Asked(None, (), lambda to: change(to, take=name))),
    )
    return f"{name}: taken out"


def seller_key(config: Config, beside: Path) -> str:
    """The key that a command on this machine shows to the running server."""
    return config.server.keys.seller or Keys.open(beside / "livesell.keys").of("seller")


async def asked(address: str, key: str, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
    """What the server that runs answers to a command; BadInput with its words where it refuses."""
    import aiohttp

    headers = {"Authorization": f"Bearer {key}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http,
            http.request(method, address + path, json=body, headers=headers) as answer,
        ):
            found = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise StoreBusy(f"livesell at {address} does not answer ({type(error).__name__}): try again") from None
    if answer.status >= 300:
        raise BadInput(str(found.get("error", f"HTTP {answer.status}")))
    return found


def give_out(config: Config, file: Path) -> str:
    """Write all goods to a CSV or XLSX file."""
    kind = file.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise BadInput(f"{file.name}: name a file that ends in .csv or .xlsx")
    products = reading(config, lambda look: look.goods())
    write = sheet.write_csv if kind == ".csv" else sheet.write_xlsx
    written(file, write(products, config.shop.currency))
    return f"{file.name}: {len(products)} products"


def export_orders(config: Config, kind: str, show: str, out: Path | None) -> str:
    """Write a show's orders to a file of a format; `show` is a number, or current for the newest."""
    if kind not in exports.FORMATS:
        raise NotFound("format", f"'{kind}'; there are {', '.join(exports.FORMATS)}")

    def wanted(look: Overview) -> tuple[ShowId, list[ExportedOrder]]:
        shows = {str(one["id"]): one for one in look.shows()}
        if not shows:
            raise NotFound("show", show)
        name = max(shows, key=int) if show == "current" else show
        if name not in shows:
            raise NotFound("show", show)
        return ShowId(int(name)), exported(look, ShowId(int(name)), config)

    number, orders = reading(config, wanted)
    target = out or Path(f"livesell-show-{number}.{kind}")
    written(target, exports.FORMATS[kind].write(orders))
    return f"{target}: {len(orders)} orders of show {number}"


def reading(config: Config, wanted: Callable[[Overview], T]) -> T:
    """What a look at a database gives, also while a server runs on it."""
    from livesell.store.engine import in_words, reader_engine, url_of

    path = database_file(config)
    if path is not None and not path.exists():
        raise NotFound("database", path)
    engine = reader_engine(url_of(config.database.url, config.folder))
    try:
        with (
            in_words(str(path or config.database.url)),
            looking(engine, config.shop.currency, get_currency_precision(config.shop.currency)) as look,
        ):
            return wanted(look)
    finally:
        engine.dispose()


def written(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror})") from None


def exported(look: Overview, show: ShowId, config: Config) -> list[ExportedOrder]:
    """A show's orders as exports take them, oldest first."""
    zone = ZoneInfo(config.shop.timezone)
    found: list[ExportedOrder] = []
    after: str | None = None
    while page := look.orders(show, after=after, limit=500):
        after = page[-1]["code"]
        look.comments_behind(page)
        found += [order_of(order, zone) for order in page]
    return found


def order_of(order: dict[str, Any], zone: ZoneInfo) -> ExportedOrder:
    """One order for a file."""
    buyer = order["buyer"]
    times = {comment["id"]: comment["received_at"].astimezone(zone) for comment in order["comments"]}
    return ExportedOrder(
        code=order["code"],
        number=order["number"],
        status=order["status"],
        created_at=order["created_at"].astimezone(zone),
        buyer=buyer["name"],
        platform=buyer["platform"],
        phone=buyer["phone"] or "",
        address=buyer["address"] or "",
        note=buyer["note"] or "",
        total=order["total"],
        currency=order["currency"],
        lines=tuple(
            ExportedLine(
                code=line["code"],
                name=line["name"],
                unit=line["unit"],
                options=", ".join(line["options"].values()),
                quantity=line["quantity"],
                reserved=line["reserved"],
                waitlisted=line["waitlisted"],
                unit_price=line["unit_price"],
                amount=line["amount"],
                asked_at=min((times[number] for number in line["comments"] if number in times), default=None),
            )
            for line in order["lines"]
        ),
    )
