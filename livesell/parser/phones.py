"""Phone numbers as E.164, first of all, so that no digit of theirs is read as anything else."""

from __future__ import annotations

import re
import unicodedata

from livesell.parser.view import Spot, View

LONG = re.compile(r"(?:\+\s?|\()?[\doO](?:[\s.()\-–]{0,3}[\doO]){5,17}")
DIGITS = re.compile(r"\d")

TRIES = 24
"""Runs of digits of one comment that are tried as phone numbers; a comment has one or two."""


def phones(view: View, country: str) -> None:
    """Take phone numbers out; also long numbers that are none, such as accounts."""
    digits = 0
    for token in view.tokens:
        if token.kind == "number":
            digits += len(token.text)
            if digits >= 7:
                break
    else:
        return
    text = view.text
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(letter))
            if letter.isdecimal()
            else "+"
            if letter == "＋"
            else " "
            if len(letter.strip()) == 0
            else letter
            for letter in text
        )
    tries = [TRIES]
    for match in LONG.finditer(text):
        raw = match[0]
        if len(DIGITS.findall(raw)) < 6:
            continue
        pieces = re.findall(r"\d+", raw)
        if len(pieces) > 1 and all(piece in view.index.spelt for piece in pieces):
            continue  # a list of codes that are plain numbers
        inside = [at for at, token in enumerate(view.tokens) if token.start < match.end() and token.end > match.start()]
        if not inside:
            continue
        _number(view, text, raw, match.start(), inside, country, tries)


def _number(view: View, text: str, raw: str, start: int, inside: list[int], country: str, tries: list[int]) -> None:
    """A run of digits: the phone number in it, or the part of it that is too long for anything else."""
    import phonenumbers

    # Digits in pieces may be a phone with a quantity before or behind it: the longest part that is a number is it.
    pieces = [(piece.start(), piece.end()) for piece in re.finditer(r"[+\doO]+", raw)]
    alone = (start == 0 or not text[start - 1].isalnum()) and (
        start + len(raw) >= len(text) or not text[start + len(raw)].isalnum()
    )
    for first, last in sorted(
        ((one, other) for one in range(len(pieces)) for other in range(one, len(pieces))),
        key=lambda pair: pair[0] - pair[1],
    )[:40]:
        part = raw[pieces[first][0] : pieces[last][1]]
        if part[0] != "+" and raw[: pieces[first][0]].strip() in ("+", "+("):
            part = "+" + part
        digits = re.sub(r"[^\d+]", "", part.replace("o", "0").replace("O", "0"))
        if not 7 <= len(digits.lstrip("+")) <= 15 or (not alone and first == last and len(pieces) == 1):
            continue
        if not tries[0]:
            break
        tries[0] -= 1
        try:
            parsed = phonenumbers.parse(digits, country)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number(parsed) or len(set(digits)) == 1:
            continue  # also "88888888", which is luck
        if last - first > 4 and "+" not in digits and not digits.startswith("0"):
            continue
        if view.phone is None:
            view.phone = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        begin, end = start + pieces[first][0], start + pieces[last][1]
        held = [
            at
            for at in inside
            if view.tokens[at].start < end and view.tokens[at].end > begin and view.owner[at] is None
        ]
        if held:
            while (
                held[0] > 0
                and view.tokens[held[0] - 1].text in "+("
                and view.owner[held[0] - 1] is None
                and raw[:1] in "+("
            ):
                held.insert(0, held[0] - 1)
            view.take(Spot("phone", held[0], held[-1] + 1))
        return
    for at in inside:
        token = view.tokens[at]
        if token.kind == "number" and len(token.text) >= 6 and view.owner[at] is None:
            view.take(Spot("phone", at, at + 1))
    sizes = [other - one for one, other in pieces]
    count = len(DIGITS.findall(raw))
    if (count >= 8 and (max(sizes) >= 5 or raw[0] == "0") and raw[0] in "0+") or (
        count >= 7 and min(sizes) >= 3 and ("-" in raw or max(sizes) >= 5)
    ):
        held = [at for at in inside if view.owner[at] is None]
        if held:
            view.take(Spot("phone", held[0], held[-1] + 1))
