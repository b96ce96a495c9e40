"""The parser: from a comment's text to a Reading. Pure: it reads its index and lexicon, and nothing else.

A comment goes from top to bottom through: tokens (livesell/text.py), phrases of the lexicon (view.py), phones
(phones.py), codes (codes.py), names (names.py, runs.py, neighbours.py), options (options.py), numbers (numbers.py,
measures.py, sizes.py, counts.py), what nobody knows (unknown.py), clauses (clauses.py) and the intent (chatter.py,
turns.py, intent.py), then slots (slots.py, units.py) or the two sides of a change (change.py), how sure that is
(sure.py) and why (why.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from livesell.catalog import oneline
from livesell.catalog.index import Index
from livesell.lexicon import ADD, CLAIM, EACH, IF, PASS, PLACE, QUESTION, REQUEST, TAKE, Lexicon
from livesell.model import READ_LIMIT, Claim, Code, Offer, Product, Reading
from livesell.parser.change import cancelled, changed
from livesell.parser.codes import codes
from livesell.parser.intent import decide
from livesell.parser.names import names
from livesell.parser.numbers import numbers
from livesell.parser.options import options
from livesell.parser.phones import phones
from livesell.parser.slots import Item, claims_of, fill
from livesell.parser.sure import confidence
from livesell.parser.turns import Decision
from livesell.parser.unknown import unknown
from livesell.parser.view import BREAKS, View
from livesell.parser.warn import Confusable, confusable
from livesell.parser.why import describe, reasons


class Parser:
    """Reads comments for one shop; `put` and `remove` keep it up with the goods."""

    def __init__(self, products: Iterable[Product], lexicon: Lexicon, *, country: str = "VN") -> None:
        self.index, self.lexicon, self.country = Index(), lexicon, country
        for product in products:
            self.index.put(product)

    def put(self, product: Product) -> None:
        """Know a product, new or changed, from the next comment on."""
        self.index.put(product)

    def offer(self, line: str) -> Offer | None:
        """The product that a line by the seller opens, read with the words of the shop's languages."""
        return oneline.read(line, self.lexicon.line)

    def remove(self, code: Code) -> None:
        """Forget a product."""
        self.index.remove(code)

    def confusable(self) -> list[Confusable]:
        """What viewers may mix up in this catalog: codes that look alike, names that could be several products."""
        return confusable(self.index)

    def read(self, text: str, pinned: Code | None = None) -> Reading:
        """What a comment asks for; `pinned` is the code of the product on show."""
        return self.look(text, pinned)[0]

    def look(self, text: str, pinned: Code | None = None) -> tuple[Reading, View, Decision]:
        """A reading with all that was seen on the way to it, for learning and for trying out."""
        if len(text) > READ_LIMIT:
            text = text[:READ_LIMIT]
        if pinned is not None and pinned not in self.index.products:
            pinned = None
        view = see(text, self.index, self.lexicon, self.country, pinned)
        decision = decide(view)
        reading = concluded(view, decision, pinned)
        if view.roles & PASS and passing(view):
            about = (spot.codes[0] for spot in view.spots if spot.kind == "product" and not spot.which)
            candidates = reading.candidates or tuple(dict.fromkeys(about))
            reading = replace(reading, passes=True, candidates=candidates)
        return reading, view, decision


def see(text: str, index: Index, lexicon: Lexicon, country: str, pinned: Code | None) -> View:
    """Everything in a comment, by place."""
    view = View(text, index, lexicon, pinned)
    phones(view, country)
    codes(view)
    names(view)
    options(view)
    numbers(view)
    addresses(view)
    unknown(view)
    return view


def passing(view: View) -> bool:
    """True where the words that let the next have it are all that is asked for."""
    said = [match for matches in view.at.values() for match in matches if match.roles & PASS]
    inside = {at for match in said for at in range(match.start, match.end)}
    other = CLAIM | ADD | QUESTION | REQUEST
    return not any(
        match.roles & other and not inside.issuperset(range(match.start, match.end))
        for matches in view.at.values()
        for match in matches
    )


def addresses(view: View) -> None:
    """In a stretch between commas that is an address, numbers are no claims."""
    if not view.roles & PLACE or not view.spots:
        return
    start = 0
    for at in range(view.size + 1):
        if at < view.size and not (
            view.tokens[at].kind == "sign" and (view.tokens[at].text in BREAKS or view.tokens[at].text == ",")
        ):
            continue
        roles = 0
        for place in range(start, at):
            if view.owner[place] is None or view.owner[place].kind in ("place", "size"):  # type: ignore[union-attr]
                for match in view.at.get(place, ()):
                    roles |= match.roles
        inside = [spot for spot in view.spots if start <= spot.start < at]
        clear = any(spot.kind == "product" and spot.by in ("code", "name") for spot in inside)
        if roles & PLACE and not roles & (CLAIM | TAKE | ADD) and not clear:
            for spot in inside:
                if (spot.kind == "quantity" and spot.bare) or (
                    spot.kind in ("product", "unknown") and spot.by in ("number", "part")
                ):
                    spot.kind = "place"
        start = at + 1


