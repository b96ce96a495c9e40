"""A reader of exact codes, for tests of what comes after reading: `A1`, `A1 2`, `cancel`, `cancel A1`, `?…`."""

from __future__ import annotations

from livesell.catalog import oneline
from livesell.model import ONE, Claim, Code, Offer, Product, Reading, quantity


class ExactReader:
    """Reads `CODE [quantity]`, `cancel [CODE]`, a question mark, and nothing else; `boom` breaks it."""

    def __init__(self) -> None:
        self.products: dict[Code, Product] = {}

    def put(self, product: Product) -> None:
        """Know a product."""
        self.products[product.code] = product

    def offer(self, line: str) -> Offer | None:
        """The product that a line by the seller opens."""
        return oneline.read(line)

    def read(self, text: str, pinned: Code | None = None) -> Reading:
        """What a comment asks for."""
        words = text.split()
        if words[:1] == ["boom"]:
            raise RuntimeError("the reader broke")
        if text.endswith("?"):
            return Reading("question", confidence=0.95)
        if words[:1] == ["cancel"]:
            claims = tuple(Claim(Code(word), {}, None) for word in words[1:])
            return Reading("cancel", claims, confidence=0.95)
        if words[:1] == ["+1"] and pinned is not None:
            return Reading("order", (Claim(pinned, {}, ONE, said=True),), confidence=0.95)
        if words and Code(words[0]) in self.products:
            said = len(words) > 1 and words[1].isdecimal()
            return Reading(
                "order", (Claim(Code(words[0]), {}, quantity(words[1]) if said else ONE, said),), confidence=0.95
            )
        return Reading("other", confidence=0.95)
