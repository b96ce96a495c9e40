"""Webhooks: what platforms post to `/in/<source>`, proved by the source's own rule, answered after the commit."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from livesell.adapter import Hook
from livesell.errors import NotFound
from livesell.web.body import read_body
from livesell.web.guard import Guard
from livesell.web.refusal import Refusal
from livesell.web.shop import shop

log = logging.getLogger(__name__)

SECONDS = 5.0
"""Platforms give up on an answer after that, and post again."""


def add_routes(app: web.Application, guard: Guard) -> None:
    """The one address that is answered for `public_host`."""
    for method in ("GET", "POST"):
        guard.route(app.router, method, "/in/{source}", receive, needs="hook", kind="hook")


async def receive(request: web.Request) -> web.Response:
    """Hand a post to its source; 404 for a source that is not there, 401 without a word for one not proved."""
    here = shop(request)
    name = request.match_info["source"]
    listening = here.spine.source(name)
    if listening is None:
        raise NotFound("source", "of that name")
    adapter = listening.adapter
    if not adapter.signed and here.guard.role(request) not in ("seller", "ingest"):
        raise Refusal(401, "no_key", "this source needs the ingest key", {"WWW-Authenticate": "Bearer"})
    hook = Hook(
        method="GET" if request.method in ("GET", "HEAD") else "POST",
        now=here.clock(),
        query=dict(request.query),
        headers={key.lower(): value for key, value in request.headers.items()},
        body=await read_body(request),
    )
    answer = adapter.receive(hook)
    try:
        async with asyncio.timeout(SECONDS):
            for frame in answer.frames:
                await listening.posted(frame)
    except TimeoutError:
        # Nothing of it is acknowledged: the platform posts it again, and what was stored already counts once.
        log.warning("a post to source %s was not stored within %.0f s", name, SECONDS)
        raise Refusal(503, "busy", "not stored yet; post it again", {"Retry-After": "5"}) from None
    return web.Response(status=answer.status, text=answer.text)
