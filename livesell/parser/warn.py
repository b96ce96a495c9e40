"""What viewers may mix up in a catalog, told to the seller before the show."""

from __future__ import annotations

from typing import Literal

from livesell.catalog.index import Index
from livesell.model import Code, Struct
from livesell.text import stands_alone

MOST = 50
"""Warnings that a seller would still read."""


class Confusable(Struct, frozen=True):
    """Something that could mean several products.

    `kind`: "codes" look alike; "name" is the same name twice; "word" alone could be any of them. `text` is what would
    be typed.
    """

    kind: Literal["codes", "name", "word"]
    text: str
    codes: tuple[Code, ...]


def confusable(index: Index) -> list[Confusable]:
    """Codes that look alike, names of several products, words that many names share; the worst first."""
    found: list[Confusable] = []
    for key, codes in index.looks.items():
        if len(codes) > 1:
            found.append(Confusable("codes", key, tuple(codes)))
    for name, codes in index.full.items():
        if len(codes) > 1:
            found.append(Confusable("name", name, tuple(codes)))
    words: list[Confusable] = []
    for word, names in index.tokens.items():
        if len(word) < 3 or word.isdecimal() or stands_alone(word[0]):
            continue
        shared = tuple(dict.fromkeys(name.code for name in names))
        if len(shared) > 1 and word not in index.full:
            words.append(Confusable("word", word, shared))
    words.sort(key=lambda warning: -len(warning.codes))
    return (found + words)[:MOST]
