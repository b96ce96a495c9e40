"""One turn of the desk: a fork of the book, the time, the events so far, and the moves that every rule is made of.

Stock moves in steps that are always taken together: a line gives up what it held or waited for, is asked for
differently, holds or waits anew; then whatever came free goes to the first in the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from livesell import events as e
from livesell.desk.looking import Looking
from livesell.errors import Refused
from livesell.ledger import OrderState, StockState, place_of
from livesell.model import (
    BuyerId,
    Code,
    CommentId,
    IdentityId,
    LineId,
    OrderId,
    Product,
    Quantity,
    Status,
    Struct,
    quantity,
    settled,
    variant_key,
)
from livesell.ordercode import order_code

NONE = Quantity(0)

GONE: frozenset[Status] = frozenset({"shipped", "returned"})
"""The states of an order that has left the house."""

Reason = Literal["cancelled", "edited", "expired", "moved", "passed"]


class Asker(Struct, frozen=True):
    """Who asks for a line, from where, and the time that places it in a queue."""

    identity: IdentityId
    buyer: BuyerId
    queue_at: datetime
    comment: CommentId | None = None


class Turn(Looking):
    """What a rule works with: the moves of lines and stock."""

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
        line = self.known_line(number)
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
        line = self.known_line(number)
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
        reason: Reason = "edited",
    ) -> None:
        """Ask for a line differently.

        Where it is held from stays the same, it keeps what it holds and its place; else it gives up all of it and
        stands where the comment (or, by hand, the line) stands in time.
        """
        line = self.known_line(number)
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
            self.release(number, Quantity(surplus - waiting), waiting, reason)
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
        line = self.known_line(number)
        self.withdraw(number, comment, reason)
        self.serve(line.product, line.variant)

    def give_way(self, number: LineId, comment: CommentId | None = None) -> bool:
        """Let the next have what a line waits for and what came up for it; False if it has its stock by being first."""
        line = self.known_line(number)
        given = line.waitlisted + line.promoted
        if not given:
            return False
        if given >= line.quantity:
            self.cancel_line(number, comment, "passed")
        else:
            self.edit(number, Quantity(line.quantity - given), line.options, reason="passed")
        return True

    def reseat(self, product: Product) -> None:
        """Hold every line of a product from the stock that it is held from now, first come first served.

        What has left the house stays where it was taken from.
        """
        moving = [
            one
            for one in self.book.lines_with(product.code)
            if variant_key(product, one.options) != one.variant and self.known_order(one.order).status not in GONE
        ]
        for line in moving:
            self.release(line.id, line.reserved, line.waitlisted, "moved")
        for line in moving:
            self.hold(line.id)
            self.reconfirm(line.id, line.confirmed)

    def reconfirm(self, number: LineId, confirmed: Quantity) -> None:
        """What was confirmed of a line before is confirmed again, as far as it is held."""
        line = self.known_line(number)
        part = min(confirmed, line.reserved)
        if part != line.confirmed:
            status = self.known_order(line.order).status
            held = {str(number): Quantity(part)}
            self.emit(e.Moved(at=self.now, show=line.show, order=line.order, status=status, was=status, held=held))

    def gone(self, code: Code, variant: str) -> Quantity:
        """How much of a stock is held by orders that have left the house."""
        lines = [line for line in self.book.lines_with(code) if line.variant == variant and line.reserved]
        return Quantity(sum(line.reserved for line in lines if self.known_order(line.order).status in GONE))

    def withdraw(self, number: LineId, comment: CommentId | None = None, reason: Reason = "cancelled") -> None:
        """Withdraw a line without serving the queue: for moves that take what came free at once."""
        line = self.known_line(number)
        order = self.known_order(line.order)
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
        order = self.known_order(number)
        if order.status != "cancelled" and not self.book.lines_of(number):
            self.emit(
                e.Cancelled(
                    at=self.now, show=order.show, order=number, buyer=order.buyer, was=order.status, comment=comment
                )
            )

    def confirm_held(self, order: OrderState, *, sure: bool = False) -> bool:
        """Confirm what an order holds; False if nothing of it is new."""
        order = self.known_order(order.id)
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
