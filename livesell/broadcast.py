"""`livesell obs`: the shop's overlays put into OBS, and its show opened and ended with the stream."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

import aiohttp

from livesell import bundle, obs
from livesell.config import Config
from livesell.errors import ConfigError, NotFound
from livesell.store.engine import Lock
from livesell.web.app import ANYWHERE, database_file
from livesell.web.assets import found_themes
from livesell.web.keys import ROLES, Keys
from livesell.web.screens import settings_of, waiting_folder

THEMES = ("buyers", "product")


async def run(
    config: Config, themes: Sequence[str], *, scene: str, by_address: bool, follow: bool, out: TextIO
) -> None:
    """Put themes into OBS and say what became of each; with `follow` go on until stopped."""
    known = found_themes(bundle.OVERLAY_FOLDER)
    wanted = []
    for one in themes or THEMES:
        theme, _, query = one.partition("?")
        if theme not in known:
            raise NotFound("overlay", f"'{theme}'; there are {', '.join(known)}")
        wanted.append(obs.Wanted(theme, settings_of(theme, query)))
    file = database_file(config)
    serving = Lock(file).holder() if file is not None else None
    address = serving or address_of(config)
    configured: dict[str, str] = {role: getattr(config.server.keys, role) for role in ROLES}
    keys = Keys.open((file.parent if file is not None else config.folder) / "livesell.keys", configured)
    shop = obs.Shop(address, keys.of("overlay"), waiting_folder(config.folder), open=not obs.here(config.server.host))
    for done in await obs.put(config.obs, shop, wanted, scene=scene, by_address=by_address):
        print(f"{done.name}: {'added to' if done.added else 'put right in'} the scene '{done.scene}'", file=out)
    if serving is None and file is not None:
        print(f"livesell is not running yet; the sources wait for it at {address}", file=out)
    if follow:
        show = Followed(address, keys.of("seller"), out)
        await obs.follow(config.obs, show.started, show.stopped, said=show.say)


def address_of(config: Config) -> str:
    """Where livesell will be on this computer."""
    host, port = config.server.host, config.server.port
    if not port:
        raise ConfigError("[server] port", "0 is another one at each start", "start livesell first, or name a port")
    host = "127.0.0.1" if host in ANYWHERE else host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class Followed:
    """The show of a running livesell, opened again and ended by its interface."""

    def __init__(self, address: str, key: str, out: TextIO) -> None:
        self.address, self.out = address, out
        self._headers = {"Authorization": f"Bearer {key}"}

    def say(self, words: str) -> None:
        """Tell it where the command was started."""
        print(words, file=self.out, flush=True)

    async def started(self) -> None:
        """The stream is on: the show is open."""
        self.say(await self._told("the stream has started", "reopen", "the show is open"))

    async def stopped(self) -> None:
        """The stream is over: so is the show."""
        self.say(await self._told("the stream is over", "end", "the show has ended"))

    async def _told(self, stream: str, command: str, done: str) -> str:
        try:
            async with aiohttp.ClientSession(self.address, headers=self._headers) as http:
                ended = await self._ended(http) if command == "reopen" else None
                if ended is not None and datetime.now(UTC) - ended > obs.OLD:
                    return f"{stream}, but the last show is long over: start livesell anew, and a new one opens"
                async with http.post("/api/shows/current/commands", json={"type": command}) as answer:
                    body = await answer.json()
                    if answer.status == 200 or body.get("code") in ("show_open", "show_ended"):
                        return f"{stream}: {done}"
                    return f"{stream}, but livesell says: {body.get('error', answer.status)}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return f"{stream}, but livesell is not there at {self.address} ({type(error).__name__})"

    async def _ended(self, http: aiohttp.ClientSession) -> datetime | None:
        async with http.get("/api/shows") as answer:
            shows: list[dict[str, Any]] = await answer.json()
        ended = shows[0].get("ended_at") if shows and shows[0].get("status") == "ended" else None
        return datetime.fromisoformat(ended) if ended else None
