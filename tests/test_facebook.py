"""Facebook Page Live: comments polled from a local Graph interface, and the page's signed webhook."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from livesell import registry
from livesell.adapter import Hook, write_frame
from livesell.errors import AdapterError, ConfigError
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.graph import PAGE, VIDEO, Graph, comment

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def listener(graph: Graph, **more: object) -> Listener:
    ear = Listener(make_source(graph.settings(**more)))
    # Faster than the configuration allows anybody to ask Facebook.
    ear.adapter.settings = replace(ear.adapter.settings, every=0.05)
    return ear


# --- polling --------------------------------------------------------------------------------------------------------


async def test_comments_are_read_page_by_page_and_followed() -> None:
    """What was there comes first, as history, over several pages; what follows is new, each comment once."""
    async with Graph().serving() as graph:
        graph.comments = [comment(number, f"A{number}") for number in range(120)]
        ear = listener(graph)
        async with ear.listening():
            await ear.until(lambda: len(ear.comments) == 120 and bool(ear.states))
            graph.comments += [comment(120, "A120"), comment(121, "A121", author=None)]
            await ear.until(lambda: len(ear.comments) >= 122)
        ids = [one.id for one in ear.comments]
        assert ear.texts[:120] == [f"A{number}" for number in range(120)]
        assert all(one.history for one in ear.comments[:120])
        fresh = {one.text: one for one in ear.comments if not one.history}
        assert set(fresh) >= {"A120", "A121"}
        assert (fresh["A121"].author_id, fresh["A121"].author) == (None, "facebook user")
        assert len(set(ids)) == 122
        assert ear.states[0] == "live"
        assert graph.polls[0]["order"] == "chronological" and "since" not in graph.polls[0]
        assert int(graph.polls[-1]["since"]) > 0


async def test_a_look_of_several_pages_keeps_its_beginning() -> None:
    """More new comments than fit a page: every page of the look asks since the same moment, and none is passed over."""
    async with Graph().serving() as graph:
        graph.comments = [comment(1, "A1")]
        ear = listener(graph)
        async with ear.listening():
            await ear.until(lambda: bool(ear.comments))
            graph.polls.clear()
            graph.comments += [comment(number, f"A{number}") for number in range(2, 140)]
            await ear.until(lambda: len({one.id for one in ear.comments}) == 139)
        paged = [(before, poll) for before, poll in pairwise(graph.polls) if "after" in poll]
        assert len(paged) >= 2
        assert all(poll.get("since") == before.get("since") for before, poll in paged)


async def test_what_is_recorded_has_no_token_in_it() -> None:
    """Facebook's answers name further pages with the token in the address: frames go without."""
    async with Graph().serving() as graph:
        graph.comments = [comment(1, "A1")]
        ear = listener(graph, token="secret-token")
        async with ear.listening():
            await ear.until(lambda: bool(ear.comments))
        assert "secret-token" in graph.answers[-1]
        assert "secret-token" not in "".join(map(write_frame, ear.frames))


async def test_the_owner_of_a_video_is_the_seller() -> None:
    """Where only a video is named, whose it is is asked."""
    async with Graph().serving() as graph:
        ear = listener(graph, page="", video=VIDEO)
        async with ear.listening():
            await ear.until(lambda: bool(ear.states))
        assert ear.adapter.seller_ids == {PAGE}


async def test_a_look_that_finds_nothing_new_stores_nothing_again() -> None:
    """Looks overlap by a second; a page with known comments alone is a sign of life and nothing more."""
    async with Graph().serving() as graph:
        graph.comments = [comment(1, "A1")]
        ear = listener(graph)
        async with ear.listening():
            await ear.until(lambda: len(graph.polls) >= 4, 8)
        assert len(ear.frames) == 1
        assert ear.beats >= 1


async def test_no_live_video_is_waited_for() -> None:
    """Without a live video the source waits, saying when it looks again, and finds it when it is on."""
    async with Graph(live=False).serving() as graph:
        graph.comments = [comment(1, "A1")]
        ear = listener(graph)
        async with ear.listening():
            await ear.until(lambda: ear.states.count("waiting") >= 2)
            graph.live = True
            await ear.until(lambda: ear.texts == ["A1"])


async def test_the_end_is_told_with_the_last_comments() -> None:
    """When comments stay away the status is asked for; the last ones are fetched before the end is said."""
    async with Graph().serving() as graph:
        graph.comments = [comment(1, "A1")]
        ear = listener(graph)
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.comments))
            graph.status = "VOD"
            await asyncio.wait_for(task, 8)
        assert ear.ends == ["the live video is over"]


