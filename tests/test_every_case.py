"""Every way of hearing through every case, over real sockets, with all of livesell behind it."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path

import pytest

from livesell import decoding, registry
from tests.stages import CASES, STAGES, Said
from tests.stages.evening import evening
from tests.stages.posts import Posted

# The TikTokLive client still uses the legacy half of websockets, which says so when it is used.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WITHOUT_A_LINE = {"replay": "a recording is a file: tests/test_replay.py goes through its cases"}
CONFIRMS_BY = {"facebook webhook": 200, "instagram": 200}


def with_case(case: str) -> list[str]:
    """The ways that have a case."""
    return [way for way, stage in STAGES.items() if case not in stage.lacks]


def test_stages_are_of_adapters_and_cases_that_there_are() -> None:
    """No stage outlives its adapter, a case that one lacks is one of the list; an adapter without a stage says why."""
    heard = {way.partition(" ")[0] for way in STAGES}
    assert heard | WITHOUT_A_LINE.keys() <= set(registry.adapters())
    assert not heard & WITHOUT_A_LINE.keys()
    assert {case for stage in STAGES.values() for case in stage.lacks} <= {*CASES, "silence"}


def test_the_page_shows_what_is_tested() -> None:
    """The table in docs/adapters.md has a T for every case that is run here, and a reason for every other."""
    page = (Path(__file__).parent.parent / "docs" / "adapters.md").read_text(encoding="utf-8")
    reasons = dict(re.findall(r"^(\d+)\. (.+)$", page.partition("| way |")[2].partition("\n## ")[0], re.MULTILINE))
    rows = {cells[0]: cells[1:] for line in page.splitlines() if (cells := line.strip("| ").split(" | "))}
    assert tuple(rows["way"]) == CASES
    for way, stage in STAGES.items():
        told = dict(zip(CASES, rows[way], strict=True))
        assert {case: reasons[cell] for case, cell in told.items() if cell != "T"} == {
            case: why for case, why in stage.lacks.items() if case in CASES
        }


def recorded(folder: Path, platform: str) -> set[str]:
    """What `decode` finds in the evening's recording, which holds no secret."""
    (tape,) = folder.glob("*.jsonl")
    assert "secret" not in tape.read_text(encoding="utf-8")
    out = io.StringIO()
    decoding.run(platform, tape, out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    return {one["text"] for one in found if one["type"] == "comment"}


@pytest.mark.parametrize("way", STAGES)
async def test_it_is_heard_from_the_first_word_to_the_end(way: str, tmp_path: Path) -> None:
    """Connect, history, live, a second delivery, a deletion, a broken line, the end, in this order, and recorded."""
    async with STAGES[way].set_up() as stage:
        if "history" not in stage.lacks:
            await stage.before(Said(1, "trước giờ"))
        async with evening(stage, tmp_path, record=tmp_path / "tape") as show:
            if "history" not in stage.lacks:
                (old,) = await show.until_heard("trước giờ")
                assert old["history"]
            if stage.greets:
                await show.until(lambda: "live" in show.states)

            await stage.say(Said(2, "chào shop"))
            found = await show.until_heard("chào shop")
            assert "live" in show.states
            assert not found[-1]["history"]
            assert found[-1]["platform"] == (stage.site or stage.platform)
            assert found[-1]["author"] == ("zalo user" if stage.platform == "zalo" else "Mai")

            await stage.say(Said(2, "chào shop"), Said(4, "đến sau"), Said(3, "viết trước"))
            heard = await show.until_heard("đến sau", "viết trước")
            texts = [one["text"] for one in heard if not one["history"]]
            assert texts == ["chào shop", "đến sau", "viết trước"], "each once, in the order of arrival"

            if "delete" not in stage.lacks:
                await stage.delete(Said(2, "chào shop"))
                await stage.say(Said(5, "sau khi xoá", who="43"))
                heard = await show.until_heard("sau khi xoá")
                gone = {one["text"] for one in heard if one["deleted"]}
                # Where a ban is all that is told, all that its author wrote is flagged.
                named = {"chào shop"} if way != "kick webhook" else {"chào shop", "đến sau", "viết trước"}
                assert gone == named

            if not stage.posted:
                await stage.drop()
                await show.until(lambda: "lost" in show.states)
                await stage.say(Said(2, "chào shop"), Said(7, "sau khi rớt"))
                heard = await show.until_heard("sau khi rớt")
                assert [one["text"] for one in heard].count("chào shop") == 1
        if stage.posted:  # the line that can break is ours: livesell is stopped and started again
            assert isinstance(stage, Posted)
            assert set(stage.statuses) <= {200, 202}
        else:
            assert next(one.reason for one in show.told if one.state == "lost")

        said = {one["text"] for one in heard}
        assert await asyncio.to_thread(recorded, tmp_path / "tape", stage.platform) == said

        async with evening(stage, tmp_path) as show:
            if not stage.posted and stage.greets:
                await show.until(lambda: "live" in show.states)
            before = len(await show.texts())
            await stage.say(Said(4, "đến sau"), Said(6, "kết nối lại"))
            heard = await show.until_heard("kết nối lại")
            assert [one["text"] for one in heard].count("đến sau") == 1
            assert len(heard) == before + 1, "what is delivered again after a restart is not heard again"
            if "end" not in stage.lacks:
                await stage.end()
                await show.until(lambda: show.states[-1] == "ended")
                assert show.told[-1].reason


@pytest.mark.parametrize("asked", [True, False], ids=["Retry-After", "no Retry-After"])
@pytest.mark.parametrize("way", with_case("rate limit"))
async def test_a_limit_is_waited_for(way: str, asked: bool, tmp_path: Path) -> None:
    """Told that it came too often, a source is lost, in words, until the time that it was told, else a while."""
    async with STAGES[way].set_up() as stage:
        wait = stage.limit(asked)
        async with evening(stage, tmp_path) as show:
            await show.until(lambda: "lost" in show.states)
            lost = show.states.index("lost")
            seconds = show.waits[lost]
            assert seconds is not None
            # A day's quota that is used up is waited for until the platform's midnight, whenever that is.
            assert wait - 1 < seconds < (wait + 1 if way != "youtube list" else 25 * 3600)
            assert show.told[lost].reason and "secret" not in show.told[lost].reason


@pytest.mark.parametrize("way", with_case("auth failure"))
async def test_a_login_that_is_not_taken_is_told(way: str, tmp_path: Path) -> None:
    """A source stops and says what a person has to do; a post without its proof is refused and nothing is stored."""
    async with STAGES[way].set_up() as stage:
        stage.refuse()
        async with evening(stage, tmp_path) as show:
            if isinstance(stage, Posted):
                await show.until(lambda: "live" in show.states)
                await stage.say(Said(1, "A1"))
                assert stage.statuses == [401]
                assert await show.texts() == []
                return
            await show.until(lambda: "stopped" in show.states)
            assert show.told[-1].reason and "secret" not in show.told[-1].reason


@pytest.mark.parametrize("way", with_case("auth failure"))
async def test_a_login_that_runs_out_loses_nothing(way: str, tmp_path: Path) -> None:
    """In the middle of the show: what was heard stays, the source stops in words, posts are refused."""
    async with STAGES[way].set_up() as stage, evening(stage, tmp_path) as show:
        if stage.greets:
            await show.until(lambda: "live" in show.states)
        await stage.say(Said(1, "A1"))
        await show.until_heard("A1")
        if isinstance(stage, Posted):
            stage.refuse()
            await stage.say(Said(2, "A2"))
            assert stage.statuses[-1] == 401
        else:
            await stage.expire()
            await show.until(lambda: "stopped" in show.states)
            assert show.told[-1].reason
        assert await show.texts() == ["A1"]


@pytest.mark.parametrize("way", with_case("silence"))
async def test_a_server_that_never_speaks_is_given_up(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepting a connection is not enough: after a while without a word the source is lost, in words."""
    async with STAGES[way].set_up() as stage:
        stage.mute(monkeypatch)
        async with evening(stage, tmp_path) as show:
            await show.until(lambda: "lost" in show.states)
            assert next(one for one in show.told if one.state == "lost").reason


@pytest.mark.parametrize("way", [way for way, stage in STAGES.items() if issubclass(stage, Posted)])
async def test_the_address_of_a_webhook_can_be_entered(way: str, tmp_path: Path) -> None:
    """The hello of a platform's page is answered as it wants; a source that has none says so."""
    async with STAGES[way].set_up() as stage, evening(stage, tmp_path) as show:
        await show.until(lambda: "live" in show.states)
        if way in CONFIRMS_BY:
            assert await stage.hello() == (200, "1158201444")  # type: ignore[attr-defined]
        else:
            http, address, key = stage.door
            async with http.get(address, headers=dict(key)) as answer:
                assert answer.status == (200 if way == "zalo" else 405)
