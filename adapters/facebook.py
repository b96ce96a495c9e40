"""Facebook Page Live: the Graph interface polled with overlap, and the page's `feed` webhook beside it.

A comment's `from` is missing unless the token is the page's own with the right permissions: then it has no author.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import aiohttp
import msgspec

from livesell.adapter import Adapter, Answer, Decoded, Ear, Frame, Hook, Settings, Status, read_time
from livesell.errors import AdapterError
from livesell.model import AuthorId, Comment, Deleted, Ended, MessageId, Platform

from ._fields import ident, parsed, payload, rows, since_1970, table, whole, words
from ._http import Http, Reply, asking
from ._meta import received

FACEBOOK = Platform("facebook")
NOT_PAGES = frozenset(["watch", "groups", "events", "marketplace", "share", "reel", "story.php", "login", "gaming"])
LINK = re.compile(
    r"(?:https?://)?(?:www\.|m\.|web\.)?(?:facebook|fb)\.com/([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE
)
PERMISSIONS = "pages_show_list, pages_read_engagement and pages_read_user_content"
OVER = frozenset(["LIVE_STOPPED", "PROCESSING", "VOD", "SCHEDULED_EXPIRED", "SCHEDULED_CANCELED"])
FIELDS = "id,from{name,id},message,created_time,permalink_url,attachment,parent"
PAGE, MOST_PAGES, REMEMBERED = 50, 200, 5_000


# --- decoding -------------------------------------------------------------------------------------------------------


def from_graph(row: Mapping[str, Any], history: bool) -> Iterator[Comment]:
    """A comment as the Graph interface or its event stream has it."""
    text = words(row.get("message"))
    message = ident(row.get("id")) or _of_permalink(words(row.get("permalink_url")))
    if message and text.strip():
        author = table(row, "from")
        yield _comment(message, author.get("id"), author.get("name"), text, row.get("created_time"), history)


def _of_permalink(link: str) -> str:
    """`<post>_<comment>` of an address: it names both where the fields asked for did not include the id."""
    match = re.search(r"/(?:posts|videos)/(?:[^/?]*/)?(\d+)/?\?(?:.*&)?comment_id=(\d+)", link)
    return ident(f"{match[1]}_{match[2]}") if match else ""


def _comment(
    message: str,
    author: Any,
    name: Any,
    text: str,
    sent_at: Any,
    history: bool,
    *,
    page: str = "",
    edited: bool = False,
) -> Comment:
    who = ident(author)
    return Comment(
        platform=FACEBOOK,
        id=MessageId(message),
        author_id=AuthorId(who) if who else None,
        author=words(name).strip() or "facebook user",
        text=text,
        sent_at=read_time(sent_at) if isinstance(sent_at, str) else since_1970(sent_at),
        history=history,
        role="seller" if who and who == page else "viewer",
        edited=edited,
    )


def from_hook(body: Mapping[str, Any], history: bool) -> Iterator[Decoded]:
    """Comments, edits and deletions of the page's `feed`; likes, posts and the rest are left out."""
    for entry in rows(body.get("entry")):
        page = ident(entry.get("id"))
        for change in rows(entry.get("changes")):
            value = table(change, "value")
            message = ident(value.get("comment_id"))
            if change.get("field") != "feed" or value.get("item") != "comment" or not message:
                continue
            verb = value.get("verb")
            if verb in ("remove", "hide"):
                yield Deleted(FACEBOOK, (MessageId(message),))
            text = words(value.get("message"))
            if verb not in ("add", "edited", "edit") or not text.strip():
                continue
            author = table(value, "from")
            yield _comment(
                message,
                author.get("id") or value.get("sender_id"),
                author.get("name") or value.get("sender_name"),
                text,
                value.get("created_time"),
                history,
                page=page,
                edited=verb != "add",
            )


def from_body(body: Any, history: bool) -> Iterator[Decoded]:
    """What a webhook's body, a page of comments, a single comment, or a video with its comments contains."""
    if not isinstance(body, dict):
        return
    if isinstance(body.get("entry"), list):
        yield from from_hook(body, history)
    listed = next(
        (one for one in (body.get("data"), table(body, "comments").get("data")) if isinstance(one, list)), None
    )
    for row in rows([body] if listed is None else listed):
        yield from from_graph(row, history)


