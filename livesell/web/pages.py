"""The pages: complete without JavaScript, kept live by it; forms come back by the same door as everything else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from livesell import bundle, exports, i18n
from livesell.config import Config
from livesell.errors import NotFound, Refused
from livesell.model import ShowId
from livesell.onair import stricter
from livesell.store.overview import Overview
from livesell.web import refusal as no
from livesell.web import themes, view
from livesell.web.api import carry_out
from livesell.web.assets import Assets, found_themes
from livesell.web.body import read_form
from livesell.web.guard import Guard
from livesell.web.refusal import Refusal
from livesell.web.shop import shop

TEMPLATES = bundle.PACKAGE / "web" / "templates"
STATIC = bundle.PACKAGE / "web" / "static"
A_PAGE = 50
A_SCREEN = 30
"""Orders and comments that the control page brings along; its script asks for the rest when this is seen."""


@cache
def assets() -> Assets:
    """The files that pages load."""
    return Assets(STATIC, found_themes(bundle.OVERLAY_FOLDER))


@cache
def environment() -> Environment:
    """The templates; everything put into them is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled(TEMPLATES / "__pycache__"),
    )
    # What msgspec writes is JSON, which Jinja then makes safe to stand in a script element.
    made.policies["json.dumps_function"] = lambda value, **_: msgspec.json.encode(value).decode()
    made.globals["static"] = assets().static
    made.globals["theme_file"] = assets().theme
    return made


def compiled(folder: Path) -> FileSystemBytecodeCache | None:
    """Where compiled templates are kept, as Python keeps its modules; None where nothing can be written."""
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        if os.access(folder, os.W_OK):
            return FileSystemBytecodeCache(str(folder))
    return None


def add_routes(app: web.Application, guard: Guard) -> None:
    """All addresses of pages."""
    router = app.router
    guard.route(router, "GET", "/", home, needs="seller", kind="page")
    guard.route(router, "GET", "/control", control, needs="seller", kind="page")
    guard.route(router, "POST", "/control/do", control_do, needs="seller", kind="page")
    guard.route(router, "GET", "/review", review, needs="seller", kind="page")
    guard.route(router, "POST", "/review/do", review_do, needs="seller", kind="page")
    guard.route(router, "GET", "/setup", set_up, needs="seller", kind="page")
    guard.route(router, "GET", "/export/{format}", export, needs="seller", kind="page")
    guard.route(router, "GET", "/overlay/{theme}", overlay, needs="overlay", kind="overlay")
    guard.route(router, "GET", Assets.ROUTE, assets().serve, needs="none", kind="static")


def render(request: web.Request, name: str, context: Mapping[str, Any]) -> web.Response:
    """A page in the language that its context names, else the one asked for, else the shop's."""
    here = shop(request)
    language = context.get("language") or request.query.get("lang") or request.cookies.get("livesell_lang")
    language = language or here.config.shop.language
    words = i18n.Words(language, here.currency, here.config.shop.timezone)
    page = {
        "languages": i18n.languages(),
        "shop": {
            "name": here.config.shop.name,
            "currency": here.currency,
            "country": here.config.shop.country,
            "timezone": here.config.shop.timezone,
        },
        "words": dict(words.table),
        "port": here.guard.port,
        **context,
        "language": words.language,
    }
    text = environment().get_template(name).render(page=page, **view.functions(words))
    response = web.Response(text=text, content_type="text/html", charset="utf-8")
    response.enable_compression()  # a phone on the Wi-Fi gets a fifth of it, where its browser says that it can
    return response


async def home(request: web.Request) -> web.Response:
    """The control page."""
    return await control(request)


async def set_up(request: web.Request) -> web.Response:  # noqa: ARG001 - it always leads on
    """The first steps are taken: what is changed later is changed on the pages."""
    raise web.HTTPSeeOther("/control")


def refused(config: Config, refusal: Refusal) -> web.Response:
    """A refusal as a page in the shop's language, which asks for the key where that is what is missing."""
    words = i18n.Words(config.shop.language, config.shop.currency, config.shop.timezone)
    key = f"refused.{refusal.code}"
    plain = key in words.table and "{" not in str(words.table[key])
    page = {
        "language": words.language,
        "shop": {"name": ""},
        "status": refusal.status,
        "code": refusal.code,
        "reason": words(key) if plain else refusal.words,
    }
    text = environment().get_template("key.html").render(page=page, **view.functions(words))
    return no.response(refusal, text, "text/html")


