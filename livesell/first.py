"""The first run: without a configuration the five steps are served, and then the shop at the same port."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import webbrowser
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from aiohttp import web

from livesell import config, logs
from livesell.config import Config
from livesell.errors import ConfigError
from livesell.store.writer import utc_now
from livesell.web import setup as steps
from livesell.web.app import bound
from livesell.web.guard import RUNNER, Guard
from livesell.web.keys import ROLES, Keys, OneTime
from livesell.web.sessions import MemorySessions

DOORS = range(8777, 8797)
"""The usual port, and those tried after it when another program has it."""

ENDURES = timedelta(hours=12)
"""How long the printed address opens the steps, once."""

HOST = "127.0.0.1"


async def steps_done(folder: Path, out: TextIO) -> tuple[Config, socket.socket, OneTime]:
    """Serve the steps until they are done: the configuration they wrote, the port still open, and the key that is out.

    Who asks meanwhile waits at the port, and is answered by the shop. Raises ConfigError in a folder that cannot be
    written to.
    """
    if not os.access(folder, os.W_OK):
        raise ConfigError(str(folder), "cannot be written to", "start livesell in a folder of your own, as Documents")
    listening = a_door()
    port = listening.getsockname()[1]
    kept = listening.dup()
    kept.setblocking(False)
    keys = Keys.open(folder / "livesell.keys")
    logs.hide(*(keys.of(role) for role in ROLES))
    one_time = OneTime()
    guard = Guard(keys, MemorySessions(), host=HOST, port=port, one_time=one_time)
    setup = steps.Setup(folder, keys, port, moved=port != DOORS[0])
    runner = web.AppRunner(
        steps.build(setup, guard),
        access_log=logs.ACCESS,
        access_log_class=logs.AccessLog,
        shutdown_timeout=2,
        **RUNNER,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        address = f"http://{HOST}:{port}/setup?key={one_time.issue('seller', utc_now(), ENDURES)}"
        print(f"livesell is new here. Open this address, once, and take the first steps:\n  {address}", file=out)
        out.flush()
        if out.isatty():
            await asyncio.to_thread(webbrowser.open, address)
        await setup.done.wait()
        # The answer that ends the steps goes out before its server does.
        await asyncio.sleep(0.2)
    except BaseException:
        kept.close()
        raise
    finally:
        await runner.cleanup()
    return config.load(folder / steps.CONFIG), kept, one_time


def a_door() -> socket.socket:
    """A listening socket at the usual port, or the next one that is free."""
    for port in DOORS:
        try:
            return bound(HOST, port)
        except ConfigError as error:
            if isinstance(error.__context__, OSError) and error.__context__.errno != errno.EADDRINUSE:
                raise
    return bound(HOST, 0)
