"""Opening a database: connections with the right settings, the lock against a second writer, the schema's revision."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from livesell.errors import StoreAway, StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly, StoreUnsure
from livesell.store import schema

PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
    "foreign_keys": "ON",
    "busy_timeout": 5000,
    "journal_size_limit": 64 << 20,
    "mmap_size": 0,
    "trusted_schema": "OFF",
    "cell_size_check": "ON",
    "secure_delete": "ON",
}
"""Of every SQLite connection; an acknowledged commit has reached the medium, and removed people's bytes are gone."""

WRITERS = 0x6C697665
"""PostgreSQL's advisory lock that every writing transaction takes first, so that numbers follow commit order."""

CHANNEL = "livesell"
"""Where PostgreSQL's processes say the number of their last event after each commit."""


def url_of(text_url: str, folder: Path) -> URL:
    """The address of a database; a relative SQLite path lies in `folder`."""
    try:
        url = make_url(text_url)
    except SQLAlchemyError:
        raise StoreError(f"'{text_url}' is not the address of a database (sqlite:///shop.db)") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("a shop's database is a file (sqlite:///shop.db)")
        return url.set(drivername="sqlite", database=str(folder / url.database))
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"'{url.get_backend_name()}' is not supported: use sqlite or postgresql")


def writer_engine(url: URL) -> Engine:
    """The engine of the one writing connection."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"timeout": 5})
        event.listen(engine, "connect", _settle)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
    event.listen(engine, "begin", _take_lock)
    return engine


def reader_engine(url: URL) -> Engine:
    """The engine that pages read through: it can never write or checkpoint."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, pool_size=4, max_overflow=4, connect_args={"timeout": 5, "check_same_thread": False}
        )
        event.listen(engine, "connect", _settle_reader)
        event.listen(engine, "begin", _begin)
        return engine
    return create_engine(url, pool_size=4, max_overflow=4, pool_pre_ping=True)


@contextlib.contextmanager
def one_view(engine: Engine) -> Iterator[Connection]:
    """A read transaction in which every query sees the same moment, on PostgreSQL too."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _settle(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")


def _settle_reader(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for name in ("busy_timeout", "mmap_size", "trusted_schema", "cell_size_check"):
        connection.execute(f"PRAGMA {name}={PRAGMAS[name]}")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA query_only=ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _take_lock(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


# --- errors in words ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def in_words(place: str) -> Iterator[None]:
    """Turn what a driver says into a StoreError that names the place and the way out."""
    try:
        yield
    except IntegrityError:
        raise  # not about the place but about what was written: the store decides again
    except DBAPIError as error:
        raise told(error.orig, place) from error
    except sqlite3.Error as error:  # while connecting the driver speaks for itself
        raise told(error, place) from error


def told(error: BaseException | None, place: str) -> StoreError:
    """What a driver's error means for a person."""
    said = str(error)
    low = said.lower()
    name = getattr(error, "sqlite_errorname", None) or ""
    if type(error).__module__.startswith("psycopg") and _is_away(error):
        return StoreAway(f"{place}: the database server does not answer; livesell goes on by itself when it is back")
    if "disk is full" in low or "no space left" in low:
        return StoreFull(f"{place}: the disk is full; accepted orders are safe, free some space")
    if name in ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"):
        return StoreUnsure(
            f"{place}: the disk failed to keep a commit; what was acknowledged before is safe. "
            "Look after the disk, then start livesell again"
        )
    if "locked" in low or "busy" in low or "lock timeout" in low:
        return StoreBusy(
            f"{place}: {holder(place)} holds the database; close it (a backup or sync program, a second livesell)"
        )
    if "not a database" in low:
        return StoreDamaged(
            f"{place} is not a livesell database; name another file under [database] url, or restore a backup"
        )
    if "malformed" in low or "corrupt" in low:
        return StoreDamaged(f"{place} is damaged; stop, keep the file, and restore the last backup (docs/backup.md)")
    if "readonly" in low or "read-only" in low:
        return StoreReadOnly(f"{place} cannot be written: the folder {Path(place).parent} or its disk is read-only")
    if "unable to open" in low:
        return StoreError(f"{place} cannot be opened: does the folder exist, and may you write there?")
    if name.startswith("SQLITE_IOERR"):
        return StoreError(f"{place}: the disk does not do what it is told ({name}); is it still there, and writable?")
    first = re.split(r"[\r\n]", said.strip())[0]
    return StoreError(f"{place}: {first}")


