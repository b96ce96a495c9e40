"""The shelf behind a book: what the database holds, fetched when the desk looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from livesell import events as e
from livesell.commands import Heard
from livesell.ledger import Book, Counters, LineState, OrderState, ShowState, StockState, UnclearState
from livesell.model import BuyerId, Code, CommentId, EventNumber, IdentityId, LineId, OrderId, Product, ShowId
from livesell.store import rows
from livesell.store import schema as s

_events = msgspec.json.Decoder(e.AnyEvent)


def event_of(body: str) -> e.Event:
    """An event from its stored body."""
    event: e.Event = _events.decode(body)
    return event


class DatabaseShelf:
    """Fetches over one connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _one(self, statement: Any) -> Any:
        return self.connection.execute(statement).first()

    def show(self, show: ShowId) -> ShowState | None:
        row = self._one(SHOW.where(s.shows.c.id == show))
        return None if row is None else rows.show_state(row)

    def product(self, code: Code) -> Product | None:
        row = self._one(PRODUCT.where(s.products.c.code == code))
        return None if row is None else rows.product_of(row.body)

    def stock(self, product: Code) -> Iterable[StockState]:
        found = self.connection.execute(STOCK.where(s.stock.c.product == product))
        return [rows.stock_state(row) for row in found]

    def queue(self, product: Code) -> Iterable[LineState]:
        waiting = LINE.where(s.lines.c.product == product, s.lines.c.waitlisted > 0).order_by(s.lines.c.place)
        return [rows.line_state(row) for row in self.connection.execute(waiting)]

    def order(self, order: OrderId) -> OrderState | None:
        row = self._one(ORDER.where(s.orders.c.id == order))
        return None if row is None else rows.order_state(row)

    def order_named(self, show: ShowId, code: str) -> OrderState | None:
        row = self._one(ORDER.where(s.orders.c.code == code, s.orders.c.show == show))
        return None if row is None else rows.order_state(row)

    def orders_of(self, show: ShowId, buyer: BuyerId) -> Iterable[OrderState]:
        mine = ORDER.where(s.orders.c.show == show, s.orders.c.buyer == buyer).order_by(s.orders.c.id)
        return [rows.order_state(row) for row in self.connection.execute(mine)]

    def line(self, line: LineId) -> LineState | None:
        row = self._one(LINE.where(s.lines.c.id == line))
        return None if row is None else rows.line_state(row)

    def lines_of(self, order: OrderId) -> Iterable[LineState]:
        found = self.connection.execute(LINE.where(s.lines.c.order == order).order_by(s.lines.c.id))
        return [rows.line_state(row) for row in found]

    def lines_with(self, product: Code) -> Iterable[LineState]:
        asking = LINE.where(s.lines.c.product == product, s.lines.c.quantity > 0)
        return [rows.line_state(row) for row in self.connection.execute(asking)]

    def unclear(self, comment: CommentId) -> UnclearState | None:
        row = self._one(UNCLEAR.where(s.unclears.c.comment == comment))
        return None if row is None else rows.unclear_state(row)

    def heard(self, comment: CommentId) -> Heard | None:
        row = self._one(select(s.comments).where(s.comments.c.id == comment))
        if row is None:
            return None
        who = self._one(select(s.identities).where(s.identities.c.id == row.identity))
        return rows.heard_of(row, BuyerId(who.buyer if who else row.identity), who.author_id if who else None)

    def buyer_of(self, identity: IdentityId) -> BuyerId | None:
        row = self._one(select(s.identities.c.buyer).where(s.identities.c.id == identity))
        return None if row is None else BuyerId(row.buyer)

    def identities_of(self, buyer: BuyerId) -> Iterable[IdentityId]:
        mine = select(s.identities.c.id).where(s.identities.c.buyer == buyer).order_by(s.identities.c.id)
        return [IdentityId(number) for number in self.connection.scalars(mine)]

    def with_phone(self, phone: str) -> Iterable[IdentityId]:
        known = select(s.buyers.c.id).where(s.buyers.c.phone.in_(spellings(phone)))
        return [IdentityId(number) for number in self.connection.scalars(known)]

    def phone_known(self, identities: Iterable[IdentityId]) -> bool:
        known = select(s.buyers.c.id).where(s.buyers.c.id.in_(list(identities)), s.buyers.c.phone != "")
        return self.connection.scalar(known.limit(1)) is not None

    def step(self, event: EventNumber) -> tuple[list[tuple[EventNumber, e.Event]], bool]:
        first = self.connection.scalar(select(s.events.c.step).where(s.events.c.number == event))
        if first is None:
            return [], False
        found = self.connection.execute(
            select(s.events.c.number, s.events.c.body).where(s.events.c.step == first).order_by(s.events.c.number)
        )
        step = [(EventNumber(row.number), event_of(row.body)) for row in found]
        undone = self._one(select(s.events.c.number).where(s.events.c.target.between(step[0][0], step[-1][0])).limit(1))
        return step, undone is not None

    def held_before(self, show: ShowId, time: datetime) -> Iterable[LineId]:
        held = (
            select(s.lines.c.id)
            .where(
                s.lines.c.show == show,
                s.lines.c.held_at <= rows.micros(time),
                s.lines.c.reserved > s.lines.c.confirmed,
            )
            .order_by(s.lines.c.held_at, s.lines.c.id)
        )
        return [LineId(number) for number in self.connection.scalars(held)]

    def counters(self) -> Counters:
        """The highest numbers given so far."""
        highest = [
            self.connection.scalar(select(table.c.id).order_by(table.c.id.desc()).limit(1)) or 0
            for table in (s.shows, s.orders, s.lines)
        ]
        return Counters(*highest)


SHOW = select(s.shows)
PRODUCT = select(s.products.c.body)
STOCK = select(s.stock)
ORDER = select(s.orders)
LINE = select(s.lines)
UNCLEAR = select(s.unclears)
LINES_OF = LINE.where(s.lines.c.order.in_(bindparam("ids", expanding=True))).order_by(s.lines.c.id)


def spellings(phone: str) -> set[str]:
    """A phone as it may have been written down: E.164, and as it is dialled at home with spaces and without."""
    import phonenumbers  # only where phones tell people apart

    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return {phone}
    home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return {phone, home, "".join(letter for letter in home if letter.isdecimal())}


def preload_orders(book: Book, connection: Connection, orders: Sequence[OrderState]) -> None:
    """Let a book hold these orders with all their lines, in one query instead of one an order."""
    ids = [order.id for order in orders]
    found: dict[OrderId, list[LineState]] = {number: [] for number in ids}
    for chunk in chunks(ids):
        for row in connection.execute(LINES_OF, {"ids": list(chunk)}):
            line = rows.line_state(row)
            found[line.order].append(line)
    for order in orders:
        book.orders.setdefault(order.id, order)
        for line in found[order.id]:
            book.lines.setdefault(line.id, line)
        book.order_lines.setdefault(order.id, tuple(line.id for line in found[order.id]))


def chunks(ids: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Ids in pieces that fit into one IN list."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
