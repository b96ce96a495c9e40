"""Signs: what of a comment speaks for an intent, as names without any language in them.

A sign is a word's role, what stands beside it, or the shape of the comment: "cancel", "claim+product", "asks at the
end". Weights learned from labelled comments (weights.json, by learn.py) turn the signs of a comment into a chance for
every intent; `most` names the signs that spoke loudest, so that a reading can still be explained.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import get_args

import msgspec

from livesell.model import Code, Intent, Struct
from livesell.parser.intent import Clause, Weighed, opens
from livesell.parser.sides import comparable
from livesell.parser.view import Spot, View

INTENTS: tuple[Intent, ...] = get_args(Intent)
WEIGHTS = Path(__file__).with_name("weights.json")

LOUD = (
    "claim", "take", "add", "cancel", "change", "instead", "not", "denied", "question", "ask", "if", "past", "paid",
    "other", "decline", "announce", "aside", "request", "only", "me", "to", "greeting",
)  # fmt: skip
"""Roles that decide together; the rest count by themselves."""

SAID = frozenset({"product", "which", "unknown"})


def signs_of(view: View, weighed: Sequence[Weighed], pinned: Code | None) -> list[str]:
    """The signs of a comment."""
    found: dict[str, None] = {}
    clauses = [one.clause for one in weighed]
    shape(found, view, clauses, pinned)
    named = any(spot.kind in SAID for spot in view.spots)
    counted = any(spot.kind == "quantity" for spot in view.spots)
    target = "product" if named else "count" if counted else "nothing"
    roles: dict[str, None] = {}
    for clause in clauses:
        words(found, clause, roles)
    loud = [role for role in LOUD if role in roles]
    for at, role in enumerate(loud):
        found[f"{role}+{target}"] = None
        for other in loud[at + 1 :]:
            found[f"{role}&{other}"] = None
    if any(opens(clause) for clause in clauses):
        found["opens"] = None
    before_question(found, view, clauses)
    for one in weighed:
        found[f"clause {one.intent} {round(one.weight, 1)}"] = None
        found[f"clause {one.intent}"] = None
    if weighed:
        found[f"first {weighed[0].intent}"] = None
        found[f"last {weighed[-1].intent}"] = None
        found["clauses " + "+".join(sorted({one.intent for one in weighed}))] = None
    return list(found)


def before_question(found: dict[str, None], view: View, clauses: Sequence[Clause]) -> None:
    """What was said before the first word that asks: a claim with a question behind it is a claim."""
    cues = [match for clause in clauses for match in clause.cues]
    ask = next((match for match in cues if match.roles & {"question", "aside"}), None)
    if ask is None:
        return
    earlier = [spot for spot in view.spots if spot.end <= ask.start]
    told = sorted({"named" if spot.kind in SAID else spot.kind for spot in earlier if spot.kind in (*SAID, "quantity")})
    if any(match.end <= ask.start and match.roles & {"claim", "take"} for match in cues):
        told.append("claim")
    aside = "aside" if any("aside" in match.roles for match in cues) else "question"
    found[f"before {aside}: {' '.join(told)}"] = None


def shape(found: dict[str, None], view: View, clauses: Sequence[Clause], pinned: Code | None) -> None:
    """How a comment looks: what was seen in it, and how much is left over."""
    tokens = view.tokens
    found["always"] = None
    found["pinned" if pinned is not None else "none pinned"] = None
    kinds: dict[str, int] = {}
    seen: set[tuple[str, tuple[Code, ...]]] = set()
    for spot in view.spots:
        if spot.codes and (spot.kind, spot.codes) in seen:
            continue
        seen.add((spot.kind, spot.codes))
        kind = spot.kind
        if kind == "product":
            kind = f"product by {spot.by}{'' if spot.strong else ' in part'}"  # type: ignore[assignment]
        elif kind == "quantity":
            kind = f"count{' plus' if spot.plus else ''}{' times' if spot.times else ''}{' unit' if spot.unit else ''}"  # type: ignore[assignment]
        kinds[kind] = kinds.get(kind, 0) + 1
    for kind_, count in kinds.items():
        found[kind_] = None
        if count > 1:
            found[f"{kind_} twice"] = None
    named = sum(kind in SAID for kind, _ in seen)
    counted = sum(spot.kind == "quantity" for spot in view.spots)
    chosen = sum(spot.kind == "option" for spot in view.spots)
    found[f"named {min(named, 2)} counted {min(counted, 2)} chosen {min(chosen, 1)}"] = None
    found[f"named {min(named, 1)} counted {min(counted, 1)} {'pinned' if pinned is not None else 'none'}"] = None
    cued: set[int] = set()
    for clause in clauses:
        for match in clause.cues:
            cued.update(range(match.start, match.end))
    left = sum(not view.taken[at] and at not in cued and token.kind == "word" for at, token in enumerate(tokens))
    silent = 0 if not left else 1 if left < 2 else 2 if left < 4 else 3 if left < 8 else 4
    found[f"left {silent}"] = None
    found[f"left {silent} named {min(named, 1)} counted {min(counted, 1)}"] = None
    size = len([token for token in tokens if token.kind == "word"])
    found[f"words {0 if not size else 1 if size < 3 else 2 if size < 6 else 3 if size < 12 else 4}"] = None
    asks = [at for at, token in enumerate(tokens) if token.text == "?"]
    if asks:
        found["?"] = None
        found[f"? named {min(named, 1)} counted {min(counted, 1)}"] = None
        if all(token.kind == "sign" for token in tokens[asks[-1] :]):
            found["? at the end"] = None
        else:
            found["? inside"] = None
    for token in tokens[:1]:
        if token.text in "@#+":
            found[f"{token.text} first"] = None
    if any(token.text == "@" for token in tokens):
        found["@"] = None
    if any(token.text in "\"'“”「«" for token in tokens):
        found["quoted"] = None


def words(found: dict[str, None], clause: Clause, roles: dict[str, None]) -> None:
    """What the words of a clause mean, and what stands beside each."""
    cues = [match for match in clause.cues if match.roles & _LOUD]
    for place, match in enumerate(cues):
        mine = [role for role in LOUD if role in match.roles]
        for role in mine:
            roles[role] = None
            found[role] = None
        lead = mine[0]
        if len(mine) == 1:
            found[f"only {lead}"] = None
        left, right = beside(clause, match.start, -1), beside(clause, match.end, 1)
        found[f"{left}<{lead}"] = None
        found[f"{lead}>{right}"] = None
        if place:
            previous = next(role for role in LOUD if role in cues[place - 1].roles)
            found[f"{previous}, {lead}"] = None
            if match.start - cues[place - 1].end <= 1:
                found[f"{previous}|{lead}"] = None
    things = clause.kinds(*SAID, "option", "quantity")
    for match in clause.cues:
        for role in ("to", "not", "denied", "instead", "change", "past", "cancel"):
            if role in match.roles:
                before = [spot for spot in things if spot.end <= match.start]
                behind = [spot for spot in things if spot.start >= match.end]
                if before and behind and comparable(before, behind):
                    found[f"{role} between two of a kind"] = None
    if cues:
        found[f"begins {next(role for role in LOUD if role in cues[0].roles)}"] = None
        found[f"ends {next(role for role in LOUD if role in cues[-1].roles)}"] = None
    for match in clause.cues:
        for role in match.roles - _LOUD:
            found[role] = None


_LOUD = frozenset(LOUD)


def beside(clause: Clause, place: int, step: int) -> str:
    """What stands next to a word in its clause: a product, an option, a count, nothing, or something else."""
    near: Spot | None = None
    for spot in clause.spots:
        if step < 0 and place - 2 <= spot.end <= place:
            near = spot
        if step > 0 and near is None and place <= spot.start <= place + 1:
            near = spot
    if near is not None:
        return "product" if near.kind in SAID else near.kind
    if (step < 0 and place <= clause.start) or (step > 0 and place >= clause.end):
        return "edge"
    return "word"


class Weights(Struct, frozen=True):
    """What was learned: what every sign adds for every intent, in the order of INTENTS, and how sure that makes.

    `slope` and `shift` turn what the parser thinks of its own readings into how often such readings were right.
    """

    signs: Mapping[str, Sequence[float]]
    slope: float = 1.0
    shift: float = 0.0


@cache
def weights() -> Weights:
    """The weights that livesell comes with."""
    return msgspec.json.decode(WEIGHTS.read_bytes(), type=Weights)


def calibrated(confidence: float, learned: Weights) -> float:
    """How often readings of this confidence were right, strictly rising with it."""
    held = min(max(confidence, 1e-6), 1 - 1e-6)
    odds = learned.slope * math.log(held / (1 - held)) + learned.shift
    return round(1 / (1 + math.exp(-odds)), 5)


def chances(signs: Sequence[str], table: Mapping[str, Sequence[float]]) -> list[float]:
    """How likely each intent is, in the order of INTENTS; they sum to 1."""
    sums = [0.0] * len(INTENTS)
    for sign in signs:
        row = table.get(sign)
        if row is not None:
            for at, weight in enumerate(row):
                sums[at] += weight
    top = max(sums)
    shares = [math.exp(one - top) for one in sums]
    whole = sum(shares)
    return [share / whole for share in shares]
