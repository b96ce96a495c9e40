"""The first ten minutes, `/setup`: five small steps that can be skipped, kept in an ordinary `config.toml`.

No database is opened here: the steps write the configuration and the sheet of goods, and the shop starts on them when
the control page is asked for.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from babel import Locale
from babel.numbers import get_currency_precision, get_territory_currencies
from multidict import MultiDict

from livesell import i18n, lexicon, registry
from livesell.catalog import cells, pasted, sheet
from livesell.catalog.index import Index
from livesell.catalog.pasted import Pasted
from livesell.errors import CatalogError, ConfigError
from livesell.model import Product
from livesell.parser import Parser
from livesell.parser.warn import confusable
from livesell.store.look import shape_of
from livesell.web import view
from livesell.web.body import read_form, read_json, read_upload
from livesell.web.guard import Guard
from livesell.web.keys import Keys
from livesell.web.pages import assets, environment
from livesell.web.refusal import Refusal

STEPS = 5
CONFIG, GOODS = "config.toml", "products.csv"

COUNTRIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "VN": ("Asia/Ho_Chi_Minh", ("vi", "en")),
    "BD": ("Asia/Dhaka", ("bn", "en")),
    "IN": ("Asia/Kolkata", ("hi", "bn", "en")),
    "TH": ("Asia/Bangkok", ("th", "en")),
    "ID": ("Asia/Jakarta", ("id", "en")),
    "MY": ("Asia/Kuala_Lumpur", ("ms", "en", "zh")),
    "PH": ("Asia/Manila", ("fil", "en")),
    "SG": ("Asia/Singapore", ("en", "zh", "ms")),
    "TW": ("Asia/Taipei", ("zh", "en")),
    "GB": ("Europe/London", ("en",)),
    "US": ("America/New_York", ("en", "es")),
    "MX": ("America/Mexico_City", ("es", "en")),
    "ES": ("Europe/Madrid", ("es", "en")),
    "BR": ("America/Sao_Paulo", ("pt", "en")),
    "PT": ("Europe/Lisbon", ("pt", "en")),
}
"""Where a shop may be: its time zone (the capital's) and the languages that are read in its comments."""

ROWS: Mapping[pasted.Wrong, str] = {
    "price": "setup.row_price",
    "stock": "setup.row_stock",
    "twice": "setup.row_twice",
    "short": "setup.row_short",
    "other": "setup.row_other",
}
"""The words for what is wrong with a line of goods."""

PREVIEWED = 200


@dataclass
class Setup:
    """What was filled in so far; it outlives every step back and forth, and is written down after each."""

    folder: Path
    keys: Keys
    port: int
    moved: bool = False
    language: str = "vi"
    name: str = ""
    country: str = "VN"
    goods: str = ""
    uploaded: tuple[Product, ...] = ()
    sources: list[dict[str, Any]] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def currency(self) -> str:
        """The money of the shop's country."""
        return str(get_territory_currencies(self.country)[0])

    @property
    def products(self) -> list[Product]:
        """All goods so far."""
        return pasted.merged(self.uploaded, pasted.of_text(self.goods, self.currency).products)

    def reader(self) -> Parser:
        """What reads comments as the shop will."""
        return Parser(self.products, lexicon.load(COUNTRIES[self.country][1]), country=self.country)

    def save(self) -> None:
        """Write the configuration and the goods; ConfigError where the folder cannot be written to."""
        zone, languages = COUNTRIES[self.country]
        shop: dict[str, Any] = {
            "name": self.name,
            "country": self.country,
            "currency": self.currency,
            "timezone": zone,
            "languages": list(languages),
            "language": self.language,
        }
        tables: dict[str, Any] = {"shop": shop}
        if self.moved:
            tables["server"] = {"port": self.port}
        products = self.products
        if products:
            tables["catalog"] = {"file": GOODS}
            _write(self.folder / GOODS, sheet.write_csv(products, self.currency))
        _write(self.folder / CONFIG, toml(tables, self.sources).encode("utf-8"))


def toml(tables: Mapping[str, Mapping[str, Any]], sources: list[dict[str, Any]]) -> str:
    """A configuration as a person would write it."""

    def lines(table: Mapping[str, Any]) -> list[str]:
        # Texts, numbers and lists of texts are the same in JSON and in TOML.
        return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]

    parts = ["# Written by the first steps; config.example.toml shows every other key."]
    for name, table in tables.items():
        parts += ["", f"[{name}]", *lines(table)]
    for source in sources:
        parts += ["", "[[source]]", *lines(source)]
    return "\n".join([*parts, ""])


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        way_out = "start livesell in a folder of your own, as Documents"
        raise ConfigError(str(path), f"cannot be written ({error.strerror})", way_out) from None


