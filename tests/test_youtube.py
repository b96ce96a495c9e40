"""YouTube: the chat read within the quota, by the gRPC stream, and from the page, against local servers of each."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from adapters import youtube
from livesell import registry
from livesell.adapter import Frame, Status
from livesell.errors import AdapterError, ConfigError
from livesell.model import Comment
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.youtube import OWNER, VIDEO, YouTubeFake, happened, item, response

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def listener(fake: YouTubeFake, *, pace: float = 0.02, **more: object) -> Listener:
    """A source whose quota is spread so that it looks every `pace` seconds."""
    table = fake.settings(**more)
    if "quota" not in table:
        table["quota"] = 5 * int(4 * 3600 / pace)
    return Listener(make_source(table))


# --- asking within the quota ----------------------------------------------------------------------------------------


async def test_the_chat_is_followed_page_by_page() -> None:
    """The first page is history; each later one begins where the last ended; each comment comes once."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1 còn không"), item(2, "chào shop")]
        ear = listener(fake)
        async with ear.listening():
            await ear.until(lambda: len(ear.comments) == 2)
            fake.items += [
                item(3, "chốt A1 2 gói"),
                item(4, "A2", isChatOwner=True),
                item(5, "A3", isChatModerator=True),
            ]
            await ear.until(lambda: len(ear.comments) == 5)
        assert [one.history for one in ear.comments] == [True, True, False, False, False]
        assert [one.role for one in ear.comments[3:]] == ["seller", "moderator"]
        assert ear.comments[2].sent_at == datetime(2026, 11, 22, 20, 0, 3, 500_000, tzinfo=UTC)
        assert OWNER in ear.adapter.seller_ids
        assert fake.asked[0]["key"] == "k-1" and "pageToken" not in fake.asked[0]


async def test_a_new_connection_goes_on_at_the_last_page() -> None:
    """After a broken line the chat is taken up where it was left, not as history."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1")]
        ear = listener(fake)
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.comments))
            fake.errors.append((503, "backendError"))
            with pytest.raises(AdapterError, match="cannot answer now"):
                await asyncio.wait_for(task, 5)
        fake.items.append(item(2, "A2"))
        async with ear.listening():
            await ear.until(lambda: ear.texts == ["A1", "A2"])
        assert [one.history for one in ear.comments] == [True, False]


def test_the_pace_spreads_what_is_left_of_the_quota() -> None:
    """10,000 units at 5 a look are 2,000 looks: one every 5.4 s for three hours, slower after some are used."""
    source: Any = make_source({"platform": "youtube", "video": VIDEO, "key": "k", "hours": 3})
    assert source.pace(NOW) == pytest.approx(5.4)
    source._used = 5_000
    assert source.pace(NOW) == pytest.approx(10.8)
    assert source.pace(NOW + timedelta(hours=1.5)) == pytest.approx(5.4)
    source._used = 10_000
    assert source.pace(NOW) == pytest.approx(3 * 3600)


async def test_the_pace_is_told() -> None:
    """The control page is told how often it is looked, and why not more often."""
    async with YouTubeFake().serving() as fake:
        ear = listener(fake, quota=2_000, hours=3)
        async with ear.listening():
            await ear.until(lambda: bool(ear.told))
        told = ear.told[0]
        assert isinstance(told, Status)
        assert told.reason == "looking every 27 s, so that today's quota lasts"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("chatEndedEvent", "the live chat is over"),
        ("offlineAt", "the live chat is over"),
        ("liveChatEnded", "the live chat is over"),
    ],
)
async def test_the_end_is_told(end: str, reason: str) -> None:
    """An event, a time in the answer, or an error: each way that YouTube says it is the end."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1")]
        ear = listener(fake)
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.comments))
            if end == "chatEndedEvent":
                fake.items.append(item(2, "", kind=end))
            elif end == "offlineAt":
                fake.offline = "2026-11-22T22:00:00Z"
            else:
                fake.errors.append((403, end))
            await asyncio.wait_for(task, 5)
        assert ear.ends == [reason]


async def test_deleted_messages_are_told() -> None:
    """A moderator's deletion names the message that is gone."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1"), item(2, "LCC.1", kind="messageDeletedEvent")]
        ear = listener(fake)
        async with ear.listening():
            await ear.until(lambda: bool(ear.deleted))
        assert ear.deleted[0].ids == ("LCC.1",)


async def test_a_page_token_that_is_too_old_begins_anew() -> None:
    """Where YouTube does not take the token any more, the chat is read from its beginning; ids tell what is known."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1")]
        ear = listener(fake)
        async with ear.listening():
            await ear.until(lambda: bool(ear.comments))
            fake.errors.append((400, "pageTokenInvalid"))
            fake.items.append(item(2, "A2"))
            await ear.until(lambda: "A2" in ear.texts)
        assert {one.id for one in ear.comments} == {"LCC.1", "LCC.2"}


