"""Spotting: which tokens of a comment are products, options, quantities, prices and words of the lexicon.

Order matters: phones go first so that no digit of theirs is read again, then codes, then names on what is left, then
options, then quantities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from livesell.catalog.index import Index, Name, Value, look_key, spelt, values_of
from livesell.lexicon import Lexicon, Match
from livesell.model import Amount, Code
from livesell.text import Token, marked, tokenise

Kind = Literal["product", "option", "quantity", "phone", "money", "size", "unknown", "which"]


@dataclass
class Spot:
    """Tokens `start` to before `end` as one thing.

    `codes`: what a product spot may be, one where it is sure. `strong`: named by its code, or by a whole name.
    """

    kind: Kind
    start: int
    end: int
    codes: tuple[Code, ...] = ()
    strong: bool = True
    by: Literal["code", "number", "name"] = "code"
    option: str = ""
    value: str = ""
    values: tuple[Value, ...] = ()
    number: Decimal | None = None
    unit: str | None = None
    amount: Amount | None = None
    plus: bool = False
    times: bool = False
    each: bool = False
    said: str = ""
    quality: float = 1.0
    exact: bool = True


@dataclass
class View:
    """A comment with all that was seen in it."""

    tokens: list[Token]
    matches: list[Match]
    typed: str = ""
    sizes: frozenset[str] = frozenset()
    phone: str | None = None
    spots: list[Spot] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)

    def roles(self, at: int) -> frozenset[str]:
        """What the phrases that begin at a token mean."""
        return frozenset().union(*(match.roles for match in self.matches if match.start == at))

    def free(self, start: int, end: int) -> bool:
        """True where nothing was seen in these tokens yet."""
        return not any(self.taken[start:end])

    def take(self, spot: Spot) -> None:
        """Keep a spot; its tokens are nobody else's."""
        self.spots.append(spot)
        for at in range(spot.start, spot.end):
            self.taken[at] = True

    def said(self, start: int, end: int) -> str:
        """Tokens as text."""
        words = ""
        for token in self.tokens[start:end]:
            words += ("" if token.glued or not words else " ") + token.text
        return words


def see(text: str, index: Index, lexicon: Lexicon, country: str, pinned: Code | None) -> View:
    """Everything in a comment, by place."""
    tokens = tokenise(text)
    sizes = frozenset(
        token.plain
        for token in tokens
        if len(token.plain) == 1 and any(len(value.plain) == 1 for value in index.values.get(token.plain, ()))
    )
    view = View(tokens, list(lexicon.spot(tokens)), text, sizes)
    view.taken = [False] * len(tokens)
    phones(view, text, country)
    by_start: dict[int, list[Match]] = {}
    for match in view.matches:
        by_start.setdefault(match.start, []).append(match)
    codes(view, index, by_start, pinned)
    spans = [*spaced_spans(view, index), *spaceless_spans(view, index, by_start)]
    names(view, [span for span in spans if span.strong], by_start, pinned)
    places(view, by_start)
    numeric_codes(view, index, by_start, pinned)
    options(view, index, by_start, pinned, sure=True)
    names(view, [span for span in spans if not span.strong], by_start, pinned)
    options(view, index, by_start, pinned, sure=False)
    prices(view, by_start)
    quantities(view, by_start)
    view.spots.sort(key=lambda spot: spot.start)
    decide_by_options(view)
    return view


def decide_by_options(view: View) -> None:
    """Where a name could be several products, the only one that has the options said beside it."""
    for place, spot in enumerate(view.spots):
        if spot.kind != "which":
            continue
        for option in view.spots[place + 1 :]:
            if option.kind != "option":
                break
            able = tuple(code for code in spot.codes if any(value.code == code for value in option.values))
            if len(able) == 1:
                spot.kind, spot.codes = "product", able
                break


# --- phones ---------------------------------------------------------------------------------------------------------

LONG = re.compile(r"(?<![A-Za-z])(?:\+|\(|\b00)?[\doO০-৯๐-๙०-९０-９](?:[\s.()-]{0,2}[\doO০-৯๐-๙०-९０-９]){6,16}")


