"""The interface for programs and pages: JSON in, JSON out (docs/api.md)."""

from __future__ import annotations

import asyncio
import json
import logging
import weakref
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from aiohttp import WSCloseCode, web
from msgspec.structs import replace

from livesell import commands as c
from livesell.adapter import read_posted
from livesell.catalog.cells import COLUMNS, unmistakable
from livesell.catalog.sheet import Row, product_of
from livesell.errors import BadInput, CatalogError, LivesellError, NotFound, Refused
from livesell.feed import Page, told
from livesell.model import BuyerId, Code, OrderId
from livesell.onair import stricter
from livesell.store import Answer, Asked, Said
from livesell.store.overview import Overview
from livesell.store.worklists import LISTS
from livesell.web import refusal
from livesell.web.body import MIB, parse_json, read_json
from livesell.web.guard import Guard, Needs
from livesell.web.refusal import Refusal
from livesell.web.shop import Shop, shop

log = logging.getLogger(__name__)

SEND_SECONDS = 5.0
MOST_ORDERS = 500
MOST_PAGES = 64

TALKING = web.AppKey("talking", weakref.WeakSet)
"""The lines that programs keep open, which a server that ends closes: it would wait for them otherwise."""


def add_routes(app: web.Application, guard: Guard) -> None:
    """All addresses of the interface."""
    router = app.router
    app[TALKING] = weakref.WeakSet()
    app.on_shutdown.append(hang_up)
    both: tuple[Needs, ...] = ("seller", "ingest")
    guard.route(router, "POST", "/api/shows/{show}/comments", post_comments, needs=both, kind="api")
    guard.route(router, "GET", "/comments", comment_socket, needs=both, kind="feed")
    guard.route(router, "GET", "/api/shows", shows, needs="seller", kind="api")
    guard.route(router, "GET", "/api/shows/{show}/orders", orders, needs="seller", kind="api")
    guard.route(router, "GET", "/api/shows/{show}/orders/{code}", why, needs="seller", kind="api")
    guard.route(router, "GET", "/api/buyers/{buyer}", buyer, needs="seller", kind="api")
    guard.route(router, "GET", "/api/shows/{show}/comments", comments, needs="seller", kind="api")
    guard.route(router, "GET", "/api/shows/{show}/recent", recent, needs="seller", kind="api")
    guard.route(router, "POST", "/api/shows/{show}/commands", command, needs="seller", kind="api")
    guard.route(router, "PUT", "/api/shows/{show}/pinned", pinned, needs="seller", kind="api")
    guard.route(router, "GET", "/api/catalog", catalog, needs="seller", kind="api")
    guard.route(router, "PUT", "/api/catalog/{code}", put_product, needs="seller", kind="api")
    guard.route(router, "POST", "/api/parse", parse, needs="seller", kind="api")
    guard.route(router, "GET", "/feed", feed, needs=("seller", "overlay"), kind="feed")
    guard.route(router, "GET", "/healthz", health, needs="none", kind="api")
    guard.route(router, "GET", "/metrics", metrics, needs="seller", kind="api")


def answer(shape: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=msgspec.json.encode(shape), status=status, content_type="application/json")


# --- comments -------------------------------------------------------------------------------------------------------


async def post_comments(request: web.Request) -> web.Response:
    """Take comments from a program; answered after the commit, all or nothing."""
    return answer(await take(request, await read_json(request)), 202)


async def comment_socket(request: web.Request) -> web.StreamResponse:
    """The WebSocket for programs that keep a line open: each message is a body of a post, each answered in its turn."""
    socket = web.WebSocketResponse(heartbeat=20, max_msg_size=MIB, compress=False)
    await socket.prepare(request)
    request.app[TALKING].add(socket)
    async for message in socket:
        text = message.data if isinstance(message.data, str) else ""
        try:
            told = json.dumps(await take(request, parse_json(text.encode("utf-8", "replace"))))
        except LivesellError as error:
            told = refusal.answer(error).text or ""
        except Refusal as error:
            told = error.text or ""
        await socket.send_str(told)
    return socket


async def hang_up(app: web.Application, code: WSCloseCode = WSCloseCode.GOING_AWAY) -> None:
    """Close the lines of programs: they come back when the server does."""
    talking = app[TALKING]
    for socket in set(talking):
        await socket.close(code=code)


async def take(request: web.Request, body: object) -> dict[str, int]:
    """Store posted comments; how many were new and how many were there already."""
    here = shop(request)
    show = await here.show_of(request)
    posted = read_posted(body)
    if here.guard.role(request) != "seller":
        # Whoever may post comments may not thereby open products or be believed as the shop.
        posted = [replace(comment, role="viewer") for comment in posted]
    sellers = here.spine.seller_ids("http")
    posted = [replace(comment, role="seller") if comment.author_id in sellers else comment for comment in posted]
    done = await here.writer.submit(Said(show, "http", tuple(posted)))
    return {"accepted": done.accepted, "duplicates": done.duplicates}


async def comments(request: web.Request) -> web.Response:
    """Older comments, `?before=` a number."""
    here = shop(request)
    show = await here.show_of(request)
    before, limit = whole(request, "before"), min(whole(request, "limit") or 100, MOST_ORDERS)
    return answer(await here.look(lambda look: look.last_comments(show, limit, before)))