async def test_being_told_to_slow_down_slows_down() -> None:
    """rateLimitExceeded doubles the interval and breaks nothing."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1")]
        fake.errors.append((403, "rateLimitExceeded"))
        ear = listener(fake)
        async with ear.listening():
            await ear.until(lambda: ear.texts == ["A1"])
        assert len(fake.asked) >= 2


@pytest.mark.parametrize(
    ("status", "reason", "words", "permanent"),
    [
        (403, "quotaExceeded", "quota of .* units is used up until", False),
        (403, "liveChatDisabled", "chat is switched off", True),
        (403, "forbidden", "is the YouTube Data API switched on", True),
        (401, "authError", "does not take the token", True),
        (400, "keyInvalid", "does not take the API key", True),
        (500, "backendError", r"cannot answer now \(backendError\)", False),
        (404, "videoNotFound", r"cannot answer now \(videoNotFound\)", False),
    ],
)
async def test_errors_are_told_in_words(status: int, reason: str, words: str, permanent: bool) -> None:
    """Each error names what is wrong and whether a person is needed; keys stay out of it."""
    async with YouTubeFake().serving() as fake:
        fake.errors.append((status, reason if reason != "keyInvalid" else "keyInvalid"))
        with pytest.raises(AdapterError, match=words) as failed:
            await listener(fake, key="secret-key").connection()
        assert failed.value.permanent is permanent
        assert "secret-key" not in str(failed.value)
        if reason == "quotaExceeded":
            assert failed.value.retry_after is not None and 60 <= failed.value.retry_after <= 25 * 3600


def test_a_used_quota_waits_for_midnight_in_california() -> None:
    """YouTube's day begins at midnight Pacific time, in summer and in winter."""
    assert youtube.until_midnight(datetime(2026, 11, 22, 20, 0, tzinfo=UTC)) == 12 * 3600
    assert youtube.until_midnight(datetime(2026, 7, 1, 6, 30, tzinfo=UTC)) == 30 * 60


# --- finding the chat -----------------------------------------------------------------------------------------------


async def test_a_broadcast_that_has_not_begun_is_waited_for() -> None:
    """Announced but not begun is waiting; the chat is read when it opens."""
    async with YouTubeFake().serving() as fake:
        fake.details = {"scheduledStartTime": "2026-11-22T20:00:00Z"}
        fake.items = [item(1, "A1")]
        ear = listener(fake)
        async with ear.listening():
            await ear.until(lambda: ear.states.count("waiting") >= 2)
            fake.details = {"activeLiveChatId": "chat-1"}
            await ear.until(lambda: ear.texts == ["A1"])


async def test_a_channels_live_is_found() -> None:
    """With a channel alone its live broadcast is looked up on its page, without the costly search."""
    async with YouTubeFake().serving() as fake:
        fake.on_air = False
        fake.items = [item(1, "A1")]
        ear = listener(fake, video="", channel="@thaomoc")
        async with ear.listening():
            await ear.until(lambda: ear.states.count("waiting") >= 2)
            fake.on_air = True
            await ear.until(lambda: ear.texts == ["A1"])


@pytest.mark.parametrize(
    ("details", "video", "words"),
    [(None, VIDEO, "is no live broadcast"), ({}, "dQw0other01", "knows no video dQw0other01")],
)
async def test_a_video_that_is_no_live_is_told(details: dict[str, Any] | None, video: str, words: str) -> None:
    """A plain video and an unknown one need a person, and are named."""
    async with YouTubeFake().serving() as fake:
        fake.details = details
        with pytest.raises(AdapterError, match=words) as failed:
            await listener(fake, video=video).connection()
        assert failed.value.permanent


async def test_a_broadcast_that_is_over_is_the_end() -> None:
    """A video whose live ended ends the source at once."""
    async with YouTubeFake().serving() as fake:
        fake.details = {"actualEndTime": "2026-11-22T21:00:00Z"}
        ear = listener(fake)
        await ear.connection()
        assert ear.ends == ["the broadcast is over"]


async def test_no_key_is_told_with_the_way_out() -> None:
    """Without a key the error says where to get one, and the way that needs none."""
    with pytest.raises(AdapterError, match="innertube") as missing:
        await Listener(make_source({"platform": "youtube", "video": VIDEO})).connection()
    assert missing.value.permanent
    with pytest.raises(ConfigError, match="Expected `video` or `channel`"):
        make_source({"platform": "youtube"})


