"""Writing a batch down: what it added, and what its events changed, in as few statements as there are tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from livesell import commands as c
from livesell import events as e
from livesell.commands import Heard
from livesell.ledger import Book, StockState
from livesell.model import BuyerId, Code, EventNumber
from livesell.store import many, rows
from livesell.store import schema as s
from livesell.store.asks import Numbered
from livesell.store.intake import Intake
from livesell.store.many import upsert
from livesell.store.shelf import DatabaseShelf

if TYPE_CHECKING:
    pass


class Work:
    """What a batch has done so far, on its way into the tables."""

    def __init__(self, last: int, chain: bytes) -> None:
        self.last, self.chain = last, chain
        self.events: list[Numbered] = []
        self.event_rows: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.deleted: set[int] = set()
        self.read_again: dict[int, dict[str, Any]] = {}
        self.answers: dict[str, tuple[int, int]] = {}
        self.buyers: dict[BuyerId, dict[str, Any]] = {}

    def add(self, number: EventNumber, step: EventNumber, event: e.Event, body: bytes, chain: bytes) -> None:
        """Append an event to the ledger."""
        self.last, self.chain = number, chain
        self.events.append(Numbered(number, event))
        self.event_rows.append(
            {
                "number": number,
                "step": step,
                "show": event.show,
                "at": rows.micros(event.at),
                "type": event.__struct_config__.tag,
                "order": getattr(event, "order", None),
                "target": event.event if isinstance(event, e.Undone) else None,
                "body": body.decode(),
                "chain": chain,
            }
        )


class WritingShelf(DatabaseShelf):
    """A shelf that remembers what stock the database holds, so that a change of it can be written as a difference."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.stored: dict[tuple[Code, str], StockState] = {}

    def stock(self, product: Code) -> Iterable[StockState]:
        found = list(super().stock(product))
        self.stored.update({(product, cell.variant): cell for cell in found})
        return found


def people(work: Work, command: c.Command) -> None:
    """What a command says of a person goes to the person, not into events."""
    if isinstance(command, c.SetContact):
        given = {"name": command.name, "phone": command.phone, "address": command.address, "note": command.note}
        fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if command.refused is not None:
            fields["refused"] = int(command.refused)
        work.buyers.setdefault(command.buyer, {}).update(fields)
    elif isinstance(command, c.HideName):
        work.buyers.setdefault(command.buyer, {})["hidden"] = True


def phone_said(work: Work, book: Book, heard: Heard, events: Iterable[e.Event]) -> None:
    """Keep the phone of a comment that made its author known by it."""
    phone = heard.reading.phone if heard.reading is not None else None
    if phone is not None and any(isinstance(event, e.Known) for event in events):
        work.buyers.setdefault(BuyerId(heard.identity), {})["phone"] = phone
        book.phones.setdefault(phone, set()).add(heard.identity)


def flush(connection: Connection, book: Book, shelf: WritingShelf, intake: Intake, work: Work) -> None:
    """Write a batch; raises what the database refuses, and Stale where the book had it wrong."""
    if intake.new_people:
        many.add(connection, s.identities, intake.new_people)
    for identity, name in intake.renamed.items():
        connection.execute(update(s.identities).where(s.identities.c.id == identity).values(name=name))
    if work.comments:
        many.add(connection, s.comments, work.comments)
    for comment, reading in work.read_again.items():
        connection.execute(update(s.comments).where(s.comments.c.id == comment).values(**reading))
    if work.deleted:
        deleted = update(s.comments).where(s.comments.c.id.in_(sorted(work.deleted)))
        connection.execute(deleted.values(flags=s.comments.c.flags.op("|")(rows.DELETED)))
    if work.event_rows:
        many.add(connection, s.events, work.event_rows)
    for key, (first, last) in work.answers.items():
        at = work.event_rows[-1]["at"] if work.event_rows else 0
        connection.execute(insert(s.answers).values(id=key, at=at, first=first, last=last))
    changed = book.changed
    upsert(connection, s.shows, [rows.show_row(show) for show in held(book.shows, changed["shows"])])
    put_stock(connection, book, shelf)
    put_products(connection, book)
    upsert(connection, s.orders, [rows.order_row(order) for order in held(book.orders, changed["orders"])])
    lines = held(book.lines, changed["lines"])
    upsert(connection, s.lines, [rows.line_row(line) for line in lines])
    behind = [{"comment": comment, "line": line.id} for line in lines for comment in line.comments]
    upsert(connection, s.line_comments, behind)
    upsert(connection, s.unclears, [rows.unclear_row(one) for one in held(book.unclears, changed["unclears"])])
    for identity in changed["buyers"]:
        moved = update(s.identities).where(s.identities.c.id == identity)
        if book.buyers[identity] != identity or not any(row["id"] == identity for row in intake.new_people):
            connection.execute(moved.values(buyer=book.buyers[identity]))
    for buyer, fields in work.buyers.items():
        empty = {"id": buyer, "hidden": False, "refused": 0}
        upsert(connection, s.buyers, [{**empty, **fields}], only=fields)
    put_sources(connection, work.events)
    book.phones.clear()
    for keys in changed.values():
        keys.clear()


def held(states: Mapping[Any, Any], keys: Iterable[Any]) -> list[Any]:
    """The states of these keys, in the order of the keys."""
    return [states[key] for key in sorted(keys)]


def put_sources(connection: Connection, events: Sequence[Numbered]) -> None:
    """The last state of each source that changed."""
    newest = {(one.event.show, one.event.source): one.event for one in events if isinstance(one.event, e.Source)}
    found = [
        {
            "show": event.show or 0,
            "name": event.source,
            "platform": event.platform,
            "state": event.state,
            "reason": event.reason,
            "retry_at": None if event.retry_at is None else rows.micros(event.retry_at),
            "since": rows.micros(event.at),
        }
        for event in newest.values()
    ]
    upsert(connection, s.sources, found)


def put_products(connection: Connection, book: Book) -> None:
    """Products keep the place in the list that they first got."""
    for code in sorted(book.changed["products"]):
        product = book.products[code]
        body = rows.text(product)
        below = product is not None and (product.stock is None or product.back_orders)
        connection.execute(update(s.stock).where(s.stock.c.product == code).values(below=below))
        done = connection.execute(update(s.products).where(s.products.c.code == code).values(body=body))
        if done.rowcount == 0:
            last = connection.scalar(select(s.products.c.position).order_by(s.products.c.position.desc()).limit(1))
            connection.execute(insert(s.products).values(code=code, position=(last or 0) + 1, body=body))


def put_stock(connection: Connection, book: Book, shelf: WritingShelf) -> None:
    """Stock changes by one conditional statement a variant; it fails where there is less than the book thought."""
    moved = []
    for key in sorted(book.changed["stock"]):
        cell = book.stock[key]
        assert cell is not None
        product = book.product(cell.product)
        below = product is None or product.stock is None or product.back_orders
        before = shelf.stored.get(key)
        if before is None:
            fresh = {"product": key[0], "variant": key[1], "on_hand": cell.on_hand, "reserved": cell.reserved}
            connection.execute(insert(s.stock).values(**fresh, below=below))
        else:
            more, held_more = cell.on_hand - before.on_hand, cell.reserved - before.reserved
            moved.append({"code": key[0], "kind": key[1], "more": more, "held_more": held_more, "may": below})
        shelf.stored[key] = cell
    if moved and many.move_stock(connection, moved) != len(moved):
        from livesell.store import Stale

        raise Stale(f"stock of {', '.join(sorted({str(row['code']) for row in moved}))}")


__all__ = ["Work", "WritingShelf", "flush", "people", "upsert"]
