"""The index that comments are read by: codes, names and options of all products, edited one product at a time.

No look-up walks over the catalog: codes are found by their normal forms, whole names by their words in a row, parts of
names by their words (with slips of a letter by deletion, with another spelling by consonants), names of scripts without
spaces by their pairs of letters, options by their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rapidfuzz.distance import OSA

from livesell.model import Code, Product
from livesell.text import Token, fold, stands_alone, tokenise

V = TypeVar("V")
Table = dict[str, dict[V, None]]
"""A key and what is found under it, in the order it came."""

Note = tuple[str, int]
"""What a word of comments stands for, and what it may begin or be part of: bits of HEAD, NAME and VALUE."""

HEAD, NAME, VALUE = 1, 2, 4
"""A word that begins a whole name, that may be of a name, that begins a value of an option."""

LOOKS = str.maketrans({"O": "0", "I": "1", "L": "1", "|": "1"})
PIECES = re.compile(r"[^\W\d_]+|\d+")
ZEROS = re.compile(r"(?<!\d)0+(?=\d)")

FEW = 5
"""Words of names that one typed word may stand for; more would be guessing."""

REMEMBERED = 20_000
"""Words of comments that are remembered with what they may stand for, until the goods change."""

MANY = 150
"""A word that more names have says nothing by itself."""


def code_key(written: str) -> str:
    """Letters and digits of a code in capitals, leading zeros of its numbers gone."""
    key = written.upper()
    return ZEROS.sub("", key) if "0" in key else key


def look_key(written: str) -> str:
    """A code key in which letters and digits that look alike are one."""
    key = written.upper().translate(LOOKS)
    return ZEROS.sub("", key) if "0" in key else key


def letters_of(tokens: Iterable[Token]) -> str:
    """The letters and digits of tokens, run together."""
    return "".join(token.text for token in tokens if token.kind != "sign")


class Name:
    """One name of a product: its words in their plain form, and the marks they are written with."""

    __slots__ = ("code", "joined", "letters", "marks", "plain", "spaceless")

    def __init__(self, code: Code, tokens: Sequence[Token]) -> None:
        self.code = code
        self.plain = tuple(token.plain for token in tokens)
        self.marks = tuple(token.marks for token in tokens)
        self.joined = "".join(self.plain)
        self.letters = sum(len(word) for word in self.plain)
        self.spaceless = any(stands_alone(word[0]) for word in self.plain)


class Choice:
    """A word for a value of an option."""

    __slots__ = ("glued", "marks", "option", "plain", "value")

    def __init__(self, option: str, value: str, tokens: Sequence[Token]) -> None:
        self.option, self.value = option, value
        self.plain = tuple(token.plain for token in tokens)
        self.marks = tuple(token.marks for token in tokens)
        self.glued = tuple(token.glued for token in tokens)


class Shelf:
    """What is known of one product: what it was put in under."""

    __slots__ = ("choices", "headings", "keys", "names", "product", "sizes", "values")

    def __init__(self, product: Product) -> None:
        self.product = product
        written = letters_of(tokenise(product.code)) or str(product.code)
        pieces = PIECES.findall(code_key(written))
        self.keys = (
            code_key(written),
            look_key(written),
            pieces[-1] if len(pieces) > 1 and pieces[-1].isdecimal() else "",
            pieces[0] if pieces and not pieces[0].isdecimal() else "",
            written.upper(),
        )
        self.names = list(names_of(product))
        self.choices: dict[str, list[Choice]] = {}
        self.sizes: dict[str, tuple[str, str]] = {}
        for option in product.options:
            for value in option.values:
                for word in (value.name, *value.synonyms):
                    tokens = tokenise(word)
                    if not tokens:
                        continue
                    if tokens[0].kind == "number" and (len(tokens) == 1 or len(tokens[0].text) > 1):
                        self.sizes.setdefault(tokens[0].text, (option.name, value.name))
                    choice = Choice(option.name, value.name, tokens)
                    self.choices.setdefault(choice.plain[0], []).append(choice)
        for found in self.choices.values():
            found.sort(key=lambda choice: -len(choice.plain))
        self.values = {first: [(product.code, choice) for choice in found] for first, found in self.choices.items()}
        self.headings = frozenset(fold(option.name)[1] for option in product.options)


class Index:
    """The searchable side of a catalog."""

    def __init__(self) -> None:
        self.products: dict[Code, Product] = {}
        self.shelves: dict[Code, Shelf] = {}
        self.codes: Table[Code] = {}
        self.looks: Table[Code] = {}
        self.tails: Table[Code] = {}
        self.spelt: Table[Code] = {}
        self.prefixes: dict[str, int] = {}
        self.full: Table[Code] = {}
        self.heads: dict[str, dict[int, int]] = {}
        self.tokens: Table[Name] = {}
        self.deletions: Table[str] = {}
        self.sounds: Table[str] = {}
        self.pairs: Table[Name] = {}
        self.values: dict[str, int] = {}
        self.value_firsts: dict[str, int] = {}
        self.firsts: dict[str, int] = {}
        self.wordy: dict[str, int] = {}
        self._near: dict[str, list[tuple[str, float]]] = {}
        self.notes: dict[str, Note] = {}
        self.longest_code = 1
        self.lettered = 0
        self.digits_first = 0
        self.tails_first: dict[str, int] = {}

    def put(self, product: Product) -> None:
        """Add a product, or let it take the place of the one with its code."""
        self.remove(product.code)
        code = product.code
        shelf = self.shelves[code] = Shelf(product)
        self.products[code] = product
        key, look, tail, prefix, spelt = shelf.keys
        for table, at in ((self.codes, key), (self.looks, look), (self.tails, tail), (self.spelt, spelt)):
            if at:
                _add(table, at, code)
        if key[0].isdecimal() and not key.isdecimal():
            self.digits_first += 1
            self.tails_first[key[-1]] = self.tails_first.get(key[-1], 0) + 1
        if prefix:
            self.prefixes[prefix] = self.prefixes.get(prefix, 0) + 1
            self.lettered += 1
        self.longest_code = max(self.longest_code, len(tokenise(code)))
        self._near.clear()
        self.notes.clear()
        if spelt.isalpha():
            self.wordy[key] = self.wordy.get(key, 0) + 1
        for name in shelf.names:
            _add(self.full, " ".join(name.plain), code)
            self.firsts[name.plain[0]] = self.firsts.get(name.plain[0], 0) + 1
            lengths = self.heads.setdefault(" ".join(name.plain[:2]), {})
            lengths[len(name.plain)] = lengths.get(len(name.plain), 0) + 1
            for word in name.plain:
                if word not in self.tokens:
                    for shorter in (*shortened(word), *stems(word)):
                        _add(self.deletions, shorter, word)
                    if sound := consonants(word):
                        _add(self.sounds, sound, word)
                _add(self.tokens, word, name)
            if name.spaceless:
                for at in range(len(name.joined) - 1):
                    _add(self.pairs, name.joined[at : at + 2], name)
        for choices in shelf.choices.values():
            for choice in choices:
                phrase = " ".join(choice.plain)
                self.values[phrase] = self.values.get(phrase, 0) + 1
                self.value_firsts[choice.plain[0]] = self.value_firsts.get(choice.plain[0], 0) + 1

    def remove(self, code: Code) -> None:
        """Take a product out."""
        if self.products.pop(code, None) is None:
            return
        shelf = self.shelves.pop(code)
        key, look, tail, prefix, spelt = shelf.keys
        for table, at in ((self.codes, key), (self.looks, look), (self.tails, tail), (self.spelt, spelt)):
            if at:
                _take(table, at, code)
        if key[0].isdecimal() and not key.isdecimal():
            self.digits_first -= 1
            _less(self.tails_first, key[-1])
        if prefix:
            _less(self.prefixes, prefix)
            self.lettered -= 1
        self._near.clear()
        self.notes.clear()
        if spelt.isalpha():
            _less(self.wordy, key)
        gone: dict[str, None] = {}
        for name in shelf.names:
            _take(self.full, " ".join(name.plain), code)
            _less(self.firsts, name.plain[0])
            head = " ".join(name.plain[:2])
            lengths = self.heads[head]
            _less(lengths, len(name.plain))
            if not lengths:
                del self.heads[head]
            for word in name.plain:
                _take(self.tokens, word, name)
                if word not in self.tokens:
                    gone[word] = None
            if name.spaceless:
                for at in range(len(name.joined) - 1):
                    _take(self.pairs, name.joined[at : at + 2], name)
        for word in gone:
            for shorter in (*shortened(word), *stems(word)):
                _take(self.deletions, shorter, word)
            if sound := consonants(word):
                _take(self.sounds, sound, word)
        for choices in shelf.choices.values():
            for choice in choices:
                _less(self.values, " ".join(choice.plain))
                _less(self.value_firsts, choice.plain[0])

    @property
    def plain_numbers(self) -> bool:
        """True where the catalog's codes are plain numbers."""
        return self.lettered * 2 < len(self.products)

    def note(self, word: str, meant: str) -> Note:
        """What a word may be in this catalog, remembered until the goods change; `meant` is what it stands for."""
        bits = (HEAD if word in self.firsts else 0) | (VALUE if word in self.value_firsts else 0)
        if stands_alone(word[0]):
            bits |= NAME if self.pairs else 0
        elif word in self.tokens or self.words_near(word):
            bits |= NAME
        if len(self.notes) > REMEMBERED:
            self.notes.clear()
        found = self.notes[word] = (meant, bits)
        return found

    def words_near(self, word: str) -> list[tuple[str, float]]:
        """Words of names that a typed word may stand for, with how well: itself, a slip or another spelling away."""
        held = self._near.get(word)
        if held is None:
            if len(self._near) > REMEMBERED:
                self._near.clear()
            held = self._near[word] = self._words_near(word)
        return held

    def _words_near(self, word: str) -> list[tuple[str, float]]:
        found: dict[str, float] = {}
        if word in self.tokens:
            found[word] = 1.0
        if len(word) < 4 or word.isdecimal():
            return list(found.items())
        near: dict[str, None] = {}
        for shorter in (word, *shortened(word)):
            for other in self.deletions.get(shorter, ()):
                near[other] = None
            if shorter in self.tokens:
                near[shorter] = None
        for other in self.deletions.get(word, ()) if not word.isascii() else ():
            if other not in found and other.startswith(word) and len(other) - len(word) in (2, 3) and len(word) >= 4:
                found[other] = 0.88
        most = 1 if len(word) < 7 else 2
        for other in near:
            if other not in found and len(other) >= 4 and (word[0] == other[0] or len(word) >= 6):
                distance = OSA.distance(word, other, score_cutoff=most)
                if distance <= most:
                    found[other] = 0.9 if distance == 1 else 0.8
        for cut in range(1, 5):
            # What languages hang on nouns: "baksonya", "khejurer", "sticks".
            stem = word[:-cut]
            if len(stem) >= 4 and stem in self.tokens and stem not in found:
                found[stem] = 0.9
        sound = consonants(word)
        if len(sound) >= 3:
            for other in self.sounds.get(sound, ()):
                if (other not in found and word[0] == other[0]) or sound[0] == consonants(other)[:1]:
                    found.setdefault(other, 0.82)
        if len(found) > FEW:
            return sorted(found.items(), key=lambda near: -near[1])[:FEW]
        return list(found.items())


