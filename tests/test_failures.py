"""What goes wrong with disks, files and clocks is told in words, loses nothing, and is over when its cause is."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from livesell import commands as c
from livesell import events as e
from livesell.config import Config, Server
from livesell.errors import StoreDamaged, StoreError
from livesell.ledger import Rules
from livesell.model import Code, Money, Product, quantity
from livesell.running import running
from livesell.show import Spine
from livesell.store import Asked, Said, Store, schema
from livesell.store.asks import Answer, Ask
from livesell.store.engine import one_view
from livesell.store.rebuild import compare
from livesell.web.shop import Shop
from tests import server as processes
from tests import shelves
from tests.exactreader import ExactReader
from tests.server import row, trouble

SOURCE = Path(__file__).parent / "fakes" / "disk.c"
COMPILER = shutil.which("cc")


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that makes a disk fail."""
    if sys.platform != "linux" or COMPILER is None:
        pytest.skip("a disk is made to fail by a small C library: needs Linux and a compiler")
    library = tmp_path_factory.mktemp("disk") / "disk.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


@pytest.fixture
async def server(tmp_path: Path, faulty: Path) -> AsyncIterator[processes.Server]:
    """A real server on a disk that fails when the file `fault` says so."""
    found = processes.Server(tmp_path, LD_PRELOAD=str(faulty), LIVESELL_FAULT=str(tmp_path / "fault"))
    found.start()
    try:
        await found.up()
        yield found
    finally:
        found.stop()


def fails(server: processes.Server, error: int, call: str = "write", only: Path | None = None) -> None:
    """From now on the disk fails."""
    (server.folder / "part").write_text(f"{error} {call} {only or ''}", encoding="utf-8")
    (server.folder / "part").replace(server.folder / "fault")


def works(server: processes.Server) -> None:
    """The disk works again."""
    (server.folder / "fault").unlink()


def stored(folder: Path) -> list[str]:
    """The comments that are in the file."""
    with sqlite3.connect(folder / "shop.db") as database:
        found = [name for (name,) in database.execute("SELECT message_id FROM comments ORDER BY id")]
    database.close()
    return found


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (errno.ENOSPC, 507, "disk_full", "the disk is full"),
        (errno.EROFS, 500, "failed", "the disk does not do what it is told"),
        (errno.EIO, 500, "failed", "the disk does not do what it is told"),
    ],
)
async def test_a_disk_that_takes_nothing_is_told_and_the_show_goes_on_after_it(
    server: processes.Server, error: int, status: int, code: str, words: str
) -> None:
    """Refused with a reason, told to an open page, reading goes on; by itself all is well when the disk is."""
    (server.folder / "shop.db.reserve").unlink()
    async with server.listening() as page:
        assert (await server.post(row(1)))[0] == 202
        await page.hears(lambda message: message["event"] and message["event"]["type"] == "comment")
        fails(server, error)
        answered, body = await server.post(row(2))
        assert (answered, body["code"]) == (status, code)
        assert words in body["error"]
        told = await page.hears(lambda message: trouble(message) == code)
        assert words in told["now"]["trouble"]["text"]
        assert (await server.get("/api/shows/current/orders"))[0] == 200
        works(server)
        await page.hears(lambda message: trouble(message) is None)
        assert (await server.post(row(2)))[0] == 202
        await page.hears(lambda message: "m2" in str(message) or message["number"] >= 8)
    server.stop()
    assert stored(server.folder) == ["m1", "m2"]
    assert "the database takes orders again" in server.logged()


async def test_the_room_that_is_kept_lets_the_show_be_closed(server: processes.Server) -> None:
    """A full disk gives up 8 MB first: orders are still taken, and the page says that it is not for long."""
    reserve = server.folder / "shop.db.reserve"
    assert reserve.stat().st_size == 8 << 20
    async with server.listening() as page:
        await page.hears(lambda message: message["event"])
        fails(server, errno.ENOSPC, "write", only=reserve)
        assert (await server.post(row(1)))[0] == 202
        await page.hears(lambda message: trouble(message) == "disk_low")
    assert not reserve.exists()
    assert "are given up; free some space now" in server.logged()


async def test_a_commit_that_the_disk_did_not_confirm_is_never_tried_again(server: processes.Server) -> None:
    """Writing stops and says why; a new start finds every acknowledged comment, and takes the others."""
    async with server.listening() as page:
        assert (await server.post(row(1)))[0] == 202
        fails(server, errno.EIO, "sync")
        answered, body = await server.post(row(2))
        assert (answered, body["code"]) == (500, "unsure")
        await page.hears(lambda message: trouble(message) == "unsure")
        works(server)
        assert (await server.post(row(3)))[1]["code"] == "unsure"
        assert (await server.get("/api/shows/current/orders"))[0] == 200
        server.kill()
        server.start()
        await server.up()
        assert (await server.post(row(2), row(3)))[0] == 202
    server.stop()
    assert stored(server.folder) == ["m1", "m2", "m3"]