@pytest.mark.parametrize(
    ("link", "settings"),
    [
        ("https://www.youtube.com/watch?v=dQw0live_01&t=5", {"video": "dQw0live_01"}),
        ("https://youtu.be/dQw0live_01?si=x", {"video": "dQw0live_01"}),
        ("youtube.com/live/dQw0live_01", {"video": "dQw0live_01"}),
        ("https://studio.youtube.com/video/dQw0live_01/livestreaming", {"video": "dQw0live_01"}),
        ("https://www.youtube.com/live_chat?is_popout=1&v=dQw0live_01", {"video": "dQw0live_01"}),
        ("https://www.youtube.com/@thaomoc/streams", {"channel": "@thaomoc"}),
        ("https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv", {"channel": "UCabcdefghijklmnopqrstuv"}),
        ("https://www.youtube.com/feed/subscriptions", None),
        ("https://youtube.com.example.com/watch?v=dQw0live_01", None),
    ],
)
def test_links_are_recognised(link: str, settings: dict[str, str] | None) -> None:
    """Every form in which a broadcast or a channel is copied."""
    assert registry.adapter("youtube").recognise(link) == settings


def test_an_address_serves_as_the_video() -> None:
    """`video` may be the whole address."""
    source = make_source({"platform": "youtube", "video": f"https://youtu.be/{VIDEO}", "key": "k"})
    assert source.place == VIDEO


async def test_a_token_that_runs_out_is_renewed() -> None:
    """One's own live by OAuth: a token that YouTube no longer takes is exchanged, and the chat goes on."""
    async with YouTubeFake().serving() as fake:
        fake.items = [item(1, "A1")]
        keys = {"refresh": "r-0", "client_id": "c", "client_secret": "s"}
        ear = Listener(
            make_source(fake.settings(video="", key="", quota=3_600_000, oauth_url=f"{fake.url}/token", **keys))
        )
        async with ear.listening():
            await ear.until(lambda: ear.texts == ["A1"])
            fake.good_tokens.clear()
            fake.items.append(item(2, "A2"))
            await ear.until(lambda: ear.texts == ["A1", "A2"])
        assert fake.renewals == ["r-0", "r-0"]
        fake.good_tokens.clear()
        fake.spent = True
        with pytest.raises(AdapterError, match="make a new `refresh`") as spent:
            await ear.connection()
        assert spent.value.permanent


# --- gRPC -----------------------------------------------------------------------------------------------------------


async def test_the_stream_is_heard_and_resumed_then_left_when_it_keeps_closing() -> None:
    """Responses come as they are sent; after two short streams it goes on by asking, from the same token."""
    async with YouTubeFake().serving() as fake:
        fake.streams = [
            [response((1, "A1"), token="0"), response((2, "A2"), token="0")],
            [response((3, "A3"), token="0")],
        ]
        fake.items = [item(4, "A4")]
        ear = listener(fake, transport="grpc")
        async with ear.listening():
            await ear.until(lambda: ear.texts == ["A1", "A2", "A3", "A4"])
        assert [one.history for one in ear.comments] == [True, False, False, False]
        assert fake.stream_requests[1].page_token == "0"
        assert fake.metadata[0]["x-goog-api-key"] == "k-1"
        assert fake.asked[0]["pageToken"] == "0"


async def test_the_stream_tells_the_end() -> None:
    """An end event in the stream, and the status that says so, both end the source."""
    async with YouTubeFake().serving() as fake:
        fake.streams = [[response((1, "A1")), response((2, "x"), kind=4)]]
        ear = listener(fake, transport="grpc")
        await ear.connection()
        assert (ear.texts, ear.ends) == (["A1"], ["the live chat is over"])
        fake.streams = [[], grpc.StatusCode.FAILED_PRECONDITION]
        other = listener(fake, transport="grpc")
        fake.stream_requests.clear()
        await other.connection()
        assert other.ends == ["the live chat is over"]


async def test_the_stream_tells_paid_words_milestones_and_bans() -> None:
    """What was typed with money or for a jubilee is a comment; without words it is none; a ban names its author."""
    async with YouTubeFake().serving() as fake:
        fake.streams = [
            [happened(1, 15, "A1 x2"), happened(2, 17, "A2"), happened(3, 15, ""), happened(4, 10, "UCbanned")]
        ]
        ear = listener(fake, transport="grpc")
        async with ear.listening():
            await ear.until(lambda: bool(ear.deleted))
        assert ear.texts == ["A1 x2", "A2"]
        assert [one.author_ids for one in ear.deleted] == [("UCbanned",)]