# --- orders and commands --------------------------------------------------------------------------------------------


async def shows(request: web.Request) -> web.Response:
    """The shows, newest first."""
    return answer(await shop(request).look(lambda look: look.shows()))


async def orders(request: web.Request) -> web.Response:
    """A page of orders, oldest first; `?list=` only those on a list of the morning."""
    here = shop(request)
    show = await here.show_of(request)
    limit = whole(request, "limit") or 50
    if not 1 <= limit <= MOST_ORDERS:
        raise BadInput(f"is not between 1 and {MOST_ORDERS}", field="limit")
    after = request.query.get("after") or None
    on = request.query.get("list") or None
    if on is not None and on not in LISTS:
        raise BadInput(f"is none of {', '.join(LISTS)}", field="list")
    return answer(await here.look(lambda look: look.orders(show, after=after, limit=limit, on=on)))


async def why(request: web.Request) -> web.Response:
    """One order with the comments and events behind it."""
    here = shop(request)
    show = await here.show_of(request)
    code = request.match_info["code"]

    def look_up(look: Overview) -> dict[str, Any]:
        order = look.book.order_named(show, code)
        if order is None:
            raise NotFound("order", code)
        shape = look.why(order)
        events = shape["events"]
        shape["events"] = [{"number": number, "event": told(event, {order.id: order})} for number, event in events]
        return shape

    return answer(await here.look(look_up))


async def buyer(request: web.Request) -> web.Response:
    """A person with her newest orders in every show."""
    number = request.match_info["buyer"]
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise NotFound("buyer", number)

    def look_up(look: Overview) -> dict[str, Any]:
        person = BuyerId(int(number))
        if not look.person(person).platform:
            raise NotFound("buyer", number)
        return {"buyer": look.buyer(person), "orders": look.orders_of_buyer(person)}

    return answer(await shop(request).look(look_up))


async def recent(request: web.Request) -> web.Response:
    """The last steps that can be taken back, newest first."""
    here = shop(request)
    show = await here.show_of(request)
    return answer(await here.look(lambda look: look.recent(show)))


async def command(request: web.Request) -> web.Response:
    """Carry out a command; the events that it caused, after the commit."""
    here = shop(request)
    show = await here.show_of(request)
    body = await read_json(request)
    try:
        done = await carry_out(here, show, body)
    except Refused as error:
        raise who_was_first(here.hands, error, body) from None
    remember(here.hands, await here.look(lambda look: orders_of(look, done)), body)
    return answer(await here.look(shown(done)))


MOST_HANDS = 5_000
"""Orders and comments of which it is kept who touched them last, while the server runs."""


def remember(hands: dict[str, str], codes: Iterable[str], body: Any) -> None:
    """Keep who touched these orders and this comment: the next one who comes too late is told."""
    who = str(body.get("who") or "")[:40]
    touched = [*codes, *([f"comment {body['comment']}"] if "comment" in body else [])]
    for one in touched:
        hands.pop(one, None)
        hands[one] = who
    while len(hands) > MOST_HANDS:
        del hands[next(iter(hands))]


def orders_of(look: Overview, done: Answer) -> list[str]:
    """The codes of the orders that an answer's events are about."""
    numbers = {OrderId(order) for one in done.events if (order := getattr(one.event, "order", None)) is not None}
    return [order.code for number in numbers if (order := look.book.order(number)) is not None]


def who_was_first(hands: Mapping[str, str], error: Refused, body: Any) -> Refusal:
    """A refusal that names who did it, where she said her name to her page."""
    refused = refusal.answer(error)
    order = error.data.get("order") or (body.get("order") if isinstance(body, dict) else None)
    comment = body.get("comment") if isinstance(body, dict) else None
    who = hands.get(str(order)) or hands.get(f"comment {comment}")
    if not who or who == str(body.get("who") or ""):
        return refused
    return Refusal(refused.status, refused.code, refused.words, None, **refused.data, who=who)


def shown(done: Answer) -> Any:
    """An answer's events as pages get them."""

    def look_up(look: Overview) -> dict[str, Any]:
        found = (getattr(one.event, "order", None) for one in done.events)
        numbers = {OrderId(order) for order in found if order is not None}
        codes = {number: order for number in numbers if (order := look.book.order(number)) is not None}
        return {"events": [{"number": one.number, "event": told(one.event, codes)} for one in done.events]}

    return look_up


async def carry_out(here: Shop, show: int, body: object) -> Answer:
    """Give a decoded command to the desk."""
    try:
        asked: c.Command = msgspec.convert(body, c.Asked)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        raise BadInput(problem, field=place.rstrip("`") or None) from None
    asked = replace(asked, show=show)
    if isinstance(asked, c.EndShow):
        asked = replace(asked, at=None)
    if isinstance(asked, c.SetContact) and asked.phone:
        asked = replace(asked, phone=one_spelling(asked.phone, here.config.shop.country))
    return await here.writer.submit(Asked(asked.show, (asked,)))


