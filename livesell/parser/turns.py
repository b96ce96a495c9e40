"""What takes a claim back or puts something in its place."""

from __future__ import annotations

from collections.abc import Sequence

from livesell.lexicon import (
    ANYMORE,
    ASIDE,
    CANCEL,
    CHANGE,
    CLAIM,
    DECLINE,
    FROM,
    IF,
    INSTEAD,
    MINE,
    NOT,
    ONLY,
    OPENS,
    PAST,
    PLACE,
    PRAISE,
    QUESTION,
    REPLACING,
    REQUEST,
    SAME,
    TAKE,
    TO,
)  # fmt: skip
from livesell.model import Intent
from livesell.parser.clauses import Clause
from livesell.parser.view import BREAKS, Spot, View, named

TURNING = TO | CANCEL | CHANGE | INSTEAD | REPLACING | NOT | MINE | FROM
"""Roles of words without which nothing is withdrawn or changed."""


class Decision:
    """What a comment wants; `parts` are the clauses that say so, `weight` how surely, `name` the rule that decided."""

    __slots__ = ("clauses", "intent", "name", "parts", "weight")

    def __init__(
        self, intent: Intent, name: str, weight: float, parts: Sequence[Clause], clauses: Sequence[Clause]
    ) -> None:
        self.intent, self.name, self.weight = intent, name, weight
        self.parts, self.clauses = parts, clauses


def withdraws(clause: Clause, *, turning: bool = False) -> bool:
    """True where a clause takes a claim back; not where a "not" stands between two of a kind (`turning`)."""
    roles = clause.roles
    if roles & CANCEL:
        # "si alguien suelta la A1 la quiero": somebody else would take it back.
        return not (roles & IF and clause.first(IF) < clause.first(CANCEL) < clause.last(CLAIM | TAKE))
    if turning:
        return False
    if roles & NOT and roles & (CLAIM | TAKE):
        if roles & ANYMORE:
            return not roles & (DECLINE | PAST)
        # A denied claim of something named.
        denial, taken = clause.first(NOT), clause.first(CLAIM | TAKE)
        near = abs(denial - taken) <= 3
        return (
            near
            and any(spot.kind == "product" or spot.by == "code" for spot in named(clause.spots))
            and not roles & (DECLINE | PAST | IF | PRAISE | QUESTION | CHANGE)
            and clause.asks < 2
        )
    return False


def changes(clause: Clause) -> bool:
    """True where a clause puts something in place of a claim."""
    roles = clause.roles
    if roles & (CHANGE | INSTEAD | REPLACING):
        return True
    if (
        roles & MINE
        and roles & ONLY
        and not roles & PAST
        and any(spot.kind in ("quantity", "option", "product") for spot in clause.spots)
    ):
        return True
    if roles & TO and not roles & (QUESTION | ASIDE):
        for cue in clause.cues:
            if cue.roles & TO and roles & ONLY and not roles & CLAIM and _counts_down(clause, cue.start, cue.end):
                return True
            if cue.roles & TO and cue.phrase.verbs_last and _behind_values(clause, cue.start):
                return True
            if cue.roles & TO and _between_values(clause, cue.start, cue.end):
                return True
    if roles & FROM and roles & ONLY:
        # "from 3 take only 1"
        away = next(cue for cue in clause.cues if cue.roles & FROM)
        for kind in ("quantity", "option"):
            same = [spot for spot in clause.spots if spot.kind == kind and spot.start >= away.end]
            if len(same) == 2 and same[0].start - away.end <= 1:
                return True
    if roles & (FROM | MINE) and roles & TO:
        source, goal = clause.first(FROM) if roles & FROM else clause.start - 1, clause.last(TO)
        before = [spot for spot in clause.spots if source < spot.start < goal and spot.kind in THINGS]
        after = [spot for spot in clause.spots if spot.start > goal and spot.kind in THINGS]
        for one in before:
            for other in after:
                if one.kind == other.kind and (one.kind != "product" or one.codes != other.codes):
                    return not roles & (QUESTION | PLACE)
    return False


