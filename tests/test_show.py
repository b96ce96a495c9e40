"""The spine: shows that open and go on, sources that break and come back, gaps that are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from livesell import commands as c
from livesell.adapter import Adapter, Decoded, Ear, Frame, Status
from livesell.config import Catalog, Config, Server
from livesell.errors import AdapterError, StoreFull
from livesell.ledger import Rules
from livesell.model import AuthorId, Comment, Ended, MessageId, Platform, ShowId
from livesell.registry import make_source
from livesell.running import running
from livesell.show import Listening, backoff, current
from livesell.store import Answer, Asked, Said, Store
from tests.exactreader import ExactReader
from tests.fakes.twitch_irc import TwitchIrc

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

Step = Callable[[Ear], Any]


class Scripted(Adapter):
    """A source that does, at each connection, what the test says."""

    platform = "scripted"
    place = "here"

    def __init__(self, *connections: list[Step], seller_ids: Iterable[str] = ()) -> None:
        super().__init__(None, name="scripted", seller_ids=seller_ids)
        self.connections = iter(connections)

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """Frames hold what is decoded already."""
        found: Iterable[Decoded] = frame.json
        return found

    async def run(self, ear: Ear) -> None:
        """The next connection."""
        for step in next(self.connections):
            await step(ear)


def live(ear: Ear) -> Any:
    """The line stands."""
    return ear.tell(Status("live"))


def says(*numbers: int, author: str = "mai") -> Step:
    """Comments come."""
    rows = [
        Comment(Platform("scripted"), MessageId(str(one)), AuthorId(author), author, f"A1 {one}") for one in numbers
    ]
    return lambda ear: ear.hear(Frame(json=rows))


def breaks(reason: str = "gone", *, permanent: bool = False, retry_after: float | None = None) -> Step:
    """The line breaks."""

    async def step(_: Ear) -> None:
        raise AdapterError(reason, permanent=permanent, retry_after=retry_after)

    return step


def raises(error: Exception) -> Step:
    """The adapter itself breaks."""

    async def step(_: Ear) -> None:
        raise error

    return step


class Desk:
    """What a source sends, and a clock that only sleeping moves."""

    def __init__(self) -> None:
        self.asks: list[Any] = []
        self.now = NOW
        self.slept: list[float] = []
        self.full = 0

    def clock(self) -> datetime:
        """The time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    async def submit(self, ask: Any) -> Answer:
        """Take an ask, unless the disk is full."""
        if self.full:
            self.full -= 1
            raise StoreFull("the disk is full")
        self.asks.append(ask)
        return Answer()

    def said(self) -> list[str]:
        """The ids of the comments that came through."""
        return [comment.id for ask in self.asks if isinstance(ask, Said) for comment in ask.comments]

    def states(self) -> list[tuple[str, str]]:
        """The states that the source was told to be in."""
        commands = [command for ask in self.asks if isinstance(ask, Asked) for command in ask.commands]
        return [(one.state, one.reason) for one in commands if isinstance(one, c.SourceIs)]

    def gaps(self) -> list[tuple[float, float]]:
        """Gaps in seconds since the start."""
        commands = [command for ask in self.asks if isinstance(ask, Asked) for command in ask.commands]
        return [
            ((one.since - NOW).total_seconds(), (one.until - NOW).total_seconds())
            for one in commands
            if isinstance(one, c.GapFound)
        ]


async def run(desk: Desk, *connections: list[Step], alive_at: datetime | None = None, **fields: Any) -> Listening:
    """Run a source to its end."""
    adapter = Scripted(*connections, **fields)
    one = Listening(ShowId(1), adapter, desk.submit, clock=desk.clock, alive_at=alive_at, sleep=desk.sleep)
    await asyncio.wait_for(one.run(), 5)
    return one


async def test_a_broken_line_comes_back_and_leaves_a_gap() -> None:
    """Lost, tried again after a wait, live: the time between is a gap, and comments after it say so."""
    desk = Desk()
    await run(desk, [live, says(1), breaks(retry_after=30)], [live, says(2)])
    assert desk.said() == ["1", "2"]
    assert desk.states() == [("live", ""), ("lost", "gone"), ("live", ""), ("ended", "")]
    assert desk.gaps() == [(0, 30)]
    after = [ask for ask in desk.asks if isinstance(ask, Said)][-1]
    assert (after.lost_since, after.lost_until) == (NOW, NOW + timedelta(seconds=30))


