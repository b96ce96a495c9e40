"""TikTok: the real TikTokLive client against a local TikTok, Euler Stream's WebSocket, and frames off the wire."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from adapters._tiktoklive import reset_after
from adapters._webcast import webcast
from livesell import registry
from livesell.adapter import Frame
from livesell.errors import AdapterError
from livesell.model import Comment
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.relay import RelayFake
from tests.fakes.tiktok import TikTokFake, chat, control, deleted, push, result

# The client still uses the legacy half of websockets, which says so when it is used.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def comments(frame: Frame) -> list[Comment]:
    return [item for item in registry.adapter("tiktok").decode(frame) if isinstance(item, Comment)]


# --- decoding -------------------------------------------------------------------------------------------------------


def test_ids_beyond_2_to_the_53_stay_whole() -> None:
    """Ids are strings of all their digits, from the wire and from JSON."""
    (wire,) = comments(Frame(data=push(chat(1, "A1", user=9_007_199_254_740_993))))
    assert (wire.id, wire.author_id) == ("7400000000000000001", "9007199254740993")
    data = {"comment": "A1", "msgId": 7_400_000_000_000_000_001, "userId": 9_007_199_254_740_993}
    (relayed,) = comments(Frame(json={"event": "chat", "data": data}))
    assert (relayed.id, relayed.author_id) == (wire.id, wire.author_id)


def test_the_first_result_is_history() -> None:
    """What was there before we came is marked, by the message's own mark or as part of the first result."""
    (old,) = comments(Frame(data=result(chat(1, "A1"), first=True)))
    (marked, new) = comments(Frame(data=push(chat(2, "A1", history=True), chat(3, "A1"))))
    assert (old.history, marked.history, new.history) == (True, True, False)


def test_a_frame_that_would_unpack_without_end_is_left_alone() -> None:
    """A compressed frame is unpacked up to 16 MB and dropped beyond."""
    huge = push(chat(1, "x" * (20 << 20)))
    assert len(huge) < 1 << 20
    assert comments(Frame(data=huge)) == []


def test_a_packed_frame_is_known_by_its_first_bytes_too() -> None:
    """Where a recording lost the header that says so, what is packed is unpacked all the same."""
    frame = webcast().PushFrame.FromString(push(chat(1, "A1")))
    del frame.headers[:]
    (comment,) = comments(Frame(data=frame.SerializeToString()))
    assert comment.text == "A1"


@pytest.mark.parametrize(
    ("link", "user"),
    [
        ("https://www.tiktok.com/@mai.shop/live", "mai.shop"),
        ("tiktok.com/@mai.shop?lang=vi", "mai.shop"),
        ("https://m.tiktok.com/@mai_shop/", "mai_shop"),
        ("@mai.shop", "mai.shop"),
        ("https://www.tiktok.com/foryou", None),
        ("https://tiktok.com.example.com/@mai.shop", None),
        ("mai@shop.example", None),
    ],
)
def test_links_are_recognised(link: str, user: str | None) -> None:
    """A link to a profile or its live, or the handle alone, is that host."""
    assert registry.adapter("tiktok").recognise(link) == ({"user": user} if user else None)


def test_the_sign_servers_limit_is_waited_for() -> None:
    """The wait is what RateLimit-Reset says, as a time or in seconds, within an hour; else a minute."""
    assert reset_after({"RateLimit-Reset": "1795377690"}, 1_795_377_600.0) == 90
    assert reset_after({"RateLimit-Reset": "45"}, 0) == 45
    assert reset_after({"RateLimit-Reset": "1795377000"}, 1_795_377_600.0) == 1
    assert reset_after({"RateLimit-Reset": "99999"}, 0) == 3600
    assert reset_after({"RateLimit-Reset": "soon"}, 0) == reset_after({}, 0) == 60


# --- the real client ------------------------------------------------------------------------------------------------


