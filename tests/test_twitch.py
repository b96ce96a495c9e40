"""Twitch: IRC lines in parts, and a channel's chat heard from a server over a real WebSocket."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from adapters import twitch
from livesell import registry
from livesell.adapter import Adapter, Frame, clean, read_frame
from livesell.errors import AdapterError
from livesell.model import Comment
from tests.fakes.ear import Listener
from tests.fakes.mutation import mutations
from tests.fakes.twitch_irc import TwitchIrc


def source(url: str, **keys: object) -> Adapter:
    return registry.make_source({"platform": "twitch", "channel": "ThaoMoc", "url": url, **keys})


def said(text: str, message: str, emotes: str = "", name: str = "Mai") -> str:
    tags = f"@badges=;display-name={name};emotes={emotes};id={message};room-id=7001;tmi-sent-ts=1795377600000;user-id=9"
    return f"{tags} :mai!mai@mai.tmi.twitch.tv PRIVMSG #thaomoc :{text}"


def heard(line: str) -> Comment:
    (comment,) = registry.adapter("twitch").decode(Frame(text=line))
    assert isinstance(comment, Comment)
    return comment


# --- decoding -------------------------------------------------------------------------------------------------------


def test_emotes_are_counted_in_code_points() -> None:
    """An emote after letters outside the BMP is cut out where it stands, not two places off."""
    assert heard(said("🌿🌿 LeafyHi A1 x2", "1", "55:3-9")).text == "🌿🌿 A1 x2"


def test_a_comment_of_emotes_alone_is_kept() -> None:
    """Where nothing but emotes was written, their names are the text."""
    assert heard(said("LeafyHi LeafyHi", "1", "55:0-6,8-14")).text == "LeafyHi LeafyHi"


def test_emote_positions_that_do_not_fit_change_nothing() -> None:
    """Positions beyond the text, backwards or of no number leave it alone."""
    assert heard(said("A1 x2", "1", "55:3-90,4-1/x:a-b/:/7")).text == "A1 x2"


@pytest.mark.parametrize(
    ("parent", "text", "emotes", "meant"),
    [
        ("7001", "@ThaoMoc A1 x2", "", "A1 x2"),
        ("7001", "@ThaoMoc LeafyHi A1 x2", "55:9-15", "A1 x2"),
        ("7001", "@ThaoMoc", "", "@ThaoMoc"),
        ("7001", "A1 x2", "", "A1 x2"),
        ("8002", "@Lin A1 x2", "", "@Lin A1 x2"),
    ],
)
def test_an_answer_to_the_seller_speaks_to_her(parent: str, text: str, emotes: str, meant: str) -> None:
    """Twitch begins an answer with whom it answers: the seller's own name goes, another viewer's stays."""
    answer = said(text, "1", emotes).replace(";room-id=", f";reply-parent-user-id={parent};room-id=")
    assert heard(answer).text == meant


def test_a_name_that_is_empty_is_the_login() -> None:
    """Twitch leaves display-name empty for some; the login stands in."""
    assert heard(said("A1", "1", name="")).author == "mai"


def test_recorded_irc_lines_come_apart_as_specified() -> None:
    """Every line of the IRC parser tests gives the tags, source, verb and params written beside it."""
    folder = os.environ.get("LIVESELL_FRAMES")
    if not folder:
        pytest.skip("LIVESELL_FRAMES names no folder with recordings")
    cases = _cases((Path(folder) / "irc" / "msg-split.yaml").read_text(encoding="utf-8"))
    assert len(cases) > 30
    for line, verb, source_, tags, params in cases:
        got = twitch.parse(line)
        assert got is not None, line
        assert (got.verb, got.source, dict(got.tags), list(got.params)) == (verb.upper(), source_, tags, params), line


def _cases(yaml: str) -> list[tuple[str, str, str, dict[str, str], list[str]]]:
    """The cases of the file, which uses of YAML only nesting and quoted strings."""
    cases = []
    for block in yaml.split("- input: ")[1:]:
        rows = block.splitlines()
        verb = source_ = ""
        tags: dict[str, str] = {}
        params: list[str] = []
        inside = ""
        for row in rows[1:]:
            if not row.strip() or row.strip().startswith("#"):
                continue
            if match := re.fullmatch(r" {6}(verb|source): (.*)", row):
                verb, source_ = (_string(match[2]), source_) if match[1] == "verb" else (verb, _string(match[2]))
            elif match := re.fullmatch(r" {6}(tags|params):", row):
                inside = match[1]
            elif inside == "tags" and (match := re.fullmatch(r" {8}(\"[^\"]*\"|[^:]+): ?(.*)", row)):
                tags[_string(match[1])] = _string(match[2])
            elif inside == "params" and (match := re.fullmatch(r" {6,8}- (.*)", row)):
                params.append(_string(match[1]))
        cases.append((_string(rows[0]), verb, source_, tags, params))
    return cases


def _string(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        text = text[1:-1]
        meant = {"n": "\n", "r": "\r", "s": " "}
        text = re.sub(
            r"\\(?:x([0-9a-fA-F]{2})|(.))", lambda m: chr(int(m[1], 16)) if m[1] else meant.get(m[2], m[2]), text
        )
    elif text.startswith("'"):
        text = text[1:-1].replace("''", "'")
    return text


def test_the_quick_way_and_the_thorough_one_agree() -> None:
    """The usual line is decoded by one pattern, with the same result as taking it apart."""
    recorded = Path(__file__).parent / "frames" / "twitch" / "irc.jsonl"
    frames = [read_frame(line) for line in recorded.read_text(encoding="utf-8").splitlines()]
    usual = 0
    for frame in [*frames, *mutations(frames, 20_000)]:
        for line in clean(frame.text or "").split("\n"):
            quick = twitch.usual(line, history=False)
            twice = any(line.count(f";{tag}=") > 1 for tag in ("id", "user-id", "display-name", "tmi-sent-ts"))
            if quick is not None and not twice:
                usual += 1
                assert quick == twitch.decoded(line, history=False)
    assert usual > 1_000


@pytest.mark.parametrize(
    ("link", "channel"),
    [
        ("https://www.twitch.tv/ThaoMoc", "thaomoc"),
        ("twitch.tv/thaomoc?ref=share", "thaomoc"),
        ("https://m.twitch.tv/thaomoc/videos", "thaomoc"),
        ("https://www.twitch.tv/popout/thaomoc/chat", "thaomoc"),
        ("https://www.twitch.tv/directory", None),
        ("https://twitch.tv.example.com/thaomoc", None),
        ("https://example.com/twitch.tv/thaomoc", None),
        ("thaomoc", None),
    ],
)
def test_links_are_recognised(link: str, channel: str | None) -> None:
    """A pasted link to a channel, however long, is that channel; other addresses are nobody's."""
    found = registry.adapter("twitch").recognise(link)
    assert found == ({"channel": channel} if channel else None)


