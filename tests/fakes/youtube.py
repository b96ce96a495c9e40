"""YouTube for tests: the Data interface with a quota, the gRPC stream, and the pages that Innertube begins at."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from aiohttp import web

from adapters._youtube_messages import grpc_messages

VIDEO, CHAT, OWNER = "dQw0live_01", "chat-1", "UCowner00000000000000000"


def item(number: int, text: str, kind: str = "textMessageEvent", **author: object) -> dict[str, Any]:
    """A liveChatMessage resource."""
    details = {"channelId": f"UCviewer{number % 7}", "displayName": f"Mai {number % 7}", **author}
    snippet = {
        "type": kind,
        "liveChatId": CHAT,
        "publishedAt": f"2026-11-22T20:{number // 60:02d}:{number % 60:02d}.5Z",
        "displayMessage": text,
    }
    if kind == "textMessageEvent":
        snippet["textMessageDetails"] = {"messageText": text}  # type: ignore[assignment]
    if kind == "messageDeletedEvent":
        snippet["messageDeletedDetails"] = {"deletedMessageId": text}  # type: ignore[assignment]
    return {"id": f"LCC.{number}", "snippet": snippet, "authorDetails": details}


def response(*texts: tuple[int, str], kind: int = 1, token: str = "t") -> bytes:
    """A response of the gRPC stream."""
    kinds = grpc_messages()
    made = kinds.Response(next_page_token=token.encode())
    for number, text in texts:
        one = made.items.add(id=f"LCC.{number}".encode())
        one.snippet.type = kind
        one.snippet.published_at = f"2026-11-22T20:00:{number:02d}Z".encode()
        one.snippet.text_message_details.message_text = text.encode()
        one.author_details.channel_id = f"UCviewer{number}".encode()
        one.author_details.display_name = f"Mai {number}".encode()
    return bytes(made.SerializeToString())


def happened(number: int, kind: int, word: str) -> bytes:
    """A response of the stream with a Super Chat (15), a member's milestone (17) or a ban (10)."""
    made = grpc_messages().Response(next_page_token=b"t")
    one = made.items.add(id=f"LCC.{number}".encode())
    one.snippet.type = kind
    one.snippet.display_message = b"YouTube's own words"
    one.author_details.channel_id = f"UCviewer{number}".encode()
    if kind == 15:
        one.snippet.super_chat_details.user_comment = word.encode()
    elif kind == 17:
        one.snippet.milestone.user_comment = word.encode()
    else:
        one.snippet.banned_details.user.channel_id = word.encode()
    return bytes(made.SerializeToString())


