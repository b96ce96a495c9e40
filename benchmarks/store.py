"""What the book costs: the real store call with the desk in it, against the barest statements that write the same rows.

python -m benchmarks.store [batches latency flood replay page postgres] [--real] [--orders 1000000] [--flood 60]

The bare rivals carry out the very statements and rows that livesell wrote, in every table, on a copy of the same
database with the same settings. Everything is interleaved; figures are medians of five rounds. `--real` reads comments
with the real parser (which `benchmarks.reading` measures); else readings are ready, and only the book is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import platform
import random
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Engine, event, insert, select

from livesell import commands as c
from livesell import lexicon
from livesell.errors import StoreBusy
from livesell.ledger import LineState, OrderState, Rules
from livesell.model import (
    AuthorId,
    BuyerId,
    Code,
    Comment,
    CommentId,
    IdentityId,
    LineId,
    MessageId,
    Money,
    OrderId,
    Platform,
    Product,
    ShowId,
    quantity,
)
from livesell.ordercode import order_code
from livesell.parser import Parser
from livesell.store import Asked, Said, Store, rows, schema
from livesell.store.engine import PRAGMAS
from livesell.store.overview import Overview, looking
from livesell.store.shelf import LINES_OF, chunks, preload_orders
from livesell.store.writer import Writer
from tests.exactreader import ExactReader
from tests.postgres import Cluster, without_server

ROUNDS = 5
BATCH = 100
BATCHES = 10
PEOPLE = 400
CHATTER = ("hello", "how much is it?", "đẹp quá chị ơi", "ship Hà Nội không ạ", "chào cả nhà", "hay quá", "❤️❤️")

Statement = tuple[str, list[Any]]
"""A statement, and the rows that it was carried out with."""


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def reader(real: bool) -> Any:
    """What reads: the parser, or readings that cost nothing."""
    return Parser((), lexicon.load(("vi", "en")), country="VN") if real else ExactReader()


def shop(folder: Path, url: str = "sqlite:///shop.db", *, real: bool = False) -> Store:
    """A shop with an open show and thirty products."""
    store = Store(url, folder=folder, rules=Rules(), reader=reader(real))
    store.open()
    carry_out(store, Asked(None, (c.OpenShow(),)))
    for number in range(1, 31):
        stock = {"": quantity(100_000)} if number % 3 else None
        product = Product(code=Code(f"P{number}"), name=f"Sản phẩm {number}", price=Money(90_000), stock=stock)
        carry_out(store, Asked(None, (c.PutProduct(product=product, stock=stock),)))
    return store


def carry_out(store: Store, ask: Any) -> None:
    """Carry out one ask."""
    answer = store.transact([ask], now())[0]
    if answer.error is not None:
        raise answer.error


class Viewers:
    """Comments of some hundred people; `claims` is the share that asks for something."""

    def __init__(self, claims: float, seed: int = 7) -> None:
        self.chance, self.claims, self.number = random.Random(seed), claims, 0

    def comment(self) -> Comment:
        """The next."""
        self.number += 1
        who = f"u{self.chance.randrange(PEOPLE)}"
        if self.chance.random() < self.claims:
            text = f"P{self.chance.randint(1, 30)} {self.chance.randint(1, 3)}"
        else:
            text = self.chance.choice(CHATTER)
        return Comment(Platform("bench"), MessageId(f"{self.claims}-{self.number}"), AuthorId(who), who, text)

    def batch(self, count: int = BATCH) -> Said:
        """So many of them, as one source delivers them."""
        return Said(ShowId(1), "bench", tuple(self.comment() for _ in range(count)))


@contextlib.contextmanager
def written(engine: Engine) -> Iterator[list[list[Statement]]]:
    """Write down, transaction by transaction, what is written into tables."""
    found: list[list[Statement]] = []

    def begin(_: Any) -> None:
        found.append([])

    def execute(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            if "json_to_recordset(" in statement:
                found[-1].append(row_by_row(statement, parameters))
            else:
                found[-1].append((statement, list(parameters) if many else [parameters]))

    event.listen(engine, "begin", begin)
    event.listen(engine, "before_cursor_execute", execute)
    try:
        yield found
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "before_cursor_execute", execute)


def row_by_row(statement: str, parameters: Sequence[str]) -> Statement:
    """A statement over a JSON document as a plain one over its rows."""
    found = json.loads(parameters[0])
    if statement.startswith("INSERT"):
        places = ", ".join(["%s"] * len(found[0]))
        plain = re.sub(
            r"SELECT .* FROM json_to_recordset\(.*? AS found \(.*?\)(?= ON|$)", f"VALUES ({places})", statement
        )
        return plain, [tuple(row.values()) for row in found]
    return statement, [(json.dumps([row]),) for row in found]


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


# --- batches --------------------------------------------------------------------------------------------------------


def bare(file: Path) -> sqlite3.Connection:
    """A bare connection with livesell's settings."""
    connection = sqlite3.connect(file, isolation_level=None)
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")
    return connection


