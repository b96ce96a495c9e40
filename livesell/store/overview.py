"""What pages are shown of a show as a whole: its sources, sums, lists and steps, and all of it together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC

from sqlalchemy import ColumnElement, Engine, case, func, select

from livesell import events as e
from livesell.ledger import Book, OrderState, ShowState
from livesell.model import LineId, OrderId, ShowId
from livesell.store import rows
from livesell.store import schema as s
from livesell.store.added import added
from livesell.store.engine import in_words, place_of
from livesell.store.look import Kept, Look, Shape
from livesell.store.shelf import chunks, event_of
from livesell.store.worklists import counted

OPEN_ORDERS = 1_000


def _amount(count: ColumnElement[int]) -> ColumnElement[int]:
    """Price × thousandths in whole minor units, rounded half up a line, as `model.times` does it."""
    return (s.lines.c.unit_price * count * 2 + 1000) // 2000


class Overview(Look):
    """A look at a whole show."""

    def added_sources(self) -> list[Shape]:
        """The `[[source]]` tables that were added by a link."""
        return added(self.connection)

    def setting(self, key: str) -> str | None:
        """What is kept under a name, None for nothing."""
        found = self.connection.scalar(select(s.settings.c.value).where(s.settings.c.key == key))
        return None if found is None else str(found)

    def show(self, show: ShowId) -> Shape | None:
        """A show."""
        state = self.book.show(show)
        return None if state is None else show_shape(state)

    def shows(self) -> list[Shape]:
        """All shows, newest first."""
        found = self.connection.execute(select(s.shows).order_by(s.shows.c.id.desc()))
        return [show_shape(rows.show_state(row)) for row in found]

    def sources(self, show: ShowId) -> list[Shape]:
        """The sources of a show, with their last comment."""
        last = (
            select(s.comments.c.source, func.max(s.comments.c.id).label("last"))
            .where(s.comments.c.show == show)
            .group_by(s.comments.c.source)
            .subquery()
        )
        heard = {
            row.source: row.received_at
            for row in self.connection.execute(
                select(last.c.source, s.comments.c.received_at).join(s.comments, s.comments.c.id == last.c.last)
            )
        }
        by_link = {one.get("name", one.get("platform")) for one in self.added_sources()}
        found = self.connection.execute(select(s.sources).where(s.sources.c.show == show).order_by(s.sources.c.name))
        return [
            {
                "name": row.name,
                "platform": row.platform,
                "state": row.state,
                "reason": row.reason,
                "retry_at": rows.maybe_time(row.retry_at),
                "since": rows.time(row.since),
                "last_comment_at": rows.maybe_time(heard.get(row.name)),
                "added": row.name in by_link,
            }
            for row in found
        ]

    def sums(self, show: ShowId) -> Shape:
        """What a show amounts to."""
        count = {
            row.status: row.count
            for row in self.connection.execute(
                select(s.orders.c.status, func.count().label("count"))
                .where(s.orders.c.show == show)
                .group_by(s.orders.c.status)
            )
        }
        amounts = self.connection.execute(
            select(
                func.sum(_amount(s.lines.c.quantity)).label("total"),
                func.sum(_amount(s.lines.c.confirmed)).label("confirmed"),
                func.sum(case((s.lines.c.waitlisted > 0, 1), else_=0)).label("waiting"),
            )
            .join(s.orders, s.orders.c.id == s.lines.c.order)
            .where(s.lines.c.show == show, s.lines.c.quantity > 0, s.orders.c.status != "cancelled")
        ).one()
        unclear = select(func.count()).select_from(s.unclears).where(s.unclears.c.show == show, s.unclears.c.open)
        comments = select(func.count()).select_from(s.comments).where(s.comments.c.show == show)
        alive = {status: number for status, number in count.items() if status != "cancelled"}
        return {
            "orders": sum(alive.values()),
            "draft": count.get("draft", 0),
            "confirmed": sum(number for status, number in alive.items() if status != "draft"),
            "cancelled": count.get("cancelled", 0),
            "waiting": int(amounts.waiting or 0),
            "unclear": self.connection.scalar(unclear) or 0,
            "comments": self.connection.scalar(comments) or 0,
            "total": self.money(int(amounts.total or 0)),
            "confirmed_total": self.money(int(amounts.confirmed or 0)),
        }

    def lists(self, show: ShowId) -> Shape:
        """How many orders of a show still lack something, by the list that goes to zero."""
        return {"unclear": self.sums(show)["unclear"], **counted(self.connection, show)}

    def last_number(self) -> int:
        """The number of the newest event."""
        newest = select(s.events.c.number).order_by(s.events.c.number.desc()).limit(1)
        return self.connection.scalar(newest) or 0

    def recent(self, show: ShowId, limit: int = 50) -> list[Shape]:
        """The last steps of people and of the desk that can be taken back, newest first."""
        steps = (
            select(s.events)
            .where(s.events.c.show == show, s.events.c.type.in_(UNDOABLE))
            .order_by(s.events.c.number.desc())
            .limit(limit)
        )
        found = list(self.connection.execute(steps))
        undone: set[int] = set()
        for chunk in chunks([row.number for row in found]):
            undone.update(self.connection.scalars(select(s.events.c.target).where(s.events.c.target.in_(chunk))))
        names = {
            order.id: order
            for order in (self.book.order(OrderId(number)) for number in {row.order for row in found if row.order})
            if order is not None
        }
        self.people(order.buyer for order in names.values())
        return [
            {
                "number": row.number,
                "step": row.step,
                "type": row.type,
                "at": rows.time(row.at),
                "order": names[row.order].code if row.order in names else None,
                "buyer": self.person(names[row.order].buyer).name if row.order in names else None,
                "undone": row.number in undone,
            }
            for row in found
        ]

    def snapshot(self, show: ShowId) -> Shape:
        """All that the control page shows."""
        return {
            "show": self.show(show),
            "comments": self.last_comments(show),
            "orders": self.open_orders(show, OPEN_ORDERS, OPEN_ORDERS),
            "unclear": self.unclear(show),
            "products": self.products(),
            "sources": self.sources(show),
            "sums": self.sums(show),
            "recent": self.recent(show),
            "gaps": self.gaps(show),
            "currency": self.currency,
        }

    def first_screen(self, show: ShowId, orders: int, comments: int) -> tuple[Shape, bool]:
        """As much of that as a first screen needs, and whether it is all of it."""
        now: Shape = {
            "show": self.show(show),
            "comments": self.last_comments(show, comments),
            "orders": self.open_orders(show, orders, orders),
            "unclear": self.unclear(show),
            "products": self.products(),
            "sources": self.sources(show),
            "sums": self.sums(show),
            "recent": [],
            "gaps": self.gaps(show),
            "currency": self.currency,
        }
        there = select(func.count()).select_from(s.orders).where(s.orders.c.show == show, s.orders.c.status.in_(OPEN))
        whole = len(now["orders"]) == self.connection.scalar(there) and now["sums"]["comments"] <= len(now["comments"])
        return now, whole

    def open_orders(self, show: ShowId, newest: int, drafts: int) -> list[Shape]:
        """The newest orders that are not over, and the oldest drafts: what is on the list, and what waits for a tap."""
        ids = select(s.orders.c.id).where(s.orders.c.show == show)
        late = ids.where(s.orders.c.status.in_(OPEN)).order_by(s.orders.c.id.desc()).limit(newest)
        early = ids.where(s.orders.c.status == "draft").order_by(s.orders.c.id).limit(drafts)
        wanted = {*self.connection.scalars(late), *self.connection.scalars(early)}
        found: list[OrderState] = []
        for chunk in chunks(sorted(wanted)):
            there = select(s.orders).where(s.orders.c.id.in_(chunk)).order_by(s.orders.c.id)
            found += [rows.order_state(row) for row in self.connection.execute(there)]
        return self._orders(found)

    def gaps(self, show: ShowId) -> list[Shape]:
        """The times in which comments of a source may be missing."""
        wanted = (
            select(s.events.c.body).where(s.events.c.show == show, s.events.c.type == "gap").order_by(s.events.c.number)
        )
        found = [event_of(body) for body in self.connection.scalars(wanted)]
        return [
            {"source": gap.source, "since": gap.since, "until": gap.until} for gap in found if isinstance(gap, e.Gap)
        ]

    def order_of_line(self, line: LineId) -> OrderId | None:
        """The order that a line is in."""
        found = self.book.line(line)
        return None if found is None else found.order


OPEN = ("draft", "confirmed", "paid", "packed")

UNDOABLE = (
    "confirmed",
    "paid",
    "packed",
    "shipped",
    "returned",
    "cancelled",
    "edited",
    "pinned",
    "stock",
    "product",
    "linked",
    "unlinked",
    "show",
)


def show_shape(show: ShowState) -> Shape:
    """A show."""
    return {
        "id": show.id,
        "status": show.status,
        "opened_at": show.opened_at.astimezone(UTC),
        "ended_at": show.ended_at,
        "pinned": show.pinned,
    }


@contextlib.contextmanager
def looking(
    engine: Engine, currency: str, decimals: int, seen: Book | None = None, kept: Kept | None = None
) -> Iterator[Overview]:
    """A look in one read transaction, which is short."""
    look = Overview(engine, currency, decimals, seen, kept)
    try:
        with in_words(place_of(engine)):
            yield look
    finally:
        look.close()
