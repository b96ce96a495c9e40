"""The store on a real database: what is acknowledged is there, once, in order, whatever comes twice or goes wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from livesell import commands as c
from livesell import events as e
from livesell.errors import Conflict, NotFound, Refused, StoreBusy, StoreError
from livesell.ledger import APPLY, Book, Rules
from livesell.model import (
    AuthorId,
    Code,
    Comment,
    CommentId,
    Deleted,
    MessageId,
    Money,
    Platform,
    Product,
    ShowId,
    quantity,
)
from livesell.store import Answer, Asked, Gone, Said, Store, schema
from livesell.store.engine import Lock
from livesell.store.overview import Overview, looking
from livesell.store.shelf import event_of
from tests.exactreader import ExactReader

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SHOW = ShowId(1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest) -> str:
    """The database under test: a file of SQLite's, or a real PostgreSQL server's."""
    if request.param == "postgres":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return "sqlite:///shop.db"


@pytest.fixture
def store(address: str, tmp_path: Path) -> Iterator[Store]:
    """A shop with A1 (3 there) and A2 (not counted), and a show that opened at 20:00."""
    opened = reopen(address, tmp_path)
    ask(opened, c.OpenShow(), show=None)
    for code, count in (("A1", 3), ("A2", None)):
        counted = None if count is None else {"": quantity(count)}
        product = Product(code=Code(code), name=f"Product {code}", price=Money(1000), stock=counted)
        ask(opened, c.PutProduct(product=product, stock=counted))
    yield opened
    opened.close()


def reopen(address: str, folder: Path, **rules: Any) -> Store:
    """The same shop in a new process."""
    store = Store(address, folder=folder, rules=Rules(**rules), reader=ExactReader())
    store.open()
    return store


def ask(store: Store, *commands: c.Command, show: ShowId | None = SHOW, now: datetime = NOW) -> Answer:
    """Carry out commands together; raises what the desk refuses."""
    answer = store.transact([Asked(show, commands)], now)[0]
    if answer.error is not None:
        raise answer.error
    return answer


def comment(number: int, words: str, who: str | None = "mai", **fields: Any) -> Comment:
    """A comment on TikTok."""
    author_id = None if who is None else AuthorId(who)
    return Comment(Platform("tiktok"), MessageId(str(number)), author_id, who or "somebody", words, **fields)


def say(store: Store, *comments: Comment, now: datetime = NOW, **fields: Any) -> Answer:
    """Let comments come in together."""
    answer = store.transact([Said(SHOW, "tiktok", comments, **fields)], now)[0]
    if answer.error is not None:
        raise answer.error
    return answer


def look(store: Store) -> Any:
    """A look at what is stored."""
    return looking(store.readers, "VND", 0)


def orders(store: Store) -> list[dict[str, Any]]:
    """The orders of the show as pages get them."""
    with look(store) as found:
        shapes: list[dict[str, Any]] = found.orders(SHOW)
        return shapes


def held(store: Store) -> dict[str, list[tuple[str, float, float]]]:
    """What each buyer holds and waits for."""
    return {
        order["buyer"]["name"]: [(line["code"], line["reserved"], line["waitlisted"]) for line in order["lines"]]
        for order in orders(store)
    }


def kinds(answer: Answer) -> list[str]:
    """The types of an answer's events."""
    return [one.event.__struct_config__.tag for one in answer.events]  # type: ignore[misc]


def rebuilt(store: Store) -> Book:
    """A book made of nothing but the ledger's events."""
    book = Book(None, store.book.rules)
    with store.readers.connect() as connection, connection.begin():
        for row in connection.execute(select(schema.events).order_by(schema.events.c.number)):
            book.apply(event_of(row.body), row.number)
    return book


def same(store: Store) -> None:
    """State that the tables hold exactly what the events add up to."""
    book = rebuilt(store)
    with look(store) as found:
        assert isinstance(found, Overview)
        shelf = found.book
        count = {
            table.name: found.connection.scalar(select(func.count()).select_from(table))
            for table in (schema.orders, schema.lines, schema.stock, schema.unclears, schema.products)
        }
        assert count == {
            "orders": len(book.orders),
            "lines": len(book.lines),
            "stock": len(book.stock),
            "unclears": len(book.unclears),
            "products": len(book.products),
        }
        for order in book.orders:
            assert shelf.order(order) == book.orders[order]
        for line in book.lines:
            assert shelf.line(line) == book.lines[line]
        for key in book.stock:
            assert shelf.cell(*key) == book.stock[key]
        for number in book.unclears:
            assert shelf.unclear(number) == book.unclears[number]
        for show in book.shows:
            assert shelf.show(show) == book.shows[show]


