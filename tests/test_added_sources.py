"""Sources added by command, and a recorded night run again."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path

import pytest

from adapters.replay import Replay, ReplaySettings
from adapters.twitch import Twitch
from livesell.adapter import Frame
from livesell.config import Config, Server
from livesell.errors import BadInput, ConfigError, StoreBusy
from livesell.model import CommentId
from livesell.running import Tape, replay, running, sources_of
from livesell.sheets import add_source
from livesell.store.engine import Lock
from livesell.web.app import database_file


def shop(folder: Path, **more: object) -> Config:
    """A shop with nothing in it."""
    return Config(folder=folder, server=Server(port=0), **more)  # type: ignore[arg-type]


async def test_a_pasted_link_becomes_a_source_that_stays(tmp_path: Path) -> None:
    """What is added is there at the next start, beside what the configuration has."""
    config = shop(tmp_path, source=({"platform": "twitch", "channel": "first"},))
    assert "@nui.herbs" in await add_source(config, "https://www.tiktok.com/@nui.herbs/live")
    assert "twitch-2" in await add_source(config, "https://www.twitch.tv/second")
    assert [(one.name, one.place) for one in sources_of(config)] == [
        ("twitch", "first"),
        ("tiktok", "@nui.herbs"),
        ("twitch-2", "second"),
    ]


async def test_a_link_is_refused_where_it_is_known_or_not_known_at_all(tmp_path: Path) -> None:
    """One place is listened to once; a link that stands for nothing says what one looks like."""
    config = shop(tmp_path)
    await add_source(config, "twitch.tv/second")
    with pytest.raises(ConfigError, match="listened to already by 'twitch'"):
        await add_source(config, "twitch.tv/second")
    with pytest.raises(BadInput, match="'soup' is not known; paste the address"):
        await add_source(config, "soup")
    assert len(sources_of(config)) == 1


async def test_a_running_server_is_not_written_beside(tmp_path: Path) -> None:
    """The database has one writer; who asks is told what to do instead."""
    config = shop(tmp_path)
    await add_source(config, "twitch.tv/first")
    lock = Lock(database_file(config) or tmp_path)
    lock.take()
    try:
        with pytest.raises(StoreBusy, match="add it as a"):
            await add_source(config, "twitch.tv/second")
    finally:
        lock.give()


async def test_what_was_recorded_runs_again(tmp_path: Path) -> None:
    """A tape's frames come back as the platform's comments, on a database that is not the shop's."""
    source = Twitch(Twitch.Settings(channel="nui"), name="live/1", seller_ids=[])
    tape = Tape(tmp_path / "tape")
    line = "@display-name=Mai;id=5bc1;tmi-sent-ts=1764061200000;user-id=77 :mai!mai@mai PRIVMSG #nui :A1 2"
    tape.keep(source, Frame(text=line))
    assert [one.name for one in (tmp_path / "tape").iterdir()] == ["twitch.live_1.jsonl"]
    config = shop(tmp_path)
    out = StringIO()
    playing = asyncio.create_task(replay(config, tmp_path / "tape", speed=0, out=out))
    try:
        async with asyncio.timeout(20):
            while "/control" not in out.getvalue():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    assert not list(tmp_path.glob("*.db"))  # noqa: ASYNC240
    again = Replay(ReplaySettings(folder=tmp_path / "tape", speed=0), name="replay", seller_ids=[])
    async with running(config, [again]) as (shop_, _):
        async with asyncio.timeout(20):
            while not (found := await shop_.look(lambda look: look.comments([CommentId(1)]))):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert [one["text"] for one in found] == ["A1 2"]
