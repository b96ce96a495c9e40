"""What pages and programs are shown: the shapes of docs/api.md, read in one short transaction.

The same book as the desk's looks them up, so that what a page shows of an order is what the desk decides on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, func, select

from livesell.ledger import Book, LineState, OrderState, ShowState
from livesell.model import (
    BuyerId,
    Claim,
    Code,
    CommentId,
    IdentityId,
    LineId,
    Money,
    OrderId,
    Product,
    Quantity,
    Reading,
    ShowId,
    Struct,
    quantity_number,
    times,
)
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.shelf import DatabaseShelf, chunks, preload_orders

Shape = dict[str, Any]

LAST_COMMENTS = 200
OPEN_ORDERS = 1_000


class Person(Struct, frozen=True):
    """A buyer as pages show her."""

    id: BuyerId
    name: str
    platform: str
    platforms: tuple[str, ...]
    phone: str | None = None
    address: str | None = None
    note: str | None = None
    hidden: bool = False
    refused: int = 0


class Look:
    """One read transaction; every method gives shapes as of its beginning."""

    def __init__(self, connection: Connection, currency: str, decimals: int) -> None:
        self.connection, self.currency, self.decimals = connection, currency, decimals
        self.book = Book(DatabaseShelf(connection))
        self._people: dict[BuyerId, Person] = {}

    # --- money, people --------------------------------------------------------------------------------------------

    def money(self, amount: int) -> str:
        """Minor units as a plain decimal in the currency's own places."""
        if not self.decimals:
            return str(amount)
        sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(self.decimals + 1, "0")
        return f"{sign}{digits[: -self.decimals]}.{digits[-self.decimals :]}"

    def people(self, buyers: Iterable[BuyerId]) -> None:
        """Fetch buyers together."""
        missing = sorted({buyer for buyer in buyers if buyer not in self._people})
        for chunk in chunks(missing):
            names: dict[int, list[Any]] = {}
            mine = select(s.identities).where(s.identities.c.buyer.in_(chunk)).order_by(s.identities.c.id)
            for row in self.connection.execute(mine):
                names.setdefault(row.buyer, []).append(row)
            known = {row.id: row for row in self.connection.execute(select(s.buyers).where(s.buyers.c.id.in_(chunk)))}
            for buyer in chunk:
                identities = names.get(buyer, [])
                own = next((row for row in identities if row.id == buyer), identities[0] if identities else None)
                about = known.get(buyer)
                self._people[buyer] = Person(
                    id=buyer,
                    name=(about.name if about is not None and about.name else None) or (own.name if own else ""),
                    platform=own.platform if own else "",
                    platforms=tuple(dict.fromkeys(row.platform for row in identities)),
                    phone=about.phone if about is not None else None,
                    address=about.address if about is not None else None,
                    note=about.note if about is not None else None,
                    hidden=bool(about.hidden) if about is not None else False,
                    refused=about.refused if about is not None else 0,
                )

    def person(self, buyer: BuyerId) -> Person:
        """A buyer."""
        self.people([buyer])
        return self._people[buyer]

    def buyer(self, buyer: BuyerId) -> Shape:
        """A buyer for the seller's key."""
        person = self.person(buyer)
        return {
            "id": person.id,
            "name": person.name,
            "platform": person.platform,
            "platforms": list(person.platforms),
            "phone": person.phone,
            "address": person.address,
            "note": person.note,
            "hidden": person.hidden,
            "refused": person.refused,
        }

    # --- orders ---------------------------------------------------------------------------------------------------

    def order(self, order: OrderState) -> Shape:
        """An order with its lines."""
        lines = self.book.lines_of(order.id)
        deleted = self.deleted(number for line in lines for number in line.comments)
        amounts = [times(line.unit_price, line.quantity) for line in lines]
        return {
            "code": order.code,
            "number": order.number,
            "status": order.status,
            "buyer": self.buyer(order.buyer),
            "lines": [self.line(line, amount, deleted) for line, amount in zip(lines, amounts, strict=True)],
            "total": self.money(sum(amounts)),
            "held_total": self.money(sum(times(line.unit_price, line.reserved) for line in lines)),
            "currency": self.currency,
            "seen": order.seen,
            "created_at": order.created_at,
            "held": any(line.reserved for line in lines),
            "fresh": any(line.reserved > line.confirmed for line in lines),
        }

    def line(self, line: LineState, amount: Money, deleted: set[int]) -> Shape:
        """A line of an order."""
        product = self.book.product(line.product)
        missing = [] if product is None else [one for one in product.options if one.name not in line.options]
        return {
            "id": line.id,
            "code": line.product,
            "name": product.name if product is not None else line.product,
            "unit": product.unit if product is not None else "",
            "options": dict(line.options),
            "quantity": quantity_number(line.quantity),
            "reserved": quantity_number(line.reserved),
            "waitlisted": quantity_number(line.waitlisted),
            "confirmed": quantity_number(line.confirmed),
            "unit_price": self.money(line.unit_price),
            "amount": self.money(amount),
            "settled": line.settled,
            "missing": [{"name": one.name, "values": [value.name for value in one.values]} for one in missing],
            "place": self.place(line),
            "comments": [str(number) for number in line.comments],
            "pinned_before": line.pinned_before,
            "deleted": any(number in deleted for number in line.comments),
        }

    def place(self, line: LineState) -> int | None:
        """A waiting line's place in its queue, from 1."""
        if not line.waitlisted or line.variant is None:
            return None
        ahead = [one.id for one in self.book.queue(line.product, line.variant)]
        return ahead.index(line.id) + 1 if line.id in ahead else None

    def deleted(self, comments: Iterable[CommentId]) -> set[int]:
        """Which of these comments the platform took away."""
        found: set[int] = set()
        for chunk in chunks(sorted(set(comments))):
            gone = select(s.comments.c.id).where(
                s.comments.c.id.in_(chunk), s.comments.c.flags.op("&")(rows.DELETED) != 0
            )
            found.update(self.connection.scalars(gone))
        return found

    def orders(
        self, show: ShowId, *, after: str | None = None, limit: int = 50, status: Sequence[str] = ()
    ) -> list[Shape]:
        """A page of orders, oldest first, going on after the order of that code."""
        wanted = select(s.orders).where(s.orders.c.show == show).order_by(s.orders.c.id).limit(limit)
        if after is not None:
            last = self.book.order_named(show, after)
            if last is None:
                return []
            wanted = wanted.where(s.orders.c.id > last.id)
        if status:
            wanted = wanted.where(s.orders.c.status.in_(status))
        return self._orders([rows.order_state(row) for row in self.connection.execute(wanted)])

    def _orders(self, found: Sequence[OrderState]) -> list[Shape]:
        preload_orders(self.book, self.connection, found)
        self.people(order.buyer for order in found)
        return [self.order(order) for order in found]

    def orders_by_id(self, ids: Iterable[OrderId]) -> list[Shape]:
        """These orders, oldest first."""
        found = [order for order in (self.book.order(number) for number in sorted(set(ids))) if order is not None]
        return self._orders(found)

    # --- comments -------------------------------------------------------------------------------------------------

    def comments(self, ids: Iterable[CommentId]) -> list[Shape]:
        """These comments, oldest first."""
        found: list[Any] = []
        for chunk in chunks(sorted(set(ids))):
            found += self.connection.execute(select(s.comments).where(s.comments.c.id.in_(chunk)))
        return self._comments(sorted(found, key=lambda row: row.id))

    def last_comments(self, show: ShowId, limit: int = LAST_COMMENTS, before: int | None = None) -> list[Shape]:
        """The newest comments of a show (older than number `before`), oldest first."""
        wanted = select(s.comments).where(s.comments.c.show == show).order_by(s.comments.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(s.comments.c.id < before)
        return self._comments(list(self.connection.execute(wanted))[::-1])

    def _comments(self, found: Sequence[Any]) -> list[Shape]:
        ids = [row.id for row in found]
        unclear: dict[int, Any] = {}
        order: dict[int, str] = {}
        for chunk in chunks(ids):
            for row in self.connection.execute(select(s.unclears).where(s.unclears.c.comment.in_(chunk))):
                unclear[row.comment] = rows.unclear_state(row)
            behind = (
                select(s.line_comments.c.comment, s.orders.c.code)
                .join(s.lines, s.lines.c.id == s.line_comments.c.line)
                .join(s.orders, s.orders.c.id == s.lines.c.order)
                .where(s.line_comments.c.comment.in_(chunk), s.lines.c.quantity > 0)
            )
            order.update({row.comment: row.code for row in self.connection.execute(behind)})
        buyers = {row.identity: self.book.buyer_of(IdentityId(row.identity)) for row in found}
        return [self._comment(row, unclear.get(row.id), order.get(row.id), buyers[row.identity]) for row in found]

    def _comment(self, row: Any, unclear: Any, order: str | None, buyer: BuyerId) -> Shape:
        reading = None if row.reading is None else rows.reading_of(row.reading)
        return {
            "id": str(row.id),
            "platform": row.platform,
            "source": row.source,
            "author": row.author,
            "buyer": buyer,
            "role": row.role,
            "text": row.text,
            "sent_at": rows.maybe_time(row.sent_at),
            "received_at": rows.time(row.received_at),
            "history": bool(row.flags & rows.HISTORY),
            "late": bool(row.flags & rows.LATE),
            "edited": bool(row.flags & rows.EDITED),
            "deleted": bool(row.flags & rows.DELETED),
            "intent": row.intent,
            "lines": [] if reading is None else [_claim(claim) for claim in reading.claims],
            "unknown": [] if reading is None else list(reading.unknown),
            "replaces": [] if reading is None else [claim.code for claim in reading.replaces],
            "phone": row.phone,
            "confidence": row.confidence,
            "why": [] if reading is None else [_why(why) for why in reading.why],
            "unclear": None if unclear is None else self._unclear(unclear, reading),
            "order": order,
        }

    def reading(self, reading: Reading) -> Shape:
        """How a comment is read."""
        return {
            "intent": reading.intent,
            "lines": [_claim(claim) for claim in reading.claims],
            "phone": reading.phone,
            "confidence": reading.confidence,
            "why": [_why(why) for why in reading.why],
            "unknown": list(reading.unknown),
            "replaces": [claim.code for claim in reading.replaces],
            "adds": reading.adds,
            "candidates": list(reading.candidates),
        }

    def _unclear(self, unclear: Any, reading: Any) -> Shape:
        asked = {claim.code: claim.quantity for claim in reading.claims} if reading is not None else {}
        candidates = []
        for code in unclear.candidates:
            product = self.book.product(code)
            if product is not None:
                quantity = asked.get(code)
                candidates.append(
                    {
                        "code": code,
                        "name": product.name,
                        "left": self.left(product),
                        "quantity": quantity_number(quantity) if quantity else 1,
                    }
                )
        return {
            "reason": unclear.reason,
            "candidates": candidates,
            "since": unclear.since,
            "open": unclear.open,
            "how": unclear.how,
        }

    def comments_behind(self, orders: Sequence[Shape]) -> None:
        """Put the comments behind an order's lines into each order, as `comments`."""
        ids = {int(number) for order in orders for line in order["lines"] for number in line["comments"]}
        found = {comment["id"]: comment for comment in self.comments(CommentId(number) for number in ids)}
        for order in orders:
            mine = dict.fromkeys(number for line in order["lines"] for number in line["comments"])
            order["comments"] = [found[number] for number in mine if number in found]

    def unclear(self, show: ShowId) -> list[Shape]:
        """The comments that need a person, oldest first."""
        waiting = select(s.unclears.c.comment).where(s.unclears.c.show == show, s.unclears.c.open)
        return self.comments(CommentId(number) for number in self.connection.scalars(waiting))

    # --- goods ----------------------------------------------------------------------------------------------------

    def product(self, product: Product) -> Shape:
        """A product with what is left of it."""
        cells = [] if product.stock is None else self.book.cells(product.code)
        waiting = [line for _, line in self._waiting(product.code)]
        return {
            "code": product.code,
            "name": product.name,
            "aliases": list(product.aliases),
            "unit": product.unit,
            "pack": None if product.pack is None else f"{product.pack.value.normalize():f} {product.pack.measure}",
            "price": self.money(product.price),
            "options": [{"name": one.name, "values": [value.name for value in one.values]} for one in product.options],
            "open": product.open,
            "left": self.left(product),
            "waiting": quantity_number(Quantity(sum(line.waitlisted for line in waiting))),
            "stock": None
            if product.stock is None
            else [
                {
                    "variant": cell.variant,
                    "on_hand": quantity_number(cell.on_hand),
                    "reserved": quantity_number(cell.reserved),
                    "left": quantity_number(Quantity(cell.on_hand - cell.reserved)),
                    "waiting": quantity_number(
                        Quantity(sum(line.waitlisted for line in waiting if line.variant == cell.variant))
                    ),
                }
                for cell in cells
            ],
        }

    def _waiting(self, code: Code) -> list[tuple[int, LineState]]:
        wanted = select(s.lines).where(s.lines.c.product == code, s.lines.c.waitlisted > 0).order_by(s.lines.c.place)
        return [(row.place, rows.line_state(row)) for row in self.connection.execute(wanted)]

    def left(self, product: Product) -> int | float | None:
        """What is available of a product over all its variants, None where it is not counted."""
        if product.stock is None:
            return None
        return quantity_number(Quantity(sum(cell.on_hand - cell.reserved for cell in self.book.cells(product.code))))

    def products(self, codes: Iterable[Code] | None = None) -> list[Shape]:
        """Products in the order of the sheet."""
        wanted = select(s.products.c.body).order_by(s.products.c.position)
        if codes is not None:
            wanted = wanted.where(s.products.c.code.in_(sorted(set(codes))))
        found = [rows.product_of(body) for body in self.connection.scalars(wanted)]
        return [self.product(product) for product in found]

    def goods(self) -> list[Product]:
        """All products with what is on hand now, as a sheet has them."""
        found = []
        for body in self.connection.scalars(select(s.products.c.body).order_by(s.products.c.position)):
            product = rows.product_of(body)
            if product.stock is not None:
                on_hand = {cell.variant: cell.on_hand for cell in self.book.cells(product.code)}
                product = replace(product, stock=on_hand)
            found.append(product)
        return found

    # --- the show -------------------------------------------------------------------------------------------------

    def show(self, show: ShowId) -> Shape | None:
        """A show."""
        state = self.book.show(show)
        return None if state is None else show_shape(state)

    def shows(self) -> list[Shape]:
        """All shows, newest first."""
        found = self.connection.execute(select(s.shows).order_by(s.shows.c.id.desc()))
        return [show_shape(rows.show_state(row)) for row in found]

    def sources(self, show: ShowId) -> list[Shape]:
        """The sources of a show, with their last comment."""
        last = (
            select(s.comments.c.source, func.max(s.comments.c.id).label("last"))
            .where(s.comments.c.show == show)
            .group_by(s.comments.c.source)
            .subquery()
        )
        heard = {
            row.source: row.received_at
            for row in self.connection.execute(
                select(last.c.source, s.comments.c.received_at).join(s.comments, s.comments.c.id == last.c.last)
            )
        }
        found = self.connection.execute(select(s.sources).where(s.sources.c.show == show).order_by(s.sources.c.name))
        return [
            {
                "name": row.name,
                "platform": row.platform,
                "state": row.state,
                "reason": row.reason,
                "retry_at": rows.maybe_time(row.retry_at),
                "since": rows.time(row.since),
                "last_comment_at": rows.maybe_time(heard.get(row.name)),
            }
            for row in found
        ]

    def sums(self, show: ShowId) -> Shape:
        """What a show amounts to."""
        count = {
            row.status: row.count
            for row in self.connection.execute(
                select(s.orders.c.status, func.count().label("count"))
                .where(s.orders.c.show == show)
                .group_by(s.orders.c.status)
            )
        }
        total = confirmed = waiting = 0
        amounts = self.connection.execute(
            select(s.lines.c.unit_price, s.lines.c.quantity, s.lines.c.confirmed, s.lines.c.waitlisted)
            .join(s.orders, s.orders.c.id == s.lines.c.order)
            .where(s.lines.c.show == show, s.lines.c.quantity > 0, s.orders.c.status != "cancelled")
        )
        for price, quantity, done, waits in amounts:
            total += times(price, quantity)
            confirmed += times(price, done)
            waiting += 1 if waits else 0
        unclear = select(func.count()).select_from(s.unclears).where(s.unclears.c.show == show, s.unclears.c.open)
        comments = select(func.count()).select_from(s.comments).where(s.comments.c.show == show)
        alive = {status: number for status, number in count.items() if status != "cancelled"}
        return {
            "orders": sum(alive.values()),
            "draft": count.get("draft", 0),
            "confirmed": sum(number for status, number in alive.items() if status != "draft"),
            "cancelled": count.get("cancelled", 0),
            "waiting": waiting,
            "unclear": self.connection.scalar(unclear) or 0,
            "comments": self.connection.scalar(comments) or 0,
            "total": self.money(total),
            "confirmed_total": self.money(confirmed),
        }

    def lists(self, show: ShowId) -> Shape:
        """How many orders of a show still lack something, by the list that goes to zero."""
        alive = select(s.orders.c.id, s.orders.c.status, s.orders.c.buyer).where(
            s.orders.c.show == show, s.orders.c.status.not_in(("cancelled", "returned"))
        )
        found = self.connection.execute(alive).all()
        self.people(BuyerId(row.buyer) for row in found)
        people = [self._people[BuyerId(row.buyer)] for row in found]
        lines = select(s.lines.c.order, s.lines.c.waitlisted, s.lines.c.settled).where(
            s.lines.c.show == show, s.lines.c.quantity > 0
        )
        waiting: set[int] = set()
        unsettled: set[int] = set()
        for row in self.connection.execute(lines):
            if row.waitlisted:
                waiting.add(row.order)
            if not row.settled:
                unsettled.add(row.order)
        ids = {row.id for row in found}
        return {
            "unclear": self.sums(show)["unclear"],
            "phone": sum(not person.phone for person in people),
            "address": sum(not person.address for person in people),
            "unpaid": sum(row.status in ("draft", "confirmed") for row in found),
            "waiting": len(waiting & ids),
            "unsettled": len(unsettled & ids),
            "refused": sum(person.refused > 0 for person in people),
            "all": len(found),
        }

    def last_number(self) -> int:
        """The number of the newest event."""
        newest = select(s.events.c.number).order_by(s.events.c.number.desc()).limit(1)
        return self.connection.scalar(newest) or 0

    def recent(self, show: ShowId, limit: int = 50) -> list[Shape]:
        """The last steps of people and of the desk that can be taken back, newest first."""
        steps = (
            select(s.events)
            .where(s.events.c.show == show, s.events.c.type.in_(UNDOABLE))
            .order_by(s.events.c.number.desc())
            .limit(limit)
        )
        found = list(self.connection.execute(steps))
        undone: set[int] = set()
        for chunk in chunks([row.number for row in found]):
            undone.update(self.connection.scalars(select(s.events.c.target).where(s.events.c.target.in_(chunk))))
        names = {
            order.id: order
            for order in (self.book.order(OrderId(number)) for number in {row.order for row in found if row.order})
            if order is not None
        }
        self.people(order.buyer for order in names.values())
        return [
            {
                "number": row.number,
                "type": row.type,
                "at": rows.time(row.at),
                "order": names[row.order].code if row.order in names else None,
                "buyer": self.person(names[row.order].buyer).name if row.order in names else None,
                "undone": row.number in undone,
            }
            for row in found
        ]

    def snapshot(self, show: ShowId) -> Shape:
        """All that the control page shows."""
        return {
            "show": self.show(show),
            "comments": self.last_comments(show),
            "orders": self.orders(show, limit=OPEN_ORDERS, status=("draft", "confirmed", "paid", "packed")),
            "unclear": self.unclear(show),
            "products": self.products(),
            "sources": self.sources(show),
            "sums": self.sums(show),
            "recent": self.recent(show),
            "gaps": self.gaps(show),
            "currency": self.currency,
        }

    def gaps(self, show: ShowId) -> list[Shape]:
        """The times in which comments of a source may be missing."""
        from livesell import events as e
        from livesell.store.shelf import event_of

        wanted = (
            select(s.events.c.body).where(s.events.c.show == show, s.events.c.type == "gap").order_by(s.events.c.number)
        )
        found = [event_of(body) for body in self.connection.scalars(wanted)]
        return [
            {"source": gap.source, "since": gap.since, "until": gap.until} for gap in found if isinstance(gap, e.Gap)
        ]

    def order_of_line(self, line: LineId) -> OrderId | None:
        """The order that a line is in."""
        found = self.book.line(line)
        return None if found is None else found.order


UNDOABLE = (
    "confirmed",
    "paid",
    "packed",
    "shipped",
    "returned",
    "cancelled",
    "edited",
    "pinned",
    "stock",
    "product",
    "linked",
    "show",
)


def show_shape(show: ShowState) -> Shape:
    """A show."""
    return {
        "id": show.id,
        "status": show.status,
        "opened_at": show.opened_at.astimezone(UTC),
        "ended_at": show.ended_at,
        "pinned": show.pinned,
    }


def _claim(claim: Claim) -> Shape:
    quantity = None if claim.quantity is None else quantity_number(claim.quantity)
    return {"code": claim.code, "options": dict(claim.options), "quantity": quantity}


def _why(why: Any) -> Shape:
    return {"code": why.code, "data": dict(why.data), "start": why.start, "end": why.end}


@contextlib.contextmanager
def looking(engine: Engine, currency: str, decimals: int) -> Iterator[Look]:
    """A Look in one read transaction, which is short: a reader that stays stops the log from being folded in."""
    with engine.connect() as connection, connection.begin():
        yield Look(connection, currency, decimals)
