"""The short form of `make torture`: plugs pulled under load, and what was counted afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.torture import scenes
from tests.torture.check import Count
from tests.torture.rivals import rivals

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no kill -9; its TerminateProcess is tried by hand"
)


def sound(found: Count) -> None:
    """Nothing lost, doubled, oversold, kept back or missing, of something."""
    assert found.acknowledged > 0, "nothing was acknowledged: the test proves nothing"
    assert found.wrong == 0, found.line()


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """Killed under 200 comments a second, with a relay that delivers again: each comment once, each event told."""
    sound(await scenes.kills(tmp_path, 3))


async def test_a_database_that_somebody_holds_loses_nothing(tmp_path: Path) -> None:
    """Held for longer than livesell waits: what came meanwhile is taken afterwards, once."""
    sound(await scenes.locked(tmp_path, 1))


async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """Not a byte of room on a real disk: refused, held, and taken when there is room again."""
    found = await scenes.full(tmp_path, 1)
    if found is None:
        pytest.skip("a small disk is made by mounting one, which is not allowed here (needs Linux and root)")
    sound(found)


@pytest.mark.postgres
async def test_a_server_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """PostgreSQL stopped as by a power cut, twice, under load."""
    sound(await scenes.away(tmp_path, 2))


@pytest.mark.postgres
async def test_two_processes_sell_what_is_there_once(tmp_path: Path) -> None:
    """Claims that compete at two servers: ten of each product, the rest waits in order, both show the same lists."""
    found = await rivals(tmp_path, 400, 10)
    assert found.wrong == 0, found.line()
    assert (found.reserved, found.waitlisted) == (100, 300)
