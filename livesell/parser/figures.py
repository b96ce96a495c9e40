"""Numbers that are no quantity: phones, addresses, prices, times, ages and weights."""

from __future__ import annotations

import re
import unicodedata

from livesell.lexicon import Match
from livesell.parser.view import Kind, Spot, View, role_at, unit_at

LONG = re.compile(r"(?<![A-Za-z\d])(?:\+|\(|\b00)?[\doO০-৯๐-๙०-९０-９](?:[\s.()-]{0,2}[\doO০-৯๐-๙०-९０-９]){6,16}")


def phones(view: View, text: str, country: str) -> None:
    """A phone number as E.164, and its digits out of the way; also those of numbers that only look like one."""
    cut = text[: view.tokens[-1].end] if view.tokens else ""
    if sum(letter.isdecimal() for letter in cut) < 7:
        return
    for match in LONG.finditer(cut):
        start, end = match.span()
        told = any("phone" in word.roles and 0 <= start - view.tokens[word.end - 1].end < 12 for word in view.matches)
        number = None
        # A quantity may stand before a phone: "A1 2 0912 345 678".
        for piece in [match.start(), *(start + gap.end() for gap in SPACE.finditer(match[0]))][:3]:
            number = dialled(cut, piece, end, country, least=7 if told else 8)
            if number is not None:
                start = piece
                break
        if number is None and not told and not like_phone(match[0]):
            continue
        if number is not None and view.phone is None:
            view.phone = number
        inside = [at for at, token in enumerate(view.tokens) if token.start < end and token.end > start]
        if inside and view.free(inside[0], inside[-1] + 1):
            # "No 0912 345 678" is no refusal: the word for a number belongs to the number.
            named = (word.start for word in view.by_end.get(inside[0], ()) if "code" in word.roles)
            first = min((at for at in named if view.free(at, inside[0])), default=inside[0])
            view.take(Spot("phone", first, inside[-1] + 1))


SPACE = re.compile(r"\s+")


def dialled(text: str, start: int, end: int, country: str, *, least: int) -> str | None:
    """A stretch of text as E.164, None where no phone has that number."""
    import phonenumbers

    raw = text[start:end].strip()
    digits = "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else "0" if letter in "oO" else letter for letter in raw
    )
    if sum(letter.isdecimal() for letter in digits) < (least if not digits.startswith("+") else 7):
        return None
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or _part_of_more(text, start, end):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def like_phone(digits: str) -> bool:
    """True for digits that are nobody's phone but nothing else either: a long run, or nine and more in big groups."""
    groups = [piece for piece in re.split(r"\D+", digits) if piece]
    most = max(map(len, groups))
    return most >= 6 or (most >= 4 and sum(map(len, groups)) >= 9 and min(map(len, groups)) >= 3)


def _part_of_more(text: str, start: int, end: int) -> bool:
    """True where more digits follow at once, or Latin letters go before: a part of an account or a tracking number.

    Letters of other scripts may stand close, as in writing without spaces.
    """
    before = text[start - 1] if start else ""
    return (end < len(text) and text[end].isdecimal()) or before.isdecimal() or (before.isalpha() and before.isascii())


def places(view: View) -> None:
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
            first = cue.start if named else start
            if named and cue.start - named[-1].end > 2:
                first = max(named[-1].end + 1, cue.start - 2)
            for at in range(first, end):
                number = tokens[at].kind == "number" and not view.taken[at]
                if number and unit_at(view, at + 1) is None and (at < 2 or tokens[at - 1].text not in "+x*"):
                    view.take(Spot("size", at, at + 1))
        start = end + 1


def is_place(view: View, match: Match) -> bool:
    """True for a word of an address, a short one only beside a number."""
    if "place" not in match.roles or match.roles & {"claim", "code"} or not view.free(match.start, match.end):
        return False
    tokens = view.tokens
    near = [at for at in (match.end, match.end + 1) if at < len(tokens) and tokens[at].kind == "number"]
    long = len("".join(match.phrase.plain)) > 3 and not match.phrase.unit
    return (
        long
        or bool(near)
        or (match.start > 1 and tokens[match.start - 2].kind == "number" and len(match.phrase.plain[0]) > 1)
    )


CURRENCY = frozenset("$€£¥₫৳฿₱₹₩")


def prices(view: View) -> None:
    """Numbers that are money, times, ages, weights or part of an address; never a quantity."""
    tokens = view.tokens
    for at, token in enumerate(tokens):
        if token.kind != "number" or view.taken[at] or role_at(view, at, "half") is not None:
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
            for match in view.by_start.get(at + 1, ()):
                near = tokens[match.start].glued or len(tokens[match.start].plain) > 1
                if "money" in match.roles and near:
                    view.take(Spot("money", at, match.end))
                    break
                if "size" in match.roles and near and not view.taken[at]:
                    view.take(Spot("size", at, match.end))
                    break
            else:
                measured = unit_at(view, at + 1) is not None
                if _grouped(token.text) or (not measured and too_many(token.text)):
                    view.take(Spot("money", at, at + 1))
                    continue
                for match in view.by_end.get(at, ()):
                    telling = match.roles & {"money", "size", "place", "paid"}
                    if (
                        telling
                        and len(match.phrase.plain[0]) > (2 if "size" in match.roles else 1)
                        and view.free(match.start, at)
                    ):
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
