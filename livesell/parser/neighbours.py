"""Parts of names beside each other and beside words that nobody knows."""

from __future__ import annotations

import itertools

from rapidfuzz import fuzz

from livesell.lexicon import (
    AND,
)  # fmt: skip
from livesell.parser.codes import decided
from livesell.parser.view import Spot, View
from livesell.text import Token


def settle(view: View, ordinary: list[bool]) -> None:
    """Parts of names that stand beside each other, or beside words nobody knows, name something else."""
    view.sort()
    spots = [spot for spot in view.spots if spot.kind == "product"]
    for spot in spots:
        if spot.which and spot.by == "part" and len(spot.codes) <= 12:
            nearest(view, spot, ordinary)
    for one, other in itertools.pairwise(spots):
        near = (
            other.start - one.end <= 1
            and all(
                view.kinds[at] == "word" and (ordinary[at] or len(view.words[at]) <= 2)
                for at in range(one.end, other.start)
            )
            and not view.separated(one.end, other.start)
            and not _joined(view, one.end, other.start)
        )
        if not near or one.by in ("code", "number") or other.by in ("code", "number"):
            continue
        if one not in view.spots or other not in view.spots:
            continue
        if "part" in (one.by, other.by) and _merged(view, one, other):
            continue
        if one.by == "part" and other.by == "part" and one in view.spots and other in view.spots:
            shared = tuple(code for code in one.codes if code in other.codes)
            if shared:
                view.drop(other)
                one.codes, one.end = decided(shared, view.pinned), other.end
                for at in range(one.start, one.end):
                    view.owner[at] = one
            elif one.which and other.which:
                view.drop(other)
        elif one.by == "part" and one.which and one in view.spots:
            view.drop(one)
        elif other.by == "part" and other.which and other in view.spots:
            view.drop(other)


def _merged(view: View, one: Spot, other: Spot) -> bool:
    """Two neighbours whose words all stand in one name of the product that a part names are one: "gurmet tuyo"."""
    part, rest = (one, other) if one.by == "part" else (other, one)
    words = [view.words[at] for at in range(rest.start, rest.end)]
    codes = [
        code
        for code in part.codes
        if any(all(word in name.plain for word in words) for name in view.index.shelves[code].names)
    ]
    if not codes or part.quality < 0.4:
        return False
    view.drop(other)
    one.codes, one.by, one.quality = decided(tuple(codes), view.pinned), "part", part.quality
    one.end = other.end
    for at in range(one.start, one.end):
        view.owner[at] = one
    return True


def nearest(view: View, spot: Spot, ordinary: list[bool]) -> None:
    """Of several products that a word could mean, the one whose name is like the words around it."""
    start, end = spot.start, spot.end
    if strange(view, start - 1, ordinary) and not view.tokens[start - 1].marks:
        start -= 1
    elif strange(view, end, ordinary):
        end += 1
    else:
        return
    said = " ".join(view.words[start:end])
    scores = sorted(
        (
            (max(fuzz.ratio(said, " ".join(name.plain)) for name in view.index.shelves[code].names), code)
            for code in spot.codes
        ),
        reverse=True,
    )
    if scores[0][0] >= 72 and scores[0][0] - scores[1][0] >= 12:
        spot.codes, spot.quality = (scores[0][1],), 0.6
        for at in range(start, end):
            view.owner[at] = spot
        spot.start, spot.end = start, end


def _joined(view: View, start: int, end: int) -> bool:
    return any(view.role(at, AND) is not None for at in range(start, end))


def strange(view: View, at: int, ordinary: list[bool]) -> bool:
    """True for a word that nobody knows."""
    if not 0 <= at < view.size or view.owner[at] is not None:
        return False
    token: Token = view.tokens[at]
    return token.kind == "word" and not ordinary[at] and len(token.text) >= 2
