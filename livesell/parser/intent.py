"""What a comment wants: every clause is weighed over all cues in it, and the clauses together give the intent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from livesell.lexicon import Match
from livesell.model import Code
from livesell.parser.view import Spot, View

CLAUSE = frozenset(".!;?\n…")
MACHINE = (
    "<script", "</", "http://", "https://", "javascript:", "{{", "${", "drop table", "select *", "=hyperlink",
    "onerror=",
    "ignore previous", "ignore all", "system:", "system prompt",
)  # fmt: skip


@dataclass
class Clause:
    """A part of a comment between stops: its spots and the roles of the words in it."""

    start: int
    end: int
    spots: list[Spot] = field(default_factory=list)
    cues: list[Match] = field(default_factory=list)
    asks: bool = False

    def has(self, *roles: str) -> bool:
        """True where a word of one of these roles stands in it."""
        return any(role in match.roles for match in self.cues for role in roles)

    def first(self, role: str) -> int | None:
        """The token where the first word of a role stands."""
        return next((match.start for match in self.cues if role in match.roles), None)

    def kinds(self, *kinds: str) -> list[Spot]:
        """Its spots of these kinds."""
        return [spot for spot in self.spots if spot.kind in kinds]


def cues_of(view: View) -> list[Match]:
    """The words that count: the longest phrase at each place, none inside a product's name, an option or a phone."""
    found: list[Match] = []
    taken = [False] * len(view.tokens)
    for spot in view.spots:
        if spot.kind in ("product", "option", "phone", "which"):
            for at in range(spot.start, spot.end):
                taken[at] = True
    for match in sorted(view.matches, key=lambda one: (one.start - one.end, one.start)):
        if match.roles and not any(taken[match.start : match.end]):
            found.append(match)
            for at in range(match.start, match.end):
                taken[at] = True
    return sorted(found, key=lambda one: one.start)


def clauses_of(view: View) -> list[Clause]:
    """The clauses of a comment."""
    cues = cues_of(view)
    found: list[Clause] = []
    start = 0
    for at, token in enumerate(view.tokens):
        if token.kind == "sign" and token.text in CLAUSE and not inside(view, at):
            found.append(Clause(start, at + 1, asks=token.text == "?"))
            start = at + 1
    if start < len(view.tokens):
        found.append(Clause(start, len(view.tokens)))
    for clause in found:
        clause.spots = [spot for spot in view.spots if clause.start <= spot.start < clause.end]
        clause.cues = [match for match in cues if clause.start <= match.start < clause.end]
    return [clause for clause in found if clause.spots or clause.cues or clause.asks]


def inside(view: View, at: int) -> bool:
    """True where a sign is part of something that was seen."""
    return view.taken[at]


@dataclass
class Weighed:
    """What a clause wants, and how surely."""

    clause: Clause
    intent: str
    weight: float


def weigh(view: View, clause: Clause, pinned: Code | None, *, alone: bool) -> Weighed:
    """The intent of one clause."""
    named = clause.kinds("product", "which", "unknown")
    counted = clause.kinds("quantity")
    asks = clause.asks or clause.has("question") or asks_at_end(clause) or opens(clause)
    claim = clause.has("claim")
    takes = clause.has("take", "claim", "add")
    if clause.has("announce"):
        return Weighed(clause, "other", 0.9)
    if clause.has("past") and not clause.has("add"):
        return Weighed(clause, "other", 0.85)
    if clause.has("decline"):
        return Weighed(clause, "decline", 0.8)
    if clause.has("cancel") and not (asks and not named):
        return Weighed(clause, "cancel", 0.9)
    if clause.has("change", "instead"):
        if asks and not named:
            return Weighed(clause, "question", 0.8)
        return Weighed(clause, "change", 0.88)
    if clause.has("not", "denied") and not clause.has("if"):
        return negated(clause, named, takes)
    if asks:
        return asked(clause, named, counted, takes=takes)
    if clause.has("paid") and not (named or counted):
        return Weighed(clause, "paid", 0.85)
    if clause.has("other") and not claim and not counted:
        return Weighed(clause, "other", 0.8)
    return stated(view, clause, pinned, alone=alone)


def asks_at_end(clause: Clause) -> bool:
    """True where a word that asks only at the end stands there: "A1 còn không"."""
    ends = [match for match in clause.cues if "ask" in match.roles]
    if not ends:
        return False
    last = ends[-1]
    behind = [
        match for match in clause.cues if match.start >= last.end and not match.roles & {"filler", "person", "greeting"}
    ]
    return not behind and not any(spot.start >= last.end for spot in clause.spots)


