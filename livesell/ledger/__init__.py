"""The book: the state of shows, goods, orders and queues, and what each event does to it.

`Book.apply` is the only place that changes state. The desk applies its events to a fork of the book while it decides,
the store applies them to its own book and writes what changed, and a rebuild applies all of them to an empty one; so
the three cannot differ. A book with a `Shelf` behind it (the database) fetches what it has not seen yet.
"""

from __future__ import annotations

from msgspec.structs import replace

from livesell import events as e
from livesell.ledger.changes import APPLY
from livesell.ledger.states import (
    EPOCH,
    OPEN,
    Counters,
    LineState,
    OrderState,
    Rules,
    Shelf,
    ShowState,
    StockState,
    UnclearState,
    place_of,
    time_of,
)
from livesell.ledger.view import KINDS, View
from livesell.model import Code, EventNumber, OrderId

UNNUMBERED = EventNumber(0)


class Book(View):
    """The state as far as it was looked at, and the way to change it."""

    def fork(self) -> Book:
        """A book that starts as this one and may be changed without touching it."""
        fork = Book(None, self.rules)
        fork.parent, fork.counters = self, self.counters
        return fork

    def apply(self, event: e.Event, number: EventNumber = UNNUMBERED) -> None:
        """What an event does to the state; `number` is its number in the ledger, 0 while it has none."""
        APPLY[type(event)](self, event)
        order = getattr(event, "order", None)
        if order is not None:
            self._touch(order, number)

    def _touch(self, order: OrderId, number: EventNumber) -> None:
        state = self.order(order)
        if state is not None and number > state.seen:
            self.put("orders", order, replace(state, seen=number))

    def show_to(self, other: Book, event: e.Event) -> None:
        """Let another book, which fetches nothing, have what an event touched, as it is here now."""
        order = getattr(event, "order", None)
        if order is not None:
            other.orders[order] = self.order(order)
            other.order_lines[order] = self.all_lines(order)
            for number in other.order_lines[order]:
                line = other.lines[number] = self.line(number)
                if line is not None:
                    self._show_product(other, line.product)
        code = event.product.code if isinstance(event, e.ProductPut) else getattr(event, "product", None)
        if code is not None:
            self._show_product(other, code)
        comment = getattr(event, "comment", None)
        if comment is not None:
            other.unclears[comment] = self.unclear(comment)
            if comment in self.heards:
                other.heards[comment] = self.heards[comment]
            for candidate in event.candidates if isinstance(event, e.Unclear) else ():
                self._show_product(other, candidate)
        if event.show is not None:
            other.shows[event.show] = self.show(event.show)

    def _show_product(self, other: Book, code: Code) -> None:
        if code in other.products and code in other.queues:
            return
        other.products[code] = self.product(code)
        for cell in self.cells(code):
            other.stock[code, cell.variant] = cell
        other.variants[code] = tuple(cell.variant for cell in self.cells(code))
        other.queues[code] = self.places(code)
        for _, number in other.queues[code]:
            other.lines[number] = self.line(number)


__all__ = [
    "APPLY",
    "EPOCH",
    "KINDS",
    "OPEN",
    "Book",
    "Counters",
    "LineState",
    "OrderState",
    "Rules",
    "Shelf",
    "ShowState",
    "StockState",
    "UnclearState",
    "place_of",
    "time_of",
]