async def test_what_was_missed_while_the_program_was_down_is_a_gap_too() -> None:
    """After a crash the gap begins at the last sign of life that was stored."""
    desk = Desk()
    await run(desk, [live, says(1)], alive_at=NOW - timedelta(minutes=2))
    assert desk.gaps() == [(-120, 0)]


async def test_a_permanent_error_stops_the_source_with_its_reason() -> None:
    """Trying again would be useless; a person must act."""
    desk = Desk()
    await run(desk, [breaks("the key is wrong", permanent=True)])
    assert desk.states() == [("stopped", "the key is wrong")]
    assert desk.slept == []


async def test_an_adapter_that_raises_anything_is_only_lost() -> None:
    """A mistake in somebody's adapter does not end the program."""
    desk = Desk()
    await run(desk, [raises(ZeroDivisionError())], [live, says(1)])
    assert desk.states()[0] == ("lost", "ZeroDivisionError in the adapter")
    assert desk.said() == ["1"]


async def test_the_end_of_the_stream_ends_the_source_only() -> None:
    """Its reason is told; what came before is stored."""
    desk = Desk()

    async def ends(ear: Ear) -> None:
        await ear.take([Ended("the host went offline")])

    await run(desk, [live, says(1), ends])
    assert desk.states()[-1] == ("ended", "the host went offline")


async def test_a_full_disk_holds_the_source_and_drops_nothing() -> None:
    """The same comments are offered again until they are stored."""
    desk = Desk()
    desk.full = 3
    await run(desk, [says(1, 2)])
    assert desk.said() == ["1", "2"]
    assert len(desk.slept) == 3


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("@Nui.Herbs ơi chốt A1", "ơi chốt A1"),
        ("@nui.herbs, A1 x2", "A1 x2"),
        ("@nui.herbs", "@nui.herbs"),
        ("@lin A1 x2", "@lin A1 x2"),
        ("A1 x2 @nui.herbs", "A1 x2 @nui.herbs"),
    ],
)
async def test_who_speaks_to_the_seller_by_her_handle_speaks_of_nobody_else(text: str, heard: str) -> None:
    """Her own name before a comment goes; another viewer's stays, and so does a name that is all of it."""
    comment = Comment(Platform("tiktok"), MessageId("1"), AuthorId("mai"), "mai", text)
    desk = Desk()
    adapter = make_source({"platform": "tiktok", "user": "@Nui.Herbs"})
    await Listening(ShowId(1), adapter, desk.submit, clock=desk.clock).take([comment])
    assert [one.text for ask in desk.asks for one in ask.comments] == [heard]


@pytest.mark.parametrize(
    ("table", "handle"),
    [
        ({"platform": "tiktok", "user": "@Nui"}, "nui"),
        ({"platform": "twitch", "channel": "#Nui"}, "nui"),
        ({"platform": "kick", "channel": "Nui"}, "nui"),
        ({"platform": "instagram", "account": "Nui"}, "nui"),
        ({"platform": "youtube", "channel": "@Nui"}, "nui"),
        ({"platform": "youtube", "video": "dQw0live_01"}, None),
        ({"platform": "facebook", "page": "Nui"}, "nui"),
        ({"platform": "facebook", "page": "100200300"}, None),
        ({"platform": "facebook", "video": "5550001"}, None),
        ({"platform": "http"}, None),
    ],
)
def test_a_source_knows_what_viewers_call_the_seller(table: dict[str, str], handle: str | None) -> None:
    """Where the configuration says it: the handle, the channel, the page."""
    assert make_source(table).handles == (frozenset() if handle is None else {handle})


async def test_the_sellers_own_account_is_the_seller() -> None:
    """By the ids that the configuration names."""
    desk = Desk()
    await run(desk, [says(1, author="shop"), says(2, author="mai")], seller_ids=["shop"])
    roles = [comment.role for ask in desk.asks if isinstance(ask, Said) for comment in ask.comments]
    assert roles == ["seller", "viewer"]


