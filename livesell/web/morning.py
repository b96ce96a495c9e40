"""The pages of the morning after: the shelf, the bags, the labels, the night as a picture, and what buyers wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import web

from livesell.errors import BadInput
from livesell.exports import national
from livesell.model import ShowId
from livesell.store.found import found
from livesell.store.night import night
from livesell.store.overview import Overview
from livesell.web.api import MOST_ORDERS, answer
from livesell.web.guard import Guard
from livesell.web.pages import render
from livesell.web.shop import shop

if TYPE_CHECKING:
    from livesell.lexicon import Lexicon

PAPERS = ("a6", "a7", "roll58", "roll80")
PICKED = ("confirmed", "paid")
"""What is taken from the shelf: what was said to be the buyer's and is not in a bag yet."""

LABELLED = ("confirmed", "paid", "packed")


def add_routes(app: web.Application, guard: Guard) -> None:
    """All addresses of this kind."""
    router = app.router
    guard.route(router, "GET", "/api/shows/{show}/found", found_in, needs="seller", kind="api")
    guard.route(router, "GET", "/api/shows/{show}/unclear", unclear, needs="seller", kind="api")
    guard.route(router, "GET", "/api/shows/{show}/lists", lists, needs="seller", kind="api")
    guard.route(router, "GET", "/review/pick", pick_page, needs="seller", kind="page")
    guard.route(router, "GET", "/review/pack", pack_page, needs="seller", kind="page")
    guard.route(router, "GET", "/review/night", night_page, needs="seller", kind="page")
    guard.route(router, "GET", "/review/print", print_page, needs="seller", kind="page")


def named(request: web.Request) -> list[str]:
    """The codes of `?orders=K7P,…`; BadInput for more than a page may have."""
    codes = [code for code in request.query.get("orders", "").upper().split(",") if code]
    if len(codes) > MOST_ORDERS:
        raise BadInput(f"names more than {MOST_ORDERS} orders", field="orders")
    return codes


async def unclear(request: web.Request) -> web.Response:
    """The comments that need a person, oldest first, as many as a page holds."""
    here = shop(request)
    show = await here.show_of(request)
    return answer(await here.look(lambda look: look.unclear(show)))


async def lists(request: web.Request) -> web.Response:
    """How many orders are on each list of the morning."""
    here = shop(request)
    show = await here.show_of(request)
    return answer(await here.look(lambda look: look.lists(show)))


async def found_in(request: web.Request) -> web.Response:
    """The phones and addresses that the buyers of these orders wrote."""
    here = shop(request)
    show = await here.show_of(request)
    codes = named(request)
    words = here.config.shop.languages

    def look_for(look: Overview) -> Mapping[str, dict[str, Any]]:
        from livesell.parser.places import address_in  # imported late, as the parser is

        known = phrases(tuple(words))
        told = found(look, show, codes, lambda text, taken: address_in(text, taken, known))
        for one in told.values():
            if "phone" in one:
                one["phone"]["value"] = national(one["phone"]["value"])
        return told

    return answer(await here.look(look_for))


@cache
def phrases(languages: tuple[str, ...]) -> Lexicon:
    """The words of these languages."""
    from livesell import lexicon

    return lexicon.load(languages)


def wanted(look: Overview, show: ShowId, codes: Sequence[str], status: Sequence[str]) -> list[dict[str, Any]]:
    """The orders of these codes, or all of a status where none is named."""
    orders: list[dict[str, Any]] = []
    after = None
    while True:
        page = look.orders(show, after=after, limit=MOST_ORDERS)
        orders += [one for one in page if (one["code"] in codes if codes else one["status"] in status)]
        if len(page) < MOST_ORDERS:
            return orders
        after = page[-1]["code"]


# --- taking from the shelf, packing ---------------------------------------------------------------------------------


def picked(orders: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What to take from the shelf: each product and choice once, how many of it, and into which bags."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for order in orders:
        for line in order["lines"]:
            if not line["reserved"]:
                continue
            key = (line["code"], *line["options"].values())
            row = rows.setdefault(
                key,
                {
                    "code": line["code"],
                    "name": line["name"],
                    "unit": line["unit"],
                    "options": list(line["options"].values()),
                    "quantity": 0,
                    "bags": [],
                },
            )
            row["quantity"] = round(row["quantity"] + line["reserved"], 3)
            row["bags"].append((order["number"], line["reserved"]))
    return sorted(rows.values(), key=lambda row: (row["code"], row["options"]))


async def pick_page(request: web.Request) -> web.Response:
    """The pick list, of the orders named or of all that are to be packed."""
    here = shop(request)
    show = await here.show_of(request)
    codes = named(request)
    state = await here.look(lambda look: look.show(show))
    orders = await here.look(lambda look: wanted(look, show, codes, PICKED))
    page = {"snapshot": {"show": state}, "rows": picked(orders), "orders": len(orders)}
    return render(request, "pick.html", page)


async def pack_page(request: web.Request) -> web.Response:
    """One order a screen, in the order of the shelf; what is packed goes off the list."""
    here = shop(request)
    show = await here.show_of(request)
    after = request.query.get("after") or None

    def look_at(look: Overview) -> dict[str, Any]:
        return {
            "number": look.last_number(),
            "snapshot": {"show": look.show(show)},
            "orders": look.orders(show, after=after, limit=50, on="pack"),
            "left": look.lists(show)["pack"],
        }

    return render(request, "pack.html", await here.look(look_at))


# --- the night ------------------------------------------------------------------------------------------------------


async def night_page(request: web.Request) -> web.Response:
    """The picture of the night."""
    here = shop(request)
    show = await here.show_of(request)

    def look_at(look: Overview) -> dict[str, Any]:
        return {
            "snapshot": {"show": look.show(show), "sums": look.sums(show)},
            "night": night(look, show),
            "shows": look.shows(),
        }

    return render(request, "night.html", await here.look(look_at))


# --- paper ----------------------------------------------------------------------------------------------------------


async def print_page(request: web.Request) -> web.Response:
    """Slips and labels, `?format=a6|a7|roll58|roll80`, of all orders or those of `?orders=K7P,…`."""
    from livesell.web.entrance import qr

    here = shop(request)
    show = await here.show_of(request)
    form = request.query.get("format", "a6")
    if form not in PAPERS:
        raise BadInput(f"is none of {', '.join(PAPERS)}", field="format")
    codes = named(request)

    def look_at(look: Overview) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        orders = wanted(look, show, codes, LABELLED)
        for order in orders:
            order["qr"] = qr(order["code"])
        return look.show(show), orders

    state, orders = await here.look(look_at)
    page = {"orders": orders, "format": form, "snapshot": {"show": state}, "chosen": codes}
    return render(request, "print.html", page)