SETUP = web.AppKey("setup", Setup)
GUARD = web.AppKey("guard", Guard)


def build(setup: Setup, guard: Guard) -> web.Application:
    """The application of the first steps, every route behind its guard."""
    app = web.Application(client_max_size=1 << 20)
    app[SETUP], app[GUARD] = setup, guard
    guard.attach(app)
    router = app.router
    guard.route(router, "GET", "/", page, needs="seller", kind="page")
    guard.route(router, "GET", "/setup", page, needs="seller", kind="page")
    guard.route(router, "GET", "/control", follow, needs="none", kind="page")
    guard.route(router, "POST", "/setup/do", step_do, needs="seller", kind="page")
    guard.route(router, "POST", "/setup/goods", preview, needs="seller", kind="api")
    guard.route(router, "POST", "/setup/try", attempt, needs="seller", kind="api")
    guard.route(router, "GET", assets().ROUTE, assets().serve, needs="none", kind="static")
    return app


# --- the page -------------------------------------------------------------------------------------------------------


async def page(request: web.Request) -> web.Response:
    """A step, `?step=` 1 to 5."""
    setup = request.app[SETUP]
    wanted = request.query.get("step", "1")
    step = int(wanted) if wanted in ("1", "2", "3", "4", "5") else 1
    language = request.query.get("lang", "")
    if language in i18n.languages():
        setup.language = language
    return shown(setup, step)


def shown(
    setup: Setup,
    step: int,
    *,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    read: Mapping[str, Any] | None = None,
) -> web.Response:
    """The page of a step, with what was typed and what is wrong with it."""
    words = i18n.Words(setup.language, setup.currency, COUNTRIES[setup.country][0])
    found = pasted.of_text(setup.goods, setup.currency)
    typed = {"name": setup.name, "country": setup.country, "goods": setup.goods, "link": "", "text": ""}
    names = Locale.parse(words.language).territories
    shape: dict[str, Any] = {
        "language": words.language,
        "languages": i18n.languages(),
        "shop": {"name": setup.name, "currency": setup.currency, "country": setup.country, "timezone": "UTC"},
        "port": setup.port,
        "moved": setup.moved,
        "step": step,
        "form": {**typed, **(form or {})},
        "errors": errors or {},
        "countries": {code: names[code] for code in COUNTRIES},
        "rows": rows_of(setup.products, setup.currency),
        "row_errors": problems_of(found, words),
        "alike": alike(setup.products),
        "sources": [view_of_source(one, setup.folder) for one in setup.sources],
        "read": read,
        "overlay_url": f"http://127.0.0.1:{setup.port}/overlay/buyers?key={setup.keys.of('overlay')}",
    }
    shape["words"] = dict(words.table)
    text = environment().get_template("setup.html").render(page=shape, **view.functions(words))
    return web.Response(text=text, content_type="text/html", charset="utf-8")