def test_the_backoff_doubles_under_full_jitter() -> None:
    """Never above its roof, never above a minute, and by chance anywhere below."""
    assert [backoff(attempt, lambda: 1.0) for attempt in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff(5, lambda: 0.5) == 16


# --- the show's life ------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """An empty shop."""
    opened = Store("sqlite:///shop.db", folder=tmp_path, rules=Rules(), reader=ExactReader())
    opened.open()
    yield opened
    opened.close()


def submitting(store: Store, now: datetime) -> Any:
    """Asks go to the store at a time."""

    async def submit(ask: Any) -> Answer:
        return store.transact([ask], now)[0]

    return submit


async def test_a_young_show_goes_on_and_an_old_one_ends(store: Store) -> None:
    """Within twelve hours of its last event a restart goes on; later the show ended then, and a new one opens."""
    first = await current(store, submitting(store, NOW), NOW)
    later = NOW + timedelta(hours=11)
    assert await current(store, submitting(store, later), later) == first
    much_later = NOW + timedelta(hours=13)
    second = await current(store, submitting(store, much_later), much_later)
    assert second == first + 1
    ended = store.book.show(first)
    assert ended is not None
    assert (ended.status, ended.ended_at) == ("ended", NOW)


async def test_an_ended_show_is_not_opened_by_a_restart(store: Store) -> None:
    """A person ends it; the next run opens a new one."""
    first = await current(store, submitting(store, NOW), NOW)
    store.transact([Asked(first, (c.EndShow(),))], NOW)
    assert await current(store, submitting(store, NOW), NOW) == first + 1


# --- the real thing -------------------------------------------------------------------------------------------------


def privmsg(number: int, who: str, text: str) -> str:
    """A line of Twitch's chat."""
    return f"@id=t{number};user-id={who};display-name={who};room-id=7001 :{who}!{who}@x PRIVMSG #shop :{text}"


async def eventually(condition: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not (found := await condition()):  # noqa: ASYNC110 - the condition is in another process's hands
            await asyncio.sleep(0.02)
    return found


async def test_a_show_hears_http_and_twitch_and_confirms_onto_the_overlay(tmp_path: Path) -> None:
    """One shop, two ways in: orders are drafted from both, and a confirmed buyer stands on the overlay's feed."""
    (tmp_path / "products.csv").write_text("code,name,price,stock\nH1,Trà rừng,90000,5\n", encoding="utf-8")
    async with TwitchIrc("shop").serving() as twitch:
        config = Config(server=Server(port=0), catalog=Catalog(file="products.csv"), folder=tmp_path)
        source = make_source({"platform": "twitch", "channel": "shop", "url": twitch.url})
        async with running(config, [source]) as (shop, address), ClientSession() as http:
            key = {"Authorization": f"Bearer {shop.guard.keys.of('seller')}"}
            screen_key = {"Authorization": f"Bearer {shop.guard.keys.of('overlay')}"}

            async def orders() -> list[dict[str, Any]]:
                async with http.get(f"{address}/api/shows/current/orders", headers=key) as answer:
                    found: list[dict[str, Any]] = await answer.json()
                    return found

            await twitch.say(privmsg(1, "lin", "H1 2 gói"), privmsg(2, "an", "đẹp quá"))
            row = {"id": "1", "author_id": "mai", "author": "Mai", "text": "chốt H1"}
            async with http.post(f"{address}/api/shows/current/comments", json=row, headers=key) as answer:
                assert answer.status == 202

            async def both() -> Any:
                return await orders() if len(await orders()) == 2 else None

            found = await eventually(both)
            assert {order["buyer"]["platform"] for order in found} == {"twitch", "http"}
            async with http.ws_connect(f"{address}/feed", headers=screen_key) as screen:
                assert (await screen.receive_json())["now"]["buyers"] == []
                mine = next(order for order in found if order["buyer"]["platform"] == "twitch")
                command = {"type": "confirm", "order": mine["code"]}
                async with http.post(f"{address}/api/shows/current/commands", json=command, headers=key) as answer:
                    assert answer.status == 200
                while (told := await asyncio.wait_for(screen.receive_json(), 5))["event"] is None:
                    pass
                assert told["now"]["buyers"][0]["name"] == "lin"

            await twitch.drop()

            async def lost() -> Any:
                states = await shop.look(lambda look: look.sources(shop.show))
                return states if states[0]["state"] == "lost" else None

            await eventually(lost)

            async def back() -> Any:
                states = await shop.look(lambda look: look.sources(shop.show))
                return states if states[0]["state"] == "live" else None

            await eventually(back)
            await twitch.say(privmsg(1, "lin", "H1 2 gói"), privmsg(3, "hoa", "H1"))

            async def three() -> Any:
                return await orders() if len(await orders()) == 3 else None

            assert len(await eventually(three)) == 3
