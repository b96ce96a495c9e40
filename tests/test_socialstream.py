"""Social Stream Ninja: relayed messages posted to us and by WebSocket, HTML made text, ids that can be relied on."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters._html import plain
from livesell import registry
from livesell.adapter import Adapter, Frame, Hook
from livesell.errors import AdapterError
from livesell.model import Comment, Deleted
from livesell.registry import make_source
from tests.fakes.ear import Listener
from tests.fakes.relay import RelayFake
from tests.fakes.tiktok import chat, push

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def message(text: str, name: str = "Mai", **more: object) -> dict[str, Any]:
    return {"chatname": name, "chatmessage": text, "type": "youtube", "id": 1, **more}


def source(**keys: object) -> Adapter:
    return make_source({"platform": "socialstream", **keys})


def posted(door: Adapter, body: object, after: float = 0) -> list[Comment]:
    hook = Hook("POST", NOW + timedelta(seconds=after), body=json.dumps(body).encode())
    answer = door.receive(hook)
    assert answer.status == 200
    return [item for frame in answer.frames for item in door.decode(frame) if isinstance(item, Comment)]


# --- one comment by two ways ----------------------------------------------------------------------------------------


def test_a_comment_heard_directly_and_through_the_relay_is_one() -> None:
    """With the site's message id passed on, platform and id are those that the site's own adapter gives."""
    (direct,) = registry.adapter("tiktok").decode(Frame(data=push(chat(3, "A1", user=5))))
    assert isinstance(direct, Comment)
    relayed = message("A1", type="tiktok", userid="5", meta={"messageId": "7400000000000000003"})
    (through,) = posted(source(), relayed)
    assert (through.platform, through.id, through.author_id) == (direct.platform, direct.id, direct.author_id)


def test_a_second_delivery_within_three_seconds_is_the_same_comment() -> None:
    """Without an id of the site, who wrote what names the comment for three seconds, wherever they begin."""
    door = source()
    for start in (0.0, 100.9, 202.9):
        (first,) = posted(door, message("A1", id=1), start)
        (again,) = posted(door, message("A1", id=77), start + 2.5)
        (later,) = posted(door, message("A1", id=78), start + 9)
        assert first.id == again.id != later.id


def test_the_relays_own_ids_are_not_believed() -> None:
    """The extension counts from 1 again when it starts: the same number with other words is another comment."""
    door = source()
    (one,), (other,) = posted(door, message("A1", id=1)), posted(door, message("A2", id=1))
    assert one.id != other.id
    (mai,), (lin,) = posted(door, message("A3")), posted(door, message("A3", name="Lin"))
    assert mai.id != lin.id


def test_the_site_is_the_platform() -> None:
    """Comments carry the name of the site they were written on, in its usual spelling."""
    sites = ["tiktok", "youtubeshorts", "Instagramlive", "whatnot", ""]
    found = [posted(source(), message("A1", type=site))[0].platform for site in sites]
    assert found == ["tiktok", "youtube", "instagram", "whatnot", "socialstream"]


def test_a_person_without_an_id_is_known_by_name() -> None:
    """Where the relay passes no user id, the name within the site stands for the person."""
    (named,) = posted(source(), message("A1", name="Mai"))
    (known,) = posted(source(), message("A1", name="Mai", userid=12))
    assert (named.author_id, known.author_id) == ("name:Mai", "12")


# --- deletions ------------------------------------------------------------------------------------------------------


def removed(door: Adapter, **said: object) -> list[Deleted]:
    hook = Hook("POST", NOW, body=json.dumps({"delete": {"type": "youtube", **said}}).encode())
    return [item for frame in door.receive(hook).frames for item in door.decode(frame) if isinstance(item, Deleted)]


def test_a_deletion_names_what_was_heard() -> None:
    """By the extension's number it is the comment last heard under it; by a name alone, that person; else nobody."""
    door = source()
    (first,), (again,) = posted(door, message("A1", id=7)), posted(door, message("A2", id=7), 9)
    (lin,) = posted(door, message("A3", name="Lin", id=8, userid="u-2"))
    assert first.id != again.id
    assert [one.ids for one in removed(door, id=7)] == [(again.id,)]
    assert [one.author_ids for one in removed(door, chatname="Lin")] == [(lin.author_id,)]
    assert [one.author_ids for one in removed(door, chatname="Mai")] == [("name:Mai",)]
    assert removed(door, id=99) == removed(door, chatname="Nobody") == removed(source(), id=7) == []
    assert removed(door, type="tiktok", id=7) == []


