"""What happened: the events that the desk decides, the store keeps and the feed sends.

An event names people and comments by number only: no name, phone, address or text of a viewer. It carries what is
needed to rebuild the state from events alone (`livesell/ledger/` applies it). Quantities are whole thousandths here
and JSON numbers on the feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Union

from livesell.model import (
    BuyerId,
    Code,
    CommentId,
    EventNumber,
    IdentityId,
    Intent,
    LineId,
    Money,
    OrderId,
    Product,
    Quantity,
    ShowId,
    Status,
    Struct,
)


class Event(Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Something that happened; `show` is None for what concerns the shop, `at` is UTC."""

    at: datetime
    show: ShowId | None = None


class Commented(Event, frozen=True, tag="comment", kw_only=True):
    """A comment was stored; `intent` is None where it was not read."""

    comment: CommentId
    buyer: BuyerId
    identity: IdentityId
    intent: Intent | None = None
    late: bool = False


class Drafted(Event, frozen=True, tag="drafted", kw_only=True):
    """A line came into being, and its order if `opened`; nothing is held for it yet.

    `place` is its place in queues: microseconds since 1970 of the time that places it, then the line's number.
    """

    order: OrderId
    number: int
    code: str
    buyer: BuyerId
    identity: IdentityId
    line: LineId
    product: Code
    options: Mapping[str, str]
    quantity: Quantity
    unit_price: Money
    settled: bool
    place: int
    comment: CommentId | None = None
    opened: bool = False
    pinned_before: Code | None = None


class Reserved(Event, frozen=True, tag="reserved", kw_only=True):
    """Stock is held for a line, from the variant's stock."""

    order: OrderId
    line: LineId
    product: Code
    variant: str
    quantity: Quantity


class Waitlisted(Event, frozen=True, tag="waitlisted", kw_only=True):
    """A part of a line waits for stock; with `unsettled` it waits for the buyer's choice, and for no stock yet."""

    order: OrderId
    line: LineId
    product: Code
    variant: str | None
    quantity: Quantity


class Promoted(Event, frozen=True, tag="promoted", kw_only=True):
    """What became free went to the first who waits."""

    order: OrderId
    line: LineId
    product: Code
    variant: str
    quantity: Quantity


class Released(Event, frozen=True, tag="released", kw_only=True):
    """A line gave up what it held (`quantity`) or waited for (`waiting`)."""

    order: OrderId
    line: LineId
    product: Code
    variant: str | None
    quantity: Quantity = Quantity(0)
    waiting: Quantity = Quantity(0)
    reason: Literal["cancelled", "edited", "expired", "moved", "passed"] = "cancelled"


class Edited(Event, frozen=True, tag="edited", kw_only=True):
    """A line is asked for differently; holding and waiting follow in events of their own."""

    order: OrderId
    line: LineId
    product: Code
    options: Mapping[str, str]
    quantity: Quantity
    unit_price: Money
    settled: bool
    place: int
    before: Mapping[str, object]
    comment: CommentId | None = None


class Settled(Event, frozen=True, tag="settled", kw_only=True):
    """Every option of a line has a value now."""

    order: OrderId
    line: LineId
    options: Mapping[str, str]


class Confirmed(Event, frozen=True, tag="confirmed", kw_only=True):
    """What an order holds is confirmed: quantity by line. `before` is what was confirmed, and the status, before."""

    order: OrderId
    buyer: BuyerId
    held: Mapping[str, Quantity]
    before: Mapping[str, Quantity]
    was: Status
    sure: bool = False


class Moved(Event, frozen=True, tag="moved", kw_only=True):
    """An order's status changed by a step that has no event of its own: back to what it was, by `undo`."""

    order: OrderId
    status: Status
    was: Status
    held: Mapping[str, Quantity] = {}


class Paid(Event, frozen=True, tag="paid", kw_only=True):
    """The money is there."""

    order: OrderId
    was: Status


class Packed(Event, frozen=True, tag="packed", kw_only=True):
    """The parcel is packed."""

    order: OrderId
    was: Status


class Shipped(Event, frozen=True, tag="shipped", kw_only=True):
    """The parcel left the house."""

    order: OrderId
    was: Status


class Returned(Event, frozen=True, tag="returned", kw_only=True):
    """The parcel came back; `refused`: nobody took it in."""

    order: OrderId
    was: Status
    refused: bool = False


