"""A platform's HTTP interface, asked with limits, and every way that it can fail as an `AdapterError` in words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from livesell.errors import AdapterError
from livesell.model import Struct

LARGEST = 4 << 20
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=10)
PAGES = aiohttp.ClientTimeout(total=30, connect=10)
"""For pages made for people, which are a hundred times as long as an answer."""


class Reply(Struct, frozen=True):
    """An answer: `body` is its JSON, None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str


class Http:
    """Requests to one platform, `who` in errors. Addresses and bodies stay out of errors: they may hold secrets.

    A redirect is not followed: it would take the token along.
    """

    def __init__(self, session: aiohttp.ClientSession, who: str) -> None:
        self.session, self.who = session, who

    async def get(self, url: str, params: Mapping[str, str] | None = None, **options: Any) -> Reply:
        """The answer to a GET, whatever its status."""
        return await self.request("GET", url, params=params, **options)

    async def post(self, url: str, **options: Any) -> Reply:
        """The answer to a POST, whatever its status."""
        return await self.request("POST", url, **options)

    async def page(self, url: str, params: Mapping[str, str] | None = None) -> Reply:
        """A page made for people, asked for without a token: from wherever it has moved to."""
        return await self.request("GET", url, params=params, allow_redirects=True, timeout=PAGES)

    async def request(self, method: str, url: str, **options: Any) -> Reply:
        """The answer to a request; AdapterError where there is none, or one without end."""
        options = {"allow_redirects": False, **options}
        try:
            async with self.session.request(method, url, **options) as response:
                data = await response.content.read(LARGEST)
                while len(data) < LARGEST and (more := await response.content.read(LARGEST - len(data))):
                    data += more
                if len(data) >= LARGEST:
                    raise AdapterError(f"{self.who} sends an answer without end")
                headers = {name.lower(): value for name, value in response.headers.items()}
                text = data.decode("utf-8", "replace")
        except aiohttp.InvalidURL:
            raise AdapterError(f"the address of {self.who} is no web address (https://)", permanent=True) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise AdapterError(f"{self.who} cannot be reached ({type(error).__name__})") from None
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        return Reply(response.status, headers, body, text)


@asynccontextmanager
async def asking(who: str) -> AsyncIterator[Http]:
    """A session for one connection's requests."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        yield Http(session, who)