def phones(view: View, text: str, country: str) -> None:
    """A phone number as E.164, and its digits out of the way; also those of numbers that only look like one."""
    cut = text[: view.tokens[-1].end] if view.tokens else ""
    if sum(letter.isdecimal() for letter in cut) < 7:
        return
    import unicodedata

    import phonenumbers

    for match in LONG.finditer(cut):
        raw = match[0].strip()
        if sum(letter.isdecimal() for letter in raw) < 7:
            continue
        digits = "".join(
            str(unicodedata.decimal(letter)) if letter.isdecimal() else "0" if letter in "oO" else letter
            for letter in raw
        )
        told = any(
            "phone" in word.roles and 0 <= match.start() - view.tokens[word.end - 1].end < 12 for word in view.matches
        )
        if sum(letter.isdecimal() for letter in digits) < 8 and not digits.startswith("+") and not told:
            continue
        number = None
        try:
            parsed = phonenumbers.parse(digits, country)
            if phonenumbers.is_valid_number(parsed) and not _part_of_more(cut, match.start(), match.end()):
                number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        except phonenumbers.NumberParseException:
            number = None
        if number is None and not told and not like_phone(digits):
            continue
        if number is not None and view.phone is None:
            view.phone = number
        inside = [at for at, token in enumerate(view.tokens) if token.start < match.end() and token.end > match.start()]
        if inside:
            view.take(Spot("phone", inside[0], inside[-1] + 1))


def like_phone(digits: str) -> bool:
    """True for digits that are nobody's phone but nothing else either: a long run, or nine and more in big groups."""
    groups = [piece for piece in re.split(r"\D+", digits) if piece]
    return max(map(len, groups)) >= 6 or (sum(map(len, groups)) >= 9 and min(map(len, groups)) >= 3)


def _part_of_more(text: str, start: int, end: int) -> bool:
    """True where more digits follow at once: a part of an account or a tracking number."""
    return (end < len(text) and text[end].isdecimal()) or (start > 0 and text[start - 1].isalnum())


# --- places ---------------------------------------------------------------------------------------------------------


def places(view: View, by_start: Mapping[int, Sequence[Match]]) -> None:
    """Numbers of an address: those in a stretch between commas that has a word for a place, and no product before."""
    tokens = view.tokens
    start = 0
    while start < len(tokens):
        end = start
        while end < len(tokens) and not (tokens[end].kind == "sign" and tokens[end].text in ",;\n!?"):
            end += 1
        cue = next((match for match in view.matches if start <= match.start < end and is_place(view, match)), None)
        if cue is not None:
            named = [spot for spot in view.spots if start <= spot.start < cue.start and spot.kind == "product"]
            for at in range(cue.start if named else start, end):
                number = tokens[at].kind == "number" and not view.taken[at]
                if number and unit_at(view, by_start, at + 1) is None and (at < 2 or tokens[at - 1].text not in "+x*"):
                    view.take(Spot("size", at, at + 1))
        start = end + 1


def is_place(view: View, match: Match) -> bool:
    """True for a word of an address, a short one only beside a number."""
    if "place" not in match.roles or match.roles & {"claim", "code"} or not view.free(match.start, match.end):
        return False
    tokens = view.tokens
    near = [at for at in (match.end, match.end + 1) if at < len(tokens) and tokens[at].kind == "number"]
    long = len("".join(match.phrase.plain)) > 3 and not match.phrase.unit
    return long or bool(near) or (match.start > 1 and tokens[match.start - 2].kind == "number" and len(match.phrase.plain[0]) > 1)


# --- prices, sizes --------------------------------------------------------------------------------------------------

CURRENCY = frozenset("$€£¥₫৳฿₱₹₩")


