"""What a seller does about her overlays: see one with sample events, put them into OBS; and what waits for them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from livesell import i18n, obs, pictures
from livesell.errors import BadInput, ConfigError, LivesellError, NotFound
from livesell.web import samples, themes
from livesell.web.body import read_json
from livesell.web.guard import Guard
from livesell.web.pages import assets, render, theme_of
from livesell.web.shop import Shop, shop

log = logging.getLogger(__name__)

MOST = 20
QUERY = 2_000


_telling: set[asyncio.Task[None]] = set()
"""What is under way; a task that nobody holds may vanish."""


def add_routes(app: web.Application, guard: Guard) -> None:
    """All addresses of it."""
    router = app.router
    guard.route(router, "GET", "/overlay/{theme}/preview", preview, needs="seller", kind="page")
    guard.route(router, "GET", "/picture/{code}", picture_of, needs=("seller", "overlay"), kind="api")
    guard.route(router, "GET", "/up", up, needs="overlay", kind="beacon")
    guard.route(router, "POST", "/api/obs", into_obs, needs="seller", kind="api")


async def up(request: web.Request) -> web.Response:  # noqa: ARG001 - who may ask is the guard's
    """204: livesell is there."""
    return web.Response(status=204)


async def preview(request: web.Request) -> web.Response:
    """A theme with sample events, its settings and its address; what stands in this address is chosen already."""
    here = shop(request)
    theme = theme_of(request)
    language = request.query.get("lang") or request.cookies.get("livesell_lang") or here.config.shop.language
    tag = language.removesuffix(i18n.LATIN)
    about, rules = themes.described(theme), themes.settings(theme)
    own = {key: text for key, text in request.query.items() if key != "lang"}
    values = {key: themes.fitting(rule, own.get(key)) for key, rule in rules.items()}
    if own and not request.query.get("key"):
        # A form without script sends no switch that is off.
        values |= {key: key in own for key, rule in rules.items() if rule["type"] == "switch"}
    query = urlencode({key: told(value) for key, value in values.items() if value != rules[key]["default"]})
    address = here.overlay_address(theme)
    masked = address.partition("key=")[0] + "key=••••"
    overlays = {name: title_of(name, tag) for name in assets().themes}
    played = {
        "theme": theme,
        "rules": rules,
        "address": address,
        "masked": masked,
        "sample": f"/overlay/{theme}?{urlsplit(address).query}&sample=1",
        "samples": samples.samples(here.currency),
        "names": here.config.overlay.names,
        "preview": about.get("preview", "names"),
        "language": tag if tag in i18n.languages() else i18n.FALLBACK,
    }
    page = {
        "theme": theme,
        "themes": overlays,
        "settings": [field(key, setting, values[key], tag) for key, setting in about["settings"].items()],
        "sizes": [*about.get("sizes", ("1080x1920", "1920x1080")), "800x600"],
        "masked": masked + (f"&{query}" if query else ""),
        "sample_address": "about:blank",
        "played": played,
    }
    return render(request, "preview.html", page)


async def picture_of(request: web.Request) -> web.StreamResponse:
    """A product's picture; with the overlay's key only that of the product on show."""
    here, code = shop(request), request.match_info["code"]
    path = await asyncio.to_thread(pictures.picture, here.config.pictures, code)
    if path is not None and here.guard.role(request) != "seller":
        show = await here.look(lambda look: look.show(here.show))
        if show is None or (show["pinned"] or "").casefold() != code.casefold():
            path = None
    if path is None:
        raise NotFound("picture", "of that code")
    return web.FileResponse(path, headers={"Content-Type": pictures.TYPES[path.suffix.lower()]})


def told(value: Any) -> str:
    """A value as it stands in an address."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def title_of(theme: str, language: str) -> str:
    """A theme's name for people; that of its folder where it has none, or cannot be read."""
    try:
        titles = themes.described(theme).get("title", {})
    except ConfigError:
        return theme
    return str(titles.get(language) or titles.get(i18n.FALLBACK) or theme)


