"""Codes however typed: exact, without zeros, look-alikes, spaced, spelt in another script, or plain numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from livesell.catalog.index import Index, look_key, spelt
from livesell.lexicon import Match
from livesell.model import Code
from livesell.parser.view import Spot, View, cue_before, narrowed, spot_at, unit_at
from livesell.text import Token


def codes(view: View, index: Index, pinned: Code | None) -> None:
    """Codes however typed: exact, without zeros, look-alikes, spaced, spelt in another script; the longest wins."""
    at = 0
    while at < len(view.tokens):
        if view.taken[at]:
            at += 1
            continue
        spot = code_at(view, index, pinned, at)
        if spot is not None:
            view.take(spot)
            at = spot.end
        else:
            at += 1


def code_at(view: View, index: Index, pinned: Code | None, at: int) -> Spot | None:
    """The code that begins at a token."""
    tokens = view.tokens
    first = tokens[at]
    if first.kind == "sign":
        return None
    letters = spelt_letters(view, at)
    if letters is None and not index.may_begin(first.plain):
        return unknown_code(view, index, at)
    best: Spot | None = None
    starts = [(at, "")]
    if letters is not None:
        starts.append(letters)
    for begin, head in starts:
        for end in range(begin + (0 if head else 1), min(begin + index.longest_code + 3, len(tokens)) + 1):
            if end <= at or not view.free(at, end) or not joins(tokens, max(at, begin - 1), end):
                continue
            key = head + spelt(tokens[begin:end])
            if head:
                key = spelt_key(key)
            if not key or key.isdecimal() or not complete(tokens, end):
                continue
            found = index.codes.get(key)
            quality = 1.0
            if found is None and view.typed[tokens[at].start : tokens[end - 1].end].isascii():
                found = index.looks.get(look_key(key))
                quality = 0.9
                capital = view.typed[tokens[end - 1].end - 1].isupper() and not view.by_start.get(at)
                if found is not None and not looks_allowed(key, found, capital=capital):
                    found = None
            if found:
                spot = Spot("product", at, end, tuple(found), quality=quality)
                if best is None or end > best.end:
                    best = spot
    if best is not None:
        best.codes = narrowed(best.codes, pinned)
        return best if letters_fit(view, best) else None
    return unknown_code(view, index, at)


def looks_allowed(key: str, found: Mapping[Code, None], *, capital: bool) -> bool:
    """Look-alikes count in what looks like a code: "to", "ill" and "10" are words and numbers of their own.

    Letters alone count where they end in a capital and are no word: "SKI" for SK1, "PlO" for P10.
    """
    if not any(letter.isdecimal() for letter in key):
        return capital and len(key) < 5 and all(code[:1].upper() == key[:1] for code in found)
    letters = sum(letter.isalpha() for letter in key)
    return bool(found) and 0 < letters <= (len(key) - letters) + max(len(code.rstrip("0123456789")) for code in found)


def joins(tokens: Sequence[Token], start: int, end: int) -> bool:
    """True where tokens can be one code: letters and digits, glued or with one space or hyphen-like sign between."""
    for at in range(start + 1, end):
        token = tokens[at]
        if token.kind == "sign":
            if token.text not in "-._#~/" or at + 1 >= end:
                return False
        elif token.kind == tokens[at - 1].kind and not token.glued:
            return False
    return tokens[end - 1].kind != "sign"


def complete(tokens: Sequence[Token], end: int) -> bool:
    """False where a number goes on behind the code: "A1.5"."""
    return end >= len(tokens) or not (tokens[end].glued and tokens[end].kind == "number" == tokens[end - 1].kind)


def letters_fit(view: View, spot: Spot) -> bool:
    """A code that is an ordinary word ("an", "so") counts only typed in capitals or beside a word for codes."""
    words = view.tokens[spot.start : spot.end]
    if any(token.kind == "number" for token in words):
        return True
    return not any(match.end == spot.end and match.roles for match in view.by_start.get(spot.start, ()))


def spelt_letters(view: View, at: int) -> tuple[int, str] | None:
    """Letters spelt by their names in another script: where they end, and what they are."""
    head, here = "", at
    while True:
        if here in view.spelt and view.free(here, here + 1):
            head += view.spelt[here]
            here += 1
            continue
        match = next(
            (one for one in view.by_start.get(here, ()) if one.phrase.letter and view.free(here, one.end)), None
        )
        if match is None:
            break
        head += match.phrase.letter
        here = match.end
    return (here, head) if head else None


def spelt_key(key: str) -> str:
    """A key of letters and digits with leading zeros gone."""
    return "".join(
        piece.lstrip("0") or "0" if piece.isdecimal() else piece for piece in re.findall(r"[A-Z]+|\d+|[^A-Z\d]+", key)
    )


def unknown_code(view: View, index: Index, at: int) -> Spot | None:
    """What is shaped like the catalog's codes but is none of them."""
    tokens = view.tokens
    first = tokens[at]
    if first.kind != "word" or not first.text.isascii() or len(first.text) > 3 or at + 1 >= len(tokens):
        return None
    if at and first.glued and tokens[at - 1].kind == "number":
        return None  # "1kg5", "4m5"
    second = tokens[at + 1]
    if second.kind != "number" or not second.text.isdecimal() or not view.free(at, at + 2):
        return None
    known_prefix = first.plain.upper() in index.prefixes
    typed_as_code = second.glued and (len(first.text) <= 2 and index.letters_in_codes > 0)
    follows = tokens[at + 2] if at + 2 < len(tokens) else None
    if follows is not None and follows.glued and follows.kind == "word" and not known_prefix:
        return None
    if first.plain in ("x", "k", "m", "s", "l", "sl", "c", "e", "h", "xl", "t") and not known_prefix:
        return None
    if known_prefix and (second.glued or len(first.text) > 1):
        return Spot("unknown", at, at + 2, said=view.said(at, at + 2))
    if typed_as_code and not view.roles(at):
        return Spot("unknown", at, at + 2, said=view.said(at, at + 2))
    return None