def prices(view: View, by_start: Mapping[int, Sequence[Match]]) -> None:
    """Numbers that are money, times, ages, weights or part of an address; never a quantity."""
    tokens = view.tokens
    for at, token in enumerate(tokens):
        if token.kind != "number" or view.taken[at] or _role_at(by_start, at, "half") is not None:
            continue
        before = tokens[at - 1] if at else None
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if before is not None and before.text in CURRENCY and token.glued:
            view.take(Spot("money", at - 1, at + 1))
        elif after is not None and after.text in CURRENCY:
            view.take(Spot("money", at, at + 2))
        elif (
            after is not None
            and after.text in "/:"
            and at + 2 < len(tokens)
            and tokens[at + 2].kind == "number"
            and after.glued
        ):
            view.take(Spot("size", at, at + 3))
        elif after is not None and after.text == "%":
            view.take(Spot("size", at, at + 2))
        else:
            for match in by_start.get(at + 1, ()):
                near = tokens[match.start].glued or len(tokens[match.start].plain) > 1
                if "money" in match.roles and near:
                    view.take(Spot("money", at, match.end))
                    break
                if "size" in match.roles and near and not view.taken[at]:
                    view.take(Spot("size", at, match.end))
                    break
            else:
                measured = unit_at(view, by_start, at + 1) is not None
                if _grouped(token.text) or (not measured and too_many(token.text)):
                    view.take(Spot("money", at, at + 1))
                    continue
                for match in view.matches:
                    telling = match.end == at and match.roles & {"money", "size", "place", "paid"}
                    if telling and len(match.phrase.plain[0]) > 1 and view.free(match.start, at):
                        kind: Kind = "money" if match.roles & {"money", "paid"} else "size"
                        view.take(Spot(kind, at, at + 1))
                        break


def too_many(number: str) -> bool:
    """True for a bare number that nobody asks for: four digits and more, or cents."""
    whole, _, rest = number.replace(",", ".").partition(".")
    return len(whole) > 3 or len(rest) == 2


def _grouped(number: str) -> bool:
    """120.000, 1,200,000: a price written with thousands marks."""
    return re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number) is not None


# --- codes ----------------------------------------------------------------------------------------------------------


def codes(view: View, index: Index, by_start: Mapping[int, Sequence[Match]], pinned: Code | None) -> None:
    """Codes however typed: exact, without zeros, look-alikes, spaced, spelt in another script; the longest wins."""
    at = 0
    while at < len(view.tokens):
        if view.taken[at]:
            at += 1
            continue
        spot = code_at(view, index, by_start, pinned, at)
        if spot is not None:
            view.take(spot)
            at = spot.end
        else:
            at += 1


def code_at(
    view: View, index: Index, by_start: Mapping[int, Sequence[Match]], pinned: Code | None, at: int
) -> Spot | None:
    """The code that begins at a token."""
    tokens = view.tokens
    first = tokens[at]
    if first.kind == "sign":
        return None
    best: Spot | None = None
    letters = spelt_letters(view, by_start, at)
    starts = [(at, "")]
    if letters is not None:
        starts.append(letters)
    for begin, head in starts:
        for end in range(begin + (0 if head else 1), min(begin + index.longest_code + 3, len(tokens)) + 1):
            if end <= at or not view.free(at, end) or not joins(tokens, at, end):
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
                capital = view.typed[tokens[end - 1].end - 1].isupper() and not by_start.get(at)
                if found is not None and not looks_allowed(key, found, capital=capital):
                    found = None
            if found:
                spot = Spot("product", at, end, tuple(found), quality=quality)
                if best is None or end > best.end:
                    best = spot
    if best is not None:
        best.codes = narrowed(best.codes, pinned)
        return best if letters_fit(view, best, by_start) else None
    return unknown_code(view, index, at)


def narrowed(codes: tuple[Code, ...], pinned: Code | None) -> tuple[Code, ...]:
    """Where several could be meant, the pinned one if it is among them."""
    return (pinned,) if len(codes) > 1 and pinned in codes and pinned is not None else codes


def looks_allowed(key: str, found: Mapping[Code, None], *, capital: bool) -> bool:
    """Look-alikes count in what looks like a code: "to", "ill" and "10" are words and numbers of their own.

    Letters alone count where they end in a capital and are no word: "SKI" for SK1, "PlO" for P10.
    """
    if not any(letter.isdecimal() for letter in key):
        return capital and len(key) < 5 and all(code[:1].upper() == key[:1] for code in found)
    return any(letter.isalpha() for letter in key) and bool(found)


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


def letters_fit(view: View, spot: Spot, by_start: Mapping[int, Sequence[Match]]) -> bool:
    """A code that is an ordinary word ("an", "so") counts only typed in capitals or beside a word for codes."""
    words = view.tokens[spot.start : spot.end]
    if any(token.kind == "number" for token in words):
        return True
    return not any(match.end == spot.end and match.roles for match in by_start.get(spot.start, ()))


