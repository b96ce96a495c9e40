"""States to rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from livesell.commands import Heard
from livesell.ledger import EPOCH, LineState, OrderState, ShowState, StockState, UnclearState
from livesell.model import (
    AuthorId,
    BuyerId,
    Code,
    Comment,
    CommentId,
    EventNumber,
    IdentityId,
    LineId,
    MessageId,
    Money,
    OrderId,
    Platform,
    Product,
    Quantity,
    Reading,
    ShowId,
)

Row = Mapping[str, Any]

LATE, HISTORY, EDITED, DELETED, ANONYMOUS, BY_TAP, UNREAD = 1, 2, 4, 8, 16, 32, 64
"""The flags of a comment."""

_readings = msgspec.json.Decoder(Reading)
_products = msgspec.json.Decoder(Product)
_options = msgspec.json.Decoder(dict[str, str])
_comments = msgspec.json.Decoder(tuple[CommentId, ...])
_codes = msgspec.json.Decoder(tuple[Code, ...])


def micros(time: datetime) -> int:
    """A time as whole microseconds since 1970."""
    return (time - EPOCH) // MICROSECOND


def time(value: int) -> datetime:
    """Microseconds since 1970 as a time in UTC."""
    return EPOCH + timedelta(microseconds=value)


def maybe_time(value: int | None) -> datetime | None:
    """The same where there may be none."""
    return None if value is None else time(value)


MICROSECOND = timedelta(microseconds=1)


def text(value: object) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()


def show_state(row: Any) -> ShowState:
    """A show from its row."""
    return ShowState(
        ShowId(row.id),
        time(row.opened_at),
        row.status,
        maybe_time(row.ended_at),
        row.pinned,
        row.pinned_before,
        maybe_time(row.pinned_at),
        row.orders,
    )


def show_row(show: ShowState) -> Row:
    """A show as a row."""
    return {
        "id": show.id,
        "status": show.status,
        "opened_at": micros(show.opened_at),
        "ended_at": None if show.ended_at is None else micros(show.ended_at),
        "pinned": show.pinned,
        "pinned_before": show.pinned_before,
        "pinned_at": None if show.pinned_at is None else micros(show.pinned_at),
        "orders": show.orders,
    }


def order_state(row: Any) -> OrderState:
    """An order from its row."""
    return OrderState(
        OrderId(row.id),
        ShowId(row.show),
        row.number,
        row.code,
        BuyerId(row.buyer),
        row.status,
        time(row.created_at),
        IdentityId(row.identity),
        EventNumber(row.seen),
        bool(row.refused),
    )


def order_row(order: OrderState) -> Row:
    """An order as a row."""
    return {
        "id": order.id,
        "show": order.show,
        "number": order.number,
        "code": order.code,
        "buyer": order.buyer,
        "identity": order.identity,
        "status": order.status,
        "created_at": micros(order.created_at),
        "seen": order.seen,
        "refused": order.refused,
    }


def line_state(row: Any) -> LineState:
    """A line from its row."""
    return LineState(
        id=LineId(row.id),
        order=OrderId(row.order),
        show=ShowId(row.show),
        identity=IdentityId(row.identity),
        product=Code(row.product),
        options=_options.decode(row.options),
        quantity=Quantity(row.quantity),
        reserved=Quantity(row.reserved),
        waitlisted=Quantity(row.waitlisted),
        confirmed=Quantity(row.confirmed),
        promoted=Quantity(row.promoted),
        unit_price=Money(row.unit_price),
        settled=bool(row.settled),
        place=row.place,
        variant=row.variant,
        pinned_before=row.pinned_before,
        held_at=maybe_time(row.held_at),
        comments=_comments.decode(row.comments),
    )


def line_row(line: LineState) -> Row:
    """A line as a row."""
    return {
        "id": line.id,
        "order": line.order,
        "show": line.show,
        "identity": line.identity,
        "product": line.product,
        "options": text(line.options),
        "quantity": line.quantity,
        "reserved": line.reserved,
        "waitlisted": line.waitlisted,
        "confirmed": line.confirmed,
        "promoted": line.promoted,
        "unit_price": line.unit_price,
        "settled": line.settled,
        "place": line.place,
        "variant": line.variant,
        "pinned_before": line.pinned_before,
        "held_at": None if line.held_at is None else micros(line.held_at),
        "comments": text(line.comments),
    }


def stock_state(row: Any) -> StockState:
    """A counted variant from its row."""
    return StockState(Code(row.product), row.variant, Quantity(row.on_hand), Quantity(row.reserved))


def product_of(body: str) -> Product:
    """A product from its stored body."""
    return _products.decode(body)


def reading_of(body: str) -> Reading:
    """A reading from its stored body."""
    return _readings.decode(body)


def unclear_state(row: Any) -> UnclearState:
    """An Unclear from its row."""
    return UnclearState(
        CommentId(row.comment),
        None if row.show is None else ShowId(row.show),
        row.reason,
        _codes.decode(row.candidates),
        bool(row.open),
        row.how,
        maybe_time(row.since),
    )


def unclear_row(unclear: UnclearState) -> Row:
    """An Unclear as a row."""
    return {
        "comment": unclear.comment,
        "show": unclear.show,
        "reason": unclear.reason,
        "candidates": text(unclear.candidates),
        "open": unclear.open,
        "how": unclear.how,
        "since": None if unclear.since is None else micros(unclear.since),
    }


def heard_row(show: ShowId, heard: Heard, message_id: str) -> dict[str, Any]:
    """A comment on its way in as a row."""
    comment, reading = heard.comment, heard.reading
    flags = (
        (LATE if heard.late else 0)
        | (HISTORY if comment.history else 0)
        | (EDITED if comment.edited else 0)
        | (ANONYMOUS if heard.anonymous else 0)
        | (BY_TAP if heard.by_tap else 0)
        | (UNREAD if reading is None else 0)
    )
    return {
        "id": heard.id,
        "show": show,
        "platform": comment.platform,
        "message_id": message_id,
        "source": heard.source,
        "identity": heard.identity,
        "author": comment.author,
        "role": comment.role,
        "text": comment.text,
        "sent_at": None if comment.sent_at is None else micros(comment.sent_at),
        "received_at": micros(heard.received_at),
        "queue_at": micros(heard.queue_at),
        "flags": flags,
        **reading_row(reading),
    }


def reading_row(reading: Reading | None) -> dict[str, Any]:
    """How a comment was read, as a part of its row."""
    return {
        "intent": None if reading is None else reading.intent,
        "confidence": None if reading is None else reading.confidence,
        "phone": None if reading is None else reading.phone,
        "reading": None if reading is None else text(reading),
    }


def heard_of(row: Any, buyer: BuyerId, author_id: str | None) -> Heard:
    """A stored comment as the desk looks at it."""
    return Heard(
        id=CommentId(row.id),
        comment=Comment(
            platform=Platform(row.platform),
            id=MessageId(row.message_id),
            author_id=None if author_id is None else AuthorId(author_id),
            author=row.author,
            text=row.text,
            sent_at=maybe_time(row.sent_at),
            history=bool(row.flags & HISTORY),
            role=row.role,
            edited=bool(row.flags & EDITED),
        ),
        source=row.source,
        reading=None if row.reading is None else _readings.decode(row.reading),
        received_at=time(row.received_at),
        queue_at=time(row.queue_at),
        identity=IdentityId(row.identity),
        buyer=buyer,
        anonymous=bool(row.flags & ANONYMOUS),
        late=bool(row.flags & LATE),
        by_tap=bool(row.flags & BY_TAP),
    )
