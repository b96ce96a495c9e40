"""Sessions of pages, kept by the SHA-256 of their token: they outlive a restart, and a found backup opens nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import delete, select, update

from livesell.store import Store, rows
from livesell.store import schema as s
from livesell.store.asks import Asked
from livesell.store.writer import Writer
from livesell.store.writing import upsert

Role = Literal["seller", "overlay", "ingest"]

ENDURES = timedelta(days=30)


class StoredSessions:
    """What the guard asks of sessions, on the shop's database; known ones are kept at hand."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self.store, self.writer = store, writer
        self._known: dict[str, tuple[Role, datetime]] = {}

    async def add(self, digest: str, role: Role, now: datetime) -> None:
        """A new session."""
        at = rows.micros(now)
        row = {"hash": digest, "role": role, "first_at": at, "last_at": at}
        await self.writer.submit(Asked(None, (), lambda connection: upsert(connection, s.sessions, [row])))
        self._known[digest] = (role, now)

    async def role_of(self, digest: str, now: datetime) -> Role | None:
        """The role of a session that has not run out."""
        found = self._known.get(digest)
        if found is None:
            found = await asyncio.to_thread(self._fetch, digest)
            if found is None:
                return None
            self._known[digest] = found
        role, last = found
        return role if now - last < ENDURES else None

    def _fetch(self, digest: str) -> tuple[Role, datetime] | None:
        with self.store.readers.connect() as connection, connection.begin():
            row = connection.execute(select(s.sessions).where(s.sessions.c.hash == digest)).first()
        return None if row is None else (cast(Role, row.role), rows.time(row.last_at))

    async def touch(self, digest: str, now: datetime) -> None:
        """The session was used."""
        known = self._known.get(digest)
        if known is None:
            return  # ended meanwhile: it must not come back
        self._known[digest] = (known[0], now)
        used = update(s.sessions).where(s.sessions.c.hash == digest).values(last_at=rows.micros(now))
        await self.writer.submit(Asked(None, (), lambda connection: connection.execute(used)))

    async def end_all(self, role: Role | None = None) -> None:
        """End every session, or those of a role."""
        gone = delete(s.sessions) if role is None else delete(s.sessions).where(s.sessions.c.role == role)
        await self.writer.submit(Asked(None, (), lambda connection: connection.execute(gone)))
        self._known = {} if role is None else {key: one for key, one in self._known.items() if one[0] != role}
