"""The `[[source]]` tables that were added by a pasted link: they live in the database, beside the configuration's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, inspect, select

from livesell.store import rows
from livesell.store import schema as s
from livesell.store.writing import upsert

KEY = "sources"
"""The setting under which they stand."""


def added(connection: Connection) -> list[dict[str, Any]]:
    """The tables, in the order they were added in; none where no livesell has run on the database yet."""
    if not inspect(connection).has_table(s.settings.name):
        return []
    found = connection.scalar(select(s.settings.c.value).where(s.settings.c.key == KEY))
    return msgspec.json.decode(found, type=list[dict[str, Any]]) if found else []


def change(connection: Connection, *, take: str = "", add: Sequence[dict[str, Any]] = ()) -> None:
    """Take out the source of a name, and add tables behind the others."""
    kept = [one for one in added(connection) if one.get("name", one.get("platform")) != take]
    upsert(connection, s.settings, [{"key": KEY, "value": rows.text([*kept, *add])}])
