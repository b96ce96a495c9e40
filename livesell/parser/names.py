"""Names as people type them: whole, in part, in another order, with slips."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from livesell.catalog.index import HEAD, MANY, NAME, Index, Name
from livesell.lexicon import (
    ADD,
    ALL,
    AND,
    ANYMORE,
    ARTICLE,
    CANCEL,
    CHANGE,
    CLAIM,
    EACH,
    FILLER,
    FROM,
    IF,
    NOT,
    PERSON,
    PRAISE,
    QUESTION,
    TAKE,
    TO,
    without_vowels,
)  # fmt: skip
from livesell.model import Code
from livesell.parser.codes import decided
from livesell.parser.neighbours import settle
from livesell.parser.runs import run
from livesell.parser.view import Spot, View
from livesell.text import shortened, stands_alone

LETTERS = 3
"""Letters that a part of a name has at least that are nobody else's words."""


def names(view: View) -> None:
    """Whole names first, then parts of names in what is left."""
    bits = view.bits
    if bits & HEAD:
        whole(view)
    if not bits & NAME:
        view.sort()
        return
    ordinary, words, owner, known = view.ordinary, view.words, view.owner, view.index.tokens
    at = 0
    while at < view.size:
        token = view.tokens[at]
        word = words[at]
        if (
            owner[at] is not None
            or token.kind != "word"
            or (
                word.isascii()
                and (word not in known if ordinary[at] or len(word) < 4 else not view.index.words_near(word))
            )
        ):
            at += 1
        elif not word.isascii() and stands_alone(token.text[0]):
            end = at
            while (
                end < view.size
                and view.owner[end] is None
                and view.tokens[end].kind == "word"
                and stands_alone(view.tokens[end].text[0])
            ):
                end += 1
            if end - at >= 2:
                for spot in run(view, at, end, ordinary):
                    view.take(spot)
            at = end
        else:
            found = None if ordinary[at] and len(word) <= 3 and mere_link(view, at) else part(view, at, ordinary)
            if found is not None:
                if (
                    found.end < view.size
                    and words[found.end] == "2"
                    and view.tokens[found.end].glued
                    and owner[found.end] is None
                    and doubled(view, found)
                ):
                    found.end += 1  # "pichi2" is pichi-pichi
                view.take(found)
                at = found.end
            else:
                at += 1
    if view.spots:
        settle(view, ordinary)


def doubled(view: View, spot: Spot) -> bool:
    """True where the last word of a part of a name stands in it twice."""
    word = view.words[spot.end - 1]
    return any(name.plain.count(word) >= 2 for code in spot.codes for name in view.index.shelves[code].names)


def mere_link(view: View, at: int) -> bool:
    """True for a word that only joins others: the "de" of "cafe de olla"."""
    roles = 0
    for match in view.at.get(at, ()):
        if match.end == at + 1:
            roles |= match.roles
    return bool(roles & (ARTICLE | AND | FROM | TO)) and not roles & ~LINKING


LINKING = FILLER | ARTICLE | AND | FROM | TO | PERSON


def whole(view: View) -> None:
    """Whole names, the longest at each place."""
    heads, full, words, size, firsts = view.index.heads, view.index.full, view.words, view.size, view.index.firsts
    at = 0
    while at < size:
        if words[at] not in firsts or view.owner[at] is not None or view.tokens[at].kind == "sign":
            at += 1
            continue
        lengths: list[int] = []
        if at + 1 < size:
            two = heads.get(words[at] + " " + words[at + 1])
            if two is not None:
                lengths.extend(two)
        if words[at] in full:
            lengths.append(1)
        taken = 1
        for length in sorted(lengths, reverse=True):
            end = at + length
            if end > size or not view.free(at, end):
                continue
            found = full.get(" ".join(words[at:end]))
            if found is None:
                continue
            quality = _marks(view, next(iter(found)), at, end)
            if length == 1 and (
                quality < 1 or len(words[at]) < 2 or (means(view, at, at + 1) and not named_anyway(view, at))
            ):
                continue
            end = further(view, tuple(found), at, end)
            view.take(Spot("product", at, end, codes=decided(tuple(found), view.pinned), by="name", quality=quality))
            taken = end - at
            break
        at += taken


def further(view: View, codes: tuple[Code, ...], start: int, end: int) -> int:
    """Where a short name ends that goes on with the rest of a longer one of the same product: "noi chien ko dau"."""
    if len(codes) != 1 or end >= view.size or stands_alone(view.words[start][0]):
        return end
    said = view.words[start:end]
    for name in view.index.shelves[codes[0]].names:
        if len(name.plain) <= end - start or name.plain[: end - start] != tuple(said):
            continue
        rest = list(name.plain[end - start :])
        at, last, gap = end, end, 0
        while at < view.size and rest and view.owner[at] is None and view.kinds[at] == "word":
            word = view.words[at]
            if word in rest:
                del rest[: rest.index(word) + 1]
                last = at + 1
            elif gap or len(word) > 3:
                break
            else:
                gap += 1
            at += 1
        if last > end:
            return last
    return end


