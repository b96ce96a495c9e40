"""Plays the recorded show through the replay adapter, with the taps of that evening, and tells what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from msgspec.structs import replace

from livesell import bundle, registry
from livesell import commands as c
from livesell.adapter import Decoded, Ear, Frame, Gap, Status
from livesell.config import Catalog, Config, Server, Shop
from livesell.errors import Refused
from livesell.model import Code
from livesell.running import banner, running, until_stopped
from livesell.store import Asked
from livesell.web.shop import Shop as Running

FOLDER = bundle.PACKAGE / "demo"
SHOW = FOLDER / "show.jsonl"
GOODS = FOLDER / "products.csv"

LANGUAGES = ("vi", "en", "bn")


class Clock:
    """The evening's own time where it is played at once; real time otherwise."""

    def __init__(self, start: datetime | None = None) -> None:
        self.start = start or datetime.now(UTC)
        self.at: float | None = None if start is None else 0.0

    def __call__(self) -> datetime:
        """The time."""
        return datetime.now(UTC) if self.at is None else self.start + timedelta(seconds=self.at)

    def go_to(self, seconds: float) -> None:
        """Let the evening's time be so many seconds after its start; it never goes back."""
        if self.at is not None:
            self.at = max(self.at, seconds)


class Director:
    """The ear between the recording and the show: taps in the recording become commands, and time passes."""

    def __init__(self, ear: Ear, stage: Stage) -> None:
        self.ear, self.stage = ear, stage

    async def hear(self, frame: Frame) -> None:
        """A row of the recording: a comment for the show, or a tap."""
        row: dict[str, Any] = frame.json
        clock = self.stage.clock
        clock.go_to(row.get("at", 0))
        command = self.stage.command(row)
        if command is not None:
            await self.stage.tap(command)
            return
        if clock.at is not None and row.get("type", "comment") == "comment":
            written = clock.start + timedelta(seconds=row.get("written", row.get("at", 0)))
            frame = replace(frame, json={**row, "sent_at": written.isoformat()})
        await self.ear.hear(frame)

    async def take(self, items: Iterable[Decoded]) -> None:
        """What is decoded already."""
        await self.ear.take(items)

    async def tell(self, status: Status | Gap) -> None:
        """How the recording is; when it comes back after a lost line, that much time has passed."""
        self.stage.clock.go_to(self.stage.back_at)
        await self.ear.tell(status)

    def beat(self) -> None:
        """A sign of life."""
        self.ear.beat()


class Stage(registry.adapter("replay")):  # type: ignore[misc] # which class it is, is known when it runs
    """The recording as a source of the show."""

    def __init__(self, settings: Any, clock: Clock) -> None:
        super().__init__(settings, name="demo")
        self.clock = clock
        self.shop: Running | None = None
        self.over = asyncio.Event()
        self.back_at = 0.0

    async def run(self, ear: Ear) -> None:
        """Play on; what the recording says of a lost line passes as time where it is played at once."""
        rows = map(json.loads, SHOW.read_text(encoding="utf-8").splitlines())
        drops = [row for row in rows if row.get("type") == "drop"]
        try:
            await super().run(Director(ear, self))
            self.over.set()
        finally:
            now = self.clock.at or 0.0
            gone = [row for row in drops if row["at"] >= now]
            if gone:
                self.back_at = gone[0]["at"] + gone[0].get("seconds", 0)

    def join(self, shop: Running) -> None:
        """The shop that the taps go to, before the recording begins."""
        self.shop = shop

    def command(self, row: dict[str, Any]) -> c.Command | None:
        """The command of a row that is a tap."""
        kind = row.get("type")
        if kind == "pin":
            return c.Pin(code=row["code"])
        if kind == "restock":
            return c.Restock(code=Code(row["code"]), by=row["by"], variant=row.get("variant", ""))
        if kind == "confirm":
            return c.Confirm()
        return None

    async def tap(self, command: c.Command) -> None:
        """Give a command as the helper did that evening; "confirm" means every draft that needs nothing."""
        assert self.shop is not None
        shop = self.shop
        if isinstance(command, c.Confirm):
            codes = await shop.look(
                lambda look: tuple(
                    order["code"]
                    for order in look.orders(shop.show, limit=500, status=("draft", "confirmed"))
                    if ready(order)
                )
            )
            if not codes:
                return
            command = c.Confirm(orders=codes)
        with contextlib.suppress(Refused):  # a tap that came too late does nothing, that evening as now
            await shop.writer.submit(Asked(shop.show, (command,)))