async def test_the_real_client_reads_a_live_to_its_end() -> None:
    """Signed by the local sign server, the TikTokLive client brings history, comments, a deletion and the end."""
    async with TikTokFake().serving() as tiktok:
        tiktok.history = [chat(1, "A1 trước giờ", history=True)]
        ear = Listener(make_source(tiktok.settings(key="k-1")))
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.comments), 20)
            await tiktok.send(push(chat(2, "chốt A1 2 gói"), chat(3, "A2", user=5, name="Lin")))
            await tiktok.send(push(chat(3, "A2", user=5, name="Lin"), zipped=False))
            await tiktok.send(push(deleted(7_400_000_000_000_000_003)))
            await tiktok.send(push(chat(4, "A3"), control(3)))
            await asyncio.wait_for(task, 10)
        heard = [(comment.text, comment.history) for comment in ear.comments]
        assert heard == [("A1 trước giờ", True), ("chốt A1 2 gói", False), ("A2", False), ("A2", False), ("A3", False)]
        assert ear.comments[2].id == ear.comments[3].id
        assert ear.comments[1].author_id == "7200000000000000001"
        assert ear.deleted[0].ids == ("7400000000000000003",)
        assert ear.ends == ["the live is over"]
        assert ear.states == ["live"]
        assert tiktok.keys == ["k-1"]
        kinds = [kind for kind, _ in tiktok.heard]
        assert kinds[0] == "im_enter_room" and "hb" in kinds
        assert ("ack", b"ext-7") in tiktok.heard


async def test_a_host_who_is_not_live_is_waited_for_without_signing() -> None:
    """Offline is waiting, said with the time of the next look; the sign server is asked only once the live is on."""
    async with TikTokFake(live=False).serving() as tiktok:
        ear = Listener(make_source(tiktok.settings()))
        async with ear.listening():
            await ear.until(lambda: ear.states.count("waiting") >= 2, 20)
            assert tiktok.signs == 0
            waiting: Any = ear.told[0]
            assert waiting.reason == "@mai.shop is not live"
            assert waiting.retry_at is not None
            tiktok.live = True
            await ear.until(lambda: "live" in ear.states, 20)
            assert tiktok.signs == 1


async def test_a_dropped_line_is_told_and_a_new_connection_goes_on() -> None:
    """When the push server's line breaks the task ends with an error that can be tried again, and then is."""
    async with TikTokFake().serving() as tiktok:
        ear = Listener(make_source(tiktok.settings()))
        for number in (1, 2):
            async with ear.listening() as task:
                await tiktok.send(push(chat(number, f"A{number}")))
                await ear.until(lambda number=number: len(ear.comments) == number, 20)  # type: ignore[misc]
                await tiktok.drop()
                with pytest.raises(AdapterError) as broken:
                    await asyncio.wait_for(task, 10)
                assert not broken.value.permanent
        assert ear.texts == ["A1", "A2"]


@pytest.mark.parametrize(
    ("refuse", "words", "permanent", "wait"),
    [
        ((429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "90"}), "asks to wait", False, 90),
        ((429, {}), "asks to wait", False, 60),
        ((401, {}), "does not take the key", True, None),
        ((500, {}), "cannot help", False, 30),
    ],
)
async def test_what_the_sign_server_refuses_is_told_in_words(
    refuse: tuple[int, dict[str, str]], words: str, permanent: bool, wait: float | None
) -> None:
    """A limit is waited for as long as it says, with and without its headers; a wrong key needs a person."""
    async with TikTokFake().serving() as tiktok:
        tiktok.refuse = refuse
        with pytest.raises(AdapterError, match=words) as refusal:
            await Listener(make_source(tiktok.settings(key="secret-key"))).connection(20)
        assert (refusal.value.permanent, refusal.value.retry_after) == (permanent, wait)
        assert "secret-key" not in str(refusal.value)


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TikTokLive the error says what to install."""
    monkeypatch.setitem(sys.modules, "TikTokLive", None)
    with pytest.raises(AdapterError, match=r"pip install 'livesell\[tiktok\]'") as missing:
        await Listener(make_source({"platform": "tiktok", "user": "mai"})).connection()
    assert missing.value.permanent


# --- Euler Stream ---------------------------------------------------------------------------------------------------


def bundle(*texts: str) -> str:
    rows = [
        f'{{"type": "WebcastChatMessage", "data": {{"common": {{"msgId": "{text}"}}, "content": "{text}"}}}}'
        for text in texts
    ]
    return f'{{"messages": [{", ".join(rows)}]}}'


async def test_euler_stream_is_read_to_the_end() -> None:
    """The managed WebSocket brings bundles of events; its code for the stream's end is the end."""
    async with TikTokFake().serving() as tiktok:
        ear = Listener(make_source(tiktok.settings(transport="euler", key="k 1")))
        async with ear.listening() as task:
            await tiktok.send(bundle("A1", "A2"))
            await tiktok.send("not json")
            await tiktok.send(bundle("A3"))
            await ear.until(lambda: len(ear.comments) == 3)
            await tiktok.close(4005, "stream end")
            await asyncio.wait_for(task, 5)
        assert ear.texts == ["A1", "A2", "A3"]
        assert ear.ends == ["the live is over"]
        assert "uniqueId=mai.shop&apiKey=k+1&features.bundleEvents=true" in tiktok.euler_asked[0]


