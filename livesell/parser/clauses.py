"""Clauses: the parts of a comment between stops and commas, weighed over all cues in them."""

from __future__ import annotations

from livesell.lexicon import (
    ADD,
    ALL,
    AND,
    ARTICLE,
    ASIDE,
    ASK,
    BODY,
    CANCEL,
    CHANGE,
    CLAIM,
    CODE,
    CROWD,
    DEAL,
    DECLINE,
    EACH,
    FILLER,
    GAME,
    GREETING,
    IF,
    ME,
    MONEY,
    NOT,
    ONLY,
    OPENS,
    OR,
    PAID,
    PAST,
    PERSON,
    PHONE,
    PLACE,
    PRAISE,
    QUESTION,
    REQUEST,
    SIZE,
    TAKE,
    TELL,
    THIS,
    TIMES,
    Match,
)  # fmt: skip
from livesell.parser.view import BREAKS, Spot, View

QUIET = FILLER | PERSON | GREETING | AND | ARTICLE | CODE | TIMES | ME | ONLY | EACH | ALL
"""Roles of words that say nothing against a bare claim."""


STOPS = BREAKS | {","}
"""What parts clauses."""


DECIDED = CLAIM | TAKE | ADD | CANCEL | CHANGE | PRAISE | PAST | DECLINE | GAME | NOT | IF | GREETING | TELL | PLACE
"""Roles of words beside which an "or" asks nothing."""


class Clause:
    """A part of a comment between stops and commas: its spots and the words in it that mean something."""

    __slots__ = ("asks", "claim", "cues", "end", "left", "roles", "spots", "start", "stop")

    def __init__(self, start: int, end: int, stop: str) -> None:
        self.start, self.end, self.stop = start, end, stop
        self.spots: list[Spot] = []
        self.cues: list[Match] = []
        self.roles = 0
        self.left = 0.0
        self.asks = 0.0
        self.claim = 0.0

    def first(self, roles: int) -> int:
        """Where the first word of these roles stands, -1 where none does."""
        return next((cue.start for cue in self.cues if cue.roles & roles), -1)

    def last(self, roles: int) -> int:
        """Where the last word of these roles stands, -1 where none does."""
        return next((cue.start for cue in reversed(self.cues) if cue.roles & roles), -1)


def cues_of(view: View) -> list[Match]:
    """The words that count: the longest phrase at each place, none inside a product, an option or a phone."""
    matches = [match for found in view.at.values() for match in found if match.roles]
    if not matches:
        return []
    if len(matches) > 1:
        matches.sort(key=_length)
    taken, counted = [False] * view.size, [False] * view.size
    for spot in view.spots:
        held = taken if spot.kind in HIDING else counted
        for at in range(spot.start, spot.end):
            held[at] = True
    found = []
    for match in matches:
        start, end = match.start, match.end
        if counted[start] and counted[end - 1] and not match.roles & (EACH | ADD | ALL | PLACE):
            continue
        for at in range(start, end):
            if taken[at]:
                break
        else:
            if match.roles & (ASIDE | DEAL) and not match.roles & QUESTION and match.end - match.start > 1:
                # What a phrase asks about does not hide that it asks.
                for other in matches:
                    if other.roles & QUESTION and match.start <= other.start and other.end <= match.end:
                        match = Match(match.start, match.end, match.phrase, match.roles | QUESTION)
                        break
            found.append(match)
            for at in range(start, end):
                taken[at] = True
    if len(found) > 1:
        found.sort(key=_start)
    return found


HIDING = frozenset(("product", "option", "phone", "unknown", "foreign"))
"""Kinds of spots inside which no word counts."""


def _start(match: Match) -> int:
    return match.start


def _length(match: Match) -> int:
    return match.start - match.end