THINGS = ("quantity", "option", "product")


def pivot(view: View, clauses: Sequence[Clause]) -> tuple[int, bool] | None:
    """The "not" between two of a kind, "3 chứ k phải 2", "2 ta na, 3 ta".

    Where it is, and whether it denies what stands before it.
    """
    spots: list[Spot] | None = None
    for clause in clauses:
        if not clause.roles & NOT:
            continue
        if clause.roles & CANCEL or (clause.asks >= 2.4 and clause.roles & QUESTION):
            continue
        for cue in clause.cues:
            if not cue.roles & NOT or cue.roles & (CANCEL | DECLINE):
                continue
            spots = spots or [spot for spot in view.spots if spot.kind in THINGS]
            before = [spot for spot in spots if spot.end <= cue.start]
            after = [spot for spot in spots if spot.start >= cue.end]
            if len(before) > 1 and after and before[-1].kind == "product" != after[0].kind == before[-2].kind:
                if before[-1].start - before[-2].end > 1 or view.separated(before[-1].end, cue.start):
                    continue
                before.pop()  # "2 A1 not 3": what the number or the choice stands beside is the topic
            if (
                before
                and after
                and before[-1].kind == after[0].kind
                and after[0].start - cue.end <= 3
                and cue.start - before[-1].end <= 3
            ):
                if before[-1].kind == "option" and not _same_option(before[-1], after[0]):
                    continue
                swapped = any(
                    one.roles & CHANGE and one.start <= before[-1].start < one.end for one in clauses
                )  # "mejor media, no brava"
                stopped = any(view.words[at] in BREAKS for at in range(before[-1].end, after[0].start))
                apart = view.separated(before[-1].end, cue.start) and not swapped
                if stopped or (apart and not (after[0].start == cue.end and after[0] is spots[-1])):
                    continue
                if before[-1].kind == "product" and before[-1].codes == after[0].codes:
                    continue
                return cue.start, cue.phrase.not_after
    return None


def _between_values(clause: Clause, start: int, end: int) -> bool:
    """True where two values of one option stand on both sides: "L se XL"."""
    before = next((spot for spot in clause.spots if spot.kind == "option" and spot.end == start), None)
    after = next((spot for spot in clause.spots if spot.kind == "option" and spot.start == end), None)
    return before is not None and after is not None and _same_option(before, after)


def _behind_values(clause: Clause, start: int) -> bool:
    """True right behind two values of one option, where verbs stand last: "M ta L kore den"."""
    values = [spot for spot in clause.spots if spot.kind == "option" and spot.start < start]
    return (
        len(values) >= 2
        and start - values[-1].end <= 1
        and values[-1].start - values[-2].end <= 1
        and _same_option(values[-2], values[-1])
        and values[-2].choices[0][1].value != values[-1].choices[0][1].value
    )


def _counts_down(clause: Clause, start: int, end: int) -> bool:
    """True right between a product and how many of it remain: "R6 jadi 1 je"."""
    before = any(spot.kind == "product" and spot.end == start for spot in clause.spots)
    return before and any(spot.kind == "quantity" and spot.start == end for spot in clause.spots)


def _same_option(one: Spot, other: Spot) -> bool:
    return any(choice.option == another.option for _, choice in one.choices for _, another in other.choices)