async def control(request: web.Request) -> web.Response:
    """The page during the show: this process's own, or the one that `?show=` names, whoever runs it."""
    here = shop(request)
    show = await here.show_of(request)

    def snapshot(look: Overview) -> tuple[int, dict[str, Any], bool]:
        return look.last_number(), *look.first_screen(show, A_SCREEN, A_SCREEN)

    number, now, whole = await here.look(snapshot)
    page = {"snapshot": now, "number": number, "whole": whole, "overlay_url": here.overlay_address("buyers")}
    return render(request, "control.html", page)


async def review(request: web.Request) -> web.Response:
    """The page after the show."""
    here = shop(request)
    show = await here.show_of(request)
    after = request.query.get("after") or None
    page = await here.look(lambda look: review_of(look, show, after))
    return render(request, "review.html", {**page, "dial": dial(here.config.shop.country)})


@cache
def dial(country: str) -> str:
    """What stands before a country's phones when they are written for the world: +84; "" for none."""
    import phonenumbers

    code = phonenumbers.country_code_for_region(country)
    return f"+{code}" if code else ""


def review_of(look: Overview, show: ShowId, after: str | None) -> dict[str, Any]:
    """A page of a show's orders with the comments behind their lines, its lists and sums."""
    orders = look.orders(show, after=after, limit=A_PAGE)
    look.comments_behind(orders)
    return {
        "number": look.last_number(),
        "snapshot": {
            "show": look.show(show),
            "sums": look.sums(show),
            "products": look.products(),
            "unclear": look.unclear(show),
            "recent": look.recent(show),
            "currency": look.currency,
        },
        "shows": look.shows(),
        "orders": orders,
        "lists": look.lists(show),
        "after": orders[-1]["code"] if len(orders) == A_PAGE else None,
    }


async def overlay(request: web.Request) -> web.Response:
    """A theme, for a broadcasting program; with `sample=1` one that hears only what the preview page plays to it."""
    here = shop(request)
    theme = theme_of(request)
    rules = themes.settings(theme)
    asked = request.query
    names = stricter(here.config.overlay.names, asked.get("names") or rules.get("names", {}).get("default"))
    # A cookie of the pages does not count here: what is on air does not hang on who else looked.
    language = asked.get("lang") or rules.get("lang", {}).get("default")
    language = language if language in i18n.languages() else here.config.shop.language

    def screen(look: Overview) -> tuple[int, dict[str, Any]]:
        return look.last_number(), here.feed.screen(look, here.show, names)

    sample = asked.get("sample") == "1"
    number, now = (0, {}) if sample else await here.look(screen)
    # A theme is inert: its markup is put in as it is, and the policy of overlay pages lets no script of its own run.
    body = Markup((assets().themes[theme] / "overlay.html").read_text(encoding="utf-8"))  # noqa: S704
    page = {"theme": theme, "theme_body": body, "number": number, "now": now, "sample": sample, "language": language}
    return render(request, "overlay.html", {**page, "at": here.clock()})


def theme_of(request: web.Request) -> str:
    """The theme that an address names; NotFound for any that was not found in the folder of overlays."""
    theme = request.match_info["theme"]
    if theme not in assets().themes:
        raise NotFound("overlay", theme if theme.isprintable() and len(theme) <= 40 else "of that name")
    return theme


# --- forms ----------------------------------------------------------------------------------------------------------


async def control_do(request: web.Request) -> web.Response:
    """A form of the control page."""
    return await done(request, "/control")


async def review_do(request: web.Request) -> web.Response:
    """A form of the review page, or of the packing page that came from it."""
    return await done(request, "/review")


async def done(request: web.Request, page: str) -> web.Response:
    """Carry out the command of a form and go back to its page; a refusal is told there."""
    here = shop(request)
    form = await read_form(request)
    show = await here.named(form.get("show", "current"))
    try:
        await carry_out(here, show, view.command_of(form))
    except Refused as refusal:
        raise Refusal(409, refusal.code, str(refusal)) from None
    raise web.HTTPSeeOther(f"/review/pack?show={show}" if form.get("page") == "pack" else page)


async def export(request: web.Request) -> web.Response:
    """A show's orders as a file."""
    from livesell import sheets

    here = shop(request)
    show = await here.show_of(request)
    kind = request.match_info["format"]
    if kind not in exports.FORMATS:
        raise NotFound("format", f"of that name; there are {', '.join(exports.FORMATS)}")
    found = await here.look(lambda look: sheets.exported(look, show, here.config))
    body = exports.FORMATS[kind].write(found)
    name = f"livesell-show-{show}.{kind}"
    return web.Response(
        body=body,
        content_type=exports.FORMATS[kind].CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