def one_spelling(phone: str, country: str) -> str:
    """A phone as comments' phones are kept, so that the same one is seen to be the same; others as they were typed."""
    import phonenumbers

    try:
        found = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return phone
    if not phonenumbers.is_valid_number(found):
        return phone
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


async def pinned(request: web.Request) -> web.Response:
    """Put a product on show, or none."""
    here = shop(request)
    show = await here.show_of(request)
    body = await read_json(request)
    if not isinstance(body, dict) or "code" not in body:
        raise BadInput("is missing", field="code")
    done = await carry_out(here, show, {"type": "pin", "code": body["code"]})
    return answer(await here.look(shown(done)))


# --- goods ----------------------------------------------------------------------------------------------------------


async def catalog(request: web.Request) -> web.Response:
    """All goods."""
    return answer(await shop(request).look(lambda look: {"products": look.products()}))


async def put_product(request: web.Request) -> web.Response:
    """Create or change a product; its fields are cells as a sheet has them."""
    here = shop(request)
    body = await read_json(request)
    if not isinstance(body, dict):
        raise BadInput("a product is a JSON object with name, price, …")
    code = Code(request.match_info["code"])
    cells = {"code": str(code)}
    for key, value in body.items():
        if key == "open" and isinstance(value, bool):
            continue
        if key not in COLUMNS or key == "code":
            raise BadInput(f"is none of {', '.join(COLUMNS[1:])}, open", field=key)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadInput("is neither a text nor a number", field=key)
        cells[key] = value if isinstance(value, str) else unmistakable(Decimal(str(value)))
    before = await here.look(lambda look: look.book.product(code))
    try:
        product = product_of(Row(1, cells), "product", here.currency, before)
    except CatalogError as error:
        raise BadInput(str(error).split(": ", 1)[-1], field=error.column) from None
    if "open" in body:
        product = replace(product, open=body["open"])
    stock = dict(product.stock) if cells.get("stock") and product.stock is not None else None
    await here.writer.submit(Asked(None, (c.PutProduct(product=product, stock=stock),)))
    found = await here.look(lambda look: look.products([product.code]))
    return answer(found[0])


async def parse(request: web.Request) -> web.Response:
    """How a comment would be read now, or which product a line would open."""
    here = shop(request)
    body = await read_json(request)
    if isinstance(body, dict) and isinstance(body.get("line"), str):
        offer = await asyncio.to_thread(here.store.reader.offer, body["line"])
        return answer(await here.look(lambda look: {"offer": look.offer(offer)}))
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise BadInput("is missing", field="text")
    show = await here.look(lambda look: look.book.show(here.show))
    on_show = body.get("pinned", show.pinned if show is not None else None)
    if on_show is not None and not isinstance(on_show, str):
        raise BadInput("is not a string", field="pinned")
    reading = here.store.reader.read(body["text"], Code(on_show) if on_show else None)
    return answer(await here.look(lambda look: {"reading": look.reading(reading)}))


# --- the feed -------------------------------------------------------------------------------------------------------


async def feed(request: web.Request) -> web.StreamResponse:
    """The WebSocket: each commit's events, as the key may see them."""
    here = shop(request)
    show = await here.show_of(request)
    role = here.guard.role(request)
    after = whole(request, "after")
    if len(here.feed.pages) >= MOST_PAGES * 2:
        raise Refusal(503, "too_many_pages", "too many pages are open")
    socket = web.WebSocketResponse(heartbeat=20, max_msg_size=65_536, compress=False)
    await socket.prepare(request)
    if role == "seller":
        page = Page("seller", show)
    else:
        page = Page("overlay", show, stricter(here.config.overlay.names, request.query.get("names")))
    reader = asyncio.ensure_future(drain(socket))
    reader.add_done_callback(lambda _: page.lose())
    messages = here.feed.listen(page, after)
    try:
        async for message in messages:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_str(message.decode())
        if not socket.closed:
            await socket.close(code=1013)  # too slow: it comes back with the number it has
    except (TimeoutError, ConnectionError):
        log.info("a page that does not read is let go")
    finally:
        reader.cancel()
        await messages.aclose()
        if not socket.closed and request.transport is not None:
            # A page that never reads would keep a close waiting for its unread buffer.
            request.transport.abort()
    return socket


async def drain(socket: web.WebSocketResponse) -> None:
    """Read what a page sends, which is nothing, until it goes."""
    async for _ in socket:
        pass


# --- the server itself ----------------------------------------------------------------------------------------------


async def health(request: web.Request) -> web.Response:
    """200 when a commit is possible, 503 with the reason when not."""
    here = shop(request)
    try:
        async with asyncio.timeout(6):
            await here.writer.submit(Asked(None, ()))
    except TimeoutError:
        raise Refusal(503, "busy", "no commit within 6 s") from None
    return answer({"ok": True})


async def metrics(request: web.Request) -> web.Response:  # noqa: ARG001 - it counts the process
    """Counts and times for Prometheus."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def whole(request: web.Request, name: str) -> int | None:
    """A whole number of the query; BadInput where it is none."""
    text = request.query.get(name)
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise BadInput("is not a whole number", field=name)
    return int(text)
