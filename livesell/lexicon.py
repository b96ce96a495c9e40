"""What viewers' words mean: packs of phrases and their roles, one a language, all of them in one tree.

A pack is `languages/<tag>/lexicon.toml`: for each role a list of phrases; `[numbers]`, `[units]`, `[groups]` and
`[letters]` with the words for each number, amount, count of pieces and Latin letter; and some flags that say how the
language is built (FLAGS). Words and roles only: whoever speaks the language can read and mend it.

Packs overlap: "do" is two in one language and a verb in another. So packs stand in an order, the shop's own language
first, and a phrase means what the first pack that has it says. A phrase behind "=" is meant only with the marks it is
written with ("=tá", twelve, is never "ta").
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from livesell import bundle
from livesell.catalog.oneline import PLAIN, Words
from livesell.errors import ConfigError
from livesell.model import Amount, Measure, Struct
from livesell.text import Token, shortened, tokenise

ROLES: Mapping[str, str] = {
    "claim": "takes something, also all by itself: chốt, mine, CF",
    "take": "takes something together with a product or quantity, too common to do so alone: cho, lấy, give",
    "me": "the first person as an answer: me, yo, 我",
    "this": "points at the product on show: cái này, this one",
    "add": "on top of what was claimed before: thêm, one more",
    "cancel": "withdraws: hủy, cancel",
    "change": "puts something in place of a claim: đổi, change",
    "to": "stands between what is given up and what is taken: thành, to",
    "from": "stands before what is given up: từ, from",
    "instead": "what follows it is given up: instead of, thay vì",
    "replacing": "what precedes it is given up: er bodole, ki jagah",
    "not": "denies what follows (or precedes, where the pack says so): không, not",
    "anymore": "with a denied claim it withdraws: nữa, any more",
    "only": "this and no more: thôi, only",
    "mine": "the speaker's earlier claim: đơn của chị, my order, punya saya",
    "said": "tells of an earlier claim in this show: lúc nãy chốt, bolsilam, I said",
    "question": "asks: bao nhiêu, how much, còn không",
    "ask": "asks only at the end of a sentence or beside a code: không, à, na",
    "opens": "asks at the beginning of a sentence: is, do, has",
    "aside": "what a question beside a claim may be about: shipping, the total, how to pay",
    "deal": "a price for an amount: discount, freeship, giá sỉ",
    "if": "opens a condition: còn thì, if",
    "request": "asks for a thing rather than about it: can you keep, cho xin",
    "past": "tells of an earlier purchase or of goods at home: hôm trước, received",
    "deny": "denies an earlier claim: I never ordered",
    "paid": "reports a payment: ck rồi, paid",
    "praise": "chatters about goods, people and the show: đẹp quá, scam, haha",
    "elsewhere": "tells of other shops and markets: toko sebelah, ngoài chợ",
    "game": "plays: the answer is, I guess",
    "spam": "sells something else: earn daily, vay tiền",
    "greeting": "greets or thanks",
    "decline": "takes nothing, with no earlier claim: not today",
    "tell": "tells another viewer to buy: you should get it",
    "announce": "the seller's own way of speaking, and ordering examples: cú pháp, to order type",
    "crowd": "speaks to all viewers: mọi người, guys",
    "each": "one quantity for everything named: mỗi loại, each",
    "all": "every value of an option, or all products named: đủ màu, all colours",
    "same": "leaves an earlier claim as it was: the same, still, vẫn",
    "and": "joins items: và, and",
    "or": "stands between two things to choose from: or, atau",
    "for": "what follows (or precedes, where verbs stand last) is whom or what goods are for: untuk, para",
    "times": "stands before a quantity: x, sl, qty",
    "code": "stands before (or behind) a code: mã, code, number",
    "article": "stands before a code as before a noun: el, the, con",
    "money": "makes a number a price: k, đồng, taka",
    "size": "stands behind a number that is no quantity: years, cm, o'clock, minutes, people",
    "body": "stands before a number that is no quantity: size, weighs, tall, aged",
    "place": "makes a number part of an address: số nhà, street, house",
    "phone": "stands before a phone number",
    "half": "half of the unit that follows",
    "half_after": "and a half, behind the unit: rưỡi",
    "person": "whom a viewer speaks to or of: chị, em, sis",
    "filler": "says nothing: ạ, nhé, po, please",
    "pass": "lets the next in the queue have it: pass, nhường, 棄",
}
"""Every role that a phrase may have, and what it does."""

BIT: Mapping[str, int] = {role: 1 << at for at, role in enumerate(ROLES)}
(
    CLAIM, TAKE, ME, THIS, ADD, CANCEL, CHANGE, TO, FROM, INSTEAD, REPLACING, NOT, ANYMORE, ONLY, MINE, SAID,
    QUESTION, ASK, OPENS,
    ASIDE, DEAL, IF, REQUEST, PAST, DENY, PAID, PRAISE, ELSEWHERE, GAME, SPAM, GREETING, DECLINE, TELL, ANNOUNCE, CROWD,
    EACH, ALL, SAME,
    AND, OR, FOR, TIMES, CODE, ARTICLE, MONEY, SIZE, BODY, PLACE, PHONE, HALF, HALF_AFTER, PERSON, FILLER, PASS,
) = BIT.values()  # fmt: skip

FLAGS: Mapping[str, str] = {
    "countries": "where the language is a seller's own, two letters each",
    "verbs_last": "true where verbs stand behind what they are about: A1 den, A1 cancel karo",
    "not_after": "true where a denial stands behind what it denies: nibo na",
    "head_first": "true where the noun stands before what describes it: mật ong, casa blanca",
    "marks": "true where the same letters with other marks are another word: mát, mật",
    "abroad": "phrases that viewers of other languages mix into theirs",
    "endings": "what number words, units and words for options may carry behind: ekta is ek + ta",
    "one": "what makes one of the unit it is glued to: sekilo is se + kilo",
}
"""How a language is built; each may be left out but `countries`."""

TABLES = ("numbers", "units", "groups", "letters", "prices")

COMMON = "en"
"""The pack that every shop's viewers mix into their own language."""

