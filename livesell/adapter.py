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
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform, Struct

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


# --- what every decoder does at the edge ----------------------------------------------------------------------------

MOST_POSTED = 1_000
MOST_ID = 200


def clean(text: str) -> str:
    """Text that any database takes: lone surrogates become U+FFFD, NUL is dropped."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_posted(body: object, platform: str = "http") -> list[Comment]:
    """Comments as programs post them, one or a list of up to 1,000; BadInput names the place of the first bad one.

    {platform?, id, author_id?, author?, text, sent_at?, history?, role?, edited?}; other keys are ignored, types are
    checked and never changed.
    """
    rows = body if isinstance(body, list) else [body]
    if len(rows) > MOST_POSTED:
        raise BadInput(f"at most {MOST_POSTED} comments at once")
    listed = isinstance(body, list)
    return [_posted(row, index if listed else None, platform) for index, row in enumerate(rows)]


def _posted(row: object, index: int | None, platform: str) -> Comment:
    if not isinstance(row, dict):
        raise BadInput("a comment is a JSON object", index=index)

    def text_of(field: str, most: int, *, needed: bool = True) -> str | None:
        value = row.get(field)
        if value is None and not needed:
            return None
        if not isinstance(value, str):
            raise BadInput("is missing" if value is None else "is not a string", index=index, field=field)
        value = clean(value)
        if needed and not value.strip():
            raise BadInput("is empty", index=index, field=field)
        if len(value) > most:
            raise BadInput(f"is longer than {most} characters", index=index, field=field)
        return value or None

    where = text_of("platform", 64, needed=False) or platform
    author_id = text_of("author_id", MOST_ID, needed=False)
    author = text_of("author", MOST_TEXT, needed=False)
    role = row.get("role", "viewer")
    if role not in ("seller", "moderator", "viewer"):
        raise BadInput("is none of seller, moderator, viewer", index=index, field="role")
    for flag in ("history", "edited"):
        if not isinstance(row.get(flag, False), bool):
            raise BadInput("is neither true nor false", index=index, field=flag)
    return Comment(
        platform=Platform(where),
        id=MessageId(text_of("id", MOST_ID) or ""),
        author_id=None if author_id is None else AuthorId(author_id),
        author=(author or "").strip() or f"{where} user",
        text=text_of("text", MOST_TEXT) or "",
        sent_at=_time(row.get("sent_at"), index),
        history=row.get("history", False),
        role=role,
        edited=row.get("edited", False),
    )


def _time(value: object, index: int | None) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)  # type: ignore[arg-type]
        if time.tzinfo is None:
            raise ValueError
        return time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise BadInput("is not a time as 2026-11-22T20:00:00Z", index=index, field="sent_at") from None


MOST_TEXT = 100_000
"""Characters of a name or text that are taken at all; what is read and shown is cut far earlier."""
