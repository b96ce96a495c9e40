"""The desk: where readings, taps and the clock become events. Pure: it reads a book and the time it is given.

| from      | by          | to        | what happens to stock                                          |
| --------- | ----------- | --------- | -------------------------------------------------------------- |
| -         | a claim     | draft     | what is available is held, the rest waits in the queue         |
| draft     | confirm     | confirmed | nothing: what is held stays held; what waits keeps its place   |
| confirmed | a claim     | confirmed | held at once, marked new (reserved > confirmed) until tapped   |
| confirmed | confirm     | confirmed | what was new is confirmed too                                  |
| confirmed | paid        | paid      | nothing; the buyer's next claim opens her next order           |
| confirmed, paid | packed | packed   | nothing; an order paid on delivery is packed before it is paid |
| packed    | shipped     | shipped   | nothing                                                        |
| shipped   | returned    | returned  | nothing: what is fit for sale is restocked by hand             |
| draft .. packed | pass   | the same  | what waits, or came up and is not confirmed, goes to the next  |
| draft .. packed | cancel | cancelled | what was held goes to the first who waits                      |
| any but shipped | undo   | as before | what came free meanwhile stays with who got it                 |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from livesell import commands as c
from livesell.desk import chat, goods, links, orders, undo
from livesell.desk.turn import Turn
from livesell.events import Event
from livesell.ledger import Book

DECISIONS: Mapping[type[c.Command], Callable[[Turn, Any], None]] = {
    c.Hear: chat.hear,
    c.ReadAgain: chat.read_again,
    c.ReadAs: chat.read_as,
    c.Dismiss: chat.dismiss,
    c.Agree: chat.agree,
    c.Delete: chat.deleted,
    c.Confirm: orders.confirm,
    c.Paid: orders.paid,
    c.Packed: orders.packed,
    c.Shipped: orders.shipped,
    c.Returned: orders.returned,
    c.Cancel: orders.cancel,
    c.Pass: orders.let_pass,
    c.SetQuantity: orders.set_quantity,
    c.SetOptions: orders.set_options,
    c.Tick: orders.tick,
    c.Pin: goods.pin,
    c.Restock: goods.restock,
    c.Offered: goods.open_line,
    c.Close: goods.close,
    c.BackOrders: goods.back_orders,
    c.PutProduct: goods.put,
    c.Link: links.link,
    c.Unlink: links.unlink,
    c.HideName: links.hide_name,
    c.SetContact: links.set_contact,
    c.Undo: undo.undo,
    c.OpenShow: goods.open_show,
    c.EndShow: goods.end_show,
    c.Reopen: goods.reopen,
    c.SourceIs: goods.source_is,
    c.GapFound: goods.gap_found,
    c.Purge: goods.purge,
    c.ClockJumped: goods.clock_jumped,
}


def decide(command: c.Command, view: Book, now: datetime) -> list[Event]:
    """What follows from a command, in order; raises Refused, NotFound or Conflict, and never changes the view."""
    turn = Turn(view.fork(), command.show, now)
    DECISIONS[type(command)](turn, command)
    return turn.events
