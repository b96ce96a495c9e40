"""Words for values of options, of the products that the comment names or of the pinned one."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from livesell.catalog.index import VALUE, Choice
from livesell.lexicon import ARTICLE, CLAIM, CODE, FOR, PLACE, TO
from livesell.model import Code
from livesell.parser.view import Spot, View

MOST = 12
"""Products that a comment may mean and whose options are looked at."""

SIZES = {
    "small": "s", "medium": "m", "large": "l", "xlarge": "xl", "xsmall": "xs", "smol": "s",
    "xxl": "2xl", "xxxl": "3xl", "xxxxl": "4xl", "2xl": "xxl", "3xl": "xxxl", "4xl": "xxxxl",
}  # fmt: skip
"""Sizes that are written in two ways."""


def relevant(view: View) -> list[Code]:
    """The products that the comment is about: those named, else the pinned one."""
    found: dict[Code, None] = {}
    for spot in view.spots:
        if spot.kind == "product":
            for code in spot.codes:
                found[code] = None
    if view.pinned is not None and all(spot.by == "part" for spot in view.spots if spot.kind == "product"):
        found[view.pinned] = None
    if not view.numeric:
        return list(found)[:MOST]
    if view.index.plain_numbers:
        for token in view.tokens:
            if token.kind == "number" and token.text.isdecimal():
                for code in view.index.codes.get(token.text.lstrip("0") or "0", ()):
                    found[code] = None
    else:
        for at, token in enumerate(view.tokens):
            if (
                token.kind == "number"
                and at
                and view.owner[at] is None
                and view.role_before(at, CODE | ARTICLE) is not None
            ):
                for code in view.index.tails.get(token.text.lstrip("0") or "0", ()):
                    found[code] = None
    return list(found)[:MOST]


def options(view: View) -> None:
    """Every word for a value; sizes that are plain numbers need more context (numbers.py)."""
    index = view.index
    table: dict[str, list[tuple[Code, Choice]]] = {}
    meant = relevant(view)
    if len(meant) == 1:
        table = index.shelves[meant[0]].values
    else:
        for code in meant:
            for first, choices in index.shelves[code].values.items():
                table[first] = [*table[first], *choices] if first in table else choices
    if not table and not view.bits & VALUE:
        return
    sure: set[Code | None] = {code for spot in view.spots if spot.kind == "product" for code in spot.codes}
    sure = sure or {view.pinned}
    headings = {word for code in (sure if table else ()) if code for word in index.shelves[code].headings}
    if table:
        _prefer(view, table)
    _values(view, table, sure, headings)
    view.sort()


def _values(
    view: View,
    table: dict[str, list[tuple[Code, Choice]]],
    sure: set[Code | None],
    headings: set[str],
) -> None:
    index, words = view.index, view.words
    at = 0
    while at < view.size:
        if view.owner[at] is not None or view.tokens[at].kind == "sign":
            at += 1
            continue
        if not table:
            length = foreign(view, at) if words[at] in index.value_firsts and view.tokens[at].kind == "word" else 0
            if length:
                view.take(Spot("foreign", at, at + length))
            at += length or 1
            continue
        found = longest(view, table.get(words[at], ()), at) if table else []
        if not found and table and words[at] in SIZES and SIZES[words[at]] in table:
            found = [(code, choice) for code, choice in table[SIZES[words[at]]] if len(choice.plain) == 1]
        if not found and table and view.tokens[at].kind == "number":
            found = _two(view, table, at)
        if not found and table and at not in view.at:
            found = ended(view, table, at)
        if (
            table
            and len(words[at]) >= 3
            and view.tokens[at].kind == "word"
            and not any(code in sure for code, _ in found)
            and (found or at not in view.at)
        ):
            near = slipped(table, words[at])
            if found:
                near = [(code, choice) for code, choice in near if code in sure and len(found[0][1].plain) == 1]
            found = [*found, *near]
        if found:
            length = len(found[0][1].plain) if words[at] == found[0][1].plain[0] else 1
            if view.tokens[at].kind == "number" and length == 1:
                length = 2
            letter = length == 1 and len(words[at]) == 1
            if not (letter and (inside_claim(view, at) or (view.role(at + 1, PLACE) and view.role(at, TO | FOR)))):
                view.take(Spot("option", at, at + length, choices=tuple(found)))
            at += length
            continue
        if view.tokens[at].kind == "word":
            length = foreign(view, at) or (1 if words[at] in headings and not view.ordinary[at] else 0)
            if length:
                view.take(Spot("foreign", at, at + length))
                at += length
                continue
        at += 1


def _prefer(view: View, table: dict[str, list[tuple[Code, Choice]]]) -> None:
    """A word that is a part of one product's name and a value of another product that is meant is the value."""
    products = [spot for spot in view.spots if spot.kind == "product"]
    for spot in [spot for spot in products if spot.by == "part"]:
        view.drop(spot)
        named = {code for other in products if other is not spot and other.start < spot.start for code in other.codes}
        for start in range(max(0, spot.start - 3), spot.start + 1):
            word = view.words[start]
            exact = table.get(word)
            near = exact or (slipped(table, word) if start == spot.start and spot.end == start + 1 else ())
            choices = [(code, choice) for code, choice in near if code not in spot.codes or code in named]
            if view.owner[start] is not None:
                choices = []
            found = longest(view, choices, start) if exact else choices
            if found and start + len(found[0][1].plain) >= spot.end:
                break
        else:
            view.take(spot)


