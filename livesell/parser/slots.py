"""Filling slots: which quantity and which options belong to which product, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from livesell.catalog.index import Index
from livesell.lexicon import Lexicon
from livesell.model import ONE, Amount, Claim, Code, Product, Quantity
from livesell.parser.view import Spot, View
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
    named = [spot for spot in spots if spot.kind in NAMED]
    loose = [spot for spot in spots if spot.kind in ("quantity", "option")]
    groups: list[tuple[Item, list[Spot]]] = []
    if not named:
        if not loose:
            return []
        groups.append((Item(pinned if pinned is not None else by_option(loose)), loose))
    else:
        groups = grouped(view, spots)
    items = [item for first, mine in groups for item in variants(index, first, mine)]
    items = every_value(view, index, items)
    spread_each(view, items)
    spread_options(items, index)
    return settle(index, items, lexicon)


def by_option(spots: Sequence[Spot]) -> Code | None:
    """The only product that has all the options said, where no product is named."""
    sets = [{value.code for value in spot.values} for spot in spots if spot.kind == "option"]
    shared = set.intersection(*sets) if sets else set()
    return next(iter(shared)) if len(shared) == 1 else None


NAMED = ("product", "which", "unknown")


def grouped(view: View, spots: Sequence[Spot]) -> list[tuple[Item, list[Spot]]]:
    """Every product with the quantities and options that belong to it."""
    groups: list[tuple[Item, list[Spot]]] = []
    ahead = counts_ahead(spots)
    waiting: list[Spot] = []
    last: Spot | None = None
    for position, spot in enumerate(spots):
        if spot.kind in NAMED:
            item = Item(
                spot.codes[0] if spot.kind == "product" and len(spot.codes) == 1 else None,
                places=[spot],
                which=spot.codes if len(spot.codes) > 1 else (),
                unknown=spot.said if spot.kind == "unknown" else "",
            )
            groups.append((item, waiting))
            waiting = []
        elif spot.kind in ("quantity", "option"):
            following = next_named(spots, position)
            near = following is not None and not separated(view, spot, following)
            apart = last is None or separated(view, last, spot)
            lone = spot.kind == "quantity" and ahead and near
            if following is not None and (not groups or lone or (near and apart)):
                waiting.append(spot)
            else:
                groups[-1][1].append(spot)
        else:
            continue
        last = spot
    return groups


def variants(index: Index, first: Item, spots: Sequence[Spot]) -> list[Item]:
    """One product's quantities and options as items: "M 1 L 2" and "1 M 2 L" are two of them."""
    product = index.products.get(first.code) if first.code is not None else None
    chosen: list[tuple[Spot, str, str]] = []
    for spot in spots:
        mine = next((one for one in spot.values if one.code == first.code), None) if product else None
        if mine is not None:
            chosen.append((spot, mine.option, mine.value))
    several = len(chosen) > len({option for _, option, _ in chosen})
    meant = {id(spot): (option, value) for spot, option, value in chosen}
    counts = [spot for spot in spots if spot.kind == "quantity"]
    leads = several and len(counts) > 1 and spots[0].kind == "quantity"
    if several and len(counts) > 1 and leads and spots[1].kind == "quantity":
        # A sum and its parts: "a dozen, 6 black 6 white".
        spots = spots[1:]
    items = [first]
    current = first
    for spot in spots:
        if spot.kind == "quantity":
            if leads and current.counts:
                current = another(items, first)
            current.counts.append(spot)
            current.places.append(spot)
        elif id(spot) in meant:
            option, value = meant[id(spot)]
            if current.options.get(option, value) != value:
                current = another(items, first)
            current.options[option] = value
            current.places.append(spot)
    if len(items) > 1 and len(counts) == 1 and counts[0].number == len(items) and counts[0] in items[0].counts:
        items[0].counts = []
    return items


def every_value(view: View, index: Index, items: list[Item]) -> list[Item]:
    """ "All colours, one each" is an item for every value of the one option that is left open."""
    if not any("all" in match.roles for match in view.matches):
        return items
    found: list[Item] = []
    for item in items:
        product = index.products.get(item.code) if item.code is not None else None
        free = [option for option in product.options if option.name not in item.options] if product is not None else []
        if len(free) != 1:
            found.append(item)
            continue
        for value in free[0].values:
            options = {**item.options, free[0].name: value.name}
            found.append(Item(item.code, options, list(item.counts), list(item.places)))
    return found


def another(items: list[Item], first: Item) -> Item:
    """One more item of the same product."""
    item = Item(first.code, places=[])
    items.append(item)
    return item


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
        at in view.joins for at in between
    )


def spread_each(view: View, items: list[Item]) -> None:
    """One quantity for everything named before it: "A1 A2 mỗi loại 2"."""
    each = [match for match in view.matches if "each" in match.roles]
    counts = [spot for item in items for spot in item.counts]
    common = next((spot for spot in counts if spot.each), None)
    for match in each:
        near = [spot for spot in counts if -1 <= spot.start - match.end <= 1 or -1 <= match.start - spot.end <= 1]
        common = common or next(iter(near), None)
    if common is None and each and len(counts) == 1:
        common = counts[0]
    if common is not None and len(items) > 1:
        for item in items:
            if not item.counts or common in item.counts or not item.places or item.places[0].start < common.start:
                item.counts = [common]


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