def _is_away(error: BaseException | None) -> bool:
    """True of a lost connection and of a server that is starting or stopping."""
    state = getattr(error, "sqlstate", None)
    return type(error).__name__ in AWAY and (state is None or state[:2] in ("08", "57"))


AWAY = ("OperationalError", "AdminShutdown", "CrashShutdown", "CannotConnectNow", "InterfaceError")


def place_of(engine: Engine) -> str:
    """Where a database is, as a person knows it."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


def holder(place: str) -> str:
    """The other programs that have a file open, where the system says (Linux); else only that there is one."""
    wanted = Path(place).resolve()
    names = set()
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):  # processes of others, and those that have just ended
            if any(file.readlink() == wanted for file in (process / "fd").iterdir()):
                names.add(f"{(process / 'comm').read_text(encoding='utf-8').strip()} (process {process.name})")
    return " and ".join(sorted(names)) or "another program"


# --- one writer -----------------------------------------------------------------------------------------------------


class Lock:
    """The kernel's lock on `<database>.lock`; it goes with the process, however that ends.

    The file holds the address of who has it, for the second one to name.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take it, or StoreBusy that names who has it."""
        try:
            file = open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")  # noqa: SIM115, PTH123
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}") from None
        try:
            _lock(file)
        except OSError:
            who = file.read().strip() or "another livesell"
            file.close()
            raise StoreBusy(f"this shop is open already at {who}: use that one, or stop it first") from None
        self._file = file
        self.say("")

    def say(self, address: str) -> None:
        """Write down the address that this process answers at."""
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(address)
        self._file.flush()

    def give(self) -> None:
        """Give it back."""
        if self._file is not None:
            self.say("")
            self._file.close()
            self._file = None

    def holder(self) -> str | None:
        """The address of the process that has it, None if nobody has."""
        if not self.path.exists():
            return None
        with self.path.open("r+", encoding="utf-8") as file:
            try:
                _lock(file)
            except OSError:
                return file.read().strip()
        return None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        # A byte far behind the text: Windows forbids others to read what is locked.
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            file.seek(0)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# --- the schema -----------------------------------------------------------------------------------------------------


def prepare(engine: Engine, url: URL) -> None:
    """Bring the schema to this program's revision: made if there is none, migrated if it is older."""
    place = url.render_as_string(hide_password=True) if url.get_backend_name() != "sqlite" else str(url.database)
    with in_words(place), engine.begin() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            if url.get_backend_name() == "postgresql":
                schema.for_postgresql()
            schema.metadata.create_all(connection)
            connection.execute(schema.version.insert().values(version_num=schema.REVISION))
            return
        if "alembic_version" not in tables or "events" not in tables:
            raise StoreError(f"{place} belongs to another program; name another file under [database] url")
        found = connection.scalar(select(schema.version.c.version_num))
    if found != schema.REVISION:
        from livesell.store import migrate

        migrate.upgrade(engine, url, found)


def check(engine: Engine) -> str | None:
    """What SQLite finds wrong with the file, or None."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            return None
        found = connection.scalar(text("PRAGMA quick_check(1)"))
    return None if found == "ok" else str(found)


def copy_beside(database: Path, suffix: str) -> Path:
    """A copy of a database file that nobody writes, beside it."""
    target = database.with_name(f"{database.name}.{suffix}")
    shutil.copy2(database, target)
    return target


__all__ = [
    "Lock",
    "NullPool",
    "check",
    "copy_beside",
    "in_words",
    "one_view",
    "place_of",
    "prepare",
    "reader_engine",
    "told",
    "url_of",
    "writer_engine",
]