def rows_of(products: list[Product], currency: str) -> list[dict[str, Any]]:
    """Goods as the page shows them."""
    decimals = get_currency_precision(currency)
    return [
        {
            "code": one.code,
            "name": one.name,
            "unit": one.unit,
            "price": cells.price_cell(one.price, decimals),
            "left": None if one.stock is None else sum(one.stock.values()) / 1000,
        }
        for one in products
    ]


def problems_of(found: Pasted, words: i18n.Words) -> list[dict[str, Any]]:
    """What is wrong with pasted lines, in the reader's words."""
    told = []
    for one in found.problems[:PREVIEWED]:
        example, reason = words("setup.goods_example"), one.text.rpartition(": ")[2]
        text = words(ROWS[one.what], row=one.row, value=one.value, example=example, reason=reason)
        told.append({"row": one.row, "text": text})
    return told


def alike(products: list[Product]) -> list[str]:
    """Codes that viewers will mix up, the first few pairs."""
    index = Index()
    for product in products:
        index.put(product)
    found = [one for one in confusable(index) if one.kind == "codes"]
    return [", ".join(one.codes) for one in found[:3]]


def view_of_source(table: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """A source as the page names it."""
    one = registry.make_source(table, folder=folder)
    return {"platform": one.platform, "place": one.place}


# --- steps ----------------------------------------------------------------------------------------------------------


async def step_do(request: web.Request) -> web.StreamResponse:
    """Take what a step's form says and go on; what is wrong is told beside its field, and nothing typed is lost."""
    setup = request.app[SETUP]
    form, file = await read_step(request)
    step = int(form.get("step", "1")) if form.get("step", "1") in ("1", "2", "3", "4", "5") else 1
    if "finish" in form:
        setup.save()
        setup.done.set()
        # Whoever finished the steps comes in by a key that opens the control page once, to the server that follows.
        guard = request.app[GUARD]
        key = guard.one_time.issue("seller", guard.now())
        raise web.HTTPSeeOther(f"/control?key={key}")
    stay: web.Response | None = None
    if step == 1:
        stay = take_shop(setup, form)
    elif step == 2:
        stay = await asyncio.to_thread(take_goods, setup, form, file)
    elif step == 3:
        stay = take_link(setup, form)
    elif step == 4 and "try" in form:
        text = form.get("text", "")[:1000]
        return shown(setup, 4, form={"text": text}, read=reading_of(setup, text))
    setup.save()
    if stay is not None and "skip" not in form:
        return stay
    raise web.HTTPSeeOther(f"/setup?step={min(STEPS, step + 1)}")


async def read_step(request: web.Request) -> tuple[MultiDict[str], bytes]:
    """A step's fields and the file that came with them, empty where there was none."""
    if request.content_type != "multipart/form-data":
        return await read_form(request), b""
    sent = await read_upload(request)
    return sent.fields, sent.data


def take_shop(setup: Setup, form: Mapping[str, str]) -> web.Response | None:
    """The shop's name, country and language."""
    setup.name = " ".join(form.get("name", "").split())[:80]
    if form.get("country") in COUNTRIES:
        setup.country = form["country"]
    if form.get("language") in i18n.languages():
        setup.language = form["language"]
    return None


def take_goods(setup: Setup, form: Mapping[str, str], file: bytes) -> web.Response | None:
    """Goods from the text, and from a file; good lines count at once, the others are shown."""
    setup.goods = form.get("goods", "")[:500_000].replace("\r\n", "\n")
    if file:
        words = i18n.Words(setup.language, setup.currency, "UTC")
        try:
            found = pasted.of_file(file, setup.currency)
        except CatalogError as error:
            return shown(setup, 2, errors={"file": words("setup.file_bad", reason=str(error).removeprefix("file "))})
        setup.uploaded = found.products
        if found.problems or not found.products:
            told = problems_of(found, words)
            return shown(setup, 2, errors={"file": " ".join(one["text"] for one in told[:5]) or words("setup.no_row")})
        return shown(setup, 2)
    return shown(setup, 2) if pasted.of_text(setup.goods, setup.currency).problems else None


def take_link(setup: Setup, form: Mapping[str, str]) -> web.Response | None:
    """A source by its link; one more each time, and one that is there already taken out by its number."""
    if (drop := form.get("drop", "")).isdecimal() and int(drop) < len(setup.sources):
        del setup.sources[int(drop)]
        return shown(setup, 3)
    link = form.get("link", "").strip()
    if not link:
        return None
    words = i18n.Words(setup.language, setup.currency, "UTC")

    def wrong(text: str) -> web.Response:
        return shown(setup, 3, form={"link": link}, errors={"link": text})

    found = registry.recognise(link)
    if found is None:
        return wrong(words("setup.link_bad", example=words("setup.link_example")))
    platform, settings = found
    table = {"platform": platform, **settings}
    names = [one.get("name", one["platform"]) for one in setup.sources]
    if platform in names:
        table["name"] = next(f"{platform}-{number}" for number in range(2, 100) if f"{platform}-{number}" not in names)
    try:
        registry.make_sources([*setup.sources, table], folder=setup.folder)
    except ConfigError as error:
        return wrong(words("setup.link_needs", platform=platform, reason=str(error)))
    setup.sources.append(table)
    return shown(setup, 3)


async def follow(request: web.Request) -> web.Response:
    """The control page belongs to the server that follows: a browser that came by an old connection comes anew."""
    setup = request.app[SETUP]
    key = request.query.get("key", "")
    if not setup.done.is_set() or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key, re.ASCII):
        raise web.HTTPSeeOther("/setup")
    await asyncio.sleep(0.3)  # by then this server takes no more connections
    again = web.HTTPSeeOther(f"/control?key={key}")
    again.force_close()
    raise again


