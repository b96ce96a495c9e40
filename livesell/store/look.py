"""What pages and programs are shown of single things: the shapes of docs/api.md, read in one short transaction.

The same book as the desk's looks them up, so that what a page shows of an order is what the desk decides on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, select

from livesell.commands import Heard
from livesell.ledger import Book, LineState, OrderState, UnclearState
from livesell.model import (
    Amount,
    BuyerId,
    Claim,
    Code,
    CommentId,
    IdentityId,
    LineId,
    Money,
    Offer,
    OrderId,
    Product,
    Quantity,
    Reading,
    ShowId,
    quantity_number,
    times,
)
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.people import Person, people_of
from livesell.store.shelf import DatabaseShelf, chunks, event_of, preload_orders
from livesell.store.worklists import narrowed

Shape = dict[str, Any]

LAST_COMMENTS = 200


MOST_UNCLEAR = 400
"""Unclear comments that a page is given at a time; it asks for more when it has few left."""


class Kept:
    """What the feed keeps between looks, because it changes seldom: people, and which comments were taken away."""

    def __init__(self) -> None:
        self.people: dict[BuyerId, Person] = {}
        self.deleted: set[int] | None = None


class LateShelf(DatabaseShelf):
    """A shelf that connects when it is asked for the first time."""

    def __init__(self, look: Look) -> None:
        self.look = look

    @property
    def connection(self) -> Connection:  # type: ignore[override]
        """The look's connection."""
        return self.look.connection


