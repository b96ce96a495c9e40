"""A WebSocket server for tests of relays: keeps what clients say, says and closes what the test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Speaks = Callable[["RelayFake", ServerConnection, str], Awaitable[None]]


class RelayFake:
    """`greeting`: sent to every client at once. `speaks`: the protocol, called with each message of a client."""

    def __init__(self, *, greeting: list[Any] | None = None, speaks: Speaks | None = None) -> None:
        self.greeting, self.speaks = greeting or [], speaks
        self.heard: list[str] = []
        self.paths: list[str] = []
        self.connections = 0
        self.refuse: int | None = None
        self.retry_after: str | None = None
        self.mute = False
        self.close_at_once: tuple[int, str] | None = None
        self.url = ""
        self.sockets: list[ServerConnection] = []
        self._open = asyncio.Event()

    async def say(self, *messages: Any) -> None:
        """Send to every client: text as it is, anything else as JSON."""
        async with asyncio.timeout(5):
            await self._open.wait()
        for socket in list(self.sockets):
            for message in messages:
                await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def drop(self) -> None:
        for socket in list(self.sockets):
            socket.transport.abort()
        self.sockets.clear()
        self._open.clear()

    async def close(self, code: int, reason: str = "") -> None:
        for socket in list(self.sockets):
            await socket.close(code, reason)
        self.sockets.clear()
        self._open.clear()

    async def _client(self, socket: ServerConnection) -> None:
        self.connections += 1
        assert socket.request is not None
        self.paths.append(socket.request.path)
        if self.close_at_once is not None:
            await socket.close(*self.close_at_once)
            return
        for message in self.greeting:
            await socket.send(message if isinstance(message, str) else json.dumps(message))
        self.sockets.append(socket)
        self._open.set()
        try:
            async for data in socket:
                self.heard.append(str(data))
                if self.speaks is not None:
                    await self.speaks(self, socket, str(data))
        except ConnectionClosed:
            pass
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
            if not self.sockets:
                self._open.clear()

    async def _door(self, connection: ServerConnection, _: Any) -> Any:
        while self.mute:  # noqa: ASYNC110 - it accepts and says nothing, for ever
            await asyncio.sleep(0.05)
        if self.refuse is None:
            return None
        response = connection.respond(self.refuse, "no\n")
        if self.retry_after is not None:
            response.headers["Retry-After"] = self.retry_after
        return response

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[RelayFake]:
        """It listens on 127.0.0.1 inside the block."""
        async with serve(self._client, "127.0.0.1", 0, process_request=self._door) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            try:
                yield self
            finally:
                self.mute = False
