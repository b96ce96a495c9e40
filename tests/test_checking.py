"""`livesell check`: everything that is wrong at once, in words with the way out."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path
from typing import Any

from livesell.checking import check
from livesell.config import Catalog, Config
from livesell.config import Shop as ShopSettings
from tests.fakes.twitch_irc import TwitchIrc


def looked_at(config: Config) -> tuple[int, list[str]]:
    """The number of problems, and what was printed."""
    out = StringIO()
    return check(config, out), out.getvalue().splitlines()


def refused(folder: Path, **more: Any) -> Config:
    """A shop whose one source's door is shut."""
    table = {"platform": "twitch", "channel": "nui", "url": "ws://127.0.0.1:9"}
    return Config(folder=folder, source=(table,), **more)


async def test_every_source_is_tried(tmp_path: Path) -> None:
    """One that answers is well; one that does not is a problem with its reason."""
    async with TwitchIrc("#nui").serving() as twitch:
        tables = (
            {"platform": "twitch", "channel": "nui", "url": twitch.url},
            {"platform": "twitch", "name": "second", "channel": "other", "url": "ws://127.0.0.1:9"},
        )
        problems, lines = await asyncio.to_thread(looked_at, Config(folder=tmp_path, source=tables))
    assert problems == 1
    assert [line for line in lines if "source" in line] == [
        "✓ source twitch: twitch nui: live",
        "✗ source second: twitch other: lost, Twitch cannot be reached (ConnectionRefusedError)",
    ]


def test_all_problems_are_named_in_one_run(tmp_path: Path) -> None:
    """A wrong language, a shut door and a sheet with a wrong cell are three lines, not the first of them."""
    (tmp_path / "products.csv").write_text("code,name,price\nH1,Gừng,x\n", encoding="utf-8")
    problems, lines = looked_at(
        refused(tmp_path, shop=ShopSettings(languages=("vi", "xx")), catalog=Catalog(file="products.csv"))
    )
    wrong = [line for line in lines if line.startswith("✗")]
    assert problems == len(wrong) == 3
    assert "there is no pack for 'xx'" in wrong[0]
    assert "source twitch" in wrong[1]
    assert "products.csv" in wrong[2]
    assert "line 2" in wrong[2] or "row 2" in wrong[2]


def test_a_shop_without_sources_is_told_how_to_get_one(tmp_path: Path) -> None:
    """It is no problem: programs can post comments."""
    problems, lines = looked_at(Config(folder=tmp_path))
    assert problems == 0
    assert any("livesell sources add" in line for line in lines)
