"""What is put to the store in one piece, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from livesell import events as e
from livesell.commands import Command
from livesell.model import Code, Comment, Deleted, EventNumber, Offer, Product, Reading, ShowId, Struct


class Said(Struct, frozen=True):
    """Comments of one source, in their order; all of them are stored or none.

    `lost_since`, `lost_until`: the source's last gap, for comments that were written in it. `now`: when they came.
    """

    show: ShowId
    source: str
    comments: tuple[Comment, ...]
    lost_since: datetime | None = None
    lost_until: datetime | None = None


class Gone(Struct, frozen=True):
    """Comments that a platform took away."""

    show: ShowId
    deleted: Deleted


class Asked(Struct, frozen=True):
    """Commands that are carried out together or not at all; `write` adds rows of its own in the same transaction."""

    show: ShowId | None
    commands: tuple[Command, ...]
    write: Callable[[Connection], object] | None = None


Ask = Said | Gone | Asked


class Numbered(Struct, frozen=True):
    """An event of the ledger and its number."""

    number: EventNumber
    event: e.Event


class Answer(Struct, frozen=True):
    """What came of an ask: its events, and for comments how many were new and how many known already.

    `error`: why nothing of it happened.
    """

    events: tuple[Numbered, ...] = ()
    accepted: int = 0
    duplicates: int = 0
    error: Exception | None = None


class Reader(Protocol):
    """What reads comments: the parser, kept up with the goods."""

    def read(self, text: str, pinned: Code | None = None) -> Reading:
        """What a comment asks for."""

    def offer(self, line: str) -> Offer | None:
        """The product that a line by the seller opens."""

    def put(self, product: Product) -> None:
        """A product is new or has changed."""
