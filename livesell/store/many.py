"""Many rows in one statement a table: by the driver's loop on SQLite, as one JSON document on PostgreSQL.

There each row of a loop is a message of its own, and each value of an array is escaped one by one, which costs more
than the row; and making a statement takes longer than carrying it out, so each is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Float,
    Insert,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    bindparam,
    insert,
    or_,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from livesell.store import schema as s

Row = Mapping[str, Any]


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, all with the same columns."""
    if connection.dialect.name == "sqlite":
        connection.execute(_insert(table), list(rows))
    elif rows:
        connection.exec_driver_sql(_from_json(table, tuple(rows[0]), ""), (document(rows),))


def upsert(connection: Connection, table: Table, values: Sequence[Row], only: Iterable[str] = ()) -> None:
    """Insert rows, or give those that are there these values (of the columns `only`, where some are named)."""
    if not values:
        return
    changed = tuple(only or values[0])
    if connection.dialect.name == "sqlite":
        connection.execute(_upsert(table, changed), list(values))
    else:
        statement = _from_json(table, tuple(values[0]), _conflict(table, changed))
        connection.exec_driver_sql(statement, (document(values),))


def move_stock(connection: Connection, moved: Sequence[Row]) -> int:
    """Change stock by what was decided, each variant only where that much is there; how many of them could be."""
    if connection.dialect.name == "sqlite":
        return connection.execute(MOVE_STOCK, list(moved)).rowcount
    return connection.exec_driver_sql(MOVE_FROM_JSON, (document(moved),)).rowcount


@lru_cache(maxsize=16)
def _insert(table: Table) -> Insert:
    return insert(table)


@lru_cache(maxsize=64)
def _upsert(table: Table, changed: tuple[str, ...]) -> Insert:
    statement = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    names = [name for name in changed if name not in keys]
    if not names:
        return statement.on_conflict_do_nothing()
    new = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=keys, set_=new)


MOVE_STOCK = (
    update(s.stock)
    .where(
        and_(
            s.stock.c.product == bindparam("code"),
            s.stock.c.variant == bindparam("kind"),
            or_(
                bindparam("may", type_=Boolean),
                s.stock.c.on_hand + bindparam("more", type_=BigInteger) - s.stock.c.reserved
                >= bindparam("held_more", type_=BigInteger),
            ),
            s.stock.c.reserved + bindparam("held_more", type_=BigInteger) >= 0,
        )
    )
    .values(
        on_hand=s.stock.c.on_hand + bindparam("more", type_=BigInteger),
        reserved=s.stock.c.reserved + bindparam("held_more", type_=BigInteger),
        below=bindparam("may", type_=Boolean),
    )
)

# --- PostgreSQL -----------------------------------------------------------------------------------------------------

MOVE_FROM_JSON = """
UPDATE stock SET on_hand = on_hand + more, reserved = reserved + held_more, below = may
FROM json_to_recordset(%s::json) AS moved (code text, kind text, more bigint, held_more bigint, may boolean)
WHERE product = code AND variant = kind
AND (may OR on_hand + more - reserved >= held_more) AND reserved + held_more >= 0
"""


def document(rows: Sequence[Row]) -> str:
    """The rows as JSON; bytes in the spelling that a column of bytes takes."""
    return msgspec.json.encode(
        [{name: f"\\x{value.hex()}" if type(value) is bytes else value for name, value in row.items()} for row in rows]
    ).decode()


@lru_cache(maxsize=64)
def _from_json(table: Table, names: tuple[str, ...], conflict: str) -> str:
    typed = ", ".join(f'"{name}" {_type(table.c[name].type)}' for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    # Names of our own schema only; values go as parameters.
    return (
        f'INSERT INTO "{table.name}" ({listed}) '  # noqa: S608
        f"SELECT {listed} FROM json_to_recordset(%s::json) AS found ({typed}){conflict}"
    )


@lru_cache(maxsize=64)
def _conflict(table: Table, changed: tuple[str, ...]) -> str:
    keys = [column.name for column in table.primary_key]
    listed = ", ".join(f'"{name}"' for name in keys)
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in changed if name not in keys)
    return f" ON CONFLICT ({listed}) DO " + (f"UPDATE SET {new}" if new else "NOTHING")


def _type(of: TypeEngine[Any]) -> str:
    """The type of a value; texts without their length, for a cast to one would cut them off without a word."""
    for kind, name in TYPES:
        if isinstance(of, kind):
            return name
    raise TypeError(f"a column of {of} is not known here: say in TYPES how it is written")


TYPES: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Boolean, "boolean"),
    (Float, "double precision"),
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (String, "text"),
    (LargeBinary, "bytea"),
)
