"""Words that stand where a product's name stands and are none of the catalog's."""

from __future__ import annotations

from livesell.lexicon import (
    ADD,
    AND,
    ANNOUNCE,
    ARTICLE,
    ASIDE,
    BODY,
    CLAIM,
    FILLER,
    FOR,
    GAME,
    GREETING,
    PERSON,
    PHONE,
    PLACE,
    SPAM,
    TAKE,
)  # fmt: skip
from livesell.parser.view import BREAKS, Spot, View, unit_at
from livesell.text import stands_alone

LINKS = FILLER | ARTICLE
OBJECTS = CLAIM | TAKE | ADD


def unknown(view: View) -> None:
    """Mark what is asked for and not in the catalog, in every stretch between commas that names no product."""
    for spot in view.spots:
        if (
            spot.kind == "product"
            and spot.by == "part"
            and view.words[spot.start][0] >= "\u0e00"
            and spot.quality < 0.95
        ):
            end = spot.end
            while (
                end < view.size
                and view.owner[end] is None
                and (not view.ordinary[end] or _mere_unit(view, end))
                and view.tokens[end].kind == "word"
                and view.tokens[end].glued
            ):
                end += 1
            behind = "".join(view.words[spot.end : end])
            headed = any(
                behind.startswith(word) or word.startswith(behind)
                for code in spot.codes
                for word in view.index.shelves[code].headings
            )
            if not (behind and headed) and end - spot.end >= (3 if view.words[spot.start][0] < "\u3000" else 2):
                # The word goes on: a longer name that nobody knows.
                spot.kind = "unknown"
    _other_heads(view)
    owner, ordinary = view.owner, view.ordinary
    if not view.roles & OBJECTS and not any(spot.kind == "quantity" for spot in view.spots):
        return
    for at, token in enumerate(view.tokens):
        if owner[at] is None and not ordinary[at] and token.kind == "word":
            break
    else:
        return
    start = 0
    for at in range(view.size + 1):
        if at == view.size or _divides(view, at):
            if at > start:
                _stretch(view, start, at)
            start = at + 1
    view.sort()


def _mere_unit(view: View, at: int) -> bool:
    """True for the letters of a unit that counts nothing, because another unit does: "กล้วยไม้ 2 ต้น"."""
    match = unit_at(view, at) or next(
        (one for start in range(max(0, at - 3), at) for one in view.at.get(start, ()) if one.end > at), None
    )
    if match is None or match.roles or match.phrase.unit is None:
        return False
    end = match.end
    return end + 1 < view.size and view.kinds[end] == "number" and unit_at(view, end + 1) is not None


def _other_heads(view: View) -> None:
    """A strange word before what is only the rest of a name is another thing: "ghế ăn dặm", "laserdisc player"."""
    for spot in view.spots:
        at = spot.start - 1
        if spot.kind != "product" or spot.by != "part" or at < 0 or view.owner[at] is not None or view.ordinary[at]:
            continue
        token = view.tokens[at]
        if token.kind != "word" or token.glued or len(token.plain) < 2 or stands_alone(token.plain[0]):
            continue
        words = set(view.words[spot.start : spot.end])
        names = [name for code in spot.codes for name in view.index.shelves[code].names if words <= set(name.plain)]
        if names and not any(name.plain[0] in words or shortens(token.plain, name.plain[0]) for name in names):
            spot.kind, spot.by, spot.start = "unknown", "name", at
            view.owner[at] = spot


def shortens(word: str, whole: str) -> bool:
    """True for a word that is another without some letters: "udg" for udang."""
    if len(word) >= len(whole) or len(word) < 2 or word[0] != whole[0] or word[-1] != whole[-1]:
        return False
    letters = iter(whole)
    return all(letter in letters for letter in word)


def _divides(view: View, at: int) -> bool:
    token = view.tokens[at]
    if token.kind == "sign":
        return view.owner[at] is None and (token.text in BREAKS or token.text in ",/|+&")
    match = view.role(at, AND)
    return (
        match is not None
        and match.end - match.start == 1
        and view.owner[at] is None
        and not match.roles & (CLAIM | TAKE)
    )


def _stretch(view: View, start: int, end: int) -> None:
    roles = 0
    aims: list[int] = []
    sent = any(spot.kind == "product" for spot in view.spots) and not any(
        spot.kind == "quantity" and start <= spot.start < end for spot in view.spots
    )
    for at in range(start if sent else start + 1, end):
        # What a question about shipping is about is no product, nor is where goods go: "T5 2, ship Đà Lạt".
        if view.owner[at] is None and view.role(at, ASIDE) is not None:
            end = at
            break
        whom = view.role(at, FOR) if view.owner[at] is None else None
        if whom is not None and not whom.phrase.verbs_last:
            end = at
            break
        if whom is not None:
            place = at - 1
            while place >= start and at - place <= 2 and view.owner[place] is None and not view.ordinary[place]:
                aims.append(place)
                place -= 1
    meant = [False] * (end - start)
    for at in aims:
        if at < end:
            meant[at - start] = True
    for at in range(start, end):
        if view.owner[at] is not None:
            if view.owner[at].kind in ("product", "unknown"):  # type: ignore[union-attr]
                return
            meant[at - start] = True
        for match in view.at.get(at, ()):
            roles |= match.roles
            for place in range(match.start, min(match.end, end)):
                meant[place - start] = True
    if roles & (PLACE | PHONE | GAME | SPAM | ANNOUNCE):
        return
    at = start
    while at < end:
        if meant[at - start] or view.tokens[at].kind != "word":
            at += 1
            continue
        stop = at
        while stop < end and not meant[stop - start] and view.tokens[stop].kind == "word":
            stop += 1
        if _long_enough(view, at, stop) and (_behind(view, at, start) or _before(view, stop, end)):
            view.take(Spot("unknown", at, stop, by="name"))
            return
        at = stop


def _long_enough(view: View, start: int, end: int) -> bool:
    letters = sum(len(view.words[at]) for at in range(start, end))
    return letters >= (3 if view.words[start].isascii() or view.words[start][0] < "\u0300" else 2)


def _behind(view: View, at: int, start: int) -> bool:
    """True right behind a verb that takes, or a quantity with or without a unit."""
    place = at
    for _ in range(3):
        place -= 1
        if place < start:
            return False
        owner = view.owner[place]
        if owner is not None:
            return owner.kind == "quantity" and not owner.plus
        matches = [
            match
            for begin in range(max(start, place - 4), place + 1)
            for match in view.at.get(begin, ())
            if match.end == place + 1
        ]
        if any(match.roles & OBJECTS for match in matches):
            return True
        if not any(match.roles & (LINKS | PERSON) for match in matches):
            return False
    return False


def _before(view: View, at: int, end: int) -> bool:
    """True right before a quantity with a unit, or a verb that takes where verbs stand last."""
    for _ in range(4):
        if at >= end:
            return False
        owner = view.owner[at]
        if owner is not None and owner.kind == "size":
            at = owner.end
            continue
        if owner is not None:
            return owner.kind == "quantity" and not owner.plus and (owner.unit is not None or owner.times or owner.bare)
        matches = view.at.get(at, ())
        if any(match.roles & CLAIM and match.phrase.verbs_last for match in matches):
            return True
        if not any(match.roles & (LINKS | BODY) for match in matches) or any(
            match.roles & (GREETING | CLAIM | ADD) for match in matches
        ):
            return False
        at += 1
    return False