async def test_the_pages_own_comments_are_the_sellers() -> None:
    """The page's id is looked up, so that the show knows its comments as the seller's."""
    async with Graph().serving() as graph:
        ear = listener(graph, seller_ids=["7"])
        async with ear.listening():
            await ear.until(lambda: bool(ear.states))
        assert ear.adapter.seller_ids == {PAGE, "7"}


async def test_a_line_that_breaks_between_pages_loses_nothing() -> None:
    """After a break in the middle of paging the next connection brings every comment."""
    async with Graph().serving() as graph:
        graph.comments = [comment(number, f"A{number}") for number in range(120)]
        graph.break_after = 50
        ear = listener(graph)
        with pytest.raises(AdapterError, match="cannot be reached") as broken:
            await ear.connection()
        assert not broken.value.permanent
        assert len({one.id for one in ear.comments}) == 50
        graph.break_after = None
        async with ear.listening():
            await ear.until(lambda: len({one.id for one in ear.comments}) == 120)


async def test_a_filter_that_is_not_known_is_left_out() -> None:
    """Where Facebook does not take `live_filter`, the look is repeated without it instead of ending."""
    async with Graph().serving() as graph:
        graph.filter_known = False
        graph.comments = [comment(1, "A1")]
        ear = listener(graph)
        async with ear.listening():
            await ear.until(lambda: ear.texts == ["A1"])
        assert graph.polls[0]["live_filter"] == "no_filter"
        assert "live_filter" not in graph.polls[1]


async def test_a_video_that_is_gone_is_the_end() -> None:
    """A video taken down in the middle ends the source instead of being asked for ever."""
    async with Graph().serving() as graph:
        ear = listener(graph)
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.states))
            graph.errors.extend([(400, {"code": 100, "message": "gone"}, {})] * 4)
            await asyncio.wait_for(task, 8)
        assert ear.ends == ["the live video is over"]


USAGE = {"X-Business-Use-Case-Usage": json.dumps({PAGE: [{"type": "pages", "estimated_time_to_regain_access": 5}]})}


@pytest.mark.parametrize(
    ("status", "error", "headers", "words", "permanent", "wait"),
    [
        (400, {"code": 190, "error_subcode": 463}, {}, "does not take the page's token any more", True, None),
        (
            403,
            {"code": 200, "message": "requires pages_read_engagement"},
            {},
            "lacks pages_read_engagement$",
            True,
            None,
        ),
        (403, {"code": 10, "message": "no"}, {}, "lacks pages_show_list, pages_read_engagement and", True, None),
        (400, {"code": 32}, USAGE, "asks to wait", False, 300),
        (429, {"code": 4}, {}, "asks to wait", False, 60),
        (400, {"code": 80001}, {"X-Business-Use-Case-Usage": "broken"}, "asks to wait", False, 60),
        (500, {"code": 2, "is_transient": True}, {}, "cannot answer now", False, None),
        (502, {}, {}, "cannot answer now", False, None),
    ],
)
async def test_errors_are_told_in_words(
    status: int, error: dict[str, Any], headers: dict[str, str], words: str, permanent: bool, wait: float | None
) -> None:
    """A token or permission needs a person and is named; a limit says how long; the rest is tried again."""
    async with Graph().serving() as graph:
        graph.errors.append((status, error, headers))
        with pytest.raises(AdapterError, match=words) as failed:
            await listener(graph, token="secret-token").connection()
        assert (failed.value.permanent, failed.value.retry_after) == (permanent, wait)
        assert "secret-token" not in str(failed.value)


async def test_a_token_that_expires_during_the_show_is_told() -> None:
    """What was heard stays heard; the source stops with what to do."""
    async with Graph().serving() as graph:
        graph.comments = [comment(1, "A1")]
        ear = listener(graph)
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.comments))
            graph.errors.extend([(400, {"code": 190, "error_subcode": 460}, {})] * 3)
            with pytest.raises(AdapterError, match="make a new one") as expired:
                await asyncio.wait_for(task, 8)
        assert expired.value.permanent
        assert ear.texts == ["A1"]


async def test_the_event_stream_is_only_an_extra() -> None:
    """With `sse` comments also come by the stream; without an answer there, or after its end, polling goes on."""
    async with Graph().serving() as graph:
        graph.stream = [comment(5, "A5 sớm")]
        ear = listener(graph, sse=True)
        async with ear.listening():
            await ear.until(lambda: ear.texts == ["A5 sớm"])
            graph.comments = [comment(6, "A6")]
            await ear.until(lambda: "A6" in ear.texts)
        graph.stream = None
        other = listener(graph, sse=True)
        async with other.listening():
            await other.until(lambda: other.texts == ["A6"])


async def test_no_token_is_told_with_the_permissions_it_needs() -> None:
    """A source without a token says which permissions the token must have."""
    with pytest.raises(AdapterError, match="pages_read_user_content") as missing:
        await Listener(make_source({"platform": "facebook", "page": "thaomoc"})).connection()
    assert missing.value.permanent


