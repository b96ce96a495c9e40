"""`livesell backup` and `livesell purge`: a copy of the shop that can be trusted, and people's data taken out of it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from livesell import commands as c
from livesell.config import Config
from livesell.errors import BadInput, NotFound, StoreError
from livesell.sheets import writing
from livesell.store.asks import Asked
from livesell.store.engine import in_words, one_view, reader_engine, url_of
from livesell.store.purge import Purged, sweep
from livesell.store.purge import purge as purged
from livesell.store.rebuild import compare
from livesell.store.writer import Writer, utc_now
from livesell.web.app import database_file

WITH_A_SERVER = (
    "backup copies SQLite files; this shop is on a PostgreSQL server, which has its own: "
    "pg_dump --format=custom --file={file} {url}"
)


def backup(config: Config, target: Path, now: datetime) -> str:
    """Copy the database while it is in use, look the copy over, and only then give it its name; says what it holds.

    `target`: a file, or a folder in which the copy gets a name with its date. An older copy of that name is replaced.
    BadInput where it cannot be written, StoreError where the copy is not sound; the shop itself is only read.
    """
    path = database_file(config)
    if path is None:
        url = url_of(config.database.url, config.folder).set(drivername="postgresql")
        raise BadInput(WITH_A_SERVER.format(file=target, url=url.render_as_string(hide_password=True)))
    if not path.exists():
        raise NotFound("database", path)
    if target.is_dir():
        target = target / f"{path.stem}-{now.astimezone():%Y-%m-%d-%H%M%S}.db"
    if target.resolve() in (path.resolve(), *(path.resolve().with_name(path.name + end) for end in BESIDE)):
        raise BadInput(f"{target} is the shop's own database; name another file, best on another disk")
    if not target.parent.is_dir():
        raise BadInput(f"{target.parent} is not there: make that folder first")
    part = target.with_name(target.name + ".part")
    try:
        copy(path, part)
        sentence = looked_over(part)
        part.replace(target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written ({error.strerror})") from None
    finally:
        for left in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)
    return f"{target}: {sentence}, as of {now.astimezone():%Y-%m-%d %H:%M:%S}; it holds people's data, keep it safe"


BESIDE = ("-wal", "-shm", "-journal", ".lock")


def copy(path: Path, part: Path) -> None:
    """SQLite's online backup in one step: one moment of the shop, whoever writes meanwhile."""
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as source,
        contextlib.closing(sqlite3.connect(part, timeout=5)) as target,
    ):
        try:
            # It must not fold the log into the file when it closes: exactly one connection ever does that.
            source.execute("PRAGMA wal_autocheckpoint=0")
            source.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode=DELETE")  # one file that can be carried about
        except sqlite3.DatabaseError as error:
            raise said(error, path, part) from None


def said(error: sqlite3.DatabaseError, path: Path, part: Path) -> StoreError:
    """Which of the two files is in trouble, and what to do."""
    words = str(error)
    if "full" in words:
        return StoreError(f"{part.parent}: the disk is full; free some space or name another disk")
    if "malformed" in words or "not a database" in words:
        return StoreError(f"{path} is damaged ({words}): keep it, and do not overwrite an older backup")
    return StoreError(f"{path} could not be copied to {part.parent} ({words})")


def looked_over(part: Path) -> str:
    """Say what a copy holds; StoreError where it is damaged or its state is not what its events add up to."""
    with contextlib.closing(sqlite3.connect(part)) as database:
        wrong = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if wrong != "ok":
        raise StoreError(f"the copy is damaged ({wrong}), so the shop may be: see `livesell check --deep`")
    engine = reader_engine(url_of(f"sqlite:///{part}", part.parent))
    try:
        with in_words(str(part)), one_view(engine) as connection:
            found = compare(connection)
    finally:
        engine.dispose()
    if found.differences:
        raise StoreError(f"the copy does not add up ({found.differences[0]}): see `livesell check --deep`")
    return f"{found.orders} orders, {found.events} events"


# --- people's data --------------------------------------------------------------------------------------------------

UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}


def age(words: str) -> timedelta:
    """A time span such as 90d, 12w, 6m or 1y; BadInput says how it is written."""
    found = re.fullmatch(r"([1-9]\d{0,4})([dwmy])", words.strip().lower())
    if found is None:
        raise BadInput(f"'{words}' is no time span: write 90d, 12w, 6m or 1y (days, weeks, months, years)")
    return timedelta(days=int(found[1]) * UNITS[found[2]])


async def purge(config: Config, older_than: str, *, now: datetime | None = None) -> str:
    """Take out the data of people who were not heard of for so long; says how much, and where more of it lies.

    Events, orders and sums stay. StoreBusy while a server has the file: the bytes can only go when nobody reads them.
    """
    now = now or utc_now()
    before = now - age(older_than)
    path = database_file(config)
    if path is not None and not path.exists():
        raise NotFound("database", path)
    done: list[Purged] = []

    async def work(writer: Writer) -> None:
        command = c.Purge(before=before)
        await writer.submit(Asked(None, (command,), lambda connection: done.append(purged(connection, before, now))))
        await asyncio.to_thread(sweep, writer.store)

    await writing(config, "stop it, purge, and start it again", work)
    found = done[-1]
    return "\n".join(
        [
            f"before {before:%Y-%m-%d}: {found.comments} comments emptied, {found.people} people forgotten",
            *(f"{copy.name} was kept before an upgrade and still holds people: delete it" for copy in copies(path)),
            "backups and recordings made earlier still hold what they held: delete those that are too old",
        ]
    )


def copies(path: Path | None) -> Iterator[Path]:
    """Copies that upgrades left beside a database file."""
    if path is not None:
        yield from sorted(path.parent.glob(f"{path.name}.before-*.bak"))