async def test_a_token_that_runs_out_is_renewed_for_the_stream() -> None:
    """After an hour the stream is refused: with a refresh token it goes on with a new one, without it says so."""
    async with YouTubeFake().serving() as fake:
        fake.streams = [
            [response((1, "A1"), token="0")],
            grpc.StatusCode.UNAUTHENTICATED,
            [response((2, "A2"), token="0")],
        ]
        keys: dict[str, Any] = {"refresh": "r-0", "client_id": "c", "client_secret": "s"}
        keys["oauth_url"] = f"{fake.url}/token"
        ear = listener(fake, transport="grpc", key="", **keys)
        async with ear.listening():
            await ear.until(lambda: ear.texts[:2] == ["A1", "A2"])
        assert [one["authorization"] for one in fake.metadata[:3]] == ["Bearer t-1", "Bearer t-1", "Bearer t-2"]
        assert fake.stream_requests[2].page_token == "0"
        fake.streams = [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAUTHENTICATED]
        fake.stream_requests.clear()
        with pytest.raises(AdapterError, match="make a new one") as refused:
            await listener(fake, transport="grpc", key="", **keys).connection()
        assert refused.value.permanent


@pytest.mark.parametrize(
    ("code", "words", "permanent"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "does not take the key", True),
        (grpc.StatusCode.PERMISSION_DENIED, "does not allow this", True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "used up", False),
        (grpc.StatusCode.NOT_FOUND, "does not know this chat", False),
        (grpc.StatusCode.UNAVAILABLE, r"broke \(UNAVAILABLE\)", False),
    ],
)
async def test_the_streams_statuses_are_told(code: grpc.StatusCode, words: str, permanent: bool) -> None:
    """Each status is told in words; only keys and permissions need a person."""
    async with YouTubeFake().serving() as fake:
        fake.streams = [code]
        with pytest.raises(AdapterError, match=words) as failed:
            await listener(fake, transport="grpc").connection()
        assert failed.value.permanent is permanent


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without grpcio the error says what to install."""
    async with YouTubeFake().serving() as fake:
        ear = listener(fake, transport="grpc")
        monkeypatch.setitem(sys.modules, "grpc", None)
        with pytest.raises(AdapterError, match=r"pip install 'livesell\[youtube-grpc\]'"):
            await ear.connection()


# --- without a key --------------------------------------------------------------------------------------------------


def shown(number: int, *runs: dict[str, Any]) -> dict[str, Any]:
    renderer = {
        "id": f"CjK{number}",
        "message": {"runs": list(runs)},
        "authorName": {"simpleText": "Mai"},
        "authorExternalChannelId": "UCmai",
        "timestampUsec": str(1_795_377_600_000_000 + number),
    }
    return {"addChatItemAction": {"item": {"liveChatTextMessageRenderer": renderer}}}


async def test_the_page_is_read_without_a_key() -> None:
    """The unfiltered chat of the watch page is followed by its continuations to the end; its first part is history."""
    async with YouTubeFake().serving() as fake:
        fake.actions = [shown(1, {"text": "A1"}), {}, shown(2, {"text": "A2"})]
        ear = listener(fake, transport="innertube", key="")
        async with ear.listening() as task:
            await ear.until(lambda: ear.texts == ["A1", "A2"])
            fake.actions.append(None)
            await asyncio.wait_for(task, 5)
        assert [one.history for one in ear.comments] == [True, False]
        assert ear.ends == ["the live chat is over"]
        assert fake.asked[0]["continuation"] == "all-0"
        assert fake.units == 0


async def test_a_page_for_robots_is_told() -> None:
    """A consent or robot page has no chat: said so, and tried again after some minutes."""
    async with YouTubeFake().serving() as fake:
        fake.robots = True
        with pytest.raises(AdapterError, match="as it does to robots") as failed:
            await listener(fake, transport="innertube").connection()
        assert (failed.value.permanent, failed.value.retry_after) == (False, 300)


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([{"text": "A1 "}, {"emoji": {"emojiId": "🌿"}}, {"text": " x2"}], "A1 🌿 x2"),
        ([{"text": "A1"}, {"emoji": {"isCustomEmoji": True, "shortcuts": [":la:"]}}, {"text": "x2"}], "A1 x2"),
        ([{"emoji": {"isCustomEmoji": True, "shortcuts": [":la:"]}}] * 2, ":la: :la:"),
    ],
)
def test_a_channels_own_emoji_are_left_out(runs: list[dict[str, Any]], text: str) -> None:
    """Emoji of Unicode stay, the channel's own are left out unless nothing else was written."""
    (comment,) = registry.adapter("youtube").decode(Frame(json={"actions": [shown(1, *runs)]}))
    assert isinstance(comment, Comment)
    assert comment.text == text
