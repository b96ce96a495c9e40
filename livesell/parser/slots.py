"""Filling slots: which quantity and which options belong to which product, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from livesell.catalog.index import Index
from livesell.lexicon import Lexicon
from livesell.model import ONE, Amount, Claim, Code, Product, Quantity
from livesell.parser.spots import Spot, View
from livesell.text import tokenise

SEPARATORS = frozenset(",;/&\n|")


@dataclass
class Item:
    """A claim in the making; `places` are the tokens it came from."""

    code: Code | None
    options: dict[str, str] = field(default_factory=dict)
    counts: list[Spot] = field(default_factory=list)
    places: list[Spot] = field(default_factory=list)
    which: tuple[Code, ...] = ()
    unknown: str = ""
    quantity: Quantity | None = ONE
    said: bool = False

    @property
    def start(self) -> int:
        """Its first token."""
        return self.places[0].start if self.places else 0


def fill(view: View, index: Index, lexicon: Lexicon, pinned: Code | None, spots: Sequence[Spot]) -> list[Item]:
    """The items that a part of a comment names, in order; the pinned product where quantities or options name none."""
    items: list[Item] = []
    named = [spot for spot in spots if spot.kind in ("product", "which", "unknown")]
    if not named:
        loose = [spot for spot in spots if spot.kind in ("quantity", "option")]
        if not loose:
            return []
        return settle(index, _with(Item(pinned), loose), lexicon)
    ahead = counts_ahead(spots)
    waiting: list[Spot] = []
    current: Item | None = None
    for position, spot in enumerate(spots):
        if spot.kind in ("product", "which", "unknown"):
            current = Item(
                spot.codes[0] if spot.kind == "product" and len(spot.codes) == 1 else None,
                places=[spot],
                which=spot.codes if len(spot.codes) > 1 else (),
                unknown=spot.said if spot.kind == "unknown" else "",
            )
            items.append(current)
            for held in waiting:
                _put(items, current, held)
            waiting = []
        elif spot.kind in ("quantity", "option"):
            following = next_named(spots, position)
            goes_ahead = current is None or (
                following is not None
                and (
                    (ahead and spot.kind == "quantity" and adjacent(view, spot, following))
                    or (separated(view, current.places[-1], spot) and not separated(view, spot, following) and ahead)
                )
            )
            if goes_ahead and following is not None:
                waiting.append(spot)
            elif current is not None:
                current = _put(items, current, spot)
    spread_each(view, items)
    spread_options(items, index)
    return settle(index, items, lexicon)


def counts_ahead(spots: Sequence[Spot]) -> bool:
    """True where quantities stand before their products: "2 A1, 3 A2"."""
    order = [spot for spot in spots if spot.kind in ("quantity", "product", "which", "unknown")]
    if not order or order[0].kind != "quantity" or order[0].plus:
        return False
    numbers = sum(spot.kind == "quantity" for spot in order)
    return order[-1].kind != "quantity" or numbers > len(order) - numbers


def next_named(spots: Sequence[Spot], position: int) -> Spot | None:
    """The next product behind a place."""
    return next((spot for spot in spots[position + 1 :] if spot.kind in ("product", "which", "unknown")), None)


def adjacent(view: View, one: Spot, other: Spot) -> bool:
    """True where no separator stands between."""
    return not separated(view, one, other)


def separated(view: View, one: Spot, other: Spot | None) -> bool:
    """True where a comma, a plus or an "and" stands between two spots."""
    if other is None:
        return True
    between = range(one.end, other.start)
    return any(view.tokens[at].text in SEPARATORS or view.tokens[at].text == "+" for at in between) or any(
        "and" in match.roles and match.start in between for match in view.matches
    )


def _with(item: Item, spots: Sequence[Spot]) -> list[Item]:
    items = [item]
    current = item
    for spot in spots:
        current = _put(items, current, spot)
    return items


def _put(items: list[Item], current: Item, spot: Spot) -> Item:
    """Give a quantity or an option to an item; a second value of an option begins another item of the product."""
    if spot.kind == "quantity":
        current.counts.append(spot)
        current.places.append(spot)
        return current
    code = current.code
    value = next((one for one in spot.values if one.code == code), None)
    if value is None:
        return current
    if value.option in current.options:
        if current.options[value.option] == value.value:
            return current
        current = Item(code, {value.option: value.value}, places=[spot])
        items.append(current)
        return current
    current.options[value.option] = value.value
    current.places.append(spot)
    return current


def spread_each(view: View, items: list[Item]) -> None:
    """One quantity for everything named before it: "A1 A2 mỗi loại 2"."""
    each = [match for match in view.matches if "each" in match.roles]
    if not each or len(items) < 2:
        return
    counts = [spot for item in items for spot in item.counts]
    if len(counts) == 1:
        for item in items:
            item.counts = list(counts)


def spread_options(items: list[Item], index: Index) -> None:
    """An option said once goes for every item that has it and says no other value."""
    by_option: dict[str, set[str]] = {}
    for item in items:
        for name, value in item.options.items():
            by_option.setdefault(name, set()).add(value)
    for item in items:
        product = index.products.get(item.code) if item.code is not None else None
        for option in product.options if product is not None else ():
            values = by_option.get(option.name, set())
            same_product = [other for other in items if other.code == item.code]
            last = items[-1].options.get(option.name)
            if option.name in item.options or len(values) != 1:
                continue
            value = next(iter(values))
            known = any(value == one.name for one in option.values)
            if known and (len(same_product) > 1 or (last == value and len(items) > 1)):
                item.options[option.name] = value


def settle(index: Index, items: list[Item], lexicon: Lexicon) -> list[Item]:
    """Quantities in the product's unit; a pack size beside a count only describes the product."""
    for item in items:
        product = index.products.get(item.code) if item.code is not None else None
        counts = item.counts
        if len(counts) > 1:
            measured = [spot for spot in counts if spot.amount is not None]
            plain = [spot for spot in counts if spot.amount is None]
            if measured and plain and product is not None:
                counts = plain
            counts = (
                counts[:1]
                if not any(spot.plus or spot.times for spot in counts)
                else [next(spot for spot in counts if spot.plus or spot.times)]
            )
        if counts:
            item.said = True
            item.quantity = in_units(counts[0], product, lexicon)
    return items