def numeric_codes(view: View, index: Index, pinned: Code | None) -> None:
    """Codes that are plain numbers, and numbers that a word such as "mã" makes the end of a code."""
    tokens = view.tokens
    for at, token in enumerate(tokens):
        if token.kind != "number" or view.taken[at] or not token.text.isdecimal():
            continue
        key = token.text.lstrip("0") or "0"
        marked_start = code_word(view, at)
        sized = is_size(view, index, at, key, pinned)
        found = index.codes.get(key) or (index.tails.get(key) if marked_start is not None else None)
        if marked_start is not None and (sized != "no" or unit_at(view, at + 1) is not None):
            marked_start = None
        if sized == "surely":
            continue
        if found and (marked_start is not None or stands_as_code(view, index, at, found)):
            codes = narrowed(tuple(found), pinned)
            start = at if marked_start is None else marked_start
            view.take(Spot("product", start, at + 1, codes, by="number"))
        elif found is None and marked_start is not None and surely_code(view, marked_start, at):
            view.take(Spot("unknown", marked_start, at + 1, said=token.text))
        elif (
            found is None
            and sized == "no"
            and len(key) < 5
            and index.plain_numbers
            and unit_at(view, at + 1) is None
            and cue_before(view, at, CLAIMING if len(key) > 1 else frozenset({"claim"}))
            and (at + 1 >= len(tokens) or tokens[at + 1].kind == "word" or tokens[at + 1].text in ".!,")
        ):
            view.take(Spot("unknown", at, at + 1, said=token.text))


CLAIMING = frozenset({"claim", "cancel", "change", "to", "instead"})


def surely_code(view: View, start: int, at: int) -> bool:
    """True where the word before a number is made for codes: more than an article."""
    return at - start > 1 or len(view.tokens[start].plain) > 3 or view.tokens[start].text == "#"


def is_size(view: View, index: Index, at: int, key: str, pinned: Code | None) -> Literal["no", "maybe", "surely"]:
    """Whether a number is a value of an option of a product named before it, or of the pinned one."""
    values = {value.code for value in index.values.get(key, ())}
    if not values:
        return "no"
    if any(spot.kind == "product" and spot.end <= at and values & set(spot.codes) for spot in view.spots):
        return "surely"
    if any("size" in match.roles for match in view.by_end.get(at, ())):
        return "surely"
    return "maybe" if pinned in values else "no"


def code_word(view: View, at: int) -> int | None:
    """Where a word that makes the number behind it a code begins: mã 12, code 12, #12, no. 12."""
    before = at - 1
    if before >= 0 and view.tokens[before].text in (".", ":"):
        before -= 1
    if before >= 0 and view.tokens[before].text == "#" and not view.taken[before]:
        return before
    for match in view.by_end.get(before + 1, ()):
        if "code" in match.roles and view.free(match.start, at):
            return match.start
    return None


def stands_as_code(view: View, index: Index, at: int, found: Mapping[Code, None]) -> bool:
    """Whether a number that is a code means it: not behind a sign, a product or an option, not before a unit."""
    tokens = view.tokens
    exact = any(code == tokens[at].text for code in found)
    if at and tokens[at - 1].text in ("+", "x", "*", "=", "/", "-", ":") and tokens[at - 1].glued | (at == 1):
        return False
    if at and any(match.roles & {"times", "place"} for match in view.by_end.get(at, ())):
        return False
    behind = tokens[at + 1] if at + 1 < len(tokens) else None
    if behind is not None:
        if unit_at(view, at + 1) is not None or (behind.text in "/%:" and behind.glued):
            return False
        if behind.plain == "x" and behind.glued and at + 2 >= len(tokens):
            return False
        if any(measures(view, match) for match in view.by_start.get(at + 1, ())):
            return False
        if view.taken[at + 1] and spot_at(view, at + 1).kind == "product":
            return False
    if (
        exact
        and index.plain_numbers
        and any(match.roles & {"to", "instead", "change"} for match in view.by_end.get(at, ()))
    ):
        return True
    if (
        exact
        and index.plain_numbers
        and len(tokens[at].text) > 1
        and any("each" in match.roles for match in view.matches)
    ):
        return at == 0 or (view.taken[at - 1] and spot_at(view, at - 1).by == "number") or not view.taken[at - 1]
    before = at - 1
    while before >= 0:
        if tokens[before].kind == "sign" and tokens[before].text in ",;+/&\n!.":
            break
        if before in view.joins:
            break
        if view.taken[before]:
            spot = spot_at(view, before)
            if spot.kind in ("product", "option", "which", "unknown"):
                # A row of padded codes ("01 03 09"), or the same code again.
                again = spot.by == "number" and before == at - 1 and tokens[at].text == tokens[before].text
                return again or (exact and tokens[at].text[0] == "0")
            break
        before -= 1
    if not exact and not (index.plain_numbers and len(tokens[at].text) > 1):
        return False
    return index.plain_numbers or cue_before(view, at, CLAIMING) or len(tokens) == 1


def measures(view: View, match: Match) -> bool:
    """True for a word that makes the number before it a measure or a price; "size 28" speaks of the 28."""
    after = view.tokens[match.end] if match.end < len(view.tokens) else None
    if len(match.phrase.plain[0]) < 2 or (after is not None and after.kind == "number" and "size" in match.roles):
        return False
    return bool(match.roles & {"size", "money", "dozen"})
