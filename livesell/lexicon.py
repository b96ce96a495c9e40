"""What viewers' words mean: packs of phrases and their roles, one a language, all of them in one index.

A pack is `languages/<tag>/lexicon.toml`: for each role a list of phrases, `[numbers]` with the words for each number,
`[units]` with the words for what a unit amounts to ("1 kg", "100 g", "count" for a mere count), `[letters]` with the
names of Latin letters in another script. `countries` says where the language is a seller's own.

Packs overlap: "do" is two in one language and a verb in another. So packs stand in an order, the shop's own language
first, and a phrase means what the first pack that has it says.
A phrase behind "=" is meant only with the marks it is written with ("=tá", twelve, is never "ta").
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from livesell import bundle
from livesell.errors import ConfigError
from livesell.model import Amount, Measure, Struct
from livesell.text import Token, marked, tokenise

ROLES: Mapping[str, str] = {
    "claim": "takes something: chốt, mine, CF",
    "take": "takes something together with a product or quantity, too common to do so alone: cho, lấy, give",
    "me": "the first person as an answer: me, yo, 我",
    "add": "on top of what was claimed before: thêm, one more",
    "cancel": "withdraws: hủy, cancel",
    "change": "puts something in place of a claim: đổi, change",
    "to": "stands between what is given up and what is taken: thành, to",
    "instead": "what stands before it is taken, what behind it given up: instead of, thay vì",
    "not": "denies what follows: không, not",
    "denied": "denies what stands before it: না, नहीं",
    "only": "this and no more: thôi, only",
    "question": "asks: bao nhiêu, how much, còn không",
    "ask": "asks only at the end of a sentence or beside a code: không, à, na",
    "opens": "asks where a sentence begins with it: is, does, có phải",
    "if": "opens a condition: còn thì, if",
    "past": "tells of an earlier purchase: hôm trước, received",
    "paid": "reports a payment: ck rồi, paid",
    "other": "makes the comment chatter: game answers, praise, spam",
    "greeting": "greets or thanks",
    "decline": "declines: not today",
    "announce": "the seller's own way of speaking, and ordering examples: cú pháp, to order type",
    "each": "one quantity for every product named: mỗi loại, each",
    "all": "every value of an option: đủ màu, all colours",
    "and": "joins items: và, and",
    "times": "stands before a quantity: x, sl, qty",
    "code": "stands before a code: mã, code, number",
    "money": "makes a number a price: k, đồng, taka",
    "size": "makes a number a measure of the body, an age, a time or a date: tuổi, tall, o'clock",
    "place": "makes a number part of an address: số nhà, street, house",
    "phone": "stands before a phone number",
    "dozen": "twelve pieces",
    "half": "half of the unit that follows",
    "half_after": "and a half, behind the unit: rưỡi",
    "aside": "what a question beside a claim is about: ship, total",
    "request": "asks for a thing rather than about it: can you keep, cho xin",
    "filler": "says nothing: ạ, nhé, po, please",
    "person": "whom a viewer speaks to or of: chị, em, sis",
}
"""Every role that a phrase may have, and what it does."""

COMMON = "en"
"""The pack that every shop's viewers mix into their own language."""

COUNT = "count"
"""A unit that says nothing about the amount: piece, box."""

MEASURES: Mapping[str, tuple[Measure, int]] = {"g": ("g", 1), "kg": ("g", 1000), "ml": ("ml", 1), "l": ("ml", 1000)}


class Phrase(Struct, frozen=True):
    """A phrase of one or more tokens, with what it means."""

    plain: tuple[str, ...]
    text: tuple[str, ...]
    roles: frozenset[str]
    number: Decimal | None = None
    unit: str | None = None
    amount: Amount | None = None
    letter: str = ""
    strict: bool = False


class Match(Struct, frozen=True):
    """A phrase at a place: tokens `start` to before `end`, and what it means."""

    start: int
    end: int
    phrase: Phrase
    roles: frozenset[str]


class Lexicon:
    """The phrases of some packs."""

    def __init__(self, packs: Iterable[Iterable[Phrase]]) -> None:
        known: dict[tuple[str, ...], int] = {}
        merged: dict[tuple[tuple[str, ...], tuple[str, ...]], Phrase] = {}
        for rank, phrases in enumerate(packs):
            for phrase in phrases:
                if known.setdefault(phrase.plain, rank) != rank:
                    continue
                key = (phrase.plain, phrase.text)
                same = merged.get(key)
                merged[key] = phrase if same is None else _both(same, phrase)
        self._by_first: dict[str, list[Phrase]] = {}
        self.letters = {phrase.plain[0]: phrase.letter for phrase in merged.values() if phrase.letter}
        for phrase in merged.values():
            self._by_first.setdefault(phrase.plain[0], []).append(phrase)
        for found in self._by_first.values():
            found.sort(key=lambda phrase: -len(phrase.plain))

    def spelt(self, word: str) -> str:
        """The Latin letters whose names a word strings together ("एमएस" is MS), "" where it is anything else."""
        if not word or len(word) > 12:
            return ""
        for size in range(len(word), 0, -1):
            letter = self.letters.get(word[:size])
            rest = self.spelt(word[size:]) if letter is not None and size < len(word) else ""
            if letter is not None and (size == len(word) or rest):
                return letter + rest
        return ""

    def spot(self, tokens: Sequence[Token]) -> Iterator[Match]:
        """Every phrase at every place, longer ones first; a shorter one inside a longer one is found too."""
        size = len(tokens)
        for start, token in enumerate(tokens):
            for phrase in self._by_first.get(token.plain, ()):
                end = start + len(phrase.plain)
                if end <= size and fits(phrase, tokens, start):
                    yield Match(start, end, phrase, phrase.roles)


