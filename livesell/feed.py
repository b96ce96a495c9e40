"""The feed: each commit's events to every page that listens, cut to what its key may see, resumable by number."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Engine, select

from livesell import events as e
from livesell.errors import StoreError
from livesell.ledger import Book
from livesell.model import (
    BuyerId,
    Code,
    CommentId,
    EventNumber,
    OrderId,
    Quantity,
    ShowId,
    Struct,
    quantity_number,
    times,
)
from livesell.onair import Mode, on_air
from livesell.pictures import address
from livesell.store import schema as s
from livesell.store.asks import Numbered
from livesell.store.look import Kept, Shape
from livesell.store.overview import Overview, looking
from livesell.store.shelf import event_of

log = logging.getLogger(__name__)

Role = Literal["seller", "overlay"]

QUEUE = 256
"""Messages that wait for a slow page before it is let go; it comes back with the number it has."""

BACKLOG = 2_000
"""Events that a page may have missed; beyond it gets a snapshot."""

ON_SCREEN = 50
"""Buyers in the overlay's snapshot."""

SUMS_EVERY = 0.25
SMALL = 20
QUIET = 15.0


class Settings(Struct, frozen=True):
    """How things are shown: the shop's currency and language, and how names stand on the screen."""

    currency: str = "VND"
    decimals: int = 0
    language: str = "vi"
    names: Mode = "short"
    pictures: Path | None = None


class Touched:
    """What events touch, gathered so that each is looked up once; and which event tells it."""

    def __init__(self, events: Sequence[Numbered]) -> None:
        self.orders: dict[OrderId, int] = {}
        self.comments: dict[CommentId, int] = {}
        self.products: dict[Code, int] = {}
        self.sources: dict[str, int] = {}
        self.buyers: dict[BuyerId, int] = {}
        self.show: int | None = None
        for index, one in enumerate(events):
            self._add(one.event, index)

    def _add(self, event: e.Event, index: int) -> None:
        order = getattr(event, "order", None)
        if order is not None:
            self.orders[order] = index
        if isinstance(event, e.Linked | e.Unlinked):
            self.orders.update({order: index for pair in event.lines.values() for order in pair})
            self.orders.update({OrderId(int(order)): index for order in event.orders})
        comment = getattr(event, "comment", None)
        if comment is not None:
            # Told with its first event: what was read is what a page waits for.
            self.comments.setdefault(comment, index)
        if isinstance(event, e.Reserved | e.Waitlisted | e.Promoted | e.Released | e.Stock):
            self.products[event.product] = index
        elif isinstance(event, e.ProductPut):
            self.products[event.product.code] = index
        elif isinstance(event, e.Source):
            self.sources[event.source] = index
        elif isinstance(event, e.Known):
            self.buyers[event.buyer] = index
        if isinstance(event, e.Pinned | e.Show):
            self.show = index


class Page:
    """One listener: its key's role, its show, how names stand on it, and what it has not been sent yet."""

    def __init__(self, role: Role, show: ShowId, names: Mode = "full") -> None:
        self.role, self.show, self.names = role, show, names
        self.number = 0
        self.lost = False
        self._ready = asyncio.Event()
        self._messages: deque[tuple[int, bytes]] = deque()

    def put(self, number: int, message: bytes) -> None:
        """Queue a message; a page that takes none is marked lost."""
        if len(self._messages) >= QUEUE:
            self.lost = True
        else:
            self._messages.append((number, message))
        self._ready.set()

    def lose(self) -> None:
        """Send the page away."""
        self.lost = True
        self._ready.set()

    async def next(self) -> bytes | None:
        """The next message; after a quiet time, one that says only where the feed is; None for a lost page."""
        while True:
            if self.lost:
                return None
            while self._messages:
                number, message = self._messages.popleft()
                if number > self.number:
                    self.number = number
                    return message
                if number < 0:
                    return message
            self._ready.clear()
            try:
                await asyncio.wait_for(self._ready.wait(), QUIET)
            except TimeoutError:
                return msgspec.json.encode({"number": self.number, "event": None})


Listeners = tuple[Role, ShowId, Mode]
"""Pages that are told the same."""