# --- in this process ------------------------------------------------------------------------------------------------


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop at work in this process, with one product."""
    async with running(Config(folder=tmp_path, server=Server(port=0)), []) as (found, _):
        product = Product(code=Code("A2"), name="A2", price=Money(5))
        await found.writer.submit(Asked(None, (c.PutProduct(product=product),)))
        yield found


class Told:
    """What the feed is told of the database, as it comes."""

    def __init__(self, shop: Shop) -> None:
        self.codes: list[str | None] = []
        self.words: list[str] = []
        before = shop.writer.tell

        def tell(trouble: StoreError | None) -> None:
            self.codes.append(None if trouble is None else trouble.code)
            self.words.append(str(trouble))
            before(trouble)

        shop.writer.tell = tell

    async def hears(self, code: str | None, seconds: float = 15) -> None:
        """Wait until something was told."""
        async with asyncio.timeout(seconds):
            while code not in self.codes:  # noqa: ASYNC110 - told from another thread, one after the other
                await asyncio.sleep(0.02)


async def test_a_full_disk_holds_a_sources_comments_and_takes_them_afterwards(shop: Shop) -> None:
    """SQLite itself says that it is full; the comments wait and are counted, and each of them is taken once."""
    told = Told(shop)
    shop.store.reserve = None

    def most_pages(count: int) -> None:
        with shop.store.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={count}")

    await asyncio.to_thread(most_pages, 1)  # what is there stays, nothing more fits
    long = [shelves.comment(number, "hello " * 400) for number in range(30)]
    with pytest.raises(StoreError, match="the disk is full"):
        for one in long:
            await shop.writer.submit(Said(shop.show, "tiktok", (one,)))
    await told.hears("disk_full")
    assert shop.feed.trouble is not None
    assert await shop.look(lambda look: look.sums(shop.show)) is not None
    await asyncio.to_thread(most_pages, 1_000_000)
    await told.hears(None)
    for one in long:
        await shop.writer.submit(Said(shop.show, "tiktok", (one,)))
    assert len(await shop.look(lambda look: look.last_comments(shop.show))) == 30
    assert shop.feed.trouble is None


async def test_another_program_that_holds_the_file_is_named(shop: Shop) -> None:
    """The words name the process; what came meanwhile is stored once it lets go."""
    told = Told(shop)
    script = (
        "import sqlite3, sys, time\n"
        "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "held.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(  # noqa: ASYNC220 - it holds a lock, and nothing else
        [sys.executable, "-c", script, shop.store.place], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        await asyncio.to_thread(child.stdout.readline)
        with pytest.raises(StoreError, match="holds the database; close it") as refusal:
            await shop.writer.submit(Said(shop.show, "tiktok", (shelves.comment(1, "A2"),)))
        if sys.platform == "linux":
            assert f"(process {child.pid}) holds" in str(refusal.value)
        assert await shop.look(lambda look: look.products())
        waiting = asyncio.create_task(shop.writer.submit(Said(shop.show, "tiktok", (shelves.comment(2, "A2"),))))
        await asyncio.sleep(0.5)
    finally:
        child.kill()
        child.communicate()
    assert (await waiting).accepted == 1
    await told.hears(None)


def spoil(file: Path, table: str) -> None:
    """Overwrite the first page of a table, as a dying disk does."""
    with sqlite3.connect(file) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)


async def test_a_damaged_file_is_not_written_any_more(tmp_path: Path) -> None:
    """It is told with the way out; orders can still be read, and not a byte of the file changes."""
    store = shelves.reopen("sqlite:///shop.db", tmp_path)
    shelves.fill(store)
    store.close()
    spoil(tmp_path / "shop.db", "line_comments")
    before = (tmp_path / "shop.db").read_bytes()
    store = shelves.reopen("sqlite:///shop.db", tmp_path)
    try:
        assert len(shelves.orders(store)) == 3
        with pytest.raises(StoreDamaged, match=r"is damaged; stop, keep the file, and restore the last backup"):
            shelves.say(store, shelves.comment(99, "A2 1", "new"))
    finally:
        store.engine.dispose()
        store.readers.dispose()
    assert (tmp_path / "shop.db").read_bytes() == before


async def test_a_damaged_file_is_told_to_the_page_and_stops_the_writer(shop: Shop) -> None:
    """Once it was seen, nothing touches the file: each later ask gets the same words at once."""
    told = Told(shop)
    path = Path(shop.store.place)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    await asyncio.to_thread(shop.store.engine.dispose)
    spoil(path, "comments")
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            await shop.writer.submit(Said(shop.show, "tiktok", (shelves.comment(1, "A2"),)))
    await told.hears("damaged")
    assert shop.feed.trouble is not None
    assert "restore the last backup" in shop.feed.trouble["text"]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that is read-only, with a shop in it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        shutil.which("mount")
        and sys.platform == "linux"
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(disk)], capture_output=True, check=False
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("a read-only disk is made by mounting one, which is not allowed here (needs Linux and root)")
    try:
        store = shelves.reopen("sqlite:///shop.db", disk)
        shelves.fill(store)
        store.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_start_on_a_read_only_disk_says_which_folder(read_only: Path) -> None:
    """Exit 1 and one line."""
    environment = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "livesell", "run"], cwd=read_only, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 1
    said = done.stderr.decode()
    assert len(said.splitlines()) == 1
    assert str(read_only) in said
    assert "read-only" in said.lower()


# --- clocks ---------------------------------------------------------------------------------------------------------


class Clock:
    """A wall clock and the time that really passed."""

    def __init__(self) -> None:
        self.wall, self.passed = shelves.NOW, 0.0

    def passes(self, seconds: float, jump: float = 0) -> None:
        """Time passes, and the wall clock goes with it, and by a jump more."""
        self.passed += seconds
        self.wall += timedelta(seconds=seconds + jump)


class Ticking:
    """A shop that holds for ten minutes, on a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = Store("sqlite:///shop.db", folder=folder, rules=Rules(hold_minutes=10), reader=ExactReader())
        self.store.open()
        shelves.ask(self.store, c.OpenShow(), show=None)
        product = Product(code=Code("A1"), name="A1", price=Money(5), stock={"": quantity(9)})
        shelves.ask(self.store, c.PutProduct(product=product, stock={"": quantity(9)}))
        self.spine = Spine(
            self.store, self.submit, shelves.SHOW, [], clock=lambda: self.clock.wall, steady=lambda: self.clock.passed
        )

    async def submit(self, ask: Ask) -> Answer:
        """As the writer does."""
        answer = self.store.transact([ask], self.clock.wall)[0]
        assert answer.error is None, answer.error
        return answer

    async def says(self, number: int, who: str) -> None:
        """A claim comes."""
        await self.submit(Said(shelves.SHOW, "tiktok", (shelves.comment(number, "A1 1", who),)))

    def held(self) -> dict[str, float]:
        """What each buyer holds."""
        return {
            order["buyer"]["name"].removeprefix("Name-of-"): order["lines"][0]["reserved"]
            for order in shelves.orders(self.store)
            if order["lines"]
        }

    def events(self, kind: type[e.Event]) -> list[Any]:
        """The events of a kind."""
        from livesell.store.shelf import event_of

        with one_view(self.store.readers) as connection:
            bodies = list(connection.scalars(select(schema.events.c.body).order_by(schema.events.c.number)))
        return [event for event in map(event_of, bodies) if isinstance(event, kind)]