class YouTubeFake:
    """`errors` are answered to the next chat requests, one each: (status, reason). `units` counts the quota used."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.errors: deque[tuple[int, str]] = deque()
        self.details: dict[str, Any] | None = {"activeLiveChatId": CHAT}
        self.offline: str | None = None
        self.on_air = True
        self.units = 0
        self.asked: list[dict[str, str]] = []
        self.actions: list[dict[str, Any] | None] = []
        self.robots = False
        self.streams: list[list[bytes] | grpc.StatusCode] = []
        self.stream_requests: list[Any] = []
        self.metadata: list[dict[str, str]] = []
        self.good_tokens: set[str] = set()
        self.renewals: list[str] = []
        self.spent = False
        self.cut = 0
        self.mute = False
        self.retry_after: str | None = None
        self.waiting: asyncio.Queue[bytes | grpc.StatusCode] | None = None
        self.url = self.grpc_url = ""

    def settings(self, **more: object) -> dict[str, object]:
        """A `[[source]]` table that leads here."""
        table = {"platform": "youtube", "video": VIDEO, "key": "k-1", "look_again": 0.05}
        return {**table, "api_url": self.url, "web_url": self.url, "grpc_url": self.grpc_url, **more}

    async def _videos(self, request: web.Request) -> web.Response:
        self.units += 1
        if request.query["id"] != VIDEO:
            return web.json_response({"items": []})
        body: dict[str, Any] = {"id": VIDEO, "snippet": {"channelId": OWNER}}
        if self.details is not None:
            body["liveStreamingDetails"] = self.details
        return web.json_response({"items": [body]})

    async def _token(self, request: web.Request) -> web.Response:
        if self.spent:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.renewals.append(str((await request.post())["refresh_token"]))
        self.good_tokens.add(f"t-{len(self.renewals)}")
        return web.json_response({"access_token": f"t-{len(self.renewals)}", "expires_in": 3_600})

    async def _broadcasts(self, request: web.Request) -> web.Response:
        self.units += 1
        return web.json_response({"items": [{"id": VIDEO}] if self._known(request) else []})

    def _known(self, request: web.Request) -> bool:
        said = request.headers.get("Authorization")
        return said is None or said.removeprefix("Bearer ") in self.good_tokens

    async def _messages(self, request: web.Request) -> web.Response:
        self.units += 5
        self.asked.append(dict(request.query))
        await self._held(request)
        if not self._known(request):
            return web.json_response({"error": {"errors": [{"reason": "authError"}]}}, status=401)
        if self.errors:
            status, reason = self.errors.popleft()
            error = {"code": status, "message": f"because {reason}", "errors": [{"reason": reason}]}
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response({"error": error}, status=status, headers=headers)
        start = int(request.query.get("pageToken", "0"))
        body = {"items": self.items[start:], "nextPageToken": str(len(self.items)), "pollingIntervalMillis": 20}
        if self.offline:
            body["offlineAt"] = self.offline
        return web.json_response(body)

    async def _held(self, request: web.Request) -> None:
        if self.cut:
            self.cut -= 1
            assert request.transport is not None
            request.transport.abort()
        while self.mute:  # noqa: ASYNC110 - it accepts and says nothing, for ever
            await asyncio.sleep(0.05)

    async def _live(self, _: web.Request) -> web.Response:
        link = f'<link rel="canonical" href="https://www.youtube.com/watch?v={VIDEO}">' if self.on_air else ""
        return web.Response(text=f"<html>{link}</html>", content_type="text/html")

    async def _watch(self, _: web.Request) -> web.Response:
        chat = {"continuations": [{"reloadContinuationData": {"continuation": "top"}}]}
        menu = [{"continuation": {"reloadContinuationData": {"continuation": name}}} for name in ("top", "all-0")]
        selector = {"viewSelector": {"sortFilterSubMenuRenderer": {"subMenuItems": menu}}}
        chat["header"] = {"liveChatHeaderRenderer": selector}  # type: ignore[assignment]
        data = {"contents": {"twoColumnWatchNextResults": {"conversationBar": {"liveChatRenderer": chat}}}}
        config = '"INNERTUBE_API_KEY":"AIza-1","INNERTUBE_CONTEXT":{"client":{"clientName":"WEB"}}'
        page = (
            "<html>consent</html>"
            if self.robots
            else f"<script>var ytInitialData = {json.dumps(data)};</script>{config}"
        )
        return web.Response(text=page, content_type="text/html")

    async def _innertube(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append({"key": request.query["key"], **body})
        await self._held(request)
        if self.errors:
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.Response(status=self.errors.popleft()[0], headers=headers)
        at = int(body["continuation"].partition("-")[2])
        if at >= len(self.actions):
            return web.json_response(_chat(at, {}))
        actions = self.actions[at]
        if actions is None:
            return web.json_response({"responseContext": {}})
        return web.json_response(_chat(at + 1, actions))

    async def _stream(self, request: Any, context: Any) -> AsyncIterator[bytes]:
        self.stream_requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.units += 5
        while self.waiting is not None:
            said = await self.waiting.get()
            if isinstance(said, grpc.StatusCode):
                await context.abort(said, "no")
            yield said
        number = len(self.stream_requests) - 1
        script = self.streams[number] if number < len(self.streams) else []
        if isinstance(script, grpc.StatusCode):
            await context.abort(script, "no")
        for data in script:
            yield data

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[YouTubeFake]:
        """All of it listens on 127.0.0.1 inside the block."""
        app = web.Application()
        app.router.add_get("/youtube/v3/videos", self._videos)
        app.router.add_get("/youtube/v3/liveChat/messages", self._messages)
        app.router.add_get("/youtube/v3/liveBroadcasts", self._broadcasts)
        app.router.add_post("/token", self._token)
        app.router.add_get("/@thaomoc/live", self._live)
        app.router.add_get("/watch", self._watch)
        app.router.add_post("/youtubei/v1/live_chat/get_live_chat", self._innertube)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        server = grpc.aio.server()
        handler = grpc.unary_stream_rpc_method_handler(
            self._stream, request_deserializer=grpc_messages().Request.FromString
        )
        service = "youtube.api.v3.V3DataLiveChatMessageService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"StreamList": handler}),))
        self.grpc_url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        try:
            yield self
        finally:
            await server.stop(0)
            await runner.cleanup()


def _chat(continuation: int, action: dict[str, Any]) -> dict[str, Any]:
    following = {"timedContinuationData": {"continuation": f"all-{continuation}", "timeoutMs": 50}}
    chat = {"continuations": [following], "actions": [action] if action else []}
    return {"continuationContents": {"liveChatContinuation": chat}}
