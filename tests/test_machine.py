"""Desk and store driven by chance: nothing is oversold, lost or doubled, and the queue keeps its order.

`make machine` runs 2,000 evenings on each database; LIVESELL_RUNS says how many, a quarter of them of each kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.evening import TRIED, AddingQueue, CarefulEvening, Evening, OnDatabase, Queueing

RUNS = int(os.environ.get("LIVESELL_RUNS", "0"))
SHORT = {"sqlite": 60, "postgres": 24}
"""How many evenings are tried where nobody says."""

STEPS = 25


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """The database under test, and how many evenings it gets."""
    runs = (RUNS or SHORT[request.param]) // 4
    if request.param == "postgres":
        # Commits that wait for no disk, as on SQLite in memory: what a power cut does is tried elsewhere.
        yield request.getfixturevalue("postgres_url") + "?options=-c%20synchronous_commit%3Doff", runs
    else:
        yield "sqlite:///shop.db", runs


@pytest.mark.parametrize("evening", [Evening, CarefulEvening, Queueing, AddingQueue], ids=lambda kind: kind.__name__)
def test_whatever_happens_the_book_balances(database: tuple[str, int], evening: type[OnDatabase]) -> None:
    """Claims, changes, cancels, taps, undo, links, restocks, expiries, replays, gaps, parked claims and restarts."""
    address, runs = database

    class Here(evening):  # type: ignore[misc,valid-type]
        """The same on this database."""

    Here.address = address
    TRIED.clear()
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            # Without shrinking, which takes minutes here: the steps of the evening are printed as they were.
            phases=(Phase.explicit, Phase.generate),
        ),
    )
    print(f"\n{evening.__name__} on {address.partition(':')[0]}: {dict(TRIED)}")
    assert TRIED["evenings"] >= runs
    assert TRIED["done"] > TRIED["evenings"]
