"""Copies of the shop that can be trusted, and people's data that is really gone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Text, create_engine, select
from sqlalchemy.types import String

from livesell import commands as c
from livesell.checking import check
from livesell.config import Config, Database
from livesell.errors import BadInput, NotFound, StoreBusy, StoreError
from livesell.keeping import age, backup, purge
from livesell.model import ShowId
from livesell.store import schema
from livesell.store.engine import Lock, one_view, reader_engine, url_of
from livesell.store.rebuild import compare
from tests.shelves import NOW, PHONE, ask, comment, fill, orders, reopen, say

LATER = NOW + timedelta(days=100)
TRACES = ("Name-of-", "author-", PHONE, "Secret-Street", "Private-note", "msg-", "hello")
"""What `tests.shelves.fill` knows of people; nothing of it may be left."""


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    """A shop with a bit of everything, its store closed."""
    store = reopen("sqlite:///shop.db", tmp_path)
    fill(store)
    store.close()
    return Config(folder=tmp_path)


# --- backup ---------------------------------------------------------------------------------------------------------


def test_a_backup_is_made_while_the_shop_takes_orders(tmp_path: Path) -> None:
    """It is one moment of the shop, sound by itself, with nothing beside it, and the writer was never kept waiting."""
    store = reopen("sqlite:///shop.db", tmp_path)
    fill(store)
    done = threading.Event()

    def busy() -> None:
        for number in range(1000, 1_000_000):
            say(store, comment(number, "A2 1", f"buyer{number % 50}"))
            if done.is_set():
                return

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        said = backup(Config(folder=tmp_path), tmp_path / "copy.db", NOW)
    finally:
        done.set()
        writer.join()
        store.close()
    assert "orders" in said
    assert "people's data" in said
    assert sorted(path.name for path in tmp_path.glob("copy.db*")) == ["copy.db"]
    engine = create_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with one_view(engine) as connection:
        assert compare(connection).differences == ()
    engine.dispose()


def test_a_shop_is_restored_as_the_document_says(shop: Config) -> None:
    """Move the broken file and its log away, copy the backup there, check, go on: everything of the backup is there."""
    folder = shop.folder
    backup(shop, folder / "monday.db", NOW)
    store = reopen("sqlite:///shop.db", folder)
    before = orders(store)
    say(store, comment(77, "A2 5", "late"))
    broken = folder / "broken"
    broken.mkdir()
    for name in ("shop.db", "shop.db-wal", "shop.db-shm"):
        shutil.copy(folder / name, broken / name)
    store.close()
    for name in ("shop.db", "shop.db-wal", "shop.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(folder / "monday.db", folder / "shop.db")
    assert check(shop, StringIO(), deep=True) == 0
    store = reopen("sqlite:///shop.db", folder)
    assert orders(store) == before
    assert say(store, comment(77, "A2 5", "late")).accepted == 1
    store.close()


def test_a_folder_gets_a_file_with_the_date_in_its_name(shop: Config) -> None:
    """So that yesterday's copy stays."""
    target = shop.folder / "stick"
    target.mkdir()
    backup(shop, target, NOW)
    assert [path.name for path in target.iterdir()] == [f"shop-{NOW.astimezone():%Y-%m-%d-%H%M%S}.db"]


def test_a_copy_that_is_not_sound_gets_no_name(shop: Config) -> None:
    """The copy from yesterday stays in its place, and the words say where to look."""
    target = shop.folder / "copy.db"
    backup(shop, target, NOW)
    good = target.read_bytes()
    with sqlite3.connect(shop.folder / "shop.db") as database:
        database.execute("UPDATE lines SET unit_price = 7 WHERE id = 1")
    database.close()
    with pytest.raises(StoreError, match=r"does not add up \(line 1: unit_price"):
        backup(shop, target, NOW)
    assert target.read_bytes() == good
    assert not (shop.folder / "copy.db.part").exists()


