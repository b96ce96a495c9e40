"""`livesell check`: what is wrong with configuration, sources, goods and database, in words and with the way out."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from livesell.adapter import Adapter, Status, try_out
from livesell.catalog.sheet import load
from livesell.config import Config
from livesell.errors import LivesellError
from livesell.i18n import languages
from livesell.lexicon import tags
from livesell.running import sources_of
from livesell.store.engine import Lock, in_words, one_view, prepare, reader_engine, url_of
from livesell.store.engine import check as check_file
from livesell.web.app import database_file

SYNCED = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "nextcloud")
SAFE_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""SQLite versions from which two checkpointing connections cannot damage a file: sqlite.org/wal.html#walresetbug."""


def check(config: Config, out: TextIO, *, deep: bool = False) -> int:
    """Print a line for each thing looked at; the number of problems.

    `deep`: build all state again from the ledger's events, and compare it with what is stored.
    """
    problems = 0
    looks = [shop(config), sources(config), goods(config), database(config)]
    if deep:
        looks.append(ledger(config))
    for wrong, line in itertools.chain.from_iterable(looks):
        problems += wrong
        print(("✗ " if wrong else "✓ ") + line, file=out)
    return problems


def shop(config: Config) -> Iterator[tuple[bool, str]]:
    """Languages that there is no pack or no words for."""
    for tag in config.shop.languages:
        if tag not in tags():
            yield True, f"shop.languages: there is no pack for '{tag}'; there are {', '.join(tags())}"
    if config.shop.language not in languages():
        yield True, f"shop.language: the pages have no '{config.shop.language}'; there are {', '.join(languages())}"
    yield False, f"shop: {config.shop.country}, {config.shop.currency}, reads {', '.join(config.shop.languages)}"


def sources(config: Config) -> Iterator[tuple[bool, str]]:
    """Sources that cannot be made, and what each says when it is tried."""
    try:
        found = sources_of(config)
    except LivesellError as error:
        yield True, str(error)
        return
    if not found:
        yield False, "sources: none; comments can be posted by programs, and `livesell sources add LINK` adds one"
    for source, status in zip(found, asyncio.run(tried(found)), strict=True):
        where = f"source {source.name}: {source.platform} {source.place}"
        wrong = status.code in ("lost", "stopped")
        yield wrong, f"{where}: {status.code}" + (f", {status.reason}" if status.reason else "")


async def tried(found: Sequence[Adapter]) -> list[Status]:
    """How each source is when it is connected to once; all at the same time."""
    return list(await asyncio.gather(*(try_out(source, SECONDS) for source in found)))


SECONDS = 15.0
"""How long a source may take to say a word."""


def goods(config: Config) -> Iterator[tuple[bool, str]]:
    """A product sheet that cannot be read, and products that viewers will mix up."""
    path = config.catalog_path
    if path is None:
        yield False, "goods: no sheet is watched; they come by page and command"
        return
    try:
        products = load(path, config.shop.currency)
    except LivesellError as error:
        yield True, str(error)
        return
    yield False, f"goods: {len(products)} products in {path.name}"


def database(config: Config) -> Iterator[tuple[bool, str]]:
    """A database that cannot be opened, is held, damaged, or lies where it may be."""
    path = database_file(config)
    if path is None:
        try:
            engine = reader_engine(url_of(config.database.url, config.folder))
            with engine.connect():
                yield False, "database: the server answers"
        except Exception as error:
            yield True, f"database: {type(error).__name__}: {str(error).splitlines()[0]}"
        return
    yield from place(path)
    if not path.exists():
        yield False, f"database: {path.name} will be made at the first run"
        return
    holder = Lock(path).holder()
    if holder is not None:
        yield False, f"database: {path.name} is open at {holder or 'another window'}"
        return
    engine = reader_engine(url_of(config.database.url, config.folder))
    try:
        prepare(engine, url_of(config.database.url, config.folder))
        wrong = check_file(engine)
        yield wrong is not None, f"database: {path.name} " + (f"is damaged: {wrong}" if wrong else "is sound")
    except LivesellError as error:
        yield True, str(error)
    finally:
        engine.dispose()


def ledger(config: Config) -> Iterator[tuple[bool, str]]:
    """Where the stored state is not what the events add up to; also while a server runs on the database."""
    from livesell.store.rebuild import compare

    path = database_file(config)
    if path is not None and not path.exists():
        yield False, "ledger: nothing is written yet"
        return
    url = url_of(config.database.url, config.folder)
    engine = reader_engine(url)
    try:
        with in_words(str(path or url.render_as_string(hide_password=True))), one_view(engine) as connection:
            found = compare(connection)
    except (LivesellError, SQLAlchemyError) as error:
        yield True, f"ledger: {str(error).splitlines()[0]}"
        return
    finally:
        engine.dispose()
    for sentence in found.differences[:MOST_TOLD]:
        yield True, f"ledger: {sentence}"
    if len(found.differences) > MOST_TOLD:
        yield True, f"ledger: and {len(found.differences) - MOST_TOLD} more differences"
    if found.differences:
        yield False, "ledger: keep this file, stop livesell, and restore the last backup (docs/backup.md)"
    else:
        yield False, f"ledger: {found.events} events add up to what is stored ({found.orders} orders)"


MOST_TOLD = 20


def place(path: Path) -> Iterator[tuple[bool, str]]:
    """A folder that a sync program copies from, and an SQLite with a known fault."""
    low = str(path.resolve()).lower()
    if any(name in low for name in SYNCED):
        yield True, f"database: {path} lies in a synchronised folder; move it, and let backups go there instead"
    version = sqlite3.sqlite_version_info
    fixed = any(version[:2] == safe[:2] and version >= safe for safe in SAFE_SQLITE) or version >= SAFE_SQLITE[0]
    note = "" if fixed else " (older than the fix of its WAL-reset fault; harmless here, since one connection writes)"
    yield False, f"SQLite {sqlite3.sqlite_version}{note}"
