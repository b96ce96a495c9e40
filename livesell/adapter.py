"""What an adapter is: a pure half that decodes frames and a thin half that gets them.

A module `adapters/<platform>.py` has one subclass of `Adapter`. It raises `AdapterError` and nothing else;
reconnecting, back-off and heartbeat watching live in `livesell/show.py`, once, for all.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from livesell.errors import BadInput
from livesell.model import Comment, Deleted, Ended, Struct

Decoded = Comment | Deleted | Ended
"""What a frame can contain for livesell; everything else in it is skipped."""


class Frame(Struct, frozen=True):
    """What came over the wire at once: exactly one of `text`, `json` and `data` is set.

    `at` is when it came (UTC), `transport` which of the platform's ways it came by, where there are several.
    """

    text: str | None = None
    json: Any = None
    data: bytes | None = None
    at: datetime | None = None
    transport: str | None = None


class Status(Struct, frozen=True):
    """The state of a source, told to the control page: `code` is one of the page's words (`src.<code>`), with data.

    live: receiving · waiting: nothing is on yet, looking again at `retry_at` · lost: the line broke, reconnecting ·
    stopped: a person must do something, `reason` says what.
    """

    code: Literal["live", "waiting", "lost", "stopped"]
    reason: str = ""
    retry_at: datetime | None = None


class Gap(Struct, frozen=True):
    """Comments sent between these two times may be missing."""

    since: datetime
    until: datetime


class Ear(Protocol):
    """What the show gives an adapter to speak into."""

    async def hear(self, frame: Frame) -> None:
        """Take a raw frame: record it, decode it, and return when its comments are committed."""

    async def take(self, items: Iterable[Decoded]) -> None:
        """Take what is decoded already; returns when it is committed."""

    async def tell(self, status: Status | Gap) -> None:
        """Say how the source is, or that it lost something."""

    def beat(self) -> None:
        """The platform gave a sign of life that is no comment."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An adapter's own keys of a `[[source]]` table; each adapter extends it."""


class Adapter(ABC):
    """One configured source of a platform.

    `platform`: the name in the configuration, equal to the module's. `silence`: seconds after which a connection that
    says nothing, not even a heartbeat, is given up; None where silence is normal. `stable_ids`: False where the
    platform's ids of messages differ between connections.
    """

    platform: ClassVar[str]
    Settings: ClassVar[type[Settings]] = Settings
    silence: ClassVar[float | None] = None
    stable_ids: ClassVar[bool] = True

    def __init__(self, settings: Any, *, name: str | None = None) -> None:
        self.settings = settings
        self.name = name or self.platform

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:  # noqa: ARG003 - each adapter answers for itself
        """The settings that a pasted link stands for, or None if it is not of this platform."""
        return None

    @property
    @abstractmethod
    def place(self) -> str:
        """What this source listens to, so that two sources on one place are refused: a channel, a page, a folder."""

    @classmethod
    @abstractmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """What a frame contains, in order; nothing for frames that are cut off or of a kind it does not know."""

    @abstractmethod
    async def run(self, ear: Ear) -> None:
        """Connect once and listen until the stream ends (returns) or the line breaks (raises `AdapterError`)."""


def read_frame(line: str | bytes) -> Frame:
    """A line of a recording as a Frame; BadInput says what is wrong with it.

    {"at": RFC 3339, "transport": "…", "text": "…" | "json": {…} | "base64": "…"}, `at` and `transport` optional.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this line is not JSON ({error})") from None
    if not isinstance(row, dict):
        raise BadInput("a frame is a JSON object with text, json or base64")
    kinds = [kind for kind in ("text", "json", "base64") if kind in row]
    if len(kinds) != 1:
        raise BadInput("a frame has exactly one of text, json and base64")
    at = None
    if row.get("at") is not None:
        try:
            at = datetime.fromisoformat(row["at"]).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise BadInput("not a time as 2026-11-22T20:00:00Z", field="at") from None
    data = None
    if kinds == ["base64"]:
        try:
            data = base64.b64decode(row["base64"], validate=True)
        except (TypeError, ValueError):
            raise BadInput("not base64", field="base64") from None
    text = row.get("text")
    if text is not None and not isinstance(text, str):
        raise BadInput("not a string", field="text")
    transport = row.get("transport")
    return Frame(
        text=text, json=row.get("json"), data=data, at=at, transport=transport if isinstance(transport, str) else None
    )
