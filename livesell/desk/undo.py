"""Taking a step back: the opposite of what a command did, as far as it still stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from livesell import commands as c
from livesell import events as e
from livesell.desk.goods import below, count, recount
from livesell.desk.turn import Turn
from livesell.errors import Conflict, NotFound, Refused
from livesell.ledger import OrderState
from livesell.model import IdentityId, OrderId, Quantity


def undo(turn: Turn, command: c.Undo) -> None:
    """Take back what the command behind an event did; what went to others meanwhile stays with them."""
    step, already = turn.book.step(command.event)
    if not step:
        raise NotFound("event", command.event)
    if already:
        raise Conflict("undone", f"event {command.event} was taken back already")
    before = len(turn.events)
    for _, event in reversed(step):
        back = BACK.get(type(event))
        if back is not None:
            back(turn, event)
    if any(isinstance(event, e.ProductPut) for _, event in step):
        parked_again(turn, [event for _, event in step if isinstance(event, e.Drafted)])
    if len(turn.events) == before:
        raise Refused("nothing_to_undo", f"event {command.event} cannot be taken back")
    turn.emit(e.Undone(at=turn.now, show=command.show, event=command.event))


def parked_again(turn: Turn, drafted: Sequence[e.Drafted]) -> None:
    """What a product brought when it came on sale is asked about again, now that it is not."""
    for event in drafted:
        product = turn.book.product(event.product)
        if event.comment is None or product is None or product.open:
            continue
        if turn.book.unclear(event.comment) is None:
            turn.unclear(event.comment, "closed_product", (event.product,))


def order_in(turn: Turn, number: OrderId, status: str) -> OrderState:
    """The order, if it is still where the step left it."""
    order = turn.book.order(number)
    if order is None:
        raise NotFound("order", number)
    if order.status != status:
        problem = f"cannot undo: order {order.code} is already {order.status}"
        raise Conflict("too_late", problem, order=order.code, status=order.status)
    return order


def not_gone(turn: Turn, number: OrderId) -> None:
    """Refuse to touch what is on its way."""
    order = turn.book.order(number)
    if order is not None and order.status in ("shipped", "returned"):
        problem = f"cannot undo: order {order.code} is already {order.status}"
        raise Conflict("too_late", problem, order=order.code, status=order.status)


def confirmed(turn: Turn, event: e.Confirmed) -> None:
    """Back to what it was: a draft, or confirmed without what was new."""
    order = order_in(turn, event.order, "confirmed" if event.was in ("draft", "confirmed") else event.was)
    turn.emit(
        e.Moved(
            at=turn.now, show=order.show, order=order.id, status=event.was, was=order.status, held=dict(event.before)
        )
    )


def status(turn: Turn, event: e.Paid | e.Packed | e.Shipped | e.Returned) -> None:
    """One step back."""
    order = order_in(turn, event.order, type(event).__name__.lower())
    turn.emit(e.Moved(at=turn.now, show=order.show, order=order.id, status=event.was, was=order.status))


def moved(turn: Turn, event: e.Moved) -> None:
    """A step that was taken back is taken again."""
    order = order_in(turn, event.order, event.status)
    turn.emit(e.Moved(at=turn.now, show=order.show, order=order.id, status=event.was, was=order.status))


def drafted(turn: Turn, event: e.Drafted) -> None:
    """The line goes."""
    not_gone(turn, event.order)
    line = turn.book.line(event.line)
    if line is not None and line.quantity:
        turn.cancel_line(line.id)
    turn.cancel_empty(event.order)


def edited(turn: Turn, event: e.Edited) -> None:
    """The line is asked for as before; it holds what is there for it."""
    not_gone(turn, event.order)
    before = event.before
    product = turn.product(before["product"])  # type: ignore[arg-type]
    line = turn.book.line(event.line)
    if line is None:
        raise NotFound("line", event.line)
    turn.edit(line.id, Quantity(int(str(before["quantity"]))), before["options"], product=product)  # type: ignore[arg-type]
    turn.reconfirm(line.id, Quantity(int(str(before.get("confirmed", 0)))))


def cancelled(turn: Turn, event: e.Cancelled) -> None:
    """The line stands in its old place again; the order is what it was."""
    if event.line is None:
        order = order_in(turn, event.order, "cancelled")
        turn.emit(e.Moved(at=turn.now, show=order.show, order=order.id, status=event.was or "draft", was="cancelled"))
        return
    line = turn.book.line(event.line)
    if line is None or line.quantity:
        raise Conflict("changed", f"line {event.line} has changed since")
    turn.edit(line.id, event.quantity, line.options)
    turn.reconfirm(line.id, event.confirmed)


def pinned(turn: Turn, event: e.Pinned) -> None:
    """What was on show before is on show again."""
    if turn.show.pinned == event.code:
        turn.emit(e.Pinned(at=turn.now, show=turn.show_id, code=event.before, before=event.code))


def stock(turn: Turn, event: e.Stock) -> None:
    """As much as is not held is taken away again, or given back."""
    cell = turn.book.cell(event.product, event.variant)
    if cell is not None and cell.on_hand - event.by < cell.reserved and not below(turn, event.product):
        raise Conflict("held", f"{event.product} is held for buyers already", product=event.product)
    count(turn, event.product, event.variant, Quantity(-event.by))


def product(turn: Turn, event: e.ProductPut) -> None:
    """The product as it was; a new one is closed."""
    now = turn.product(event.product.code)
    before = event.before if event.before is not None else replace(event.product, open=False)
    if now != before:
        turn.emit(e.ProductPut(at=turn.now, show=None, product=before, before=now))
        recount(turn, before, now)


def unclear(turn: Turn, event: e.Unclear) -> None:
    """A comment that was dealt with is asked about again; a question that arose is gone."""
    state = turn.book.unclear(event.comment)
    if state is not None and state.open != (not event.closed):
        return
    turn.emit(
        e.Unclear(
            at=turn.now,
            show=event.show,
            comment=event.comment,
            reason=event.reason,
            candidates=event.candidates,
            closed=not event.closed,
            how="" if event.closed else "answered",
        )
    )


def linked(turn: Turn, event: e.Linked) -> None:
    """Each identity is a buyer of its own again, with its orders and lines."""
    turn.emit(
        e.Unlinked(
            at=turn.now,
            show=event.show,
            buyer=event.buyer,
            identities={one: (now, before) for one, (before, now) in event.identities.items()},
            orders={one: (now, before) for one, (before, now) in event.orders.items()},
            lines={line: (target, source) for line, (source, target) in event.lines.items()},
        )
    )


def unlinked(turn: Turn, event: e.Unlinked) -> None:
    """They are one person again, with the orders that went apart; their lines went back before."""
    gone = [one for one, (_, now) in event.identities.items() if turn.book.buyer_of(IdentityId(int(one))) != now]
    if gone:
        raise Conflict("changed", f"buyer {event.buyer} has changed since")
    turn.emit(
        e.Linked(
            at=turn.now,
            show=event.show,
            buyer=event.buyer,
            buyers=(event.buyer, *(now for _, now in event.identities.values())),
            identities={one: (now, before) for one, (before, now) in event.identities.items()},
            orders={one: (now, before) for one, (before, now) in event.orders.items()},
            lines={line: (target, source) for line, (source, target) in event.lines.items()},
        )
    )


def show(turn: Turn, event: e.Show) -> None:
    """An ended show goes on."""
    state = turn.show
    if event.state == "ended" and state.status == "ended":
        turn.emit(e.Show(at=turn.now, show=state.id, state="reopened"))
    elif event.state == "reopened" and state.status == "open":
        turn.emit(e.Show(at=turn.now, show=state.id, state="ended"))


BACK: Mapping[type[e.Event], Callable[[Turn, Any], None]] = {
    e.Confirmed: confirmed,
    e.Paid: status,
    e.Packed: status,
    e.Shipped: status,
    e.Returned: status,
    e.Moved: moved,
    e.Drafted: drafted,
    e.Edited: edited,
    e.Cancelled: cancelled,
    e.Pinned: pinned,
    e.Stock: stock,
    e.ProductPut: product,
    e.Unclear: unclear,
    e.Linked: linked,
    e.Unlinked: unlinked,
    e.Show: show,
}
"""What has an opposite; all else (holding, waiting, promoting) follows from it."""