class Look:
    """One read transaction; every method gives shapes as of its beginning.

    `seen` is a book that has what a batch just touched, so that telling it needs no query; `kept` what the feed keeps.
    """

    def __init__(
        self, engine: Engine, currency: str, decimals: int, seen: Book | None = None, kept: Kept | None = None
    ) -> None:
        self.engine, self.currency, self.decimals = engine, currency, decimals
        self.book = seen if seen is not None else Book()
        self.book.shelf = LateShelf(self)
        self.kept = kept
        self._people: dict[BuyerId, Person] = kept.people if kept is not None else {}
        self._connection: Connection | None = None
        self._places: dict[tuple[Code, str], dict[LineId, int]] = {}

    @property
    def connection(self) -> Connection:
        """The read transaction; begun when something is not at hand."""
        if self._connection is None:
            self._connection = self.engine.connect()
            self._connection.begin()
        return self._connection

    def close(self) -> None:
        """End the transaction: a reader that stays stops the log from being folded in."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

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
            self._people.update(people_of(self.connection, chunk))

    def person(self, buyer: BuyerId) -> Person:
        """A buyer."""
        self.people([buyer])
        return self._people[buyer]

    def buyer(self, buyer: BuyerId, show: ShowId | None = None) -> Shape:
        """A buyer for the seller's key; `before` counts what she had in other shows than `show`."""
        person = self.person(buyer)
        past = [one for one in person.past if one.show != show]
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
            "before": {"orders": sum(one.orders for one in past), "returned": sum(one.returned for one in past)},
            "handle": person.handle,
        }

    # --- orders ---------------------------------------------------------------------------------------------------

    def order(self, order: OrderState, deleted: set[int]) -> Shape:
        """An order with its lines; `deleted` has the comments that were taken away."""
        lines = self.book.lines_of(order.id)
        amounts = [times(line.unit_price, line.quantity) for line in lines]
        return {
            "code": order.code,
            "number": order.number,
            "status": order.status,
            "refused": order.refused,
            "buyer": self.buyer(order.buyer, order.show),
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
        # A queue is looked at once for all who stand in it: line by line a long one would take its square.
        key = (line.product, line.variant)
        if key not in self._places:
            queue = self.book.queue(line.product, line.variant)
            self._places[key] = {one.id: number for number, one in enumerate(queue, 1)}
        return self._places[key].get(line.id)

    def deleted(self, comments: Iterable[CommentId]) -> set[int]:
        """Which of these comments the platform took away."""
        if self.kept is not None:
            if self.kept.deleted is None:
                gone = select(s.comments.c.id).where(s.comments.c.flags.op("&")(rows.DELETED) != 0)
                self.kept.deleted = set(self.connection.scalars(gone))
            return self.kept.deleted
        found: set[int] = set()
        for chunk in chunks(sorted(set(comments))):
            gone = select(s.comments.c.id).where(
                s.comments.c.id.in_(chunk), s.comments.c.flags.op("&")(rows.DELETED) != 0
            )
            found.update(self.connection.scalars(gone))
        return found

    def orders(
        self,
        show: ShowId,
        *,
        after: str | None = None,
        limit: int = 50,
        status: Sequence[str] = (),
        on: str | None = None,
    ) -> list[Shape]:
        """A page of orders, oldest first, going on after the order of that code; `on`: only those of a list."""
        wanted = select(s.orders).where(s.orders.c.show == show).order_by(s.orders.c.id).limit(limit)
        if after is not None:
            last = self.book.order_named(show, after)
            if last is None:
                return []
            wanted = wanted.where(s.orders.c.id > last.id)
        if status:
            wanted = wanted.where(s.orders.c.status.in_(status))
        if on is not None:
            wanted = narrowed(wanted, on)
        return self._orders([rows.order_state(row) for row in self.connection.execute(wanted)])

    def _orders(self, found: Sequence[OrderState]) -> list[Shape]:
        missing = [order for order in found if order.id not in self.book.order_lines]
        if missing:
            preload_orders(self.book, self.connection, missing)
        self.people(order.buyer for order in found)
        behind = (number for order in found for line in self.book.lines_of(order.id) for number in line.comments)
        deleted = self.deleted(behind)
        return [self.order(order, deleted) for order in found]

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
        unclear: dict[int, UnclearState] = {}
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
        gone = {row.id for row in found if row.flags & rows.DELETED}
        buyers = {row.identity: self.book.buyer_of(IdentityId(row.identity)) for row in found}
        heards = [rows.heard_of(row, buyers[row.identity], None) for row in found]
        return [self._comment(one, unclear.get(one.id), order.get(one.id), one.id in gone) for one in heards]

    def just_heard(self, heards: Iterable[Heard]) -> list[Shape]:
        """Comments that a batch just stored, from what it left in the book."""
        order = {
            number: state.code
            for line in self.book.lines.values()
            if line is not None and line.quantity and (state := self.book.orders.get(line.order)) is not None
            for number in line.comments
        }
        gone = self.deleted(())
        return [self._comment(one, self.book.unclears.get(one.id), order.get(one.id), one.id in gone) for one in heards]

    def _comment(self, heard: Heard, unclear: UnclearState | None, order: str | None, deleted: bool) -> Shape:
        comment, reading = heard.comment, heard.reading
        return {
            "id": str(heard.id),
            "platform": comment.platform,
            "source": heard.source,
            "author": comment.author,
            "buyer": heard.buyer,
            "role": comment.role,
            "text": comment.text,
            "sent_at": comment.sent_at,
            "received_at": heard.received_at,
            "history": comment.history,
            "late": heard.late,
            "edited": comment.edited,
            "deleted": deleted,
            "intent": None if reading is None else reading.intent,
            "lines": [] if reading is None else [_claim(claim) for claim in reading.claims],
            "unknown": [] if reading is None else list(reading.unknown),
            "replaces": [] if reading is None else [claim.code for claim in reading.replaces],
            "phone": None if reading is None else reading.phone,
            "confidence": None if reading is None else reading.confidence,
            "why": [] if reading is None else [_why(why) for why in reading.why],
            "unclear": None if unclear is None else self._unclear(unclear, reading),
            "order": order,
        }

    def reading(self, reading: Reading) -> Shape:
        """How a comment is read."""
        return shape_of(reading)

    def _unclear(self, unclear: UnclearState, reading: Reading | None) -> Shape:
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

    def why(self, order: OrderState) -> Shape:
        """An order with what it came from: its comments, and every event that touched it, oldest first."""
        shape = self._orders([order])[0]
        self.comments_behind([shape])
        told = (
            select(s.events.c.number, s.events.c.body).where(s.events.c.order == order.id).order_by(s.events.c.number)
        )
        shape["events"] = [(row.number, event_of(row.body)) for row in self.connection.execute(told)]
        return shape

    def orders_of_buyer(self, buyer: BuyerId, limit: int = 50) -> list[Shape]:
        """The newest orders of a person, in every show."""
        self.people([buyer])
        mine = select(s.identities.c.id).where(s.identities.c.buyer == buyer)
        wanted = select(s.orders).where(s.orders.c.identity.in_(mine)).order_by(s.orders.c.id.desc()).limit(limit)
        return self._orders([rows.order_state(row) for row in self.connection.execute(wanted)])

    def comments_behind(self, orders: Sequence[Shape]) -> None:
        """Put the comments behind an order's lines into each order, as `comments`."""
        ids = {int(number) for order in orders for line in order["lines"] for number in line["comments"]}
        found = {comment["id"]: comment for comment in self.comments(CommentId(number) for number in ids)}
        for order in orders:
            mine = dict.fromkeys(number for line in order["lines"] for number in line["comments"])
            order["comments"] = [found[number] for number in mine if number in found]

    def unclear(self, show: ShowId, limit: int = MOST_UNCLEAR) -> list[Shape]:
        """The comments that need a person, oldest first; no more than a page holds."""
        waiting = (
            select(s.unclears.c.comment)
            .where(s.unclears.c.show == show, s.unclears.c.open)
            .order_by(s.unclears.c.comment)
            .limit(limit)
        )
        return self.comments(CommentId(number) for number in self.connection.scalars(waiting))

    # --- goods ----------------------------------------------------------------------------------------------------

    def product(self, product: Product) -> Shape:
        """A product with what is left of it."""
        cells = [] if product.stock is None else self.book.cells(product.code)
        waiting = self.book.waiting(product.code)
        return {
            "code": product.code,
            "name": product.name,
            "aliases": list(product.aliases),
            "unit": product.unit,
            "pack": pack_text(product.pack),
            "price": self.money(product.price),
            "options": [{"name": one.name, "values": [value.name for value in one.values]} for one in product.options],
            "open": product.open,
            "back_orders": product.back_orders,
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

    def offer(self, offer: Offer | None) -> Shape | None:
        """A product as a line offers it, None where it is none or has no price in this currency."""
        price = None if offer is None else offer.price.scaleb(self.decimals)
        if offer is None or price is None or price != price.to_integral_value():
            return None
        return {
            "code": offer.code,
            "name": offer.name,
            "price": self.money(int(price)),
            "pack": pack_text(offer.pack),
            "unit": offer.unit,
            "stock": None if offer.stock is None else quantity_number(offer.stock),
        }

    def left(self, product: Product) -> int | float | None:
        """What is available of a product over all its variants, None where it is not counted."""
        if product.stock is None:
            return None
        return quantity_number(Quantity(sum(cell.on_hand - cell.reserved for cell in self.book.cells(product.code))))

    def products(self, codes: Iterable[Code] | None = None) -> list[Shape]:
        """Products in the order of the sheet."""
        if codes is not None:
            named = (self.book.product(code) for code in codes)
            return [self.product(product) for product in named if product is not None]
        wanted = select(s.products.c.body).order_by(s.products.c.position)
        return [self.product(rows.product_of(body)) for body in self.connection.scalars(wanted)]

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


def shape_of(reading: Reading) -> Shape:
    """How a comment is read, as pages get it."""
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


def pack_text(pack: Amount | None) -> str | None:
    """What is in a pack: `500 g`."""
    return None if pack is None else f"{pack.value.normalize():f} {pack.measure}"


def _claim(claim: Claim) -> Shape:
    quantity = None if claim.quantity is None else quantity_number(claim.quantity)
    return {"code": claim.code, "options": dict(claim.options), "quantity": quantity}


def _why(why: Any) -> Shape:
    return {"code": why.code, "data": dict(why.data), "start": why.start, "end": why.end}
