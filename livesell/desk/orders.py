"""The steps of an order, by a person's tap or by the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from livesell import commands as c
from livesell import events as e
from livesell.desk.chat import choices
from livesell.desk.turn import Turn, amount
from livesell.errors import Conflict, Refused
from livesell.ledger import OrderState
from livesell.model import Status

STEPS: Mapping[str, tuple[type[e.Paid | e.Packed | e.Shipped | e.Returned], tuple[Status, ...]]] = {
    "paid": (e.Paid, ("confirmed",)),
    "packed": (e.Packed, ("confirmed", "paid")),
    "shipped": (e.Shipped, ("packed",)),
    "returned": (e.Returned, ("shipped",)),
}
"""What a step is called, its event, and the states it starts from."""

CANCELLABLE: tuple[Status, ...] = ("draft", "confirmed", "paid", "packed")


def confirm(turn: Turn, command: c.Confirm) -> None:
    """Confirm what is held; of several orders those that can be, unless none can."""

    def one(order: OrderState) -> None:
        if order.status not in ("draft", "confirmed", "paid"):
            raise Conflict("status", f"order {order.code} is {order.status}", order=order.code, status=order.status)
        if not turn.confirm_held(order):
            if order.status != "draft":
                raise Conflict("done", f"order {order.code} is confirmed already", order=order.code)
            raise Refused("nothing_held", f"nothing is held for order {order.code}: all of it waits", order=order.code)

    each(turn, command, one)


def step(turn: Turn, command: c.Paid | c.Packed | c.Shipped | c.Returned, name: str) -> None:
    """Take orders one step on."""
    event, starts = STEPS[name]

    def one(order: OrderState) -> None:
        if order.status not in starts:
            problem = f"order {order.code} is {order.status}, not {' or '.join(starts)}"
            raise Conflict("status", problem, order=order.code, status=order.status)
        if isinstance(command, c.Returned):
            turn.emit(
                e.Returned(at=turn.now, show=order.show, order=order.id, was=order.status, refused=command.refused)
            )
        else:
            turn.emit(event(at=turn.now, show=order.show, order=order.id, was=order.status))

    each(turn, command, one)


def paid(turn: Turn, command: c.Paid) -> None:
    """The money is there."""
    step(turn, command, "paid")


def packed(turn: Turn, command: c.Packed) -> None:
    """The parcel is packed."""
    step(turn, command, "packed")


def shipped(turn: Turn, command: c.Shipped) -> None:
    """The parcel left the house."""
    step(turn, command, "shipped")


def returned(turn: Turn, command: c.Returned) -> None:
    """The parcel came back."""
    step(turn, command, "returned")


def each(
    turn: Turn,
    command: c.Confirm | c.Paid | c.Packed | c.Shipped | c.Returned,
    one: Callable[[OrderState], None],
) -> None:
    """One order, or of several all that can; Refused with the first reason where none can."""
    codes: Sequence[str] = command.orders or ((command.order,) if command.order else ())
    if not codes:
        raise Refused("no_order", "say which order")
    refusals: list[Refused] = []
    for code in codes:
        try:
            one(turn.order(code, command.seen))
        except Refused as refusal:
            refusals.append(refusal)
    if len(refusals) == len(codes):
        raise refusals[0]


def cancel(turn: Turn, command: c.Cancel) -> None:
    """Cancel an order or one line; what was held goes to those who wait."""
    if (command.order is None) == (command.line is None):
        raise Refused("no_order", "say either which order or which line")
    if command.order is not None:
        order = turn.order(command.order, command.seen)
        lines = turn.book.lines_of(order.id)
    else:
        line, order = turn.line(command.line, command.seen)
        lines = [line]
    if order.status not in CANCELLABLE:
        raise Conflict("status", f"order {order.code} is {order.status}", order=order.code, status=order.status)
    for line in lines:
        turn.cancel_line(line.id)
    turn.cancel_empty(order.id)


def let_pass(turn: Turn, command: c.Pass) -> None:
    """Give a line's place in the queue to the next."""
    line, order = turn.line(command.line, command.seen)
    changeable(order)
    if not turn.give_way(line.id):
        problem = f"line {line.id} of order {order.code} does not wait, and nothing came up for it: cancel it instead"
        raise Refused("nothing_to_pass", problem, order=order.code)
    turn.cancel_empty(order.id)


def set_quantity(turn: Turn, command: c.SetQuantity) -> None:
    """Give a line another quantity; what was confirmed by hand before stays so."""
    line, order = turn.line(command.line, command.seen)
    changeable(order)
    quantity = amount(command.quantity, turn.product(line.product))
    if quantity == 0:
        turn.cancel_line(line.id)
        turn.cancel_empty(order.id)
        return
    if quantity == line.quantity:
        return
    turn.edit(line.id, quantity, line.options)
    if order.status != "draft":
        turn.confirm_held(order)


def set_options(turn: Turn, command: c.SetOptions) -> None:
    """Settle a line, or change what was chosen."""
    line, order = turn.line(command.line, command.seen)
    changeable(order)
    options = {**line.options, **choices(turn.product(line.product), command.options)}
    if options == line.options:
        return
    turn.edit(line.id, line.quantity, options)
    if order.status != "draft" and line.confirmed:
        turn.confirm_held(order)


def changeable(order: OrderState) -> None:
    """Refuse to change what is on its way or withdrawn."""
    if order.status not in CANCELLABLE:
        raise Conflict("status", f"order {order.code} is {order.status}", order=order.code, status=order.status)


def tick(turn: Turn, command: c.Tick) -> None:
    """Let go of what drafts have held for longer than the shop holds; a clock that jumped ahead lets go of nothing."""
    minutes = turn.rules.hold_minutes
    if not minutes:
        return
    since = turn.now - timedelta(minutes=minutes)
    for line in turn.book.held_before(turn.show_id, since):
        ahead = sum(seconds for at, seconds in command.jumps if line.held_at is not None and line.held_at <= at)
        if line.held_at is not None and line.held_at + timedelta(seconds=ahead) > since:
            continue
        order = turn.book.order(line.order)
        if order is not None and order.status == "draft":
            turn.cancel_line(line.id, reason="expired")
            turn.cancel_empty(order.id)
