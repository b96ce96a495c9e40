"""Filling slots: which quantity and which options belong to which product, from left to right.

Spots become items, one a product; the options and quantities of an item become variants, one a line of the claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from livesell.lexicon import ALL, AND, BODY, CHANGE, EACH, NOT, TO, Lexicon
from livesell.model import ONE, Claim, Code, Product, Quantity
from livesell.parser.units import in_units, unit_of
from livesell.parser.view import Spot, View, named


class Variant:
    """One line of a claim in the making."""

    __slots__ = ("count", "options")

    def __init__(self) -> None:
        self.options: dict[str, str] = {}
        self.count: Spot | None = None


class Item:
    """A product that is asked for: `code` is None where none or several could be meant."""

    __slots__ = ("code", "parts", "spot", "variants")

    def __init__(self, code: Code | None, spot: Spot | None) -> None:
        self.code, self.spot = code, spot
        self.parts: list[Spot] = []
        self.variants: list[Variant] = []


def fill(view: View, spots: Sequence[Spot], pinned: Code | None) -> list[Item]:
    """The items of a stretch of a comment; of the pinned product where its quantities and options name none."""
    spots = [spot for spot in spots if spot.kind in ("product", "unknown", "option", "quantity")]
    if not named(spots):
        if pinned is None or not (spots or view.roles & ALL):
            return []
        item = Item(pinned, None)
        item.parts = list(spots)
        items = [item]
    else:
        items = gather(view, spots)
    for item in items:
        split(view, item)
    spread_quantity(view, items, spots)
    spread_options(view, items)
    every_value(view, items)
    return items


def gather(view: View, spots: Sequence[Spot]) -> list[Item]:
    """Items with their options and quantities, which stand before or behind their product."""
    items: list[Item] = []
    waiting: list[Spot] = []
    current: Item | None = None
    ahead = counts_ahead(view, spots)
    for place, spot in enumerate(spots):
        if spot.kind in ("product", "unknown"):
            known = spot.kind == "product"
            code = spot.codes[0] if known and len(spot.codes) == 1 else None
            if known and len(spot.codes) > 1:
                code = by_options(spot, spots, place)
            current = Item(code, spot)
            current.parts.extend(waiting)
            waiting = []
            items.append(current)
            continue
        if current is None:
            waiting.append(spot)
            continue
        following = _next(spots, place)
        last = current.parts[-1] if current.parts else current.spot
        apart = last is not None and (view.separated(last.end, spot.start) or joined(view, last.end, spot.start))
        adjacent = (
            following is not None
            and not view.separated(spot.end, following.start)
            and not joined(view, spot.end, following.start)
        )
        if (
            adjacent
            and following is not None
            and not spot.each
            and (
                (spot.kind == "quantity" and not spot.plus and ahead)
                or (apart and not spot.plus and following.start - spot.end <= 3 and not _takes(view, current, spot))
            )
        ):
            waiting.append(spot)
        else:
            current.parts.append(spot)
    if waiting and current is not None:
        current.parts.extend(waiting)
    return items


def _takes(view: View, item: Item, spot: Spot) -> bool:
    """True where an option can only be of the item before it."""
    if spot.kind != "option" or item.code is None:
        return False
    return (
        any(code == item.code for code, _ in spot.choices)
        and any(part.kind == "option" for part in item.parts)
        and not view.separated(item.parts[-1].end, spot.start)
    )


def counts_ahead(view: View, spots: Sequence[Spot]) -> bool:
    """True where quantities stand before their products: "2 A1, 3 A2"."""
    order = [spot for spot in spots if spot.kind in ("quantity", "product", "unknown")]
    if len(order) < 2 or order[0].kind != "quantity" or order[0].plus:
        return False
    return not view.separated(order[0].end, order[1].start) and order[1].kind != "quantity"


def _next(spots: Sequence[Spot], place: int) -> Spot | None:
    """The product right behind a place, with nothing but options and quantities between."""
    for spot in spots[place + 1 :]:
        if spot.kind in ("product", "unknown"):
            return spot
        if spot.kind == "quantity" and spots[place].kind == "quantity":
            return None
    return None


def joined(view: View, start: int, end: int) -> bool:
    """True where an "and" stands in these tokens."""
    return any(view.role(at, AND) is not None for at in range(start, end))


def by_options(spot: Spot, spots: Sequence[Spot], place: int) -> Code | None:
    """The one of several products that has the option said beside it."""
    near = [other for other in spots[max(0, place - 2) : place + 4] if other.kind == "option" and other is not spot]
    if not near:
        return None
    able = [code for code in spot.codes if all(any(code == one for one, _ in option.choices) for option in near)]
    return able[0] if len(able) == 1 else None


def split(view: View, item: Item) -> None:
    """The lines of an item: a second value of an option, or a second quantity, begins the next."""
    parts = [part for part in item.parts if part.kind == "quantity" or value_for(part, item.code) is not None]
    counts = [part for part in parts if part.kind == "quantity"]
    product = view.index.products.get(item.code) if item.code is not None else None
    counts = told(counts, product, view.lexicon) if len(counts) > 1 and len(counts) == len(parts) else counts
    described = _descriptions(counts, product, view.lexicon)
    variant = Variant()
    item.variants = [variant]
    order: list[str] = []
    number_first = bool(parts) and parts[0].kind == "quantity" and len(parts) > 1 and parts[-1].kind == "option"
    for part in parts:
        if part.kind == "quantity":
            if part in described or part not in counts:
                continue
            if variant.count is not None:
                if part.number == variant.count.number and not number_first:
                    continue
                if not number_first and part is parts[-1]:
                    # A last number with no option of its own: the first one holds.
                    if part.plus or part.times or variant.count.bare:
                        variant.count = part if (part.plus or part.times or not part.bare) else variant.count
                    continue
                variant = Variant()
                order = []
                item.variants.append(variant)
            variant.count = part
            continue
        option, value = value_for(part, item.code)  # type: ignore[misc]
        held = variant.options.get(option)
        if held == value:
            continue
        if held is not None:
            kept = {name: variant.options[name] for name in order[: order.index(option)]}
            variant = Variant()
            variant.options.update(kept)
            order = list(kept)
            item.variants.append(variant)
        variant.options[option] = value
        order.append(option)
    _complete(item)
    first = item.variants[0]
    rest = item.variants[1:]
    if len(rest) >= 2 and not first.options and all(variant.options and variant.count is not None for variant in rest):
        whole = sum((variant.count.number or 0) for variant in rest if variant.count is not None)
        if first.count is None or first.count.number == whole:
            # "a dozen, 6 black 6 white": the sum is no line of its own.
            item.variants = rest


def _complete(item: Item) -> None:
    """An option said of the last variant only goes for those before it, too: "black, white M"."""
    if len(item.variants) < 2:
        return
    last = item.variants[-1]
    for variant in item.variants[:-1]:
        for option, value in last.options.items():
            if option not in variant.options and all(
                option not in other.options or other.options[option] == value for other in item.variants
            ):
                variant.options[option] = value


def value_for(spot: Spot, code: Code | None) -> tuple[str, str] | None:
    """The option and value that a spot says of a product."""
    for one, choice in spot.choices:
        if code is None or one == code:
            return (choice.option, choice.value)
    return None


def told(counts: list[Spot], product: Product | None, lexicon: Lexicon) -> list[Spot]:
    """Of several quantities of one thing, the one that counts."""
    signed = [spot for spot in counts if spot.plus or spot.times]
    if signed:
        return signed[:1]
    described = _descriptions(counts, product, lexicon)
    rest = [spot for spot in counts if spot not in described]
    united = [spot for spot in rest if not spot.bare]
    return (united or rest or counts)[:1]


def _descriptions(counts: Sequence[Spot], product: Product | None, lexicon: Lexicon) -> list[Spot]:
    """Amounts beside a count that only say how big a pack is: "200gr 3 bungkus"."""
    measured = [spot for spot in counts if spot.amount is not None]
    plain = [spot for spot in counts if spot.amount is None]
    if not measured or not plain:
        return []
    if product is not None and unit_of(product, lexicon) is not None:
        return [spot for spot in plain if spot.bare]
    return measured


def spread_quantity(view: View, items: list[Item], spots: Sequence[Spot]) -> None:
    """One quantity for everything named: "A1 A2 mỗi loại 2", "黑白各1"."""
    each = [match for found in view.at.values() for match in found if match.roles & EACH] if view.roles & EACH else []
    pairs = [spot for spot in spots if spot.each]
    if (not each and not pairs) or not items:
        return
    spot = pairs[0] if pairs else None
    if spot is None:
        match = max(each, key=lambda one: one.end - one.start)
        near = [
            one
            for one in spots
            if one.kind == "quantity"
            and (
                one.start == match.start
                or match.end <= one.start <= match.end + 2
                or match.start - 3 <= one.end <= match.start
                or one.start <= match.start < one.end
            )
        ]
        spot = near[0] if near else None
        if match.phrase.number is not None and spot is None:
            spot = Spot("quantity", match.start, match.end, number=match.phrase.number)
    variants = [variant for item in items for variant in item.variants]
    if spot is None or spot.number is None:
        return
    said = [variant for variant in variants if variant.count is not None and variant.count is not spot]
    if (
        len(said) == 1
        and said[0].count is not None
        and said[0].count.number == spot.number * len(variants) > spot.number
    ):
        said[0].count = None  # "half a dozen, rose and mint 3 each": the sum is no line of its own
        said = []
    last = max((one.end for one in spots if one.kind in ("product", "option")), default=0)
    for variant in variants:
        if variant.count is None or (not said and last <= spot.start):
            variant.count = spot


def spread_options(view: View, items: list[Item]) -> None:
    """An option said once at the end of a list goes for every item before it that says nothing of its own."""
    if len(items) < 2:
        return
    last = items[-1]
    together = any(match.roles & ALL for found in view.at.values() for match in found)
    for name, value in list(last.variants[-1].options.items()):
        for item in reversed(items[:-1]):
            if item.code is None:
                continue
            if any(variant.options for variant in item.variants) or (
                any(variant.count is not None and not variant.count.each for variant in item.variants)
                and not together
                and not any(match.roles & EACH for found in view.at.values() for match in found)
            ):
                break
            spoken = next(
                (part for part in last.parts if part.kind == "option" and value_for(part, last.code) == (name, value)),
                None,
            )
            same = same_value(view, item.code, name, value, spoken)
            if same is not None:
                for variant in item.variants:
                    variant.options[same[0]] = same[1]


def same_value(view: View, code: Code, name: str, value: str, spot: Spot | None) -> tuple[str, str] | None:
    """The option of another product that the same word says."""
    if spot is not None:
        found = value_for(spot, code)
        if found is not None and any(one == code for one, _ in spot.choices):
            return found
    for option in view.index.products[code].options:
        if option.name == name and any(one.name == value for one in option.values):
            return name, value
    return None


def every_value(view: View, items: list[Item]) -> None:
    """ "All colours, one each" is a line for each value, and so is "A1 one each" of what has one option."""
    if not view.roles & ALL:
        one_each(view, items)
        return
    every = [
        match for found in view.at.values() for match in found if match.roles & ALL and view.owner[match.start] is None
    ]
    if not every or len(items) != 1 or items[0].code is None:
        return
    item = items[0]
    options = view.index.products[item.code].options  # type: ignore[index]
    free = [option for option in options if not any(option.name in variant.options for variant in item.variants)]
    match = max(every, key=lambda one: one.end - one.start)
    if not free or (
        match.end - match.start < 2 and not any(one.roles & EACH for found in view.at.values() for one in found)
    ):
        return
    chosen = free[0]
    size_word = any(one.roles & BODY for at in range(match.start, match.end) for one in view.at.get(at, ()))
    for option in free:
        sizes = sum(
            value.name.replace(".", "").isdecimal() or value.name.upper() in ("S", "M", "L", "XL")
            for value in option.values
        )
        if (sizes > 0) == size_word:
            chosen = option
            break
    variants = []
    for variant in item.variants:
        for value in chosen.values:
            one = Variant()
            one.options.update(variant.options)
            one.options[chosen.name] = value.name
            one.count = variant.count
            variants.append(one)
    item.variants = variants


def one_each(view: View, items: list[Item]) -> None:
    """ "A1 one each", where A1 has one option and no value of it is said: one of each value."""
    if not any(cue.roles & EACH for cue in view.cues) or view.roles & (NOT | CHANGE | TO):
        return  # an "each" inside a longer phrase is none: kore den
    if len(items) != 1 or items[0].code is None or len(items[0].variants) != 1:
        return
    options = view.index.products[items[0].code].options
    variant = items[0].variants[0]
    if len(options) != 1 or variant.options or len(options[0].values) < 2:
        return
    items[0].variants = []
    for value in options[0].values:
        one = Variant()
        one.options[options[0].name] = value.name
        one.count = variant.count
        items[0].variants.append(one)


def claims_of(view: View, items: Sequence[Item], *, withdrawn: bool = False) -> list[Claim]:
    """The claims of items that name one product; the same claim twice is one."""
    found: list[Claim] = []
    for item in items:
        if item.code is None:
            continue
        product = view.index.products[item.code]
        for variant in item.variants:
            said = variant.count is not None
            count: Quantity | None = None
            if not withdrawn:
                count = ONE if variant.count is None else in_units(variant.count, product, view.lexicon)
            add(found, Claim(item.code, dict(variant.options), count, said and not withdrawn))
    return found


def add(found: list[Claim], claim: Claim) -> None:
    """Keep a claim unless it says again what was said."""
    for at, one in enumerate(found):
        if one.code == claim.code and one.options == claim.options:
            if claim.said and not one.said:
                found[at] = claim
            return
        if one.code == claim.code and not claim.said and not claim.options and one.options != claim.options:
            return
    found[:] = [
        one for one in found if not (one.code == claim.code and not one.said and not one.options and claim.options)
    ]
    found.append(claim)


def options_of(item: Item) -> Mapping[str, str]:
    """The options of an item's first line."""
    return item.variants[0].options if item.variants else {}