def concluded(view: View, decision: Decision, pinned: Code | None) -> Reading:
    """The reading that a decision comes to."""
    if decision.intent == "cancel":
        items, claims = cancelled(view, decision)
        return _reading(view, decision, items, claims, None)
    if decision.intent == "change":
        items, claims, replaced = changed(view, decision)
        on_pinned = pinned if claims and pinned is not None and all(item.spot is None for item in items) else None
        return _reading(view, decision, items, claims, on_pinned, replaced)
    if decision.intent == "order":
        return _order(view, decision, pinned)
    return Reading(
        decision.intent,
        phone=view.phone,
        confidence=confidence(view, decision, [], []),
        why=reasons(view, decision, decision.intent, None),
    )


def _order(view: View, decision: Decision, pinned: Code | None) -> Reading:
    spots = [spot for clause in decision.parts for spot in clause.spots]
    if any(clause.roles & (CLAIM | TAKE) for clause in decision.parts) and not any(
        spot.kind in ("product", "unknown") for spot in spots
    ):
        # "A1, cho chị 2 gói": the product stands in a clause of its own.
        parts = [clause for clause in decision.clauses if clause.asks < 2.4 or clause in decision.parts]
        spots = [spot for clause in parts for spot in clause.spots]
    if decision.parts and not any(spot.kind == "product" for spot in spots):
        # "A2 A4 hết chưa, còn thì lấy mỗi loại 1": what was asked about is what is taken.
        roles = 0
        for clause in decision.parts:
            roles |= clause.roles
        asked = [clause for clause in decision.clauses if clause.asks >= 2.4 and clause.start < decision.parts[0].start]
        if roles & (EACH | IF) and asked:
            spots = [spot for spot in asked[-1].spots if spot.kind in ("product", "option")] + spots
    clear = [
        clause
        for clause in decision.parts
        if any(spot.kind in ("quantity", "option") for spot in clause.spots)
        and not any(spot.kind in ("product", "unknown") for spot in clause.spots)
    ]
    if clear and pinned is not None:
        # "the big one 3, it is a gift": strange words in a clause without a number are no goods.
        aside = [
            clause
            for clause in decision.parts
            if any(spot.kind == "unknown" and spot.by == "name" for spot in clause.spots)
            and not any(spot.kind in ("quantity", "product") for spot in clause.spots)
        ]
        spots = [spot for spot in spots if not any(spot in clause.spots for clause in aside)]
    unknown_only = any(spot.kind == "unknown" for spot in spots) and not any(spot.kind == "product" for spot in spots)
    base = None if unknown_only else pinned
    items = fill(view, spots, base)
    claims = claims_of(view, items)
    on_pinned = None
    if not items and base is not None:
        claims, on_pinned = [Claim(base)], base
    elif items and all(item.spot is None for item in items):
        on_pinned = base
    return _reading(view, decision, items, claims, on_pinned)


def _reading(
    view: View,
    decision: Decision,
    items: Sequence[Item],
    claims: list[Claim],
    pinned: Code | None,
    replaced: Sequence[Claim] = (),
) -> Reading:
    lost: dict[str, None] = {}
    candidates: dict[Code, None] = {}
    for item in items:
        if item.code is None and item.spot is not None:
            if item.spot.kind == "unknown":
                lost[view.said(item.spot.start, item.spot.end)] = None
            candidates.update(dict.fromkeys(item.spot.codes))
    return Reading(
        decision.intent,
        tuple(claims),
        view.phone,
        confidence(view, decision, items, claims),
        reasons(view, decision, decision.intent, pinned),
        replaces=tuple(replaced),
        adds=decision.intent == "order" and any(clause.roles & ADD for clause in decision.parts),
        unknown=tuple(lost),
        candidates=tuple(candidates)[:8],
    )


def read(
    text: str, products: Iterable[Product], lexicon: Lexicon, *, country: str = "VN", pinned: Code | None = None
) -> Reading:
    """One comment read for a list of products; for many comments keep a Parser."""
    return Parser(products, lexicon, country=country).read(text, pinned)


__all__ = ["Confusable", "Parser", "describe", "read"]
