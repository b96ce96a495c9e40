"""Migrations by Alembic, run from here: imported only when a database is older than the program."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from livesell.errors import StoreError
from livesell.store.engine import copy_beside
from livesell.store.rebuild import mend
from livesell.store.schema import REVISION

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's settings; there is no ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return settings


def upgrade(engine: Engine, url: URL, found: str | None) -> None:
    """Take a database to the newest revision, one transaction a step; a copy of an SQLite file is kept beside it."""
    settings = config()
    try:
        known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    except CommandError as error:
        raise StoreError(f"the migrations cannot be read: {error}") from None
    if found not in known:
        raise StoreError(
            f"the database is of revision {found}, which this livesell does not know: "
            "a newer one has written it; update livesell"
        )
    if url.get_backend_name() == "sqlite" and url.database:
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
        copy_beside(Path(url.database), f"before-{found}.bak")
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    with engine.begin() as connection:
        mended = mend(connection)
    log.warning("the database is of revision %s now (it was %s); %d rows were filled in", REVISION, found, mended)