def clauses_of(view: View) -> list[Clause]:
    """The clauses of a comment, weighed."""
    view.cues = cues_of(view)
    found: list[Clause] = []
    start = 0
    words, kinds = view.words, view.kinds
    if "sign" in kinds:
        for at, kind in enumerate(kinds):
            if kind == "sign" and (sign := words[at]) in STOPS and view.owner[at] is None:
                if at > start:
                    found.append(Clause(start, at, sign))
                elif found and sign in "?!":
                    found[-1].stop = sign
                start = at + 1
    if start < view.size:
        found.append(Clause(start, view.size, ""))
    if not found and view.size:
        found.append(Clause(0, view.size, view.tokens[-1].text))
    known = [owner is not None for owner in view.owner]
    for match in view.cues:
        for at in range(match.start, match.end):
            known[at] = True
    alone = len(found) == 1
    for clause in found:
        start, end = clause.start, clause.end
        if alone:
            clause.spots, clause.cues = view.spots, view.cues
        else:
            clause.spots = [spot for spot in view.spots if start <= spot.start < end]
            clause.cues = [match for match in view.cues if start <= match.start < end]
        for match in clause.cues:
            clause.roles |= match.roles
        left = 0.0
        for at in range(start, end):
            if not known[at] and kinds[at] == "word":
                word = words[at]
                if word[0] >= "\u0e00":
                    left += 0.4
                elif len(word) > 1:
                    left += 1
        clause.left = left
        clause.asks = asking(view, clause) if clause.cues else 2.6 if clause.stop == "?" else 0.0
        clause.claim = claiming(view, clause) if clause.spots or clause.roles & (CLAIM | TAKE | ADD) else 0.0
    return found


def asking(view: View, clause: Clause) -> float:
    """How much a clause asks."""
    asks = 2.6 if clause.stop == "?" else 0.0
    for place, cue in enumerate(clause.cues):
        if cue.roles & QUESTION:
            following = clause.cues[place + 1] if place + 1 < len(clause.cues) else None
            exclaims = following is not None and following.roles & PRAISE and following.start == cue.end
            if not exclaims or clause.stop == "?" or any(spot.end <= cue.start for spot in clause.spots):
                asks += 3.0  # else it exclaims: "qué bonito"
        elif (
            (cue.roles & ASK and _ends(view, clause, cue))
            or (cue.roles & OPENS and cue is clause.cues[0] and _begins(view, clause, cue))
            or (cue.roles & OR and not clause.roles & (CLAIM | TAKE | ADD) and _choice(clause, cue))
        ):
            asks += 2.4
    if (
        clause.roles & OR
        and asks == 0
        and clause.start < clause.first(OR) < clause.end - 1
        and not clause.roles & DECIDED
        and not any(spot.kind == "quantity" for spot in clause.spots)
        and (view.pinned is not None or any(spot.kind == "product" for spot in clause.spots))
    ):
        asks = 2.4  # "es de vaca o de cabra"
    if (
        clause.roles & PHONE
        and clause.stop != "?"
        and asks < 4
        and not clause.roles & ASIDE
        and any(spot.kind == "phone" for spot in clause.spots)
    ):
        asks = 0.0
    if clause.roles & DEAL and clause.roles & (IF | ASK | OPENS):
        asks += 2.4
    return asks


def _choice(clause: Clause, cue: Match) -> bool:
    """True where two of a kind stand on both sides: "304 or 201", "with roe or without"."""
    before = {_sort(spot) for spot in clause.spots if cue.start - 4 <= spot.end <= cue.start}
    after = {_sort(spot) for spot in clause.spots if cue.end <= spot.start <= cue.end + 3}
    return bool(before & after)


def _sort(spot: Spot) -> str:
    return "number" if spot.kind in ("quantity", "size", "money") or spot.by == "number" else spot.kind


def _begins(view: View, clause: Clause, cue: Match) -> bool:
    """True where a clause opens with this word and takes nothing."""
    if clause.roles & (CLAIM | TAKE | ADD | PRAISE | PAST) or any(spot.start < cue.start for spot in clause.spots):
        return False
    before = sum(view.tokens[at].kind == "word" for at in range(clause.start, cue.start))
    return (
        before == 0
        and bool(clause.spots or clause.roles & ASIDE)
        and not any(spot.plus or spot.times for spot in clause.spots)
    )


def _ends(view: View, clause: Clause, cue: Match) -> bool:
    """True where nothing but small words stands behind."""
    if any(spot.start >= cue.end for spot in clause.spots):
        return False
    if (
        cue.roles & NOT
        and cue.end < clause.end
        and any(other.start >= cue.end and other.roles & (CLAIM | TAKE) for other in clause.cues)
    ):
        return False
    small = {
        at
        for other in clause.cues
        if other.start >= cue.end and other.roles & (FILLER | PERSON | GREETING | ASK)
        for at in range(other.start, other.end)
    }
    return all(at in small or view.tokens[at].kind == "sign" for at in range(cue.end, clause.end))


