"""Room on the disk that is kept for the moment when it is full: given up first, so that the show can be closed."""

from __future__ import annotations

import logging
import os
import shutil
import time
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 8 << 20
ENOUGH = 8 * SIZE
"""Free room beside which the reserve is taken again."""

AGAIN = 30.0
"""Seconds between two looks at the free room."""


class Reserve:
    """A file of 8 MB beside the database; while it is gone, `low` is true."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".reserve")
        self.low = False
        self._looked = 0.0

    def make(self) -> None:
        """Take the room, where there is plenty; a disk without it, or a folder that is read-only, has none."""
        self._looked = time.monotonic()
        try:
            if self.path.exists() and self.path.stat().st_size >= SIZE:
                self.low = False
                return
            if shutil.disk_usage(self.path.parent).free < ENOUGH:
                return
            with self.path.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, SIZE)
                else:
                    file.write(bytes(SIZE))
            self.low = False
        except OSError as error:
            log.warning("%s: no room is kept for a full disk (%s)", self.path, error.strerror)

    def give_up(self) -> bool:
        """Let the room go; False where there was none."""
        try:
            self.path.unlink()
        except OSError:
            return False
        self.low = True
        log.error("the disk is full: the %d MB kept for that are given up; free some space now", SIZE >> 20)
        return True

    def look(self) -> None:
        """Take the room again once there is plenty."""
        if self.low and time.monotonic() - self._looked >= AGAIN:
            self.make()
