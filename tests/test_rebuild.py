"""The ledger is the truth: the stored state is what its events add up to, and where it is not, words say so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from livesell.checking import check
from livesell.config import Config
from livesell.store import Store
from livesell.store.engine import one_view
from livesell.store.rebuild import Found, compare
from tests.shelves import fill, orders, reopen


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A shop with a bit of everything, on a file and on a real server."""
    address = "sqlite:///shop.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = reopen(address, tmp_path)
    fill(opened)
    yield opened
    opened.close()


def compared(store: Store) -> Found:
    """What a comparison says."""
    with one_view(store.readers) as connection:
        return compare(connection)


def spoil(store: Store, statement: str) -> None:
    """Change a table behind the program's back."""
    with store.engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0


def test_a_sound_book_has_no_differences(store: Store) -> None:
    """Everything that a show can hold is what its events add up to, and the count is told."""
    found = compared(store)
    assert found.differences == ()
    assert found.events > 20
    assert found.orders == len(orders(store))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE orders SET status = 'paid' WHERE id = 1", "status is 'paid' in the table, 'confirmed' by the events"),
        ("UPDATE lines SET unit_price = 1 WHERE id = 1", "line 1: unit_price is 1 in the table, 1000 by the events"),
        ("UPDATE stock SET on_hand = on_hand + 9000", "stock of A1: on_hand is 14000 in the table, 5000 by the events"),
        ("DELETE FROM lines WHERE id = 2", "line 2 is missing from the table, but the events made it"),
        ("UPDATE identities SET buyer = 3 WHERE id = 1", "author 1: buyer is 3 in the table"),
        ("DELETE FROM comments WHERE id = 6", "comment 6 came, but is not stored any more"),
        ("DELETE FROM line_comments WHERE line = 1", "comment and line 1 1 is missing from the table"),
        ("UPDATE products SET body = replace(body, '1000', '1')", "product A1: body is"),
        ("UPDATE shows SET orders = 7", "show 1: orders is 7 in the table"),
    ],
)
def test_what_was_changed_in_a_table_is_told(store: Store, statement: str, said: str) -> None:
    """With the row, the column and both values."""
    spoil(store, statement)
    assert any(said in sentence for sentence in compared(store).differences), compared(store).differences


def test_what_was_changed_in_the_ledger_is_told(store: Store) -> None:
    """Each event carries the hash of the one before: a change shows, and a missing one is named."""
    spoil(
        store, "UPDATE events SET body = replace(body, '\"quantity\":2000', '\"quantity\":1000') WHERE type = 'drafted'"
    )
    assert any("was changed or taken out" in sentence for sentence in compared(store).differences)
    spoil(store, "DELETE FROM events WHERE number = 5")
    assert "event 5 is missing from the ledger" in compared(store).differences


def test_an_event_that_cannot_be_read_ends_the_comparison_in_words(store: Store) -> None:
    """It is named, and the state is not compared with half a ledger."""
    spoil(store, "UPDATE events SET body = '{' WHERE number = 8")
    found = compared(store).differences
    assert any(sentence.startswith("event 8 cannot be read") for sentence in found)
    assert not any("missing from the table" in sentence for sentence in found)


def test_check_deep_says_it_and_counts_it(tmp_path: Path) -> None:
    """`check --deep` prints one line a difference, what to do, and the number of problems."""
    store = reopen("sqlite:///shop.db", tmp_path)
    fill(store)
    out = StringIO()
    assert check(Config(folder=tmp_path), out, deep=True) == 0  # while the store is open
    assert "events add up to what is stored" in out.getvalue()
    spoil(store, "UPDATE lines SET quantity = quantity + 1000, reserved = reserved + 1000")
    store.close()
    out = StringIO()
    assert check(Config(folder=tmp_path), out, deep=True) > 0
    assert "✗ ledger: line 1: quantity is" in out.getvalue()
    assert "restore the last backup" in out.getvalue()


def test_check_deep_exits_with_1_where_something_differs(tmp_path: Path) -> None:
    """0 for a sound book, 1 for one that was changed, as a script sees it."""

    def exit_code() -> int:
        command = [sys.executable, "-m", "livesell", "check", "--deep"]
        environment = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": ""}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False).returncode

    assert exit_code() == 0
    store = reopen("sqlite:///shop.db", tmp_path)
    fill(store)
    store.close()
    assert exit_code() == 0
    store = reopen("sqlite:///shop.db", tmp_path)
    spoil(store, "UPDATE orders SET number = number + 10")
    store.close()
    assert exit_code() == 1