def test_a_claim_becomes_an_order_and_its_events(store: Store) -> None:
    """A comment is stored, read, drafted and held in one transaction, with numbers that rise by one."""
    answer = say(store, comment(1, "A1 2"))
    assert kinds(answer) == ["comment", "drafted", "reserved"]
    numbers = [one.number for one in answer.events]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert held(store) == {"mai": [("A1", 2, 0)]}
    order = orders(store)[0]
    assert (order["number"], order["status"], order["total"], order["seen"]) == (1, "draft", "2000", numbers[-1])
    same(store)


def test_what_comes_twice_counts_once(store: Store, address: str, tmp_path: Path) -> None:
    """A comment is unique by show, platform and message id, in one batch, in two, and after a restart."""
    assert (say(store, comment(1, "A1 2"), comment(1, "A1 2")).accepted, held(store)) == (1, {"mai": [("A1", 2, 0)]})
    assert say(store, comment(1, "A1 2")).duplicates == 1
    store.close()
    again = reopen(address, tmp_path)
    assert say(again, comment(1, "A1 2"), comment(2, "hello")).accepted == 1
    assert held(again) == {"mai": [("A1", 2, 0)]}
    again.close()


def test_what_is_there_goes_first_come_first_served(store: Store) -> None:
    """Two batches or one: nobody gets what is not there, and the queue is the order of arrival."""
    say(store, comment(1, "A1 2"), comment(2, "A1 2", "lin"))
    say(store, comment(3, "A1 1", "hoa"))
    assert held(store) == {"mai": [("A1", 2, 0)], "lin": [("A1", 1, 1)], "hoa": [("A1", 0, 1)]}
    assert [order["lines"][0]["place"] for order in orders(store)] == [None, 1, 2]
    say(store, comment(4, "cancel"))
    assert held(store) == {"mai": [], "lin": [("A1", 2, 0)], "hoa": [("A1", 1, 0)]}
    same(store)


def test_a_refused_command_leaves_the_rest_of_its_batch_alone(store: Store) -> None:
    """Each ask of a batch stands or falls by itself."""
    answers = store.transact(
        [
            Asked(SHOW, (c.Confirm(order="ZZZ"),)),
            Said(SHOW, "tiktok", (comment(1, "A1 1"),)),
            Asked(SHOW, (c.Pin(code=Code("A1")),)),
        ],
        NOW,
    )
    assert isinstance(answers[0].error, NotFound)
    assert answers[1].accepted == 1
    assert kinds(answers[2]) == ["pinned"]


def test_commands_that_belong_together_happen_together(store: Store) -> None:
    """One that is refused takes its companions with it."""
    product = Product(code=Code("B1"), name="B1", price=Money(5))
    with pytest.raises(NotFound):
        ask(store, c.PutProduct(product=product), c.Pin(code=Code("B2")))
    with look(store) as found:
        assert found.book.product(Code("B1")) is None


def test_a_comment_sees_the_product_on_show_before_it(store: Store) -> None:
    """What is pinned earlier in the same batch counts; what is opened mid-show is read by the next comment."""
    product = Product(code=Code("B1"), name="B1", price=Money(5))
    store.transact(
        [
            Asked(SHOW, (c.PutProduct(product=product),)),
            Asked(SHOW, (c.Pin(code=Code("B1")),)),
            Said(SHOW, "tiktok", (comment(1, "+1"),)),
        ],
        NOW,
    )
    assert held(store) == {"mai": [("B1", 1, 0)]}


def test_a_resent_command_gets_the_first_answer(store: Store) -> None:
    """An id is carried out once, also after more has happened."""
    say(store, comment(1, "A1 2"))
    code = orders(store)[0]["code"]
    first = ask(store, c.Confirm(order=code, id="tap-1"))
    say(store, comment(2, "A2"))
    assert ask(store, c.Confirm(order=code, id="tap-1")) == first


def test_a_step_is_undone_as_a_whole(store: Store) -> None:
    """Undo finds all events of the command by any of their numbers, and only once."""
    say(store, comment(1, "A1 1"), comment(2, "A1 1", "lin"))
    codes = tuple(order["code"] for order in orders(store))
    done = ask(store, c.Confirm(orders=codes))
    ask(store, c.Undo(event=done.events[1].number))
    assert [order["status"] for order in orders(store)] == ["draft", "draft"]
    with pytest.raises(Conflict):
        ask(store, c.Undo(event=done.events[0].number))
    same(store)


