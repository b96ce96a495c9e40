"""A WebSocket to a platform, opened with limits, and every way that it can fail as an `AdapterError` in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from livesell.errors import AdapterError

OPEN_TIMEOUT = 10
CLOSE_TIMEOUT = 0.5
LARGEST = 1 << 20

Closed = Callable[[int | None, str], AdapterError]
"""What a close code and reason mean; the code is None where the line broke without one."""


def told(who: str) -> Closed:
    """The meaning of a close for platforms without codes of their own: the line broke, try again."""

    def closed(code: int | None, reason: str) -> AdapterError:
        return AdapterError(f"{who} closed the line ({f'{code} {reason}'.strip() if code else 'no reason given'})")

    return closed


@asynccontextmanager
async def opened(
    url: str, who: str, *, closed: Closed | None = None, **options: Any
) -> AsyncIterator[ClientConnection]:
    """A connection; whatever breaks it, also inside the block, becomes an AdapterError without the address."""
    try:
        socket = await connect(url, max_size=LARGEST, open_timeout=OPEN_TIMEOUT, close_timeout=CLOSE_TIMEOUT, **options)
        try:
            yield socket
        finally:
            try:
                await socket.close()
            finally:
                # A goodbye that is not answered, or that is cut short itself, must not leave the line open.
                socket.transport.abort()
    except ConnectionClosed as error:
        frame = error.rcvd
        raise (closed or told(who))(frame.code if frame else None, frame.reason if frame else "") from None
    except InvalidURI:
        raise AdapterError(f"the address of {who} is no WebSocket address (ws:// or wss://)", permanent=True) from None
    except InvalidStatus as error:
        raise refusal(who, error.response.status_code, error.response.headers.get("Retry-After")) from None
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise AdapterError(f"{who} cannot be reached ({type(error).__name__})") from None


async def received(socket: ClientConnection, seconds: float | None, who: str) -> str:
    """The next message as text; AdapterError where none comes in time (None: ever).

    Not by `asyncio.wait_for`: before Python 3.12 it can swallow the cancellation that ends the source.
    """
    try:
        async with asyncio.timeout(seconds):
            data = await socket.recv()
    except TimeoutError:
        raise Silent(f"{who} says nothing any more") from None
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


class Silent(AdapterError):
    """Nothing came in the time that it should."""


def refusal(who: str, status: int, retry_after: str | None = None) -> AdapterError:
    """An HTTP status that is no success, in words: 401 and 403 need a person, 429 asks to wait."""
    if status in (401, 403):
        return AdapterError(f"{who} refuses the key or token (HTTP {status}): check it", permanent=True)
    if status == 404:
        return AdapterError(f"{who} has nothing at this address (HTTP 404)", permanent=True)
    if status == 429:
        wait = seconds(retry_after)
        return AdapterError(f"{who} is asked too often (HTTP 429)", retry_after=60 if wait is None else wait)
    return AdapterError(f"{who} answers HTTP {status}", retry_after=seconds(retry_after))


def seconds(value: str | None) -> float | None:
    """A Retry-After in seconds, up to an hour; None where it is absent or a date."""
    if value is None or not value.strip().isdecimal() or len(value) > 9:
        return None
    return float(min(int(value), 3_600))
