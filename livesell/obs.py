"""OBS by obs-websocket 5: livesell's pages as its browser sources, and the start and end of its stream.

| what OBS answers                  | what is done                                                        |
| --------------------------------- | ------------------------------------------------------------------- |
| nothing listens                   | refused: start OBS, switch its WebSocket server on                  |
| close 4009                        | refused: the password is missing, or wrong                          |
| no Hello, another rpc version     | refused: OBS 28 or newer                                            |
| 207, it is still starting         | asked again for a while, then refused                               |
| 601, the source is there          | its settings are put right, and it is put into the scene            |
| 605, it has no browser source     | refused: which package has it                                       |
| it goes while it is asked         | refused; while it is followed: waited for                           |

Requests and their codes: obs-websocket's protocol.md, version 5.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livesell.config import Obs
from livesell.errors import LivesellError, Refused
from livesell.model import Struct

log = logging.getLogger(__name__)

PASSWORD = "LIVESELL_OBS_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable with OBS's password, where the configuration has none."""

CONNECT = 5.0
CALL = 15.0
READY = 10.0
"""Seconds: for the line, for one answer, and for an OBS that is still starting."""

GRACE = 60.0
"""Seconds that a stream may be off before its show is ended: a stopped stream is often started again."""

OLD = timedelta(hours=12)
"""A show that ended longer ago is not opened again: livesell makes a new one when it starts."""

AGAIN = (1.0, 2.0, 5.0, 10.0)

RPC = 1
NOT_READY, NOT_FOUND, EXISTS, NO_KIND = 207, 600, 601, 605
OUTPUTS = 1 << 6
"""The class of events that tells of the stream."""

KIND = "browser_source"


class ObsRefused(Refused):
    """OBS cannot be reached or will not; `code` says which sentence of `obs.…` the pages have for it."""


class Failed(ObsRefused):
    """A request that OBS answered with an error."""

    def __init__(self, kind: str, status: int, comment: str) -> None:
        self.status = status
        super().__init__("obs_failed", f"OBS refused {kind}: {comment or 'it does not say why'} ({status})")


class Source(Struct, frozen=True):
    """A browser source: its name in OBS, and a page by address, or a file that waits for it."""

    name: str
    url: str
    file: Path | None = None


class Done(Struct, frozen=True):
    """What became of a source."""

    name: str
    added: bool
    scene: str


# --- the line -------------------------------------------------------------------------------------------------------


class Line:
    """A connection to a running OBS that has let us in."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def ask(self, kind: str, data: Mapping[str, Any] | None = None, *, ready: float | None = None) -> Any:
        """What OBS answers; ObsRefused in words. Where it is not ready yet it is asked again for `ready` seconds."""
        import simpleobsws

        loop = asyncio.get_running_loop()
        until = loop.time() + (READY if ready is None else ready)
        while True:
            answer = await self._first(self.client.call(simpleobsws.Request(kind, dict(data or {})), CALL))
            if answer.ok():
                return answer.responseData or {}
            code, comment = answer.requestStatus.code, answer.requestStatus.comment or ""
            if code != NOT_READY:
                raise Failed(kind, code, comment)
            if loop.time() >= until:
                raise ObsRefused("obs_not_ready", "OBS is not ready yet: wait until it has started, then try again")
            await asyncio.sleep(0.5)

    async def _first(self, calling: Any) -> Any:
        """The answer, or what it means that the line broke first."""
        import simpleobsws

        call = asyncio.ensure_future(calling)
        await asyncio.wait({call, self.client.recv_task}, return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            raise closed(self.client)
        try:
            return call.result()
        except simpleobsws.MessageTimeout:
            raise ObsRefused("obs_silent", f"OBS did not answer within {CALL:g} s; look whether it hangs") from None
        except Exception as error:
            if self.client.recv_task.done():
                raise closed(self.client) from None
            raise ObsRefused("obs_closed", f"OBS could not be asked: {error}") from None

    async def gone(self) -> None:
        """Wait until the line is closed."""
        await asyncio.wait({self.client.recv_task})


def closed(client: Any) -> ObsRefused:
    """What a closed line means, by its code."""
    code = client.ws.close_code if client.ws is not None else None
    if code == 4009 and not client.password:
        words = f"OBS asks for a password: set {PASSWORD}, or password_env under [obs]"
        return ObsRefused("obs_password_missing", words)
    if code == 4009:
        words = "OBS does not take this password: Tools, WebSocket Server Settings, Show Connect Info has the right one"
        return ObsRefused("obs_wrong_password", words)
    if code in (4006, 4010):
        return ObsRefused("obs_version", "this OBS speaks another version of obs-websocket: OBS 28 or newer is needed")
    if code == 4011:
        return ObsRefused("obs_closed", "OBS sent livesell away, from its WebSocket Server Settings")
    return ObsRefused("obs_closed", "OBS closed the line, perhaps because it was closed itself")


def password_of(settings: Obs, environment: Mapping[str, str] = os.environ) -> str:
    """OBS's password: of the configuration, else of the environment."""
    return settings.password or environment.get(PASSWORD, "")


