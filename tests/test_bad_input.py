"""What comes over the wire and is not as it should be: every way of hearing meets the same list of it.

None of it raises out of a source, loses a comment that was delivered, or makes one two. Broken and strange frames are
in tests/test_adapters.py, servers that fail in tests/test_every_case.py. Positions of emotes are counted by one
platform alone (tests/test_twitch.py); others name emotes in the text, or as pieces of it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from livesell import registry
from livesell.adapter import Frame, read_frame, write_frame
from livesell.model import Comment, CommentId
from tests.stages import STAGES, Said, Stage
from tests.stages.evening import evening
from tests.stages.posts import Posted
from tests.stages.relays import Relayed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TEXTS = {
    "emote alone": "🌿🌿🔥",
    "outside the BMP": "𝐀𝟏 🌿 x2 𠮷",
    "joiners and no-break spaces": "A1\u00a0x2 👩\u200d👩\u200d👧 \u200bnha\ufeff",
    "500 letters": "chốt A1 " * 62 + "nha!",
    "HTML": "<b>A1</b> <script>alert(1)</script> &amp; x2",
    "a formula": '=HYPERLINK("http://x")',
    "right to left": "A1 \u202ex2\u202c",
}
NAMES = {
    "HTML and script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "an ampersand": "Mai & Lin &lt;3",
    "letters of all sorts": "Mai 🌿 নিলা ไทย 𝓛𝓲𝓷",
    "a long name": "M" * 300,
}
TIMES = {
    "hours ahead": datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
    "years behind": datetime(1999, 12, 31, 23, 59, tzinfo=UTC),
    "past 2038": datetime(2040, 2, 29, tzinfo=UTC),
}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> Stage:
    """Each way of hearing; nothing of it runs."""
    return STAGES[request.param]()


def heard(stage: Stage, frame: Frame) -> list[Comment]:
    """The comments of a frame, all of them fit for any database."""
    found = [one for one in registry.adapter(stage.platform).decode(frame) if isinstance(one, Comment)]
    for one in found:
        assert one.platform == (stage.site or stage.platform)
        assert one.id and one.author.strip() and one.text.strip()
        for text in (one.id, one.author_id or "", one.author, one.text):
            assert text == text.encode().decode() and "\0" not in text
    return found


def test_a_plain_comment_is_what_was_written(stage: Stage) -> None:
    """Text, name, author and time as the viewer's, not history."""
    (one,) = heard(stage, stage.frame(Said(1, "chốt A1 2 gói")))
    assert (one.text, one.history, one.edited) == ("chốt A1 2 gói", False, False)
    assert one.author_id == "42"
    assert one.author == ("zalo user" if stage.platform == "zalo" else "Mai")
    # EventSub's and Zalo's times are checked against the clock: a stage sends them as of now.
    if stage.way not in ("twitch eventsub", "zalo"):
        assert one.sent_at == Said(0, "").at


def test_a_missing_author_loses_no_comment(stage: Stage) -> None:
    """Without an author the comment is there, named after the platform or by the name alone."""
    (one,) = heard(stage, stage.frame(Said(1, "A1", who=None)))
    assert one.author_id in (None, "name:Mai")
    (two,) = heard(stage, stage.frame(Said(2, "A1", who=None, name="" if not stage.nameless else "Mai")))
    assert two.author in ("Mai", "mai", f"{stage.site or stage.platform} user")


@pytest.mark.parametrize("name", ["", "  ", "\u3000"])
def test_an_empty_name_loses_no_comment(stage: Stage, name: str) -> None:
    """A name that is none is replaced, and the person stays who she is."""
    if stage.nameless:
        pytest.skip(stage.nameless)
    (one,) = heard(stage, stage.frame(Said(1, "A1", name=name)))
    assert one.author_id == "42"
    assert one.author.strip()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_kept_letter_by_letter(stage: Stage, text: str) -> None:
    """Whatever letters were typed are the text, markup too: it is shown as text only."""
    (one,) = heard(stage, stage.frame(Said(1, text)))
    assert one.text.split() == text.split()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_text(stage: Stage, name: str) -> None:
    """What a viewer calls herself is no markup to anybody."""
    (one,) = heard(stage, stage.frame(Said(1, "A1", name=name)))
    assert one.author in (name, "zalo user")


