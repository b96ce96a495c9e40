"""A shop with something in its book, for tests of what becomes of a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from livesell import commands as c
from livesell.ledger import Rules
from livesell.model import AuthorId, Code, Comment, MessageId, Money, Platform, Product, ShowId, quantity
from livesell.store import Answer, Asked, Said, Store
from livesell.store.overview import looking
from tests.exactreader import ExactReader

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SHOW = ShowId(1)
PHONE = "0912000777"


def reopen(address: str, folder: Path) -> Store:
    """A shop in a new process."""
    store = Store(address, folder=folder, rules=Rules(), reader=ExactReader())
    store.open()
    return store


def ask(store: Store, *commands: c.Command, show: ShowId | None = SHOW, now: datetime = NOW) -> Answer:
    """Carry out commands together; raises what the desk refuses."""
    answer = store.transact([Asked(show, commands)], now)[0]
    if answer.error is not None:
        raise answer.error
    return answer


def comment(number: int, words: str, who: str = "mai") -> Comment:
    """A comment on a platform."""
    return Comment(Platform("tiktok"), MessageId(f"msg-{number}"), AuthorId(f"author-{who}"), f"Name-of-{who}", words)


def say(store: Store, *comments: Comment, now: datetime = NOW, show: ShowId = SHOW) -> Answer:
    """Let comments come in together."""
    answer = store.transact([Said(show, "tiktok", comments)], now)[0]
    if answer.error is not None:
        raise answer.error
    return answer


def orders(store: Store, show: ShowId = SHOW) -> list[dict[str, Any]]:
    """The orders of a show as pages get them."""
    with looking(store.readers, "VND", 0) as look:
        found: list[dict[str, Any]] = look.orders(show)
        return found


def fill(store: Store, now: datetime = NOW) -> None:
    """A show with a bit of everything: held, waiting, edited, confirmed, cancelled, linked, undone, asked about."""
    ask(store, c.OpenShow(), show=None, now=now)
    for code, count in (("A1", 3), ("A2", None)):
        counted = None if count is None else {"": quantity(count)}
        product = Product(code=Code(code), name=f"Product {code}", price=Money(1000), stock=counted)
        ask(store, c.PutProduct(product=product, stock=counted), now=now)
    ask(store, c.SourceIs(source="tiktok", platform="tiktok", state="live"), now=now)
    ask(store, c.Pin(code=Code("A1")), now=now)
    say(store, comment(1, "A1 2"), comment(2, "A1 2", "lin"), comment(3, "A1 1", "hoa"), now=now)
    say(store, comment(4, "A2 3", "lin"), comment(5, "cancel", "hoa"), comment(6, f"hello {PHONE}", "tu"), now=now)
    first = orders(store)[0]
    done = ask(store, c.Confirm(order=first["code"]), now=now)
    ask(store, c.Undo(event=done.events[0].number), now=now)
    ask(store, c.Confirm(order=first["code"]), now=now)
    ask(store, c.SetQuantity(line=first["lines"][0]["id"], quantity=1), now=now)
    ask(store, c.Link(buyers=tuple(order["buyer"]["id"] for order in orders(store)[:2])), now=now)
    contact = c.SetContact(
        buyer=first["buyer"]["id"], name="Name-of-Mai", phone=PHONE, address="Secret-Street 5", note="Private-note"
    )
    ask(store, contact, now=now)
    ask(store, c.Restock(code=Code("A1"), by=2), now=now + timedelta(seconds=1))