def spelt_letters(view: View, by_start: Mapping[int, Sequence[Match]], at: int) -> tuple[int, str] | None:
    """Letters spelt by their names in another script: where they end, and what they are."""
    head, here = "", at
    while True:
        match = next((one for one in by_start.get(here, ()) if one.phrase.letter and view.free(here, one.end)), None)
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


def numeric_codes(view: View, index: Index, by_start: Mapping[int, Sequence[Match]], pinned: Code | None) -> None:
    """Codes that are plain numbers, and numbers that a word such as "mã" makes the end of a code."""
    tokens = view.tokens
    for at, token in enumerate(tokens):
        if token.kind != "number" or view.taken[at] or not token.text.isdecimal():
            continue
        key = token.text.lstrip("0") or "0"
        marked_start = code_word(view, at)
        sized = is_size(view, index, at, key, pinned)
        found = index.codes.get(key) or (index.tails.get(key) if marked_start is not None else None)
        if marked_start is not None and (sized != "no" or unit_at(view, by_start, at + 1) is not None):
            marked_start = None
        if sized == "surely":
            continue
        if found and (marked_start is not None or stands_as_code(view, index, by_start, at, found)):
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
            and unit_at(view, by_start, at + 1) is None
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
    if any(match.end == at and "size" in match.roles for match in view.matches):
        return "surely"
    return "maybe" if pinned in values else "no"


def cue_before(view: View, at: int, roles: frozenset[str]) -> bool:
    """True where a word of one of these roles stands before a token, with nothing but fillers between."""
    before = at
    while before > 0:
        ends = [match for match in view.matches if match.end == before and match.roles]
        if any(match.roles & roles for match in ends):
            return True
        quiet = next((match for match in ends if match.roles & {"filler", "person", "code"}), None)
        if quiet is None:
            return False
        before = quiet.start
    return False


def code_word(view: View, at: int) -> int | None:
    """Where a word that makes the number behind it a code begins: mã 12, code 12, #12, no. 12."""
    before = at - 1
    if before >= 0 and view.tokens[before].text in (".", ":"):
        before -= 1
    if before >= 0 and view.tokens[before].text == "#" and not view.taken[before]:
        return before
    for match in view.matches:
        if match.end == before + 1 and "code" in match.roles and view.free(match.start, at):
            return match.start
    return None


def stands_as_code(
    view: View, index: Index, by_start: Mapping[int, Sequence[Match]], at: int, found: Mapping[Code, None]
) -> bool:
    """Whether a number that is a code means it: not behind a sign, a product or an option, not before a unit."""
    tokens = view.tokens
    exact = any(code == tokens[at].text for code in found)
    if at and tokens[at - 1].text in ("+", "x", "*", "=", "/", "-", ":") and tokens[at - 1].glued | (at == 1):
        return False
    if at and any(match.end == at and match.roles & {"times", "place"} for match in view.matches):
        return False
    behind = tokens[at + 1] if at + 1 < len(tokens) else None
    if behind is not None:
        if unit_at(view, by_start, at + 1) is not None or (behind.text in "/%:" and behind.glued):
            return False
        if behind.plain == "x" and behind.glued and at + 2 >= len(tokens):
            return False
        if any(measures(view, match) for match in by_start.get(at + 1, ())):
            return False
        if view.taken[at + 1] and spot_at(view, at + 1).kind == "product":
            return False
    if exact and index.plain_numbers and any(
        match.end == at and match.roles & {"to", "instead", "change"} for match in view.matches
    ):
        return True
    if exact and index.plain_numbers and len(tokens[at].text) > 1 and any("each" in match.roles for match in view.matches):
        return at == 0 or (view.taken[at - 1] and spot_at(view, at - 1).by == "number") or not view.taken[at - 1]
    before = at - 1
    while before >= 0:
        if tokens[before].kind == "sign" and tokens[before].text in ",;+/&\n!.":
            break
        if any(match.start <= before < match.end and "and" in match.roles for match in view.matches):
            break
        if view.taken[before]:
            spot = spot_at(view, before)
            if spot.kind in ("product", "option", "which", "unknown"):
                # A row of padded codes ("01 03 09"), or the same code again.
                again = spot.by == "number" and before == at - 1 and tokens[at].text in (tokens[before].text,)
                return again or (exact and tokens[at].text[0] == "0")
            break
        before -= 1
    if not exact and not (index.plain_numbers and len(tokens[at].text) > 1):
        return False
    return index.plain_numbers or cue_before(view, at, CLAIMING) or len(tokens) == 1


