"""`livesell keys renew`: everybody out, by new keys, whether the shop is open or closed."""

from __future__ import annotations

from typing import cast, get_args

import aiohttp

from livesell.config import Config
from livesell.errors import BadInput, StoreBusy
from livesell.running import keys_of
from livesell.sheets import writing
from livesell.store.engine import Lock
from livesell.store.sessions import StoredSessions
from livesell.web.app import database_file
from livesell.web.keys import Role


async def renew(config: Config, only: str) -> str:
    """End all sessions and make new keys, or only those of one role; says which are new.

    A running server is asked to do it, so that what is open closes at once. Keys that the configuration names stay.
    """
    if only and only not in get_args(Role):
        raise BadInput(f"'{only}' is no key: one of {', '.join(get_args(Role))}")
    role = cast("Role | None", only or None)
    path = database_file(config)
    address = Lock(path).holder() if path is not None else None
    if address is not None:
        renewed, kept = await _ask(address, keys_of(config).of("seller"), role)
    else:
        keys = keys_of(config)
        if path is None or path.exists():
            await writing(config, "stop it first", lambda writer: StoredSessions(writer.store, writer).end_all(role))
        done = keys.renew(*([role] if role else []))
        wanted = {role} if role else set(get_args(Role))
        renewed, kept = sorted(done), sorted(wanted - done)
    told = f"new keys for {', '.join(renewed)}; all who used the old ones are out" if renewed else "no key is new"
    stays = f"; {', '.join(kept)} stand in the configuration: change them there" if kept else ""
    return told + stays + "; the addresses are told at the next start, and on the control page"


async def _ask(address: str, key: str, role: Role | None) -> tuple[list[str], list[str]]:
    headers = {"Authorization": f"Bearer {key}"}
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(f"{address}/api/keys", json={"role": role}, headers=headers) as answer,
        ):
            told = await answer.json()
    except (TimeoutError, aiohttp.ClientError, ValueError):
        raise StoreBusy(f"livesell is running at {address or 'another window'} and does not answer") from None
    if answer.status != 200:
        raise StoreBusy(f"livesell at {address} refused: {told.get('error', answer.status)}")
    return list(told["renewed"]), list(told["kept"])
