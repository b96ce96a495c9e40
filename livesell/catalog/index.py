"""The index that comments are read by: codes, names and options of all products, edited one product at a time.

No look-up walks over the catalog: codes are found by their normal forms, names by their tokens (with slips of a letter
by deletion), names of scripts without spaces by their pairs of letters, options by their first token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rapidfuzz.distance import OSA

from livesell.model import Code, Product
from livesell.text import Token, stands_alone, tokenise

V = TypeVar("V")

LOOKS = str.maketrans({"O": "0", "I": "1", "L": "1"})
PIECES = re.compile(r"[A-Z]+|\d+|[^A-Z\d]+")


def code_key(code: str) -> str:
    """A code without what people leave out: case, spaces, signs, leading zeros of its numbers."""
    letters = "".join(token.plain for token in tokenise(code) if token.kind != "sign").upper()
    return "".join(piece.lstrip("0") or "0" if piece.isdecimal() else piece for piece in PIECES.findall(letters))


def begins_of(key: str) -> list[str]:
    """What the first token of a code may be: its first piece from the first letter on, or all of it."""
    first = PIECES.findall(key)[0] if key else ""
    return [
        look[:size]
        for look in dict.fromkeys((first.translate(LOOKS), key.translate(LOOKS)))
        for size in range(1, len(look) + 1)
    ]


def look_key(key: str) -> str:
    """A code key in which letters and digits that look alike are one, again without leading zeros."""
    pieces = PIECES.findall(key.translate(LOOKS))
    return "".join(piece.lstrip("0") or "0" if piece.isdecimal() else piece for piece in pieces)


@dataclass(frozen=True, eq=False)
class Name:
    """One name of a product: its tokens, in their plain form and as written."""

    code: Code
    plain: tuple[str, ...]
    text: tuple[str, ...]
    spaceless: bool


@dataclass(frozen=True, eq=False)
class Value:
    """A word for a value of an option."""

    code: Code
    option: str
    value: str
    plain: tuple[str, ...]
    text: tuple[str, ...]


@dataclass
class Index:
    """The searchable side of a catalog."""

    products: dict[Code, Product] = field(default_factory=dict)
    names: dict[Code, list[Name]] = field(default_factory=dict)
    chosen: dict[Code, list[Value]] = field(default_factory=dict)
    codes: dict[str, dict[Code, None]] = field(default_factory=dict)
    looks: dict[str, dict[Code, None]] = field(default_factory=dict)
    begins: dict[str, dict[Code, None]] = field(default_factory=dict)
    tails: dict[str, dict[Code, None]] = field(default_factory=dict)
    prefixes: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, dict[Name, None]] = field(default_factory=dict)
    deletions: dict[str, dict[str, None]] = field(default_factory=dict)
    pairs: dict[str, dict[Name, None]] = field(default_factory=dict)
    values: dict[str, dict[Value, None]] = field(default_factory=dict)
    longest_code: int = 1
    letters_in_codes: int = 0

    def put(self, product: Product) -> None:
        """Add a product, or let it take the place of the one with its code."""
        self.remove(product.code)
        self.products[product.code] = product
        key = code_key(product.code)
        _add(self.codes, key, product.code)
        _add(self.looks, look_key(key), product.code)
        for begin in begins_of(key):
            _add(self.begins, begin, product.code)
        pieces = PIECES.findall(key)
        if len(pieces) > 1 and pieces[-1].isdecimal():
            _add(self.tails, pieces[-1], product.code)
        if pieces and not pieces[0].isdecimal():
            self.prefixes[pieces[0]] = self.prefixes.get(pieces[0], 0) + 1
            self.letters_in_codes += 1
        self.longest_code = max(self.longest_code, len(tokenise(product.code)))
        self.names[product.code] = list(names_of(product))
        self.chosen[product.code] = list(values_of(product))
        for name in self.names[product.code]:
            for token in name.plain:
                _add(self.tokens, token, name)
                for shorter in shortened(token):
                    _add(self.deletions, shorter, token)
            if name.spaceless:
                letters = "".join(name.plain)
                for at in range(len(letters) - 1):
                    _add(self.pairs, letters[at : at + 2], name)
        for value in self.chosen[product.code]:
            _add(self.values, value.plain[0], value)

    def remove(self, code: Code) -> None:
        """Take a product out."""
        product = self.products.pop(code, None)
        if product is None:
            return
        key = code_key(code)
        _take(self.codes, key, code)
        _take(self.looks, look_key(key), code)
        for begin in begins_of(key):
            _take(self.begins, begin, code)
        pieces = PIECES.findall(key)
        if len(pieces) > 1 and pieces[-1].isdecimal():
            _take(self.tails, pieces[-1], code)
        if pieces and not pieces[0].isdecimal():
            self.prefixes[pieces[0]] -= 1
            if not self.prefixes[pieces[0]]:
                del self.prefixes[pieces[0]]
            self.letters_in_codes -= 1
        for name in self.names.pop(code):
            for token in name.plain:
                _take(self.tokens, token, name)
                if token not in self.tokens:
                    for shorter in shortened(token):
                        _take(self.deletions, shorter, token)
            if name.spaceless:
                letters = "".join(name.plain)
                for at in range(len(letters) - 1):
                    _take(self.pairs, letters[at : at + 2], name)
        for value in self.chosen.pop(code):
            _take(self.values, value.plain[0], value)

    def may_begin(self, token: str) -> bool:
        """False for a token that no code begins with, look-alikes counted."""
        begin = token.upper().translate(LOOKS)
        return (
            begin in self.begins
            or begin.lstrip("0") in self.begins
            or begin.rstrip("01") in self.begins  # "TYO1": zeros are gone from the keys
            or not begin.strip("01")
        )

    @property
    def plain_numbers(self) -> bool:
        """True where the catalog's codes are plain numbers."""
        return self.letters_in_codes * 2 < len(self.products)

    def words_near(self, token: str) -> list[str]:
        """Words of names that a typed word may stand for: itself, or one slip (two in long words) away."""
        own = [token] if token in self.tokens else []
        if len(token) < (6 if own else 4) or token.isdecimal():
            return own
        found: dict[str, None] = {}
        for shorter in (token, *shortened(token)):
            for word in self.deletions.get(shorter, ()):
                found[word] = None
            if shorter in self.tokens:
                found[shorter] = None
        found.pop(token, None)
        most = 1 if len(token) < 8 or own else 2
        near = [(OSA.distance(token, word, score_cutoff=most), word) for word in found if len(word) >= 3]
        best = min((distance for distance, _ in near), default=most + 1)
        return own + [word for distance, word in near if distance == best <= most and not clash(token, word)]