COUNT = "count"
"""A unit that says nothing about the amount: piece, box."""

MEASURES: Mapping[str, tuple[Measure, int]] = {
    "g": ("g", 1), "kg": ("g", 1000), "ml": ("ml", 1), "l": ("ml", 1000), "m": ("mm", 1000), "cm": ("mm", 10),
}  # fmt: skip

FORGIVEN = CLAIM | CANCEL | CHANGE | ADD
"""Roles of words that are recognised with a slip, too."""


class Phrase(msgspec.Struct, frozen=True, gc=False):
    """A phrase of one or more tokens, with what it means; `roles` are bits of BIT."""

    plain: tuple[str, ...]
    marks: tuple[str, ...]
    roles: int = 0
    number: Decimal | None = None
    unit: str | None = None
    amount: Amount | None = None
    group: int = 0
    letter: str = ""
    strict: bool = False
    marked: bool = False
    verbs_last: bool = False
    not_after: bool = False
    head_first: bool = False
    counts: bool = False


class Match(msgspec.Struct, frozen=True, gc=False):
    """A phrase at a place: tokens `start` to before `end`."""

    start: int
    end: int
    phrase: Phrase
    roles: int


class Node:
    """A place in the tree of phrases: those that end here, and the words that lead on."""

    __slots__ = ("ends", "leads")

    def __init__(self) -> None:
        self.ends: list[Phrase] = []
        self.leads: dict[str, Node] = {}


