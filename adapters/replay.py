"""A recorded night, played again: JSON lines of comments or of raw frames, at their pace, faster, or at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status, clean, read_posted
from livesell.errors import AdapterError, BadInput
from livesell.model import Deleted, Ended, MessageId, Platform


class ReplaySettings(Settings, frozen=True, kw_only=True):
    """`file`: the recording. `speed`: 1 is its own pace, 60 a minute a second, 0 at once."""

    file: str
    speed: float = 1.0


class Replay(Adapter):
    """Rows are posted comments with `at` (seconds from the start), or {"type": "deleted" | "drop" | "ended"}.

    "drop" breaks the line as a platform would; the next connection goes on behind it, where the recording has what the
    platform delivers again, marked `"history": true`. `sent_at` of a row without one is the start plus `at`.
    """

    platform = "replay"
    Settings = ReplaySettings

    def __init__(self, settings: Any, *, name: str | None = None) -> None:
        super().__init__(settings, name=name)
        self._rows: Iterator[dict[str, Any]] | None = None
        self._began = 0.0
        self._start = datetime.now(UTC)

    @property
    def place(self) -> str:
        """The recording's file."""
        return str(self.settings.file)

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The comment, deletion or end of a row."""
        row = frame.json
        if not isinstance(row, dict):
            return ()
        kind = row.get("type", "comment")
        if kind == "ended":
            return (Ended(str(row.get("reason", "the recording is over"))),)
        if kind == "deleted":
            ids = row.get("ids", [])
            if not isinstance(ids, list):
                return ()
            named = tuple(MessageId(clean(one)) for one in ids if isinstance(one, str))
            return (Deleted(Platform(str(row.get("platform", "replay"))), named),)
        if kind != "comment":
            return ()
        try:
            return read_posted(row, "replay")
        except BadInput:
            return ()

    async def run(self, ear: Ear) -> None:
        """Play on from where the line broke."""
        loop = asyncio.get_running_loop()
        if self._rows is None:
            self._rows, self._began, self._start = self._read(), loop.time(), datetime.now(UTC)
        await ear.tell(Status("live"))
        for row in self._rows:
            await self._until(row, loop.time)
            if row.get("type") == "drop":
                raise AdapterError(
                    str(row.get("reason", "the line broke")), retry_after=row.get("seconds", 0) * self._pace
                )
            await ear.hear(Frame(json=self._dated(row)))
            if row.get("type") == "ended":
                return

    @property
    def _pace(self) -> float:
        return 1 / self.settings.speed if self.settings.speed else 0.0

    async def _until(self, row: dict[str, Any], now: Any) -> None:
        at = row.get("at")
        if self.settings.speed and isinstance(at, int | float):
            await asyncio.sleep(max(0.0, self._began + at * self._pace - now()))

    def _dated(self, row: dict[str, Any]) -> dict[str, Any]:
        at = row.get("at")
        if "sent_at" in row or not isinstance(at, int | float):
            return row
        written = row.get("written", at)
        return {**row, "sent_at": (self._start + timedelta(seconds=written * (self._pace or 0.0))).isoformat()}

    def _read(self) -> Iterator[dict[str, Any]]:
        path = Path(self.settings.file)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise AdapterError(f"{path} cannot be read: {error}", permanent=True) from None
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                raise AdapterError(f"{path.name} line {number} is not JSON", permanent=True) from None
            if isinstance(row, dict):
                yield row
