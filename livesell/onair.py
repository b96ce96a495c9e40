"""Names as they may stand on a stream: short, one line, without phones, links, tricks or more marks than letters."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Mode = Literal["full", "short", "masked", "code"]
MODES: tuple[Mode, ...] = ("full", "short", "masked", "code")
"""From the one that shows most of a name to the one that shows none."""

MOST = 40
"""Letters (with their marks) of a name that are shown."""

MARKS = 4
"""Marks on one base; more are Zalgo."""

JOINERS = "\u200c\u200d"
LINK = re.compile(r"(?:https?://|www\.)\S+|\b\S+\.(?:com|net|org|vn|me|shop|link|ly|io|gg|xyz)\b\S*", re.IGNORECASE)
DIGITS = re.compile(r"\d(?:[ .\-]?\d){5,}")


def on_air(name: str, mode: Mode, stand_in: str) -> str:
    """A buyer's name as the overlay may have it; `stand_in` where nothing readable is left.

    `full`: the name. `short`: its first and last word. `masked`: first and last letter. `code`: the stand-in.
    """
    if mode == "code":
        return stand_in
    clean = readable(name)
    if not clean:
        return stand_in
    words = clean.split()
    if mode == "short" and len(words) > 2:
        clean = f"{words[0]} {words[-1]}"
    if mode == "masked":
        letters = clusters(clean)
        clean = letters[0] + "••" + (letters[-1] if len(letters) > 2 else "")
    return clean


def stricter(shop: Mode, wanted: str | None) -> Mode:
    """The mode that shows less; what is not known as one is as the shop has it.

    An overlay's address stands in a broadcasting program: it may show less of a name than the shop does, never more.
    """
    asked = next((mode for mode in MODES if mode == wanted), shop)
    return max(shop, asked, key=MODES.index)


def readable(name: str) -> str:
    """A name without what hides, reorders, links or tells a number; at most 40 letters; "" if nothing shows."""
    text = unicodedata.normalize("NFC", name)
    text = LINK.sub(" ", text).replace("@", " ")
    text = DIGITS.sub(_hidden, text)
    kept: list[str] = []
    marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        if category in ("Zs", "Zl", "Zp") or letter in "\t\r\n":
            kept.append(" ")
            marks = 0
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= MARKS:
                kept.append(letter)
        elif letter in JOINERS:
            kept.append(letter)
        elif category in ("Cc", "Cf", "Cs", "Co", "Cn"):
            continue
        else:
            marks = 0
            kept.append(letter)
    letters = clusters(" ".join("".join(kept).split()))
    short = "".join(letters[:MOST]) + ("…" if len(letters) > MOST else "")
    return short if any(_shows(letter) for letter in short) else ""


def clusters(text: str) -> list[str]:
    """Letters with the marks and joiners that belong to them."""
    found: list[str] = []
    for letter in text:
        joined = bool(found) and (
            unicodedata.category(letter) in ("Mn", "Me", "Mc")
            or letter in JOINERS
            or found[-1][-1] in JOINERS
            or "\U0001f3fb" <= letter <= "\U0001f3ff"
        )
        if joined:
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _shows(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNSP" and letter not in "\u3164\u115f\u1160\uffa0\u2800"


def _hidden(match: re.Match[str]) -> str:
    digits = "".join(letter for letter in match[0] if letter.isdigit())
    return f"{digits[:2]}••••{digits[-2:]}"
