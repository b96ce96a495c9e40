"""The address in a comment, as a proposal that a person takes with one tap: never stored by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from livesell.lexicon import PLACE, Lexicon
from livesell.text import tokenise

LEAST = 8
"""Characters of the shortest address."""

EDGES = " \t\n,.;:-–·/()[]\"'“”"
LEADS = re.compile(
    r"^(?:(?:sđt|sdt|số điện thoại|phone|đ/c|đc|dc|địa chỉ|dia chi|(?:my )?address|addr|ship(?: về| ve| to)?"
    r"|gửi về|gui ve|về|ve|to|ở|at|ঠিকানা|thikana)(?!\w)"
    r"(?:\s+(?:là|la|is|em|chị|của em|của chị))?\s*[:\-–,.]*\s*)+",
    re.IGNORECASE,
)
"""What stands before an address and is none of it."""


def address_in(text: str, taken: Sequence[tuple[int, int]], lexicon: Lexicon) -> str | None:
    """What of a comment reads as an address; None where nothing does.

    `taken`: the pieces that were read as something else (codes, quantities, the phone), as character offsets.
    """
    # "chốt" at the front is no street; a particle inside one may be.
    left = list(text)
    for start, end in taken:
        left[start:end] = [" "] * (end - start)
    rest = re.sub(r"\s+", " ", "".join(left)).strip(EDGES)
    places = sum(1 for match in lexicon.spot(tokenise(rest)) if match.phrase.roles & PLACE)
    commas = rest.count(",")
    digits = any(letter.isdecimal() for letter in rest)
    if not (places >= 2 or (places and (digits or commas)) or (commas >= 2 and digits)):
        return None
    found = LEADS.sub("", rest).strip(EDGES)
    return found if len(found) >= LEAST and any(letter.isalpha() for letter in found) else None