def claiming(view: View, clause: Clause) -> float:
    """How much a clause claims."""
    roles = clause.roles
    products: list[Spot] = []
    counts: list[Spot] = []
    chosen = priced = measured = False
    for spot in clause.spots:
        kind = spot.kind
        if kind == "product" or kind == "unknown":
            products.append(spot)
        elif kind == "quantity":
            counts.append(spot)
        elif kind == "option" or kind == "foreign":
            chosen = True
        elif kind == "money":
            priced = True
        elif kind == "size":
            measured = True
    claim = 0.0
    strange = bool(products) and all(spot.kind == "unknown" and spot.by == "name" for spot in products)
    bare = all(spot.bare for spot in counts)
    if measured and roles & (CLAIM | TAKE) and not counts:
        # "llevo 20 minutos": what is taken is time.
        times = {spot.start for spot in clause.spots if spot.kind == "size"}
        if all(cue.end in times for cue in clause.cues if cue.roles & (CLAIM | TAKE)):
            return 0.0
    if roles & CLAIM:
        claim += 3.0
    elif (
        strange
        and bare
        and not chosen
        and not any(cue.roles & (TAKE | ADD) and cue.end - cue.start > 1 for cue in clause.cues)
    ):
        # Strange words beside an everyday verb: most chatter looks so.
        claim += 0.4
    elif roles & (TAKE | ADD):
        claim += 2.0 if products or counts or chosen else 2.4 if roles & THIS and view.pinned is not None else 0.4
    if roles & REQUEST and not roles & (CLAIM | ASIDE) and (products or counts or chosen):
        claim += 2.0
    coded = [spot for spot in products if spot.by in ("code", "number")]
    if coded:
        claim += 1.5
        if not counts and not chosen and not roles & ~(QUIET | CLAIM | TAKE | ADD | IF | PAID) and clause.left <= 1:
            claim += 1.0 - 0.4 * clause.left
    elif products:
        claim += 0.5 if strange else 0.8 if any(spot.by == "name" for spot in products) else 0.6
    signed = any(not spot.bare for spot in counts)
    if counts:
        if products:
            # "gergaji 1 kak" is a claim of something, "shop hát 1 bài đi" is none.
            plain = clause.left < 1 and not roles & ~(QUIET | TAKE | BODY)
            claim += 0.8 if strange and bare and not plain else 2.2 if any(spot.plus for spot in counts) else 1.8
        elif any(spot.plus or spot.times for spot in counts):
            claim += 3.0
        elif signed:
            claim += 2.1 - (0.35 * max(0, clause.left - 1) if not roles & (CLAIM | TAKE | ADD) else 0)
        elif roles & (CLAIM | TAKE | ADD):
            claim += 0.6
        elif roles & ME and view.roles & IF and clause.left < 1:
            claim += 2.4  # "if there is any left, me 1"
        if (roles & MONEY or priced) and not roles & PAID:
            claim -= 0.0 if roles & (CLAIM | TAKE | ADD) or coded else 1.0
    if chosen:
        claim += (
            1.6
            if products
            else 2.0
            if counts and view.pinned is not None
            else 1.0
            if counts or roles & (CLAIM | TAKE)
            else 0.0
        )
    if counts and not products and roles & ASIDE and not roles & (CLAIM | TAKE | ADD):
        claim -= 2.0
    if roles & (EACH | ALL):
        if products and not counts and not chosen:
            claim += 1.4
        elif counts and not products and any(spot.kind == "product" for spot in view.spots):
            claim += 2.0
        elif roles & EACH and not products and not roles & ~(QUIET | CLAIM | TAKE | ADD | BODY) and clause.left < 1:
            # "one of each" of what is on show.
            product = view.index.products.get(view.pinned) if view.pinned is not None else None
            if product is not None and product.options and (counts or clause.end - clause.start > 1):
                claim += 2.4
    if roles & CROWD:
        claim -= 2.5
    if roles & PAID and not products and not roles & (CLAIM | TAKE | ADD):
        claim -= 3.0
    if roles & PHONE and not (products or counts or chosen):
        claim -= 1.5
    if roles & PRAISE:
        claim -= (
            1.6 if not roles & CLAIM and not (counts and products) and not any(spot.plus for spot in counts) else 0.5
        )
    if products and not coded and not roles & (CLAIM | TAKE | ADD) and (measured or priced):
        claim -= 0.5
    if roles & SIZE and not coded:
        claim -= 0.3
    if not products and not counts and not chosen:
        claim -= 0.35 * max(0.0, clause.left - 2)
        if roles & (MONEY | PLACE) or priced or measured:
            claim -= 1.2
    elif not roles & (CLAIM | TAKE | ADD):
        claim -= 0.12 * max(0.0, clause.left - 2)
    return claim
