"""YouTube Live: the Data interface within its daily quota, its gRPC stream, or (experimental) the page's own way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from livesell.adapter import Adapter, Decoded, Ear, Frame, Settings, Status
from livesell.errors import AdapterError
from livesell.model import Ended

from . import _youtube
from ._fields import ident, rows, table, whole, words
from ._http import Http, Reply, asking
from ._kept import OAuth
from ._youtube_grpc import SHORT, Over, Stream, Unknown

VIDEO = re.compile(
    r"(?:https?://)?(?:www\.|m\.|studio\.)?(?:youtu\.be/|youtube\.com/"
    r"(?:watch\?(?:[^#]*&)?v=|live/|embed/|shorts/|video/|live_chat\?(?:[^#]*&)?v=))([\w-]{11})(?:[/?&#].*)?",
    re.ASCII,
)
CHANNEL = re.compile(r"(?:https?://)?(?:www\.|m\.)?youtube\.com/(?:channel/(UC[\w-]{22})|(@[\w.-]{3,100}))(?:[/?#].*)?")
COST, LOOK_COST = 5, 1
PACIFIC = "America/Los_Angeles"
"""Where YouTube's day begins: quotas start anew at midnight there."""


class YouTubeSettings(Settings, frozen=True, kw_only=True):
    """`video` (id or address) or `channel` (@name or id). `key`: an API key; `token`: OAuth, for one's own channel.

    A token lasts an hour; with `refresh`, `client_id` and `client_secret` it is renewed, and kept in the file `login`.

    `transport`: "list" asks within the quota, "grpc" is told (extra), "innertube" needs no key and may break any day.
    `hours`: how long the show may last, which spreads what is left of `quota` units a day.
    """

    video: str = ""
    channel: str = ""
    key: str = ""
    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh: str = ""
    login: Path | None = None
    transport: Literal["list", "grpc", "innertube"] = "list"
    hours: Annotated[float, msgspec.Meta(gt=0, le=24)] = 4
    quota: Annotated[int, msgspec.Meta(gt=0)] = 10_000
    look_again: float = 60
    api_url: str = "https://youtube.googleapis.com"
    grpc_url: str = "https://youtube.googleapis.com:443"
    web_url: str = "https://www.youtube.com"
    oauth_url: str = "https://oauth2.googleapis.com/token"

    def __post_init__(self) -> None:
        """Refuse a source that names no place."""
        if not (self.video or self.channel or self.token or self.refresh):
            raise ValueError("Expected `video` or `channel`")


