"""What an adapter is: a pure half that decodes frames and a thin half that gets them.

A module `adapters/<platform>.py` has one subclass of `Adapter`. It raises `AdapterError` and nothing else;
reconnecting, back-off and heartbeat watching live in `livesell/show.py`, once, for all.

A platform is heard in one of two ways, or both: `run` connects and listens, `receive` answers what the platform posts
to `/in/<source>`. Both hand on raw frames; `decode` alone knows what is in them.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from livesell.errors import AdapterError, BadInput
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform, Struct

Decoded = Comment | Deleted | Ended
"""What a frame can contain for livesell; everything else in it is skipped."""


class Frame(Struct, frozen=True):
    """What came over the wire at once: exactly one of `text`, `json` and `data` is set.

    `at` is when it came (UTC), `transport` which of the platform's ways it came by, where there are several, `history`
    that it was delivered as old: what was there before the connection.
    """

    text: str | None = None
    json: Any = None
    data: bytes | None = None
    at: datetime | None = None
    transport: str | None = None
    history: bool = False


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
    """An adapter's own keys of a `[[source]]` table; each adapter extends it.

    A key of type `Path` is relative to the configuration's folder. A secret is a plain `str`: `<key>_env` in the file
    takes it from the environment.
    """


class Hook(Struct, frozen=True):
    """What was sent to `/in/<source>`: `headers` with lower-case names, `body` as it came, `now` the server's time."""

    method: Literal["GET", "POST"]
    now: datetime
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""


class Answer(Struct, frozen=True):
    """What to answer, as text/plain, once `frames` are heard and their comments committed."""

    status: int = 200
    text: str = ""
    frames: tuple[Frame, ...] = ()


NOT_MINE = Answer(404, "this source takes no posts")
UNPROVEN = Answer(401)
"""A signature that is wrong or missing: no word on which."""


class Adapter(ABC):
    """One configured source of a platform.

    `platform`: the name in the configuration, equal to the module's. `silence`: seconds after which a connection that
    says nothing, not even a heartbeat, is given up; None where silence is normal. `stable_ids`: False where the
    platform's ids of messages differ between connections. `relay`: True where its comments were written on other
    platforms, whose names they carry. `signed`: True where `receive` proves by itself who sent, False where the ingest
    key must come with the request. `needs`: keys of its settings that a link does not bring and without which nothing
    is heard: a person gets them from the platform. `seller_ids`: authors that are the seller, from the configuration
    and, where the platform tells, from the adapter.
    """

    platform: ClassVar[str]
    Settings: ClassVar[type[Settings]] = Settings
    silence: ClassVar[float | None] = None
    stable_ids: ClassVar[bool] = True
    relay: ClassVar[bool] = False
    signed: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        self.settings = settings
        self.name = name or self.platform
        self.seller_ids: frozenset[str] = frozenset(seller_ids)

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:  # noqa: ARG003 - each adapter answers for itself
        """The settings that a pasted link stands for, or None if it is not of this platform."""
        return None

    @property
    @abstractmethod
    def place(self) -> str:
        """What this source listens to, so that two sources on one place are refused: a channel, a page, a folder."""

    @property
    def handles(self) -> frozenset[str]:
        """What viewers type after an @ to speak to the seller here, in lower case; none where it is not known."""
        return frozenset()

    @classmethod
    @abstractmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """What a frame contains, in order; nothing for frames that are cut off or of a kind it does not know."""

    @abstractmethod
    async def run(self, ear: Ear) -> None:
        """Connect once and listen until the stream ends (returns) or the line breaks (raises `AdapterError`).

        Where nothing is on yet it says so (`Status("waiting")`) and looks again by itself.
        """

    def receive(self, hook: Hook) -> Answer:  # noqa: ARG002 - most platforms post nothing
        """The answer to a webhook, and the frames in it; pure, raises nothing."""
        return NOT_MINE


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
    if row.get("at") is not None and (at := read_time(row["at"])) is None:
        raise BadInput("is not a time as 2026-11-22T20:00:00Z", field="at")
    data = None
    if kinds == ["base64"]:
        try:
            data = base64.b64decode(row["base64"], validate=True)
        except (TypeError, ValueError):
            raise BadInput("is not base64", field="base64") from None
    text = row.get("text")
    if text is not None and not isinstance(text, str):
        raise BadInput("is not a string", field="text")
    transport = row.get("transport")
    return Frame(
        text=text,
        json=row.get("json"),
        data=data,
        at=at,
        transport=transport if isinstance(transport, str) else None,
        history=row.get("history") is True,
    )


def write_frame(frame: Frame) -> str:
    """A Frame as the line of a recording that `read_frame` reads, without the line's end."""
    row: dict[str, Any] = {}
    if frame.at is not None:
        row["at"] = frame.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if frame.transport is not None:
        row["transport"] = frame.transport
    if frame.history:
        row["history"] = True
    if frame.data is not None:
        row["base64"] = base64.b64encode(frame.data).decode()
    elif frame.text is not None:
        row["text"] = frame.text
    else:
        row["json"] = frame.json
    return json.dumps(row)