def many(connection: sqlite3.Connection, batches: Sequence[Sequence[Statement]]) -> None:
    """The same rows by executemany, a transaction a batch."""
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        for statement, parameters in batch:
            connection.executemany(statement, parameters)
        connection.execute("COMMIT")


def one_by_one(batch: Sequence[Statement], count: int) -> Iterator[list[tuple[str, Any]]]:
    """A batch's rows dealt out to as many commits as there were comments."""
    for number in range(count):
        yield [
            (statement, row)
            for statement, parameters in batch
            for row in parameters[number * len(parameters) // count : (number + 1) * len(parameters) // count]
        ]


async def row_commits(file: Path, batches: Sequence[Sequence[Statement]]) -> float:
    """The same rows by aiosqlite, a commit a comment; seconds."""
    async with aiosqlite.connect(file, isolation_level=None) as connection:
        for name, value in PRAGMAS.items():
            await connection.execute(f"PRAGMA {name}={value}")
        begin = time.perf_counter()
        for batch in batches:
            for commit in one_by_one(batch, BATCH):
                await connection.execute("BEGIN IMMEDIATE")
                for statement, row in commit:
                    await connection.execute(statement, row)
                await connection.execute("COMMIT")
        return time.perf_counter() - begin


def batches(folder: Path, real: bool) -> None:
    """Batches of a hundred comments: livesell, executemany, aiosqlite."""
    for words, claims in (("chatter", 0.0), ("a third of claims", 1 / 3)):
        times: list[tuple[float, float, float]] = []
        place = folder / f"batches-{claims:.1f}"
        place.mkdir()
        store = shop(place, real=real)
        viewers = Viewers(claims)
        carry_out(store, viewers.batch(PEOPLE * 4))  # everybody is known, and everything compiled
        for number in range(ROUNDS):
            wanted = [viewers.batch() for _ in range(BATCHES)]
            store.close()
            copies = [place / f"copy-{number}-{which}.db" for which in range(2)]
            for copy in copies:
                shutil.copy(place / "shop.db", copy)
            with written(store.engine) as found:
                store.transact([viewers.batch(1)], now())
                found.clear()
                # Once more on the other copies, what this writes is carried out there as it is.
                begin = time.perf_counter()
                for one in wanted:
                    store.transact([one], now())
                mine = time.perf_counter() - begin
            raw = bare(copies[0])
            theirs = timed(lambda raw=raw, found=found: many(raw, found))  # type: ignore[misc]
            raw.close()
            times.append((mine, theirs, asyncio.run(row_commits(copies[1], found))))
            for copy in copies:
                copy.unlink()
        store.close()
        told(f"batches of {BATCH}, {words}{', real parser' if real else ''}", times, BATCHES * BATCH)


def told(words: str, times: Sequence[tuple[float, float, float]], count: int) -> None:
    """Medians a comment, and the ratios by round."""
    mine, many_, single = (statistics.median(column) / count * 1e6 for column in zip(*times, strict=True))
    over = statistics.median(one / other for one, other, _ in times)
    under = statistics.median(other / one for one, _, other in times)
    print(
        f"{words}: livesell {mine:.0f} µs a comment, executemany {many_:.0f} ({over:.1f} ×), "
        f"aiosqlite row commits {single:.0f} ({under:.1f} × slower)",
        flush=True,
    )


# --- latency --------------------------------------------------------------------------------------------------------


async def at_rate(store: Store, viewers: Viewers, rate: float, seconds: float) -> list[float]:
    """From submitting one comment to its durable answer, at so many a second; seconds."""
    writer = Writer(store, lambda *_: None)
    writer.start()
    taken: list[float] = []

    async def submit(ask: Said) -> None:
        begin = time.perf_counter()
        await writer.submit(ask)
        taken.append(time.perf_counter() - begin)

    tasks: set[asyncio.Task[None]] = set()
    begin = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        task = asyncio.create_task(submit(viewers.batch(1)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    await writer.stop()
    return taken


def latency(folder: Path, real: bool) -> None:
    """One comment at 100 and at 1,000 a second, against one bare commit of a comment's rows."""
    sys.setswitchinterval(0.0005)
    place = folder / "latency"
    place.mkdir()
    store = shop(place, real=real)
    viewers = Viewers(1 / 3)
    carry_out(store, viewers.batch(PEOPLE * 4))
    store.close()
    shutil.copy(place / "shop.db", place / "bare.db")
    times: dict[str, list[float]] = {"bare": [], "100": [], "1000": []}
    connection = bare(place / "bare.db")
    connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, body TEXT)")
    for _ in range(ROUNDS):
        commits = []
        for _ in range(200):
            commits.append(timed(lambda: single(connection)))
            time.sleep(0.005)
        times["bare"].append(statistics.median(commits))
        for rate in (100, 1000):
            seconds = 4.0 if rate == 100 else 2.0
            times[str(rate)].append(statistics.median(asyncio.run(at_rate(store, viewers, rate, seconds))))
    connection.close()
    store.close()
    one, slow, fast = (statistics.median(times[name]) * 1000 for name in ("bare", "100", "1000"))
    print(
        f"submit to durable{', real parser' if real else ''}: one bare commit {one:.2f} ms; at 100/s {slow:.2f} ms "
        f"(aim {3 * one + 2:.2f}), at 1,000/s {fast:.2f} ms (aim {1.5 * slow:.2f})",
        flush=True,
    )


def single(connection: sqlite3.Connection) -> None:
    """One bare commit of one row."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO kept (body) VALUES (?)", ("x" * 300,))
    connection.execute("COMMIT")


# --- flood ----------------------------------------------------------------------------------------------------------


async def flooded(store: Store, viewers: Viewers, rate: float, seconds: float) -> None:
    """So many comments a second, each submitted by itself; prints how the queue and the time to durable went."""
    writer = Writer(store, lambda *_: None)
    writer.start()
    tasks: set[asyncio.Task[None]] = set()
    taken: list[tuple[float, float]] = []
    begin = time.perf_counter()

    async def submit(ask: Said) -> None:
        nonlocal refused
        started = time.perf_counter()
        try:
            await writer.submit(ask)
            taken.append((started - begin, time.perf_counter() - started))
        except StoreBusy:
            refused += 1

    deepest: list[int] = []
    sent = refused = 0
    spent = time.process_time()
    while (passed := time.perf_counter() - begin) < seconds:
        due = int(passed * rate) - sent
        for _ in range(due):
            task = asyncio.create_task(submit(viewers.batch(1)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        sent += due
        deepest.append(len(tasks))
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    late = time.perf_counter() - begin - seconds
    spent = (time.process_time() - spent) / sent * 1e6
    await writer.stop()
    parts = [[time_ for at, time_ in taken if seconds * k / 6 <= at < seconds * (k + 1) / 6] for k in range(6)]
    medians = " ".join(f"{statistics.median(part) * 1000:.0f}" for part in parts if part)
    quarter = len(deepest) // 4
    print(
        f"flood: {sent} comments in {seconds:.0f} s ({sent / seconds:.0f}/s), all durable {late:.2f} s after the last; "
        f"{refused} refused because too much waited; {spent:.0f} µs of processor time a comment; "
        f"waiting (median) first quarter {statistics.median(deepest[:quarter]):.0f}, "
        f"last {statistics.median(deepest[-quarter:]):.0f}; p50 by sixths {medians} ms",
        flush=True,
    )


def flood(folder: Path, real: bool, seconds: float) -> None:
    """3,000 comments a second, a third of them claims."""
    sys.setswitchinterval(0.0005)
    place = folder / "flood"
    place.mkdir()
    store = shop(place, real=real)
    viewers = Viewers(1 / 3)
    carry_out(store, viewers.batch(PEOPLE * 4))
    asyncio.run(flooded(store, viewers, 3000, seconds))
    store.close()


# --- replay ---------------------------------------------------------------------------------------------------------


def replay(folder: Path, real: bool) -> None:
    """100,000 comments that are known already, against a bare upsert of their rows."""
    place = folder / "replay"
    place.mkdir()
    store = shop(place, real=real)
    viewers = Viewers(1 / 3)
    known = [viewers.batch(500) for _ in range(200)]
    for one in known:
        carry_out(store, one)
    store.close()
    shutil.copy(place / "shop.db", place / "bare.db")
    connection = bare(place / "bare.db")
    columns = [column.name for column in schema.comments.columns]
    found = connection.execute(f"SELECT {', '.join(columns)} FROM comments ORDER BY id").fetchall()
    upsert = (
        f"INSERT INTO comments ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        'ON CONFLICT ("show", platform, message_id) DO NOTHING'
    )

    def again() -> None:
        for one in known:
            answer = store.transact([one], now())[0]
            assert answer.duplicates == 500

    def upserted() -> None:
        for part in chunks(found, 500):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(upsert, part)
            connection.execute("COMMIT")

    times = [(timed(again), timed(upserted)) for _ in range(ROUNDS)]
    connection.close()
    store.close()
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"replay of {len(found):,} known comments: livesell {mine:.2f} s, bare upsert {theirs:.2f} s "
        f"({statistics.median(one / other for one, other in times):.2f} ×)",
        flush=True,
    )


# --- pages ----------------------------------------------------------------------------------------------------------


def filled(folder: Path, count: int) -> Store:
    """A show with so many orders of three lines."""
    place = folder / f"page-{count}"
    place.mkdir()
    store = shop(place)
    columns: dict[Any, Callable[[int], dict[str, Any]]] = {
        schema.identities: lambda n: {"id": n, "platform": "bench", "author_id": f"u{n}", "name": f"u{n}", "buyer": n},
        schema.orders: lambda n: {
            **rows.order_row(an_order(n)),
        },
    }
    with store.engine.begin() as connection:
        for begin in range(1, count + 1, 20_000):
            numbers = range(begin, min(begin + 20_000, count + 1))
            for table, row in columns.items():
                connection.execute(insert(table), [row(number) for number in numbers])
            lines = [rows.line_row(a_line(number, which)) for number in numbers for which in range(3)]
            connection.execute(insert(schema.lines), lines)
    with store.engine.connect() as connection:
        connection.rollback()
    store.close()
    return store


def an_order(number: int) -> Any:
    """An order."""
    return OrderState(
        OrderId(number), ShowId(1), number, order_code(number), BuyerId(number), "draft", now(), IdentityId(number)
    )


def a_line(order: int, which: int) -> Any:
    """A line of an order."""
    return LineState(
        LineId(order * 3 + which),
        OrderId(order),
        ShowId(1),
        IdentityId(order),
        Code(f"P{1 + which}"),
        {},
        quantity(1),
        Money(90_000),
        True,
        order * 3 + which,
        reserved=quantity(1),
        variant="",
        comments=(CommentId(order),),
    )


def page(folder: Path, orders: int) -> None:
    """Fifty orders with their lines in the middle of a small and of a large show, and by OFFSET.

    First the statements alone (orders, then their lines), then with orders and lines made of the rows, then the whole
    page as it is shown, with people, what became of their other orders, goods and sums. Processor time: nothing here
    waits for a disk.
    """
    small, large = filled(folder, 1_000), filled(folder, orders)
    every = select(schema.orders).where(schema.orders.c.show == 1).order_by(schema.orders.c.id).limit(50)

    def by_key(look: Overview, at: int) -> Sequence[Any]:
        last = look.connection.scalar(select(schema.orders.c.id).where(schema.orders.c.code == order_code(at)))
        return look.connection.execute(every.where(schema.orders.c.id > last)).all()

    def by_offset(look: Overview, at: int) -> Sequence[Any]:
        return look.connection.execute(every.offset(at)).all()

    def cost(store: Store, at: int, found: Callable[[Overview, int], Sequence[Any]], depth: int) -> float:
        count = 5 if found is by_offset and at > 10_000 else 30
        begin = time.process_time()
        for _ in range(count):
            with looking(store.readers, "VND", 0) as look:
                orders_ = found(look, at)
                if depth == 0:
                    look.connection.execute(LINES_OF, {"ids": [row.id for row in orders_]}).all()
                    continue
                states = [rows.order_state(row) for row in orders_]
                if depth == 1:
                    preload_orders(look.book, look.connection, states)
                else:
                    assert len(look._orders(states)) == 50
        return (time.process_time() - begin) / count * 1000

    for depth, words in enumerate(("statements", "orders and lines", "whole page")):
        times = [
            (
                cost(small, 500, by_key, depth),
                cost(large, orders // 2, by_key, depth),
                cost(large, orders // 2, by_offset, depth),
            )
            for _ in range(ROUNDS)
        ]
        few, lots, slow = (statistics.median(column) for column in zip(*times, strict=True))
        print(
            f"order page, {words}: {few:.2f} ms at 1,000 orders, {lots:.2f} ms at {orders:,} "
            f"({statistics.median(two / one for one, two, _ in times):.2f} ×); OFFSET half way {slow:.1f} ms "
            f"({statistics.median(three / two for _, two, three in times):.1f} × slower)",
            flush=True,
        )
    for store in (small, large):
        store.close()


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def postgres(folder: Path, real: bool) -> None:
    """The same batches on a server, against a commit a comment of the same rows."""
    import psycopg

    reason = without_server()
    if reason is not None:
        print(f"PostgreSQL: left out, {reason}")
        return
    cluster = Cluster()
    try:
        base = cluster.url.rpartition("/")[0]
        for words, claims in (("chatter", 0.0), ("a third of claims", 1 / 3)):
            name = f"bench{int(claims * 10)}"
            with psycopg.connect(cluster.url, autocommit=True) as server:
                server.execute(f"CREATE DATABASE {name}".encode())
            store = shop(folder, f"{base}/{name}", real=real)
            viewers = Viewers(claims)
            carry_out(store, viewers.batch(PEOPLE * 4))
            times = []
            for number in range(ROUNDS):
                wanted = [viewers.batch() for _ in range(BATCHES)]
                copy = f"{name}_{number}"
                store.engine.dispose()
                store.readers.dispose()
                with psycopg.connect(cluster.url, autocommit=True) as server:
                    server.execute(f"CREATE DATABASE {copy} TEMPLATE {name}".encode())
                store.fresh = False
                with written(store.engine) as found:
                    store.transact([viewers.batch(1)], now())
                    del found[:]
                    begin = time.perf_counter()
                    for one in wanted:
                        store.transact([one], now())
                    mine = time.perf_counter() - begin
                with psycopg.connect(f"{base}/{copy}") as connection, connection.cursor() as cursor:
                    begin = time.perf_counter()
                    for batch in found:
                        for commit in one_by_one(batch, BATCH):
                            for statement, row in commit:
                                cursor.execute(statement.encode(), row)
                            connection.commit()
                    times.append((mine, time.perf_counter() - begin))
            store.close()
            mine, theirs = (statistics.median(column) / BATCHES / BATCH * 1e6 for column in zip(*times, strict=True))
            ratio = statistics.median(other / one for one, other in times)
            print(
                f"PostgreSQL, batches of {BATCH}, {words}: livesell {mine:.0f} µs a comment, row commits {theirs:.0f} "
                f"({ratio:.1f} × slower)",
                flush=True,
            )
    finally:
        cluster.remove()


def main() -> None:
    """Measure what was asked for, or all of it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", nargs="*", default=["batches", "latency", "flood", "replay", "page", "postgres"])
    arguments.add_argument("--real", action="store_true", help="read with the real parser")
    arguments.add_argument("--orders", type=int, default=1_000_000)
    arguments.add_argument("--flood", type=float, default=60)
    given = arguments.parse_args()
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}")
    with tempfile.TemporaryDirectory(prefix="livesell-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for what in given.what:
            if what == "flood":
                flood(folder, given.real, given.flood)
            elif what == "page":
                page(folder, given.orders)
            else:
                {"batches": batches, "latency": latency, "replay": replay, "postgres": postgres}[what](
                    folder, given.real
                )


if __name__ == "__main__":
    main()
