"""A login that changes by itself, kept in a file that only its owner can read, so that a restart goes on with it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from livesell.errors import AdapterError

from ._fields import table


class Kept:
    """A file with a few secrets; without a path they live as long as the process."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """What was kept, nothing where there is no such file or it is broken."""
        if self.path is None:
            return {}
        try:
            return table(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def write(self, secrets: dict[str, str]) -> None:
        """Keep these; they are on disk when this returns, as the old ones may be spent, or else AdapterError."""
        if self.path is None:
            return
        fresh = self.path.with_name(self.path.name + ".new")
        with suppress(OSError):
            fresh.unlink()
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(secrets, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            raise AdapterError(f"the login cannot be kept in {self.path} ({error.strerror})", permanent=True) from None