@contextlib.asynccontextmanager
async def connected(settings: Obs, *, events: int = 0) -> AsyncIterator[Line]:
    """A line to the OBS of the configuration; ObsRefused in words where there is none."""
    try:
        import simpleobsws
        import websockets.exceptions
    except ImportError:
        words = "the package simpleobsws is missing: pip install 'livesell[obs]'"
        raise ObsRefused("obs_package", words) from None
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    where = f"{host}:{settings.port}"
    client = simpleobsws.WebSocketClient(
        url=f"ws://{where}",
        password=password_of(settings),
        identification_parameters=simpleobsws.IdentificationParameters(eventSubscriptions=events),
    )
    try:
        async with asyncio.timeout(CONNECT):
            await client.connect()
    except (OSError, TimeoutError):
        words = (
            f"no OBS answers at {where}: start OBS, and switch on Tools, WebSocket Server Settings, "
            "Enable WebSocket server"
        )
        raise ObsRefused("obs_not_running", words) from None
    except (websockets.exceptions.WebSocketException, ValueError):
        words = f"what answers at {where} is no OBS: [obs] port is the Server Port of its WebSocket Server Settings"
        raise ObsRefused("obs_not_obs", words) from None
    try:
        async with asyncio.timeout(CONNECT):
            # The client does not tell it when the line is closed instead of opened.
            while not client.identified and not client.recv_task.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        await client.disconnect()
        words = f"what answers at {where} does not speak obs-websocket 5: OBS 28 or newer is needed"
        raise ObsRefused("obs_version", words) from None
    if not client.identified:
        refusal = closed(client)
        await client.disconnect()
        raise refusal
    try:
        yield Line(client)
    finally:
        with contextlib.suppress(websockets.exceptions.WebSocketException, OSError):
            await client.disconnect()


# --- sources --------------------------------------------------------------------------------------------------------


async def add(line: Line, sources: Sequence[Source], scene: str = "") -> list[Done]:
    """Add sources to a scene (the one on air where none is named), or put right those that are there.

    The picture's size is OBS's own. What is in OBS stays where and as large as it was put there.
    """
    video = await line.ask("GetVideoSettings")
    size = {"width": int(video["baseWidth"]), "height": int(video["baseHeight"])}
    if not scene:
        current = await line.ask("GetCurrentProgramScene")
        scene = str(current.get("currentProgramSceneName") or current.get("sceneName"))
    done = []
    for source in sources:
        page: dict[str, Any] = {"is_local_file": source.file is not None, "url": source.url}
        if source.file is not None:
            page["local_file"] = source.file.as_posix()
        done.append(Done(source.name, await _put(line, source.name, {**page, **size}, scene), scene))
    return done