def withdrawal(
    view: View, clauses: Sequence[Clause], gone: Sequence[Clause], swaps: Sequence[Clause], roles: int
) -> Decision | None:
    """A cancel or a change, or a question about one."""
    parts = [*gone, *(clause for clause in swaps if clause not in gone)]
    asks = any(clause.asks >= 2.4 for clause in parts)
    objects = [
        spot for clause in parts for spot in clause.spots if spot.kind in ("product", "option", "quantity", "unknown")
    ]
    if asks:
        asked = any(clause.roles & QUESTION and not clause.roles & (REQUEST | MINE) for clause in parts)
        if not gone and not any(clause.roles & (CHANGE | INSTEAD | REPLACING | REQUEST) for clause in parts):
            asked = True  # "did my order of 3 with 8 get in?"
        if any(
            clause.roles & (MINE | CANCEL) == MINE and clause.cues[0].roles & OPENS and clause.asks for clause in parts
        ):
            asked = True
        if not objects and not any(clause.roles & (REQUEST | MINE) for clause in parts):
            return Decision("question", "asks to withdraw", 0.85, (), clauses)
        if asked and not (any(clause.roles & ASIDE for clause in parts) and objects):
            return Decision("question", "asks to withdraw", 0.75, (), clauses)
    if (
        any(clause.roles & PAST for clause in parts)
        and not objects
        and not any(clause.roles & MINE for clause in parts)
    ):
        return Decision("other", "past", 0.7, (), clauses)
    if swaps and not gone:
        wanted = [
            spot
            for clause in clauses
            for spot in clause.spots
            if spot.kind in ("product", "option", "quantity", "unknown")
        ]
        strong = any(clause.roles & (INSTEAD | REPLACING) for clause in swaps)
        if not wanted and view.pinned is None and not strong:
            return (
                None
                if not roles & CHANGE
                else Decision("question" if asks else "other", "change of nothing", 0.6, (), clauses)
            )
        if not wanted:
            return Decision("question" if asks else "other", "change of nothing", 0.6, (), clauses)
        return Decision("change", "change", 0.85, clauses, clauses)
    lost = {spot.codes for clause in gone for spot in clause.spots if spot.kind == "product"}
    takes = [
        clause
        for clause in clauses
        if clause not in gone
        and clause.claim >= 2.0
        and clause.asks < 2.4
        and not clause.roles & SAME
        and (
            any(spot.kind == "product" and spot.codes not in lost for spot in clause.spots)
            or (clause.roles & (CLAIM | TAKE) and _other_value(gone, clause))
        )
        and not clause.roles & (DECLINE | PAST)
    ]
    both = [clause for clause in gone if _both(clause)]
    if (
        takes
        or both
        or (
            swaps
            and any(clause in gone for clause in swaps)
            and len({spot.codes for spot in objects if spot.kind == "product"}) > 1
        )
    ):
        return Decision("change", "cancel and claim", 0.8, clauses, clauses)
    if swaps and any(clause not in gone for clause in swaps):
        return Decision("change", "change", 0.75, clauses, clauses)
    if not objects and not view.spots and roles & PRAISE and sum(clause.left for clause in gone) >= 2:
        return Decision("other", "chatter", 0.7, (), clauses)
    weak = not any(clause.roles & (CANCEL | ANYMORE) for clause in gone)
    return Decision("cancel", "denied claim" if weak else "cancel", 0.6 if weak else 0.88, gone, clauses)


def _other_value(gone: Sequence[Clause], clause: Clause) -> bool:
    """True where a clause takes another value of an option that was withdrawn: "the small one off, give me the big"."""
    if any(spot.kind == "product" for spot in clause.spots):
        return False
    given = [spot for one in gone for spot in one.spots if spot.kind == "option"]
    return any(spot.kind == "option" and any(_same_option(one, spot) for one in given) for spot in clause.spots)


def _both(clause: Clause) -> bool:
    """True where a clause withdraws one product and takes another: "bỏ A12 lấy 1kg A10"."""
    products = [spot for spot in clause.spots if spot.kind == "product"]
    if len(products) < 2:
        return False
    cancel = next((cue for cue in clause.cues if cue.roles & CANCEL), None)
    takes = [cue for cue in clause.cues if cue.roles & (CLAIM | TAKE | CHANGE) and not cue.roles & CANCEL]
    if cancel is None or not takes:
        # "A12 bỏ A10 2 gói" with a quantity only behind
        return (
            cancel is not None
            and products[0].end <= cancel.start <= products[-1].start
            and any(spot.kind == "quantity" and spot.start > cancel.start for spot in clause.spots)
        )
    if cancel.phrase.verbs_last:
        return products[0].start < cancel.start < products[-1].start
    return any(take.start > products[0].start and products[-1].start > take.start for take in takes)