class Cancelled(Event, frozen=True, tag="cancelled", kw_only=True):
    """A line is withdrawn, or the order where `line` is None (its lines went before)."""

    order: OrderId
    buyer: BuyerId
    line: LineId | None = None
    was: Status | None = None
    quantity: Quantity = Quantity(0)
    confirmed: Quantity = Quantity(0)
    comment: CommentId | None = None


class Unclear(Event, frozen=True, tag="unclear", kw_only=True):
    """A comment that needs a person's tap, or, with `closed`, no longer does.

    `reason`: no_product, which, quantity, unknown, doubtful, cancel, change, edited, anonymous, closed_product,
    nothing_to_cancel, nothing_to_change, late, error. `candidates`: products that could be meant.
    """

    comment: CommentId
    reason: str
    candidates: tuple[Code, ...] = ()
    closed: bool = False
    how: Literal["", "dismissed", "read", "agreed", "answered", "opened"] = ""


class Flagged(Event, frozen=True, tag="deleted", kw_only=True):
    """The platform took a comment away; its lines stay."""

    comment: CommentId


class Linked(Event, frozen=True, tag="linked", kw_only=True):
    """These buyers are one person now: by number, what moved from whom to whom, and lines from which order to which."""

    buyer: BuyerId
    buyers: tuple[BuyerId, ...]
    identities: Mapping[str, tuple[BuyerId, BuyerId]]
    orders: Mapping[str, tuple[BuyerId, BuyerId]] = {}
    lines: Mapping[str, tuple[OrderId, OrderId]] = {}


class Unlinked(Event, frozen=True, tag="unlinked", kw_only=True):
    """Each identity is a buyer of its own again."""

    buyer: BuyerId
    identities: Mapping[str, tuple[BuyerId, BuyerId]]
    orders: Mapping[str, tuple[BuyerId, BuyerId]] = {}
    lines: Mapping[str, tuple[OrderId, OrderId]] = {}


class Known(Event, frozen=True, tag="buyer", kw_only=True):
    """What is known of a buyer changed; `fields` names what (the values are not in the event)."""

    buyer: BuyerId
    fields: tuple[str, ...]


class ProductPut(Event, frozen=True, tag="product", kw_only=True):
    """A product is on sale, changed or closed; `before` is None for a new one. Stock moves by events of its own."""

    product: Product
    before: Product | None = None


class Pinned(Event, frozen=True, tag="pinned", kw_only=True):
    """This product is on show."""

    code: Code | None
    before: Code | None


class Stock(Event, frozen=True, tag="stock", kw_only=True):
    """What is on hand of a variant changed by `by`; the stock row appears if it was not there.

    `reserved`: what was promised of it before anybody counted, where the count begins now.
    """

    product: Code
    variant: str
    by: Quantity
    on_hand: Quantity
    reserved: Quantity = Quantity(0)


class Source(Event, frozen=True, tag="source", kw_only=True):
    """A source changed its state."""

    source: str
    platform: str
    state: str
    reason: str = ""
    retry_at: datetime | None = None


class Gap(Event, frozen=True, tag="gap", kw_only=True):
    """Comments of a source may be missing between two times."""

    source: str
    since: datetime
    until: datetime


class Jumped(Event, frozen=True, tag="clock", kw_only=True):
    """The clock went by more than a minute at once."""

    seconds: float


class Undone(Event, frozen=True, tag="undone", kw_only=True):
    """What the command behind these events did was taken back."""

    event: EventNumber


class Show(Event, frozen=True, tag="show", kw_only=True):
    """A show was opened, ended or opened again."""

    state: Literal["opened", "ended", "reopened"]


class Purged(Event, frozen=True, tag="purged", kw_only=True):
    """People's data from before a time was taken out of the tables; the events stayed."""

    before: datetime


AnyEvent = Union[  # noqa: UP007 - msgspec wants the tagged union spelt out
    Commented, Drafted, Reserved, Waitlisted, Promoted, Released, Edited, Settled, Confirmed, Moved, Paid, Packed,
    Shipped, Returned, Cancelled, Unclear, Flagged, Linked, Unlinked, Known, ProductPut, Pinned, Stock, Source, Gap,
    Jumped, Undone, Show, Purged,
]  # fmt: skip