# --- while typing ---------------------------------------------------------------------------------------------------


def reading_of(setup: Setup, text: str) -> dict[str, Any]:
    """How a comment would be read: in a few words, and why."""
    words = i18n.Words(setup.language, setup.currency, "UTC")
    read = shape_of(setup.reader().read(text, None))
    because = [
        words(f"why.{why['code']}", **{**why["data"], "codes": ", ".join(why["data"].get("codes", ()))})
        for why in read["why"]
        if f"why.{why['code']}" in words.table
    ]
    return {
        "text": view.reading({**read, "role": "viewer"}, words),
        "why": " · ".join(dict.fromkeys(because)),
        "order": read["intent"] == "order" and bool(read["lines"]),
    }


async def preview(request: web.Request) -> web.Response:
    """What goods would be read from a text; nothing is kept."""
    setup = request.app[SETUP]
    text = await text_of(request)
    words = i18n.Words(setup.language, setup.currency, "UTC")

    def read() -> dict[str, Any]:
        found = pasted.of_text(text, setup.currency)
        products = pasted.merged(setup.uploaded, found.products)
        rows = rows_of(products, setup.currency)
        for row in rows[:PREVIEWED]:
            row["price"] = words.money(row["price"])
            row["left"] = words("stock.uncounted") if row["left"] is None else words("stock.left", n=row["left"])
        return {
            "count": words("setup.rows_read", n=len(products), m=len(found.problems)),
            "rows": rows[:PREVIEWED],
            "problems": problems_of(found, words),
            "alike": [words("setup.alike", codes=one) for one in alike(products)],
        }

    return web.Response(body=msgspec.json.encode(await asyncio.to_thread(read)), content_type="application/json")


async def attempt(request: web.Request) -> web.Response:
    """How a comment would be read."""
    text = await text_of(request)
    read = await asyncio.to_thread(reading_of, request.app[SETUP], text[:1000])
    return web.Response(body=msgspec.json.encode(read), content_type="application/json")


async def text_of(request: web.Request) -> str:
    """The text of a JSON body."""
    body = await read_json(request)
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise Refusal(400, "bad_input", "text is missing")
    return text[:500_000]
