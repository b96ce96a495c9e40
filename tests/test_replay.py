"""A recorded night played again: order, pace, dropped lines, and recordings of raw frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from livesell.adapter import Adapter
from livesell.errors import AdapterError
from livesell.registry import make_source
from tests.fakes.ear import Listener


def said(at: float, number: int, **more: object) -> dict[str, object]:
    return {
        "at": at,
        "platform": "tiktok",
        "id": f"m{number}",
        "author_id": "mai",
        "author": "Mai",
        "text": f"A{number}",
        **more,
    }


def recording(path: Path, *rows: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def source(path: Path, **keys: Any) -> Adapter:
    kind = "folder" if path.is_dir() else "file"
    return make_source({"platform": "replay", kind: str(path), "speed": 0, **keys})


async def test_a_recording_is_heard_in_order_and_ends(tmp_path: Path) -> None:
    """Comments, deletions and the end come as they stand in the file."""
    path = recording(
        tmp_path / "night.jsonl",
        said(0, 1),
        said(2, 2),
        {"at": 3, "type": "deleted", "platform": "tiktok", "ids": ["m1"]},
        {"at": 4, "type": "ended", "reason": "good night"},
        said(5, 3),
    )
    ear = Listener(source(path))
    await ear.connection()
    assert ear.texts == ["A1", "A2"]
    assert [(gone.platform, gone.ids) for gone in ear.deleted] == [("tiktok", ("m1",))]
    assert ear.ends == ["good night"]
    assert ear.states == ["live"]


async def test_a_dropped_line_is_taken_up_behind_the_drop(tmp_path: Path) -> None:
    """`drop` breaks the connection; the next one goes on behind it with what the platform gives again, as history."""
    path = recording(
        tmp_path / "night.jsonl",
        said(0, 1),
        {"at": 1, "type": "drop", "reason": "no signal"},
        said(1, 1, history=True),
        said(2, 2),
    )
    ear = Listener(source(path))
    with pytest.raises(AdapterError, match="no signal") as broken:
        await ear.connection()
    assert not broken.value.permanent
    assert ear.texts == ["A1"]
    await ear.connection()
    assert [(comment.text, comment.history) for comment in ear.comments] == [("A1", False), ("A1", True), ("A2", False)]
    assert ear.states == ["live", "live"]


async def test_the_pace_is_the_recordings_own_by_speed(tmp_path: Path) -> None:
    """At speed 10, what lay 3 seconds apart lies 0.3 apart; a drop waits its seconds by the same measure."""
    path = recording(tmp_path / "night.jsonl", said(0, 1), said(3, 2), {"at": 3, "type": "drop", "seconds": 5})
    ear = Listener(source(path, speed=10))
    began = asyncio.get_running_loop().time()
    with pytest.raises(AdapterError) as broken:
        await ear.connection()
    took = asyncio.get_running_loop().time() - began
    assert 0.29 <= took < 1.5
    assert broken.value.retry_after == pytest.approx(0.5)
    first, second = (comment.sent_at for comment in ear.comments)
    assert first is not None and second is not None
    assert second - first == timedelta(seconds=0.3)


async def test_times_that_are_written_are_kept(tmp_path: Path) -> None:
    """`sent_at` stands; `written` says when a comment that came late was written."""
    path = recording(
        tmp_path / "night.jsonl", said(0, 1, sent_at="2026-11-22T20:00:00Z"), said(9, 2), said(9, 3, written=4)
    )
    ear = Listener(source(path, speed=100))
    await ear.connection()
    one, two, three = (comment.sent_at for comment in ear.comments)
    assert one is not None and two is not None and three is not None
    assert one.isoformat() == "2026-11-22T20:00:00+00:00"
    assert two - three == timedelta(seconds=0.05)


FRAME = "@id={0};user-id=5;display-name=Lan;room-id=1;tmi-sent-ts={1} :lan!lan@lan PRIVMSG #x :A{0}\r\n"


async def test_recorded_frames_are_decoded_by_their_adapter(tmp_path: Path) -> None:
    """A folder of raw frames, a file a platform, is played in the order of its times, moved to tonight."""
    recording(
        tmp_path / "twitch.jsonl",
        {"at": "2026-11-22T20:00:00Z", "text": FRAME.format(1, 1795377600000)},
        {"at": "2026-11-22T20:00:20Z", "text": FRAME.format(3, 1795377620000)},
    )
    recording(
        tmp_path / "http.1.jsonl",
        {"at": "2026-11-22T20:00:10Z", "json": {"id": "9", "author": "Mai", "text": "A2"}},
    )
    ear = Listener(source(tmp_path, speed=100))
    await ear.connection()
    assert [(comment.platform, comment.text) for comment in ear.comments] == [
        ("twitch", "A1"),
        ("http", "A2"),
        ("twitch", "A3"),
    ]
    first, _, last = (comment.sent_at for comment in ear.comments)
    assert first is not None and last is not None
    assert last - first == timedelta(seconds=0.2)
    assert first.year >= 2026 and first.isoformat() != "2026-11-22T20:00:00+00:00"


async def test_frames_of_a_file_of_any_name_say_of_what(tmp_path: Path) -> None:
    """`of` names the platform of a recording whose file does not; a row may say it itself."""
    path = recording(
        tmp_path / "old.jsonl",
        {"text": FRAME.format(1, 1795377600000)},
        {"platform": "http", "frame": {"json": {"id": "2", "text": "A2"}}},
    )
    ear = Listener(source(path, of="twitch"))
    await ear.connection()
    assert ear.texts == ["A1", "A2"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("{", "night.jsonl line 2 is not JSON"),
        ("[]", "night.jsonl line 2 is not a JSON object"),
        ('{"author": "x", "text": "A1"}', "night.jsonl line 2: comment 0, field 'id': is missing"),
        ('{"text": "no platform is called night"}', "line 2: platform 'night': there is no such adapter"),
        ('{"platform": "twitch", "frame": {"text": 5}}', "line 2: field 'text': is not a string"),
        ('{"platform": "nowhere", "frame": {"text": ""}}', "line 2: platform 'nowhere'"),
    ],
)
async def test_a_row_that_cannot_be_played_is_named_before_anything_is(tmp_path: Path, rows: str, words: str) -> None:
    """A malformed recording is refused whole, by file and line."""
    path = tmp_path / "night.jsonl"
    path.write_text(json.dumps(said(0, 1)) + "\n" + rows + "\n", encoding="utf-8")
    ear = Listener(source(path))
    with pytest.raises(AdapterError) as refusal:
        await ear.connection()
    assert words in str(refusal.value)
    assert refusal.value.permanent
    assert ear.items == []


async def test_a_recording_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A missing file, and a folder without recordings, need a person."""
    for missing in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(AdapterError) as refusal:
            await Listener(source(missing)).connection()
        assert refusal.value.permanent
        assert str(tmp_path) in str(refusal.value)
