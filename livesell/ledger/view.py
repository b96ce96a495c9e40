"""The book as it is looked at: what it holds, and what it fetches from its shelf when it is asked for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from livesell import events as e
from livesell.commands import Heard
from livesell.ledger.states import Counters, LineState, OrderState, Rules, Shelf, ShowState, StockState, UnclearState
from livesell.model import BuyerId, Code, CommentId, EventNumber, IdentityId, LineId, OrderId, Product, Quantity, ShowId

KINDS = ("shows", "products", "stock", "orders", "lines", "unclears", "buyers")
"""What a book holds by key, and what a store writes after a turn."""


class View:
    """The state as far as it was looked at.

    A fork shares what its parent holds and keeps its own changes. `changed` has the keys that `apply` touched.
    """

    def __init__(self, shelf: Shelf | None = None, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.shelf = shelf
        self.parent: View | None = None
        self.counters = Counters()
        self._forget()

    def _forget(self) -> None:
        self.shows: dict[ShowId, ShowState | None] = {}
        self.products: dict[Code, Product | None] = {}
        self.stock: dict[tuple[Code, str], StockState | None] = {}
        self.orders: dict[OrderId, OrderState | None] = {}
        self.lines: dict[LineId, LineState | None] = {}
        self.unclears: dict[CommentId, UnclearState | None] = {}
        self.buyers: dict[IdentityId, BuyerId | None] = {}
        # Indices: kept complete for every key that was asked for once.
        self.order_names: dict[tuple[ShowId, str], OrderId | None] = {}
        self.buyer_orders: dict[tuple[ShowId, BuyerId], tuple[OrderId, ...]] = {}
        self.order_lines: dict[OrderId, tuple[LineId, ...]] = {}
        self.queues: dict[Code, tuple[tuple[int, LineId], ...]] = {}
        self.variants: dict[Code, tuple[str, ...]] = {}
        self.identities: dict[BuyerId, tuple[IdentityId, ...]] = {}
        self.heards: dict[CommentId, Heard | None] = {}
        # Phones that were said and are not stored yet; no event has them, so only the root of the forks does.
        self.phones: dict[str, set[IdentityId]] = {}
        self.changed: dict[str, set[Any]] = {kind: set() for kind in KINDS}

    def forget(self) -> None:
        """Drop all that was fetched; the shelf has the truth."""
        self._forget()

    @property
    def size(self) -> int:
        """How many orders, lines and comments are held."""
        return len(self.orders) + len(self.lines) + len(self.unclears) + len(self.heards)

    # --- looking --------------------------------------------------------------------------------------------------

    def get(self, kind: str, key: Any, fetch: Callable[[Shelf], Any]) -> Any:
        own = getattr(self, kind)
        if key in own:
            return own[key]
        if self.parent is not None:
            return self.parent.get(kind, key, fetch)
        value = fetch(self.shelf) if self.shelf is not None else None
        if self.shelf is not None:
            own[key] = value
        return value

    def show(self, show: ShowId) -> ShowState | None:
        found: ShowState | None = self.get("shows", show, lambda shelf: shelf.show(show))
        return found

    def product(self, code: Code) -> Product | None:
        found: Product | None = self.get("products", code, lambda shelf: shelf.product(code))
        return found

    def order(self, order: OrderId) -> OrderState | None:
        found: OrderState | None = self.get("orders", order, lambda shelf: shelf.order(order))
        return found

    def line(self, line: LineId) -> LineState | None:
        found: LineState | None = self.get("lines", line, lambda shelf: shelf.line(line))
        return found

    def unclear(self, comment: CommentId) -> UnclearState | None:
        found: UnclearState | None = self.get("unclears", comment, lambda shelf: shelf.unclear(comment))
        return found

    def heard(self, comment: CommentId) -> Heard | None:
        found: Heard | None = self.get("heards", comment, lambda shelf: shelf.heard(comment))
        return found

    def buyer_of(self, identity: IdentityId) -> BuyerId:
        """The buyer an identity belongs to; its own number until it is linked."""
        found: BuyerId | None = self.get("buyers", identity, lambda shelf: shelf.buyer_of(identity))
        return found if found is not None else BuyerId(identity)

    def remember(self, heard: Heard) -> None:
        """Keep a comment at hand without asking the shelf for it."""
        self.heards[heard.id] = heard

    def index(self, kind: str, key: Any, fetch: Callable[[Shelf], tuple[Any, ...]]) -> tuple[Any, ...]:
        own = getattr(self, kind)
        if key in own:
            found: tuple[Any, ...] = own[key]
            return found
        if self.parent is not None:
            return self.parent.index(kind, key, fetch)
        fetched = own[key] = fetch(self.shelf) if self.shelf is not None else ()
        return fetched

    def keep(self, kind: str, key: Any, value: Any) -> Any:
        """Hold a fetched value unless a newer one is held; gives the one that holds."""
        return getattr(self, kind).setdefault(key, value)

    def orders_of(self, show: ShowId, buyer: BuyerId) -> list[OrderState]:
        """The buyer's orders of a show, oldest first, cancelled ones too."""

        def fetch(shelf: Shelf) -> tuple[OrderId, ...]:
            return tuple(self.root().keep("orders", order.id, order).id for order in shelf.orders_of(show, buyer))

        ids = self.index("buyer_orders", (show, buyer), fetch)
        return [order for order in map(self.order, ids) if order is not None]

    def order_named(self, show: ShowId, code: str) -> OrderState | None:
        """The order of that code, in upper or lower case."""
        key = (show, code.upper())

        def fetch(shelf: Shelf) -> OrderId | None:
            order = shelf.order_named(*key)
            if order is None:
                return None
            self.root().keep("orders", order.id, order)
            return order.id

        found: OrderId | None = self.get("order_names", key, fetch)
        return self.order(found) if found is not None else None

    def lines_of(self, order: OrderId) -> list[LineState]:
        """The lines of an order that hold or wait for something, oldest first."""

        def fetch(shelf: Shelf) -> tuple[LineId, ...]:
            return tuple(self.root().keep("lines", line.id, line).id for line in shelf.lines_of(order))

        ids = self.index("order_lines", order, fetch)
        return [line for line in map(self.line, ids) if line is not None and line.quantity > 0]

    def all_lines(self, order: OrderId) -> tuple[LineId, ...]:
        """The lines of an order, cancelled ones too."""
        self.lines_of(order)
        return self.index("order_lines", order, lambda _: ())

    def queue(self, product: Code, variant: str) -> list[LineState]:
        """The lines that wait for this stock, first come first."""
        waiting = (self.line(line) for _, line in self.places(product))
        return [line for line in waiting if line is not None and line.waitlisted > 0 and line.variant == variant]

    def waiting(self, product: Code) -> list[LineState]:
        """The lines that wait for any of a product, first come first."""
        found = (self.line(line) for _, line in self.places(product))
        return [line for line in found if line is not None and line.waitlisted > 0]

    def lines_with(self, product: Code) -> list[LineState]:
        """The lines that hold or wait for any of a product, in the order of their places."""
        root = self.root()
        ids: set[LineId] = set()
        if root.shelf is not None:
            ids.update(root.keep("lines", line.id, line).id for line in root.shelf.lines_with(product))
        book: View | None = self
        while book is not None:
            ids.update(book.lines)
            book = book.parent
        found = (self.line(number) for number in ids)
        mine = [line for line in found if line is not None and line.product == product and line.quantity]
        return sorted(mine, key=lambda line: (line.place, line.id))

    def held(self, product: Code, variant: str) -> Quantity:
        """How much of a stock all lines hold together."""
        return Quantity(sum(line.reserved for line in self.lines_with(product) if line.variant == variant))

    def first(self, product: Code, variant: str) -> LineState | None:
        """The line whose turn it is."""
        for _, number in self.places(product):
            line = self.line(number)
            if line is not None and line.waitlisted > 0 and line.variant == variant:
                return line
        return None

    def places(self, product: Code) -> tuple[tuple[int, LineId], ...]:
        def fetch(shelf: Shelf) -> tuple[tuple[int, LineId], ...]:
            found = (self.root().keep("lines", line.id, line) for line in shelf.queue(product))
            return tuple(sorted((line.place, line.id) for line in found if line.waitlisted > 0))

        return self.index("queues", product, fetch)

    def cell(self, product: Code, variant: str) -> StockState | None:
        """What is there of a variant, None where nothing was ever counted."""
        self.cells(product)
        found: StockState | None = self.get("stock", (product, variant), lambda _: None)
        return found

    def cells(self, product: Code) -> list[StockState]:
        """The counted variants of a product."""

        def fetch(shelf: Shelf) -> tuple[str, ...]:
            return tuple(
                self.root().keep("stock", (product, cell.variant), cell).variant for cell in shelf.stock(product)
            )

        variants = self.index("variants", product, fetch)
        found = (self.get("stock", (product, variant), lambda _: None) for variant in variants)
        return [cell for cell in found if cell is not None]

    def identities_of(self, buyer: BuyerId) -> tuple[IdentityId, ...]:
        """The identities of one person."""
        return self.index("identities", buyer, lambda shelf: tuple(shelf.identities_of(buyer))) or (IdentityId(buyer),)

    def with_phone(self, phone: str) -> list[BuyerId]:
        """The persons who are known by a phone, in the order of their numbers."""
        root = self.root()
        found = set(root.phones.get(phone, ()))
        if root.shelf is not None:
            found.update(root.shelf.with_phone(phone))
        return sorted({self.buyer_of(identity) for identity in found})

    def has_phone(self, buyer: BuyerId) -> bool:
        """Whether any phone of a person is known."""
        root, mine = self.root(), self.identities_of(buyer)
        said = any(not known.isdisjoint(mine) for known in root.phones.values())
        return said or (root.shelf is not None and root.shelf.phone_known(mine))

    def step(self, event: EventNumber) -> tuple[list[tuple[EventNumber, e.Event]], bool]:
        """All events of the command that this event belongs to, and whether it was taken back already."""
        root = self.root()
        return root.shelf.step(event) if root.shelf is not None else ([], False)

    def held_before(self, show: ShowId, time: datetime) -> list[LineState]:
        """Lines of drafts that hold stock since before `time`, oldest first."""
        root = self.root()
        ids = root.shelf.held_before(show, time) if root.shelf is not None else tuple(root.lines)
        lines = (self.line(number) for number in ids)
        return [
            line
            for line in lines
            if line is not None
            and line.show == show
            and line.reserved > line.confirmed
            and line.held_at is not None
            and line.held_at <= time
        ]

    def root(self) -> View:
        return self if self.parent is None else self.parent.root()

    # --- changing -------------------------------------------------------------------------------------------------

    def put(self, kind: str, key: Any, value: Any) -> None:
        """Hold another state of something."""
        getattr(self, kind)[key] = value
        self.changed[kind].add(key)
