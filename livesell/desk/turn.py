"""One turn of the desk: a fork of the book, the time, the events so far, and the moves that every rule is made of.

Stock moves in steps that are always taken together: a line gives up what it held or waited for, is asked for
differently, holds or waits anew; then whatever came free goes to the first in the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from livesell import events as e
from livesell.errors import Conflict, NotFound, Refused
from livesell.ledger import OPEN, Book, LineState, OrderState, Rules, ShowState, StockState, place_of
from livesell.model import (
    BuyerId,
    Code,
    CommentId,
    EventNumber,
    IdentityId,
    LineId,
    OrderId,
    Product,
    Quantity,
    ShowId,
    Struct,
    quantity,
    settled,
    variant_key,
)
from livesell.ordercode import order_code

NONE = Quantity(0)

Reason = Literal["cancelled", "edited", "expired", "moved"]


class Asker(Struct, frozen=True):
    """Who asks for a line, from where, and the time that places it in a queue."""

    identity: IdentityId
    buyer: BuyerId
    queue_at: datetime
    comment: CommentId | None = None


class Turn:
    """What a rule works with; `emit` is the only way it changes anything."""

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

    # --- lines ----------------------------------------------------------------------------------------------------

    def draft(
        self,
        asker: Asker,
        product: Product,
        options: Mapping[str, str],
        quantity: Quantity,
        pinned_before: Code | None = None,
    ) -> LineId:
        """A new line for a buyer, in her open order or a new one, holding or waiting."""
        order = self.open_order(asker.buyer)
        opened = order is None
        if order is None:
            count = self.book.counters.order + 1
            order = OrderState(
                OrderId(count),
                self.show_id,
                self.show.orders + 1,
                order_code(count),
                asker.buyer,
                "draft",
                self.now,
                asker.identity,
            )
        number = LineId(self.book.counters.line + 1)
        self.emit(
            e.Drafted(
                at=self.now,
                show=self.show_id,
                order=order.id,
                number=order.number,
                code=order.code,
                buyer=asker.buyer,
                identity=asker.identity,
                line=number,
                product=product.code,
                options=options,
                quantity=quantity,
                unit_price=product.price,
                settled=settled(product, options),
                place=place_of(asker.queue_at, number),
                comment=asker.comment,
                opened=opened,
                pinned_before=pinned_before,
            )
        )
        self.hold(number)
        return number

    def hold(self, number: LineId) -> None:
        """Hold what is available of what a line asks for beyond what it has; the rest waits."""
        line = self._line(number)
        product = self.product(line.product)
        need = Quantity(line.quantity - line.reserved - line.waitlisted)
        if need <= 0:
            return
        variant = variant_key(product, line.options)
        free = need if variant is None else min(need, self.available(product, variant))
        if variant is not None and free > 0:
            self.emit(
                e.Reserved(
                    at=self.now,
                    show=line.show,
                    order=line.order,
                    line=number,
                    product=product.code,
                    variant=variant,
                    quantity=Quantity(free),
                )
            )
            need = Quantity(need - free)
        if need > 0:
            self.emit(
                e.Waitlisted(
                    at=self.now,
                    show=line.show,
                    order=line.order,
                    line=number,
                    product=product.code,
                    variant=variant,
                    quantity=need,
                )
            )

    def available(self, product: Product, variant: str) -> Quantity:
        """What can be held of a variant now; without end where stock is not counted or may go below zero."""
        if product.stock is None or product.back_orders:
            return ENDLESS
        cell = self.book.cell(product.code, variant) or StockState(product.code, variant)
        return max(NONE, Quantity(cell.on_hand - cell.reserved))

    def release(self, number: LineId, held: Quantity, waiting: Quantity, reason: Reason) -> None:
        """A line gives up a part of what it holds and waits for; the queue is not served yet."""
        line = self._line(number)
        if held or waiting:
            self.emit(
                e.Released(
                    at=self.now,
                    show=line.show,
                    order=line.order,
                    line=number,
                    product=line.product,
                    variant=line.variant,
                    quantity=held,
                    waiting=waiting,
                    reason=reason,
                )
            )

    def serve(self, code: Code, variant: str | None) -> None:
        """Give what is free of a variant to those who wait, first come first served."""
        product = self.book.product(code)
        if product is None or variant is None:
            return
        while (line := self.book.first(code, variant)) is not None:
            free = min(line.waitlisted, self.available(product, variant))
            if free <= 0:
                return
            self.emit(
                e.Promoted(
                    at=self.now,
                    show=line.show,
                    order=line.order,
                    line=line.id,
                    product=code,
                    variant=variant,
                    quantity=Quantity(free),
                )
            )
            order = self.book.order(line.order)
            if self.rules.confirm == "sure" and order is not None and order.status == "confirmed":
                self.confirm_held(order, sure=True)

    def edit(
        self,
        number: LineId,
        quantity: Quantity,
        options: Mapping[str, str],
        *,
        product: Product | None = None,
        asker: Asker | None = None,
    ) -> None:
        """Ask for a line differently.

        Where it is held from stays the same, it keeps what it holds and its place; else it gives up all of it and
        stands where the comment (or, by hand, the line) stands in time.
        """
        line = self._line(number)
        old = self.product(line.product)
        new = product or old
        same = new.code == old.code and variant_key(new, options) == line.variant
        if line.quantity == 0:
            same = False
        place = line.place
        if asker is not None and (not same or not line.waitlisted):
            place = place_of(asker.queue_at, number)
        if same:
            surplus = max(NONE, Quantity(line.quantity - quantity))
            waiting = min(surplus, line.waitlisted)
            self.release(number, Quantity(surplus - waiting), waiting, "edited")
        else:
            self.release(number, line.reserved, line.waitlisted, "moved")
        self.emit(
            e.Edited(
                at=self.now,
                show=line.show,
                order=line.order,
                line=number,
                product=new.code,
                options=options,
                quantity=quantity,
                unit_price=line.unit_price if new.code == old.code else new.price,
                settled=settled(new, options),
                place=place,
                before={
                    "product": line.product,
                    "options": dict(line.options),
                    "quantity": line.quantity,
                    "place": line.place,
                    "confirmed": line.confirmed,
                },
                comment=asker.comment if asker is not None else None,
            )
        )
        if settled(new, options) and not line.settled:
            self.emit(e.Settled(at=self.now, show=line.show, order=line.order, line=number, options=options))
        self.hold(number)
        self.serve(old.code, line.variant)

    def cancel_line(self, number: LineId, comment: CommentId | None = None, reason: Reason = "cancelled") -> None:
        """Withdraw a line; what it held goes to the first who waits."""
        line = self._line(number)
        self.withdraw(number, comment, reason)
        self.serve(line.product, line.variant)

    def withdraw(self, number: LineId, comment: CommentId | None = None, reason: Reason = "cancelled") -> None:
        """Withdraw a line without serving the queue: for moves that take what came free at once."""
        line = self._line(number)
        order = self._order(line.order)
        self.release(number, line.reserved, line.waitlisted, reason)
        self.emit(
            e.Cancelled(
                at=self.now,
                show=line.show,
                order=line.order,
                buyer=order.buyer,
                line=number,
                quantity=line.quantity,
                confirmed=line.confirmed,
                comment=comment,
            )
        )

    def cancel_empty(self, number: OrderId, comment: CommentId | None = None) -> None:
        """Cancel an order that has no line left."""
        order = self._order(number)
        if order.status != "cancelled" and not self.book.lines_of(number):
            self.emit(
                e.Cancelled(
                    at=self.now, show=order.show, order=number, buyer=order.buyer, was=order.status, comment=comment
                )
            )

    def confirm_held(self, order: OrderState, *, sure: bool = False) -> bool:
        """Confirm what an order holds; False if nothing of it is new."""
        order = self._order(order.id)
        lines = self.book.lines_of(order.id)
        fresh = [line for line in lines if line.reserved > line.confirmed]
        if not fresh:
            return False
        self.emit(
            e.Confirmed(
                at=self.now,
                show=order.show,
                order=order.id,
                buyer=order.buyer,
                held={str(line.id): line.reserved for line in fresh},
                before={str(line.id): line.confirmed for line in fresh},
                was=order.status,
                sure=sure,
            )
        )
        return True

    def unclear(self, comment: CommentId, reason: str, candidates: tuple[Code, ...] = ()) -> None:
        """Ask a person about a comment."""
        self.emit(e.Unclear(at=self.now, show=self._show, comment=comment, reason=reason, candidates=candidates))

    def close_unclear(self, comment: CommentId, how: Literal["dismissed", "read", "agreed", "answered"]) -> bool:
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

    def _line(self, number: LineId) -> LineState:
        line = self.book.line(number)
        if line is None:
            raise NotFound("line", number)
        return line

    def _order(self, number: OrderId) -> OrderState:
        order = self.book.order(number)
        if order is None:
            raise NotFound("order", number)
        return order


ENDLESS = Quantity(10**15)


def amount(value: float, product: Product) -> Quantity:
    """A quantity given by hand as thousandths; Refused if it cannot be one."""
    try:
        given = quantity(value)
    except ValueError as error:
        raise Refused("quantity", f"{product.code}: {error}") from None
    if not 0 <= given <= MOST:
        raise Refused("quantity", f"{product.code}: {value} is not between 0 and {MOST // 1000}")
    return given


MOST = Quantity(1_000_000_000)
