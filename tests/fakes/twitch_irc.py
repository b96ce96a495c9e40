"""A Twitch IRC server for tests, over a real WebSocket: greets a guest, joins, and says what the test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

GREETING = (
    ":tmi.twitch.tv 001 {nick} :Welcome, GLHF!",
    ":tmi.twitch.tv 372 {nick} :You are in a maze of twisty passages.",
    ":tmi.twitch.tv 376 {nick} :>",
)


class TwitchIrc:
    """`channels`: those that exist. `heard`: what clients sent. `mute`: accept, and never say a word."""

    def __init__(self, *channels: str, mute: bool = False) -> None:
        self.channels, self.mute = channels, mute
        self.heard: list[str] = []
        self.connections = 0
        self.answers_pings = True
        self.refuse: int | None = None
        self.retry_after: str | None = None
        self.farewell = ""
        self.url = ""
        self._sockets: list[ServerConnection] = []
        self._joined = asyncio.Event()

    async def say(self, *lines: str) -> None:
        """Send lines in one message to whoever is in a channel."""
        async with asyncio.timeout(5):
            await self._joined.wait()
        for socket in list(self._sockets):
            await socket.send("".join(line + "\r\n" for line in lines))

    async def drop(self) -> None:
        """Break every line without a word of farewell."""
        for socket in list(self._sockets):
            socket.transport.abort()
        self._sockets.clear()
        self._joined.clear()

    async def _client(self, socket: ServerConnection) -> None:
        self.connections += 1
        nick = "*"
        try:
            async for message in socket:
                for line in str(message).split("\r\n"):
                    self.heard.append(line)
                    verb, _, rest = line.partition(" ")
                    if self.mute:
                        continue
                    if verb == "CAP":
                        await socket.send(f":tmi.twitch.tv CAP * ACK {rest.partition(' ')[2]}\r\n")
                    elif verb == "NICK":
                        nick = rest
                        await socket.send("".join(row.format(nick=nick) + "\r\n" for row in GREETING))
                    elif verb == "JOIN" and rest.lstrip("#") in self.channels:
                        host = f"{nick}!{nick}@{nick}.tmi.twitch.tv"
                        await socket.send(f":{host} JOIN {rest}\r\n@room-id=7001 :tmi.twitch.tv ROOMSTATE {rest}\r\n")
                        if self.farewell:
                            await socket.send(self.farewell + "\r\n")
                        self._sockets.append(socket)
                        self._joined.set()
                    elif verb == "PING" and self.answers_pings:
                        await socket.send(f":tmi.twitch.tv PONG tmi.twitch.tv {rest}\r\n")
        except ConnectionClosed:
            pass
        finally:
            if socket in self._sockets:
                self._sockets.remove(socket)

    def _door(self, connection: ServerConnection, _: object) -> Response | None:
        if self.refuse is None:
            return None
        response = connection.respond(self.refuse, "no\n")
        if self.retry_after is not None:
            response.headers["Retry-After"] = self.retry_after
        return response

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TwitchIrc]:
        """The server listens on a free port of 127.0.0.1 inside the block."""
        async with serve(self._client, "127.0.0.1", 0, process_request=self._door) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self
