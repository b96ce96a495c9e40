"""All state built again from the ledger's events, and in words where the stored tables differ from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, select, update

from livesell import events as e
from livesell.ledger import Book, Rules
from livesell.model import EventNumber, Struct
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.shelf import event_of

Key = tuple[Any, ...]
Row = Mapping[str, Any]


class Found(Struct, frozen=True):
    """What a comparison came to: how many events there are, and each difference as a sentence."""

    events: int
    orders: int
    differences: tuple[str, ...]


def compare(connection: Connection) -> Found:
    """Read the whole ledger inside one read transaction and compare; nothing is written."""
    book = Book(None, Rules())
    ledger = Ledger()
    wrong = list(ledger.read(connection, book))
    if not ledger.broken:
        wrong += states(connection, book)
    wrong += comments(connection, ledger)
    return Found(ledger.count, len(book.orders), tuple(wrong))


class Ledger:
    """The events in their order: each must follow the one before, be what its columns say, and fit into the book."""

    def __init__(self) -> None:
        self.count = 0
        self.broken = False
        self.comments: set[int] = set()

    def read(self, connection: Connection, book: Book) -> Iterator[str]:
        """Apply every event; a sentence for each that is missing, changed, or does not fit."""
        last, chain = 0, b""
        chained = True
        for row in connection.execute(select(s.events).order_by(s.events.c.number)):
            self.count += 1
            if row.number != last + 1:
                missing = str(last + 1) if row.number == last + 2 else f"{last + 1} to {row.number - 1}"
                yield f"event {missing} is missing from the ledger"
            last = row.number
            expected = hashlib.sha256(chain + row.body.encode()).digest()
            if row.chain != expected and chained:
                chained = False  # every later link would differ as well: it is told once
                yield f"event {row.number}: it, or one before it, was changed or taken out after it was written"
            chain = row.chain
            yield from self._apply(book, row)

    def _apply(self, book: Book, row: Any) -> Iterator[str]:
        try:
            event = event_of(row.body)
        except msgspec.DecodeError as error:
            self.broken = True
            yield f"event {row.number} cannot be read ({error}); the state cannot be built again"
            return
        told = {
            "show": event.show,
            "at": rows.micros(event.at),
            "type": event.__struct_config__.tag,
            "order": getattr(event, "order", None),
            "target": event.event if isinstance(event, e.Undone) else None,
        }
        for name, value in told.items():
            if row._mapping[name] != value:
                yield f"event {row.number}: {name} is {row._mapping[name]!r} in its row, {value!r} in the event"
        if isinstance(event, e.Commented):
            self.comments.add(event.comment)
        if self.broken:
            return
        try:
            book.apply(event, EventNumber(row.number))
        except (LookupError, AssertionError) as error:
            self.broken = True
            yield f"event {row.number} ({told['type']}) does not fit what came before it: {error}"


def mend(connection: Connection) -> int:
    """Give the rows of the state tables the values that the events give them, as columns added since then need them.

    How many rows were changed; none where the ledger itself is not sound, and none is added or taken away.
    """
    book, ledger = Book(None, Rules()), Ledger()
    if list(ledger.read(connection, book)):
        return 0
    mended = 0
    for _, table, built in tables(book):
        keys = [column.name for column in table.primary_key]
        for row in list(connection.execute(select(table))):
            stored = row._mapping
            wanted = built.get(tuple(stored[name] for name in keys), {})
            values = {name: value for name, value in wanted.items() if stored[name] != value}
            if values:
                mine = and_(*(table.c[name] == stored[name] for name in keys))
                connection.execute(update(table).where(mine).values(values))
                mended += 1
    return mended


def tables(book: Book) -> Sequence[tuple[str, Table, dict[Key, Row]]]:
    """Each state table with the rows that a book gives it, and what one of them is called."""
    return (
        ("show", s.shows, by_key(book.shows, rows.show_row, "id")),
        ("product", s.products, by_key(book.products, lambda one: {"code": one.code, "body": rows.text(one)}, "code")),
        ("stock of", s.stock, {key: stock_row(book, cell) for key, cell in book.stock.items()}),
        ("order", s.orders, by_key(book.orders, rows.order_row, "id")),
        ("line", s.lines, by_key(book.lines, rows.line_row, "id")),
        ("question about comment", s.unclears, by_key(book.unclears, rows.unclear_row, "comment")),
        ("author", s.identities, {(key,): {"id": key, "buyer": buyer} for key, buyer in book.buyers.items()}),
        ("comment and line", s.line_comments, behind(book)),
    )


def states(connection: Connection, book: Book) -> Iterator[str]:
    """Where a state table differs from the book."""
    names = {order.id: order.code for order in book.orders.values() if order is not None}
    for what, table, built in tables(book):
        yield from different(connection, what, table, built, names if table is s.orders else {})


def by_key(states: Mapping[Any, Any], row: Callable[[Any], Row], key: str) -> dict[Key, Row]:
    """The rows that states stand in, by their primary key."""
    found = (row(state) for state in states.values() if state is not None)
    return {(one[key],): one for one in found}


def stock_row(book: Book, cell: Any) -> Row:
    """A counted variant as its row has it."""
    product = book.product(cell.product)
    below = product is None or product.stock is None or product.back_orders
    return {
        "product": cell.product,
        "variant": cell.variant,
        "on_hand": cell.on_hand,
        "reserved": cell.reserved,
        "below": below,
    }


def behind(book: Book) -> dict[Key, Row]:
    """Which comments are behind which lines."""
    pairs = {(comment, line.id) for line in book.lines.values() if line is not None for comment in line.comments}
    return {pair: {"comment": pair[0], "line": pair[1]} for pair in pairs}


def different(
    connection: Connection, what: str, table: Table, built: dict[Key, Row], names: Mapping[Any, str]
) -> Iterator[str]:
    """A sentence for each row that is missing, left over, or has another value than the events give it."""
    keys = [column.name for column in table.primary_key]
    here: set[Key] = set()
    for row in connection.execute(select(table)):
        stored = row._mapping
        key = tuple(stored[name] for name in keys)
        here.add(key)
        name = f"{what} {names.get(key[0], ' '.join(str(part) for part in key if part != ''))}"
        if key not in built:
            yield f"{name} is stored, but no event made it"
            continue
        for column, value in built[key].items():
            if stored[column] != value:
                yield f"{name}: {column} is {stored[column]!r} in the table, {value!r} by the events"
    for key in sorted(built.keys() - here, key=str):
        name = f"{what} {names.get(key[0], ' '.join(str(part) for part in key if part != ''))}"
        yield f"{name} is missing from the table, but the events made it"


def comments(connection: Connection, ledger: Ledger) -> Iterator[str]:
    """Each stored comment has its event, and each event its comment (emptied or not)."""
    stored = set(connection.scalars(select(s.comments.c.id)))
    for number in sorted(stored - ledger.comments):
        yield f"comment {number} is stored, but no event tells that it came"
    for number in sorted(ledger.comments - stored):
        yield f"comment {number} came, but is not stored any more"
