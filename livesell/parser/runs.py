"""Names in scripts that write no spaces: in part or with slips, in a run of letters."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz import fuzz

from livesell.catalog.index import MANY, Name
from livesell.model import Code
from livesell.parser.codes import decided
from livesell.parser.view import Spot, View


def run(view: View, start: int, end: int, ordinary: list[bool]) -> Iterator[Spot]:
    """Names in part or with slips in a run of letters of a script without spaces."""
    index = view.index
    letters = view.words[start:end]
    text = "".join(letters)
    offsets = [0]
    for letter in letters:
        offsets.append(offsets[-1] + len(letter))
    votes: dict[Name, int] = {}
    for at in range(len(text) - 1):
        held = index.pairs.get(text[at : at + 2])
        if held is not None and len(held) <= MANY:
            for name in held:
                votes[name] = votes.get(name, 0) + 1
    if not votes:
        return
    pieces: list[tuple[float, int, int, Code, float]] = []
    for name, count in sorted(votes.items(), key=lambda vote: -vote[1])[:24]:
        first, size = common(text, name.joined)
        whole_of = size / len(name.joined)
        if len(name.joined) >= 4 and count >= 2 and whole_of < 1 and count >= 0.4 * (len(name.joined) - 1):
            match = fuzz.partial_ratio_alignment(name.joined, text, score_cutoff=74)
            if match is not None and match.dest_end - match.dest_start > size:
                pieces.append(
                    (
                        match.score / 100 * (match.dest_end - match.dest_start),
                        match.dest_start,
                        match.dest_end,
                        name.code,
                        match.score / 100,
                    )
                )
                continue
        if one_wrong_of_three(text, name.joined) and not thai_letters(text):
            pieces.append((2.5, 0, 3, name.code, 0.7))
            continue
        if size >= 2:
            pieces.append((float(size), first, first + size, name.code, 0.6 + 0.4 * whole_of))
    taken: list[tuple[int, int]] = []
    while pieces:
        top = max(piece[0] for piece in pieces)
        best = next(piece for piece in pieces if piece[0] == top)
        same = [piece for piece in pieces if piece[0] >= top - 0.3 and piece[1] < best[2] and piece[2] > best[1]]
        first, last = best[1], best[2]
        begin, finish = _tokens_of(offsets, first, last)
        pieces = [piece for piece in pieces if piece[2] <= first or piece[1] >= last]
        if any(begin < other and finish > one for one, other in taken):
            continue
        mine = [at for at in range(start + begin, start + finish) if not ordinary[at]]
        thai = thai_letters(text[first:last])
        alone = finish - begin == len(letters) and any(piece[3] == view.pinned for piece in same)
        if not mine or finish - begin < (3 if thai and not alone else 2) or (thai and len(mine) < 2):
            continue
        taken.append((begin, finish))
        codes = tuple(dict.fromkeys(piece[3] for piece in same))
        yield Spot(
            "product", start + begin, start + finish, codes=decided(codes, view.pinned), by="part", quality=best[4]
        )


def one_wrong_of_three(text: str, name: str) -> bool:
    """True for three letters of which one is another: 電桃爐 for 電陶爐."""
    return len(name) == len(text) == 3 and sum(one == other for one, other in zip(text, name, strict=True)) == 2


def thai_letters(text: str) -> bool:
    """True for letters that are no words by themselves, as Han letters are."""
    return not "\u3000" < text[0] < "\ufaff"


def common(text: str, name: str) -> tuple[int, int]:
    """Where the longest piece of a text that stands in a name begins, and how long it is."""
    best, place = 0, 0
    at = 0
    while at + best < len(text):
        size = best + 1
        if text[at : at + size] in name:
            while at + size < len(text) and text[at : at + size + 1] in name:
                size += 1
            best, place = size, at
        at += 1
    return place, best


def _tokens_of(offsets: list[int], first: int, last: int) -> tuple[int, int]:
    begin = max(at for at, offset in enumerate(offsets) if offset <= first)
    end = min(at for at, offset in enumerate(offsets) if offset >= last)
    return begin, end
