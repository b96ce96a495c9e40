"""What the book holds: shows, orders, lines, stock and questions as they are, and the shelf it fetches them from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol

from livesell import events as e
from livesell.commands import Heard
from livesell.model import (
    BuyerId,
    Code,
    CommentId,
    EventNumber,
    IdentityId,
    LineId,
    Money,
    OrderId,
    Product,
    Quantity,
    ShowId,
    Status,
    Struct,
)

OPEN: frozenset[Status] = frozenset({"draft", "confirmed"})
"""The states in which a buyer's next claim still joins the order."""


class Rules(Struct, frozen=True):
    """How this shop's desk works: `[desk]` of the configuration; `decimals` has the shop's currency."""

    confirm: Literal["tap", "sure"] = "tap"
    repeat: Literal["once", "add"] = "once"
    hold_minutes: int = 0
    cancel: Literal["do", "ask"] = "do"
    link: Literal["ask", "phone"] = "ask"
    pin_delay: float = 8
    decimals: int = 0
    sure_at: float = 0.9
    doubtful_below: float = 0.5


class ShowState(Struct, frozen=True):
    """A show; `orders` counts those given a number so far."""

    id: ShowId
    opened_at: datetime
    status: Literal["open", "ended"] = "open"
    ended_at: datetime | None = None
    pinned: Code | None = None
    pinned_before: Code | None = None
    pinned_at: datetime | None = None
    orders: int = 0


class OrderState(Struct, frozen=True):
    """An order; `seen` is the last event that touched it, `refused`: it came back because nobody took it in."""

    id: OrderId
    show: ShowId
    number: int
    code: str
    buyer: BuyerId
    status: Status
    created_at: datetime
    identity: IdentityId
    seen: EventNumber = EventNumber(0)
    refused: bool = False


class LineState(Struct, frozen=True):
    """A line of an order: quantity = reserved + waitlisted, 0 once cancelled; `confirmed` is the part confirmed.

    `place` orders it in a queue; `variant` is the stock it is held from or waits for, None while that is not known.
    `promoted` is the part held that came up from the queue and is not confirmed yet.
    """

    id: LineId
    order: OrderId
    show: ShowId
    identity: IdentityId
    product: Code
    options: Mapping[str, str]
    quantity: Quantity
    unit_price: Money
    settled: bool
    place: int
    reserved: Quantity = Quantity(0)
    waitlisted: Quantity = Quantity(0)
    confirmed: Quantity = Quantity(0)
    promoted: Quantity = Quantity(0)
    variant: str | None = None
    comments: tuple[CommentId, ...] = ()
    pinned_before: Code | None = None
    held_at: datetime | None = None


class StockState(Struct, frozen=True):
    """What is there of a variant; available = on_hand - reserved."""

    product: Code
    variant: str
    on_hand: Quantity = Quantity(0)
    reserved: Quantity = Quantity(0)


class UnclearState(Struct, frozen=True):
    """A comment that needs, or needed, a person's tap."""

    comment: CommentId
    show: ShowId | None
    reason: str
    candidates: tuple[Code, ...] = ()
    open: bool = True
    how: str = ""
    since: datetime | None = None


class Counters(Struct, frozen=True):
    """The highest numbers given so far."""

    show: int = 0
    order: int = 0
    line: int = 0


class Shelf(Protocol):
    """Where a book fetches what it does not hold; every method gives what is stored, or None or nothing."""

    def show(self, show: ShowId) -> ShowState | None: ...
    def product(self, code: Code) -> Product | None: ...
    def stock(self, product: Code) -> Iterable[StockState]: ...
    def queue(self, product: Code) -> Iterable[LineState]: ...
    def order(self, order: OrderId) -> OrderState | None: ...
    def order_named(self, show: ShowId, code: str) -> OrderState | None: ...
    def orders_of(self, show: ShowId, buyer: BuyerId) -> Iterable[OrderState]: ...
    def line(self, line: LineId) -> LineState | None: ...
    def lines_of(self, order: OrderId) -> Iterable[LineState]: ...
    def lines_with(self, product: Code) -> Iterable[LineState]: ...
    def unclear(self, comment: CommentId) -> UnclearState | None: ...
    def heard(self, comment: CommentId) -> Heard | None: ...
    def buyer_of(self, identity: IdentityId) -> BuyerId | None: ...
    def identities_of(self, buyer: BuyerId) -> Iterable[IdentityId]: ...
    def with_phone(self, phone: str) -> Iterable[IdentityId]: ...
    def phone_known(self, identities: Iterable[IdentityId]) -> bool: ...
    def step(self, event: EventNumber) -> tuple[list[tuple[EventNumber, e.Event]], bool]: ...
    def held_before(self, show: ShowId, time: datetime) -> Iterable[LineId]: ...


def place_of(time: datetime, line: int) -> int:
    """A place in the queue: by time to the microsecond, among equals by the line's number."""
    return int((time - EPOCH) / timedelta(microseconds=1)) * 1000 + line % 1000


def time_of(place: int) -> datetime:
    """The time that a place in the queue was made from."""
    return EPOCH + timedelta(microseconds=place // 1000)


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