def measures(view: View, match: Match) -> bool:
    """True for a word that makes the number before it a measure or a price; "size" before a number speaks of that one."""
    after = view.tokens[match.end] if match.end < len(view.tokens) else None
    if len(match.phrase.plain[0]) < 2 or (after is not None and after.kind == "number" and "size" in match.roles):
        return False
    return bool(match.roles & {"size", "money", "dozen"})


def spot_at(view: View, at: int) -> Spot:
    """The spot that a taken token belongs to."""
    return next(spot for spot in view.spots if spot.start <= at < spot.end)


# --- names ----------------------------------------------------------------------------------------------------------


def names(view: View, spans: list[Spot], by_start: Mapping[int, Sequence[Match]], pinned: Code | None) -> None:
    """Names as people type them: in part, in another order, with slips; the longest span of one product wins."""
    spans.sort(key=lambda spot: (-(spot.end - spot.start), not spot.strong, -spot.quality))
    for spot in spans:
        if view.free(spot.start, spot.end) and worth(view, spot, by_start):
            spot.codes = narrowed(spot.codes, pinned)
            if len(spot.codes) > 1:
                spot.kind = "which"
            view.take(spot)


def worth(view: View, spot: Spot, by_start: Mapping[int, Sequence[Match]]) -> bool:
    """False for a part of a name that is an ordinary word of the lexicon, or a single short one."""
    if spot.strong and (spot.quality == 1 or spot.end - spot.start > 1):
        return True
    own = [at for at in range(spot.start, spot.end) if not any(ordinary(match) for match in by_start.get(at, ()))]
    if not own:
        return False
    letters = sum(len(view.tokens[at].plain) for at in own)
    if spot.end - spot.start == 1 and not foreign(view.tokens[spot.start]) and letters < 6:
        # One short word of a name counts as typed, not with other tones or a slip.
        return letters >= 3 and spot.exact
    return letters >= (3 if view.tokens[own[0]].plain.isascii() else 2)


def ordinary(match: Match) -> bool:
    """True for a word that means something of its own."""
    phrase = match.phrase
    return bool(phrase.roles) or phrase.unit is not None or phrase.number is not None


def spaced_spans(view: View, index: Index) -> Iterator[Spot]:
    """Spans of words that all stand in one name of one or more products."""
    tokens = view.tokens
    near: list[dict[Name, tuple[int, float]]] = []
    for at, token in enumerate(tokens):
        found: dict[Name, tuple[int, float]] = {}
        if token.kind != "sign" and not view.taken[at]:
            for word in index.words_near(token.plain):
                for name in index.tokens.get(word, ()):
                    place = name.plain.index(word)
                    # A word with other tones is still taken for a slip: viewers mistype tones more often than they
                    # mean another product.
                    same = word == token.plain and (not marked(token) or token.text == name.text[place])
                    if name not in found:
                        found[name] = (place, 1.0 if same else 0.9 if word == token.plain else 0.85)
        near.append(found)
    for start in range(len(tokens)):
        alive = {name: ({place}, quality) for name, (place, quality) in near[start].items() if not name.spaceless}
        end = start
        while alive:
            end += 1
            yield from spans_of(view, start, end, alive)
            if end >= len(tokens):
                break
            grown = {}
            for name, (places, quality) in alive.items():
                hit = near[end].get(name)
                if hit is not None and (hit[0] not in places or name.plain.count(tokens[end].plain) > 1):
                    grown[name] = (places | {hit[0]}, quality * hit[1])
            alive = grown


