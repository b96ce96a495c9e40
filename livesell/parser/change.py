"""Cancels and changes: which side of a comment is given up and which is taken."""

from __future__ import annotations

from collections.abc import Sequence

from livesell.lexicon import CANCEL, CHANGE, CLAIM, FROM, INSTEAD, NOT, REPLACING, SAID, SAME, TAKE, TO, Match
from livesell.model import Claim, Code
from livesell.parser.clauses import Clause
from livesell.parser.slots import Item, claims_of, fill
from livesell.parser.turns import Decision, pivot
from livesell.parser.view import Spot, View

THINGS = ("product", "unknown", "option", "quantity")


def cancelled(view: View, decision: Decision) -> tuple[list[Item], list[Claim]]:
    """What is withdrawn: nothing named is everything."""
    spots = [spot for clause in decision.clauses for spot in clause.spots if spot.kind in THINGS]
    inside = [
        spot for clause in decision.parts for spot in clause.spots if spot.kind in THINGS and not kept(clause, spot)
    ]
    if not any(spot.kind == "product" for spot in inside):
        inside = spots
    elif len(inside) < len(spots):
        # "take the gloves off, the green L": what follows says which.
        behind = inside[-1].end
        inside = inside + [
            spot
            for clause in decision.clauses
            for spot in clause.spots
            if spot.start >= behind and spot.kind == "option" and spot not in inside and not clause.roles & SAME
        ]
    items = fill(view, [spot for spot in inside if spot.kind != "quantity"], None)
    return items, claims_of(view, items, withdrawn=True)


def kept(clause: Clause, spot: Spot) -> bool:
    """True for what a clause with a cancel lets stay: "cancel the 6, keep the 8"."""
    if not clause.roles & SAME:
        return False
    stays, goes = clause.first(SAME), clause.first(CANCEL)
    return spot.start > goes >= 0 if stays > goes else 0 <= stays < spot.start < goes


def changed(view: View, decision: Decision) -> tuple[list[Item], list[Claim], list[Claim]]:
    """What holds after a change, and what it gives up."""
    spots = [spot for clause in decision.clauses for spot in clause.spots if spot.kind in THINGS]
    given, wanted = sides(view, decision, spots)
    base = base_of(view, given, wanted)
    items = fill(view, wanted, base)
    claims = claims_of(view, items)
    left = fill(view, [spot for spot in given if spot.kind != "quantity"], base)
    replaced = claims_of(view, left, withdrawn=True)
    if claims and replaced and not any(spot.kind == "product" for spot in wanted):
        claims = [_kept(claim, replaced[0]) for claim in claims]
    if not claims and wanted == [] and replaced:
        claims, replaced = [Claim(one.code, one.options) for one in replaced], []
    codes = {claim.code for claim in claims}
    named_given = any(spot.kind == "product" for spot in given)
    told = [
        claim
        for claim in replaced
        if (claim.code not in codes and named_given)
        or (claim.code in codes and any(_differs(claim, one) for one in claims))
    ]
    return items, claims, told


def _differs(given: Claim, taken: Claim) -> bool:
    """True where a change gives up a choice of the same product that the taken one replaces."""
    return given.code == taken.code and any(
        taken.options.get(name, value) != value for name, value in given.options.items()
    )


def _kept(claim: Claim, given: Claim) -> Claim:
    """Choices that the change does not speak of stay as they were."""
    if claim.code != given.code or not claim.options:
        return claim
    rest = {name: value for name, value in given.options.items() if name not in claim.options}
    return Claim(claim.code, {**rest, **claim.options}, claim.quantity, claim.said)


def base_of(view: View, given: Sequence[Spot], wanted: Sequence[Spot]) -> Code | None:
    """The product that a change without a product of its own is about."""
    for spot in (*wanted, *given):
        if spot.kind == "product":
            if len(spot.codes) == 1:
                return spot.codes[0]
            said = [one for one in (*wanted, *given) if one.kind == "option"]
            able = [code for code in spot.codes if all(any(code == one for one, _ in o.choices) for o in said)]
            return able[0] if said and len(able) == 1 else None
    return view.pinned


