"""What is asked of the desk: by chat, by a tap, by an edit, by the clock. One door for every change.

Those in `Asked` come from pages and scripts (`POST /api/shows/{show}/commands`); the others are livesell's own.
Orders are named by their `code`, products by theirs, lines, comments, buyers and events by their number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Union

import msgspec

from livesell.model import (
    BuyerId,
    Code,
    Comment,
    CommentId,
    EventNumber,
    IdentityId,
    LineId,
    Offer,
    Product,
    Quantity,
    Reading,
    ShowId,
    Struct,
)


class Command(Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Something asked for.

    `id`: a resend gets the first answer. `seen`: the last event that the asker knew of the order; a newer change is a
    Conflict. `who`: who tapped, as her page calls her. `show`: set by the server from the address, None for the shop.
    """

    id: str | None = None
    seen: EventNumber | None = None
    who: str = ""
    show: ShowId | None = None


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A line as a person reads it into a comment; `quantity` is a JSON number on the way in."""

    code: Code
    options: dict[str, str] = msgspec.field(default_factory=dict)
    quantity: float = 1


class Confirm(Command, frozen=True, tag="confirm", kw_only=True):
    """Confirm what is held of one order, or of several at once."""

    order: str | None = None
    orders: tuple[str, ...] = ()


class Cancel(Command, frozen=True, tag="cancel", kw_only=True):
    """Cancel an order or one line of it."""

    order: str | None = None
    line: LineId | None = None


class SetQuantity(Command, frozen=True, tag="set_quantity", kw_only=True):
    """Give a line another quantity; 0 cancels it."""

    line: LineId
    quantity: float


class Pass(Command, frozen=True, tag="pass", kw_only=True):
    """Let the next in the queue have what a line waits for, and what came up for it and is not confirmed."""

    line: LineId


class SetOptions(Command, frozen=True, tag="set_options", kw_only=True):
    """Settle or change the options of a line; the rest of its options stay."""

    line: LineId
    options: dict[str, str]


class ReadAs(Command, frozen=True, tag="read_as", kw_only=True):
    """Make an order out of a comment as a person reads it."""

    comment: CommentId
    lines: tuple[Wanted, ...]


class Dismiss(Command, frozen=True, tag="dismiss", kw_only=True):
    """An Unclear that is no order."""

    comment: CommentId


class Agree(Command, frozen=True, tag="agree", kw_only=True):
    """Do what an Unclear asks for: the cancel or the change that needs a person."""

    comment: CommentId


class Pin(Command, frozen=True, tag="pin", kw_only=True):
    """Put a product on show, or none."""

    code: Code | None


class Restock(Command, frozen=True, tag="restock", kw_only=True):
    """Add to what is on hand (a negative number takes away)."""

    code: Code
    by: float
    variant: str = ""


class Open(Command, frozen=True, tag="open", kw_only=True):
    """Open a product from one line: `A32 trà shan 200g 120k 10` (code, name, price, stock)."""

    line: str


class Close(Command, frozen=True, tag="close", kw_only=True):
    """Take a product off sale; claims for it become Unclear."""

    code: Code


class BackOrders(Command, frozen=True, tag="back_orders", kw_only=True):
    """Say whether more may be promised of a product than is there."""

    code: Code
    on: bool


class Link(Command, frozen=True, tag="link", kw_only=True):
    """These buyers are one person."""

    buyers: tuple[BuyerId, ...]


class Unlink(Command, frozen=True, tag="unlink", kw_only=True):
    """This buyer is several persons after all."""

    buyer: BuyerId


class HideName(Command, frozen=True, tag="hide_name", kw_only=True):
    """Take a buyer's name off the screen."""

    buyer: BuyerId


class SetContact(Command, frozen=True, tag="set_contact", kw_only=True):
    """What is known of a buyer; what is left out stays as it is, "" removes it.

    `refused`: the mark that parcels were refused before, set or taken away by hand.
    """

    buyer: BuyerId
    name: str | None = None
    phone: str | None = None
    address: str | None = None
    note: str | None = None
    refused: bool | None = None


class Undo(Command, frozen=True, tag="undo", kw_only=True):
    """Take back what the command behind this event did."""

    event: EventNumber


class EndShow(Command, frozen=True, tag="end", kw_only=True):
    """End the show; `at`: when it ended, where nobody was there to say so."""

    at: datetime | None = None