def spans_of(view: View, start: int, end: int, alive: Mapping[Name, tuple[set[int], float]]) -> Iterator[Spot]:
    """The product or products that a span can be."""
    size = end - start
    full = [name for name, (places, _) in alive.items() if len(name.plain) == size == len(places)]
    best = max(quality for _, quality in alive.values())
    if full:
        fullest = max(alive[name][1] for name in full)
        letters = sum(len(token.plain) for token in view.tokens[start:end])
        if size == 1 and fullest < 1 and letters < 5:
            return  # a slip in a short word makes another word
        codes = dict.fromkeys(name.code for name in full if alive[name][1] == fullest)
        yield Spot("product", start, end, tuple(codes), True, "name", quality=fullest, said=view.said(start, end))
        return
    codes = dict.fromkeys(name.code for name, (_, quality) in alive.items() if quality >= best - 0.2)
    covered = max(size / len(name.plain) for name in alive)
    if size == 1 and len(view.tokens[start].plain) < 3:
        return
    yield Spot(
        "product",
        start,
        end,
        tuple(codes),
        False,
        "name",
        quality=best * (0.6 + 0.4 * covered),
        said=view.said(start, end),
        exact=best == 1.0,
    )


def spaceless_spans(view: View, index: Index, by_start: Mapping[int, Sequence[Match]]) -> Iterator[Spot]:
    """Names in scripts without spaces: runs of letters, looked up by pairs, compared with few."""
    tokens = view.tokens
    at = 0
    while at < len(tokens):
        if view.taken[at] or not foreign(tokens[at]):
            at += 1
            continue
        end = at
        while (
            end < len(tokens) and not view.taken[end] and tokens[end].kind == "word" and not tokens[end].text.isascii()
        ):
            end += 1
        yield from spaceless_run(view, index, by_start, at, end)
        at = end


def foreign(token: Token) -> bool:
    """True for a word in other letters than Latin ones."""
    return token.kind == "word" and not token.plain.isascii()


def spaceless_run(
    view: View, index: Index, by_start: Mapping[int, Sequence[Match]], start: int, end: int
) -> Iterator[Spot]:
    """What products a run of letters names."""
    letters = [token.plain for token in view.tokens[start:end]]
    run = "".join(letters)
    votes: dict[Name, int] = {}
    for at in range(len(run) - 1):
        for name in index.pairs.get(run[at : at + 2], ()):
            votes[name] = votes.get(name, 0) + 1
    offsets = [0]
    for letter in letters:
        offsets.append(offsets[-1] + len(letter))
    whole: dict[tuple[int, int], dict[Code, float]] = {}
    for name, count in sorted(votes.items(), key=lambda vote: -vote[1])[:24]:
        written = "".join(name.plain)
        place = run.find(written)
        if place >= 0:
            span = _tokens_of(offsets, place, place + len(written))
            whole.setdefault(span, {})[name.code] = 1.0
            continue
        if count < len(written) // 3 or len(written) < 3:
            continue
        match = fuzz.partial_ratio_alignment(written, run)
        if match is not None and match.score >= (75 if len(written) == 4 and han(written) else 80) and len(written) >= 4:
            span = _tokens_of(offsets, match.dest_start, match.dest_end)
            whole.setdefault(span, {}).setdefault(name.code, match.score / 100 * 0.9)
    for (first, last), codes in whole.items():
        top = max(codes.values())
        found = tuple(code for code, score in codes.items() if score == top)
        yield Spot(
            "product",
            start + first,
            start + last,
            found,
            top >= 1,
            "name",
            quality=top,
            said=view.said(start + first, start + last),
        )
    known = [False] * (end - start)
    for at in range(start, end):
        for match in by_start.get(at, ()):
            if match.end - match.start > 1 and match.end <= end and ordinary(match):
                known[at - start : match.end - start] = [True] * (match.end - match.start)
    for first, last in whole:
        known[first:last] = [True] * (last - first)
    yield from parts(view, start, letters, known, votes)


