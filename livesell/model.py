"""The nouns: what a comment, a product, a reading and an order are; nothing here reads, decides or stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal, NewType

import msgspec

# Ids made by platforms are strings and stay strings: they exceed 2^53 and mean nothing here.
Platform = NewType("Platform", str)
MessageId = NewType("MessageId", str)
AuthorId = NewType("AuthorId", str)

# Ids made by the store are row numbers.
ShowId = NewType("ShowId", int)
CommentId = NewType("CommentId", int)
IdentityId = NewType("IdentityId", int)
BuyerId = NewType("BuyerId", int)
OrderId = NewType("OrderId", int)
LineId = NewType("LineId", int)
EventNumber = NewType("EventNumber", int)

Code = NewType("Code", str)
"""A product's code as the catalog spells it."""

Quantity = NewType("Quantity", int)
"""Whole thousandths of the product's unit: 1500 is one and a half."""

Money = NewType("Money", int)
"""Whole minor units of the shop's currency: dong, paisa, cents."""

ONE = Quantity(1000)

Role = Literal["seller", "moderator", "viewer"]
Intent = Literal["order", "cancel", "change", "question", "other"]
Status = Literal["draft", "confirmed", "paid", "packed", "shipped", "returned", "cancelled"]

READ_LIMIT = 1_000
"""Characters of a comment that are read and shown; the rest is kept as raw text only."""


class Struct(msgspec.Struct, frozen=True):
    """A frozen record."""


# --- what a viewer wrote --------------------------------------------------------------------------------------------


class Comment(Struct, frozen=True):
    """What a viewer wrote, as an adapter hands it over; immutable.

    `id` and `platform` are where the viewer wrote (a relay passes the site's name on). `author_id` is None where the
    platform does not say. `sent_at` is the platform's time or None. `history` marks what was delivered as old.
    `verified_role` is False where the role was claimed by somebody who may not claim it.
    """

    platform: Platform
    id: MessageId
    author_id: AuthorId | None
    author: str
    text: str
    sent_at: datetime | None = None
    history: bool = False
    role: Role = "viewer"
    edited: bool = False
    phone: str | None = None
    address: str | None = None


class Deleted(Struct, frozen=True):
    """A platform took messages away, by message ids or all those of authors."""

    platform: Platform
    ids: tuple[MessageId, ...] = ()
    author_ids: tuple[AuthorId, ...] = ()


class Ended(Struct, frozen=True):
    """The stream on the platform is over."""

    reason: str


# --- what is on sale ------------------------------------------------------------------------------------------------

Measure = Literal["g", "ml", "mm"]


class Amount(Struct, frozen=True):
    """An amount of mass (grams) or volume (millilitres): `500 g`, `1 kg` is 1000 g, `250 ml`."""

    value: Decimal
    measure: Measure


class OptionValue(Struct, frozen=True):
    """One value of an option: the canonical word and other words for it."""

    name: str
    synonyms: tuple[str, ...] = ()


class Option(Struct, frozen=True):
    """Something a buyer must choose: `size` of S, M, L."""

    name: str
    values: tuple[OptionValue, ...]


class Product(Struct, frozen=True):
    """Something on sale.

    `price` is of one unit. `pack` is the content of one unit or None. `stock` is None where it is not counted, else a
    quantity by variant key (`variant_key`); counted for the whole product, the only key is "".
    `open` is False after the seller closed it by hand. `back_orders` lets stock go below zero.
    """

    code: Code
    name: str
    price: Money
    aliases: tuple[str, ...] = ()
    unit: str = ""
    pack: Amount | None = None
    options: tuple[Option, ...] = ()
    stock: Mapping[str, Quantity] | None = None
    open: bool = True
    back_orders: bool = False


class Offer(Struct, frozen=True):
    """A product as the seller says it in one line.

    `price` is in whole units of the currency; `marked` where a word or sign says that it is money. `stock` is None
    where no number was said.
    """

    code: Code
    name: str
    price: Decimal
    pack: Amount | None = None
    unit: str = ""
    stock: Quantity | None = None
    marked: bool = False


Options = Mapping[str, str]
"""Option name -> canonical value, as far as chosen: {"size": "M"}."""


def settled(product: Product, options: Options) -> bool:
    """True when every option of the product has a value."""
    return all(option.name in options for option in product.options)


def variant_key(product: Product, options: Options) -> str | None:
    """The key of the stock that a choice of options is held from; None while it is not known.

    "" where stock is counted for the whole product; else the values in the order of the product's options, joined
    by a comma as the catalog writes them.
    """
    if product.stock is None or set(product.stock) == {""}:
        return ""
    if not settled(product, options):
        return None
    return ",".join(options[option.name] for option in product.options)


# --- what the parser makes of a comment -----------------------------------------------------------------------------


class Claim(Struct, frozen=True):
    """One product, options and quantity asked for.

    `quantity` is None where it cannot be told (700 g of 500 g packs; everything, in a cancel). `said` is False where
    quantity 1 is only the default.
    """

    code: Code
    options: Options = msgspec.field(default_factory=dict)
    quantity: Quantity | None = ONE
    said: bool = False


class Why(Struct, frozen=True):
    """One reason of a reading: a stable code, the piece of the comment it came from, and data for the sentence.

    `start` and `end` are character offsets into the comment's text, both 0 where it is no piece of it.
    """

    code: str
    data: Mapping[str, str | int | tuple[str, ...]] = msgspec.field(default_factory=dict)
    start: int = 0
    end: int = 0


class Reading(Struct, frozen=True):
    """What the parser makes of a comment.

    `claims`: what is claimed (order), what is withdrawn (cancel), what holds afterwards (change).
    `replaces`: what a change gives up, without quantities: "A3 thành A15" gives up A3.
    `adds`: the comment says that it comes on top ("thêm", "one more").
    `passes`: it lets the next in the queue have it ("pass", "nhường"); what that means depends on whether she waits.
    `unknown`: codes or names that were asked for and are not in the catalog.
    `candidates`: products that could be meant where nothing decides, likeliest first.
    `phone`: E.164 or None. `confidence`: 0 to 1, the chance that intent and claims are right.
    """

    intent: Intent
    claims: tuple[Claim, ...] = ()
    phone: str | None = None
    confidence: float = 0.0
    why: tuple[Why, ...] = ()
    replaces: tuple[Claim, ...] = ()
    adds: bool = False
    unknown: tuple[str, ...] = ()
    candidates: tuple[Code, ...] = ()
    passes: bool = False


# --- numbers at the edges -------------------------------------------------------------------------------------------


def quantity(value: Decimal | float | str) -> Quantity:
    """The quantity of a number with at most three places; ValueError for anything else."""
    try:
        thousandths = Decimal(str(value)) * 1000
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not thousandths.is_finite() or thousandths != thousandths.to_integral_value():
        raise ValueError(f"{value} has more than three decimal places")
    return Quantity(int(thousandths))


def quantity_number(value: Quantity) -> int | float:
    """A quantity as a JSON number: 2000 -> 2, 500 -> 0.5."""
    whole, rest = divmod(value, 1000)
    return value / 1000 if rest else whole


def times(price: Money, count: Quantity) -> Money:
    """Price × quantity, rounded half up once to a whole minor unit."""
    return Money(int((Decimal(price) * count / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP)))
