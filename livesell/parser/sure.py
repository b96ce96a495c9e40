"""How sure a reading is: the chance, from 0 to 1, that intent and claims are right.

What speaks for or against a reading are signs with a size; their weights are data (sure.json), learned by learn.py
from readings of comments that nobody had looked at before, by logistic regression, and checked on languages held out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from livesell.lexicon import (
    ADD,
    ANYMORE,
    ASIDE,
    BODY,
    CLAIM,
    DECLINE,
    EACH,
    FOR,
    IF,
    MINE,
    MONEY,
    NOT,
    ONLY,
    OR,
    PAID,
    PAST,
    PERSON,
    PLACE,
    PRAISE,
    QUESTION,
    SAID,
    SIZE,
    TAKE,
    THIS,
    TO,
)  # fmt: skip
from livesell.model import Claim
from livesell.parser.clauses import QUIET
from livesell.parser.slots import Item
from livesell.parser.turns import Decision
from livesell.parser.view import View

WEIGHTS = Path(__file__).with_name("sure.json")


def signs(view: View, decision: Decision, items: Sequence[Item], claims: Sequence[Claim]) -> dict[str, float]:
    """What speaks for or against a reading, each with its size."""
    found: dict[str, float] = {"always": 1.0, decision.intent: 1.0, f"by {decision.name}": 1.0}
    left = roles = 0
    strength = asks = 0.0
    for clause in decision.clauses:
        left += clause.left  # type: ignore[assignment]
        roles |= clause.roles
        strength = max(strength, clause.claim)
        asks = max(asks, clause.asks)
    found["left"] = min(left, 8) / 4
    found["clauses"] = min(len(decision.clauses), 5) / 4
    found["long"] = min(view.size, 40) / 20
    claiming = decision.intent in ("order", "change", "cancel")
    if not claiming:
        found["strength aside"] = max(0.0, min(strength, 6.0)) / 3
    if not claiming and any(spot.kind == "product" for spot in view.spots):
        found["product aside"] = 1.0
    if decision.intent == "question":
        found["asks"] = min(asks, 6.0) / 3
    for bit, name in ((PAST, "past"), (PRAISE, "praise"), (NOT, "not")):
        if roles & bit and claiming:
            found[name] = 1.0
    if claiming and roles & QUESTION:
        found["question beside"] = 1.0
    if not claiming:
        return found
    found["strength"] = max(0.0, min(strength, 7.0)) / 3
    if roles & CLAIM:
        found["claim word"] = 1.0
    elif roles & TAKE:
        found["take word"] = 1.0
    kinds: dict[str, int] = {}
    for spot in view.spots:
        kinds[spot.kind] = kinds.get(spot.kind, 0) + 1
    if decision.intent == "order" and "quantity" in kinds:
        used = {id(variant.count) for item in items for variant in item.variants}
        unused = sum([spot.kind == "quantity" and id(spot) not in used for spot in view.spots])
        if unused:
            found["number unused"] = min(unused, 3)
    worst = 0.0
    for item in items:
        if item.spot is None:
            found["pinned"] = 1.0
            continue
        kind = "unknown" if item.spot.kind == "unknown" else "which" if item.code is None else item.spot.by
        found[f"named by {kind}"] = 1.0
        worst = max(worst, 1.0 - item.spot.quality)
    found["doubt of names"] = worst * 2
    found["items"] = min(len(items), 5) / 4
    if not claims:
        found["nothing claimed"] = 1.0
    if any(claim.quantity is None for claim in claims) and decision.intent != "cancel":
        found["quantity open"] = 1.0
    if claims and all(claim.said for claim in claims):
        found["all said"] = 1.0
    if "foreign" in kinds:
        found["foreign option"] = 1.0
    if "money" in kinds or "size" in kinds or "place" in kinds:
        found["other numbers"] = 1.0
    if "quantity" in kinds and any(spot.kind == "quantity" and spot.bare for spot in view.spots):
        found["bare number"] = 1.0
    if any(len(item.variants) > 1 for item in items):
        found["variants"] = 1.0
    if decision.intent == "order" and claims:
        _beside(found, view, decision, items, claims, roles, asks)
    return found


def _beside(
    found: dict[str, float],
    view: View,
    decision: Decision,
    items: Sequence[Item],
    claims: Sequence[Claim],
    roles: int,
    asks: float,
) -> None:
    """Signs that a claim is less, or more, than it seems."""
    for bit, name in BESIDE:
        if roles & bit:
            found[name] = 1.0
    if asks:
        found["asks beside"] = min(asks, 6.0) / 3
    if roles & EACH and not any(claim.said for claim in claims):
        found["each without a number"] = 1.0
    if any(claim.quantity is not None and claim.quantity > 20_000 for claim in claims):
        found["very many"] = 1.0
    if view.pinned is not None and all(claim.code != view.pinned for claim in claims):
        found["not the pinned"] = 1.0
    strange = sum(clause.left for clause in decision.clauses if clause not in decision.parts)
    if strange:
        found["strange aside"] = min(strange, 6) / 3
    if view.index.plain_numbers:
        found["plain numbers"] = 1.0
    owner, kinds, ordinary = view.owner, view.kinds, view.ordinary
    if not roles & ~PLAIN and all(spot.kind in ("product", "option", "quantity", "phone") for spot in view.spots):
        known = [one is not None for one in owner]
        for cue in view.cues:
            known[cue.start : cue.end] = [True] * (cue.end - cue.start)
        if all(known[at] or kinds[at] == "sign" for at in range(view.size)):
            found["plain"] = 1.0
            if len(decision.clauses) == 1:
                found["plain and short"] = 1.0
    if view.numeric:
        for at in range(1, view.size):
            if view.tokens[at].glued and kinds[at] != kinds[at - 1] and "number" in (kinds[at], kinds[at - 1]):
                word = at if kinds[at] == "word" else at - 1
                if kinds[word] == "word" and owner[word] is None and not ordinary[word]:
                    found["strange glued to a number"] = 1.0
    for item in items:
        spot = item.spot
        if spot is None or spot.by not in ("name", "part"):
            continue
        if spot.end - spot.start == 1:
            found["one word"] = 1.0
        for at in (spot.start - 1, spot.end):
            if 0 <= at < view.size and owner[at] is None and kinds[at] == "word" and not ordinary[at]:
                found["strange beside the name"] = 1.0


PLAIN = QUIET | CLAIM | TAKE | ADD | THIS
"""Roles of words of a claim with nothing else in it."""

BESIDE = (
    (SAID, "with said"), (IF, "with if"), (OR, "with or"), (TO, "with to"), (MONEY, "with money"), (SIZE, "with size"),
    (PERSON, "with person"), (ASIDE, "with aside"), (FOR, "with for"), (DECLINE, "with decline"), (PAID, "with paid"),
    (ONLY, "with only"), (ANYMORE, "with anymore"), (PLACE, "with place"), (BODY, "with body"), (MINE, "with mine"),
)  # fmt: skip
"""Roles of words that claims seldom have beside them."""


@cache
def weights() -> Mapping[str, float]:
    """What every sign adds to the log of the odds."""
    table: Mapping[str, float] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return table


def chance(found: Mapping[str, float], table: Mapping[str, float]) -> float:
    """The chance that signs come to."""
    total = 0.0
    for sign, size in found.items():
        if sign in table:
            total += table[sign] * size
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def confidence(view: View, decision: Decision, items: Sequence[Item], claims: Sequence[Claim]) -> float:
    """The chance that a reading is right."""
    return round(min(0.9999, max(0.0001, chance(signs(view, decision, items, claims), weights()))), 4)