class YouTube(Adapter):
    """One broadcast's chat."""

    platform = "youtube"
    Settings = YouTubeSettings
    needs = ("key",)

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        match = VIDEO.fullmatch(settings.video)
        self.video: str = match[1] if match else settings.video
        self._login = OAuth(settings)
        self._used = 0
        self._until: datetime | None = None
        self._slower = 1.0
        self._page: dict[str, str] = {}

    @property
    def place(self) -> str:
        """The video, or the channel."""
        return self.video or str(self.settings.channel).lower() or "own channel"

    @property
    def handles(self) -> frozenset[str]:
        """The channel's handle, where it is known."""
        return frozenset([self.place.lstrip("@")] if self.place[:1] == "@" else [])

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """The address of a video, a live, a chat window or a channel."""
        if match := VIDEO.fullmatch(link):
            return {"video": match[1]}
        if match := CHANNEL.fullmatch(link):
            return {"channel": match[1] or match[2]}
        return None

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """Comments, deletions and the end, in any of the three shapes."""
        return _youtube.decoded(frame)

    async def run(self, ear: Ear) -> None:
        """Find the chat, read it to its end."""
        login, own = self._login, self.settings
        if own.transport != "innertube" and not (own.key or login.token or login.refresh):
            raise AdapterError(
                'YouTube needs an API key (`key`, from console.cloud.google.com), or transport = "innertube"',
                permanent=True,
            )
        async with asking("YouTube") as http:
            if login.refresh:
                await login.renew(http)
            video = self.video
            while not video and not (video := await self._on_air(http)):
                await self._wait(ear, "no live broadcast on the channel")
            if self.settings.transport == "innertube":
                await self._innertube(http, ear, video)
                return
            while not (chat := await self._chat(http, ear, video)):
                if chat is None:
                    return
                await self._wait(ear, "the broadcast has not begun")
            if self.settings.transport == "grpc" and await self._stream(http, ear, chat):
                return
            await self._list(http, ear, chat)

    async def heard(self, ear: Ear, frame: Frame) -> bool:
        """Whether the chat ended with this frame."""
        await ear.hear(frame)
        return any(isinstance(item, Ended) for item in self.decode(frame))

    async def _wait(self, ear: Ear, reason: str) -> None:
        again = datetime.now(UTC) + timedelta(seconds=self.settings.look_again)
        await ear.tell(Status("waiting", reason, again))
        await asyncio.sleep(self.settings.look_again)

    # --- the Data interface ---------------------------------------------------------------------------------------

    async def _ask(self, http: Http, path: str, cost: int, **params: str) -> dict[str, Any]:
        for last in (False, True):
            headers = {"Authorization": f"Bearer {self._login.token}"} if self._login.token else {}
            if not headers:
                params["key"] = self.settings.key
            reply = await http.get(f"{self.settings.api_url}/youtube/v3/{path}", params, headers=headers)
            self._used += cost
            if reply.status != 401 or last or not self._login.refresh:
                break
            await self._login.renew(http)
        if reply.status != 200:
            raise failure(reply, self.settings.quota)
        return table(reply.body)

    async def _on_air(self, http: Http) -> str:
        """The video that is live on the channel; searching would cost more than the chat itself."""
        if not self.settings.channel:
            asked = {"part": "id,snippet,status", "broadcastStatus": "active", "mine": "true"}
            body = await self._ask(http, "liveBroadcasts", LOOK_COST, **asked)
            return next((ident(row.get("id")) for row in rows(body.get("items"))), "")
        name = self.settings.channel
        place = name if name.startswith("@") else f"channel/{name}"
        reply = await http.page(f"{self.settings.web_url}/{quote(place, safe='@/')}/live")
        if reply.status == 404:
            raise AdapterError(f"YouTube knows no channel {name}", permanent=True)
        found = re.search(r'<link rel="canonical" href="[^"]*watch\?v=([\w-]{11})"', reply.text)
        return found[1] if found else ""

    async def _chat(self, http: Http, ear: Ear, video: str) -> str | None:
        """The id of the video's chat, "" if it is not open yet, None if it is over."""
        body = await self._ask(http, "videos", LOOK_COST, part="liveStreamingDetails,snippet", id=video)
        item = next(rows(body.get("items")), None)
        if item is None:
            raise AdapterError(f"YouTube knows no video {video}: is it private?", permanent=True)
        self.seller_ids |= {ident(table(item, "snippet").get("channelId"))} - {""}
        details = table(item, "liveStreamingDetails")
        chat = words(details.get("activeLiveChatId"))
        if not chat and "actualEndTime" in details:
            await ear.take([Ended("the broadcast is over")])
            return None
        if not chat and not details:
            raise AdapterError(f"the video {video} is no live broadcast", permanent=True)
        return chat

    def pace(self, now: datetime) -> float:
        """Seconds between two looks so that what is left of the day's quota lasts to the end of the show."""
        if self._until is None or now >= self._until:
            self._until = now + timedelta(hours=self.settings.hours)
        looks = max((self.settings.quota - self._used) // COST, 1)
        wait: float = max((self._until - now).total_seconds(), 60.0) / looks
        return wait

    async def _list(self, http: Http, ear: Ear, chat: str) -> None:
        searched = False
        while True:
            token = self._page.get(chat)
            more = {"pageToken": token} if token else {}
            try:
                body = await self._ask(
                    http,
                    "liveChat/messages",
                    COST,
                    liveChatId=chat,
                    part="id,snippet,authorDetails",
                    maxResults="2000",
                    **more,
                )
            except _Failed as error:
                if error.reason == "pageTokenInvalid" and token:
                    del self._page[chat]
                elif error.reason == "rateLimitExceeded":
                    self._slower = min(self._slower * 2, 16)
                    await asyncio.sleep(self.pace(datetime.now(UTC)) * self._slower)
                elif error.reason == "liveChatEnded":
                    await ear.take([_youtube.ENDED])
                    return
                elif error.reason == "liveChatNotFound" and not searched and self.video:
                    searched = True
                    found = await self._chat(http, ear, self.video)
                    if not found:
                        await ear.take([_youtube.ENDED])
                        return
                    chat = found
                else:
                    raise
                continue
            frame = Frame(json=body, at=datetime.now(UTC), transport="list", history=token is None)
            over = await self.heard(ear, frame)
            self._page[chat] = words(body.get("nextPageToken")) or (token or "")
            if over:
                return
            asked = (whole(body.get("pollingIntervalMillis")) or 0) / 1000
            wait = max(asked, self.pace(datetime.now(UTC)) * self._slower)
            await ear.tell(Status("live", f"looking every {wait:.0f} s, so that today's quota lasts"))
            await asyncio.sleep(wait)

    async def _stream(self, http: Http, ear: Ear, chat: str) -> bool:
        """Listen to the gRPC stream to the end; False if it keeps closing and asking is the better way."""
        short, renewed = 0, ""
        while short < 2:
            began = asyncio.get_running_loop().time()
            self._used += COST
            try:
                async with Stream(self.settings, self._login.token, chat, self._page.get(chat, "")) as stream:
                    async for data, token in stream:
                        frame = Frame(data=data, at=datetime.now(UTC), transport="grpc", history=chat not in self._page)
                        over = await self.heard(ear, frame)
                        self._page[chat] = token or self._page.get(chat, "")
                        await ear.tell(Status("live"))
                        if over:
                            return True
            except Over:
                await ear.take([_youtube.ENDED])
                return True
            except Unknown:
                if not self._login.refresh or renewed == self._login.token:
                    raise
                await self._login.renew(http)
                renewed = self._login.token
                continue
            short = short + 1 if asyncio.get_running_loop().time() - began < SHORT else 0
        return False

    # --- Innertube ------------------------------------------------------------------------------------------------

    async def _innertube(self, http: Http, ear: Ear, video: str) -> None:
        page = (await http.page(f"{self.settings.web_url}/watch", {"v": video})).text
        continuation, key, context = _watched(page)
        first = True
        while continuation:
            url = f"{self.settings.web_url}/youtubei/v1/live_chat/get_live_chat"
            reply = await http.post(url, params={"key": key}, json={"context": context, "continuation": continuation})
            if reply.status != 200:
                raise failure(reply, 0)
            frame = Frame(json=reply.body, at=datetime.now(UTC), transport="innertube", history=first)
            if await self.heard(ear, frame):
                return
            first = False
            await ear.tell(Status("live", "without a key: experimental"))
            continuation, wait = _continued(reply.body)
            if continuation:
                await asyncio.sleep(wait)
        await ear.take([_youtube.ENDED])


def _watched(page: str) -> tuple[str, str, dict[str, Any]]:
    """A watch page's continuation of the unfiltered chat, its key and its context."""
    data = _youtube.initial_data(page)
    found = re.search(r'"INNERTUBE_API_KEY"\s*:\s*"([\w-]+)"', page)
    context = _youtube.after(page, '"INNERTUBE_CONTEXT":')
    if data is None or found is None or context is None:
        raise AdapterError("YouTube shows a page without data, as it does to robots", retry_after=300)
    chat = table(data, "contents", "twoColumnWatchNextResults", "conversationBar", "liveChatRenderer")
    selector = table(chat, "header", "liveChatHeaderRenderer", "viewSelector", "sortFilterSubMenuRenderer")
    every = [table(item, "continuation", "reloadContinuationData") for item in rows(selector.get("subMenuItems"))]
    first = [table(item, "reloadContinuationData") for item in rows(chat.get("continuations"))]
    for choice in [*every[1:], *first]:
        if words(choice.get("continuation")):
            return words(choice.get("continuation")), found[1], context
    raise AdapterError("the video has no live chat", permanent=True)


def _continued(body: Any) -> tuple[str, float]:
    """What to ask next and in how many seconds; "" when the chat is over."""
    chat = table(table(body, "response") or body, "continuationContents", "liveChatContinuation")
    for row in rows(chat.get("continuations")):
        for kind in ("invalidationContinuationData", "timedContinuationData"):
            data = table(row, kind)
            if words(data.get("continuation")):
                return words(data["continuation"]), min(max((whole(data.get("timeoutMs")) or 5_000) / 1000, 0.05), 10)
    return "", 0


# --- errors ---------------------------------------------------------------------------------------------------------


class _Failed(AdapterError):
    """An error that YouTube gave a reason for."""

    reason = ""


def failure(reply: Reply, quota: int) -> AdapterError:
    """An error of YouTube in words, with what to do."""
    error = table(reply.body, "error")
    reason = next((words(row.get("reason")) for row in rows(error.get("errors"))), "")
    made: _Failed
    if reason in ("quotaExceeded", "dailyLimitExceeded"):
        wait = until_midnight(datetime.now(UTC))
        made = _Failed(
            f"YouTube's quota of {quota} units is used up until {wait / 3600:.1f} h from now", retry_after=wait
        )
    elif reply.status == 401:
        made = _Failed("YouTube does not take the token (expired?): make a new one", permanent=True)
    elif reason in ("keyInvalid", "badRequest") and "key" in words(error.get("message")).lower():
        made = _Failed("YouTube does not take the API key (`key`)", permanent=True)
    elif reason == "liveChatDisabled":
        made = _Failed("the broadcast's chat is switched off", permanent=True)
    elif reason in ("forbidden", "insufficientPermissions", "accessNotConfigured"):
        made = _Failed("YouTube does not allow this: is the YouTube Data API switched on for the key?", permanent=True)
    elif reply.status == 429 or reason == "rateLimitExceeded":
        made = _Failed("YouTube is asked too often", retry_after=60)
        reason = reason or "rateLimitExceeded"
    else:
        made = _Failed(f"YouTube cannot answer now ({reason or f'HTTP {reply.status}'})")
    made.reason = reason
    return made


def until_midnight(now: datetime) -> float:
    """Seconds until YouTube's next day."""
    there = now.astimezone(ZoneInfo(PACIFIC))
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max((midnight.astimezone(UTC) - now).total_seconds(), 60.0)