class Lexicon:
    """The phrases of some packs."""

    def __init__(
        self,
        packs: Iterable[Iterable[Phrase]],
        prices: Mapping[str, Decimal] | None = None,
        endings: Iterable[str] = (),
    ) -> None:
        known: dict[tuple[str, ...], int] = {}
        head_first = marks = False
        merged: dict[tuple[tuple[str, ...], tuple[str, ...]], Phrase] = {}
        for rank, phrases in enumerate(packs):
            for phrase in phrases:
                if rank == 0:
                    head_first = head_first or phrase.head_first
                    marks = marks or (phrase.marked and not phrase.strict)
                if known.setdefault(phrase.plain, rank) != rank:
                    continue
                key = (phrase.plain, phrase.marks)
                same = merged.get(key)
                merged[key] = phrase if same is None else _both(same, phrase)
        self._root: dict[str, Node] = {}
        self._short: dict[str, str] = {}
        self._slips: dict[str, str] = {}
        self.words: set[str] = set()
        self.letters: dict[str, str] = {}
        self.head_first, self.marks = head_first, marks
        self.endings = tuple(sorted({token.plain for word in endings for token in tokenise(word)}, key=len)[::-1])
        self.units: dict[str, tuple[Amount | None, int]] = {}
        for phrase in merged.values():
            leads, node = self._root, Node()
            for word in phrase.plain:
                node = leads.setdefault(word, Node())
                leads = node.leads
                self.words.add(word)
            node.ends.append(phrase)
            if phrase.letter and len(phrase.plain) == 1:
                self.letters[phrase.plain[0]] = phrase.letter
            if len(phrase.plain) == 1 and phrase.roles & FORGIVEN and len(phrase.plain[0]) >= 5:
                word = phrase.plain[0]
                for shorter in _without_one(word):
                    self._slips.setdefault(shorter, word)
                self._slips[word] = word
        for word in self.words:
            if (short := shortened(word)) != word:
                self._short.setdefault(short, word)
        alone = [phrase for phrase in merged.values() if len(phrase.plain) == 1 and phrase.unit and not phrase.number]
        self.line = Words(
            prices or PLAIN.prices,
            {phrase.plain[0]: phrase.amount for phrase in alone if phrase.amount is not None},
            frozenset(phrase.plain[0] for phrase in alone if phrase.amount is None),
        )
        self.meant = lru_cache(maxsize=8192)(self._meant)

    def _meant(self, word: str) -> str:
        """The word of a phrase that a word nobody knows stands for: unstretched, or with one slip; else itself."""
        short = shortened(word)
        if short in self.words:
            return short
        if short in self._short:
            return self._short[short]
        if 5 <= len(word) <= 14 and word.isalpha():
            from rapidfuzz.distance import OSA

            for key in (word, *_without_one(word)):
                near = self._slips.get(key)
                if near is None or near[0] != word[0] or OSA.distance(word, near, score_cutoff=1) > 1:
                    continue
                # Of a short word only vowels or the order may be wrong: many names are a letter from "batal".
                if len(near) >= 7 or without_vowels(word) == without_vowels(near) or sorted(word) == sorted(near):
                    return near
        return word

    def spot(self, tokens: Sequence[Token]) -> list[Match]:
        """Every phrase at every place, shorter ones first; a shorter one inside a longer one is found too."""
        held = self.places(tokens, [token.plain for token in tokens])
        return [match for found in held.values() for match in found]

    def places(self, tokens: Sequence[Token], words: Sequence[str]) -> dict[int, list[Match]]:
        """The same by the token that they begin at; `words` are what the tokens stand for."""
        found: dict[int, list[Match]] = {}
        root, size = self._root, len(words)
        typed = any(token.marks for token in tokens)
        for start, word in enumerate(words):
            node = root.get(word)
            end = start
            held: list[Match] | None = None
            while node is not None:
                end += 1
                ends = node.ends
                if ends:
                    exact = typed and len(ends) > 1 and any(same(phrase, tokens, start) for phrase in ends)
                    for phrase in ends:
                        if phrase.marked and not (
                            same(phrase, tokens, start)
                            if exact or (typed and (phrase.number is not None or phrase.group))
                            else fits(phrase, tokens, start)
                        ):
                            continue
                        if exact and not phrase.marked and not same(phrase, tokens, start):
                            continue
                        if held is None:
                            held = found[start] = []
                        held.append(Match(start, end, phrase, phrase.roles))
                if end >= size or not node.leads:
                    break
                node = node.leads.get(words[end])
        return found


def without_vowels(word: str) -> str:
    """The consonants of a word."""
    return word.translate(VOWELS)


VOWELS = str.maketrans("", "", "aeiou")


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def same(phrase: Phrase, tokens: Sequence[Token], start: int) -> bool:
    """True where the marks are exactly the phrase's."""
    return all(tokens[start + offset].marks == marks for offset, marks in enumerate(phrase.marks))


def fits(phrase: Phrase, tokens: Sequence[Token], start: int) -> bool:
    """True where the marks are the phrase's: typed without marks any word of those letters, with marks only itself.

    A strict phrase is never meant without its marks.
    """
    for offset, marks in enumerate(phrase.marks):
        typed = tokens[start + offset].marks
        if typed != marks and (phrase.strict or typed):
            return False
    return True