def means(view: View, start: int, end: int) -> bool:
    """True where these tokens are a phrase with a meaning of its own."""
    for match in view.at.get(start, ()):
        phrase = match.phrase
        if match.end >= end and (
            match.roles & ~(FILLER | PERSON | AND) or phrase.number is not None or phrase.unit is not None
        ):
            return True
    return False


CORE = CLAIM | TAKE | ADD | CANCEL | CHANGE | NOT | QUESTION | EACH | ALL | TO | IF | ANYMORE
"""Roles of words that a comment cannot do without."""


def named_anyway(view: View, at: int) -> bool:
    """True for a word with a meaning of its own that is a whole name and stands where names stand."""
    matches = view.at.get(at, ())
    roles = 0
    for match in matches:
        roles |= match.roles
        if match.phrase.number is not None:
            return False
    before = view.at.get(at - 1, ()) if at else ()
    if any(match.phrase.unit is not None for match in matches):
        counted = at > 0 and (
            view.tokens[at - 1].kind == "number" or any(match.phrase.number is not None for match in before)
        )
        return not counted and not roles & CORE
    if beside_number(view, at):
        return True
    if roles & CORE:
        return False
    return any(match.roles & (ARTICLE | CLAIM | TAKE | ADD | CANCEL | CHANGE) for match in before)


def beside_number(view: View, at: int) -> bool:
    """True for a word with a number in digits right behind it."""
    return (
        at + 1 < view.size
        and view.tokens[at + 1].kind == "number"
        and not any(match.phrase.unit is not None for match in view.at.get(at, ()))
    )


def _marks(view: View, code: Code, start: int, end: int) -> float:
    """1 where the marks are the name's or were not typed."""
    for name in view.index.shelves[code].names:
        if name.plain == tuple(view.words[start:end]):
            for offset, marks in enumerate(name.marks):
                typed = view.tokens[start + offset].marks
                if typed and typed != marks:
                    return 0.9
            return 1.0
    return 1.0


def part(view: View, at: int, ordinary: list[bool]) -> Spot | None:
    """The part of a name, or the name in another order or with slips, that begins at a word of a script with spaces."""
    index, words = view.index, view.words
    near = nearby(index, words[at], ordinary[at])
    if not near:
        return None
    alive = having(index, near, None)
    count = own = 0
    end = last = at
    gap = 0
    exact = True
    while end < view.size and view.owner[end] is None:
        token = view.tokens[end]
        if token.kind == "sign" and token.text not in "-'.":
            break
        if token.kind == "number" and (
            end + 1 >= view.size or end + 1 in view.at or view.tokens[end + 1].kind == "number"
        ):
            break
        if end > at and token.kind != "sign":
            near = nearby(index, words[end], ordinary[end])
            grown = having(index, near, alive) if near else None
            if grown:
                alive = grown
            elif (
                gap == 0 and (len(words[end]) <= 2 or (ordinary[end] and len(words[end]) <= 3)) and token.kind == "word"
            ):
                gap += 1
                end += 1
                continue
            else:
                break
        elif token.kind == "sign":
            end += 1
            continue
        exact = exact and near[0][1] == 1.0
        count += 1
        own += 0 if ordinary[end] and not counted_thing(view, end) else len(words[end])
        gap = 0
        end += 1
        last = end
    if alive is None:
        # Words that very many names have.
        codes = tuple(dict.fromkeys(name.code for name in list(index.tokens.get(words[at], ()))[:5]))
        return (
            Spot("product", at, last, codes=codes, by="part", quality=0.5)
            if len(codes) > 1 and own >= LETTERS
            else None
        )
    if not alive:
        return None
    if count == 1 and at and view.said(at, at + 1)[0].isupper() and view.role_before(at, PERSON) is not None:
        return None  # "chị Hoa" is somebody
    few = own < (LETTERS if words[at].isascii() else 2) and not (count >= 2 and own > 0)
    if few and (own or len(words[at]) < 4 or not lone_unit(view, at) or len({name.code for name in alive}) > 1):
        return None
    if view.lexicon.marks:
        alive = {name: score for name, score in alive.items() if not other_marks(view, name, at, last)}
        if not alive:
            return None
    best = max(alive.values())
    if view.pinned is not None and best > 0.85 and count == 1:
        # The pinned product decides also where another's name is a letter nearer.
        mine = {name: best for name, score in alive.items() if name.code == view.pinned and score >= best - 0.15}
        whole_name = any(len(name.plain) == 1 and score == best for name, score in alive.items())
        alive = mine if mine and not whole_name else alive
    codes = tuple(dict.fromkeys(name.code for name, score in alive.items() if score >= best - 0.051))
    length = sum(len(word) for word in words[at:last])
    cover = max(min(1.0, length / name.letters) for name, score in alive.items() if score >= best - 0.051)
    typed = view.tokens[at].marks
    strange = typed and (view.lexicon.marks or not any(typed in name.marks for name in alive))
    if count == 1 and view.pinned is not None and all(name.code != view.pinned for name in alive):
        # "sambelnya" beside the pinned Sambal Teri, with a Sambel Bawang in the catalog
        for name in view.index.shelves[view.pinned].names:
            if any(hung_on(words[at], word) for word in name.plain) and not any(len(one.plain) == 1 for one in alive):
                alive = {name: best}
                codes = (view.pinned,)
                break
    if count == 1 and not exact and (strange or (len(words[at]) < 5 and not dropped(words[at], alive))):
        return None
    if (
        count == 1
        and view.tokens[at].marks
        and exact
        and not any(view.tokens[at].marks in name.marks for name in alive)
    ):
        return None
    full = any(len(name.plain) == count and name.code in codes for name in alive)
    if full:
        codes = (
            tuple(
                dict.fromkeys(
                    name.code for name, score in alive.items() if len(name.plain) == count and score >= best - 0.051
                )
            )
            or codes
        )
    return Spot(
        "product",
        at,
        last,
        codes=decided(codes, view.pinned),
        by="name" if full else "part",
        quality=best * (0.55 + 0.45 * cover),
    )