# --- listening ------------------------------------------------------------------------------------------------------


async def test_chat_is_heard_without_an_account() -> None:
    """One line of configuration: a guest joins the channel and hears comments, several in one message too."""
    async with TwitchIrc("thaomoc").serving() as server:
        ear = Listener(source(server.url))
        async with ear.listening():
            await server.say(said("A1 x2", "1"), said("A2", "2"))
            await server.say(said("A3", "3"))
            await ear.until(lambda: len(ear.comments) == 3)
        assert ear.texts == ["A1 x2", "A2", "A3"]
        assert ear.states == ["live"]
        assert server.heard[0] == "CAP REQ :twitch.tv/tags twitch.tv/commands"
        assert re.fullmatch(r"NICK justinfan\d+", server.heard[1])
        assert server.heard[2] == "JOIN #thaomoc"


async def test_a_ping_is_answered_with_its_word() -> None:
    """The server's PING gets its PONG, or the line would be cut."""
    async with TwitchIrc("thaomoc").serving() as server:
        ear = Listener(source(server.url))
        async with ear.listening():
            await server.say("PING :tmi.twitch.tv")
            await server.say(said("A1", "1"))
            await ear.until(lambda: bool(ear.comments))
            await ear.until(lambda: "PONG :tmi.twitch.tv" in server.heard)


