"""YouTube's chat as a gRPC stream (an extra): raw responses come out, with the token to resume at."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from livesell.errors import AdapterError

from ._protobuf import missing
from ._youtube_messages import grpc_messages

SHORT = 30
"""Seconds: a stream that lives less costs more than asking."""
ALIVE = (("grpc.keepalive_time_ms", 60_000), ("grpc.keepalive_timeout_ms", 20_000))
"""Nobody may write for long: only a ping tells such a stream from one whose line is gone."""
METHOD = "/youtube.api.v3.V3DataLiveChatMessageService/StreamList"


class Over(AdapterError):
    """The chat is over."""


class Unknown(AdapterError):
    """The key or token is not taken."""


class Stream:
    """One call of StreamList; it ends when the server ends it."""

    def __init__(self, settings: Any, login: str, chat: str, page: str) -> None:
        self.settings, self.login, self.chat, self.page = settings, login, chat, page
        self._channel: Any = None

    async def __aenter__(self) -> AsyncIterator[tuple[bytes, str]]:
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # it writes notes to the terminal by itself
        try:
            grpc = importlib.import_module("grpc")
            importlib.import_module("grpc.aio")
        except ImportError:
            raise missing("youtube-grpc") from None
        scheme, _, target = self.settings.grpc_url.partition("://")
        if scheme == "http":
            self._channel = grpc.aio.insecure_channel(target, options=ALIVE)
        else:
            self._channel = grpc.aio.secure_channel(target or scheme, grpc.ssl_channel_credentials(), options=ALIVE)
        return self._responses(grpc)

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def _responses(self, grpc: Any) -> AsyncIterator[tuple[bytes, str]]:
        kinds = grpc_messages()
        request = kinds.Request(live_chat_id=self.chat, part=["id", "snippet", "authorDetails"])
        if self.page:
            request.page_token = self.page
        call = self._channel.unary_stream(METHOD, request_serializer=kinds.Request.SerializeToString)
        if self.login:
            metadata = (("authorization", f"Bearer {self.login}"),)
        else:
            metadata = (("x-goog-api-key", self.settings.key),)
        try:
            async for data in call(request, metadata=metadata):
                token = b""
                with suppress(kinds.DecodeError):  # what it is not, decode says; the next one has a token again
                    token = kinds.Response.FromString(data).next_page_token
                yield data, token.decode("utf-8", "replace")
        except grpc.aio.AioRpcError as error:
            raise failure(error.code().name) from None


def failure(code: str) -> AdapterError:
    """A gRPC status in words, with what to do."""
    if code == "UNAUTHENTICATED":
        return Unknown("YouTube does not take the key or token: make a new one", permanent=True)
    if code == "FAILED_PRECONDITION":
        return Over("the live chat is over")
    if code == "PERMISSION_DENIED":
        return AdapterError("YouTube does not allow this: is the YouTube Data API switched on?", permanent=True)
    if code in ("INVALID_ARGUMENT", "NOT_FOUND"):
        return AdapterError("YouTube does not know this chat any more", retry_after=5)
    if code == "RESOURCE_EXHAUSTED":
        return AdapterError("YouTube's quota or rate is used up", retry_after=300)
    return AdapterError(f"YouTube's stream broke ({code})")
