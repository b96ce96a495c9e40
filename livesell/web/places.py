"""Where comments come from, changed while the show runs: a pasted link is heard at once and kept for the next start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
from aiohttp import web

from livesell import logs, registry
from livesell.errors import BadInput, ConfigError, NotFound, Refused
from livesell.store import Asked
from livesell.store.added import change
from livesell.web.body import read_form, read_json
from livesell.web.guard import Guard
from livesell.web.refusal import Refusal
from livesell.web.shop import Shop, shop

OF_THE_REQUEST = ("link", "platform")
"""What names the place; every other field is a key of the source, as in a `[[source]]` table."""
SECRET = 8
"""Letters from which on a value may be a token, which no log shows."""


def add_routes(app: web.Application, guard: Guard) -> None:
    """The addresses for sources."""
    router = app.router
    guard.route(router, "POST", "/api/sources", post, needs="seller", kind="api")
    guard.route(router, "DELETE", "/api/sources/{name}", delete, needs="seller", kind="api")
    guard.route(router, "POST", "/control/sources", post_form, needs="seller", kind="page")


async def post(request: web.Request) -> web.Response:
    """Listen to what a link stands for; {"link", and keys of the source}."""
    body = await read_json(request)
    if not isinstance(body, dict) or not isinstance(body.get("link"), str):
        raise BadInput("is missing", field="link")
    return web.json_response(await add(shop(request), body), status=201)


async def post_form(request: web.Request) -> web.Response:
    """The same as a form of the control page."""
    form = await read_form(request)
    try:
        await add(shop(request), {"link": form.get("link", "")})
    except Refused as refusal:
        raise Refusal(409, refusal.code, str(refusal)) from None
    raise web.HTTPSeeOther("/control")


async def add(here: Shop, body: dict[str, Any]) -> dict[str, Any]:
    """Keep a source and begin to listen; what it is, and which keys it needs beside.

    Refused where the place is listened to already. One that was added by link is replaced if the request brings keys
    for it: that is how a missing token is handed in.
    """
    keys = {key: value for key, value in body.items() if key not in OF_THE_REQUEST}
    async with here.changing:
        listening = [one.adapter for one in here.spine.listening]
        added = await here.look(lambda look: look.added_sources())
        folder = here.config.folder
        try:
            # Adapters are imported to be asked, which takes a moment: the show goes on meanwhile.
            table, taken = await asyncio.to_thread(registry.placed, body["link"], listening, added, keys, folder)
            _within_reach(table)
            made = registry.make_source(table, "the link", folder=folder)
        except ConfigError as error:
            raise Refused("source", str(error), needs=registry.lacking(body["link"], keys)) from None
        await here.writer.submit(Asked(None, (), lambda to: change(to, take=taken, add=[table])))
        logs.hide(*(value for value in keys.values() if isinstance(value, str) and len(value) >= SECRET))
        if taken:
            await here.spine.remove(taken, "changed")
        here.spine.add(made)
    needs = registry.lacking(body["link"], keys)
    return {"name": made.name, "platform": made.platform, "place": made.place, "needs": needs}


def _within_reach(table: Mapping[str, Any]) -> None:
    """Refused where a request would write a file, or send a secret of this machine to an address of its own."""
    kind = registry.adapter(table["platform"])
    for field in msgspec.structs.fields(kind.Settings):
        if field.encode_name in table and Path in (field.type, *get_args(field.type)):
            raise ConfigError(f"the link, {field.encode_name}", "names a file", "that stands in config.toml alone")
    named = [key for key in table if key.endswith("_env")]
    if named and any(key.endswith("url") for key in table):
        raise ConfigError(f"the link, {named[0]}", "does not go with an address", "that stands in config.toml alone")


async def delete(request: web.Request) -> web.Response:
    """Listen no more to a source that was added by link, now and at the next start."""
    here, name = shop(request), request.match_info["name"]
    async with here.changing:
        found = await here.look(lambda look: look.added_sources())
        if name not in {one.get("name", one.get("platform")) for one in found}:
            if here.spine.source(name) is not None:
                raise Refused("configured", f"'{name}' stands in the configuration: take it out there")
            raise NotFound("source", name if name.isprintable() and len(name) <= 64 else "of that name")
        await here.writer.submit(Asked(None, (), lambda to: change(to, take=name)))
        await here.spine.remove(name, "taken out")
    return web.json_response({"name": name})
