"""Goods and shows: what is on sale, on show and on hand, and when the evening begins and ends."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from livesell import commands as c
from livesell import events as e
from livesell.desk.turn import Turn
from livesell.errors import Conflict, Refused
from livesell.ledger import StockState
from livesell.model import Code, Money, Offer, Product, Quantity, ShowId, quantity


def put(turn: Turn, command: c.PutProduct) -> None:
    """A product as a sheet or an edit has it; new stock goes to those who wait."""
    product = command.product
    before = turn.book.product(product.code)
    if product != before:
        turn.emit(e.ProductPut(at=turn.now, show=None, product=product, before=before))
    for variant, value in (command.stock or {}).items():
        have = turn.book.cell(product.code, variant)
        if have is None:
            begin(turn, product.code, variant, value, promised=before is not None)
        else:
            count(turn, product.code, variant, Quantity(value - have.on_hand))
    for variant, by in (command.add or {}).items():
        if turn.book.cell(product.code, variant) is None:
            begin(turn, product.code, variant, by, promised=before is not None)
        else:
            count(turn, product.code, variant, by)
    recount(turn, product, before)


def begin(turn: Turn, code: Code, variant: str, there: Quantity, *, promised: bool) -> None:
    """Count a stock for the first time: `there` is in the house, and what was `promised` before is held from it."""
    reserved = turn.book.held(code, variant) if promised else NONE
    gone = turn.gone(code, variant) if reserved else NONE
    on_hand = Quantity(max(there + gone, NONE if below(turn, code) else reserved))
    turn.emit(
        e.Stock(at=turn.now, show=None, product=code, variant=variant, by=on_hand, on_hand=on_hand, reserved=reserved)
    )
    turn.serve(code, variant)


def count(turn: Turn, code: Code, variant: str, by: Quantity) -> None:
    """Change what is on hand, never below what is held for buyers, and serve those who wait."""
    have = turn.book.cell(code, variant) or StockState(code, variant)
    on_hand = Quantity(max(have.on_hand + by, NONE if below(turn, code) else have.reserved))
    if on_hand != have.on_hand:
        by = Quantity(on_hand - have.on_hand)
        turn.emit(e.Stock(at=turn.now, show=None, product=code, variant=variant, by=by, on_hand=on_hand))
        turn.serve(code, variant)


def below(turn: Turn, code: Code) -> bool:
    """Whether more may be promised of a product than is there."""
    product = turn.book.product(code)
    return product is not None and product.back_orders


def recount(turn: Turn, product: Product, before: Product | None) -> None:
    """Bring lines and stock in step with how a product is counted now, where it was counted differently before."""
    if before is None or counted(product) == counted(before):
        return
    for variant in product.stock or ():
        have = turn.book.cell(product.code, variant)
        if have is not None and have.reserved > have.on_hand and not product.back_orders:
            if before.back_orders:
                short = (have.reserved - have.on_hand) / 1000
                problem = f"{product.code}: {short:g} more are promised than are there; restock first"
                raise Refused("promised", problem, product=product.code, short=short)
            count(turn, product.code, variant, NONE)
    turn.reseat(product)
    for cell in turn.book.cells(product.code):
        if product.stock is not None and cell.variant not in product.stock:
            count(turn, product.code, cell.variant, Quantity(-cell.on_hand))
        turn.serve(product.code, cell.variant)


def counted(product: Product) -> tuple[object, ...]:
    """How a product's stock is counted: by which choices, and whether it may go below zero."""
    return (None if product.stock is None else frozenset(product.stock), product.options, product.back_orders)


def restock(turn: Turn, command: c.Restock) -> None:
    """Add to what is on hand, or take away what nobody holds."""
    product = turn.product(command.code)
    if product.stock is None:
        raise Refused("not_counted", f"stock of {product.code} is not counted")
    if command.variant not in product.stock and turn.book.cell(product.code, command.variant) is None:
        there = ", ".join(variant or "(all)" for variant in product.stock)
        raise Refused("variant", f"{product.code} has no stock for '{command.variant}', only {there}")
    try:
        by = quantity(command.by)
    except ValueError as error:
        raise Refused("quantity", f"{product.code}: {error}") from None
    if abs(by) > MOST:
        raise Refused("quantity", f"{product.code}: {command.by} is too much at once")
    have = turn.book.cell(product.code, command.variant) or StockState(product.code, command.variant)
    if have.on_hand + by < have.reserved and not (product.back_orders and have.on_hand + by >= 0):
        free = (have.on_hand - have.reserved) / 1000
        raise Refused("held", f"{product.code}: only {free:g} are not held for buyers", left=free)
    count(turn, product.code, command.variant, by)


MOST = Quantity(1_000_000_000)
NONE = Quantity(0)


def pin(turn: Turn, command: c.Pin) -> None:
    """Put a product on show, or none."""
    show = turn.show
    if show.status != "open":
        raise Conflict("show_ended", "no show is open")
    code = turn.product(command.code).code if command.code else None
    if code is not None and not turn.product(code).open:
        raise Refused("closed", f"{code} is closed: open it first", product=code)
    if code != show.pinned:
        turn.emit(e.Pinned(at=turn.now, show=show.id, code=code, before=show.pinned))