def test_history_is_stored_marked_and_read_only_if_it_is_of_this_show(store: Store) -> None:
    """Older than the show: stored, not read. Since the show opened: read, and marked late. Undated: by a tap."""
    say(
        store,
        comment(1, "A1 1", "old", history=True, sent_at=NOW - timedelta(hours=1)),
        comment(2, "A1 1", "new", history=True, sent_at=NOW + timedelta(minutes=1)),
        comment(3, "A1 1", "undated", history=True),
        now=NOW + timedelta(minutes=5),
    )
    assert held(store) == {"new": [("A1", 1, 0)]}
    with look(store) as found:
        shown = found.last_comments(SHOW)
    assert [(one["intent"], one["late"]) for one in shown] == [(None, True), ("order", True), ("order", True)]
    assert shown[2]["unclear"]["reason"] == "late"


def test_after_a_gap_comments_queue_by_when_they_were_written(store: Store) -> None:
    """They go before others who wait, never before what is held; a time outside the gap is the arrival."""
    say(store, comment(1, "A1 3"), comment(2, "A1 1", "waits"), now=NOW + timedelta(minutes=3))
    gap = {"lost_since": NOW + timedelta(minutes=1), "lost_until": NOW + timedelta(minutes=4)}
    late, outside = NOW + timedelta(minutes=2), NOW + timedelta(seconds=10)
    say(
        store,
        comment(3, "A1 1", "gap", sent_at=late),
        comment(4, "A1 1", "claims to be early", sent_at=outside),
        now=NOW + timedelta(minutes=5),
        **gap,
    )
    places = {order["buyer"]["name"]: order["lines"][0]["place"] for order in orders(store)}
    assert places == {"mai": None, "gap": 1, "waits": 2, "claims to be early": 3}


def test_a_deleted_comment_flags_its_line(store: Store) -> None:
    """The line stays and says so."""
    say(store, comment(1, "A1 1"))
    store.transact([Gone(SHOW, Deleted(Platform("tiktok"), ids=(MessageId("1"), MessageId("99"))))], NOW)
    assert orders(store)[0]["lines"][0]["deleted"] is True
    store.transact([Gone(SHOW, Deleted(Platform("tiktok"), author_ids=(AuthorId("nobody"),)))], NOW)
    same(store)


def test_an_edited_comment_is_asked_about(store: Store) -> None:
    """It never changes an order by itself, and the same edit twice is one."""
    say(store, comment(1, "A1 1"))
    edited = comment(1, "A1 3", edited=True)
    assert kinds(say(store, edited)) == ["comment", "unclear"]
    assert say(store, edited).duplicates == 1
    assert held(store) == {"mai": [("A1", 1, 0)]}


def test_a_comment_that_breaks_the_reader_goes_to_a_person(store: Store) -> None:
    """The batch goes on."""
    say(store, comment(1, "boom"), comment(2, "A1 1", "lin"))
    assert held(store) == {"lin": [("A1", 1, 0)]}
    with look(store) as found:
        assert [one["text"] for one in found.unclear(SHOW)] == ["boom"]


def test_comments_without_an_author_are_each_somebody_and_asked_about(store: Store) -> None:
    """Nobody's claims are never put together."""
    say(store, comment(1, "A1 1", None), comment(2, "A1 1", None))
    assert held(store) == {}
    with look(store) as found:
        waiting = found.unclear(SHOW)
    assert len({one["buyer"] for one in waiting}) == 2


def test_an_ended_show_takes_late_comments_for_half_an_hour(store: Store) -> None:
    """They are stored and asked about; after that they are refused; reopened, the show goes on."""
    ask(store, c.EndShow())
    say(store, comment(1, "A1 1"), now=NOW + timedelta(minutes=29))
    assert held(store) == {}
    with pytest.raises(Conflict, match="no show is open"):
        say(store, comment(2, "A1 1"), now=NOW + timedelta(minutes=31))
    ask(store, c.Reopen(), now=NOW + timedelta(minutes=32))
    say(store, comment(3, "A1 1"), now=NOW + timedelta(minutes=33))
    assert held(store) == {"mai": [("A1", 1, 0)]}


def test_time_never_goes_back_in_the_ledger(store: Store) -> None:
    """With the clock set back an hour, events keep the time of the last one."""
    say(store, comment(1, "A1 1"), now=NOW + timedelta(minutes=1))
    answer = say(store, comment(2, "A1 1", "lin"), now=NOW - timedelta(hours=1))
    assert answer.events[0].event.at == NOW + timedelta(minutes=1)


def test_events_name_no_person(store: Store) -> None:
    """No name, phone, address or text of a viewer is in the ledger."""
    say(store, comment(1, "A1 2 secret words", "mai.secret"))
    ask(store, c.SetContact(buyer=store.book.orders[1].buyer, phone="0901 234 567", address="12 Secret Street"))  # type: ignore[index,union-attr]
    with store.readers.connect() as connection, connection.begin():
        bodies = " ".join(connection.scalars(select(schema.events.c.body)))
    assert "secret" not in bodies.lower()
    assert "0901" not in bodies
    assert orders(store)[0]["buyer"]["phone"] == "0901 234 567"


