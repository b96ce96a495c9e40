"""Logins that change by themselves: renewed by OAuth, kept in a file that only its owner can read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from livesell.errors import AdapterError

from ._fields import table, words
from ._http import Http


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


class OAuth:
    """A token that runs out, renewed with a refresh token; the newest one is kept, as the old one may be spent."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.kept = Kept(settings.login)
        self.token: str = settings.token
        self.refresh: str = words(self.kept.read().get("refresh")) or settings.refresh

    async def renew(self, http: Http) -> None:
        """Get a fresh token; AdapterError in words where there is none to get."""
        own = self.settings
        asked = {"grant_type": "refresh_token", "refresh_token": self.refresh}
        asked |= {"client_id": own.client_id, "client_secret": own.client_secret}
        reply = await http.post(own.oauth_url, data=asked)
        token = words(table(reply.body).get("access_token"))
        if reply.status in (400, 401, 403) or (reply.status == 200 and not token):
            raise AdapterError(f"{http.who} does not take the login any more: make a new `refresh`", permanent=True)
        if reply.status != 200:
            raise AdapterError(f"{http.who} gives no token now (HTTP {reply.status})")
        self.token = token
        fresh = words(table(reply.body).get("refresh_token"))
        if fresh and fresh != self.refresh:
            self.refresh = fresh
            self.kept.write({"refresh": fresh})
