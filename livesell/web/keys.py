"""Who may come in: the three keys of a shop, and keys that open a page once.

Keys never stand in a cookie, a page, a log or an error. They are compared as bytes, in constant time, with every role.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from livesell.errors import ConfigError

Role = Literal["seller", "overlay", "ingest"]
"""seller: everything · overlay: what is on screen, nothing more · ingest: post comments."""

ROLES: tuple[Role, ...] = get_args(Role)

_SHORT = 20
_ENDURES = timedelta(minutes=2)
_OUTSTANDING = 16


class Keys:
    """The keys of a shop; what the configuration names wins over what the file holds."""

    def __init__(
        self, keys: Mapping[Role, str], *, path: Path | None = None, configured: Mapping[Role, str] | None = None
    ) -> None:
        self._path = path
        self._kept = dict(keys)
        self._configured = dict(configured or {})
        _check(self._all(), path)

    @classmethod
    def open(cls, path: Path, configured: Mapping[str, str] | None = None) -> Keys:
        """The keys of the shop whose key file is `path`, which is made (mode 0600) where it is needed and missing.

        `configured` are the entries of `[server.keys]`; an empty one counts as absent. Raises ConfigError.
        """
        named: dict[Role, str] = {role: text for role in ROLES if (text := (configured or {}).get(role, ""))}
        if len(named) == len(ROLES):
            return cls({}, configured=named)
        if not path.exists():
            _make(path, {role: _new() for role in ROLES})
        return cls(_read(path), path=path, configured=named)

    def of(self, role: Role) -> str:
        """The key of `role`."""
        return self._all()[role]

    def role_of(self, text: str) -> Role | None:
        """The role that `text` is the key of; None for anything else, whatever characters it has."""
        try:
            given = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
        found: Role | None = None
        for role, key in self._all().items():
            if hmac.compare_digest(given, key.encode()):
                found = role
        return found

    def renew(self, *roles: Role) -> frozenset[Role]:
        """Make new keys for `roles` (none named: all) and answer for which; the configuration's stay as they are."""
        able = frozenset(roles or ROLES) - self._configured.keys()
        if able:
            self._kept |= {role: _new() for role in able}
            if self._path is not None:
                _replace(self._path, self._kept)
        return able

    @property
    def short(self) -> tuple[Role, ...]:
        """Roles whose configured key is short enough to be guessed; `check` tells them."""
        return tuple(role for role, key in self._configured.items() if len(key) < _SHORT)

    def _all(self) -> dict[Role, str]:
        return {**self._kept, **self._configured}


class OneTime:
    """Keys that open one page once, for the QR code that a phone scans: 128 bits, two minutes, one use."""

    def __init__(self) -> None:
        self._open: dict[bytes, tuple[Role, datetime]] = {}

    def issue(self, role: Role, now: datetime, endures: timedelta = _ENDURES) -> str:
        """A new key for `role` that is good until `now + endures`; the oldest goes when too many are out."""
        self._open = {digest: kept for digest, kept in self._open.items() if kept[1] > now}
        while len(self._open) >= _OUTSTANDING:
            del self._open[next(iter(self._open))]
        text = secrets.token_urlsafe(16)
        self._open[_digest(text)] = (role, now + endures)
        return text

    def take(self, text: str, now: datetime) -> Role | None:
        """The role of a key that is still good, which from now on it is not."""
        kept = self._open.pop(_digest(text), None)
        return kept[0] if kept is not None and kept[1] > now else None

    def clear(self) -> None:
        """End all that are out."""
        self._open.clear()


def _digest(text: str) -> bytes:
    # Looked up by hash: how long the look-up takes says nothing about the key itself.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _new() -> str:
    return secrets.token_urlsafe(32)


def _check(keys: Mapping[Role, str], path: Path | None) -> None:
    for role in ROLES:
        if role not in keys:
            raise ConfigError(
                str(path), f"the key for '{role}' is missing", "delete the file; the next start makes new keys"
            )
        if not (keys[role].isascii() and keys[role].isprintable()) or " " in keys[role]:
            raise ConfigError(f"[server.keys] {role}", "a key is made of letters, digits and signs, without spaces")
    if len(set(keys.values())) < len(ROLES):
        raise ConfigError("[server.keys]", "two keys are the same", "each of seller, overlay and ingest needs its own")


def _text(keys: Mapping[Role, str]) -> bytes:
    lines = ["# The keys of this shop. Whoever has them can do what they say; keep this file to yourself."]
    return "\n".join([*lines, *(f"{role} = {json.dumps(keys[role])}" for role in ROLES), ""]).encode()


def _write(path: Path, keys: Mapping[Role, str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_text(keys))
        file.flush()
        os.fsync(file.fileno())


def _make(path: Path, keys: Mapping[Role, str]) -> None:
    try:
        _write(path, keys)
    except FileExistsError:
        return  # another start was first: its keys are the shop's
    except OSError as error:
        raise ConfigError(str(path), f"the keys cannot be written: {error.strerror}") from error


def _replace(path: Path, keys: Mapping[Role, str]) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        _write(part, keys)
        part.replace(path)
    except OSError as error:
        raise ConfigError(str(path), f"the new keys cannot be written: {error.strerror}") from error


def _read(path: Path) -> dict[Role, str]:
    """What the file holds, waiting a moment for another start that is just writing it."""
    for patience in range(10):
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                path.chmod(0o600)
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(str(path), f"the keys cannot be read: {error.strerror}") from error
        except ValueError:  # not UTF-8, or not TOML
            found = {}
        kept: dict[Role, str] = {role: text for role in ROLES if isinstance(text := found.get(role), str) and text}
        if len(kept) == len(ROLES):
            break
        if patience < 9:
            time.sleep(0.03)
    return kept