async def _put(line: Line, name: str, settings: Mapping[str, Any], scene: str) -> bool:
    """True if a source was added, False if it was there and is right now."""
    wanted = {"sceneName": scene, "inputName": name, "inputKind": KIND, "inputSettings": settings}
    try:
        await line.ask("CreateInput", {**wanted, "sceneItemEnabled": True})
    except Failed as failed:
        if failed.status == NOT_FOUND:
            raise ObsRefused("obs_scene", f"OBS has no scene '{scene}'") from None
        if failed.status == NO_KIND:
            words = "this OBS has no browser source: install it with the browser plugin, or obs-browser of your system"
            raise ObsRefused("obs_no_browser", words) from None
        if failed.status != EXISTS:
            raise
    else:
        return True
    taken = ObsRefused("obs_name_taken", f"OBS has another source or scene that is called '{name}': rename that one")
    try:
        there = await line.ask("GetInputSettings", {"inputName": name})
    except Failed as failed:
        raise (taken if failed.status == NOT_FOUND else failed) from None
    if there.get("inputKind") != KIND:
        raise taken
    await line.ask("SetInputSettings", {"inputName": name, "inputSettings": settings, "overlay": True})
    try:
        await line.ask("GetSceneItemId", {"sceneName": scene, "sourceName": name})
    except Failed as failed:
        if failed.status != NOT_FOUND:
            raise
        await line.ask("CreateSceneItem", {"sceneName": scene, "sourceName": name, "sceneItemEnabled": True})
    # A source that gave up on a server that was not there yet stays blank until somebody presses this.
    await line.ask("PressInputPropertiesButton", {"inputName": name, "propertyName": "refreshnocache"})
    return False


def here(host: str) -> bool:
    """Whether a host is this computer."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


WAITS = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<title>livesell</title>
<style>html, body { margin: 0; background: transparent; }</style>
</head>
<body>
<script>
const there = PLACES;
let wait = 500;
async function look() {
  try {
    await fetch(there.up, { mode: "no-cors", cache: "no-store" });
    location.replace(there.page);
  } catch {
    setTimeout(look, wait * (0.5 + Math.random() / 2));
    wait = Math.min(5000, wait * 2);
  }
}
look();
</script>
</body>
</html>
"""


