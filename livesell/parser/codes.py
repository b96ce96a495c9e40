"""Codes however people type them: exact, without zeros, with look-alikes, spaced, spelt in another script."""

from __future__ import annotations

from livesell.catalog.index import Index, code_key, look_key
from livesell.lexicon import CLAIM, CODE, FILLER, MONEY, NOT, PERSON, TAKE, TIMES
from livesell.model import Code
from livesell.parser.view import Spot, View

JOINTS = frozenset("-._'")


def codes(view: View) -> None:
    """Every code with a letter in it; plain numbers need more context (numbers.py)."""
    at, index = 0, view.index
    letters_count = index.lettered > 0
    if not view.numeric and not index.wordy and view.text.islower():
        return
    while at < view.size:
        token = view.tokens[at]
        if view.owner[at] is not None or token.kind == "sign":
            at += 1
            continue
        spot = None
        if token.kind == "word":
            if token.plain.isascii():
                if len(token.text) <= 12 and likely(view, index, at):
                    spot = code_at(view, index, at)
            elif letters_count and view.numeric:
                spot = spelt_at(view, index, at)
        elif (
            at + 1 < view.size
            and view.kinds[at + 1] == "word"
            and (view.tokens[at + 1].glued or (index.digits_first and goes_on(view, index, token.text, at + 1)))
        ):
            spot = code_at(view, index, at)
        if spot is None:
            at += 1
        else:
            view.take(spot)
            at = spot.end


def likely(view: View, index: Index, at: int) -> bool:
    """False for a word that no code can begin with: no number near, no capitals that look like digits."""
    tokens = view.tokens
    if at + 1 < view.size:
        following = tokens[at + 1]
        if at and tokens[at].glued and tokens[at - 1].kind == "number" and not following.glued:
            return False  # the k of "60k 1 gói"
        if following.kind == "number" or (
            following.kind == "sign"
            and at + 2 < view.size
            and (tokens[at + 2].kind == "number" or following.text in JOINTS)
        ):
            return True
        if following.kind == "word" and (following.glued or goes_on(view, index, tokens[at].text, at + 1)):
            return True
    text = tokens[at].text
    if index.wordy and text.upper() in index.wordy:
        return True
    if len(text) > 6 or not (text[-1] in "ilo" or (index.digits_first and text[0] in "ilo")):
        return False
    typed = view.said(at, at + 1)
    return typed[0].isupper() or (index.digits_first > 0 and typed != text)


def code_at(view: View, index: Index, at: int) -> Spot | None:
    """The longest code that begins at a token, or something that only looks like one."""
    tokens = view.tokens
    best: Spot | None = None
    joined = ""
    previous = None
    most = min(view.size, at + index.longest_code + 3)
    end = at
    pieces = 0
    while end < most:
        token = tokens[end]
        if token.kind == "sign":
            if token.text not in JOINTS or previous is None or previous.kind == "sign":
                break
            previous = token
            end += 1
            continue
        if view.owner[end] is not None:
            break
        if (
            previous is not None
            and not token.glued
            and (previous.kind == "sign" or token.kind == previous.kind or token.kind == "word")
            and not (previous.kind != "sign" and goes_on(view, index, joined, end))
        ):
            break
        if previous is not None and previous.kind == "sign" and tokens[end - 2].kind == token.kind:
            break
        if token.kind == "word" and not token.plain.isascii():
            break
        joined += token.text if token.text.isascii() else token.plain
        previous = token
        end += 1
        pieces += 1
        found = look_up(view, index, joined, at, end, pieces)
        if found is not None:
            best = found
        elif pieces >= 4:
            break
    if best is not None and spaced_unit(view, best):
        best = None
    if best is None and tokens[at].kind == "number":
        return unknown_number(view, index, at)
    return best if best is not None else unknown_code(view, index, at)


def goes_on(view: View, index: Index, joined: str, at: int) -> bool:
    """True where a code goes on behind a space: with its last letter, "s 12 b", or a letter that is a zero, "mk o6"."""
    text = view.tokens[at].text
    if len(text) != 1 or not text.isascii() or not text.isalpha():
        return False
    following = view.tokens[at + 1] if at + 1 < view.size else None
    if following is not None and following.glued:
        if following.kind != "number" or text not in "oil" or not joined.isalpha() or len(joined) < 2:
            return False
        return look_key(joined + text + following.text) in index.looks
    return not joined.isalpha() and code_key(joined + text) in index.codes


def look_up(view: View, index: Index, joined: str, start: int, end: int, pieces: int) -> Spot | None:
    """The product that letters and digits name as a code."""
    if joined.isdecimal():
        return None
    digits = not joined.isalpha()
    if not digits and not index.wordy and joined[-1] not in "ilo" and not (index.digits_first and joined[0] in "ilo"):
        return None
    found = index.codes.get(code_key(joined))
    if found is not None:
        if not digits and not code_of_letters(view, start, end):
            return None
        return Spot("product", start, end, codes=decided(tuple(found), view.pinned))
    if not digits:
        # "AI", "Al": look-alikes without any digit, typed with a capital as codes are.
        typed = view.said(start, end)
        doubtful = typed[-1] in "IlOo1" or (index.digits_first and typed[0] in "IlOo")
        if pieces > 1 or len(joined) > 6 or typed == typed.lower() or view.at.get(start) or not doubtful:
            return None
    elif joined[0].isdecimal() and "o" not in joined.lower() and not index.digits_first:
        return None
    found = index.looks.get(look_key(joined))
    if found is None:
        return None
    first = view.tokens[start]
    if pieces > 1 and joined[0] in "oilOIL" and joined[1:].isdecimal() and not view.tokens[start + 1].glued:
        return None  # "l 1" is a large one
    if (
        first.kind == "word"
        and len(first.text) > 1
        and (first.plain in index.tokens or not all(view.tokens[at].glued for at in range(start + 1, end)))
        and first.text.upper() not in index.prefixes
    ):
        return None  # "oil 2" is no 0112
    return Spot("product", start, end, codes=decided(tuple(found), view.pinned), quality=0.95)