async def test_silence_is_asked_about_and_then_given_up() -> None:
    """After a quiet while we ask by PING; an answer keeps the line, none ends it."""
    async with TwitchIrc("thaomoc").serving() as server:
        ear = Listener(source(server.url, quiet=0.05, patience=0.3))
        async with ear.listening() as task:
            await ear.until(lambda: server.heard.count("PING :livesell") >= 2)
            assert not task.done()
            server.answers_pings = False
            with pytest.raises(AdapterError, match="not even to a ping") as broken:
                await asyncio.wait_for(task, 5)
            assert not broken.value.permanent


async def test_a_server_that_never_speaks_is_given_up() -> None:
    """Accepting the connection is not enough: without a word in reply the line is given up."""
    async with TwitchIrc("thaomoc", mute=True).serving() as server:
        with pytest.raises(AdapterError, match="does not let us into #thaomoc"):
            await Listener(source(server.url, patience=0.1)).connection()


async def test_a_channel_that_is_not_there_is_told() -> None:
    """A name that joins nothing is named in the error."""
    async with TwitchIrc("another").serving() as server:
        with pytest.raises(AdapterError, match="is the name right"):
            await Listener(source(server.url, patience=0.1)).connection()


async def test_reconnect_and_drop_end_the_connection_but_nothing_heard_is_lost() -> None:
    """RECONNECT, with comments before it in the same message, and a broken line both call for a new connection."""
    async with TwitchIrc("thaomoc").serving() as server:
        ear = Listener(source(server.url))
        async with ear.listening() as task:
            await server.say(said("A1", "1"), ":tmi.twitch.tv RECONNECT", said("A2", "2"))
            with pytest.raises(AdapterError, match="connect anew") as asked:
                await asyncio.wait_for(task, 5)
        assert ear.texts == ["A1", "A2"]
        assert asked.value.retry_after == 0
        async with ear.listening() as task:
            await ear.until(lambda: ear.states == ["live", "live"])
            await server.drop()
            with pytest.raises(AdapterError, match="closed the line"):
                await asyncio.wait_for(task, 5)
        assert server.connections == 2


async def test_a_suspended_channel_needs_a_person() -> None:
    """A channel that Twitch has taken down is told in Twitch's words and not tried again."""
    async with TwitchIrc("thaomoc").serving() as server:
        ear = Listener(source(server.url))
        async with ear.listening() as task:
            await server.say("@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #thaomoc :This channel is suspended.")
            with pytest.raises(AdapterError, match="This channel is suspended") as refused:
                await asyncio.wait_for(task, 5)
        assert refused.value.permanent


async def test_a_guest_who_is_not_let_in_needs_a_person() -> None:
    """Where Twitch refuses the guest's name it is told in Twitch's words."""
    async with TwitchIrc("thaomoc").serving() as server:
        ear = Listener(source(server.url))
        async with ear.listening() as task:
            await server.say(":tmi.twitch.tv NOTICE * :Login authentication failed")
            with pytest.raises(AdapterError, match="Login authentication failed") as refused:
                await asyncio.wait_for(task, 5)
        assert refused.value.permanent


@pytest.mark.parametrize(
    ("url", "words", "permanent"),
    [("ws://127.0.0.1:9", "cannot be reached", False), ("http://127.0.0.1:9", "no WebSocket address", True)],
)
async def test_an_address_that_leads_nowhere_is_told(url: str, words: str, permanent: bool) -> None:
    """A server that is down may come back; an address of a wrong kind never will."""
    with pytest.raises(AdapterError, match=words) as broken:
        await Listener(source(url)).connection()
    assert broken.value.permanent is permanent
