"""A comment with all that is seen in it: tokens, phrases of the lexicon, and spots, each of which owns its tokens."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from livesell.catalog.index import Choice, Index, Note
from livesell.lexicon import EACH, QUESTION, Lexicon, Match
from livesell.model import Amount, Code
from livesell.text import Token, tokenise

Kind = Literal["product", "unknown", "option", "foreign", "quantity", "money", "size", "place", "phone"]
"""`foreign` is a word for an option that no product in the comment has; `unknown` names what the catalog has not."""

By = Literal["code", "number", "name", "part"]
"""What named a product: its code, a plain number that is its code, a whole name, a part of a name."""

BREAKS = frozenset(".!?;\n")
COMMAS = frozenset(",/|")


class Spot:
    """Tokens `start` to before `end` as one thing; several `codes` where more than one product could be meant."""

    __slots__ = (
        "amount", "bare", "by", "choices", "codes", "each", "end", "kind", "number", "plus", "quality", "start",
        "times", "unit",
    )  # fmt: skip

    def __init__(
        self,
        kind: Kind,
        start: int,
        end: int,
        *,
        codes: tuple[Code, ...] = (),
        by: By = "code",
        quality: float = 1.0,
        choices: tuple[tuple[Code, Choice], ...] = (),
        number: Decimal | None = None,
        unit: str | None = None,
        amount: Amount | None = None,
        plus: bool = False,
        times: bool = False,
    ) -> None:
        self.kind, self.start, self.end = kind, start, end
        self.codes, self.by, self.quality = codes, by, quality
        self.choices = choices
        self.number, self.unit, self.amount = number, unit, amount
        self.plus, self.times = plus, times
        self.each = False
        self.bare = unit is None and not plus and not times

    @property
    def which(self) -> bool:
        """True where more than one product could be meant."""
        return len(self.codes) > 1

    def __repr__(self) -> str:
        what = self.codes or [choice.value for _, choice in self.choices] or self.number
        return f"{self.kind}[{self.start}:{self.end}]{what}"


class View:
    """A comment with all that was seen in it."""

    __slots__ = (
        "at",
        "bits",
        "counting",
        "cues",
        "index",
        "kinds",
        "lexicon",
        "meant",
        "numeric",
        "ordinary",
        "owner",
        "phone",
        "pinned",
        "roles",
        "size",
        "spots",
        "text",
        "tokens",
        "words",
    )

    def __init__(self, text: str, index: Index, lexicon: Lexicon, pinned: Code | None) -> None:
        self.text, self.index, self.lexicon, self.pinned = text, index, lexicon, pinned
        self.tokens: list[Token] = tokenise(text)
        self.size = size = len(self.tokens)
        self.words = words = [token.plain for token in self.tokens]
        self.kinds = [token.kind for token in self.tokens]
        self.numeric = "number" in self.kinds
        notes = index.notes
        noted = [notes.get(word) or note(word, index, lexicon) for word in words]
        self.meant = [meant for meant, _ in noted]
        bits = 0
        for _, one in noted:
            bits |= one
        self.bits = bits
        self.at: dict[int, list[Match]] = lexicon.places(self.tokens, self.meant)
        self.ordinary = ordinary = [False] * size
        self.counting: set[int] = set()
        inner = False
        roles = 0
        longest = -1
        for start, held in self.at.items():
            for match in held:
                roles |= match.roles
                if match.phrase.counts:
                    self.counting.add(start)
            end = match.end
            if end - start == 1:
                ordinary[start] = True
            else:
                ordinary[start:end] = [True] * (end - start)
            if start < longest and words[start][0] >= "\u0e00":
                inner = True
            if end > longest:
                longest = end
        self.roles = roles
        if inner:
            self._whole_words()
        self.owner: list[Spot | None] = [None] * size
        self.spots: list[Spot] = []
        self.cues: list[Match] = []
        self.phone: str | None = None

    def _whole_words(self) -> None:
        """Forget short words found inside longer ones where no spaces part them; numbers and questions stay."""
        reach = -1
        for start, found in list(self.at.items()):
            end = found[-1].end
            if self.words[start][0] >= "\u0e00":
                kept = [
                    match
                    for match in found
                    if (match.end > reach and match.end == end)
                    or match.phrase.number is not None
                    or match.phrase.unit is not None
                    or match.roles & (QUESTION | EACH)
                ]
                if not kept:
                    del self.at[start]
                elif len(kept) < len(found):
                    self.at[start] = kept
            if end > reach:
                reach = end

    def free(self, start: int, end: int) -> bool:
        """True where nothing was seen in these tokens yet."""
        owner = self.owner
        for at in range(start, end):  # noqa: SIM110
            if owner[at] is not None:
                return False
        return True

    def take(self, spot: Spot) -> Spot:
        """Keep a spot; its tokens are nobody else's."""
        self.spots.append(spot)
        for at in range(spot.start, spot.end):
            self.owner[at] = spot
        return spot

    def drop(self, spot: Spot) -> None:
        """Take a spot back."""
        self.spots.remove(spot)
        for at in range(spot.start, spot.end):
            self.owner[at] = None

    def role(self, at: int, roles: int) -> Match | None:
        """The longest phrase that begins at a token and has one of these roles."""
        if not self.roles & roles:
            return None
        found = self.at.get(at)
        if found is not None:
            for match in reversed(found):
                if match.roles & roles:
                    return match
        return None

    def role_before(self, at: int, roles: int, most: int = 3) -> Match | None:
        """A phrase that ends right before a token and has one of these roles."""
        if not self.roles & roles:
            return None
        for start in range(at - 1, max(-1, at - 1 - most), -1):
            for match in self.at.get(start, ()):
                if match.end == at and match.roles & roles:
                    return match
        return None

    def said(self, start: int, end: int) -> str:
        """Tokens as they were typed."""
        if start >= end:
            return ""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]

    def separated(self, start: int, end: int) -> bool:
        """True where a comma, a stop or a plus stands in these tokens."""
        for at in range(start, end):
            token = self.tokens[at]
            if token.kind == "sign" and (token.text in BREAKS or token.text in COMMAS or token.text in "+&"):
                return True
        return False

    def sort(self) -> None:
        """Spots in the order of the comment."""
        self.spots.sort(key=lambda spot: spot.start)


def note(word: str, index: Index, lexicon: Lexicon) -> Note:
    """What a word may be; what it stands for is itself, or where nobody knows it a word of the lexicon a slip away."""
    known = word in lexicon.words or word in index.tokens or not word.isalpha()
    return index.note(word, word if known else lexicon.meant(word))


def named(spots: Iterable[Spot]) -> list[Spot]:
    """Those that name a product, known or not."""
    return [spot for spot in spots if spot.kind in ("product", "unknown")]


def unit_at(view: View, at: int) -> Match | None:
    """The unit that stands at a token, the longest one."""
    for match in reversed(view.at.get(at, ())):
        if match.phrase.unit is not None and match.phrase.number is None and view.free(at, match.end):
            if match.end < view.at[at][-1].end and view.at[at][-1].roles & QUESTION:
                return None  # "25 cái nào": which one
            return match
    return None


def group_at(view: View, at: int) -> Match | None:
    """The word for a dozen or the like that stands at a token."""
    for match in view.at.get(at, ()):
        if match.phrase.group and match.phrase.number is None and view.free(at, match.end):
            longer = any(other.end > match.end and other.roles and not other.phrase.group for other in view.at[at])
            return None if longer else match
    return None
