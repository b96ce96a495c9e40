"""Running a shop from the command line: lock, database, parser, server, and the words that tell where it is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msgspec import structs

from livesell import bundle, logs, registry
from livesell.adapter import Adapter, Frame, write_frame
from livesell.config import Config
from livesell.errors import StoreError
from livesell.model import Code, Offer, Product, Reading
from livesell.store.engine import Lock
from livesell.store.reserve import Reserve
from livesell.store.writer import utc_now
from livesell.web.app import Door, database_file, open_store, serving
from livesell.web.keys import ROLES, Keys, Role
from livesell.web.shop import Shop

if TYPE_CHECKING:
    from livesell.parser import Parser

log = logging.getLogger(__name__)


class LateReader:
    """The parser of a shop, its languages and country: loaded behind the first page, or when somebody needs it.

    The store brings the goods. ConfigError, at once, for a language that there is no pack for.
    """

    def __init__(self, config: Config) -> None:
        self.shop = config.shop
        if not all((bundle.LANGUAGE_FOLDER / tag / "lexicon.toml").is_file() for tag in self.shop.languages):
            self.load()
        self._goods: dict[Code, Product] = {}
        self._parser: Parser | None = None
        self._lock = threading.Lock()

    def load(self) -> Parser:
        """The parser with its lexicons, without goods; a third of a start's work, so it is imported here."""
        from livesell import lexicon
        from livesell.parser import Parser

        return Parser((), lexicon.load(self.shop.languages), country=self.shop.country)

    def parser(self) -> Parser:
        """The parser, now; who comes while it is loaded waits."""
        if self._parser is None:
            with self._lock:
                if self._parser is None:
                    parser = self.load()
                    for product in self._goods.values():
                        parser.put(product)
                    self._parser = parser
        return self._parser

    def read(self, text: str, pinned: Code | None = None) -> Reading:
        """What a comment asks for."""
        return self.parser().read(text, pinned)

    def offer(self, line: str) -> Offer | None:
        """The product that a line by the seller opens."""
        return self.parser().offer(line)

    def put(self, product: Product) -> None:
        """A product is new or has changed."""
        with self._lock:
            if self._parser is None:
                self._goods[product.code] = product
            else:
                self._parser.put(product)

    async def soon(self) -> None:
        """Load the parser when the first page has had its turn."""
        await asyncio.sleep(FIRST_PAGE)
        await asyncio.to_thread(self.parser)


FIRST_PAGE = 0.3
"""Seconds that the server has for the first page before the parser is loaded."""


def sources_of(config: Config) -> list[Adapter]:
    """The sources of a configuration, and those that were added by command."""
    return registry.with_added(config.source, added_sources(config), folder=config.folder)


def added_sources(config: Config) -> list[dict[str, Any]]:
    """The sources that were added by command, which live in the database."""
    file = database_file(config)
    if file is not None and not file.exists():
        return []
    from livesell.sheets import reading

    return reading(config, lambda look: look.added_sources())


async def replay(config: Config, folder: Path, *, speed: float, out: TextIO = sys.stdout) -> None:
    """Run a recorded night again on a database of its own, with the shop's goods, and keep serving."""
    table = {"platform": "replay", "folder": str(folder), "speed": speed}
    source = registry.make_source(table, folder=Path.cwd())
    with tempfile.TemporaryDirectory(prefix="livesell-replay-", ignore_cleanup_errors=True) as name:
        async with running(elsewhere(config, Path(name)), [source]) as (shop, address):
            print(banner(shop, address, keys=True), file=out, flush=True)
            await until_stopped()


def elsewhere(config: Config, folder: Path) -> Config:
    """The same shop with a database of its own in a folder; its sheet of goods stays where it is."""
    sheet = config.catalog_path
    file = str(sheet.resolve()) if sheet is not None and sheet.exists() else ""
    pictures = str(config.pictures.resolve()) if config.pictures is not None else ""
    return structs.replace(
        config,
        folder=folder,
        catalog=structs.replace(config.catalog, file=file, pictures=pictures),
        database=structs.replace(config.database, url="sqlite:///shop.db"),
    )


