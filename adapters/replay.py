"""A recorded night, played again: JSON lines of comments or of raw frames, at their pace, faster, or at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec

from livesell.adapter import (
    Adapter,
    Decoded,
    Ear,
    Frame,
    Settings,
    Status,
    read_frame,
    read_posted,
    read_time,
)
from livesell.errors import AdapterError, BadInput, ConfigError
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform

from ._fields import ident, words

FRAME_KEYS = frozenset(["at", "transport", "history", "text"])
SPEED = Annotated[float, msgspec.Meta(ge=0)]


class ReplaySettings(Settings, frozen=True, kw_only=True):
    """`file` or `folder`: the recording. `speed`: 1 is its own pace, 60 a minute a second, 0 at once.

    `of`: where comments were written whose rows do not say it; for frames, whose adapter decodes them
    (default: the file's name up to the first dot).
    """

    file: Path | None = None
    folder: Path | None = None
    speed: SPEED = 1.0
    of: str = ""

    def __post_init__(self) -> None:
        """Refuse a source without a recording, and one with two."""
        if (self.file is None) == (self.folder is None):
            raise ValueError("Expected one of `file` and `folder`")


class Row(msgspec.Struct, frozen=True):
    """One line: `offset` seconds after the first, where it stands, and what it says."""

    offset: float
    place: str
    data: dict[str, Any]


class Replay(Adapter):
    """Rows are posted comments with `at` (seconds from the start), {"type": "deleted" | "drop" | "ended"}, or frames.

    "drop" breaks the line as a platform would; the next connection goes on behind it, where the recording has what the
    platform delivers again, marked `"history": true`. A comment without `sent_at` was sent when it is played, or at
    `written` seconds where it came late. The times in frames are moved to tonight.
    """

    platform = "replay"
    relay = True
    Settings = ReplaySettings

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._rows: Iterator[Row] | None = None
        self._began = 0.0
        self._start = datetime.now(UTC)
        self._then: datetime | None = None

    @property
    def place(self) -> str:
        """The recording."""
        return str(self.settings.file or self.settings.folder)

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The comment, deletion or end of a row; of a frame in it, what its platform's adapter makes of it."""
        row = frame.json
        if not isinstance(row, dict):
            return ()
        kind = row.get("type", "comment")
        if kind == "ended":
            return (Ended(words(row.get("reason")) or "the recording is over"),)
        if kind == "deleted":
            ids = _idents(row.get("ids"))
            authors = _idents(row.get("author_ids"))
            where = Platform(words(row.get("platform")) or "replay")
            return (
                (Deleted(where, tuple(map(MessageId, ids)), tuple(map(AuthorId, authors))),) if ids or authors else ()
            )
        try:
            if "frame" in row:
                return _decoder(words(row.get("platform"))).decode(read_frame(json.dumps(row["frame"])))
            return read_posted(row, "replay") if kind == "comment" else ()
        except (BadInput, ConfigError):
            return ()

    async def run(self, ear: Ear) -> None:
        """Play on from where the line broke."""
        loop = asyncio.get_running_loop()
        if self._rows is None:
            self._rows, self._began, self._start = iter(self._read()), loop.time(), datetime.now(UTC)
        await ear.tell(Status("live"))
        for row in self._rows:
            if self.settings.speed:
                await asyncio.sleep(max(0.0, self._began + row.offset * self._pace - loop.time()))
            kind = row.data.get("type", "comment")
            if kind == "drop":
                wait = row.data.get("seconds", 0)
                pause = wait * self._pace if isinstance(wait, int | float) else 0
                raise AdapterError(words(row.data.get("reason")) or "the line broke", retry_after=pause)
            if "frame" in row.data:
                await ear.take(self._tonight(self.decode(Frame(json=row.data))))
            else:
                await ear.hear(Frame(json=self._dated(row)))
            if kind == "ended":
                return

    @property
    def _pace(self) -> float:
        return 1 / self.settings.speed if self.settings.speed else 0.0

    def _dated(self, row: Row) -> dict[str, Any]:
        if "sent_at" in row.data or row.data.get("type", "comment") != "comment":
            return row.data
        written = row.data.get("written", row.offset)
        after = written if isinstance(written, int | float) else row.offset
        return {**row.data, "sent_at": (self._start + timedelta(seconds=after * self._pace)).isoformat()}

    def _tonight(self, items: Iterable[Decoded]) -> list[Decoded]:
        moved: list[Decoded] = []
        for item in items:
            if isinstance(item, Comment) and item.sent_at is not None and self._then is not None:
                after = (item.sent_at - self._then) * self._pace
                item = msgspec.structs.replace(item, sent_at=self._start + after)
            moved.append(item)
        return moved

    def _read(self) -> list[Row]:
        if self.settings.folder is not None:
            files = sorted(self.settings.folder.glob("*.jsonl"))
            if not files:
                raise AdapterError(f"there is no recording (*.jsonl) in {self.settings.folder}", permanent=True)
        else:
            files = [self.settings.file]
        read = [pair for path in files for pair in self._lines(path)]
        times = [at for row in read if isinstance(at := read_time(row.data.get("at")), datetime)]
        self._then = min(times, default=None)
        if self._then is None:
            return sorted(read, key=_offset) if len(files) > 1 else read
        first = self._then
        placed = []
        for row in read:
            at = read_time(row.data.get("at"))
            placed.append(row if at is None else Row((at - first).total_seconds(), row.place, row.data))
        return sorted(placed, key=_offset) if len(files) > 1 else placed

    def _lines(self, path: Path) -> Iterator[Row]:
        try:
            lines = path.read_bytes().decode("utf-8", "replace").split("\n")
        except OSError as error:
            raise AdapterError(f"{path} cannot be read ({error.strerror})", permanent=True) from None
        last = 0.0
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{path.name} line {number}"
            try:
                data = json.loads(line)
            except (ValueError, RecursionError):
                raise AdapterError(f"{place} is not JSON", permanent=True) from None
            if not isinstance(data, dict):
                raise AdapterError(f"{place} is not a JSON object", permanent=True)
            where = self.settings.of or path.name.partition(".")[0]
            data = _checked(data, where, self.settings.of, place)
            at = data.get("at")
            if isinstance(at, int | float) and not isinstance(at, bool):
                last = float(at)
            yield Row(last, place, data)


def _checked(data: dict[str, Any], file: str, of: str, place: str) -> dict[str, Any]:
    """A row that can be played; a raw frame is put into one."""
    bare = bool({"json", "base64"} & data.keys()) and "id" not in data
    if "frame" not in data and (bare or ("text" in data and data.keys() <= FRAME_KEYS)):
        data = {"platform": file, "at": data.get("at"), "frame": data}
    try:
        if "frame" in data:
            _decoder(words(data.get("platform")) or file)
            read_frame(json.dumps(data["frame"]))
            return {**data, "platform": words(data.get("platform")) or file}
        data = {**data, "platform": data.get("platform") or of or "replay"}
        if data.get("type", "comment") == "comment":
            read_posted(data)
    except (BadInput, ConfigError) as problem:
        raise AdapterError(f"{place}: {problem}", permanent=True) from None
    return data


def _decoder(platform: str) -> type[Adapter]:
    # Only a recording of frames needs other adapters; the registry knows third parties' too.
    from livesell import registry

    return registry.adapter(platform)


def _offset(row: Row) -> float:
    return row.offset


def _idents(value: Any) -> list[str]:
    return [one for one in map(ident, value) if one] if isinstance(value, list) else []