def field(key: str, setting: dict[str, Any], value: Any, language: str) -> dict[str, Any]:
    """A setting as the form has it."""

    def in_words(texts: Any, otherwise: str) -> str:
        return str(texts.get(language) or texts.get(i18n.FALLBACK) or otherwise) if texts else otherwise

    options = [(one, in_words(setting.get("words", {}).get(one), str(one))) for one in setting.get("options", ())]
    return {
        "key": key,
        "type": setting["type"],
        "label": in_words(setting.get("label"), key),
        "value": value,
        "options": options,
        "min": setting.get("min", 0),
        "max": setting.get("max", 40),
    }


def settings_of(theme: str, query: str) -> str:
    """The part of an address that is settings of a theme; all else is left out."""
    known = themes.settings(theme)
    pairs = [(key, value) for key, value in parse_qsl(query[:QUERY]) if key in known]
    return urlencode(pairs)


async def into_obs(request: web.Request) -> web.Response:
    """Add themes to the running OBS, or put them right there: {"themes": [{"theme", "settings"?}], "scene"?}."""
    here = shop(request)
    body: Any = await read_json(request)
    found = body.get("themes") if isinstance(body, dict) else None
    if not isinstance(found, list) or not 0 < len(found) <= MOST:
        raise BadInput("is a list of themes", field="themes")
    wanted = []
    for one in found:
        theme = one.get("theme") if isinstance(one, dict) else None
        if not isinstance(theme, str) or theme not in assets().themes:
            raise NotFound("overlay", "of that name")
        query = one.get("settings", "")
        wanted.append(obs.Wanted(theme, settings_of(theme, query if isinstance(query, str) else "")))
    scene = body.get("scene", "")
    if not isinstance(scene, str):
        raise BadInput("is a text", field="scene")
    done = await obs.put(here.config.obs, as_obs_finds_it(here), wanted, scene=scene)
    told = [{"name": one.name, "added": one.added, "scene": one.scene} for one in done]
    return web.json_response({"done": told})


def renewed(here: Shop) -> None:
    """There is a new overlay key: the pages that wait have it now, and a running OBS soon."""
    key = here.guard.keys.of("overlay")
    obs.renew_files(waiting_folder(here.config.folder), key)

    async def tell() -> None:
        try:
            names = await obs.renew(here.config.obs, key)
            log.info("OBS has the new overlay key in %d sources", len(names))
        except obs.ObsRefused as refusal:
            log.info("OBS was not told of the new overlay key: %s", refusal)

    task = asyncio.create_task(tell())
    _telling.add(task)
    task.add_done_callback(_telling.discard)


def as_obs_finds_it(here: Shop) -> obs.Shop:
    """The shop as OBS finds it."""
    address = here.overlay_address("").partition("/overlay/")[0]
    host = here.config.server.host
    return obs.Shop(address, here.guard.keys.of("overlay"), waiting_folder(here.config.folder), open=not obs.here(host))


def waiting_folder(folder: Path) -> Path:
    """Where the pages lie that wait for livesell."""
    return folder / "obs"


async def follow(here: Shop) -> None:
    """Open the show again when OBS's stream starts, and end it when the stream is over; until cancelled."""

    from livesell import commands as c
    from livesell.store import Asked

    async def do(command: c.Reopen | c.EndShow) -> None:
        try:
            state = await here.look(lambda look: look.show(here.show))
            ended = state["ended_at"] if state is not None else None
            if isinstance(command, c.Reopen) and ended is not None and here.clock() - ended > obs.OLD:
                log.warning("OBS streams, but the last show is long over: start livesell anew, and a new one opens")
                return
            await here.writer.submit(Asked(here.show, (command,)))
        except LivesellError as error:
            log.info("the stream changed, and the show did not: %s", error)

    try:
        await obs.follow(here.config.obs, lambda: do(c.Reopen()), lambda: do(c.EndShow()), said=log.info)
    except obs.ObsRefused as refusal:
        log.error("OBS is not followed: %s", refusal)
