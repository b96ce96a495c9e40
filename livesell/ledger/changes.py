"""What each event does to the book."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from livesell import events as e
from livesell.ledger.states import LineState, OrderState, ShowState, StockState, UnclearState
from livesell.ledger.view import View
from livesell.model import BuyerId, Code, IdentityId, LineId, OrderId, Quantity, Status


def change_line(book: View, line: LineId, **fields: Any) -> None:
    before = line_in(book, line)
    after = replace(before, **fields)
    book.put("lines", line, after)
    if before.waitlisted or after.waitlisted:
        requeue(book, before, after)


def requeue(book: View, before: LineState, after: LineState) -> None:
    was = (before.product, before.place) if before.waitlisted else None
    now = (after.product, after.place) if after.waitlisted else None
    if was == now:
        return
    if was is not None:
        queue = book.places(before.product)
        at = bisect_left(queue, (before.place, before.id))
        book.queues[before.product] = queue[:at] + queue[at + 1 :]
    if now is not None:
        queue = book.places(after.product)
        at = bisect_left(queue, (after.place, after.id))
        book.queues[after.product] = (*queue[:at], (after.place, after.id), *queue[at:])


def line_in(book: View, line: LineId) -> LineState:
    found = book.line(line)
    if found is None:
        raise LookupError(f"line {line} is not in the book")
    return found


def order_in(book: View, order: OrderId) -> OrderState:
    found = book.order(order)
    if found is None:
        raise LookupError(f"order {order} is not in the book")
    return found


def reserve(book: View, product: Code, variant: str, quantity: Quantity) -> None:
    cell = book.cell(product, variant)
    if cell is not None:
        book.put("stock", (product, variant), replace(cell, reserved=Quantity(cell.reserved + quantity)))


def commented(book: View, event: e.Commented) -> None:
    if book.get("buyers", event.identity, lambda shelf: shelf.buyer_of(event.identity)) is None:
        book.buyers[event.identity] = event.buyer
        book.changed["buyers"].add(event.identity)


def drafted(book: View, event: e.Drafted) -> None:
    assert event.show is not None
    if event.opened:
        order = OrderState(
            event.order, event.show, event.number, event.code, event.buyer, "draft", event.at, event.identity
        )
        earlier = book.orders_of(event.show, event.buyer)
        book.put("orders", event.order, order)
        book.buyer_orders[event.show, event.buyer] = (*(one.id for one in earlier), event.order)
        book.order_names[event.show, event.code] = event.order
        book.order_lines[event.order] = ()
        show = book.show(event.show)
        if show is not None:
            book.put("shows", event.show, replace(show, orders=max(show.orders, event.number)))
        book.counters = replace(book.counters, order=max(book.counters.order, event.order))
    lines = book.all_lines(event.order)
    book.counters = replace(book.counters, line=max(book.counters.line, event.line))
    line = LineState(
        id=event.line,
        order=event.order,
        show=event.show,
        identity=event.identity,
        product=event.product,
        options=event.options,
        quantity=event.quantity,
        unit_price=event.unit_price,
        settled=event.settled,
        place=event.place,
        comments=() if event.comment is None else (event.comment,),
        pinned_before=event.pinned_before,
    )
    book.put("lines", event.line, line)
    book.order_lines[event.order] = (*lines, event.line)


def reserved(book: View, event: e.Reserved) -> None:
    line = line_in(book, event.line)
    change_line(
        book,
        event.line,
        reserved=Quantity(line.reserved + event.quantity),
        variant=event.variant,
        held_at=line.held_at or event.at,
    )
    reserve(book, event.product, event.variant, event.quantity)


def waitlisted(book: View, event: e.Waitlisted) -> None:
    line = line_in(book, event.line)
    change_line(book, event.line, waitlisted=Quantity(line.waitlisted + event.quantity), variant=event.variant)


def promoted(book: View, event: e.Promoted) -> None:
    line = line_in(book, event.line)
    change_line(
        book,
        event.line,
        reserved=Quantity(line.reserved + event.quantity),
        waitlisted=Quantity(line.waitlisted - event.quantity),
        promoted=Quantity(line.promoted + event.quantity),
        held_at=event.at,
    )
    reserve(book, event.product, event.variant, event.quantity)


def released(book: View, event: e.Released) -> None:
    line = line_in(book, event.line)
    reserved = Quantity(line.reserved - event.quantity)
    change_line(
        book,
        event.line,
        reserved=reserved,
        waitlisted=Quantity(line.waitlisted - event.waiting),
        confirmed=min(line.confirmed, reserved),
        promoted=max(Quantity(0), Quantity(line.promoted - event.quantity)),
        held_at=line.held_at if reserved else None,
    )
    if event.quantity and event.variant is not None:
        reserve(book, event.product, event.variant, Quantity(-event.quantity))


def edited(book: View, event: e.Edited) -> None:
    line = line_in(book, event.line)
    comments = line.comments
    if event.comment is not None and event.comment not in comments:
        comments = (*comments, event.comment)
    change_line(
        book,
        event.line,
        product=event.product,
        options=event.options,
        quantity=event.quantity,
        unit_price=event.unit_price,
        settled=event.settled,
        place=event.place,
        comments=comments,
    )


def settled(book: View, event: e.Settled) -> None:
    change_line(book, event.line, settled=True)


def confirmed(book: View, event: e.Confirmed) -> None:
    book.put("orders", event.order, replace(order_in(book, event.order), status=later(event.was, "confirmed")))
    for line, quantity in event.held.items():
        change_line(book, LineId(int(line)), confirmed=quantity, promoted=Quantity(0), pinned_before=None)


def moved(book: View, event: e.Moved) -> None:
    order = order_in(book, event.order)
    refused = order.refused and event.status == "returned"
    book.put("orders", event.order, replace(order, status=event.status, refused=refused))
    for line, quantity in event.held.items():
        change_line(book, LineId(int(line)), confirmed=quantity)


def status(book: View, event: e.Paid | e.Packed | e.Shipped | e.Returned) -> None:
    refused = isinstance(event, e.Returned) and event.refused
    after = replace(order_in(book, event.order), status=STATUS_OF[type(event)], refused=refused)
    book.put("orders", event.order, after)


def cancelled(book: View, event: e.Cancelled) -> None:
    if event.line is None:
        book.put("orders", event.order, replace(order_in(book, event.order), status="cancelled"))
    else:
        change_line(book, event.line, quantity=Quantity(0))


def unclear(book: View, event: e.Unclear) -> None:
    book.put(
        "unclears",
        event.comment,
        UnclearState(event.comment, event.show, event.reason, event.candidates, not event.closed, event.how, event.at),
    )


def linked(book: View, event: e.Linked | e.Unlinked) -> None:
    for identity, (_, buyer) in event.identities.items():
        join(book, IdentityId(int(identity)), buyer)
    for given, (_, buyer) in event.orders.items():
        give(book, OrderId(int(given)), buyer)
    for number, (source, target) in event.lines.items():
        line = LineId(int(number))
        mine, theirs = book.all_lines(source), book.all_lines(target)
        book.order_lines[source] = tuple(one for one in mine if one != line)
        book.order_lines[target] = tuple(sorted({*theirs, line}))
        change_line(book, line, order=target)
    for order in {order for pair in event.lines.values() for order in pair}:
        book.put("orders", order, order_in(book, order))


def join(book: View, identity: IdentityId, buyer: BuyerId) -> None:
    before = book.buyer_of(identity)
    book.identities[before] = tuple(one for one in book.identities_of(before) if one != identity)
    after = tuple(one for one in book.identities_of(buyer) if book.buyer_of(one) == buyer)
    book.put("buyers", identity, buyer)
    book.identities[buyer] = tuple(sorted({*after, identity}))


def give(book: View, order: OrderId, buyer: BuyerId) -> None:
    state = order_in(book, order)
    mine = tuple(one.id for one in book.orders_of(state.show, state.buyer) if one.id != order)
    theirs = tuple(one.id for one in book.orders_of(state.show, buyer))
    book.buyer_orders[state.show, state.buyer] = mine
    book.buyer_orders[state.show, buyer] = tuple(sorted({*theirs, order}))
    book.put("orders", order, replace(state, buyer=buyer))


def product(book: View, event: e.ProductPut) -> None:
    book.put("products", event.product.code, event.product)


def pinned(book: View, event: e.Pinned) -> None:
    assert event.show is not None
    show = book.show(event.show)
    if show is not None:
        after = replace(show, pinned=event.code, pinned_before=event.before, pinned_at=event.at)
        book.put("shows", event.show, after)


def stock(book: View, event: e.Stock) -> None:
    cell = book.cell(event.product, event.variant)
    if cell is None:
        cell = StockState(event.product, event.variant, reserved=event.reserved)
        book.variants[event.product] = (*book.index("variants", event.product, lambda _: ()), event.variant)
    book.put("stock", (event.product, event.variant), replace(cell, on_hand=event.on_hand))


def show(book: View, event: e.Show) -> None:
    assert event.show is not None
    if event.state == "opened":
        book.put("shows", event.show, ShowState(event.show, event.at))
        book.counters = replace(book.counters, show=max(book.counters.show, event.show))
        return
    show = book.show(event.show)
    if show is not None:
        ended = event.state == "ended"
        after = replace(show, status="ended" if ended else "open", ended_at=event.at if ended else None)
        book.put("shows", event.show, after)


def nothing(book: View, event: e.Event) -> None:
    """Told to people only."""


STATUS_OF: Mapping[type[e.Event], Status] = {
    e.Paid: "paid",
    e.Packed: "packed",
    e.Shipped: "shipped",
    e.Returned: "returned",
}

ORDER_OF_STATUS: tuple[Status, ...] = ("draft", "confirmed", "paid", "packed", "shipped", "returned")


def later(one: Status, other: Status) -> Status:
    """Confirming what joined a paid order leaves it paid."""
    return max(one, other, key=ORDER_OF_STATUS.index)


APPLY: Mapping[type[e.Event], Callable[[View, Any], None]] = {
    e.Commented: commented,
    e.Drafted: drafted,
    e.Reserved: reserved,
    e.Waitlisted: waitlisted,
    e.Promoted: promoted,
    e.Released: released,
    e.Edited: edited,
    e.Settled: settled,
    e.Confirmed: confirmed,
    e.Moved: moved,
    e.Paid: status,
    e.Packed: status,
    e.Shipped: status,
    e.Returned: status,
    e.Cancelled: cancelled,
    e.Unclear: unclear,
    e.Flagged: nothing,
    e.Linked: linked,
    e.Unlinked: linked,
    e.Known: nothing,
    e.ProductPut: product,
    e.Pinned: pinned,
    e.Stock: stock,
    e.Source: nothing,
    e.Gap: nothing,
    e.Jumped: nothing,
    e.Undone: nothing,
    e.Show: show,
    e.Purged: nothing,
}