def failure(reply: Reply) -> AdapterError:
    """An error of the Graph interface in words, with what to do."""
    error = table(reply.body, "error")
    code, message = whole(error.get("code")), words(error.get("message"))
    if code == 190:
        return AdapterError(
            "Facebook does not take the page's token any more: make a new one (`token`)", permanent=True
        )
    if code == 10 or (code is not None and 200 <= code <= 299):
        named = ", ".join(dict.fromkeys(re.findall(r"\bpages_\w+", message)))
        return AdapterError(f"Facebook does not allow this: the token lacks {named or PERMISSIONS}", permanent=True)
    if code in (4, 17, 32, 613, 80001) or reply.status == 429:
        return AdapterError("Facebook asks to wait (too many requests)", retry_after=_regain(reply))
    if code == 100:
        return Gone("Facebook knows no such page or video, or not these parameters")
    detail = f"error {code}" if code is not None else f"HTTP {reply.status}"
    return AdapterError(f"Facebook cannot answer now ({detail})")


def _regain(reply: Reply) -> float:
    """Seconds until requests are allowed again: what the usage header says in minutes, at least a minute."""
    longest = 1
    with suppress(ValueError, RecursionError):
        usage = json.loads(reply.headers.get("x-business-use-case-usage", "{}"))
        for listed in usage.values() if isinstance(usage, dict) else ():
            for row in rows(listed):
                longest = max(longest, whole(row.get("estimated_time_to_regain_access")) or 0)
    return 60.0 * min(longest, 60)


# --- listening ------------------------------------------------------------------------------------------------------


class Gone(AdapterError):
    """Error 100: the object, or a parameter, is not known."""


class FacebookSettings(Settings, frozen=True, kw_only=True):
    """`page`: its id or name. `token`: of the page. `video`: a live video's id, where it is not to be looked up.

    `every`: seconds between two looks at the comments. `app_secret` and `verify_token`: for the webhook. `sse`: also
    listen to Facebook's event stream, which leaves comments out when there are many and may be gone.
    """

    page: str = ""
    token: str = ""
    video: str = ""
    every: Annotated[float, msgspec.Meta(ge=1.5, le=30)] = 3
    look_again: float = 20
    app_secret: str = ""
    verify_token: str = ""
    sse: bool = False
    version: str = "v26.0"
    live_filter: str = "no_filter"
    graph_url: str = "https://graph.facebook.com"
    stream_url: str = "https://streaming-graph.facebook.com"

    def __post_init__(self) -> None:
        """Refuse a source that names no place."""
        if not self.page and not self.video:
            raise ValueError("Expected `page` or `video`")


