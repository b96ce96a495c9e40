"""The two sides of a change: what is given up and what is wanted instead.

| what says it | given up | wanted |
| --- | --- | --- |
| "instead of", "not" before a thing | the thing behind it | the rest |
| "not" behind a thing (as in Hindi) | what stands before it | what stands behind |
| "I had said" beside a thing | that thing | the rest |
| "to", "into", "the place of" | what stands before it | what stands behind |
| a second product, value or quantity | the first | the second |
"""

from __future__ import annotations

from collections.abc import Sequence

from livesell.parser.intent import Weighed
from livesell.parser.slots import NAMED
from livesell.parser.view import Spot

THINGS = (*NAMED, "option", "quantity")


def sides(parts: Sequence[Weighed]) -> tuple[list[Spot], list[Spot]]:
    """What is given up, and what is wanted; the first is empty where only what is wanted is said."""
    spots = sorted(
        (spot for one in parts for spot in one.clause.spots if spot.kind in THINGS), key=lambda one: one.start
    )
    cues = [match for one in parts for match in one.clause.cues]
    for match in cues:
        before = [spot for spot in spots if spot.end <= match.start]
        after = [spot for spot in spots if spot.start >= match.start]
        if "to" in match.roles and named(before) and named(after):
            return before, after
    for match in cues:
        before = [spot for spot in spots if spot.end <= match.start]
        after = [spot for spot in spots if spot.start >= match.start]
        if "instead" in match.roles and after:
            return refused(before, after)
        if match.roles & {"not", "denied"} and not match.roles & {"cancel", "change"}:
            if "denied" in match.roles and before and after and comparable(before, after):
                return before, after
            if "not" in match.roles and after and comparable(before, after):
                return refused(before, after)
    for match in cues:
        if "past" in match.roles:
            told = [spot for spot in spots if 0 <= match.start - spot.end <= 1]
            told = told or [spot for spot in spots if 0 <= spot.start - match.end <= 1]
            rest = [spot for spot in spots if spot not in told]
            if comparable(told, rest):
                return told, rest
    for match in cues:
        if "to" in match.roles or match.roles & {"change"}:
            before = [spot for spot in spots if spot.end <= match.start]
            after = [spot for spot in spots if spot.start >= match.start]
            if before and after and ("to" in match.roles or comparable(before, after)):
                return before, after
    return twice(spots)


def named(spots: Sequence[Spot]) -> bool:
    """True where a product is among them."""
    return any(spot.kind in NAMED for spot in spots)


def refused(before: Sequence[Spot], after: Sequence[Spot]) -> tuple[list[Spot], list[Spot]]:
    """ "A2 instead of A1", "instead of A1 I take A2": the thing right behind the word is given up."""
    if before:
        return list(after), list(before)
    kind = after[0].kind
    place = next((at for at, spot in enumerate(after) if at and same_kind(spot, after[0])), len(after))
    if place == len(after) and kind in NAMED:
        return list(after[:1]), list(after[1:])
    return list(after[:place]), list(after[place:])


def comparable(before: Sequence[Spot], after: Sequence[Spot]) -> bool:
    """True where both sides have a thing of one kind: two sizes, two quantities, two products."""
    return any(same_kind(one, other) for one in before for other in after)


def same_kind(one: Spot, other: Spot) -> bool:
    """True for two products, two quantities, two values of one option."""
    if one.kind in NAMED and other.kind in NAMED:
        return True
    if one.kind == "quantity" == other.kind:
        return True
    if one.kind == "option" == other.kind:
        return bool({value.option for value in one.values} & {value.option for value in other.values})
    return False


def twice(spots: Sequence[Spot]) -> tuple[list[Spot], list[Spot]]:
    """The first of two things of a kind is given up; what belongs to neither goes with both."""
    for at, spot in enumerate(spots):
        earlier = [one for one in spots[:at] if same_kind(one, spot)]
        if earlier:
            product = [one for one in spots[:at] if one.kind in NAMED]
            if spot.kind in NAMED:
                return list(spots[:at]), list(spots[at:])
            return list(spots[:at]), [*product[-1:], *spots[at:]]
    return [], list(spots)
