"""The recorded show, played whole: the same evening gives the same events, and the book balances at the end."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from livesell.demo import play
from livesell.feed import told
from livesell.ledger import Book
from livesell.model import Money, OrderId, times
from livesell.store import schema
from livesell.store.shelf import event_of

GOLDEN = Path(__file__).parent / "shows" / "demo.events.jsonl"
START = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


@pytest.fixture
async def evening(tmp_path: Path) -> Any:
    """The show at its end, as (shop, events)."""
    async with play.playing(tmp_path, speed=0, port=0, start=START) as (shop, _, stage):
        await stage.over.wait()
        with shop.store.readers.connect() as connection, connection.begin():
            rows = connection.execute(select(schema.events).order_by(schema.events.c.number)).all()
        yield shop, [(row.number, event_of(row.body)) for row in rows]


async def test_the_evening_gives_the_golden_events(evening: Any) -> None:
    """Every event, in order. After a wanted change run this with LIVESELL_GOLDEN=write, and read the diff."""
    shop, events = evening
    orders = await shop.look(
        lambda look: {
            OrderId(event.order): look.book.order(OrderId(event.order))
            for _, event in events
            if getattr(event, "order", None)
        }
    )
    lines = [
        json.dumps(
            {"number": number, **told(event, orders)}, ensure_ascii=False, default=lambda value: value.isoformat()
        )
        for number, event in events
    ]
    if os.environ.get("LIVESELL_GOLDEN") == "write":
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()
    for mine, wanted in zip(lines, golden, strict=False):
        assert mine == wanted
    assert len(lines) == len(golden)


async def test_the_book_balances_at_the_end(evening: Any) -> None:
    """A rebuild from events equals the tables; nothing is oversold; nobody waits for what is there; sums are right."""
    shop, events = evening
    book = Book(None, shop.store.book.rules)
    for number, event in events:
        book.apply(event, number)

    def check(look: Any) -> None:
        assert book.orders
        for number, order in book.orders.items():
            assert look.book.order(number) == order
        for line_number, line in book.lines.items():
            assert look.book.line(line_number) == line
        for key, cell in book.stock.items():
            assert look.book.cell(*key) == cell
            assert cell is not None
            assert cell.reserved <= cell.on_hand
            assert not book.queue(*key) or cell.reserved == cell.on_hand
        amounts = [
            times(line.unit_price, line.confirmed) for line in book.lines.values() if line is not None and line.quantity
        ]
        assert look.sums(shop.show)["confirmed_total"] == str(Money(sum(amounts)))

    await shop.look(check)


async def test_the_evening_has_everything_that_happens_in_a_show(evening: Any) -> None:
    """A demo without a queue, a gap, a cancel or a doubt would show nobody what livesell does."""
    _, events = evening
    kinds = {type(event).__struct_config__.tag for _, event in events}
    assert {
        "comment",
        "drafted",
        "reserved",
        "waitlisted",
        "promoted",
        "released",
        "confirmed",
        "cancelled",
        "unclear",
        "edited",
        "pinned",
        "product",
        "stock",
        "source",
        "gap",
        "deleted",
        "show",
    } <= kinds


async def test_what_the_platform_delivers_again_counts_once(evening: Any) -> None:
    """After the lost line known comments come again; none is stored twice."""
    shop, events = evening
    comments = [event.comment for _, event in events if type(event).__struct_config__.tag == "comment"]
    assert len(comments) == len(set(comments))
    stored = await shop.look(lambda look: look.sums(shop.show)["comments"])
    assert stored == len(comments)