def hung_on(word: str, other: str) -> bool:
    """True for a word of a name, a letter wrong, with an ending hung on it."""
    if len(other) < 5 or not len(other) < len(word) <= len(other) + 4 or word[0] != other[0]:
        return False
    return OSA.distance(word[: len(other)], other, score_cutoff=1) <= 1


def counted_thing(view: View, at: int) -> bool:
    """True for a word of praise with digits right before it: "1 top"."""
    if not at or view.kinds[at - 1] != "number" or view.tokens[at].glued:
        return False
    return all(match.roles & PRAISE and not match.roles & ~(PRAISE | FILLER) for match in view.at.get(at, ()))


def other_marks(view: View, name: Name, start: int, end: int) -> bool:
    """True where at least half of the words have marks that are not the name's, in a language where marks matter."""
    count = other = 0
    for at in range(start, end):
        word = view.words[at]
        if view.kinds[at] != "word" or word not in name.plain:
            continue
        count += 1
        marks = view.tokens[at].marks
        if marks and all(held != marks for held, plain in zip(name.marks, name.plain, strict=True) if plain == word):
            other += 1
    return other * 2 >= count > 0


def dropped(word: str, alive: dict[Name, float]) -> bool:
    """True where a short word lacks only a vowel or a doubled letter of one of a name: "hldi", "tedy"."""
    short, bare = shortened(word), without_vowels(word)
    return any(
        shortened(other) == short or (len(other) > len(word) >= 4 and without_vowels(other) == bare)
        for name in alive
        for other in name.plain
    )


def lone_unit(view: View, at: int) -> bool:
    """True for a word that could be a unit but has nothing counted before it: "do refil"."""
    matches = view.at.get(at, ())
    if not matches or any(
        match.roles or match.phrase.number is not None or match.phrase.amount is not None for match in matches
    ):
        return False
    before = view.tokens[at - 1] if at else None
    return (
        before is not None
        and before.kind == "word"
        and not any(match.phrase.number is not None for match in view.at.get(at - 1, ()))
    )


def nearby(index: Index, word: str, ordinary: bool) -> list[tuple[str, float]]:
    """Words of names that a word stands for; an ordinary word only for itself."""
    if ordinary or len(word) < 4:
        found = [(word, 1.0)] if word in index.tokens and (len(word) > 1 or not word.isascii()) else []
        other = word[:-1] if word.endswith("s") else word + "s"
        if len(word) >= 5 and other in index.tokens:
            found.append((other, 0.95))
        return found
    return index.words_near(word)


def having(index: Index, near: list[tuple[str, float]], alive: dict[Name, float] | None) -> dict[Name, float] | None:
    """The names that have one of these words beside what they had; None while there are too many to tell."""
    if alive is None:
        total = sum(len(index.tokens[word]) for word, _ in near)
        if total > MANY:
            return None
        grown: dict[Name, float] = {}
        for word, quality in near:
            for name in index.tokens[word]:
                grown[name] = max(quality, grown.get(name, 0.0))
        return grown
    grown = {}
    for word, quality in near:
        held = index.tokens[word]
        for name, score in alive.items():
            if name in held:
                value = score * quality
                if value > grown.get(name, 0.0):
                    grown[name] = value
    return grown