class Reopen(Command, frozen=True, tag="reopen", kw_only=True):
    """Open an ended show again."""


class Paid(Command, frozen=True, tag="paid", kw_only=True):
    """The money is there."""

    order: str | None = None
    orders: tuple[str, ...] = ()


class Packed(Command, frozen=True, tag="packed", kw_only=True):
    """The parcel is packed."""

    order: str | None = None
    orders: tuple[str, ...] = ()


class Shipped(Command, frozen=True, tag="shipped", kw_only=True):
    """The parcel left the house."""

    order: str | None = None
    orders: tuple[str, ...] = ()


class Returned(Command, frozen=True, tag="returned", kw_only=True):
    """The parcel came back; `refused`: nobody took it in."""

    order: str | None = None
    orders: tuple[str, ...] = ()
    refused: bool = False


Asked = Union[  # noqa: UP007 - msgspec wants the tagged union spelt out
    Confirm,
    Cancel,
    SetQuantity,
    Pass,
    SetOptions,
    ReadAs,
    Dismiss,
    Agree,
    Pin,
    Restock,
    Open,
    Close,
    BackOrders,
    Link,
    Unlink,
    HideName,
    SetContact,
    Undo,
    EndShow,
    Reopen,
    Paid,
    Packed,
    Shipped,
    Returned,
]
"""Every command that a page or a script may send."""


# --- livesell's own -------------------------------------------------------------------------------------------------


class Heard(Struct, frozen=True):
    """One comment on its way in, with where it stands in the ledger once it is stored.

    `anonymous`: it has no author. `queue_at` is the time that places it in a queue. `late`: history that is new, or
    after the show's end. `by_tap`: it becomes an order only by a tap. `reading` is None for what is not read: older
    than the show, or the seller's. `offer`: the product that the seller's own comment opens.
    """

    id: CommentId
    comment: Comment
    source: str
    reading: Reading | None
    received_at: datetime
    queue_at: datetime
    identity: IdentityId
    buyer: BuyerId
    anonymous: bool = False
    late: bool = False
    by_tap: bool = False
    offer: Offer | None = None


class Hear(Command, frozen=True, tag="hear", kw_only=True):
    """A comment has come in."""

    heard: Heard


class Offered(Command, frozen=True, tag="offered", kw_only=True):
    """`Open` with its line read; `offer` is None where it reads as no product."""

    line: str
    offer: Offer | None = None


class ReadAgain(Command, frozen=True, tag="read_again", kw_only=True):
    """A comment asked for goods that were not on sale; now they are, and this is how it reads."""

    heard: Heard
    codes: tuple[Code, ...]


class Tick(Command, frozen=True, tag="tick", kw_only=True):
    """Time has passed: holds may have run out.

    `jumps`: when the clock jumped forward, and by how many seconds; what was held before then does not run out by it.
    """

    jumps: tuple[tuple[datetime, float], ...] = ()


class ClockJumped(Command, frozen=True, tag="clock_jumped", kw_only=True):
    """The clock went by more than a minute at once."""

    seconds: float


class OpenShow(Command, frozen=True, tag="open_show", kw_only=True):
    """A new show begins."""


class SourceIs(Command, frozen=True, tag="source_is", kw_only=True):
    """A source changed its state."""

    source: str
    platform: str
    state: Literal["live", "waiting", "lost", "stopped", "ended"]
    reason: str = ""
    retry_at: datetime | None = None


class GapFound(Command, frozen=True, tag="gap_found", kw_only=True):
    """Comments of a source may be missing between two times."""

    source: str
    since: datetime
    until: datetime


class PutProduct(Command, frozen=True, tag="put_product", kw_only=True):
    """A product as a sheet or an edit has it.

    `stock` gives what is on hand by variant key, `add` what is to be added to it; None leaves the stock alone.
    """

    product: Product
    stock: dict[str, Quantity] | None = None
    add: dict[str, Quantity] | None = None


class Delete(Command, frozen=True, tag="delete", kw_only=True):
    """The platform took comments away: their lines are flagged, never cancelled."""

    comments: tuple[CommentId, ...]


class Purge(Command, frozen=True, tag="purge", kw_only=True):
    """People's data from before a time is to go."""

    before: datetime