async def test_euler_stream_waits_for_the_live() -> None:
    """Its code for a host who is not live is waiting, not an error."""
    async with TikTokFake().serving() as tiktok:
        tiktok.euler_close = (4404, "not live")
        ear = Listener(make_source(tiktok.settings(transport="euler")))
        async with ear.listening():
            await ear.until(lambda: ear.states.count("waiting") >= 2)
            tiktok.euler_close = None
            await tiktok.send(bundle("A1"))
            await ear.until(lambda: ear.texts == ["A1"])


@pytest.mark.parametrize(
    ("code", "words", "permanent", "wait"),
    [
        (4401, "does not take the key", True, None),
        (4403, "does not allow this account", True, None),
        (4400, "does not know these options", True, None),
        (4429, "too many connections", False, 300),
        (4500, "closed the line", False, None),
        (4555, "closed the line", False, None),
        (1011, "closed the line", False, None),
    ],
)
async def test_euler_streams_close_codes_are_told(code: int, words: str, permanent: bool, wait: float | None) -> None:
    """Keys and options need a person, too many connections a long wait, everything else another try."""
    async with TikTokFake().serving() as tiktok:
        tiktok.euler_close = (code, "why")
        with pytest.raises(AdapterError, match=words) as broken:
            await Listener(make_source(tiktok.settings(transport="euler", key="secret-key"))).connection()
        assert (broken.value.permanent, broken.value.retry_after) == (permanent, wait)
        assert "secret-key" not in str(broken.value)


# --- a relay on this machine ----------------------------------------------------------------------------------------


def relayed(number: int, text: str) -> dict[str, Any]:
    data = {"comment": text, "msgId": str(number), "userId": "5", "uniqueId": "mai", "nickname": "Mai"}
    return {"event": "chat", "data": data}


async def test_a_relay_on_this_machine_is_heard_to_the_end() -> None:
    """Connected it waits for the first word; chat is heard, gifts are not; a drop is tried again; the end is told."""
    async with RelayFake().serving() as relay:
        ear = Listener(make_source({"platform": "tiktok", "user": "mai", "transport": "relay", "relay_url": relay.url}))
        async with ear.listening() as task:
            await ear.until(lambda: ear.states == ["waiting"])
            await relay.say({"event": "gift", "data": {"giftName": "Rose", "userId": "5"}}, relayed(1, "A1"), "noise")
            await ear.until(lambda: ear.texts == ["A1"])
            assert ear.states[1] == "live"
            await relay.drop()
            with pytest.raises(AdapterError, match="the TikTok relay closed the line") as broken:
                await asyncio.wait_for(task, 5)
        assert not broken.value.permanent
        async with ear.listening() as task:
            await relay.say(relayed(1, "A1"), relayed(2, "A2"), {"event": "streamEnd", "data": {"action": 3}})
            await asyncio.wait_for(task, 5)
        assert (ear.texts, ear.ends) == (["A1", "A1", "A2"], ["the live is over"])
        assert ear.comments[0].id == ear.comments[1].id
