"""What a stage is: the words that tests speak about a platform, whichever protocol it has."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

import msgspec
import pytest
from aiohttp import ClientSession

from livesell.adapter import Adapter, Frame
from livesell.registry import make_source

CASES = ("connect", "history", "live", "duplicate", "delete", "drop", "rate limit", "auth failure", "end")
"""What happens to every source, in the order of the table in docs/adapters.md."""
NO_HISTORY = "it begins with the connection"


@dataclass(frozen=True)
class Said:
    """What a viewer wrote: `number` names the message, `who` is None where the platform leaves the author out."""

    number: int
    text: str
    who: str | None = "42"
    name: str = "Mai"
    at: datetime = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

    @property
    def seconds(self) -> int:
        """The time in seconds since 1970."""
        return int(self.at.timestamp())


class Stage(ABC):
    """One way that a platform is heard.

    `lacks`: the cases that the platform does not have, each with its reason. `raw` is a message as it comes over the
    wire; what a test does to the platform are the methods below it. `deletes`: whether a deletion names the message or
    its author.
    """

    way: ClassVar[str]
    lacks: ClassVar[Mapping[str, str]] = {}
    posted: ClassVar[bool] = False
    greets: ClassVar[bool] = True
    """Whether the line is known to stand before anybody has written."""
    site: ClassVar[str] = ""
    """Where the comments were written, for a relay."""
    nameless: ClassVar[str] = ""
    """Why a message without an author, or without a name, cannot come this way."""

    door: tuple[ClientSession, str, Mapping[str, str]]
    """Our server, for what is posted: a session, the address of the source, the ingest key's header."""

    @property
    def platform(self) -> str:
        """The adapter."""
        return self.way.partition(" ")[0]

    @abstractmethod
    def serving(self) -> Any:
        """The servers listen inside the block."""

    @abstractmethod
    def table(self) -> Mapping[str, Any]:
        """The `[[source]]` table that leads to them."""

    @abstractmethod
    def raw(self, one: Said) -> Any:
        """The message as JSON, text or bytes of the wire."""

    def frame(self, one: Said) -> Frame:
        """The same as the adapter hears it."""
        raw = self.raw(one)
        if isinstance(raw, bytes):
            return Frame(data=raw)
        return Frame(text=raw) if isinstance(raw, str) else Frame(json=raw)

    def source(self) -> Adapter:
        """The adapter, at work on the stage."""
        return make_source(self.table())

    async def before(self, *said: Said) -> None:
        """These were written before anybody listens."""
        raise NotImplementedError

    @abstractmethod
    async def say(self, *said: Said) -> None:
        """Viewers write."""

    async def delete(self, one: Said) -> None:
        """A message is deleted."""
        raise NotImplementedError

    async def drop(self) -> None:
        """The line breaks without a word."""
        raise NotImplementedError

    def limit(self, asked: bool) -> float:
        """The next connection is told that it came too often; for how many seconds it should wait, asked to or not."""
        raise NotImplementedError

    def refuse(self) -> None:
        """From now on the login is not taken."""
        raise NotImplementedError

    async def expire(self) -> None:
        """The login runs out while the show is on."""
        self.refuse()
        await self.drop()

    async def end(self) -> None:
        """The stream is over."""
        raise NotImplementedError

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The server accepts and never says a word; what patience there is becomes short."""
        raise NotImplementedError

    @classmethod
    @asynccontextmanager
    async def set_up(cls) -> AsyncIterator[Self]:
        """A stage with its servers."""
        stage = cls()
        async with stage.serving():
            yield stage


def faster(source: Adapter, **keys: Any) -> Adapter:
    """The source with settings that the configuration would not allow."""
    source.settings = msgspec.structs.replace(source.settings, **keys)
    return source


def text_of(message: Any) -> str:
    """JSON as it is sent; text as it is. Lone surrogates are sent as escapes, as JSON may."""
    return message if isinstance(message, str) else json.dumps(message)