def ready(order: dict[str, Any]) -> bool:
    """Something new is held, and nothing is left to ask."""
    return order["fresh"] and all(line["settled"] and not line["pinned_before"] for line in order["lines"])


@contextlib.asynccontextmanager
async def playing(
    folder: Path, *, speed: float, port: int, start: datetime | None = None
) -> AsyncIterator[tuple[Running, str, Stage]]:
    """The recorded show at work in a folder of its own; with `start`, at once and in the evening's own time."""
    config = Config(
        shop=Shop(name="Gùi Núi", languages=LANGUAGES),
        server=Server(port=port) if port else Server(port=0),
        catalog=Catalog(file=str(GOODS)),
        folder=folder,
    )
    clock = Clock(start)
    settings = registry.adapter("replay").Settings(file=SHOW, speed=0 if start is not None else speed)
    stage = Stage(settings, clock)
    async with running(config, [stage], clock=clock, ready=stage.join) as (shop, address):
        yield shop, address, stage


async def demo(*, once: bool, speed: float, port: int, out: TextIO) -> None:
    """Play the show and keep serving; with `once`, at full speed, with a summary at the end."""
    # SQLite's log may still be open when Windows wants to remove the folder.
    with tempfile.TemporaryDirectory(prefix="livesell-demo-", ignore_cleanup_errors=True) as folder:
        began = time.monotonic()
        if once:
            async with playing(Path(folder), speed=0, port=0, start=datetime.now(UTC)) as (shop, _, stage):
                await stage.over.wait()
                print(await summary(shop, time.monotonic() - began), file=out)
            return
        async with playing(Path(folder), speed=speed, port=port) as (shop, address, stage):
            print(banner(shop, address, keys=True), file=out, flush=True)
            await watch(shop, stage, out)
            print(await summary(shop, time.monotonic() - began), file=out)
            print("The show is over; the pages stay open until Ctrl+C.", file=out, flush=True)
            await until_stopped()


async def summary(shop: Running, seconds: float) -> str:
    """What came of the show, a line a figure."""
    sums = await shop.look(lambda look: look.sums(shop.show))
    rate = sums["comments"] / seconds if seconds else 0
    figures = {
        "comments": sums["comments"],
        "orders": sums["orders"],
        "confirmed": sums["confirmed"],
        "waitlisted": sums["waiting"],
        "unclear": sums["unclear"],
        "revenue": f"{sums['confirmed_total']} {shop.currency}",
        "comments per second": f"{rate:.0f}",
    }
    return "\n".join(f"{name + ':':<21}{value}" for name, value in figures.items())


async def watch(shop: Running, stage: Stage, out: TextIO) -> None:
    """A table of the newest comments and the sums, drawn anew until the recording is over."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=out)
    if not console.is_terminal:
        await stage.over.wait()
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while not stage.over.is_set():
            live.update(await table(shop))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stage.over.wait(), 0.5)


async def table(shop: Running) -> Any:
    """The newest comments with how each was read."""
    from rich.table import Table
    from rich.text import Text

    newest, sums = await shop.look(lambda look: (look.last_comments(shop.show, 12), look.sums(shop.show)))
    made = Table(
        title=f"{sums['comments']} comments · {sums['orders']} orders · {sums['confirmed']} confirmed · "
        f"{sums['waiting']} waiting · {sums['unclear']} to ask",
        expand=True,
    )
    for heading in ("", "who", "says", "read as"):
        made.add_column(heading, no_wrap=True, overflow="ellipsis")
    for one in newest:
        lines = " ".join(f"{line['code']} ×{line['quantity']}" for line in one["lines"])
        read = "?" if one["unclear"] and one["unclear"]["open"] else lines or (one["intent"] or "")
        # Viewers' words are text to the terminal, never markup or control codes.
        made.add_row(one["platform"], *(Text(printable(words)) for words in (one["author"], one["text"], read)))
    return made


def printable(words: str) -> str:
    """One line of what a terminal may print."""
    return "".join(letter if letter.isprintable() else " " for letter in words[:200])
