"""What was seen in a comment: tokens, phrases of the lexicon, and spots, each of which owns its tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from livesell.catalog.index import Value
from livesell.lexicon import Match
from livesell.model import Amount, Code
from livesell.text import Token

Kind = Literal["product", "option", "quantity", "phone", "money", "size", "unknown", "which"]


COUNTING = frozenset({"times", "dozen", "half", "half_after"})
"""Roles that are asked for token by token."""


@dataclass
class Spot:
    """Tokens `start` to before `end` as one thing.

    `codes`: what a product spot may be, one where it is sure. `strong`: named by its code, or by a whole name.
    """

    kind: Kind
    start: int
    end: int
    codes: tuple[Code, ...] = ()
    strong: bool = True
    by: Literal["code", "number", "name"] = "code"
    option: str = ""
    value: str = ""
    values: tuple[Value, ...] = ()
    number: Decimal | None = None
    unit: str | None = None
    amount: Amount | None = None
    plus: bool = False
    times: bool = False
    each: bool = False
    said: str = ""
    quality: float = 1.0
    exact: bool = True


@dataclass
class View:
    """A comment with all that was seen in it."""

    tokens: list[Token]
    matches: list[Match]
    typed: str = ""
    sizes: frozenset[str] = frozenset()
    spelt: dict[int, str] = field(default_factory=dict)
    phone: str | None = None
    spots: list[Spot] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)

    by_start: dict[int, list[Match]] = field(default_factory=dict)
    by_end: dict[int, list[Match]] = field(default_factory=dict)
    joins: set[int] = field(default_factory=set)
    owner: list[Spot | None] = field(default_factory=list)
    counting: dict[tuple[int, str], Match] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = [False] * len(self.tokens)
        self.owner = [None] * len(self.tokens)
        for match in self.matches:
            self.by_start.setdefault(match.start, []).append(match)
            self.by_end.setdefault(match.end, []).append(match)
            for role in match.roles & COUNTING:
                self.counting.setdefault((match.start, role), match)
            if "and" in match.roles:
                self.joins.update(range(match.start, match.end))

    def roles(self, at: int) -> frozenset[str]:
        """What the phrases that begin at a token mean."""
        return frozenset().union(*(match.roles for match in self.by_start.get(at, ())))

    def free(self, start: int, end: int) -> bool:
        """True where nothing was seen in these tokens yet."""
        return not any(self.taken[start:end])

    def take(self, spot: Spot) -> None:
        """Keep a spot; its tokens are nobody else's."""
        self.spots.append(spot)
        for at in range(spot.start, spot.end):
            self.taken[at] = True
            self.owner[at] = spot

    def said(self, start: int, end: int) -> str:
        """Tokens as text."""
        words = ""
        for token in self.tokens[start:end]:
            words += ("" if token.glued or not words else " ") + token.text
        return words


def cue_before(view: View, at: int, roles: frozenset[str]) -> bool:
    """True where a word of one of these roles stands before a token, with nothing but fillers between."""
    before = at
    while before > 0:
        ends = [match for match in view.by_end.get(before, ()) if match.roles]
        if any(match.roles & roles for match in ends):
            return True
        quiet = next((match for match in ends if match.roles & {"filler", "person", "code"}), None)
        if quiet is None:
            return False
        before = quiet.start
    return False


def spot_at(view: View, at: int) -> Spot:
    """The spot that a taken token belongs to."""
    found = view.owner[at]
    assert found is not None
    return found


def ordinary(match: Match) -> bool:
    """True for a word that means something of its own."""
    phrase = match.phrase
    return bool(phrase.roles) or phrase.unit is not None or phrase.number is not None


def unit_at(view: View, at: int) -> Match | None:
    """The unit that stands at a token."""
    for match in view.by_start.get(at, ()):
        if match.phrase.unit is not None and view.free(match.start, match.end):
            if view.tokens[at].plain in view.sizes and not view.tokens[at].glued:
                continue  # a letter that is a size here: "12 L"
            return match
    return None


def role_at(view: View, at: int, role: str) -> Match | None:
    """The phrase of a counting role (COUNTING) that begins at a token."""
    return view.counting.get((at, role))


def narrowed(codes: tuple[Code, ...], pinned: Code | None) -> tuple[Code, ...]:
    """Where several could be meant, the pinned one if it is among them."""
    return (pinned,) if len(codes) > 1 and pinned in codes and pinned is not None else codes


def foreign(token: Token) -> bool:
    """True for a word in other letters than Latin ones."""
    return token.kind == "word" and not token.plain.isascii()


def han(piece: str) -> bool:
    """True for letters that are words by themselves."""
    return "\u3400" <= piece[0] <= "\u9fff"
