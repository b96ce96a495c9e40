"""Words for values of options; which product they belong to is settled later."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from livesell.catalog.index import Index, Value
from livesell.model import Code
from livesell.parser.view import Spot, View, unit_at
from livesell.text import Token, marked


def options(view: View, index: Index, pinned: Code | None, *, sure: bool) -> None:
    """Words for values of options; which product they belong to is settled later.

    `sure` takes only values of the products named so far, or of the pinned one where none is.
    """
    tokens = view.tokens
    named = {code for spot in view.spots if spot.kind in ("product", "which") for code in spot.codes}
    if pinned is not None and not named:
        named = {pinned}
    at = 0
    while at < len(tokens):
        found = longest_value(view, index, at, named) if not view.taken[at] else []
        if found and tokens[at].kind == "number" and len(found[0].plain) == 1 and counted(view, at):
            found = []
        mine = [value for value in found if value.code in named]
        if not mine and named and not view.taken[at]:
            mine = near_values(index, tokens[at], named)
        short = tokens[at].kind == "number" or len(tokens[at].plain) < 3
        if mine or (found and not sure and not short):
            end = at + len((mine or found)[0].plain)
            view.take(Spot("option", at, end, values=tuple(mine or found), said=view.said(at, end)))
            at = end
        else:
            at += 1


def counted(view: View, at: int) -> bool:
    """True for a number with a sign before it or a unit behind it."""
    return unit_at(view, at + 1) is not None or (at > 0 and view.tokens[at - 1].text in ("+", "*", "x"))


def near_values(index: Index, token: Token, named: set[Code]) -> list[Value]:
    """Values of the named products that a word is one slip or ending away from."""
    word = token.plain
    if token.kind != "word" or len(word) < 3 or len(named) > 8:
        return []
    found: list[Value] = []
    for code in named:
        for value in index.chosen[code]:
            if len(value.plain) == 1 and len(value.plain[0]) > 3 and value.plain[0][0] == word[0]:
                near = OSA.distance(word, value.plain[0], score_cutoff=1) <= 1
                if near and value.option not in [one.option for one in found]:
                    found.append(value)
    return found


def longest_value(view: View, index: Index, at: int, named: set[Code]) -> list[Value]:
    """The values whose words stand at a token, the longest ones, those of the named products before others."""
    tokens = view.tokens
    best: list[Value] = []
    for value in index.values.get(tokens[at].plain, ()):
        end = at + len(value.plain)
        if end > len(tokens) or not view.free(at, end):
            continue
        if all(
            tokens[at + offset].plain == word
            and (not marked(tokens[at + offset]) or tokens[at + offset].text == value.text[offset])
            for offset, word in enumerate(value.plain)
        ):
            rank = (value.code in named, len(value.plain))
            held = (best[0].code in named, len(best[0].plain)) if best else (False, 0)
            if rank > held:
                best = []
            if rank >= held or not best:
                best.append(value)
    return best