def decided(codes: tuple[Code, ...], pinned: Code | None) -> tuple[Code, ...]:
    """Where several could be meant, the pinned one if it is among them."""
    return (pinned,) if len(codes) > 1 and pinned is not None and pinned in codes else codes


def code_of_letters(view: View, start: int, end: int) -> bool:
    """A code that is an ordinary word counts only typed in capitals or behind a word for codes."""
    if view.role_before(start, CODE) is not None:
        return True
    typed = view.said(start, end)
    return typed == typed.upper() or not any(match.end == end for match in view.at.get(start, ()))


def spaced_unit(view: View, spot: Spot) -> bool:
    """True for "a 2 gói": an everyday letter, a space, and a number that counts something."""
    first, last = view.tokens[spot.start], view.tokens[spot.end - 1]
    if spot.end - spot.start != 2 or last.glued or last.kind != "number" or len(first.text) > 1:
        return False
    everyday = any(match.roles & (FILLER | PERSON | TAKE) for match in view.at.get(spot.start, ()))
    behind = view.at.get(spot.end, ())
    typed = view.said(spot.start, spot.start + 1)
    return everyday and typed == typed.lower() and any(match.phrase.unit is not None for match in behind)


def unknown_number(view: View, index: Index, at: int) -> Spot | None:
    """Digits with a letter behind, where that is how codes are written, and none is this: "25B"."""
    tokens = view.tokens
    if not index.digits_first or at + 1 >= view.size or not tokens[at].text.isdecimal():
        return None
    letter = tokens[at + 1]
    shaped = (
        letter.glued
        and len(letter.text) == 1
        and letter.text.isascii()
        and index.tails_first.get(letter.text.upper(), 0) > 0
        and (at + 2 >= view.size or not tokens[at + 2].glued or tokens[at + 2].kind == "sign")
    )
    typed = view.said(at + 1, at + 2)
    if not shaped or (typed == typed.lower() and view.at.get(at + 1)):
        return None
    return Spot("unknown", at, at + 2)


def unknown_code(view: View, index: Index, at: int) -> Spot | None:
    """What is shaped like the catalog's codes but is none of them."""
    tokens = view.tokens
    first = tokens[at]
    if first.kind != "word" or len(first.text) > 4 or at + 1 >= view.size:
        return None
    second = tokens[at + 1]
    if second.kind != "number" or not second.text.isdecimal() or view.owner[at + 1] is not None or len(second.text) > 4:
        return None
    if at and first.glued and tokens[at - 1].kind == "number":
        return None
    if first.plain + " " + second.plain in index.values:
        return None  # "ip13": an option
    ordinary = bool(view.at.get(at)) and view.meant[at] == view.words[at]  # "ZZ9" is no long-drawn "z"
    known = first.text.upper() in index.prefixes
    if known and (second.glued or (len(first.text) > 1 and not ordinary)):
        return Spot("unknown", at, at + 2)
    if second.glued and len(first.text) <= 3 and index.lettered and not ordinary and first.text != "x":
        return Spot("unknown", at, at + 2)
    return None


def spelt_at(view: View, index: Index, at: int) -> Spot | None:
    """A code whose letters are spelt by their names in another script, with its number behind."""
    head, here = "", at
    while here < view.size:
        match = next(
            (one for one in reversed(view.at.get(here, [])) if one.phrase.letter and view.free(here, one.end)), None
        )
        if match is not None:
            head += match.phrase.letter
            here = match.end
            continue
        spelt = spell(view.words[here], view.lexicon.letters) if view.tokens[here].kind == "word" and not head else ""
        if not spelt:
            break
        head += spelt
        here += 1
    if head and here + 1 < view.size and view.tokens[here].text in JOINTS and view.tokens[here].glued:
        here += 1
    if not head or here >= view.size or view.tokens[here].kind != "number" or view.owner[here] is not None:
        return None
    key = code_key(head + view.tokens[here].text)
    found = index.codes.get(key)
    if found is not None:
        return Spot("product", at, here + 1, codes=decided(tuple(found), view.pinned), quality=0.97)
    if head in index.prefixes and not any(match.roles & (CLAIM | NOT | TIMES | MONEY) for match in view.at.get(at, ())):
        return Spot("unknown", at, here + 1)
    return None


def spell(word: str, letters: dict[str, str]) -> str:
    """A word that is nothing but names of letters, as those letters; "" for any other."""
    if len(word) < 3 or word.isascii():
        return ""
    found: dict[int, str] = {0: ""}
    for start in range(len(word)):
        if start in found:
            for end in range(start + 1, min(len(word), start + 7) + 1):
                letter = letters.get(word[start:end])
                if letter and end not in found:
                    found[end] = found[start] + letter
    return found.get(len(word), "")