def parts(
    view: View, start: int, letters: Sequence[str], known: Sequence[bool], votes: Mapping[Name, int]
) -> Iterator[Spot]:
    """A part of a name: the longest piece of the run that stands in one and is no other word."""
    at = 0
    while at < len(letters):
        if known[at]:
            at += 1
            continue
        end = at
        while end < len(letters) and not known[end]:
            end += 1
        best: dict[tuple[int, int], dict[Code, None]] = {}
        for name in votes:
            written = "".join(name.plain)
            found = longest_piece(letters[at:end], written)
            if found is not None:
                best.setdefault((at + found[0], at + found[1]), {})[name.code] = None
        longest = max((last - first for first, last in best), default=0)
        for (first, last), codes in best.items():
            if last - first == longest:
                said = view.said(start + first, start + last)
                yield Spot(
                    "product", start + first, start + last, tuple(codes), False, "name", quality=0.7, said=said
                )
        at = end


def longest_piece(letters: Sequence[str], written: str) -> tuple[int, int] | None:
    """The longest run of letters that stands in a name, long enough to mean it."""
    for size in range(len(letters), 1, -1):
        for first in range(len(letters) - size + 1):
            piece = "".join(letters[first : first + size])
            if len(piece) >= (2 if han(piece) else 5) and piece in written:
                return first, first + size
    return None


def han(piece: str) -> bool:
    """True for letters that are words by themselves."""
    return "\u3400" <= piece[0] <= "\u9fff"


def _tokens_of(offsets: Sequence[int], first: int, last: int) -> tuple[int, int]:
    begin = max(at for at, offset in enumerate(offsets) if offset <= first)
    end = min(at for at, offset in enumerate(offsets) if offset >= last)
    return begin, end


# --- options --------------------------------------------------------------------------------------------------------


def options(
    view: View, index: Index, by_start: Mapping[int, Sequence[Match]], pinned: Code | None, *, sure: bool
) -> None:
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
        if found and tokens[at].kind == "number" and len(found[0].plain) == 1 and counted(view, by_start, at):
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


def counted(view: View, by_start: Mapping[int, Sequence[Match]], at: int) -> bool:
    """True for a number with a sign before it or a unit behind it."""
    return unit_at(view, by_start, at + 1) is not None or (at > 0 and view.tokens[at - 1].text in ("+", "*", "x"))


def near_values(index: Index, token: Token, named: set[Code]) -> list[Value]:
    """Values of the named products that a word is one slip or ending away from."""
    word = token.plain
    if token.kind != "word" or len(word) < 3 or len(named) > 8:
        return []
    found: list[Value] = []
    for code in named:
        for value in values_of(index.products[code]):
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


# --- quantities -----------------------------------------------------------------------------------------------------


def quantities(view: View, by_start: Mapping[int, Sequence[Match]]) -> None:
    """Numbers, number words and what stands around them: signs, units, halves, dozens."""
    at = 0
    while at < len(view.tokens):
        spot = quantity_at(view, by_start, at) if not view.taken[at] else None
        if spot is not None:
            view.take(spot)
            at = spot.end
        else:
            at += 1


def quantity_at(view: View, by_start: Mapping[int, Sequence[Match]], at: int) -> Spot | None:
    """The quantity that begins at a token."""
    tokens = view.tokens
    start = at
    plus = times = False
    while at < len(tokens) and not view.taken[at]:
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.text == "+" and following is not None:
            plus = True
            at += 1
        elif token.text in ("x", "*", "=", ":") and following is not None and (following.kind == "number"):
            times = True
            at += 1
        elif (match := _role_at(by_start, at, "times")) is not None and match.end < len(tokens):
            times = True
            at = match.end
        else:
            break
    if at >= len(tokens) or view.taken[at]:
        return None
    number, end = number_at(view, by_start, at)
    if number is None:
        return unit_first(view, by_start, at)
    each = False
    if (
        end + 1 < len(tokens)
        and tokens[end].text in "-/" and tokens[end].kind == "sign" and tokens[end + 1].text == tokens[at].text and end == at + 1
    ):
        each, end = True, end + 2
    if end < len(tokens) and tokens[end].plain in ("x", "*") and not view.taken[end]:
        behind = tokens[end + 1] if end + 1 < len(tokens) else None
        if behind is None or not (behind.glued and behind.kind == "word"):
            times = True
            end += 1
    dozen = _role_at(by_start, end, "dozen")
    if dozen is not None and view.free(end, dozen.end):
        number, end = number * (dozen.phrase.number or 12), dozen.end
    unit, amount = None, None
    whole = next((one for one in by_start.get(at, ()) if one.end == end and one.phrase.number is not None), None)
    if whole is not None and whole.phrase.unit is not None:
        unit, amount = whole.phrase.unit, whole.phrase.amount
    match = unit_at(view, by_start, end)
    if match is not None:
        unit, amount, end = match.phrase.unit, match.phrase.amount, match.end
        tenth = tokens[end] if end < len(tokens) else None
        if amount is not None and tenth is not None and tenth.glued and tenth.kind == "number" and len(tenth.text) == 1:
            number, end = number + Decimal(tenth.text) / 10, end + 1
        half = _role_at(by_start, end, "half_after")
        if half is not None:
            number, end = number + Decimal("0.5"), half.end
    if dozen is not None and unit is None:
        unit = "dozen"
    return Spot("quantity", start, end, number=number, unit=unit, amount=amount, plus=plus, times=times, each=each)