def test_a_source_names_a_page_or_a_video() -> None:
    """Neither is refused by the configuration."""
    with pytest.raises(ConfigError, match="Expected `page` or `video`"):
        make_source({"platform": "facebook", "token": "x"})


@pytest.mark.parametrize(
    ("link", "settings"),
    [
        ("https://www.facebook.com/thaomoc.sapa", {"page": "thaomoc.sapa"}),
        ("https://m.facebook.com/thaomoc.sapa/live?ref=x", {"page": "thaomoc.sapa"}),
        ("facebook.com/profile.php?id=100200300", {"page": "100200300"}),
        ("https://www.facebook.com/thaomoc/videos/5550001/", {"page": "thaomoc", "video": "5550001"}),
        ("https://www.facebook.com/watch/live/?ref=x&v=5550001", {"video": "5550001"}),
        ("https://fb.com/thaomoc", {"page": "thaomoc"}),
        ("https://www.facebook.com/groups/1", None),
        ("https://www.facebook.com/", None),
        ("https://facebook.com.example.com/thaomoc", None),
    ],
)
def test_links_are_recognised(link: str, settings: dict[str, str] | None) -> None:
    """The addresses of a page and of its live video, as they are copied from a browser or a phone."""
    assert registry.adapter("facebook").recognise(link) == settings


# --- the webhook ----------------------------------------------------------------------------------------------------

BODY = json.dumps(
    {"object": "page", "entry": [{"id": PAGE, "changes": [{"field": "feed", "value": {
        "item": "comment", "verb": "add", "comment_id": f"{VIDEO}_1", "from": {"id": "9", "name": "Mai"},
        "created_time": 1795377600, "message": "A1 2 gói"}}]}]}
).encode()  # fmt: skip


def signature(body: bytes, secret: str = "s3cret") -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def door(**more: object) -> Any:
    table = {"platform": "facebook", "page": "thaomoc", "app_secret": "s3cret", "verify_token": "hello-1"}
    return make_source({**table, **more})


def test_a_signed_body_is_heard() -> None:
    """A body with Meta's signature over its bytes is answered 200 and decoded like any frame."""
    source = door()
    answer = source.receive(Hook("POST", NOW, headers=signature(BODY), body=BODY))
    assert answer.status == 200
    (frame,) = answer.frames
    assert [item.text for item in source.decode(frame)] == ["A1 2 gói"]


@pytest.mark.parametrize(
    "headers", [{}, signature(BODY, "wrong"), signature(BODY + b" "), {"x-hub-signature-256": "sha256=é"}]
)
def test_an_unproven_body_is_refused_without_a_word(headers: dict[str, str]) -> None:
    """A missing, wrong or odd signature is 401, with no detail."""
    answer = door().receive(Hook("POST", NOW, headers=headers, body=BODY))
    assert (answer.status, answer.text, answer.frames) == (401, "", ())


def test_without_a_secret_nothing_is_believed() -> None:
    """A source without `app_secret` refuses every body, also one signed with an empty secret."""
    hook = Hook("POST", NOW, headers=signature(BODY, ""), body=BODY)
    assert door(app_secret="").receive(hook).status == 401


def test_other_objects_are_ignored_and_broken_bodies_refused() -> None:
    """What is signed but not of a page is answered 200 and not heard; what is no JSON is 400."""
    for body, status in ((b'{"object": "user"}', 200), (b"[]", 200), (b"{", 400)):
        answer = door().receive(Hook("POST", NOW, headers=signature(body), body=body))
        assert (answer.status, answer.frames) == (status, ())


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"hub.mode": "subscribe", "hub.verify_token": "hello-1", "hub.challenge": "1158201444"}, 200, "1158201444"),
        ({"hub.mode": "subscribe", "hub.verify_token": "hello-2", "hub.challenge": "1"}, 403, ""),
        ({"hub.mode": "subscribe", "hub.verify_token": "hello-1", "hub.challenge": "<script>"}, 400, ""),
        ({"hub.mode": "unsubscribe", "hub.verify_token": "hello-1", "hub.challenge": "1"}, 403, ""),
        ({}, 403, ""),
    ],
)
def test_metas_hello_is_answered(query: dict[str, str], status: int, text: str) -> None:
    """The challenge is said back to who knows the verify token, and only if it is digits."""
    answer = door().receive(Hook("GET", NOW, query=query))
    assert (answer.status, answer.text) == (status, text)


async def test_a_source_with_a_webhook_alone_waits_for_it() -> None:
    """With an app secret and no token the source is live and polls nothing."""
    ear = Listener(door())
    async with ear.listening() as task:
        await ear.until(lambda: ear.states == ["live"])
        assert not task.done()