def waiting_page(folder: Path, theme: str, address: str, key: str, query: str = "") -> Source:
    """A source whose page is a file in `folder` that shows nothing, waits for livesell, and goes to the theme then.

    OBS opened before livesell would otherwise stay blank. The file has the overlay's key in it and is for its owner.
    """
    there = {
        "up": f"{address}/up?key={key}",
        "page": f"{address}/overlay/{theme}?key={key}" + (f"&{query}" if query else ""),
    }
    # `<` would end the script; an address has none, a theme's text might.
    text = WAITS.replace("PLACES", json.dumps(there).replace("<", "\\u003c"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"livesell-{theme}.html"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
    return Source(f"livesell {theme}", there["page"], path.resolve())


class Wanted(Struct, frozen=True):
    """A theme that is to be in OBS, with its settings as they stand in an address."""

    theme: str
    query: str = ""


class Shop(Struct, frozen=True):
    """Where OBS finds a shop: its address on this computer, its overlay key, and a folder for pages that wait.

    `open`: other computers are listened to as well.
    """

    address: str
    key: str
    folder: Path
    open: bool = False


async def put(
    settings: Obs, shop: Shop, wanted: Sequence[Wanted], *, scene: str = "", by_address: bool = False
) -> list[Done]:
    """Themes added to the OBS of the configuration, or put right there; ObsRefused in words."""
    async with connected(settings) as line:
        if here(settings.host) and not by_address:
            sources = [waiting_page(shop.folder, one.theme, shop.address, shop.key, one.query) for one in wanted]
        else:
            address = shop.address
            if not here(settings.host):
                if not shop.open:
                    words = (
                        'OBS runs on another computer: write host = "0.0.0.0" under [server], and start livesell anew'
                    )
                    raise ObsRefused("obs_far", words)
                own = str(line.client.ws.local_address[0])
                address = f"http://{f'[{own}]' if ':' in own else own}:{urlsplit(address).port}"
            sources = [
                Source(
                    f"livesell {one.theme}",
                    f"{address}/overlay/{one.theme}?key={shop.key}" + (f"&{one.query}" if one.query else ""),
                )
                for one in wanted
            ]
        return await add(line, sources, scene)


KEY = re.compile(r"(?<=[?&]key=)[A-Za-z0-9_-]+")


def renew_files(folder: Path, key: str) -> None:
    """The pages that wait get a new overlay key."""
    for path in folder.glob("livesell-*.html"):
        path.write_text(KEY.sub(key, path.read_text(encoding="utf-8")), encoding="utf-8")


async def renew(settings: Obs, key: str) -> list[str]:
    """The names of livesell's sources in OBS, which have the new overlay key now and are loaded again."""
    async with connected(settings) as line:
        found = await line.ask("GetInputList", {"inputKind": KIND})
        names = [str(one["inputName"]) for one in found["inputs"] if str(one["inputName"]).startswith("livesell ")]
        for name in names:
            url = str((await line.ask("GetInputSettings", {"inputName": name}))["inputSettings"].get("url", ""))
            changed = {"inputName": name, "inputSettings": {"url": KEY.sub(key, url)}, "overlay": True}
            await line.ask("SetInputSettings", changed)
            await line.ask("PressInputPropertiesButton", {"inputName": name, "propertyName": "refreshnocache"})
        return names


# --- following ------------------------------------------------------------------------------------------------------


async def follow(
    settings: Obs,
    started: Callable[[], Awaitable[None]],
    stopped: Callable[[], Awaitable[None]],
    *,
    said: Callable[[str], None] = log.info,
    grace: float = GRACE,
    again: Sequence[float] = AGAIN,
) -> None:
    """Call `started` and `stopped` with OBS's stream, for ever; an OBS that is not there yet, or goes, is waited for.

    A stream that is off for less than `grace` seconds has not stopped. A wrong password or version is raised.
    """
    on, tries, last = False, 0, ""
    ending: asyncio.Task[None] | None = None

    async def end() -> None:
        nonlocal on
        await asyncio.sleep(grace)
        on = False
        try:
            await stopped()
        except LivesellError as error:
            said(str(error))

    try:
        while True:
            try:
                async with connected(settings, events=OUTPUTS) as line:
                    said("OBS is there; its stream is followed")
                    tries, last = 0, ""
                    async for live in streaming(line):
                        if live:
                            if ending is not None:
                                ending.cancel()
                                ending = None
                            if not on:
                                on = True
                                await started()
                        elif on and (ending is None or ending.done()):
                            ending = asyncio.create_task(end())
            except ObsRefused as refusal:
                if refusal.code not in ("obs_not_running", "obs_closed", "obs_not_ready", "obs_silent"):
                    raise
                if str(refusal) != last:
                    said(str(refusal))
                last = str(refusal)
            await asyncio.sleep(again[min(tries, len(again) - 1)])
            tries += 1
    finally:
        if ending is not None:
            ending.cancel()


async def streaming(line: Line) -> AsyncIterator[bool]:
    """Whether OBS streams: now, and at each change until the line is closed."""
    changes: asyncio.Queue[bool | None] = asyncio.Queue()

    async def changed(data: Mapping[str, Any] | None) -> None:
        state = str((data or {}).get("outputState", ""))
        if state.endswith("_OUTPUT_STARTED"):
            changes.put_nowait(True)
        elif state.endswith("_OUTPUT_STOPPED"):
            changes.put_nowait(False)

    line.client.register_event_callback(changed, "StreamStateChanged")
    gone = asyncio.create_task(line.gone())
    gone.add_done_callback(lambda _: changes.put_nowait(None))
    try:
        yield bool((await line.ask("GetStreamStatus")).get("outputActive"))
        while (live := await changes.get()) is not None:
            yield live
    finally:
        gone.cancel()