def in_units(spot: Spot, product: Product | None, lexicon: Lexicon) -> Quantity | None:
    """How many units of a product a quantity is, None where it does not come out even."""
    assert spot.number is not None
    number = spot.number
    if product is not None and spot.unit is not None and spot.amount is not None:
        one = unit_amount(product, lexicon)
        if one is None or one.measure != spot.amount.measure:
            return thousandths(number) if product.unit and _same_word(spot.unit, product.unit) else None
        whole = number * spot.amount.value / one.value
        if product.pack is not None and unit_of(product, lexicon) is None and whole != whole.to_integral_value():
            return None
        return thousandths(whole)
    if product is not None and spot.unit == "dozen" and counts_dozens(product, lexicon):
        number = number / 12
    found = thousandths(number)
    if (
        found is not None
        and product is not None
        and found % 1000
        and unit_of(product, lexicon) is None
        and spot.unit is None
    ):
        return found if product.unit == "" else None
    return found


def thousandths(number: Decimal) -> Quantity | None:
    """A number with at most three places, above zero."""
    value = number * 1000
    if value != value.to_integral_value() or not 0 < value <= 1_000_000_000:
        return None
    return Quantity(int(value))


def unit_amount(product: Product, lexicon: Lexicon) -> Amount | None:
    """What one unit of a product amounts to: its unit if that is a measure, else its pack."""
    return unit_of(product, lexicon) or product.pack


def unit_of(product: Product, lexicon: Lexicon) -> Amount | None:
    """The measure that a product's unit is: kg, กก., 公斤; None for a mere count."""
    tokens = tokenise(product.unit)
    if not tokens:
        return None
    tokens = [token for token in tokens if token.kind != "sign"]
    for match in lexicon.spot(tokens):
        if match.start == 0 and match.end == len(tokens) and match.phrase.amount is not None:
            return match.phrase.amount
    return None


def counts_dozens(product: Product, lexicon: Lexicon) -> bool:
    """True for what is sold by the dozen."""
    tokens = tokenise(product.unit)
    return any("dozen" in match.roles for match in lexicon.spot(tokens))


def _same_word(one: str, other: str) -> bool:
    return [token.plain for token in tokenise(one)] == [token.plain for token in tokenise(other)]


def claims_of(items: Sequence[Item], *, unsaid: Quantity | None = ONE) -> list[Claim]:
    """The claims of items that name one product; the same claim twice is one."""
    found: list[Claim] = []
    for item in items:
        if item.code is None:
            continue
        claim = Claim(item.code, dict(item.options), item.quantity if item.said else unsaid, item.said)
        same = [one for one in found if (one.code, one.options) == (claim.code, claim.options)]
        if same and (not claim.said or same[0].quantity == claim.quantity):
            continue
        found.append(claim)
    return found