def names_of(product: Product) -> Iterator[Name]:
    """The product's names in the form they are found by."""
    seen: set[tuple[str, ...]] = set()
    for written in (product.name, *product.aliases):
        tokens = [token for token in tokenise(written) if token.kind != "sign"]
        name = Name(product.code, tokens)
        if name.plain and name.plain not in seen:
            seen.add(name.plain)
            yield name


def stems(word: str) -> Iterable[str]:
    """A word of a script with joined vowels without its last two or three letters: what names end with is left out."""
    if word.isascii() or not 6 <= len(word) <= 20 or stands_alone(word[0]) or word[0] < "\u0900":
        return ()
    return (word[:-2], word[:-3])


def shortened(word: str) -> Iterable[str]:
    """A word with any one letter left out."""
    if not 4 <= len(word) <= 20 or word.isdecimal():
        return ()
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


SPELLINGS = (
    ("ge", "je"), ("gi", "ji"), ("ll", ""),
    ("sch", "s"), ("sh", "s"), ("ch", "c"), ("kh", "k"), ("gh", "g"), ("th", "t"), ("dh", "d"), ("bh", "b"),
    ("ph", "f"), ("qu", "k"),
    ("ck", "k"), ("jh", "j"), ("zh", "j"), ("v", "b"), ("w", "b"), ("z", "j"), ("q", "k"), ("x", "ks"), ("y", ""),
    ("h", ""),
)  # fmt: skip
VOWELS = str.maketrans("", "", "aeiou")
DOUBLE = re.compile(r"(.)\1+")


def consonants(word: str) -> str:
    """The consonants of a Latin word as they sound: shorshe and sorse are one, medjool and medjul too."""
    if not word.isascii() or len(word) < 5 or not word.isalpha():
        return ""
    for written, spoken in SPELLINGS:
        word = word.replace(written, spoken)
    return DOUBLE.sub(r"\1", word.translate(VOWELS))


def _add(table: Table[V], key: str, value: V) -> None:
    held = table.get(key)
    if held is None:
        table[key] = {value: None}
    else:
        held[value] = None


def _take(table: Table[V], key: str, value: V) -> None:
    held = table.get(key)
    if held is not None:
        held.pop(value, None)
        if not held:
            del table[key]


K = TypeVar("K")


def _less(counts: dict[K, int], key: K) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