def fits(phrase: Phrase, tokens: Sequence[Token], start: int) -> bool:
    """True where the tokens are the phrase: typed without marks any word of those letters, with marks only itself.

    A strict phrase is never meant without its marks.
    """
    for offset, bare in enumerate(phrase.plain):
        token = tokens[start + offset]
        if token.plain != bare or ((phrase.strict or marked(token)) and token.text != phrase.text[offset]):
            return False
    return True


def _both(one: Phrase, other: Phrase) -> Phrase:
    return Phrase(
        one.plain,
        one.text,
        one.roles | other.roles,
        one.number if one.number is not None else other.number,
        one.unit if one.unit is not None else other.unit,
        one.amount if one.amount is not None else other.amount,
        one.letter or other.letter,
        one.strict and other.strict,
    )


def tags(folder: Path = bundle.LANGUAGE_FOLDER) -> list[str]:
    """The languages there is a pack for."""
    return sorted(path.parent.name for path in folder.glob("*/lexicon.toml"))


def load(
    languages: Sequence[str] | None = None, *, country: str = "", folder: Path = bundle.LANGUAGE_FOLDER
) -> Lexicon:
    """The packs of these languages in this order; ConfigError for one that is not there.

    Where none is named: all packs, those of the country first, then English, then what cannot be mistaken of the rest.
    """
    known = tags(folder)
    for tag in languages or ():
        if tag not in known:
            raise ConfigError("shop.languages", f"there is no pack for '{tag}'", f"there are {', '.join(known)}")
    packs = {tag: pack(folder / tag / "lexicon.toml") for tag in (known if languages is None else languages)}
    if languages is not None:
        return Lexicon(packs[tag].phrases for tag in languages)
    own = [tag for tag in known if country in packs[tag].countries]
    near = [*own, *(tag for tag in (COMMON,) if tag in known and tag not in own)]
    far = [tag for tag in known if tag not in near]
    return Lexicon(
        [packs[tag].phrases for tag in near]
        + [[phrase for phrase in packs[tag].phrases if unmistakable(phrase)] for tag in far]
    )


def unmistakable(phrase: Phrase) -> bool:
    """True for a phrase that no other language is likely to have: of several words, or long, or in its own script."""
    return len(phrase.plain) > 1 or len(phrase.plain[0]) > 4 or not phrase.plain[0].isascii()


class Pack(Struct, frozen=True):
    """One pack: the countries where it is a seller's own language, and its phrases."""

    countries: tuple[str, ...]
    phrases: tuple[Phrase, ...]


def pack(path: Path) -> Pack:
    """What a pack has; ConfigError names what cannot be read in it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.parent.name}/{path.name}", f"cannot be read: {error}") from None
    countries = tuple(data.pop("countries", ()))
    return Pack(countries, tuple(_phrases(data, f"{path.parent.name}/{path.name}")))


def _phrases(data: Mapping[str, Any], file: str) -> Iterator[Phrase]:
    for key, value in data.items():
        where = f"{file}, {key}"
        if key == "numbers":
            for number, written in value.items():
                for words in written:
                    yield phrase_of(words, where, number=_number(number, where))
        elif key == "units":
            for amount, written in value.items():
                for words in written:
                    yield phrase_of(words, where, unit=words, amount=_amount(amount, where))
        elif key == "letters":
            for letter, written in value.items():
                for words in written:
                    yield phrase_of(words, where, letter=letter.upper())
        elif key in ROLES:
            for words in value:
                yield phrase_of(words, where, roles=frozenset((key,)))
        else:
            raise ConfigError(where, "this role is not known", f"known are {', '.join(ROLES)}, numbers, units, letters")


def phrase_of(
    words: str,
    where: str,
    *,
    roles: frozenset[str] = frozenset(),
    number: Decimal | None = None,
    unit: str | None = None,
    amount: Amount | None = None,
    letter: str = "",
) -> Phrase:
    """A phrase as the tokeniser sees it."""
    strict = words.startswith("=")
    tokens = tokenise(words.removeprefix("="))
    if not tokens:
        raise ConfigError(where, f"'{words}' has no letter")
    text = tuple(token.text for token in tokens)
    return Phrase(tuple(token.plain for token in tokens), text, roles, number, unit, amount, letter, strict)


def _number(text: str, where: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigError(where, f"'{text}' is not a number") from None


def _amount(text: str, where: str) -> Amount | None:
    if text == COUNT:
        return None
    number, _, unit = text.partition(" ")
    measure = MEASURES.get(unit)
    if measure is None:
        raise ConfigError(where, f"'{text}' is neither '{COUNT}' nor an amount such as '100 g'")
    return Amount(_number(number, where) * measure[1], measure[0])
