"""Comments that claim nothing whatever they say: text for machines, talk between viewers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from livesell.lexicon import (
    ANNOUNCE,
    CLAIM,
    DENY,
    ELSEWHERE,
    GAME,
    PERSON,
    SPAM,
    TAKE,
    TELL,
)  # fmt: skip
from livesell.parser.clauses import Clause
from livesell.parser.view import View

MACHINE = re.compile(
    r"<\s*/?\s*[a-z!][^>]*[>=(]|^\s*=\s*[a-z]+\s*[(|]|\b(?:javascript|data):|\bon\w+\s*=|https?:/|www\."
    r"|\{\{|\$\{|<%|\bdrop\s+table\b|\bdelete\s+from\b|\binsert\s+into\b|\bunion\s+(?:all\s+)?select\b"
    r"|\bselect\b.+\bfrom\b|\bor\s+['\"]?1['\"]?\s*=\s*['\"]?1|--\s*$|\.\./|\bsystem\s*(?:prompt|:)"
    r"|\bignore\s+(?:all|any|the|previous|prior|your)\b|\bprevious\s+instructions\b|\{\s*\"\w+\"\s*:|\bas an ai\b"
    r"|^\s*(?:assistant|chatgpt|gpt|ai|bot|system|livesell)\s*[,:]|^\s*[=+@-]\s*cmd\b|%0a|\\x[0-9a-f]{2}|\brm\s+-rf\b|\[system\]|\bassistant\s*:",
    re.IGNORECASE | re.MULTILINE,
)
"""What programs and spreadsheets would act on."""

CHATTER = SPAM | GAME | ANNOUNCE | DENY | TELL | ELSEWHERE
"""Roles of words after which a comment claims nothing, unless another clause does so plainly."""

SUSPECT = frozenset("<={}[%/-+@|")
PROGRAM_WORDS = frozenset(
    (
        "ignore", "system", "instructions", "assistant", "drop", "delete", "select", "union", "insert", "www", "ai",
        "rm", "javascript", "data", "bot", "gpt", "chatgpt", "livesell",
    )
)  # fmt: skip
"""Signs and words without which no comment is looked at closer."""


def for_machines(view: View) -> bool:
    """True for text that is meant for a program, not for the seller."""
    if (
        PROGRAM_WORDS.isdisjoint(view.words)
        and ("sign" not in view.kinds or SUSPECT.isdisjoint(view.text))
        and "\\" not in view.text
    ):
        return False
    return MACHINE.search(view.text) is not None


def called(view: View, clauses: Sequence[Clause]) -> bool:
    """True where a comment begins with a name that nobody knows and bids it take something: "Tara get the T8"."""
    if view.size < 3 or view.ordinary[0] or view.owner[0] is not None or not view.roles & TAKE or not clauses:
        return False
    if view.kinds[0] != "word":
        return False
    typed = view.said(0, 1)
    cues = [cue for cue in clauses[0].cues if cue.start <= 2]
    if cues and cues[0].start == 1 and cues[0].roles & PERSON and not cues[0].roles & TAKE and cues[0].end == 2:
        del cues[0]
    verb = cues[0] if cues and cues[0].start in (1, 2) else None
    return (
        typed[0].isupper()
        and not typed.isupper()
        and verb is not None
        and bool(verb.roles & TAKE)
        and not verb.roles & (CLAIM | PERSON)
        and not verb.phrase.marked
        and not verb.phrase.verbs_last
    )


def to_seller(view: View) -> bool:
    return any(
        match.roles & PERSON and match.start == 1 and view.words[1] in ("shop", "host", "admin", "seller")
        for match in view.cues
    )
