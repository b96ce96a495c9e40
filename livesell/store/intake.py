"""Comments on their way into the ledger: known ones dropped, authors recognised, their place in the queue found."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection, select

from livesell import events as e
from livesell.commands import Heard
from livesell.ledger import ShowState
from livesell.model import (
    READ_LIMIT,
    BuyerId,
    Code,
    Comment,
    CommentId,
    IdentityId,
    Offer,
    Platform,
    Reading,
    ShowId,
    Struct,
)
from livesell.store import schema as s
from livesell.store.asks import Reader, Said
from livesell.store.shelf import chunks

log = logging.getLogger(__name__)

AFTERWARDS = timedelta(minutes=30)
"""How long after a show's end comments are still stored."""

MOST_PEOPLE = 100_000


class Person(Struct, frozen=True):
    """An identity as far as the intake needs it."""

    id: IdentityId
    name: str


class Intake:
    """Keeps who is known; `start` fills it for a batch, `forget` empties it when another process has written."""

    def __init__(self) -> None:
        self.people: dict[tuple[str, str], Person] = {}
        self.seen: set[tuple[ShowId, str, str]] = set()
        self.new_people: list[dict[str, object]] = []
        self.renamed: dict[IdentityId, str] = {}
        self.comment = 0
        self.identity = 0

    def forget(self, connection: Connection) -> None:
        """Start from what the database holds."""
        self.people.clear()
        self.new_people.clear()
        self.renamed.clear()
        self.comment = connection.scalar(select(s.comments.c.id).order_by(s.comments.c.id.desc()).limit(1)) or 0
        self.identity = connection.scalar(select(s.identities.c.id).order_by(s.identities.c.id.desc()).limit(1)) or 0

    def follow(self, event: e.Event) -> None:
        """Take note of an event of another process: numbers that it gave, and people who were forgotten."""
        if isinstance(event, e.Commented):
            self.comment = max(self.comment, event.comment)
            self.identity = max(self.identity, event.identity)
        elif isinstance(event, e.Purged):
            self.people.clear()

    def start(self, connection: Connection, batch: Iterable[Said]) -> None:
        """Look up, in one query a platform, which comments of a batch are known and who their authors are."""
        self.seen.clear()
        self.new_people, self.renamed = [], {}
        if len(self.people) > MOST_PEOPLE:
            self.people.clear()
        ids: dict[tuple[ShowId, Platform], list[str]] = {}
        authors: dict[Platform, set[str]] = {}
        for said in batch:
            for comment in said.comments:
                ids.setdefault((said.show, comment.platform), []).append(message_id(comment))
                if comment.author_id is not None and (comment.platform, comment.author_id) not in self.people:
                    authors.setdefault(comment.platform, set()).add(comment.author_id)
        known, who = STATEMENTS[connection.dialect.name]
        for (show, platform), messages in ids.items():
            rows = connection.exec_driver_sql(known, (show, platform, listed(connection, messages)))
            self.seen.update((show, platform, found) for (found,) in rows)
        for platform, names in authors.items():
            rows = connection.exec_driver_sql(who, (platform, listed(connection, sorted(names))))
            for number, author_id, name in rows:
                self.people[platform, author_id] = Person(IdentityId(number), name)

    def heard(
        self, said: Said, comment: Comment, show: ShowState, now: datetime, reader: Reader, pinned: Code | None
    ) -> tuple[Heard, str] | None:
        """A comment with its number, author, place and reading; None if it is known already."""
        message = message_id(comment)
        key = (said.show, comment.platform, message)
        if key in self.seen:
            return None
        self.seen.add(key)
        self.comment += 1
        identity = self._identity(comment)
        ended = show.status == "ended"
        old = comment.history and comment.sent_at is not None and comment.sent_at < show.opened_at
        undated = comment.history and comment.sent_at is None
        reading = None
        if not old and comment.role != "seller":
            reading = read(reader, comment, pinned)
        return (
            Heard(
                id=CommentId(self.comment),
                comment=comment,
                source=said.source,
                reading=reading,
                received_at=now,
                queue_at=place_in_time(said, comment, show, now),
                identity=identity,
                buyer=BuyerId(identity),
                anonymous=comment.author_id is None,
                late=comment.history or ended,
                by_tap=ended or undated,
                offer=offered(reader, comment),
            ),
            message,
        )

    def _identity(self, comment: Comment) -> IdentityId:
        if comment.author_id is not None:
            person = self.people.get((comment.platform, comment.author_id))
            if person is not None:
                if person.name != comment.author:
                    self.renamed[person.id] = comment.author
                    self.people[comment.platform, comment.author_id] = replace(person, name=comment.author)
                return person.id
        self.identity += 1
        number = IdentityId(self.identity)
        self.new_people.append(
            {
                "id": number,
                "platform": comment.platform,
                "author_id": comment.author_id,
                "name": comment.author,
                "buyer": number,
            }
        )
        if comment.author_id is not None:
            self.people[comment.platform, comment.author_id] = Person(number, comment.author)
        return number