def test_a_backup_that_cannot_be_made_says_why(shop: Config) -> None:
    """The shop's own file, a folder that is not there, a shop that is not there."""
    with pytest.raises(BadInput, match="the shop's own database"):
        backup(shop, shop.folder / "shop.db", NOW)
    with pytest.raises(BadInput, match="the shop's own database"):
        backup(shop, shop.folder / "shop.db-wal", NOW)
    with pytest.raises(BadInput, match="make that folder first"):
        backup(shop, shop.folder / "no" / "copy.db", NOW)
    with pytest.raises(NotFound):
        backup(Config(folder=shop.folder, database=Database(url="sqlite:///other.db")), shop.folder / "copy.db", NOW)


def test_a_damaged_shop_is_not_copied_over_a_good_backup(shop: Config) -> None:
    """The words name the shop's file, and the older copy stays."""
    target = shop.folder / "copy.db"
    backup(shop, target, NOW)
    good = target.read_bytes()
    data = bytearray((shop.folder / "shop.db").read_bytes())
    data[4096 * 2 : 4096 * 12] = os.urandom(4096 * 10)
    (shop.folder / "shop.db").write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged|does not add up"):
        backup(shop, target, NOW)
    assert target.read_bytes() == good


def test_on_postgres_backup_names_the_servers_own_tool(tmp_path: Path) -> None:
    """In words that can be copied, without the password."""
    config = Config(folder=tmp_path, database=Database(url="postgresql://shop:secret@127.0.0.1/shop"))
    with pytest.raises(
        BadInput, match=r"pg_dump --format=custom --file=.*copy\.db postgresql://shop:\*\*\*@"
    ) as refusal:
        backup(config, tmp_path / "copy.db", NOW)
    assert "secret" not in str(refusal.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps files apart by the user's profile, not by a mode")
def test_nobody_else_may_read_a_backup(shop: Config) -> None:
    """It holds people, whatever the caller's umask is."""
    before = os.umask(0o022)
    try:
        backup(shop, shop.folder / "copy.db", NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((shop.folder / "copy.db").stat().st_mode) == 0o600


# --- purge ----------------------------------------------------------------------------------------------------------


def bytes_of(folder: Path) -> bytes:
    """All that lies in a shop's file and its log."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("shop.db*")))


async def test_what_was_known_of_people_is_gone_from_the_files_bytes(shop: Config) -> None:
    """Free pages and the log included; before it everything of it is found there, else the test proves nothing."""
    before = bytes_of(shop.folder)
    assert all(trace.encode() in before for trace in TRACES)
    said = await purge(shop, "90d", now=LATER)
    assert "6 comments emptied, 4 people forgotten" in said
    after = bytes_of(shop.folder)
    assert [trace for trace in TRACES if trace.encode() in after] == []


async def test_orders_sums_and_the_ledger_stay(shop: Config) -> None:
    """The state can still be built again, and what was sold for how much is what it was."""
    store = reopen("sqlite:///shop.db", shop.folder)
    before = orders(store)
    store.close()
    await purge(shop, "90d", now=LATER)
    store = reopen("sqlite:///shop.db", shop.folder)
    after = orders(store)
    assert [order["total"] for order in after] == [order["total"] for order in before]
    assert [order["lines"] for order in after] == [order["lines"] for order in before]
    assert {order["buyer"]["name"] for order in after} == {"—"}
    with one_view(store.readers) as connection:
        assert compare(connection).differences == ()
    store.close()


async def test_people_of_whom_was_heard_since_stay(shop: Config) -> None:
    """Their old comments are emptied, who they are is kept: name, phone, address, and that two names are one person."""
    store = reopen("sqlite:///shop.db", shop.folder)
    ask(store, c.EndShow(), now=NOW + timedelta(hours=1))
    ask(store, c.OpenShow(), show=None, now=LATER - timedelta(days=5))
    say(store, comment(50, "A2 1", "lin"), now=LATER - timedelta(days=5), show=ShowId(2))
    store.close()
    await purge(shop, "90d", now=LATER)
    store = reopen("sqlite:///shop.db", shop.folder)
    with store.readers.connect() as connection, connection.begin():
        names = set(connection.scalars(select(schema.identities.c.name)))
        texts = set(connection.scalars(select(schema.comments.c.text)))
        phones = set(connection.scalars(select(schema.buyers.c.phone)))
    store.close()
    assert names == {"Name-of-mai", "Name-of-lin", "—"}
    assert texts == {"", "A2 1"}
    assert phones == {PHONE}


async def test_a_show_that_may_go_on_keeps_what_tells_its_comments_apart(tmp_path: Path) -> None:
    """A source that delivers them again after the purge makes no second order."""
    store = reopen("sqlite:///shop.db", tmp_path)
    fill(store)
    ask(store, c.Pin(code=None), now=NOW + timedelta(hours=30))
    store.close()
    await purge(Config(folder=tmp_path), "1d", now=NOW + timedelta(hours=31))
    store = reopen("sqlite:///shop.db", tmp_path)
    assert say(store, comment(1, "A1 2"), now=NOW + timedelta(hours=31)).duplicates == 1
    store.close()


def test_every_column_is_kept_or_emptied_on_purpose() -> None:
    """A new column of text in a table of people must be decided about: does it name somebody?"""
    emptied = {
        "comments": {"message_id", "author", "text", "phone", "reading"},
        "identities": {"author_id", "name"},
        "buyers": {"name", "phone", "address", "note"},
    }
    kept = {
        "comments": {"platform", "source", "role", "intent"},
        "identities": {"platform"},
        "buyers": set[str](),
    }
    for name, gone in emptied.items():
        table = schema.metadata.tables[name]
        texts = {column.name for column in table.columns if isinstance(column.type, String | Text)}
        assert texts == gone | kept[name], f"{name}: say in livesell/store/purge.py what becomes of a new column"


@pytest.mark.postgres
async def test_people_are_forgotten_on_a_server_too(postgres_url: str, tmp_path: Path) -> None:
    """In every column of every table; the events stay."""
    store = reopen(postgres_url, tmp_path)
    fill(store)
    store.close()
    await purge(Config(folder=tmp_path, database=Database(url=postgres_url)), "90d", now=LATER)
    engine = reader_engine(url_of(postgres_url, tmp_path))
    with one_view(engine) as connection:
        everything = "".join(
            str(row) for name in schema.metadata.tables.values() for row in connection.execute(select(name))
        )
        assert compare(connection).differences == ()
    engine.dispose()
    assert [trace for trace in TRACES if trace in everything] == []
    assert "purged" in everything


async def test_a_running_shop_is_not_purged(shop: Config) -> None:
    """The words say what to do instead."""
    lock = Lock(shop.folder / "shop.db")
    lock.take()
    lock.say("http://127.0.0.1:8777")
    try:
        with pytest.raises(StoreBusy, match="stop it, purge, and start it again"):
            await purge(shop, "90d", now=LATER)
    finally:
        lock.give()


async def test_copies_that_upgrades_left_are_named(shop: Config) -> None:
    """They hold people as well."""
    (shop.folder / "shop.db.before-0001.bak").write_bytes(b"old")
    said = await purge(shop, "90d", now=LATER)
    assert "shop.db.before-0001.bak was kept before an upgrade and still holds people: delete it" in said
    assert "backups and recordings made earlier still hold" in said


@pytest.mark.parametrize(("words", "days"), [("90d", 90), ("12w", 84), ("6m", 180), ("1y", 365), (" 30D ", 30)])
def test_an_age_is_said_in_days_weeks_months_or_years(words: str, days: int) -> None:
    """A month is 30 days."""
    assert age(words) == timedelta(days=days)


@pytest.mark.parametrize("words", ["", "90", "d", "0d", "-5d", "90 d d", "1h", "999999d"])
def test_an_age_that_cannot_be_read_is_refused(words: str) -> None:
    """Nothing is purged by a guess."""
    with pytest.raises(BadInput, match="write 90d"):
        age(words)