@pytest.fixture
def ticking(tmp_path: Path) -> Iterator[Ticking]:
    """A shop on a clock of its own."""
    found = Ticking(tmp_path)
    yield found
    found.store.close()


async def test_a_clock_that_jumps_ahead_lets_go_of_nothing(ticking: Ticking) -> None:
    """It is an event; what was held before runs out when the time has really passed, what came after likewise."""
    await ticking.spine.tick()
    await ticking.says(1, "mai")
    ticking.clock.passes(5, jump=3600)
    await ticking.spine.tick()
    assert [event.seconds for event in ticking.events(e.Jumped)] == [3600]
    assert ticking.held() == {"mai": 1}
    ticking.clock.passes(300)
    await ticking.says(2, "lin")
    await ticking.spine.tick()
    assert ticking.held() == {"mai": 1, "lin": 1}
    ticking.clock.passes(300)
    await ticking.spine.tick()
    assert ticking.held() == {"lin": 1}
    ticking.clock.passes(300)
    await ticking.spine.tick()
    assert ticking.held() == {}


async def test_a_clock_that_is_set_back_takes_no_order_back(ticking: Ticking) -> None:
    """The ledger's time never goes back, the queue stays the order of arrival, and the jump is an event."""
    await ticking.spine.tick()
    await ticking.says(1, "mai")
    ticking.clock.passes(5, jump=-7200)
    await ticking.says(2, "lin")
    await ticking.spine.tick()
    assert [event.seconds for event in ticking.events(e.Jumped)] == [-7200]
    times = [event.at for event in ticking.events(e.Event)]
    assert times == sorted(times)
    places = [event.place for event in ticking.events(e.Drafted)]
    assert places == sorted(places)
    with one_view(ticking.store.readers) as connection:
        assert compare(connection).differences == ()


async def test_a_clock_that_goes_as_it_should_says_nothing(ticking: Ticking) -> None:
    """Also when it drifts by some seconds, or a tick comes late."""
    for seconds in (5, 5.5, 300, 1):
        await ticking.spine.tick()
        ticking.clock.passes(seconds, jump=seconds / 20)
    assert ticking.events(e.Jumped) == []
