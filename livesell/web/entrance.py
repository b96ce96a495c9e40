"""Who may come in, changed while the shop is open: a phone by a code, new keys, the local network."""

from __future__ import annotations

import asyncio
from typing import Any, get_args

import msgspec
from aiohttp import WSCloseCode, web

from livesell import logs
from livesell.errors import BadInput, ConfigError
from livesell.store.asks import Asked
from livesell.store.schema import settings as settings_table
from livesell.store.writing import upsert
from livesell.web import screens
from livesell.web.api import hang_up
from livesell.web.body import read_json
from livesell.web.guard import Guard
from livesell.web.keys import Role
from livesell.web.refusal import Refusal
from livesell.web.shop import Shop, shop

OPENED = "opened_to_phones"
"""The setting that says whether phones were let in."""

ENDURES = 120
"""Seconds that a code is good for."""


def add_routes(app: web.Application, guard: Guard) -> None:
    """All addresses of this kind."""
    guard.route(app.router, "POST", "/api/phone", phone, needs="seller", kind="api")
    guard.route(app.router, "POST", "/api/keys", keys, needs="seller", kind="api")


def answer(shape: Any) -> web.Response:
    """A JSON answer."""
    return web.Response(body=msgspec.json.encode(shape), content_type="application/json")


# --- a phone --------------------------------------------------------------------------------------------------------


async def phone(request: web.Request) -> web.Response:
    """A code that opens the control page once, `{"open": true}` after letting phones in; `reachable` says whether."""
    here = shop(request)
    body = await read_json(request)
    wanted = body.get("open") if isinstance(body, dict) else None
    if wanted not in (None, False, True):
        raise BadInput("is not true or false", field="open")
    if wanted:
        try:
            await here.network.open()
        except ConfigError as error:
            raise Refusal(409, "no_network", str(error)) from None
        row = {"key": OPENED, "value": "true"}
        await here.writer.submit(Asked(None, (), lambda to: upsert(to, settings_table, [row])))
    name = here.network.phone()
    if name is None:
        return answer({"reachable": False})
    key = here.guard.one_time.issue("seller", here.guard.now())
    place = f"http://{f'[{name}]' if ':' in name else name}:{here.guard.port}/control"
    picture = await asyncio.to_thread(qr, f"{place}?key={key}")
    return answer({"reachable": True, "place": place, "picture": picture, "seconds": ENDURES})


def qr(content: str, border: int = 4) -> str:
    """A QR code as the address of a picture, black on white."""
    import segno

    made = segno.make(content, error="m", micro=False)
    return str(made.svg_data_uri(scale=8, border=border, dark="#000", light="#fff", xmldecl=False, nl=False))


async def open_again(here: Shop) -> None:
    """Let phones in where they were let in before; where the network is another one now, the page asks anew."""
    if await here.look(lambda look: look.setting(OPENED)) == "true":
        await here.network.open()


# --- keys -----------------------------------------------------------------------------------------------------------


async def keys(request: web.Request) -> web.Response:
    """Make new keys and end all sessions, or only those of `{"role": "overlay"}`; every open line of theirs closes.

    `renewed` names the keys that are new, `kept` those that stand in the configuration; who asked goes on by `again`.
    """
    here = shop(request)
    body = await read_json(request)
    role = body.get("role") if isinstance(body, dict) else None
    if role is not None and role not in get_args(Role):
        raise BadInput(f"is none of {', '.join(get_args(Role))}", field="role")
    wanted: tuple[Role, ...] = get_args(Role) if role is None else (role,)
    renewed = await renew(here, request.app, role)
    shape: dict[str, Any] = {"renewed": sorted(renewed), "kept": sorted(set(wanted) - renewed)}
    if "seller" in wanted:
        key = here.guard.one_time.issue("seller", here.guard.now())
        shape["again"] = f"/control?key={key}"
    shape["overlay"] = here.overlay_address("buyers")
    return answer(shape)


async def renew(here: Shop, app: web.Application, role: Role | None) -> frozenset[Role]:
    """New keys for a role, or all: what was opened with the old ones ends now, not when it next asks."""
    guard = here.guard
    if role is None:
        renewed = await guard.sign_out_everywhere()
    else:
        await guard.sessions.end_all(role)
        renewed = guard.keys.renew(role)
    logs.hide(*(guard.keys.of(one) for one in renewed))
    if "overlay" in renewed:
        screens.renewed(here)
    for page in list(here.feed.pages):
        if role in (None, page.role):
            page.lose()
    if role != "overlay":
        await hang_up(app, WSCloseCode.POLICY_VIOLATION)
    return renewed