def longest(view: View, choices: list[tuple[Code, Choice]] | tuple[()], at: int) -> list[tuple[Code, Choice]]:
    """The values whose words stand at a token, the longest ones."""
    best: list[tuple[Code, Choice]] = []
    for code, choice in choices:
        size = len(choice.plain)
        end = at + size
        if (
            (best and size < len(best[0][1].plain))
            or end > view.size
            or (size == 1 and view.tokens[at].kind == "number")
        ):
            continue
        for offset, word in enumerate(choice.plain):
            token = view.tokens[at + offset]
            if token.plain != word or view.owner[at + offset] is not None:
                break
            if token.marks and choice.marks[offset] and token.marks != choice.marks[offset]:
                break
            if (
                offset
                and choice.glued[offset]
                and not token.glued
                and choice.plain[offset - 1].isdecimal()
                and word.strip("x") in ("s", "m", "l")
            ):
                break
        else:
            if best and size > len(best[0][1].plain):
                best = []
            best.append((code, choice))
    return best


def _two(view: View, table: dict[str, list[tuple[Code, Choice]]], at: int) -> list[tuple[Code, Choice]]:
    """ "2XL" typed where the catalog says XXL."""
    if at + 1 >= view.size or not view.tokens[at + 1].glued or view.owner[at + 1] is not None:
        return []
    other = SIZES.get(view.words[at] + view.words[at + 1])
    return [(code, choice) for code, choice in table.get(other or "", ()) if len(choice.plain) == 1]


def ended(view: View, table: dict[str, list[tuple[Code, Choice]]], at: int) -> list[tuple[Code, Choice]]:
    """The values of one word whose word carries an ending of the language: lalta is lal + ta."""
    word = view.words[at]
    for ending in view.lexicon.endings:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            found = [(code, choice) for code, choice in table.get(stem, ()) if len(choice.plain) == 1]
            if found:
                return found
    return []


def slipped(table: dict[str, list[tuple[Code, Choice]]], word: str) -> list[tuple[Code, Choice]]:
    """Values one slip away from a word that nobody knows; endings of number and gender count as one."""
    for first, choices in table.items():
        if len(first) < 3 or first[0] != word[0] or first.isdecimal() or (len(word) < 4 and len(first) < 4):
            continue
        stem, other = word.rstrip("s"), first.rstrip("s")
        if (OSA.distance(word, first, score_cutoff=1) <= 1 and (len(first) >= 4 or word[-1] == first[-1])) or (
            len(stem) >= 4 and len(stem) == len(other) and stem[:-1] == other[:-1] and stem[-1] in "aoe"
        ):
            found = [(code, choice) for code, choice in choices if len(choice.plain) == 1]
            if found:
                return found
    return []


def inside_claim(view: View, at: int) -> bool:
    """True for a single letter that begins a phrase of several words: "m lấy"."""
    return any(match.end > at + 1 and match.roles & CLAIM for match in view.at.get(at, ()))


def foreign(view: View, at: int) -> int:
    """How many tokens from here are a value of some product that is not meant, 0 for none."""
    values = view.index.values
    if view.ordinary[at]:
        return 0
    if at + 1 < view.size and view.free(at, at + 2) and view.words[at] + " " + view.words[at + 1] in values:
        return 2
    word = view.words[at]
    if word in values and (len(word) > 1 or not word.isascii()) and not view.at.get(at):
        return 1
    return 0