# --- trying a source out --------------------------------------------------------------------------------------------


class _FirstWord:
    """An ear that lets all comments pass and waits for what the adapter says of itself."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Status] = asyncio.Queue()

    async def hear(self, frame: Frame) -> None:  # noqa: ARG002 - what is in it is nobody's yet
        self.said.put_nowait(Status("live"))

    async def take(self, items: Iterable[Decoded]) -> None:
        for item in items:
            self.said.put_nowait(Status("stopped", item.reason) if isinstance(item, Ended) else Status("live"))

    async def tell(self, status: Status | Gap) -> None:
        if isinstance(status, Status):
            self.said.put_nowait(status)

    def beat(self) -> None:
        return


async def try_out(source: Adapter, seconds: float = 15) -> Status:
    """How a source is when it is connected to once: live, waiting, or lost or stopped with the reason in words.

    Nothing of what it brings is kept. Make a source of its own for it: some remember where they left off.
    """
    ear = _FirstWord()
    running = asyncio.create_task(source.run(ear))
    listening = asyncio.create_task(ear.said.get())
    try:
        done, _ = await asyncio.wait({running, listening}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if listening in done:
            return listening.result()
        if running in done:
            running.result()
            return Status("stopped", "it has ended")
        return Status("lost", f"it says nothing within {seconds:.0f} s")
    except AdapterError as error:
        return Status("stopped" if error.permanent else "lost", str(error))
    except Exception as error:  # a stranger's adapter may raise anything
        return Status("lost", f"{type(error).__name__} in the adapter")
    finally:
        running.cancel()
        listening.cancel()
        await asyncio.gather(running, listening, return_exceptions=True)


# --- what every decoder does at the edge ----------------------------------------------------------------------------

MOST_POSTED = 1_000
MOST_ID = 200
MOST_TEXT = 100_000
"""Characters of a name or text that are taken at all; what is read and shown is cut far earlier."""

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)


def spoken_to(text: str, handles: frozenset[str]) -> str:
    """A comment without the seller's own @handle before it: who begins so speaks to her and of nobody else."""
    name, _, rest = text.partition(" ")
    own = name[:1] == "@" and name[1:].rstrip(",.:;!").lower() in handles
    return rest.lstrip() or text if own else text


def clean(text: str) -> str:
    """Text that any database takes: lone surrogates become U+FFFD, NUL is dropped."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # Asked of bytes: a search for one letter in text that is not Latin costs many times as much.
    return text.replace("\0", "") if b"\0" in data else text


def read_time(value: object) -> datetime | None:
    """A time as platforms and programs write it (RFC 3339 with an offset) in UTC, None for anything else."""
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_posted(body: object, platform: str = "http") -> list[Comment]:
    """Comments as programs post them, one or a list of up to 1,000; BadInput names the place of the first bad one.

    {platform?, id, author_id?, author?, text, sent_at?, history?, role?, edited?}; other keys are ignored, types are
    checked and never changed.
    """
    rows = body if isinstance(body, list) else [body]
    if len(rows) > MOST_POSTED:
        raise BadInput(f"{len(rows)} comments at once are too many: send up to {MOST_POSTED}")
    return [_posted(row, index, platform) for index, row in enumerate(rows)]


def _posted(row: object, index: int, platform: str) -> Comment:
    if not isinstance(row, dict):
        raise BadInput("a comment is a JSON object", index=index)

    def text_of(field: str, most: int, *, needed: bool = True) -> str | None:
        value = row.get(field)
        if value is None and not needed:
            return None
        if not isinstance(value, str):
            raise BadInput("is missing" if value is None else "is not a string", index=index, field=field)
        value = clean(value)
        if not value.strip():
            if needed:
                raise BadInput("is empty", index=index, field=field)
            return None
        if len(value) > most:
            raise BadInput(f"is longer than {most} characters", index=index, field=field)
        return value

    where = text_of("platform", 64, needed=False) or platform
    author_id = text_of("author_id", MOST_ID, needed=False)
    if author_id is None and row.get("author_id") is not None:
        raise BadInput("is empty (leave it out where there is none)", index=index, field="author_id")
    author = text_of("author", MOST_TEXT, needed=False)
    role = row.get("role", "viewer")
    if role not in ("seller", "moderator", "viewer"):
        raise BadInput("is none of seller, moderator, viewer", index=index, field="role")
    for flag in ("history", "edited"):
        if not isinstance(row.get(flag, False), bool):
            raise BadInput("is neither true nor false", index=index, field=flag)
    sent_at = read_time(row.get("sent_at"))
    if sent_at is None and row.get("sent_at") is not None:
        raise BadInput("is not a time as 2026-11-22T20:00:00Z", index=index, field="sent_at")
    return Comment(
        platform=Platform(where),
        id=MessageId(text_of("id", MOST_ID) or ""),
        author_id=None if author_id is None else AuthorId(author_id),
        author=(author or "").strip() or f"{where} user",
        text=text_of("text", MOST_TEXT) or "",
        sent_at=sent_at,
        history=row.get("history", False),
        role=role,
        edited=row.get("edited", False),
    )
