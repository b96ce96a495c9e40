"""Who is one person: linking identities, taking them apart, and what is known of a buyer."""

from __future__ import annotations

from collections.abc import Sequence

from livesell import commands as c
from livesell import events as e
from livesell.commands import Heard
from livesell.desk.turn import Asker, Turn
from livesell.errors import Refused
from livesell.ledger import OPEN, LineState, time_of
from livesell.model import BuyerId


def link(turn: Turn, command: c.Link) -> None:
    """These buyers are one person: drafts move into the oldest open order, what is paid stays an order of its own."""
    buyers = tuple(dict.fromkeys(command.buyers))
    if len(buyers) < 2:
        raise Refused("link", "linking takes two buyers or more")
    orders = sorted(
        (order for buyer in buyers for order in turn.book.orders_of(turn.show_id, buyer)), key=lambda order: order.id
    )
    still_open = [order for order in orders if order.status in OPEN]
    target = still_open[0] if still_open else None
    kept = target.buyer if target is not None else min(buyers)
    others = [buyer for buyer in buyers if buyer != kept]
    identities = {str(one): (buyer, kept) for buyer in others for one in turn.book.identities_of(buyer)}
    moving = [order for order in orders if target is not None and order.id != target.id and order.status == "draft"]
    turn.emit(
        e.Linked(
            at=turn.now,
            show=turn.show_id,
            buyer=kept,
            buyers=buyers,
            identities=identities,
            orders={str(order.id): (order.buyer, kept) for order in orders if order.buyer != kept},
            lines={
                str(line.id): (order.id, target.id)
                for order in moving
                if target is not None
                for line in turn.book.lines_of(order.id)
            },
        )
    )
    for order in moving:
        turn.cancel_empty(order.id)


def by_phone(turn: Turn, heard: Heard) -> None:
    """Where the shop says so, who gives a phone that is known is the person who is known by it."""
    phone = heard.reading.phone if heard.reading is not None else None
    if phone is None or turn.rules.link != "phone" or heard.anonymous or heard.by_tap:
        return
    buyer = turn.book.buyer_of(heard.identity)
    known = turn.book.with_phone(phone)
    if not turn.book.has_phone(buyer):
        turn.emit(e.Known(at=turn.now, show=turn.show_id, buyer=buyer, fields=("phone",)))
    together(turn, buyer, known)


def together(turn: Turn, buyer: BuyerId, known: Sequence[BuyerId]) -> None:
    """Link a buyer with those who are known by her phone."""
    others = [one for one in known if one != buyer]
    if others:
        link(turn, c.Link(buyers=(*others, buyer)))


def unlink(turn: Turn, command: c.Unlink) -> None:
    """This buyer is several persons: orders and lines go back to who asked for them.

    A line that joined another's open order is withdrawn there and stands in its asker's own, in its old place.
    """
    identities = turn.book.identities_of(command.buyer)
    if len(identities) < 2:
        raise Refused("unlink", f"buyer {command.buyer} is one person already")
    leaving = {identity: BuyerId(identity) for identity in identities if int(identity) != command.buyer}
    orders = turn.book.orders_of(turn.show_id, command.buyer)
    turn.emit(
        e.Unlinked(
            at=turn.now,
            show=turn.show_id,
            buyer=command.buyer,
            identities={str(one): (command.buyer, buyer) for one, buyer in leaving.items()},
            orders={
                str(order.id): (command.buyer, leaving[order.identity]) for order in orders if order.identity in leaving
            },
        )
    )
    for order in orders:
        if order.status not in OPEN:
            continue
        for line in turn.book.lines_of(order.id):
            if line.identity != order.identity:
                send_back(turn, line)
        turn.cancel_empty(order.id)


def send_back(turn: Turn, line: LineState) -> None:
    """Let a line stand in an order of who asked for it; what it held is held there at once."""
    product = turn.product(line.product)
    turn.withdraw(line.id, reason="moved")
    comment = line.comments[0] if line.comments else None
    asker = Asker(line.identity, turn.book.buyer_of(line.identity), time_of(line.place), comment)
    turn.draft(asker, product, line.options, line.quantity)
    turn.serve(line.product, line.variant)


def hide_name(turn: Turn, command: c.HideName) -> None:
    """Take a buyer's name off the screen."""
    turn.emit(e.Known(at=turn.now, show=command.show, buyer=command.buyer, fields=("hidden",)))


def set_contact(turn: Turn, command: c.SetContact) -> None:
    """What is known of a buyer; the values are kept with the buyer, not in the event."""
    given = {"name": command.name, "phone": command.phone, "address": command.address, "note": command.note}
    fields = tuple(name for name, value in given.items() if value is not None)
    if command.refused is not None:
        fields = (*fields, "refused")
    if not fields:
        raise Refused("nothing", "say what is known of the buyer: name, phone, address, note or refused")
    turn.emit(e.Known(at=turn.now, show=command.show, buyer=command.buyer, fields=fields))
    if command.phone and turn.rules.link == "phone" and command.show is not None:
        together(turn, command.buyer, turn.book.with_phone(command.phone))