# --- HTML -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("chốt A1", "chốt A1"),
        ("A1 <b>2</b> gói", "A1 2 gói"),
        ("A1<br>2 gói<br/>nha", "A1 2 gói nha"),
        ('A1 <img src="x" alt="🌿"> x2', "A1 🌿 x2"),
        ("A1 <img src=x onerror=alert(1)> x2", "A1 x2"),
        ("A1 &lt;3 &amp; A2&nbsp;x1", "A1 <3 & A2 x1"),
        ("A1 <3 x2", "A1 <3 x2"),
        ("<script>alert(1)</script>A1", "A1"),
        ("<scr<script>ipt>alert(1)</script>A1", "ipt>alert(1)A1"),
        ("<style>A2</style>A1<iframe>A3</iframe>", "A1"),
        ("<svg><script>x</script></svg>A1", "A1"),
        ("<!-- A2 -->A1<![CDATA[x]]>", "A1"),
        ("A1<b", "A1<b"),
        ("<a href='javascript:alert(1)'>A1</a>", "A1"),
    ],
)
def test_html_becomes_the_text_that_is_seen(html: str, text: str) -> None:
    """Tags go, pictures become their alternative text, what a browser would run leaves nothing."""
    assert plain(html) == text


def test_text_that_is_marked_as_text_is_kept() -> None:
    """`textonly` says that it is no HTML: it stays as it is."""
    (comment,) = posted(source(), message("A1 <b>2</b> &amp;", textonly=True))
    assert comment.text == "A1 <b>2</b> &amp;"


def test_a_name_that_is_markup_alone_loses_no_comment() -> None:
    """Somebody wrote: the site's user, told from others by what was typed as the name."""
    (one,) = posted(source(), message("A1", name="<script>alert(1)</script>"))
    (other,) = posted(source(), message("A1", name="<img src=x onerror=alert(1)>"))
    assert (one.author, one.text) == ("youtube user", "A1")
    assert one.author_id != other.author_id
    assert posted(source(), message("A1", name="  ")) == []


def test_a_hostile_length_is_cut() -> None:
    """A message of a megabyte of tags takes no time worth speaking of."""
    assert len(plain("<b>" * 400_000 + "A1")) <= 20_000


# --- by WebSocket ---------------------------------------------------------------------------------------------------


async def test_the_websocket_is_joined_and_heard() -> None:
    """The session's chat channel is joined; messages, batches and noise are told apart; a broken line is told."""
    async with RelayFake().serving() as relay:
        ear = Listener(source(session="secret-session", url=relay.url))
        async with ear.listening() as task:
            await relay.say(message("A1"), [message("A2"), message("A3")], "timeout", {"action": "x"})
            await ear.until(lambda: ear.texts == ["A1", "A2", "A3"])
            await ear.until(lambda: bool(relay.heard))
            assert json.loads(relay.heard[0]) == {"join": "secret-session", "in": 4, "out": 3}
            await relay.drop()
            with pytest.raises(AdapterError) as broken:
                await asyncio.wait_for(task, 5)
        assert not broken.value.permanent
        assert "secret-session" not in str(broken.value) + ear.adapter.place


@pytest.mark.parametrize(("status", "permanent"), [(401, True), (404, True), (429, False), (503, False)])
async def test_a_refused_connection_is_told(status: int, permanent: bool) -> None:
    """What the relay answers instead of a connection is told in words."""
    async with RelayFake().serving() as relay:
        relay.refuse = status
        with pytest.raises(AdapterError, match=str(status)) as refused:
            await Listener(source(session="abc", url=relay.url)).connection()
        assert refused.value.permanent is permanent


async def test_without_a_session_it_waits_for_posts() -> None:
    """No session, no connection: the source is live and takes what is posted."""
    ear = Listener(source())
    async with ear.listening() as task:
        await ear.until(lambda: ear.states == ["live"])
        assert not task.done()


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 200), (b'{"action": "x"}', 200)])
def test_odd_posts_are_answered(body: bytes, status: int) -> None:
    """What is no JSON is refused; what has no chat in it is taken and means nothing."""
    door = source()
    answer = door.receive(Hook("POST", NOW, body=body))
    assert answer.status == status
    assert not [item for frame in answer.frames for item in door.decode(frame)]


def test_its_addresses_are_recognised() -> None:
    """A page of the relay with its session is a source."""
    found = registry.adapter("socialstream").recognise
    assert found("https://socialstream.ninja/dock.html?session=abc123&x=1") == {"session": "abc123"}
    assert found("https://beta.socialstream.ninja/?v=1&session=abc-9") == {"session": "abc-9"}
    assert found("https://socialstream.ninja/") is None
