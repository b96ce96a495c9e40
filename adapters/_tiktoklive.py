"""The TikTokLive client (an extra) as a way to TikTok's frames: it connects, we decode.

Its traps, all met: listeners' exceptions vanish, its rate limit error can fail while it is made, its signer does not
verify TLS, `connect()` cannot be cancelled, importing it takes seconds.
"""

from __future__ import annotations

import asyncio
import importlib
import time
import warnings
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from livesell.adapter import Ear, Frame, Status
from livesell.errors import AdapterError

from ._protobuf import missing

LEAST_WAIT, MOST_WAIT = 60.0, 3_600.0
SIGN_TIMEOUT = 20
Heard = Callable[[Ear, Frame], Awaitable[bool]]


async def listen(settings: Any, user: str, ear: Ear, heard: Heard) -> bool:
    """Listen until the live ends; False if it is not on. AdapterError for everything that the client raises."""
    library = await asyncio.to_thread(_library)
    errors = library.errors
    signed: dict[str, Any] = {}
    client = _client(library, settings, user, signed)
    results: asyncio.Queue[Any] = asyncio.Queue()
    latest: list[Any] = [None]

    def arrived(event: Any) -> None:
        # Said once for every message in a result, with the whole result each time.
        if event.raw is not latest[0]:
            latest[0] = event.raw
            results.put_nowait(event.raw)

    try:
        client.add_listener(library.events.WebsocketResponseEvent, arrived)
        client.add_listener(library.events.ConnectEvent, lambda _: results.put_nowait("live"))
        room = int(settings.room_id) if settings.room_id.isdecimal() else None
        task = await client.start(room_id=room, fetch_live_check=room is None)
        task.add_done_callback(lambda _: results.put_nowait(None))
        while (result := await results.get()) is not None:
            if result == "live":
                await ear.tell(Status("live"))
            elif await heard(ear, Frame(data=bytes(result), at=datetime.now(UTC), transport="tiktoklive")):
                return True
        await task
    except errors.UserOfflineError:
        return False
    except AdapterError:
        raise
    except Exception as error:
        raise failure(error, errors, user, signed) from None
    finally:
        await _leave(client)
    raise AdapterError("TikTok closed the line")


def _library() -> SimpleNamespace:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SimpleNamespace(
                client=importlib.import_module("TikTokLive").TikTokLiveClient,
                errors=importlib.import_module("TikTokLive.client.errors"),
                events=importlib.import_module("TikTokLive.events"),
                defaults=importlib.import_module("TikTokLive.client.web.web_settings").WebDefaults,
            )
    except ImportError:
        raise missing("tiktok") from None


def _client(library: SimpleNamespace, settings: Any, user: str, signed: dict[str, Any]) -> Any:
    """The library's client; what the sign server answered last stands in `signed`."""
    import httpx

    async def note(response: httpx.Response) -> None:
        signed["headers"] = response.headers

    library.defaults.tiktok_app_url = settings.web_url
    library.defaults.tiktok_webcast_url = settings.webcast_url
    signer = {"sign_api_key": settings.key or None, "sign_api_base": settings.sign_url}
    client = library.client(unique_id=user, web_kwargs={"signer_kwargs": signer}, ws_kwargs={"close_timeout": 2})
    # The library's own connection to the signer is built with verify_ssl=False, and the key goes over it.
    headers = {"X-Api-Key": settings.key} if settings.key else {}
    client.web.signer.sdk_client.set_async_httpx_client(
        httpx.AsyncClient(
            base_url=settings.sign_url, headers=headers, timeout=SIGN_TIMEOUT, event_hooks={"response": [note]}
        )
    )
    return client


def failure(error: Exception, errors: Any, user: str, signed: Mapping[str, Any]) -> AdapterError:
    """What the client raised, in words, with how long to wait."""
    if isinstance(error, errors.SignAPIError):
        response = error.response
        if error.reason.name == "RATE_LIMIT" or (response is not None and response.status_code == 429):
            wait = reset_after(response.headers if response is not None else {}, time.time())
            return AdapterError("the sign server asks to wait: too many connections with this key", retry_after=wait)
        if response is not None and response.status_code in (401, 403):
            return AdapterError("the sign server does not take the key: check `key`", permanent=True)
        reason = error.reason.name.lower().replace("_", " ")
        return AdapterError(f"the sign server cannot help ({reason})", retry_after=30)
    if isinstance(error, errors.UserNotFoundError):
        return AdapterError(f"TikTok knows no live of @{user}: is the name right, may it go live?", retry_after=300)
    if isinstance(error, errors.AgeRestrictedError):
        return AdapterError(f"the live of @{user} is age restricted: it cannot be read without a login", permanent=True)
    if isinstance(
        error, errors.WebcastBlockedError | errors.InitialCursorMissingError | errors.WebsocketURLMissingError
    ):
        return AdapterError("TikTok refuses this connection (blocked for now)", retry_after=180)
    if isinstance(error, TypeError) and "int()" in str(error):
        # The library fails while it makes its own rate limit error, where the header it reads is absent.
        wait = reset_after(signed.get("headers", {}), time.time())
        return AdapterError("the sign server asks to wait: too many connections with this key", retry_after=wait)
    return AdapterError(f"TikTok cannot be reached ({type(error).__name__})")


def reset_after(headers: Any, now: float) -> float:
    """Seconds until the sign server's limit is over: `RateLimit-Reset`, a time or so many seconds, else a minute."""
    value = headers.get("RateLimit-Reset") or headers.get("Retry-After") or ""
    if not value.strip().isdecimal() or len(value) > 15:
        return LEAST_WAIT
    count = float(value)
    return min(max(count - now if count > 1e9 else count, 1.0), MOST_WAIT)


async def _leave(client: Any) -> None:
    task = client._event_loop_task
    with suppress(Exception):
        async with asyncio.timeout(5):
            await client.disconnect()
    if task is not None and not task.done():
        task.cancel()
    if task is not None:
        await asyncio.gather(task, return_exceptions=True)
    with suppress(Exception):
        await client.web.close()
        await client.web.signer.sdk_client.get_async_httpx_client().aclose()