def clash(token: str, word: str) -> bool:
    """True where a slip would change too much of a short word: its first letter, or a third of it."""
    return len(word) < 5 and token[0] != word[0]


def names_of(product: Product) -> Iterator[Name]:
    """The product's names in the form they are found by."""
    seen: set[tuple[str, ...]] = set()
    for written in (product.name, *product.aliases):
        tokens = [token for token in tokenise(written) if token.kind != "sign"]
        plain = tuple(token.plain for token in tokens)
        if plain and plain not in seen:
            seen.add(plain)
            spaceless = sum(len(token) <= 3 and not token.isascii() for token in plain) == len(plain) and len(plain) > 1
            yield Name(product.code, plain, tuple(token.text for token in tokens), spaceless and is_spaceless(written))


def is_spaceless(written: str) -> bool:
    """True for a name in a script that writes no spaces."""
    return any(stands_alone(letter) for letter in written)


def values_of(product: Product) -> Iterator[Value]:
    """The words for the values of the product's options."""
    for option in product.options:
        for value in option.values:
            for word in (value.name, *value.synonyms):
                tokens = tokenise(word)
                if tokens:
                    yield Value(
                        product.code,
                        option.name,
                        value.name,
                        tuple(token.plain for token in tokens),
                        tuple(token.text for token in tokens),
                    )


def shortened(token: str) -> Iterable[str]:
    """A word with any one letter left out."""
    if len(token) < 4 or len(token) > 20 or token.isdecimal():
        return ()
    # In order, not as a set: a reading is the same on every day and every machine.
    return dict.fromkeys(token[:at] + token[at + 1 :] for at in range(len(token)))


def spelt(tokens: Sequence[Token]) -> str:
    """Tokens put together as a code key."""
    joined = "".join(token.plain for token in tokens if token.kind != "sign").upper()
    return "".join(piece.lstrip("0") or "0" if piece.isdecimal() else piece for piece in PIECES.findall(joined))


def _add(table: dict[str, dict[V, None]], key: str, value: V) -> None:
    table.setdefault(key, {})[value] = None


def _take(table: dict[str, dict[V, None]], key: str, value: V) -> None:
    held = table.get(key)
    if held is not None:
        held.pop(value, None)
        if not held:
            del table[key]
