"""Upgrades from every earlier revision, with a shop's data in place, on both databases, also cut off in the middle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, select

from livesell.store import migrate, schema
from livesell.store.engine import one_view, url_of
from livesell.store.rebuild import compare
from tests.shelves import fill, orders, reopen

EARLIER = [
    script.revision
    for script in ScriptDirectory.from_config(migrate.config()).walk_revisions()
    if script.revision != schema.REVISION
]
KEPT = ("events", "comments", "identities", "buyers", "products", "sources", "settings", "answers")


def of_revision(url: str, folder: Path, revision: str) -> None:
    """Make a database as an earlier livesell left it: its tables, and in them what they have room for of a shop."""
    (folder / "now").mkdir()
    store = reopen("sqlite:///shop.db", folder / "now")
    fill(store)
    with store.readers.connect() as connection, connection.begin():
        rows = {table: [dict(row._mapping) for row in connection.execute(select(table))] for table in tables()}
    store.close()
    engine = create_engine(url_of(url, folder))
    settings = migrate.config()
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
    then = MetaData()
    with engine.begin() as connection:
        then.reflect(connection)
        for table, found in rows.items():
            old = then.tables.get(table.name)
            if old is not None and found:
                known = [{name: value for name, value in row.items() if name in old.columns} for row in found]
                connection.execute(old.insert(), known)
    engine.dispose()


def tables() -> list[Any]:
    """Every table but the one with the revision."""
    return [table for table in schema.metadata.tables.values() if table is not schema.version]


def held(engine: Engine) -> Mapping[str, list[Any]]:
    """What is in the tables that no event makes."""
    with one_view(engine) as connection:
        return {name: sorted(map(repr, connection.execute(select(schema.metadata.tables[name])))) for name in KEPT}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest) -> str:
    """The database under test."""
    found: str = "sqlite:///shop.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return found


@pytest.mark.parametrize("revision", EARLIER)
def test_a_shop_of_an_earlier_livesell_is_taken_over_whole(address: str, tmp_path: Path, revision: str) -> None:
    """Every order and person is there, new columns have what the events say, and the tables are those of today."""
    of_revision(address, tmp_path, revision)
    store = reopen(address, tmp_path)
    try:
        now = reopen("sqlite:///shop.db", tmp_path / "now")
        assert orders(store) == orders(now)
        assert held(store.readers) == held(now.readers)
        now.close()
        with one_view(store.readers) as connection:
            assert compare(connection).differences == ()
            assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    finally:
        store.close()
    if store.sqlite:
        assert (tmp_path / f"shop.db.before-{revision}.bak").exists()


CUT = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from livesell.ledger import Rules
from livesell.store import Store
from tests.exactreader import ExactReader

store = Store("sqlite:///shop.db", folder=Path("."), rules=Rules(), reader=ExactReader())
left = int(sys.argv[1])

@event.listens_for(store.engine, "before_cursor_execute")
def count(connection, cursor, statement, parameters, context, executemany):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

store.open()
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_an_upgrade_that_is_cut_off_leaves_the_shop_whole(tmp_path: Path) -> None:
    """Killed before each of its statements in turn: the next start upgrades it, and nothing is missing."""
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": ""}
    killed = 0
    for statement in (5, 8, 12, 16, 24, 1000):
        folder = tmp_path / str(statement)
        folder.mkdir()
        of_revision("sqlite:///shop.db", folder, "0001")
        done = subprocess.run(
            [sys.executable, "-c", CUT, str(statement)], cwd=folder, env=environment, capture_output=True, check=False
        )
        killed += done.returncode == -9
        assert done.returncode in (0, -9), done.stderr.decode()
        store = reopen("sqlite:///shop.db", folder)
        with one_view(store.readers) as connection:
            assert compare(connection).differences == ()
        store.close()
    assert killed > 3, "the upgrade was hardly ever cut off: the test proves nothing"