def keys_of(config: Config) -> Keys:
    """The shop's keys, made where they are missing: beside the database, or beside the configuration of one by URL."""
    file = database_file(config)
    beside = file.parent if file is not None else config.folder
    return Keys.open(beside / "livesell.keys", {role: getattr(config.server.keys, role) for role in ROLES})


@contextlib.asynccontextmanager
async def running(
    config: Config,
    sources: Sequence[Adapter],
    *,
    record: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
    ready: Callable[[Shop], None] = lambda _: None,
    door: Door | None = None,
) -> AsyncIterator[tuple[Shop, str]]:
    """A shop at work, with the address of its server; `ready` gets the shop before its sources begin.

    StoreBusy names the address of a process that has the database already.
    """
    # The writer, the feed and the server take turns many times a comment: with the interpreter's 5 ms each of them
    # would wait for the others longer than a commit takes.
    sys.setswitchinterval(0.0005)
    file = database_file(config)
    lock = Lock(file) if file is not None else None
    if file is not None and not file.parent.is_dir():
        raise StoreError(f"{file}: the folder does not exist")
    if lock is not None:
        lock.take()
    try:
        reader = LateReader(config)
        store = open_store(config, reader)
        try:
            if file is not None:
                store.reserve = Reserve(file)
                store.reserve.make()
            keys = keys_of(config)
            logs.hide(*(keys.of(role) for role in ROLES))
            tape = Tape(record).keep if record is not None else None
            async with serving(config, store, sources, keys=keys, clock=clock, record=tape, ready=ready, door=door) as (
                shop,
                port,
            ):
                host = "127.0.0.1" if config.server.host in ("0.0.0.0", "::") else config.server.host  # noqa: S104
                address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
                if lock is not None:
                    lock.say(address)
                loading = asyncio.create_task(reader.soon())
                loading.add_done_callback(_told)
                try:
                    yield shop, address
                finally:
                    loading.cancel()
        finally:
            store.close()
    finally:
        if lock is not None:
            lock.give()


def _told(loading: asyncio.Task[None]) -> None:
    if not loading.cancelled() and (error := loading.exception()) is not None:
        log.error("comments cannot be read: %s; each goes to a person", error)


async def run(
    config: Config, *, record: Path | None = None, out: TextIO = sys.stdout, door: Door | None = None
) -> None:
    """Serve until Ctrl+C or a termination signal."""
    async with running(config, sources_of(config), record=record, door=door) as (shop, address):
        print(banner(shop, address, keys=out.isatty()), file=out, flush=True)
        await until_stopped()


async def first_run(folder: Path, *, record: Path | None = None, out: TextIO = sys.stdout) -> None:
    """Take the first steps in a folder without a configuration, then serve the shop they made."""
    from livesell import first

    config, listening, one_time = await first.steps_done(folder, out)
    await run(config, record=record, out=out, door=Door(listening, one_time))


def banner(shop: Shop, address: str, *, keys: bool) -> str:
    """Where the pages are; with their keys only where nobody but the seller reads along."""
    lines = [f"livesell serves show {shop.show} at {address}"]
    for words, path, role in PAGES:
        key = f"?key={shop.guard.keys.of(role)}" if keys else ""
        lines.append(f"  {words:<14} {address}{path}{key}")
    if not keys:
        lines.append("  (the keys are in livesell.keys beside the database)")
    return "\n".join(lines)


PAGES: tuple[tuple[str, str, Role], ...] = (
    ("control page", "/control", "seller"),
    ("overlay", "/overlay/buyers", "overlay"),
    ("review page", "/review", "seller"),
)


async def until_stopped() -> None:
    """Wait for Ctrl+C (which asyncio.run turns into a cancellation) or for SIGTERM."""
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on the loop; Ctrl+C works there
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


class Tape:
    """Raw frames written down as they come, one file a source, named so that a replay knows who decodes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, source: Adapter, frame: Frame) -> None:
        """Append a frame to its source's recording."""
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in source.name)
        with (self.folder / f"{source.platform}.{safe}.jsonl").open("a", encoding="utf-8") as file:
            file.write(write_frame(frame) + "\n")