def opens(clause: Clause) -> bool:
    """True where a clause begins with a word that asks there: "is A1 washable"."""
    for match in clause.cues:
        if "opens" in match.roles:
            return all(spot.start > match.start for spot in clause.spots)
        if not match.roles & {"filler", "person", "greeting"}:
            return False
    return False


def asked(clause: Clause, named: Sequence[Spot], counted: Sequence[Spot], *, takes: bool) -> Weighed:
    """A clause that asks: about a product, or for it."""
    if clause.has("aside") and (named or takes) and (counted or takes):
        place = clause.first("aside")
        before = [spot for spot in (*named, *counted) if place is not None and spot.start < place]
        if before and (clause.has("claim") or counted):
            return Weighed(clause, "order", 0.75)
    if clause.has("request") and (named or counted or takes):
        return Weighed(clause, "order", 0.75)
    return Weighed(clause, "question", 0.9)


def negated(clause: Clause, named: Sequence[Spot], takes: bool) -> Weighed:
    """A clause that denies."""
    if clause.has("claim", "take") and named:
        return Weighed(clause, "cancel", 0.6)
    if clause.has("claim", "take"):
        return Weighed(clause, "decline", 0.6)
    if takes:
        return Weighed(clause, "decline", 0.6)
    return Weighed(clause, "other", 0.7)


def stated(view: View, clause: Clause, pinned: Code | None, *, alone: bool) -> Weighed:
    """A clause that states: a claim if it takes something, or names a product as orders do."""
    named = clause.kinds("product", "which", "unknown")
    counted = clause.kinds("quantity")
    chosen = clause.kinds("option")
    claim = clause.has("claim")
    takes = claim or clause.has("take", "add")
    if named:
        by_code = [spot for spot in named if spot.by in ("code", "number") and spot.kind != "which"]
        if counted or takes or (chosen and takes):
            return Weighed(clause, "order", 0.95 if by_code and counted else 0.9)
        if by_code and bare(view, clause, by_code):
            return Weighed(clause, "order", 0.9)
        if chosen and not clause.has("other"):
            return Weighed(clause, "order", 0.8)
        if by_code and not clause.has("other", "greeting", "past"):
            return Weighed(clause, "order", 0.6)
        return Weighed(clause, "other", 0.7)
    if claim:
        return Weighed(clause, "order", 0.85)
    signed = [spot for spot in counted if spot.plus or spot.times]
    if signed and alone:
        return Weighed(clause, "order", 0.85)
    if [spot for spot in counted if spot.unit is not None]:
        return Weighed(clause, "order", 0.75 if takes or alone else 0.55)
    if takes and counted:
        return Weighed(clause, "order", 0.8)
    if takes and chosen:
        return Weighed(clause, "order", 0.8)
    if counted and chosen and pinned is not None:
        return Weighed(clause, "order", 0.7)
    if clause.has("me") and pinned is not None and bare_me(view, clause):
        return Weighed(clause, "order", 0.75)
    return Weighed(clause, "other", 0.8)


def bare(view: View, clause: Clause, codes: Sequence[Spot]) -> bool:
    """True where a clause is nothing but codes and words that say nothing."""
    quiet: set[int] = set()
    for spot in clause.spots:
        quiet.update(range(spot.start, spot.end))
    for match in clause.cues:
        if match.roles & {"filler", "person", "greeting", "code", "me", "and", "claim", "take"}:
            quiet.update(range(match.start, match.end))
    left = [at for at in range(clause.start, clause.end) if at not in quiet and view.tokens[at].kind == "word"]
    return len(left) <= max(1, len(codes))


def bare_me(view: View, clause: Clause) -> bool:
    """True where "me" is the whole answer."""
    words = [at for at in range(clause.start, clause.end) if view.tokens[at].kind == "word"]
    mine = [match for match in clause.cues if match.roles & {"me", "filler", "person"}]
    return len(words) <= sum(match.end - match.start for match in mine)


def for_machines(text: str) -> bool:
    """True for text that is meant for a program, not for the seller."""
    low = text.lower()
    return any(mark in low for mark in MACHINE)


def to_somebody(view: View) -> bool:
    """True where the comment speaks to another viewer by name."""
    return bool(view.tokens) and view.tokens[0].text == "@"
