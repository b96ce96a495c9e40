"""The tables. Times are whole microseconds since 1970 (UTC), quantities thousandths, money minor units.

State tables hold what the events add up to; `events` is the ledger they can be rebuilt from. What is known of people
stands in `identities`, `buyers` and `comments` only, so that purging them leaves everything else.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

REVISION = "0002"
"""The migration that the tables below are the result of."""

metadata = MetaData()

# SQLite gives an alias of the row number only to a column of type INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")

version = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))

settings = Table(
    "settings", metadata, Column("key", String(200), primary_key=True), Column("value", Text, nullable=False)
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)
"""Commands that carried an id, and the events that answered them: a resend gets the same."""

events = Table(
    "events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("step", Number, nullable=False),
    Column("show", Number),
    Column("at", BigInteger, nullable=False),
    Column("type", String(16), nullable=False),
    Column("order", Number),
    Column("target", Number),
    Column("body", Text, nullable=False),
    Column("chain", LargeBinary(32), nullable=False),
    Index("events_step", "step"),
    Index("events_order", "order"),
    Index("events_target", "target"),
    sqlite_autoincrement=True,  # the number of a purged event must never be given again
)
"""`step`: the first event of the command that caused it. `chain`: SHA-256 over the chain before and this body."""

shows = Table(
    "shows",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("status", String(8), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("pinned", String(64)),
    Column("pinned_before", String(64)),
    Column("pinned_at", BigInteger),
    Column("orders", Integer, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("show", Number, primary_key=True, autoincrement=False),
    Column("name", String(200), primary_key=True),
    Column("platform", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("retry_at", BigInteger),
    Column("since", BigInteger, nullable=False),
    Column("alive_at", BigInteger),
)
"""`alive_at`: the last sign of life, from which a gap counts after a crash."""

buyers = Table(
    "buyers",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("name", Text),
    Column("phone", String(32)),
    Column("address", Text),
    Column("note", Text),
    Column("hidden", Boolean, nullable=False),
    Column("refused", Integer, nullable=False),
    Index("buyers_phone", "phone"),
)

identities = Table(
    "identities",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("platform", String(64), nullable=False),
    Column("author_id", String(200)),
    Column("name", Text, nullable=False),
    Column("buyer", Number, nullable=False),
    UniqueConstraint("platform", "author_id"),
    Index("identities_buyer", "buyer"),
)

comments = Table(
    "comments",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("show", Number, nullable=False),
    Column("platform", String(64), nullable=False),
    Column("message_id", String(300), nullable=False),
    Column("source", String(200), nullable=False),
    Column("identity", Number, nullable=False),
    Column("author", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("queue_at", BigInteger, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("intent", String(16)),
    Column("confidence", Float),
    Column("phone", String(32)),
    Column("reading", Text),
    UniqueConstraint("show", "platform", "message_id"),
    Index("comments_show", "show", "id"),
    Index("comments_identity", "identity"),
)

products = Table(
    "products",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("imported", Text),
)
"""`imported`: the raw cells of the sheet as last taken in, by column."""

stock = Table(
    "stock",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("variant", String(200), primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("below", Boolean, nullable=False),
    CheckConstraint("reserved >= 0", name="stock_not_negative"),
    CheckConstraint("below OR reserved <= on_hand", name="stock_not_oversold"),
)
"""`below`: back-orders are taken, stock may go below zero."""

orders = Table(
    "orders",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("show", Number, nullable=False),
    Column("number", Integer, nullable=False),
    Column("code", String(8), nullable=False, unique=True),
    Column("buyer", Number, nullable=False),
    Column("identity", Number, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen", Number, nullable=False),
    Column("refused", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("show", "number"),
    Index("orders_identity", "identity"),
    Index("orders_buyer", "show", "buyer"),
    Index("orders_show", "show", "id"),
)

lines = Table(
    "lines",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("order", Number, nullable=False),
    Column("show", Number, nullable=False),
    Column("identity", Number, nullable=False),
    Column("product", String(64), nullable=False),
    Column("options", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("waitlisted", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("promoted", BigInteger, nullable=False, server_default="0"),
    Column("unit_price", BigInteger, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("variant", String(200)),
    Column("pinned_before", String(64)),
    Column("held_at", BigInteger),
    Column("comments", Text, nullable=False),
    CheckConstraint("quantity = reserved + waitlisted", name="lines_sum"),
    Index("lines_order", "order"),
)
PARTIAL = [
    Index("lines_waiting", lines.c.product, lines.c.place, sqlite_where=lines.c.waitlisted > 0),
    Index("lines_held", lines.c.show, lines.c.held_at, sqlite_where=lines.c.reserved > lines.c.confirmed),
]
"""Indexes of a part of their table; `for_postgresql` tells PostgreSQL which."""

line_comments = Table(
    "line_comments",
    metadata,
    Column("comment", Number, primary_key=True, autoincrement=False),
    Column("line", Number, primary_key=True, autoincrement=False),
)

unclears = Table(
    "unclears",
    metadata,
    Column("comment", Number, primary_key=True, autoincrement=False),
    Column("show", Number),
    Column("reason", String(32), nullable=False),
    Column("candidates", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("how", String(16), nullable=False),
    Column("since", BigInteger),
)
PARTIAL.append(Index("unclears_open", unclears.c.show, sqlite_where=unclears.c.open))


def for_postgresql() -> None:
    """Tell PostgreSQL which part of a table its partial indexes cover.

    Said only where it is the database: the words of a dialect on an index import that dialect, part of the start.
    """
    for index in PARTIAL:
        index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
