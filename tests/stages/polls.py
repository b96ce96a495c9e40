"""Stages of platforms that are asked again and again, and of YouTube's stream, each on its fake server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import grpc  # type: ignore[import-untyped]
import pytest
from aiohttp import ClientTimeout

from adapters._youtube_messages import grpc_messages
from livesell.adapter import Adapter
from livesell.registry import make_source
from tests.fakes.graph import PAGE, VIDEO, Graph
from tests.fakes.shopee import ShopeeFake
from tests.fakes.youtube import CHAT, YouTubeFake
from tests.stages.stage import Said, Stage, faster

MANY = 40
"""Requests, so that every one of a test is refused."""
USAGE = {"X-Business-Use-Case-Usage": json.dumps({PAGE: [{"type": "pages", "estimated_time_to_regain_access": 5}]})}
CUT = 2
"""Requests: one that broke on a line that stood already is sent once more by the HTTP client itself."""
IMPATIENT = ClientTimeout(total=0.3)


class FacebookPage(Stage):
    way = "facebook page"
    lacks: ClassVar[Mapping[str, str]] = {
        "delete": "asked for, a comment that was deleted is just not there any more; the webhook tells",
    }

    def __init__(self) -> None:
        self.graph = Graph()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.graph.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        return self.graph.settings(token="secret-token")

    def source(self) -> Adapter:
        return faster(super().source(), every=0.05)

    def _row(self, one: Said) -> dict[str, Any]:
        row = {"id": f"{VIDEO}_{9000 + one.number}", "message": one.text}
        row["created_time"] = one.at.strftime("%Y-%m-%dT%H:%M:%S+0000")
        if one.who is not None:
            row["from"] = {"id": one.who, "name": one.name}  # type: ignore[assignment]
        return row

    def raw(self, one: Said) -> Any:
        return {"data": [self._row(one)]}

    async def before(self, *said: Said) -> None:
        self.graph.comments = [self._row(one) for one in said]

    async def say(self, *said: Said) -> None:
        self.graph.comments += [self._row(one) for one in said]

    async def drop(self) -> None:
        self.graph.cut = CUT

    def limit(self, asked: bool) -> float:
        self.graph.errors.append((400, {"code": 32}, USAGE if asked else {}))
        return 300 if asked else 60

    def refuse(self) -> None:
        self.graph.errors.extend([(400, {"code": 190, "error_subcode": 463}, {})] * MANY)

    async def end(self) -> None:
        self.graph.status = "VOD"

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.graph.mute = True
        monkeypatch.setattr("adapters._http.TIMEOUT", IMPATIENT)


class _YouTube(Stage):
    def __init__(self) -> None:
        self.youtube = YouTubeFake()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.youtube.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        quota = 5 * int(4 * 3600 / 0.02)
        return self.youtube.settings(transport=self.way.partition(" ")[2], key="secret-key", quota=quota)

    async def drop(self) -> None:
        self.youtube.cut = CUT

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.youtube.mute = True
        monkeypatch.setattr("adapters._http.TIMEOUT", IMPATIENT)


class YouTubeList(_YouTube):
    way = "youtube list"

    def _item(self, one: Said) -> dict[str, Any]:
        snippet = {"type": "textMessageEvent", "liveChatId": CHAT, "textMessageDetails": {"messageText": one.text}}
        details = {"displayName": one.name} | ({"channelId": one.who} if one.who is not None else {})
        published = {"publishedAt": one.at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"id": f"LCC.{one.number}", "snippet": snippet | published, "authorDetails": details}

    def raw(self, one: Said) -> Any:
        return {"items": [self._item(one)]}

    async def before(self, *said: Said) -> None:
        self.youtube.items = [self._item(one) for one in said]

    async def say(self, *said: Said) -> None:
        self.youtube.items += [self._item(one) for one in said]

    async def _event(self, kind: str, **details: Any) -> None:
        self.youtube.items.append({"id": f"LCC.{kind}", "snippet": {"type": kind, **details}})

    async def delete(self, one: Said) -> None:
        await self._event("messageDeletedEvent", messageDeletedDetails={"deletedMessageId": f"LCC.{one.number}"})

    def limit(self, asked: bool) -> float:
        # Too fast is slowed down without a word; that the day's quota is used up is told.
        self.youtube.errors.append((403, "quotaExceeded"))
        return 60

    def refuse(self) -> None:
        self.youtube.errors.extend([(401, "authError")] * MANY)

    async def end(self) -> None:
        await self._event("chatEndedEvent")


class YouTubeStream(_YouTube):
    way = "youtube grpc"
    greets = False
    lacks: ClassVar[Mapping[str, str]] = {"silence": "pings of the protocol tell a line that is gone"}

    def __init__(self) -> None:
        super().__init__()
        self.youtube.waiting = asyncio.Queue()

    def _say(self, made: Any) -> None:
        assert self.youtube.waiting is not None
        self.youtube.waiting.put_nowait(made if isinstance(made, grpc.StatusCode) else made.SerializeToString())

    def _response(self, *said: Said) -> Any:
        made = grpc_messages().Response(next_page_token=b"0")
        for one in said:
            item = made.items.add(id=f"LCC.{one.number}".encode())
            item.snippet.type = 1
            item.snippet.published_at = one.at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
            item.snippet.text_message_details.message_text = one.text.encode("utf-8", "surrogatepass")
            item.author_details.display_name = one.name.encode("utf-8", "surrogatepass")
            if one.who is not None:
                item.author_details.channel_id = one.who.encode()
        return made

    def raw(self, one: Said) -> Any:
        return self._response(one).SerializeToString()

    async def before(self, *said: Said) -> None:
        self._say(self._response(*said))

    async def say(self, *said: Said) -> None:
        for one in said:
            self._say(self._response(one))

    async def delete(self, one: Said) -> None:
        made = grpc_messages().Response(next_page_token=b"0")
        item = made.items.add()
        item.snippet.type = 8
        item.snippet.deleted_details.deleted_message_id = f"LCC.{one.number}".encode()
        self._say(made)

    async def drop(self) -> None:
        self._say(grpc.StatusCode.UNAVAILABLE)

    def limit(self, asked: bool) -> float:
        self._say(grpc.StatusCode.RESOURCE_EXHAUSTED)
        return 300

    def refuse(self) -> None:
        self._say(grpc.StatusCode.UNAUTHENTICATED)

    async def expire(self) -> None:
        self.refuse()

    async def end(self) -> None:
        made = grpc_messages().Response()
        made.items.add().snippet.type = 4
        self._say(made)


class YouTubePage(_YouTube):
    way = "youtube innertube"
    lacks: ClassVar[Mapping[str, str]] = {"auth failure": "it needs no key and no login"}

    def _action(self, one: Said) -> dict[str, Any]:
        renderer = {"id": f"CjK{one.number}", "message": {"runs": [{"text": one.text}]}}
        renderer |= {"authorName": {"simpleText": one.name}, "timestampUsec": str(one.seconds * 1_000_000)}
        renderer |= {"authorExternalChannelId": one.who} if one.who is not None else {}
        return {"addChatItemAction": {"item": {"liveChatTextMessageRenderer": renderer}}}

    def raw(self, one: Said) -> Any:
        return {"continuationContents": {"liveChatContinuation": {"actions": [self._action(one)]}}}

    async def before(self, *said: Said) -> None:
        self.youtube.actions = [self._action(one) for one in said]

    async def say(self, *said: Said) -> None:
        self.youtube.actions += [self._action(one) for one in said]

    async def delete(self, one: Said) -> None:
        self.youtube.actions.append({"markChatItemAsDeletedAction": {"targetItemId": f"CjK{one.number}"}})

    def limit(self, asked: bool) -> float:
        self.youtube.errors.append((429, "too many"))
        return 60

    async def end(self) -> None:
        self.youtube.actions.append(None)


class ShopeeSession(Stage):
    way = "shopee"
    lacks: ClassVar[Mapping[str, str]] = {"delete": "its list of comments has no such thing"}

    def __init__(self) -> None:
        self.shopee = ShopeeFake()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.shopee.serving():
            yield

    def table(self) -> Mapping[str, Any]:
        keys = {"partner_id": "1001", "partner_key": "key-1", "token": "secret-token", "user": "77", "session": "555"}
        return {"platform": "shopee", "api_url": self.shopee.url, **keys}

    def source(self) -> Adapter:
        return faster(make_source(self.table()), every=0.02)

    def _row(self, one: Said) -> dict[str, Any]:
        row = {"comment_id": one.number, "content": one.text, "timestamp": one.seconds, "username": one.name}
        return row | ({"user_id": int(one.who)} if one.who is not None else {})

    def raw(self, one: Said) -> Any:
        return {"error": "", "response": {"next_offset": 1, "list": [self._row(one)]}}

    async def before(self, *said: Said) -> None:
        self.shopee.latest = [self._row(one) for one in said]

    async def say(self, *said: Said) -> None:
        self.shopee.latest = [*self.shopee.latest, *(self._row(one) for one in said)]

    async def drop(self) -> None:
        self.shopee.cut = CUT

    def limit(self, asked: bool) -> float:
        self.shopee.errors.append((429, {}, {"Retry-After": "7"} if asked else {}))
        return 7 if asked else 60

    def refuse(self) -> None:
        self.shopee.errors.extend([(403, {"error": "error_auth", "message": "Invalid access_token."}, {})] * MANY)

    async def end(self) -> None:
        self.shopee.errors.append((200, {"error": "livestream.session_ended", "message": "session has ended"}, {}))

    def mute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shopee.mute = True
        monkeypatch.setattr("adapters._http.TIMEOUT", IMPATIENT)


POLLS: tuple[type[Stage], ...] = (FacebookPage, YouTubeList, YouTubeStream, YouTubePage, ShopeeSession)
