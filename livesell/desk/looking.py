"""What a turn of the desk looks at: the fork of the book, the time, the events so far, and refusals in words."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from livesell import events as e
from livesell.errors import Conflict, NotFound
from livesell.ledger import OPEN, Book, LineState, OrderState, Rules, ShowState
from livesell.model import BuyerId, Code, CommentId, EventNumber, LineId, OrderId, Product, ShowId

How = Literal["dismissed", "read", "agreed", "answered", "opened"]
"""What came of a question."""


class Looking:
    """What a rule looks at and says; `emit` is the only way it changes anything."""

    def __init__(self, book: Book, show: ShowId | None, now: datetime) -> None:
        self.book, self.now, self._show = book, now, show
        self.events: list[e.Event] = []

    @property
    def rules(self) -> Rules:
        """How this shop's desk works."""
        return self.book.rules

    def emit(self, event: e.Event) -> None:
        """Say that something happened, and see it happen in this turn's book."""
        self.book.apply(event)
        self.events.append(event)

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def show_id(self) -> ShowId:
        """The show that the command was given in."""
        return self.show.id

    @property
    def show(self) -> ShowState:
        """The show that the command was given in; NotFound where there is none."""
        show = self.book.show(self._show) if self._show is not None else None
        if show is None:
            raise NotFound("show", self._show)
        return show

    def order(self, code: str | None, seen: EventNumber | None = None) -> OrderState:
        """The order of that code in this show; Conflict if it changed after event `seen`."""
        order = self.book.order_named(self.show_id, code) if code else None
        if order is None:
            raise NotFound("order", code)
        self.unchanged(order, seen)
        return order

    def line(self, number: LineId | None, seen: EventNumber | None = None) -> tuple[LineState, OrderState]:
        """A line that still asks for something, and its order; Conflict if the order changed after event `seen`."""
        line = self.book.line(number) if number is not None else None
        order = self.book.order(line.order) if line is not None else None
        if line is None or order is None or line.quantity == 0:
            raise NotFound("line", number)
        self.unchanged(order, seen)
        return line, order

    def unchanged(self, order: OrderState, seen: EventNumber | None) -> None:
        """Refuse a tap on a view of the order that is out of date."""
        if seen is not None and order.seen > seen:
            raise Conflict("changed", f"order {order.code} has changed since", order=order.code)

    def product(self, code: Code | None) -> Product:
        """The product of that code, in any case."""
        product = self.book.product(code) if code else None
        if product is None and code:
            product = self.book.product(Code(code.upper()))
        if product is None:
            raise NotFound("product", code)
        return product

    def open_order(self, buyer: BuyerId) -> OrderState | None:
        """The order that the buyer's next claim joins."""
        for order in reversed(self.book.orders_of(self.show_id, buyer)):
            if order.status in OPEN:
                return order
        return None

    def known_line(self, number: LineId) -> LineState:
        line = self.book.line(number)
        if line is None:
            raise NotFound("line", number)
        return line

    def known_order(self, number: OrderId) -> OrderState:
        order = self.book.order(number)
        if order is None:
            raise NotFound("order", number)
        return order

    def unclear(self, comment: CommentId, reason: str, candidates: tuple[Code, ...] = ()) -> None:
        """Ask a person about a comment."""
        self.emit(e.Unclear(at=self.now, show=self._show, comment=comment, reason=reason, candidates=candidates))

    def close_unclear(self, comment: CommentId, how: How) -> bool:
        """Say that a comment needs nobody any more; False if it did not."""
        unclear = self.book.unclear(comment)
        if unclear is None or not unclear.open:
            return False
        self.emit(
            e.Unclear(
                at=self.now,
                show=unclear.show,
                comment=comment,
                reason=unclear.reason,
                candidates=unclear.candidates,
                closed=True,
                how=how,
            )
        )
        return True