def unit_first(view: View, by_start: Mapping[int, Sequence[Match]], at: int) -> Spot | None:
    """A unit with its number word behind it: "kilo y medio", "กระปุกนึง"."""
    match = unit_at(view, by_start, at)
    if match is None:
        return None
    phrase = match.phrase
    half = _role_at(by_start, match.end, "half_after")
    if half is not None and phrase.amount is not None:
        return Spot("quantity", at, half.end, number=Decimal("1.5"), unit=phrase.unit, amount=phrase.amount)
    after = match.end
    if after < len(view.tokens) and view.tokens[after].kind == "word" and not view.taken[after]:
        number, end = number_at(view, by_start, after)
        if number == 1 and end > after:
            return Spot("quantity", at, end, number=number, unit=phrase.unit, amount=phrase.amount)
    return None


def number_at(view: View, by_start: Mapping[int, Sequence[Match]], at: int) -> tuple[Decimal | None, int]:
    """The number in digits or words at a token, and where it ends."""
    tokens = view.tokens
    token = tokens[at]
    if token.kind == "number":
        if len(token.text) > 7:
            return None, at
        text = token.text.replace(",", ".")
        if text.count(".") > 1:
            return None, at
        half = _role_at(by_start, at + 1, "half")
        if half is not None and tokens[at + 1].kind == "number" and view.free(at + 1, half.end):
            return Decimal(text) + Decimal("0.5"), half.end
        if _role_at(by_start, at, "half") is None:
            return Decimal(text), at + 1
    half = _role_at(by_start, at, "half")
    if half is not None:
        return Decimal("0.5"), half.end
    total: Decimal | None = None
    end = at
    while True:
        match = next(
            (
                one
                for one in by_start.get(end, ())
                if one.phrase.number is not None and view.free(end, one.end) and not part_of_phrase(view, one)
            ),
            None,
        )
        if match is None:
            break
        value = match.phrase.number
        assert value is not None
        if total is None:
            total = value
        elif value in (10, 100, 1000) and total < value:
            total *= value
        elif total % 10 == 0 and total >= 10 and value < 10:
            total += value
        else:
            break
        end = match.end
    if total is None:
        dozen = _role_at(by_start, at, "dozen")
        return (None, at) if dozen is None else (Decimal(1), at)
    return total, end


def part_of_phrase(view: View, number: Match) -> bool:
    """True for a number word inside a longer phrase that means something else: "do" in "bhej do"."""
    return any(
        match.start <= number.start and number.end <= match.end and match.end - match.start > number.end - number.start
        and match.phrase.number is None and match.roles and not match.roles & {"each", "all", "add"}
        for match in view.matches
    )


def unit_at(view: View, by_start: Mapping[int, Sequence[Match]], at: int) -> Match | None:
    """The unit that stands at a token."""
    for match in by_start.get(at, ()):
        if match.phrase.unit is not None and view.free(match.start, match.end):
            if view.tokens[at].plain in view.sizes and not view.tokens[at].glued:
                continue  # a letter that is a size here: "12 L"
            return match
    return None


def _role_at(by_start: Mapping[int, Sequence[Match]], at: int, role: str) -> Match | None:
    return next((match for match in by_start.get(at, ()) if role in match.roles), None)
