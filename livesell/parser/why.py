"""Why a comment is read as it is: stable codes with data, which pages put into words.

code {code} · name {code} · which {codes} · unknown {text} · option {value} · quantity {n} · pinned {code} ·
word {word, role} · phone {}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from livesell.lexicon import BIT
from livesell.model import Code, Intent, Reading, Why, quantity_number
from livesell.parser.turns import Decision
from livesell.parser.view import View

CODES = ("code", "name", "which", "unknown", "option", "quantity", "pinned", "word", "phone")
"""Every code that a reading may give."""

SHOWN = (
    "cancel", "change", "instead", "replacing", "deny", "decline", "past", "said", "paid", "announce", "tell", "game",
    "spam", "question", "ask",
    "aside", "if", "request", "claim", "take", "add", "me", "not", "each", "all", "praise", "greeting",
)  # fmt: skip
"""Roles of words that are told, the most telling first."""

SHOWN_BITS = tuple((BIT[role], role) for role in SHOWN)
CHATTER = frozenset(
    (
        "past",
        "said",
        "paid",
        "announce",
        "tell",
        "game",
        "spam",
        "deny",
        "decline",
        "praise",
        "greeting",
        "not",
        "question",
        "ask",
        "aside",
    )
)


TOLD = 0
for _bit, _role in SHOWN_BITS:
    TOLD |= _bit


@lru_cache(maxsize=4096)
def role_told(roles: int, claims: bool) -> str:
    """The most telling role of a word, "" where none is told."""
    return next((role for bit, role in SHOWN_BITS if roles & bit and (claims or role in CHATTER)), "")


def reasons(view: View, decision: Decision, intent: Intent, pinned: Code | None) -> tuple[Why, ...]:
    """What a reading rests on, piece by piece, in the order of the comment."""
    found: list[Why] = []
    tokens = view.tokens
    claims = intent not in ("question", "other")
    for spot in view.spots:
        start, end = tokens[spot.start].start, tokens[spot.end - 1].end
        if spot.kind == "phone":
            found.append(Why("phone", {}, start, end))
        elif not claims:
            continue
        elif spot.kind == "product":
            if spot.which:
                found.append(Why("which", {"codes": tuple(spot.codes[:8])}, start, end))
            elif spot.by in ("code", "number"):
                found.append(Why("code", {"code": spot.codes[0]}, start, end))
            else:
                found.append(Why("name", {"code": spot.codes[0]}, start, end))
        elif spot.kind == "unknown":
            found.append(Why("unknown", {"text": view.said(spot.start, spot.end)}, start, end))
        elif spot.kind == "option":
            found.append(Why("option", {"value": spot.choices[0][1].value}, start, end))
        elif spot.kind == "quantity" and spot.number is not None:
            data: dict[str, str | int | tuple[str, ...]] = {"n": f"{spot.number.normalize():f}"}
            found.append(Why("quantity", data, start, end))
    for cue in view.cues:
        if cue.roles & TOLD:
            told = role_told(cue.roles, claims)
            if told:
                start, end = tokens[cue.start].start, tokens[cue.end - 1].end
                found.append(Why("word", {"word": view.text[start:end], "role": told}, start, end))
    if not claims and decision.name in ("machine", "mention"):
        found.append(Why("word", {"word": decision.name, "role": "announce"}))
    if len(found) > 1:
        found.sort(key=_place)
    if pinned is not None:
        found.append(Why("pinned", {"code": pinned}))
    return tuple(found)


def _place(why: Why) -> tuple[int, int]:
    return why.start, why.end


WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "code": "code {code}", "name": "name of {code}",
        "which": "could be {codes}",
        "unknown": "“{text}” is not in the catalog", "option": "{value}", "quantity": "×{n}",
        "pinned": "{code} is on show",
        "word": "“{word}”", "phone": "a phone number", "or": " or ",
    },
    "vi": {
        "code": "mã {code}", "name": "tên của {code}", "which": "có thể là {codes}",
        "unknown": "“{text}” không có trong hàng", "option": "{value}", "quantity": "×{n}",
        "pinned": "đang ghim {code}",
        "word": "“{word}”", "phone": "số điện thoại", "or": " hoặc ",
    },
    "bn": {
        "code": "কোড {code}", "name": "{code} এর নাম", "which": "হতে পারে {codes}",
        "unknown": "“{text}” তালিকায় নেই", "option": "{value}", "quantity": "×{n}",
        "pinned": "{code} দেখানো হচ্ছে",
        "word": "“{word}”", "phone": "ফোন নম্বর", "or": " বা ",
    },
}  # fmt: skip
"""A reading's reasons in the languages of the pages."""


def describe(reading: Reading, language: str = "en") -> str:
    """A reading's reasons in one line: mã A12 · ×2 · “chốt”."""
    words = WORDS.get(language, WORDS["en"])
    found: list[str] = []
    for why in reading.why:
        data = {
            key: words["or"].join(value) if isinstance(value, tuple) else str(value) for key, value in why.data.items()
        }
        text = words[why.code].format(**data)
        if text not in found:
            found.append(text)
    return " · ".join(found)


def summary(reading: Reading) -> str:
    """What is claimed, in one line."""
    lines: Sequence[str] = [
        f"{claim.code}{''.join(f' {value}' for value in claim.options.values())}"
        + (
            f" ×{'?' if claim.quantity is None else quantity_number(claim.quantity)}"
            if reading.intent != "cancel"
            else ""
        )
        for claim in reading.claims
    ]
    told: list[str] = [reading.intent, ", ".join(lines)] if lines else [reading.intent]
    if reading.replaces:
        told.append(
            "instead of "
            + ", ".join(
                f"{claim.code}{''.join(f' {value}' for value in claim.options.values())}" for claim in reading.replaces
            )
        )
    if reading.adds:
        told.append("on top")
    if reading.unknown:
        told.append("not in the catalog: " + ", ".join(reading.unknown))
    if reading.candidates:
        told.append("could be " + " or ".join(reading.candidates))
    if reading.phone:
        told.append(f"phone {reading.phone}")
    return " · ".join(told)