class Feed:
    """Takes events in their order, looks up what they touched, and tells the pages."""

    def __init__(self, readers: Engine, settings: Settings) -> None:
        self.readers, self.settings = readers, settings
        self.pages: set[Page] = set()
        self._pending: deque[tuple[Sequence[Numbered], Book | None]] = deque()
        self._kept = Kept()
        self._work = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="livesell-feed")
        self._sums_at = 0.0
        self._sums_due: set[ShowId] = set()
        self.trouble: Shape | None = None

    def publish(self, events: Sequence[Numbered], seen: Book | None = None) -> None:
        """Take a commit's events; called on the event loop, in the order of commits.

        `seen` has what they touched, where it is known here; where it is not, the database is asked.
        """
        if self.pages:
            self._pending.append((events, seen))
            self._work.set()
        else:
            self._kept = Kept()  # nobody was told: what is kept may be old by the time somebody comes

    def troubled(self, trouble: StoreError | None, waiting: int) -> None:
        """Tell the seller's pages what is wrong with the database and how much waits for it, or that it is over."""
        told = None if trouble is None else {"code": trouble.code, "text": str(trouble), "waiting": waiting}
        if told == self.trouble:
            return
        self.trouble = told
        for page in self.pages:
            if page.role == "seller":
                page.put(-1, self._trouble_message(page.number))

    def _trouble_message(self, number: int) -> bytes:
        return msgspec.json.encode({"number": number, "event": None, "now": {"trouble": self.trouble}})

    async def run(self) -> None:
        """Tell the pages until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            timeout = SUMS_EVERY if self._sums_due else None
            with contextlib.suppress(TimeoutError):  # nothing new came, but sums are due
                await asyncio.wait_for(self._work.wait(), timeout)
            self._work.clear()
            commits = list(self._pending)
            self._pending.clear()
            shows = {(page.role, page.show, page.names) for page in self.pages}
            # What the writer has just seen is told at once; what the database must be asked about is asked in a thread.
            at_hand = bool(commits) and all(seen is not None and len(events) <= SMALL for events, seen in commits)
            try:
                if at_hand and len(commits) <= SMALL and not self._sums_are_due():
                    told = self._tell_all(commits, shows)
                else:
                    told = await loop.run_in_executor(self._thread, self._tell_all, commits, shows)
            except Exception:
                # A page that misses events is worse than one that starts again: it asks for what it lacks.
                log.exception("the feed could not look up %d commits; pages are sent away to come again", len(commits))
                for page in self.pages:
                    page.lose()
                continue
            for page in list(self.pages):
                for number, message in told.get((page.role, page.show, page.names), ()):
                    page.put(number, message)

    def _tell_all(
        self, commits: Sequence[tuple[Sequence[Numbered], Book | None]], shows: Iterable[Listeners]
    ) -> dict[Listeners, list[tuple[int, bytes]]]:
        told: dict[Listeners, list[tuple[int, bytes]]] = {}
        for events, seen in commits:
            self._forget(events, seen)
            for role, show, names in shows:
                mine = [one for one in events if one.event.show in (None, show)]
                if mine:
                    self._sums_due.add(show)
                    with looking(
                        self.readers, self.settings.currency, self.settings.decimals, seen, self._kept
                    ) as look:
                        told.setdefault((role, show, names), []).extend(self.messages(look, role, show, mine, names))
        if self._sums_are_due():
            with self.look() as look:
                for role, show, names in shows:
                    if show in self._sums_due:
                        told.setdefault((role, show, names), []).append((-1, sums_message(look, role, show)))
            self._sums_due.clear()
            self._sums_at = time.monotonic()
        return told

    def _sums_are_due(self) -> bool:
        return bool(self._sums_due) and time.monotonic() - self._sums_at >= SUMS_EVERY

    def _forget(self, events: Sequence[Numbered], seen: Book | None) -> None:
        """Drop what is kept of people that these events may have changed, and keep which comments are gone."""
        kept = self._kept
        for one in events:
            event = one.event
            if isinstance(event, e.Linked | e.Unlinked | e.Purged | e.Returned | e.Moved):
                kept.people.clear()
            elif isinstance(event, e.Known):
                kept.people.pop(event.buyer, None)
            elif isinstance(event, e.Flagged) and kept.deleted is not None:
                kept.deleted.add(event.comment)
            elif isinstance(event, e.Commented):
                heard = seen.heards.get(event.comment) if seen is not None else None
                person = kept.people.get(event.buyer)
                if person is not None and (heard is None or heard.comment.author != person.name):
                    kept.people.pop(event.buyer, None)

    def look(self) -> Any:
        """A read transaction to look things up in."""
        return looking(self.readers, self.settings.currency, self.settings.decimals)

    # --- listening ------------------------------------------------------------------------------------------------

    async def listen(self, page: Page, after: int | None) -> AsyncGenerator[bytes, None]:
        """Messages for one page, from after a number, or from a snapshot; ends when the page is lost."""
        self.pages.add(page)
        role, show, names = page.role, page.show, page.names
        blind = False
        try:
            loop = asyncio.get_running_loop()
            while True:
                try:
                    number, messages = await loop.run_in_executor(self._thread, self._begin, role, show, after, names)
                    break
                except StoreError as error:
                    if after is None or page.lost:
                        raise
                    # The database cannot even be read: the page keeps what it has, and gets the rest when it can.
                    if role == "seller":
                        said = {"code": error.code, "text": str(error), "waiting": 0}
                        yield msgspec.json.encode({"number": after, "event": None, "now": {"trouble": said}})
                    blind = True
                    await asyncio.sleep(1)
            page.number = number
            for missed in messages:
                yield missed
            if role == "seller" and (blind or self.trouble is not None):
                yield self._trouble_message(number)
            while (message := await page.next()) is not None:
                yield message
        finally:
            self.pages.discard(page)

    def _begin(self, role: Role, show: ShowId, after: int | None, names: Mode) -> tuple[int, list[bytes]]:
        with self.look() as look:
            last = look.last_number()
            if after is not None and 0 <= last - after <= BACKLOG:
                missed = [
                    Numbered(EventNumber(row.number), event_of(row.body))
                    for row in look.connection.execute(
                        select(s.events.c.number, s.events.c.body)
                        .where(s.events.c.number > after)
                        .order_by(s.events.c.number)
                    )
                ]
                mine = [one for one in missed if one.event.show in (None, show)]
                told = [message for _, message in self.messages(look, role, show, mine, names)]
                return last, [*told, sums_message(look, role, show)] if mine else told
            now = look.snapshot(show) if role == "seller" else self.screen(look, show, names)
            now["language"] = self.settings.language
            return last, [msgspec.json.encode({"number": last, "event": {"type": "snapshot"}, "now": now})]

    # --- messages -------------------------------------------------------------------------------------------------

    def messages(
        self, look: Overview, role: Role, show: ShowId, events: Sequence[Numbered], names: Mode = "full"
    ) -> list[tuple[int, bytes]]:
        """One message an event, each with what it was the last to touch."""
        if role == "overlay":
            return self._screen_messages(look, show, events, names)
        touched = Touched(events)
        for buyer, index in touched.buyers.items():
            for order in look.book.orders_of(show, buyer):
                touched.orders.setdefault(order.id, index)
        codes = {order.id: order for order in map(look.book.order, touched.orders) if order is not None}
        now: list[Shape] = [{} for _ in events]
        order_at = {codes[one].code: index for one, index in touched.orders.items() if one in codes}
        comment_at = {str(one): index for one, index in touched.comments.items()}
        spread(now, "orders", look.orders_by_id(touched.orders), order_at, "code")
        here = look.book.heards
        heards = [heard for one in touched.comments if (heard := here.get(one)) is not None]
        other = [one for one in touched.comments if one not in here]
        spread(now, "comments", look.just_heard(heards), comment_at, "id")
        if other:
            spread(now, "comments", look.comments(other), comment_at, "id")
        if touched.products:
            spread(now, "products", look.products(touched.products), touched.products, "code")
        if touched.sources:
            spread(now, "sources", look.sources(show), touched.sources, "name")
        if touched.show is not None:
            now[touched.show]["show"] = look.show(show)
        return [
            (one.number, msgspec.json.encode({"number": one.number, "event": told(one.event, codes), "now": shape}))
            for one, shape in zip(events, now, strict=True)
        ]

    # --- the screen -----------------------------------------------------------------------------------------------

    def screen(self, look: Overview, show: ShowId, names: Mode | None = None) -> Shape:
        """All that an overlay shows: confirmed buyers (the newest last), the product on show, sums. Nothing else."""
        confirmed = (
            select(s.events.c.order)
            .where(s.events.c.show == show, s.events.c.type == "confirmed")
            .order_by(s.events.c.number.desc())
            .limit(ON_SCREEN * 4)
        )
        ids = list(dict.fromkeys(OrderId(number) for number in look.connection.scalars(confirmed)))[:ON_SCREEN]
        rows = [self.row(look, order, names or self.settings.names) for order in reversed(ids)]
        state = look.book.show(show)
        return {
            "buyers": [row for row in rows if "name" in row],
            "gone": [],
            "pinned": self._on_show(look, state.pinned if state is not None else None),
            "sums": screen_sums(look, show),
        }

    def row(self, look: Overview, order: OrderId, names: Mode) -> Shape:
        """A confirmed buyer as she stands on the screen; only the number where she must not stand there."""
        state = look.book.order(order)
        if state is None:
            return {"number": 0}
        lines = [line for line in look.book.lines_of(order) if line.confirmed > 0]
        person = look.person(state.buyer)
        if state.status in ("draft", "cancelled", "returned") or not lines or person.hidden:
            return {"number": state.number}
        items: dict[tuple[str, str], Shape] = {}
        for line in lines:
            product = look.book.product(line.product)
            words = " ".join(line.options.values())
            item = items.setdefault(
                (line.product, words),
                {
                    "code": line.product,
                    "name": product.name if product is not None else line.product,
                    "unit": product.unit if product is not None else "",
                    "options": words,
                    "quantity": 0,
                },
            )
            item["quantity"] = quantity_number(Quantity(round(item["quantity"] * 1000) + line.confirmed))
        return {
            "number": state.number,
            "order": state.code,
            "name": on_air(person.name, names, f"#{state.number}"),
            "items": list(items.values()),
            "seen": state.seen,
        }

    def _on_show(self, look: Overview, code: Code | None) -> Shape | None:
        product = look.book.product(code) if code else None
        if product is None:
            return None
        return {
            "code": product.code,
            "name": product.name,
            "price": look.money(product.price),
            "currency": look.currency,
            "unit": product.unit,
            "left": look.left(product),
            "picture": address(self.settings.pictures, product.code),
        }

    def _screen_messages(
        self, look: Overview, show: ShowId, events: Sequence[Numbered], names: Mode
    ) -> list[tuple[int, bytes]]:
        touched = Touched(events)
        for buyer, index in touched.buyers.items():
            for order in look.book.orders_of(show, buyer):
                touched.orders.setdefault(order.id, index)
        now: list[Shape] = [{} for _ in events]
        for number, index in touched.orders.items():
            row = self.row(look, number, names)
            if "name" in row:
                now[index].setdefault("buyers", []).append(row)
            else:
                now[index].setdefault("gone", []).append(row["number"])
        state = look.book.show(show)
        pinned = state.pinned if state is not None else None
        if touched.show is not None or pinned in touched.products:
            index = max(touched.show or 0, touched.products.get(pinned, 0) if pinned else 0)
            now[index]["pinned"] = self._on_show(look, pinned)
        messages: list[tuple[int, bytes]] = []
        for one, shape in zip(events, now, strict=True):
            if shape:
                kind = one.event.__struct_config__.tag
                tag = kind if kind in SCREEN_EVENTS else "changed"
                event = {"type": tag, "show": show, "at": one.event.at}
                message = {"number": one.number, "event": event, "now": shape}
                messages.append((one.number, msgspec.json.encode(message)))
        return messages


SCREEN_EVENTS = ("confirmed", "pinned", "product", "show")


def screen_sums(look: Overview, show: ShowId) -> Shape:
    """What a goal is measured by: orders, units, buyers and money that are confirmed."""
    found = look.connection.execute(
        select(s.lines.c.confirmed, s.lines.c.unit_price, s.orders.c.buyer, s.orders.c.id)
        .join(s.orders, s.orders.c.id == s.lines.c.order)
        .where(
            s.lines.c.show == show,
            s.lines.c.confirmed > 0,
            s.orders.c.status.not_in(("cancelled", "returned", "draft")),
        )
    ).all()
    return {
        "orders": len({row.id for row in found}),
        "units": quantity_number(Quantity(sum(row.confirmed for row in found))),
        "buyers": len({row.buyer for row in found}),
        "money": look.money(sum(times(row.unit_price, row.confirmed) for row in found)),
    }


def sums_message(look: Overview, role: Role, show: ShowId) -> bytes:
    """What a show amounts to now, for pages of a role."""
    sums = look.sums(show) if role == "seller" else screen_sums(look, show)
    return msgspec.json.encode({"number": look.last_number(), "event": None, "now": {"sums": sums}})


def spread(now: list[Shape], kind: str, shapes: Iterable[Shape], at: Any, key: str) -> None:
    """Put each shape to the event that tells it."""
    for shape in shapes:
        index = at.get(shape[key])
        if index is not None:
            now[index].setdefault(kind, []).append(shape)


QUANTITIES = frozenset({"quantity", "waiting", "by", "on_hand", "confirmed"})
INNER = frozenset({"place", "before", "product_before", "identities", "orders", "lines", "reserved"})


def told(event: e.Event, orders: dict[OrderId, Any]) -> Shape:
    """An event as pages get it: orders by their code, quantities as numbers, without what only a rebuild needs."""
    shape: Shape = {"type": event.__struct_config__.tag}
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if field in INNER:
            continue
        if field == "order" and value in orders:
            value = orders[value].code
        elif field in QUANTITIES and isinstance(value, int):
            value = quantity_number(Quantity(value))
        elif field == "held" or (field == "before" and isinstance(value, dict)):
            value = {line: quantity_number(Quantity(count)) for line, count in value.items()}
        elif field == "comment" and value is not None:
            value = str(value)
        elif field == "product" and isinstance(event, e.ProductPut):
            value = event.product.code
        shape[field] = value
    return shape