# Asked before every batch: as plain text, with a list as one parameter, they take a third of the time.
KNOWN = 'SELECT message_id FROM comments WHERE "show" = {0} AND platform = {0} AND message_id {1}'
AUTHORS = "SELECT id, author_id, name FROM identities WHERE platform = {0} AND author_id {1}"
LISTS = {"sqlite": ("?", "IN (SELECT value FROM json_each(?))"), "postgresql": ("%s", "= ANY(%s)")}
STATEMENTS = {name: (KNOWN.format(*words), AUTHORS.format(*words)) for name, words in LISTS.items()}


def listed(connection: Connection, values: Sequence[str]) -> object:
    """A list as one parameter."""
    return json.dumps(values) if connection.dialect.name == "sqlite" else list(values)


def read(reader: Reader, comment: Comment, pinned: Code | None) -> Reading | None:
    """What a comment asks for; one that breaks the parser is None, told in the log with its number only."""
    try:
        return reader.read(comment.text[:READ_LIMIT], pinned)
    except Exception:
        log.exception("a comment could not be read; a person is asked")
        return POISON


def offered(reader: Reader, comment: Comment) -> Offer | None:
    """The product that the seller's own comment opens."""
    if comment.role != "seller" or comment.edited:
        return None
    try:
        return reader.offer(comment.text[:READ_LIMIT])
    except Exception:
        log.exception("a comment of the seller's could not be read; it opens nothing")
        return None


POISON = Reading(intent="order", confidence=0.0, unknown=("?",))
"""The reading of a comment that broke the parser: it goes to a person."""


def message_id(comment: Comment) -> str:
    """The id that a comment is unique by: an edit is a comment of its own, the same edit twice is not."""
    if not comment.edited:
        return comment.id
    return f"{comment.id}\x1fedited:{hashlib.sha256(comment.text.encode()).hexdigest()[:16]}"


def place_in_time(said: Said, comment: Comment, show: ShowState, now: datetime) -> datetime:
    """The time that places a comment in a queue: its arrival, or, after a gap or as history, when it was written.

    A platform's time after the arrival or before the gap counts as the arrival.
    """
    sent = comment.sent_at
    if sent is None:
        return now
    since, until = said.lost_since, said.lost_until
    if comment.history and since is None:
        since, until = show.opened_at, now
    if since is None or not since <= sent <= min(now, until or now):
        return now
    return sent


def known_ids(
    connection: Connection, show: ShowId, platform: str, ids: Sequence[str], authors: Sequence[str]
) -> list[int]:
    """The numbers of stored comments by message ids, or of all those of authors."""
    found: list[int] = []
    for chunk in chunks(ids):
        found += connection.scalars(
            select(s.comments.c.id).where(
                s.comments.c.show == show, s.comments.c.platform == platform, s.comments.c.message_id.in_(chunk)
            )
        )
    for chunk in chunks(authors):
        found += connection.scalars(
            select(s.comments.c.id)
            .join(s.identities, s.identities.c.id == s.comments.c.identity)
            .where(s.comments.c.show == show, s.identities.c.platform == platform, s.identities.c.author_id.in_(chunk))
        )
    return sorted(set(found))