def sides(view: View, decision: Decision, spots: list[Spot]) -> tuple[list[Spot], list[Spot]]:
    """The spots of what is given up and of what is taken."""
    clauses = decision.clauses
    found = pivot(view, clauses)
    if found is not None:
        return _pivoted(spots, *found)
    cues = [cue for clause in clauses for cue in clause.cues]
    moved = [cue for cue in cues if cue.roles & CHANGE]
    instead = next((cue for cue in cues if cue.roles & INSTEAD and _follows(spots, cue)), None)
    if instead is not None and moved and moved[0].start < instead.start:
        middle = [spot for spot in spots if moved[0].start < spot.start < instead.start and spot.kind == "product"]
        topic = len({spot.codes for spot in spots if spot.kind == "product"}) > 1
        if middle and topic and all(spot.kind == "quantity" for spot in spots if spot.start > instead.start):
            instead = None  # "change A1 to A2 instead, 2 of them"
    if instead is not None:
        return _instead(view, spots, cues, instead)
    replacing = next((cue for cue in cues if cue.roles & REPLACING), None)
    if replacing is not None:
        before = [spot for spot in spots if spot.start < replacing.start]
        after = [spot for spot in spots if spot.start > replacing.start]
        if before and after:
            return before, after
    said = next((cue for cue in cues if cue.roles & SAID), None)
    if said is not None and not any(cue.roles & (CHANGE | TO) for cue in cues):
        return _said(clauses, spots, said)
    if decision.name == "cancel and claim":
        found_sides = _swapped(clauses, spots)
        if found_sides is not None:
            return found_sides
    return _moved(view, spots, cues)


def _follows(spots: Sequence[Spot], cue: Match) -> bool:
    return any(spot.start >= cue.end for spot in spots)


def _pivoted(spots: list[Spot], at: int, behind: bool) -> tuple[list[Spot], list[Spot]]:
    """Around a "not": the thing next to it on one side goes."""
    before = [spot for spot in spots if spot.start < at]
    after = [spot for spot in spots if spot.start > at]
    if behind:
        # What stands before the denial goes; a product named there stays the topic.
        given = [spot for spot in before if spot.kind == after[0].kind][-1:]
        if given and given[0].kind == "product":
            return given, after
        topic = [spot for spot in before if spot.kind == "product"]
        return topic + given, after
    kind = after[0].kind if after else ""
    given = after[:1]
    return given, before + [spot for spot in after[1:] if spot.kind != kind]


def _instead(view: View, spots: list[Spot], cues: Sequence[Match], instead: Match) -> tuple[list[Spot], list[Spot]]:
    """What follows "instead of" goes, up to the next verb or comma; the rest is taken."""
    before = [spot for spot in spots if spot.start < instead.start]
    after = [spot for spot in spots if spot.start >= instead.end]
    verb = next(
        (cue.start for cue in cues if cue.start >= instead.end and cue.roles & (CLAIM | TAKE | CHANGE | TO)), None
    )
    if verb is not None:
        given = [spot for spot in after if spot.start < verb]
        return given, before + [spot for spot in after if spot.start > verb]
    if before and any(spot.kind == after[0].kind for spot in before):
        return after, before
    if before and not any(spot.kind == after[0].kind for spot in before) and len(after) == 1:
        return after, before
    given = after[:1]
    for spot in after[1:]:
        if view.separated(given[-1].end, spot.start) or spot.kind == given[0].kind or spot.kind == "product":
            break
        given.append(spot)
    return given, before + [spot for spot in after if spot not in given]


def _said(clauses: Sequence[Clause], spots: list[Spot], said: Match) -> tuple[list[Spot], list[Spot]]:
    """What was said before goes, where the new wish says another of the same kind."""
    home = next(clause for clause in clauses if clause.start <= said.start < clause.end)
    inside = [spot for spot in home.spots if spot in spots]
    others = [spot for spot in spots if spot not in inside]
    before = [spot for spot in inside if spot.start < said.start]
    after = [spot for spot in inside if spot.start > said.start]
    if said.phrase.verbs_last or (before and after):
        given, wanted = before, after + others
    else:
        given, wanted = inside, others
    if not wanted:
        given, wanted = inside[:1], inside[1:]
    return given, wanted