def _both(one: Phrase, other: Phrase) -> Phrase:
    return msgspec.structs.replace(
        one,
        roles=one.roles | other.roles,
        number=one.number if one.number is not None else other.number,
        unit=one.unit if one.unit is not None else other.unit,
        amount=one.amount if one.amount is not None else other.amount,
        group=one.group or other.group,
        letter=one.letter or other.letter,
        strict=one.strict and other.strict,
        counts=one.counts or other.counts,
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
        named = [packs[tag] for tag in languages]
        return Lexicon([one.phrases for one in named], prices_of(named), (end for one in named for end in one.endings))
    own = [tag for tag in known if country in packs[tag].countries]
    far = [COMMON] * (COMMON in known and COMMON not in own) + [
        tag for tag in known if tag not in own and tag != COMMON
    ]
    both = [packs[tag] for tag in (*own, *far)]
    return Lexicon(
        [packs[tag].phrases for tag in own] + [list(abroad(packs[tag])) for tag in far],
        prices_of(both),
        (end for tag in own for end in packs[tag].endings),
    )


def prices_of(packs: Iterable[Pack]) -> dict[str, Decimal]:
    """What words of money multiply a price by; the first pack that has a word says so."""
    found: dict[str, Decimal] = {}
    for one in packs:
        for word, factor in one.prices.items():
            found.setdefault(word, factor)
    return found


class Pack(Struct, frozen=True):
    """One pack: where it is a seller's own language, its phrases, and those that others mix into theirs.

    `prices`: what a word beside a price multiplies it by.
    """

    countries: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    abroad: frozenset[tuple[str, ...]]
    prices: Mapping[str, Decimal] = {}
    endings: tuple[str, ...] = ()


def abroad(pack: Pack) -> Iterator[Phrase]:
    """The phrases of a pack that are meant in a shop of another language, too.

    Those that the pack names, those of several words, long ones, and those in a script of their own.
    """
    for phrase in pack.phrases:
        word = phrase.plain[0]
        if (
            len(phrase.plain) > 1
            or phrase.plain in pack.abroad
            or len(word) > 5
            or not (word.isascii() or phrase.marks[0])
        ):
            yield phrase


@lru_cache(maxsize=64)
def pack(path: Path) -> Pack:
    """What a pack has; ConfigError names what cannot be read in it."""
    file = f"{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(file, f"cannot be read: {error}") from None
    flags = {flag: data.pop(flag) for flag in FLAGS if flag in data}
    foreign = frozenset(phrase_of(words, file).plain for words in flags.get("abroad", ()))
    phrases = []
    for phrase in _phrases(data, flags, file):
        marked = phrase.strict or bool(flags.get("marks"))
        phrases.append(
            msgspec.structs.replace(
                phrase,
                marked=marked,
                verbs_last=bool(flags.get("verbs_last")),
                not_after=bool(flags.get("not_after")),
                head_first=bool(flags.get("head_first")),
                counts=counts(phrase),
            )
        )
    prices = {
        "".join(phrase_of(words, file).plain): _number(factor, f"{file}, prices")
        for factor, written in data.get("prices", {}).items()
        for words in written
    }
    return Pack(tuple(flags.get("countries", ())), tuple(phrases), foreign, prices, tuple(flags.get("endings", ())))


def counts(phrase: Phrase) -> bool:
    """True for a phrase that a quantity may begin with: a number, a unit, a dozen, half, times."""
    return (
        phrase.number is not None
        or phrase.unit is not None
        or bool(phrase.group)
        or bool(phrase.roles & (HALF | TIMES))
    )


def _phrases(data: Mapping[str, Any], flags: Mapping[str, Any], file: str) -> Iterator[Phrase]:
    endings = flags.get("endings", ())
    for key, value in data.items():
        where = f"{file}, {key}"
        if key == "numbers":
            for number, written in value.items():
                for words in written:
                    yield phrase_of(words, where, number=_number(number, where))
                    if " " not in words:
                        for ending in endings:
                            yield phrase_of(words + ending, where, number=_number(number, where), unit=ending)
        elif key == "units":
            for amount, written in value.items():
                for words in written:
                    yield phrase_of(words, where, unit=words, amount=_amount(amount, where))
                    for one in flags.get("one", ()):
                        yield phrase_of(
                            one + words, where, number=Decimal(1), unit=words, amount=_amount(amount, where)
                        )
        elif key == "groups":
            for count, written in value.items():
                for words in written:
                    yield phrase_of(words, where, group=int(_number(count, where)))
                    for one in flags.get("one", ()):
                        yield phrase_of(one + words, where, group=int(_number(count, where)), number=Decimal(1))
        elif key == "prices":
            continue  # for the seller's lines only: to viewers these words are of the role `money`
        elif key == "letters":
            for letter, written in value.items():
                for words in written:
                    yield phrase_of(words, where, letter=letter.upper())
        elif key in ROLES:
            for words in value:
                yield phrase_of(words, where, roles=BIT[key])
        else:
            raise ConfigError(where, "this role is not known", f"known are {', '.join((*ROLES, *FLAGS, *TABLES))}")


def phrase_of(
    words: str,
    where: str,
    *,
    roles: int = 0,
    number: Decimal | None = None,
    unit: str | None = None,
    amount: Amount | None = None,
    group: int = 0,
    letter: str = "",
) -> Phrase:
    """A phrase as the tokeniser sees it."""
    strict = words.startswith("=") and len(words) > 1 and words[1].isalpha()
    tokens = tokenise(words[1:] if strict else words)
    if not tokens:
        raise ConfigError(where, f"'{words}' has no letter")
    return Phrase(
        tuple(token.plain for token in tokens),
        tuple(token.marks for token in tokens),
        roles,
        number,
        unit,
        amount,
        group,
        letter,
        strict,
    )


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