def close(turn: Turn, command: c.Close) -> None:
    """Take a product off sale; what is drafted of it stays."""
    product = turn.product(command.code)
    if product.open:
        turn.emit(e.ProductPut(at=turn.now, show=None, product=replace(product, open=False), before=product))
        show = turn.show
        if show.pinned == product.code:
            turn.emit(e.Pinned(at=turn.now, show=show.id, code=None, before=product.code))


def back_orders(turn: Turn, command: c.BackOrders) -> None:
    """Take orders beyond the stock, or no more."""
    product = turn.product(command.code)
    if product.back_orders != command.on:
        put(turn, c.PutProduct(product=replace(product, back_orders=command.on)))


# --- a product in one line ------------------------------------------------------------------------------------------


def open_line(turn: Turn, command: c.Offered) -> None:
    """Open a product from one line by the seller, or open again what is closed where only its code was said."""
    product = turn.book.product(Code(command.line.strip().upper()))
    if product is not None and not product.open:
        turn.emit(e.ProductPut(at=turn.now, show=None, product=replace(product, open=True), before=product))
        return
    if command.offer is None:
        raise Refused("line", f"'{command.line.strip()}' is not: code, name, price, how many (A32 trà shan 120k 10)")
    open_product(turn, command.offer, price_of(turn, command.offer))


def announced(turn: Turn, offer: Offer) -> None:
    """The seller's own comment opens a product where it cannot be taken for talk.

    "A12 còn 5" has the form, too: a new product needs a price that says so, is large, or stands before a stock; and a
    product that is on sale under another name is changed by the full line only.
    """
    try:
        price = price_of(turn, offer)
    except Refused:
        return
    known = turn.book.product(offer.code)
    if known is not None and known.open:
        sure = offer.stock is not None or known.name.casefold() == offer.name.casefold()
    else:
        sure = offer.stock is not None or offer.marked or offer.price >= LEAST
    if sure:
        open_product(turn, offer, price)


LEAST = 1_000
"""A bare number from here on is a price without anybody saying so."""


def price_of(turn: Turn, offer: Offer) -> Money:
    """The price of an offer in minor units; Refused where the currency has no such price."""
    minor = offer.price.scaleb(turn.rules.decimals)
    if minor != minor.to_integral_value() or not 0 < minor < 10**15:
        raise Refused("price", f"{offer.code}: {offer.price:f} is no price in this currency", product=offer.code)
    return Money(int(minor))


def open_product(turn: Turn, offer: Offer, price: Money) -> None:
    """A new product, or an old one with this name, price, pack and stock."""
    stock = None if offer.stock is None else {"": offer.stock}
    before = turn.book.product(offer.code)
    if before is None:
        product = Product(code=offer.code, name=offer.name, price=price, unit=offer.unit, pack=offer.pack, stock=stock)
    else:
        product = replace(
            before,
            name=offer.name,
            price=price,
            unit=offer.unit or before.unit,
            pack=offer.pack or before.pack,
            open=True,
            stock=before.stock if before.stock is not None or stock is None else stock,
        )
    whole = product.stock is None or set(product.stock) <= {""}
    put(turn, c.PutProduct(product=product, stock=stock if whole else None))


# --- shows and sources ----------------------------------------------------------------------------------------------


def open_show(turn: Turn, command: c.OpenShow) -> None:  # noqa: ARG001 - it has nothing to say but that it opens
    """A new show begins."""
    turn.emit(e.Show(at=turn.now, show=ShowId(turn.book.counters.show + 1), state="opened"))


def end_show(turn: Turn, command: c.EndShow) -> None:
    """End the show; `at` is given where it ended unnoticed."""
    if turn.show.status == "ended":
        raise Conflict("show_ended", "the show has ended already")
    at: datetime = command.at or turn.now
    turn.emit(e.Show(at=at, show=turn.show_id, state="ended"))


def reopen(turn: Turn, command: c.Reopen) -> None:  # noqa: ARG001 - it has nothing to say but that it goes on
    """Open an ended show again."""
    if turn.show.status == "open":
        raise Conflict("show_open", "the show is open already")
    turn.emit(e.Show(at=turn.now, show=turn.show_id, state="reopened"))


def source_is(turn: Turn, command: c.SourceIs) -> None:
    """A source changed its state."""
    turn.emit(
        e.Source(
            at=turn.now,
            show=command.show,
            source=command.source,
            platform=command.platform,
            state=command.state,
            reason=command.reason,
            retry_at=command.retry_at,
        )
    )


def gap_found(turn: Turn, command: c.GapFound) -> None:
    """Comments of a source may be missing between two times."""
    turn.emit(e.Gap(at=turn.now, show=command.show, source=command.source, since=command.since, until=command.until))


def purge(turn: Turn, command: c.Purge) -> None:
    """People's data from before a time is taken out; the ledger says that it was."""
    turn.emit(e.Purged(at=turn.now, before=command.before))


def clock_jumped(turn: Turn, command: c.ClockJumped) -> None:
    """The clock went by more than a minute at once; holds take it into account (`orders.tick`)."""
    turn.emit(e.Jumped(at=turn.now, show=command.show, seconds=command.seconds))