def _swapped(clauses: Sequence[Clause], spots: list[Spot]) -> tuple[list[Spot], list[Spot]] | None:
    """Which products are cancelled and which claimed: each goes with the verb that governs it."""
    given: list[Spot] = []
    wanted: list[Spot] = []
    for clause in clauses:
        inside = [spot for spot in clause.spots if spot in spots]
        if not inside:
            continue
        verbs = [cue for cue in clause.cues if cue.roles & (CANCEL | CLAIM | TAKE | CHANGE | NOT)]
        cancels = [cue for cue in verbs if cue.roles & CANCEL or (cue.roles & NOT)]
        if not cancels:
            wanted.extend(inside)
            continue
        cancel = cancels[0]
        takes = [cue for cue in verbs if cue.roles & (CLAIM | TAKE | CHANGE) and not cue.roles & (CANCEL | NOT)]
        products = [spot for spot in inside if spot.kind == "product"]
        if len(products) < 2:
            given.extend(inside)
            continue
        if products[0].start < cancel.start < products[-1].start:
            cut = next(spot.start for spot in products if spot.start > cancel.start)
        else:
            behind = [take.start for take in takes if take.start > products[0].start]
            cut = min(behind) if behind else products[1].start
            if not any(spot.start >= cut for spot in products):
                cut = products[1].start
        lead = [
            spot
            for spot in inside
            if spot.kind == "quantity" and cancel.start < spot.start < cut and spot.start > products[0].end
        ]
        given.extend(spot for spot in inside if spot.start < cut and spot not in lead)
        wanted.extend(spot for spot in inside if spot.start >= cut or spot in lead)
    if not given or not wanted:
        return None
    return given, sorted(wanted, key=lambda spot: spot.start)


def _moved(view: View, spots: list[Spot], cues: Sequence[Match]) -> tuple[list[Spot], list[Spot]]:
    """From something to something: what stands behind the word between them is taken."""
    behind = next((cue for cue in cues if cue.roles & TO and cue.phrase.verbs_last), None)
    if behind is not None:
        values = [spot for spot in spots if spot.kind == "option" and spot.end <= behind.start]
        if (
            len(values) >= 2
            and behind.start - values[-1].end <= 1
            and not any(spot.start > behind.start for spot in spots)
        ):
            return [values[-2]], [spot for spot in spots if spot is not values[-2]]
    change = next((cue for cue in cues if cue.roles & CHANGE), None)
    start = change.start if change is not None else -1
    arrow = [
        at
        for at, token in enumerate(view.tokens)
        if token.text == "→" or (token.text == ">" and view.tokens[at - 1].text in "-=")
    ]
    goals = [cue.start for cue in cues if cue.roles & TO and any(spot.start > cue.start for spot in spots)] + arrow
    for goal in goals:
        before = [spot for spot in spots if spot.start < goal]
        after = [spot for spot in spots if spot.start > goal]
        if before and after and (goal > start or change is None) and _comparable(before, after):
            return before, after
    if change is not None:
        # "change it to white, the red one …": what stands right behind "to" is taken, others of its kind go.
        for goal in goals:
            near = next((spot for spot in spots if goal < spot.start <= goal + 2), None)
            if near is None or goal < change.start or any(spot.start < goal for spot in spots):
                continue
            rest = [spot for spot in spots if spot is not near and spot.kind == near.kind]
            if rest:
                return rest, [spot for spot in spots if spot not in rest]
    source = next((cue for cue in cues if cue.roles & FROM), None)
    if source is not None:
        after = [spot for spot in spots if spot.start > source.start]
        same = [spot for spot in after[1:] if spot.kind == after[0].kind] if after else []
        if same:
            return [spot for spot in spots if spot.start < source.start and spot.kind == "product"] + after[:1], after[
                after.index(same[0]) :
            ]
    for goal in goals:
        after = [spot for spot in spots if spot.start > goal]
        before = [spot for spot in spots if spot.start < goal]
        if after and before:
            return before, after
    if change is not None:
        before = [spot for spot in spots if spot.start < change.start]
        after = [spot for spot in spots if spot.start > change.start]
        if before and after and any(spot.kind in ("product", "option", "quantity") for spot in after):
            return before, after
        spots_in = after or before
    else:
        spots_in = spots
    products = [spot for spot in spots_in if spot.kind in ("product", "unknown")]
    if len(products) >= 2:
        return [spot for spot in spots_in if spot.start < products[1].start], [
            spot for spot in spots_in if spot.start >= products[1].start
        ]
    for kind in ("quantity", "option"):
        same = [spot for spot in spots_in if spot.kind == kind]
        if len(same) == 2 and (
            kind == "quantity"
            or (same[0].choices and same[1].choices and same[0].choices[0][1].option == same[1].choices[0][1].option)
        ):
            return [*products, same[0]], [spot for spot in spots_in if spot not in (*products, same[0])]
    return [], spots_in


def _comparable(before: Sequence[Spot], after: Sequence[Spot]) -> bool:
    kinds = {spot.kind for spot in before}
    return any(spot.kind in kinds or spot.kind in ("option", "quantity", "product") for spot in after)
