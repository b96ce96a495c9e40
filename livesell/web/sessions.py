"""Browsers that came in with a key and stay in: the seam to where they are kept, and how wrong keys are counted."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Protocol

from livesell.web.keys import Role

ENDURES = timedelta(days=30)
"""A session that was not used for so long is over, as the browser's cookie is."""


class Sessions(Protocol):
    """Sessions by the SHA-256 of their token (64 hex digits); kept where they outlive a restart.

    Times are UTC. An implementation answers None for a session last used more than `ENDURES` ago.
    """

    async def add(self, digest: str, role: Role, now: datetime) -> None:
        """Keep a new session; returns when it would survive a crash."""

    async def role_of(self, digest: str, now: datetime) -> Role | None:
        """The role of a session that is known and not over."""

    async def touch(self, digest: str, now: datetime) -> None:
        """Note a use. Called at most once in ten minutes for a session."""

    async def end_all(self, role: Role | None = None) -> None:
        """End every session, or every one of `role`."""


class MemorySessions:
    """Sessions that end with the process."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Role, datetime]] = {}

    async def add(self, digest: str, role: Role, now: datetime) -> None:
        self._kept[digest] = (role, now)

    async def role_of(self, digest: str, now: datetime) -> Role | None:
        kept = self._kept.get(digest)
        return kept[0] if kept is not None and now - kept[1] <= ENDURES else None

    async def touch(self, digest: str, now: datetime) -> None:
        if digest in self._kept:
            self._kept[digest] = (self._kept[digest][0], now)

    async def end_all(self, role: Role | None = None) -> None:
        self._kept = {digest: kept for digest, kept in self._kept.items() if role is not None and kept[0] != role}


class Attempts:
    """Wrong keys by address: `limit` in `window` seconds, then the wrong ones are told to wait.

    A right key is never refused for the wrong ones before it: a guest behind the same address must not lock the
    seller out.
    """

    def __init__(self, limit: int = 20, window: float = 60.0, room: int = 10_000) -> None:
        self._limit, self._window, self._room = limit, window, room
        self._seen: dict[str, tuple[float, int]] = {}

    def count(self, address: str, now: float) -> float:
        """Count one try before its key is compared; the seconds to wait if it proves wrong, 0 under the limit."""
        whom = _network(address)
        since, tries = self._seen.get(whom, (now, 0))
        if now - since >= self._window:
            since, tries = now, 0
        if tries == 0:
            # Put in anew, so that the table stays in the order of `since` and its head is the oldest.
            self._seen.pop(whom, None)
            self._make_room(now)
        self._seen[whom] = (since, tries + 1)
        return since + self._window - now if tries >= self._limit else 0.0

    def forgive(self, address: str) -> None:
        """Take one try back: its key was right."""
        whom = _network(address)
        since, tries = self._seen.get(whom, (0.0, 0))
        if tries > 1:
            self._seen[whom] = (since, tries - 1)
        else:
            self._seen.pop(whom, None)

    def __len__(self) -> int:
        return len(self._seen)

    def _make_room(self, now: float) -> None:
        while self._seen:
            oldest = next(iter(self._seen))
            if len(self._seen) < self._room and now - self._seen[oldest][0] < self._window:
                return
            del self._seen[oldest]


def _network(address: str) -> str:
    # One guest of an IPv6 network has 2^64 addresses of it.
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None and not parsed.is_loopback:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