@pytest.mark.parametrize("who", ["9007199254740993", "9223372036854775807"])
def test_ids_beyond_2_to_the_53_stay_whole(stage: Stage, who: str) -> None:
    """Ids are all of their digits, also where the wire has a number, and after a recording."""
    frame = stage.frame(Said(1, "A1", who=who))
    for one in (frame, read_frame(write_frame(frame))):
        (comment,) = heard(stage, one)
        assert comment.author_id == who


@pytest.mark.parametrize("at", TIMES.values(), ids=TIMES)
def test_a_clock_that_is_wrong_loses_no_comment(stage: Stage, at: datetime) -> None:
    """A time ahead, long past, or beyond what 32 bits count: the comment is there, with a time or none."""
    (one,) = heard(stage, stage.frame(Said(1, "A1", at=at)))
    assert one.sent_at is None or one.sent_at.tzinfo is not None


def test_lone_surrogates_and_zeros_become_what_any_database_takes(stage: Stage) -> None:
    """Halves of letters are U+FFFD, NUL is dropped; the comment is there."""
    (one,) = heard(stage, stage.frame(Said(1, "A1 \ud83d x2\0", name="Mai\udc00")))
    assert one.text.startswith("A1 ") and one.text.endswith(" x2")


def test_a_frame_that_is_cut_off_is_survived(stage: Stage) -> None:
    """Cut anywhere, a frame holds its comment or none, and raises nothing."""
    whole = stage.frame(Said(1, "A1"))
    if whole.data is not None:
        parts = [Frame(data=whole.data[:end]) for end in range(len(whole.data))]
    else:
        text = whole.text if whole.text is not None else json.dumps(whole.json)
        parts = [Frame(text=text[:end]) for end in range(len(text))]
    for part in parts:
        assert len(heard(stage, part)) <= 1


def test_a_second_delivery_has_the_same_ids(stage: Stage) -> None:
    """Two frames of one message are one comment; the same words in another message are another."""
    later = Said(2, "A1", at=datetime(2026, 11, 22, 20, 5, tzinfo=UTC))
    one, again, other = (heard(stage, stage.frame(said))[0] for said in (Said(1, "A1"), Said(1, "A1"), later))
    assert one.id == again.id != other.id


# --- over real sockets ----------------------------------------------------------------------------------------------

RAW = [way for way, stage in STAGES.items() if issubclass(stage, Relayed | Posted)]


@pytest.mark.parametrize("way", RAW)
async def test_a_byte_that_is_no_utf8_costs_one_letter(way: str, tmp_path: Path) -> None:
    """Sent as raw bytes: one letter is U+FFFD, the comment is there. A program that posts such is told instead."""
    async with STAGES[way].set_up() as stage, evening(stage, tmp_path) as show:
        if stage.greets:
            await show.until(lambda: "live" in show.states)
        data = json.dumps(stage.raw(Said(1, "A1 @@ x2"))).encode().replace(b"@@", b"\xff")
        if isinstance(stage, Posted):
            status = await stage.post(data)
            if way == "http":
                assert status == 400
                return
        else:
            assert isinstance(stage, Relayed)
            await stage.line.say(data)
        await show.until_heard("A1 \ufffd x2")


@pytest.mark.parametrize("way", RAW)
async def test_what_is_stored_is_what_was_said(way: str, tmp_path: Path) -> None:
    """Hostile names and times from the future come through to the database, and the evening goes on."""
    async with STAGES[way].set_up() as stage, evening(stage, tmp_path) as show:
        if stage.greets:
            await show.until(lambda: "live" in show.states)
        hostile: list[dict[str, Any]] = [{"name": name} for name in NAMES.values()]
        hostile += [{"at": at} for at in TIMES.values()] if way != "zalo" else []
        said = [Said(number, f"A{number}", **one) for number, one in enumerate(hostile, 1)]
        await stage.say(*said)
        rows = await show.until_heard(*(one.text for one in said))
        assert [one["text"] for one in rows] == [one.text for one in said]
        assert "lost" not in show.states
        assert CommentId(rows[-1]["id"])