class Facebook(Adapter):
    """One page's live videos."""

    platform = "facebook"
    Settings = FacebookSettings
    signed = True
    needs = ("token",)

    def __init__(self, settings: Any, *, name: str | None = None, seller_ids: Iterable[str] = ()) -> None:
        super().__init__(settings, name=name, seller_ids=seller_ids)
        self._known: set[str] = set()
        self._seen: dict[str, None] = {}
        self._newest = 0
        self._filter = settings.live_filter

    @property
    def place(self) -> str:
        """The page, or the video."""
        return str(self.settings.page or self.settings.video).lower()

    @property
    def handles(self) -> frozenset[str]:
        """The page's name, where it is known."""
        return frozenset([self.place] if self.settings.page and not self.place.isdecimal() else [])

    @classmethod
    def recognise(cls, link: str) -> Mapping[str, Any] | None:
        """A page's or a live video's address."""
        match = LINK.fullmatch(link)
        if match is None:
            return None
        query = dict(pair.split("=", 1) for pair in (match[2] or "").split("&") if "=" in pair)
        parts = [part for part in match[1].split("/") if part]
        if parts == ["profile.php"] and query.get("id", "").isdecimal():
            return {"page": query["id"]}
        if parts[:1] == ["watch"] and query.get("v", "").isdecimal():
            return {"video": query["v"]}
        if not parts or parts[0].lower() in NOT_PAGES:
            return None
        if len(parts) > 2 and parts[1] == "videos" and parts[-1].isdecimal():
            return {"page": parts[0], "video": parts[-1]}
        return {"page": parts[0]}

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """What a page of comments, a single one, or a webhook's body contains."""
        if frame.text is not None and frame.text.startswith("data:"):
            for line in frame.text.splitlines():  # the event stream as it comes
                yield from from_body(parsed(line.removeprefix("data:")), frame.history)
        else:
            yield from from_body(payload(frame), frame.history)

    def receive(self, hook: Hook) -> Answer:
        """Meta's hello, or a signed body of the page's feed."""
        secrets = self.settings
        return received(hook, app_secret=secrets.app_secret, verify_token=secrets.verify_token, about="page")

    async def run(self, ear: Ear) -> None:
        """Wait for a live video, read its comments to its end."""
        if not self.settings.token:
            if self.settings.app_secret:
                await ear.tell(Status("live"))
                await asyncio.Event().wait()
            where = "from developers.facebook.com/tools/explorer"
            raise AdapterError(f"a page token is needed (`token`, {where}), with {PERMISSIONS}", permanent=True)
        async with asking("Facebook") as http:
            if self.settings.page:
                page = await self._ask(http, self.settings.page, fields="id")
                self.seller_ids |= {ident(page.get("id"))} - {""}
            else:
                with suppress(AdapterError):  # whose video it is: not every token may ask
                    owner = table(await self._ask(http, self.settings.video, fields="from{id}"), "from")
                    self.seller_ids |= {ident(owner.get("id"))} - {""}
            while not (video := self.settings.video or await self._live(http)):
                again = datetime.now(UTC) + timedelta(seconds=self.settings.look_again)
                await ear.tell(Status("waiting", "no live video on the page", again))
                await asyncio.sleep(self.settings.look_again)
            await self._listen(http, ear, video)

    async def _live(self, http: Http) -> str:
        body = await self._ask(
            http, f"{self.settings.page}/live_videos", broadcast_status='["LIVE"]', fields="id,status"
        )
        live = (ident(row.get("id")) for row in rows(body.get("data")) if row.get("status", "LIVE") == "LIVE")
        return next(filter(None, live), "")

    async def _listen(self, http: Http, ear: Ear, video: str) -> None:
        stream = asyncio.create_task(self._stream(http, ear, video)) if self.settings.sse else None
        try:
            quiet = 0
            while True:
                try:
                    heard = await self._comments(http, ear, video)
                    # While comments come it is on; the status is asked for when they stay away.
                    quiet = 0 if heard else quiet + 1
                    over = quiet % 3 == 1 and await self._over(http, video)
                except Gone:
                    over = True
                if over:
                    with suppress(Gone):
                        await self._comments(http, ear, video)
                    await ear.take([Ended("the live video is over")])
                    return
                await ear.tell(Status("live"))
                await asyncio.sleep(self.settings.every)
        finally:
            if stream is not None:
                stream.cancel()
                await asyncio.gather(stream, return_exceptions=True)

    async def _comments(self, http: Http, ear: Ear, video: str) -> bool:
        """Hear the comments since the last look, page by page; whether there were new ones."""
        first = video not in self._known
        # The same for all pages of a look: a cursor counts within what was asked for.
        since = "" if first or not self._newest else str(self._newest - 1)
        new = False
        after = ""
        for _ in range(MOST_PAGES):
            asked = {"fields": FIELDS, "limit": str(PAGE), "order": "chronological", "filter": "stream"}
            if self._filter:
                asked["live_filter"] = self._filter
            if since:
                asked["since"] = since
            if after:
                asked["after"] = after
            try:
                body = await self._ask(http, f"{video}/comments", **asked)
            except Gone:
                if not self._filter:
                    raise
                self._filter = ""  # the one parameter that is not documented for everybody
                continue
            found = list(rows(body.get("data")))
            if any(ident(row.get("id")) not in self._seen for row in found):
                new = True
                # Without `paging`: its addresses of further pages have the token in them, and frames are recorded.
                await ear.hear(Frame(json={"data": found}, at=datetime.now(UTC), transport="poll", history=first))
                self._remember(found)
            else:
                ear.beat()
            cursor = words(table(body, "paging", "cursors").get("after"))
            if not found or not cursor or cursor == after:
                break
            after = cursor
        self._known.add(video)
        return new

    def _remember(self, found: list[dict[str, Any]]) -> None:
        for row in found:
            self._seen[ident(row.get("id"))] = None
            sent = read_time(row.get("created_time"))
            if sent is not None:
                self._newest = max(self._newest, int(sent.timestamp()))
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    async def _over(self, http: Http, video: str) -> bool:
        body = await self._ask(http, video, fields="status")
        return words(body.get("status")) in OVER

    async def _ask(self, http: Http, path: str, **params: str) -> dict[str, Any]:
        url = f"{self.settings.graph_url}/{self.settings.version}/{path}"
        reply = await http.get(url, {**params, "access_token": self.settings.token})
        if reply.status != 200 or "error" in table(reply.body):
            raise failure(reply)
        return table(reply.body)

    async def _stream(self, http: Http, ear: Ear, video: str) -> None:
        """Facebook's event stream: what it brings is early, what it does not bring the polling brings."""
        url = f"{self.settings.stream_url}/{video}/live_comments"
        params = {
            "access_token": self.settings.token,
            "comment_rate": "one_hundred_per_second",
            "fields": "from{name,id},message",
        }
        limits = aiohttp.ClientTimeout(total=None, sock_read=120)
        with suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
            async with http.session.get(url, params=params, timeout=limits) as response:
                if response.status != 200:
                    return
                async for line in response.content:
                    if line.startswith(b"data:"):
                        text = line[5:].decode("utf-8", "replace").strip()
                        await ear.hear(Frame(text=text, at=datetime.now(UTC), transport="sse"))
