"""The parser: from a comment's text to a Reading. Pure: it reads its index and lexicon, and nothing else.

text -> tokens (livesell/text.py) -> spots (spots.py) -> clauses and their intents (intent.py) -> slots (slots.py)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from livesell.catalog.index import Index
from livesell.lexicon import Lexicon
from livesell.model import READ_LIMIT, Claim, Code, Intent, Product, Reading, Why
from livesell.parser.intent import Clause, Weighed, clauses_of, for_machines, to_somebody, weigh
from livesell.parser.sides import sides
from livesell.parser.signs import INTENTS, Weights, calibrated, chances, signs_of, weights
from livesell.parser.slots import NAMED, Item, claims_of, fill
from livesell.parser.spots import see
from livesell.parser.view import View


class Parser:
    """Reads comments for one shop; `put` and `remove` keep it up with the goods."""

    def __init__(
        self,
        products: Iterable[Product],
        lexicon: Lexicon,
        *,
        country: str = "VN",
        learned: Weights | None = None,
    ) -> None:
        self.learned = learned or weights()
        self.index, self.lexicon, self.country = Index(), lexicon, country
        for product in products:
            self.index.put(product)

    def put(self, product: Product) -> None:
        """Know a product, new or changed, from the next comment on."""
        self.index.put(product)

    def remove(self, code: Code) -> None:
        """Forget a product."""
        self.index.remove(code)

    def read(self, text: str, pinned: Code | None = None) -> Reading:
        """What a comment asks for; `pinned` is the code of the product on show."""
        text = text[:READ_LIMIT]
        if pinned is not None and pinned not in self.index.products:
            pinned = None
        view = see(text, self.index, self.lexicon, self.country, pinned)
        if for_machines(text) or to_somebody(view):
            return Reading("other", phone=view.phone, confidence=0.9, why=why_of(view, (), "other"))
        weighed = self._weighed(view, pinned)
        likely = chances(signs_of(view, weighed, pinned), self.learned.signs)
        best = max(range(len(INTENTS)), key=likely.__getitem__)
        reading = self._built(INTENTS[best], view, weighed, pinned)
        confidence = calibrated(likely[best] * reading.confidence, self.learned)
        return msgspec.structs.replace(reading, confidence=confidence)

    def _weighed(self, view: View, pinned: Code | None) -> list[Weighed]:
        clauses = clauses_of(view)
        return [weigh(view, clause, pinned, alone=len(clauses) == 1) for clause in clauses]

    def _built(self, intent: Intent, view: View, weighed: Sequence[Weighed], pinned: Code | None) -> Reading:
        """The reading of an intent, from the clauses that speak for it, from all where none does.

        Its confidence is that of the claims alone: how likely they are right if the intent is.
        """
        by: dict[str, list[Weighed]] = {}
        for one in weighed:
            by.setdefault(one.intent, []).append(one)
        if intent == "order":
            parts = by.get("order") or [one for one in weighed if one.intent not in ("other", "paid")] or weighed
            return self._order(view, parts, pinned, weighed)
        if intent == "cancel":
            return self._cancel(view, by.get("cancel") or weighed)
        if intent == "change":
            if "change" not in by and "cancel" in by and "order" in by:
                return self._swap(view, by["cancel"], by["order"], pinned)
            return self._change(view, [*by.get("change", []), *by.get("order", [])] or weighed, pinned)
        return Reading(intent, phone=view.phone, confidence=1.0, why=why_of(view, weighed, intent))

    def signs(self, text: str, pinned: Code | None = None) -> list[str]:
        """What of a comment speaks for an intent (signs.py); for learning."""
        view = see(text[:READ_LIMIT], self.index, self.lexicon, self.country, pinned)
        return signs_of(view, self._weighed(view, pinned), pinned)

    def _items(self, view: View, parts: Sequence[Weighed], pinned: Code | None) -> list[Item]:
        spots = [spot for one in parts for spot in one.clause.spots]
        return fill(view, self.index, self.lexicon, pinned, spots)

    def _order(self, view: View, parts: Sequence[Weighed], pinned: Code | None, weighed: Sequence[Weighed]) -> Reading:
        items = self._items(view, parts, pinned)
        claims = claims_of(items)
        named = [item for item in items if item.code is not None]
        unknown = tuple(item.unknown for item in items if item.unknown)
        candidates = tuple(dict.fromkeys(code for item in items for code in item.which))
        on_pinned = False
        if not items and pinned is not None and not self._names_unknown(view, parts):
            claims, on_pinned = [Claim(pinned)], True
        elif not items:
            words = self._names_unknown(view, parts)
            unknown = (words,) if words else ()
        elif pinned is not None and not any(spot.kind in ("product", "which", "unknown") for spot in view.spots):
            on_pinned = bool(named)
            words = self._names_unknown(view, parts)
            if words:
                claims, unknown, on_pinned = [], (words,), False
        elif not named and not unknown and not candidates:
            words = self._names_unknown(view, parts)
            unknown = (words,) if words else ()
        confidence = self._confidence(view, parts, items, on_pinned=on_pinned, mixed=len(weighed) > len(parts))
        return Reading(
            "order",
            tuple(claims),
            view.phone,
            confidence,
            why_of(view, parts, "order", pinned=pinned if on_pinned else None),
            adds=any(one.clause.has("add") for one in parts),
            unknown=unknown,
            candidates=candidates if not claims or candidates else (),
        )

    def _names_unknown(self, view: View, parts: Sequence[Weighed]) -> str:
        """The words of a claim that name something the catalog does not have, "" where there are none.

        They stand beside the word that claims, or beside a quantity: other unknown words say nothing about goods.
        """
        best = (0, 0)
        for one in parts:
            known = {at for spot in one.clause.spots for at in range(spot.start, spot.end)}
            known.update(at for match in view.matches for at in range(match.start, match.end))
            beside = {edge for spot in one.clause.kinds("quantity", "size") for edge in (spot.start, spot.end)}
            for match in one.clause.cues:
                if match.roles & {"claim", "take", "add", "size"}:
                    beside.update((match.start, match.end))
            first, last = self._stretch(view, one)
            start = first
            for at in range(first, last + 1):
                if at < last and at not in known and view.tokens[at].kind == "word":
                    continue
                near = not beside or any(-1 <= edge - start <= 0 or edge == at for edge in beside)
                if near and at - start > best[1] - best[0]:
                    best = (start, at)
                start = at + 1
        words = view.said(*best)
        return words if len(words.replace(" ", "")) >= (3 if words.isascii() else 2) else ""

    def _stretch(self, view: View, one: Weighed) -> tuple[int, int]:
        """The tokens of a clause between the commas around what is claimed in it."""
        places = [match.start for match in one.clause.cues if match.roles & {"claim", "take"}]
        places += [spot.start for spot in one.clause.spots if spot.kind in ("quantity", "option")]
        if not places:
            return one.clause.start, one.clause.end
        commas = [at for at in range(one.clause.start, one.clause.end) if view.tokens[at].text == ","]
        start = max((at for at in commas if at < min(places)), default=one.clause.start)
        return start, min((at for at in commas if at > max(places)), default=one.clause.end)

    def _cancel(self, view: View, parts: Sequence[Weighed]) -> Reading:
        items = self._items(view, parts, None)
        claims = claims_of(items, unsaid=None)
        claims = [Claim(claim.code, claim.options, None, said=False) for claim in claims]
        confidence = 0.9 if claims else 0.85
        return Reading("cancel", tuple(claims), view.phone, confidence, why_of(view, parts, "cancel"))

    def _swap(self, view: View, gone: Sequence[Weighed], wanted: Sequence[Weighed], pinned: Code | None) -> Reading:
        given_up = claims_of(self._items(view, gone, None), unsaid=None)
        claims = claims_of(self._items(view, wanted, pinned))
        if not claims or not given_up:
            return self._cancel(view, gone)
        return Reading(
            "change",
            tuple(claims),
            view.phone,
            0.75,
            why_of(view, [*gone, *wanted], "change"),
            replaces=tuple(Claim(claim.code, claim.options, None) for claim in given_up),
        )

    def _change(self, view: View, parts: Sequence[Weighed], pinned: Code | None) -> Reading:
        given, wanted = sides(parts)
        lost = fill(view, self.index, self.lexicon, None, given)
        on_show = pinned
        named = [item for item in lost if item.code is not None]
        if named and not any(spot.kind in NAMED for spot in wanted):
            on_show = named[-1].code
        if not any(spot.kind in NAMED for spot in given):
            product = next((spot.codes[0] for spot in wanted if spot.kind == "product"), on_show)
            lost = fill(view, self.index, self.lexicon, product, given)
        items = fill(view, self.index, self.lexicon, on_show, wanted) or [Item(on_show)]
        for item in items:
            old = next((one for one in lost if one.code == item.code), None)
            if old is not None:
                item.options = {**old.options, **item.options}
                if old.said and not item.said and len(items) == 1 == len(lost):
                    item.quantity, item.said = old.quantity, True
        claims = claims_of(items)
        replaces = [
            Claim(claim.code, claim.options, None)
            for claim in claims_of(lost, unsaid=None)
            if not any(one.code == claim.code and one.options == claim.options for one in claims)
        ]
        unknown = tuple(item.unknown for item in items if item.unknown)
        which = tuple(dict.fromkeys(code for item in items for code in item.which))
        return Reading(
            "change",
            tuple(claims),
            view.phone,
            0.8 if claims else 0.6,
            why_of(view, parts, "change"),
            replaces=tuple(replaces),
            unknown=unknown,
            candidates=which,
        )

    def _confidence(
        self, view: View, parts: Sequence[Weighed], items: Sequence[Item], *, on_pinned: bool, mixed: bool
    ) -> float:
        """How likely intent and claims are right, from what they rest on."""
        confidence = max(one.weight for one in parts)
        spots = [spot for one in parts for spot in one.clause.spots if spot.kind == "product"]
        if spots:
            confidence = min(confidence, *(0.97 if spot.strong else 0.8 for spot in spots))
            confidence *= min(spot.quality for spot in spots)
        if on_pinned:
            confidence *= 0.92
        if mixed:
            confidence *= 0.9
        if any(item.quantity is None for item in items):
            confidence *= 0.9
        leftover = sum(not taken for taken in view.taken) - sum(
            match.end - match.start for one in parts for match in one.clause.cues
        )
        confidence -= min(0.15, 0.01 * max(0, leftover))
        return round(max(0.5, min(0.99, confidence)), 3)


def why_of(view: View, parts: Sequence[Weighed], intent: str, pinned: Code | None = None) -> tuple[Why, ...]:
    """What a reading rests on, piece by piece, in the order of the comment."""
    found: list[Why] = []
    tokens = view.tokens
    clauses: list[Clause] = [one.clause for one in parts]
    for spot in (spot for clause in clauses for spot in clause.spots):
        start, end = tokens[spot.start].start, tokens[spot.end - 1].end
        if spot.kind == "product":
            found.append(Why("code" if spot.by != "name" else "name", {"code": spot.codes[0]}, start, end))
        elif spot.kind == "which":
            found.append(Why("which", {"codes": tuple(spot.codes)}, start, end))
        elif spot.kind == "unknown":
            found.append(Why("unknown", {"text": spot.said}, start, end))
        elif spot.kind == "quantity" and spot.number is not None:
            found.append(Why("quantity", {"n": f"{spot.number.normalize():f}"}, start, end))
        elif spot.kind == "option":
            found.append(Why("option", {"value": spot.values[0].value}, start, end))
        elif spot.kind == "phone":
            found.append(Why("phone", {}, start, end))
    shown = {"claim", "take", "add", "cancel", "change", "question", "past", "not", "if", "paid", "announce", "each"}
    for match in (match for clause in clauses for match in clause.cues):
        role = next((role for role in match.roles if role in shown), None)
        if role is not None:
            start, end = tokens[match.start].start, tokens[match.end - 1].end
            found.append(Why("word", {"word": view.said(match.start, match.end), "role": role}, start, end))
    if pinned is not None:
        found.append(Why("pinned", {"code": pinned}))
    found.sort(key=lambda why: (why.start, why.end))
    if intent in ("question", "other"):
        found = [why for why in found if why.code in ("word", "phone")]
    return tuple(found)


__all__ = ["Parser"]
