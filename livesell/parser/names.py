"""Names as people type them: in part, in another order, with slips, in scripts with spaces and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from rapidfuzz import fuzz

from livesell.catalog.index import Index, Name
from livesell.model import Code
from livesell.parser.view import Spot, View, foreign, han, narrowed, ordinary
from livesell.text import Token, marked


def names(view: View, spans: list[Spot], pinned: Code | None) -> None:
    """Names as people type them: in part, in another order, with slips; the longest span of one product wins."""
    spans.sort(key=lambda spot: (-(spot.end - spot.start), not spot.strong, -spot.quality))
    for spot in spans:
        if view.free(spot.start, spot.end) and worth(view, spot):
            spot.codes = narrowed(spot.codes, pinned)
            if len(spot.codes) > 1:
                spot.kind = "which"
            view.take(spot)


def worth(view: View, spot: Spot) -> bool:
    """False for a part of a name that is an ordinary word of the lexicon, or a single short one."""
    if spot.strong and (spot.quality == 1 or spot.end - spot.start > 1):
        return True
    own = [at for at in range(spot.start, spot.end) if not any(ordinary(match) for match in view.by_start.get(at, ()))]
    if not own:
        return False
    letters = sum(len(view.tokens[at].plain) for at in own)
    if spot.end - spot.start == 1 and not foreign(view.tokens[spot.start]) and letters < 6:
        # One short word of a name counts as typed, not with other tones or a slip.
        return letters >= 3 and spot.exact
    return letters >= (3 if view.tokens[own[0]].plain.isascii() else 2)


COMMON = 24
"""A word of more names than this is looked for in the names that the other words give, not looked up by itself."""

Hits = dict[Name, tuple[int, float]]
"""Names that have a word: its place in the name, and how well it fits."""


def words_of(view: View, index: Index, pinned: Code | None) -> list[Hits]:
    """For every token the names that it may be a word of."""
    tokens = view.tokens
    near: list[Hits] = [{} for _ in tokens]
    common: list[tuple[int, str]] = []
    for at, token in enumerate(tokens):
        if token.kind == "sign" or view.taken[at]:
            continue
        for word in index.words_near(token.plain):
            holders = index.tokens[word]
            if len(holders) > COMMON:
                common.append((at, word))
            else:
                hit(near[at], token, word, holders)
    if common:
        known = dict.fromkeys(name for hits in near for name in hits)
        for name in index.names.get(pinned, ()) if pinned is not None else ():
            known[name] = None
        for place, (at, word) in enumerate(common):
            hit(near[at], tokens[at], word, [name for name in known if word in name.plain])
            if place and common[place - 1][0] == at - 1:
                other = common[place - 1][1]
                fewer, more = sorted((word, other), key=lambda one: len(index.tokens[one]))
                both = [name for name in index.tokens[fewer] if more in name.plain][:COMMON]
                hit(near[at], tokens[at], word, both)
                hit(near[at - 1], tokens[at - 1], other, both)
            if not near[at]:
                hit(near[at], tokens[at], word, list(islice(index.tokens[word], 4)))
    return near


def hit(hits: Hits, token: Token, word: str, holders: Iterable[Name]) -> None:
    """Note the names that a word stands in.

    A word with other tones is still taken for a slip: viewers mistype tones more often than they mean another product.
    """
    for name in holders:
        if name not in hits:
            place = name.plain.index(word)
            same = word == token.plain and (not marked(token) or token.text == name.text[place])
            hits[name] = (place, 1.0 if same else 0.9 if word == token.plain else 0.85)


def spaced_spans(view: View, index: Index, pinned: Code | None) -> Iterator[Spot]:
    """Spans of words that all stand in one name of one or more products."""
    tokens = view.tokens
    near = words_of(view, index, pinned)
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
                more = near[end].get(name)
                if more is not None and (more[0] not in places or name.plain.count(tokens[end].plain) > 1):
                    grown[name] = (places | {more[0]}, quality * more[1])
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
    if size == 1 and len(view.tokens[start].plain) < (2 if foreign(view.tokens[start]) else 3):
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


def spaceless_spans(view: View, index: Index) -> Iterator[Spot]:
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
        yield from spaceless_run(view, index, at, end)
        at = end


def spaceless_run(view: View, index: Index, start: int, end: int) -> Iterator[Spot]:
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
        near = fuzz.partial_ratio_alignment(written, run)
        if near is not None and near.score >= (75 if len(written) == 4 and han(written) else 80) and len(written) >= 4:
            span = _tokens_of(offsets, near.dest_start, near.dest_end)
            whole.setdefault(span, {}).setdefault(name.code, near.score / 100 * 0.9)
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
        for match in view.by_start.get(at, ()):
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
                yield Spot("product", start + first, start + last, tuple(codes), False, "name", quality=0.7, said=said)
        at = end


def longest_piece(letters: Sequence[str], written: str) -> tuple[int, int] | None:
    """The longest run of letters that stands in a name, long enough to mean it."""
    for size in range(len(letters), 1, -1):
        for first in range(len(letters) - size + 1):
            piece = "".join(letters[first : first + size])
            if len(piece) >= (2 if han(piece) else 5) and piece in written:
                return first, first + size
    return None


def _tokens_of(offsets: Sequence[int], first: int, last: int) -> tuple[int, int]:
    begin = max(at for at, offset in enumerate(offsets) if offset <= first)
    end = min(at for at, offset in enumerate(offsets) if offset >= last)
    return begin, end