def test_state_is_what_the_events_add_up_to(store: Store) -> None:
    """After every kind of step the tables equal a rebuild from the ledger, and each event is chained to the last."""
    say(store, comment(1, "A1 2"), comment(2, "A1 2", "lin"), comment(3, "A2 5", "lin"), comment(4, "A1?", "hoa"))
    codes = [order["code"] for order in orders(store)]
    line = orders(store)[1]["lines"][1]["id"]
    ask(store, c.Confirm(order=codes[0]))
    ask(store, c.SetQuantity(line=line, quantity=2.5))
    ask(store, c.Restock(code=Code("A1"), by=4))
    ask(store, c.Link(buyers=tuple(order["buyer"]["id"] for order in orders(store))))
    ask(store, c.Paid(order=codes[0]))
    say(store, comment(5, "A1 1"), comment(6, "cancel A1"))
    ask(store, c.Close(code=Code("A2")))
    say(store, comment(7, "A2 1"))
    ask(store, c.Dismiss(comment=CommentId(7)))
    same(store)
    assert set(APPLY) == {kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event)} - {
        e.Event
    }


def test_a_stock_edit_outside_is_noticed(store: Store) -> None:
    """What the book believes is checked against the row it writes: less on hand means less is sold."""
    say(store, comment(1, "A1 1"))
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE stock SET on_hand = 1000 WHERE product = 'A1'"))
    say(store, comment(2, "A1 2", "lin"))
    assert held(store) == {"mai": [("A1", 1, 0)], "lin": [("A1", 0, 2)]}


def test_the_writer_is_durable(tmp_path: Path) -> None:
    """The writing connection itself says synchronous=FULL and WAL; readers cannot write."""
    store = reopen("sqlite:///shop.db", tmp_path)
    with store.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA secure_delete")) == 1
        assert connection.scalar(text("PRAGMA mmap_size")) == 0
    with store.readers.connect() as connection:
        assert connection.scalar(text("PRAGMA query_only")) == 1
        assert connection.scalar(text("PRAGMA wal_autocheckpoint")) == 0
    store.close()


def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path) -> None:
    """The words name the file and the way out; not a byte of it changes."""
    (tmp_path / "shop.db").write_bytes(b"this is a letter, not a database" * 40)
    with pytest.raises(StoreError, match=r"shop\.db is not a livesell database"):
        reopen("sqlite:///shop.db", tmp_path)
    assert (tmp_path / "shop.db").read_bytes().startswith(b"this is a letter")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(StoreError, match="belongs to another program"):
        reopen("sqlite:///other.db", tmp_path)
    with pytest.raises(StoreError, match="cannot be opened"):
        reopen("sqlite:///no/such/folder/shop.db", tmp_path)


def test_a_newer_database_is_refused_in_words(tmp_path: Path) -> None:
    """An old program does not touch what it does not understand."""
    store = reopen("sqlite:///shop.db", tmp_path)
    with store.engine.begin() as connection:
        connection.execute(schema.version.update().values(version_num="9999"))
    store.close()
    with pytest.raises(StoreError, match="a newer one has written it"):
        reopen("sqlite:///shop.db", tmp_path)


def test_the_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    """From nothing to head gives what `schema.py` says, so a new shop and an upgraded one are alike."""
    from alembic import command
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine

    from livesell.store import migrate

    settings = migrate.config()
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    engine.dispose()
    assert differences == []
    assert ScriptDirectory.from_config(settings).get_current_head() == schema.REVISION


def test_indexes_of_a_part_cover_that_part(store: Store) -> None:
    """What waits, what is held and what is open are few among all lines, on both databases."""
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
    postgres = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    with store.readers.connect() as connection:
        found = {name: sql for name, sql in connection.execute(text(sqlite if store.sqlite else postgres)) if sql}
    assert all(" WHERE " in found[name] for name in ("lines_waiting", "lines_held", "unclears_open"))


def test_two_processes_cannot_have_one_file(tmp_path: Path) -> None:
    """The second is told the first one's address; the lock goes with its holder."""
    first, second = Lock(tmp_path / "shop.db"), Lock(tmp_path / "shop.db")
    first.take()
    first.say("http://127.0.0.1:8777")
    with pytest.raises(StoreBusy, match=r"open already at http://127\.0\.0\.1:8777"):
        second.take()
    assert second.holder() == "http://127.0.0.1:8777"
    first.give()
    second.take()
    second.give()
    assert second.holder() is None


def test_an_unknown_show_is_refused(store: Store) -> None:
    """Comments of a show that is not there are not stored."""
    answer = store.transact([Said(ShowId(99), "tiktok", (comment(1, "A1"),))], NOW)[0]
    assert isinstance(answer.error, Refused)
