"""The command `livesell`: arguments in, exit codes out; each command imports what it needs when it runs."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from livesell.config import Config

app = typer.Typer(
    name="livesell",
    help="Takes orders from livestream chat.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
catalog_app = typer.Typer(help="Goods in and out.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(catalog_app, name="catalog")
sources_app = typer.Typer(help="Where comments come from.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(sources_app, name="sources")
keys_app = typer.Typer(help="Who may come in.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(keys_app, name="keys")

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration (./config.toml).")]


def configured(path: Path | None) -> Config:
    """The configuration named, or ./config.toml, or all defaults where there is none."""
    from livesell.config import Config, load

    if path is not None:
        return load(path)
    if Path("config.toml").exists():
        return load(Path("config.toml"))
    return Config(folder=Path.cwd())


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Play at full speed, print a summary, stop.")] = False,
    speed: Annotated[float, typer.Option(help="How many times faster than it was.")] = 20,
    port: Annotated[int, typer.Option(help="The port to serve at; 0 takes a free one.")] = 8777,
) -> None:
    """Play a recorded show: overlay, control page, review page; no account, no network."""
    import asyncio

    from livesell.demo import play

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(play.demo(once=once, speed=speed, port=port, out=sys.stdout))


@app.command()
def run(
    config: ConfigOption = None,
    record: Annotated[Path | None, typer.Option(help="A folder for raw frames, to play again later.")] = None,
) -> None:
    """Run a show: listen, take orders, serve the pages; without a configuration, take the first steps."""
    import asyncio
    import gc

    # What is imported stays: looking through it for garbage while it loads takes a tenth of the start.
    gc.disable()
    from livesell import logs, running

    gc.freeze()
    gc.enable()

    first = config is None and not Path("config.toml").exists()
    settings = configured(config)
    logs.start(settings.folder, secrets=())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(running.first_run(Path.cwd(), record=record) if first else running.run(settings, record=record))


@app.command()
def replay(
    folder: Path,
    *,
    speed: Annotated[float, typer.Option(help="How many times faster than it was; 0 at once.")] = 1,
    config: ConfigOption = None,
) -> None:
    """Run a recorded night again, on a database of its own."""
    import asyncio

    from livesell import running

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(running.replay(configured(config), folder, speed=speed))


@sources_app.command("add")
def sources_add(
    link: str,
    config: ConfigOption = None,
    keys: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A key of the source, as in config.toml.")
    ] = None,
) -> None:
    """Add a source by its link: a live's address, a channel, a page; a running show listens to it at once."""
    import asyncio

    from livesell import sheets
    from livesell.errors import BadInput

    pairs = [one.partition("=") for one in keys or []]
    if not all(sign and name for name, sign, _ in pairs):
        raise BadInput("--set takes KEY=VALUE, as --set token_env=FB_TOKEN")
    further = {name: value for name, _, value in pairs}
    print(asyncio.run(sheets.add_source(configured(config), link, further)))


@keys_app.command("renew")
def keys_renew(
    *,
    only: Annotated[str, typer.Option(help="seller, overlay or ingest; all without it.")] = "",
    config: ConfigOption = None,
) -> None:
    """Make new keys and sign everybody out, also while livesell runs."""
    import asyncio

    from livesell import signing

    print(asyncio.run(signing.renew(configured(config), only)))


@sources_app.command("remove")
def sources_remove(name: str, config: ConfigOption = None) -> None:
    """Listen no more to a source that was added by its link; a running show lets it go at once."""
    import asyncio

    from livesell import sheets

    print(asyncio.run(sheets.remove_source(configured(config), name)))


@app.command()
def check(
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Build the state again from its events and compare.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say in words what is wrong with configuration, sources, catalog and database."""
    from livesell import checking

    problems = checking.check(configured(config), sys.stdout, deep=deep)
    raise SystemExit(1 if problems else 0)


@app.command()
def parse(
    text: Annotated[list[str] | None, typer.Argument(help="Comments to read, each in quotes.")] = None,
    *,
    catalog: Annotated[Path, typer.Option(help="The product sheet, CSV or XLSX.")],
    country: Annotated[str, typer.Option(help="The shop's country, two letters.")] = "VN",
    pinned: Annotated[str | None, typer.Option(help="Code of the product on show.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="JSON lines in on standard input, JSON lines out.")] = False,
) -> None:
    """Show how a comment is read, and why."""
    from livesell.parser import trial

    trial.run(text or [], catalog, country=country, pinned=pinned, jsonl=jsonl, source=sys.stdin, out=sys.stdout)


@app.command()
def decode(platform: str, file: Path) -> None:
    """Print what recorded frames contain, one JSON object a line."""
    from livesell import decoding

    decoding.run(platform, file, sys.stdout)


@app.command()
def obs(
    theme: Annotated[
        list[str] | None, typer.Argument(help="Themes, with settings: buyers product 'goal?target=80'.")
    ] = None,
    *,
    scene: Annotated[str, typer.Option(help="The scene to put them into; the one on air where it is left out.")] = "",
    by_address: Annotated[bool, typer.Option("--by-address", help="No pages on disk that wait for livesell.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Open and end the show with the stream.")] = False,
    config: ConfigOption = None,
) -> None:
    """Put overlays into a running OBS, or put right what is there."""
    import asyncio

    from livesell import broadcast

    settings = configured(config)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            broadcast.run(settings, theme or (), scene=scene, by_address=by_address, follow=follow, out=sys.stdout)
        )


@catalog_app.command("import")
def catalog_import(file: Path, config: ConfigOption = None) -> None:
    """Take in a product sheet, CSV or XLSX."""
    import asyncio

    from livesell import sheets

    print(asyncio.run(sheets.take_in(configured(config), file)))


@catalog_app.command("export")
def catalog_export(file: Path, config: ConfigOption = None) -> None:
    """Write all goods to a sheet, CSV or XLSX by the file's name."""
    from livesell import sheets

    print(sheets.give_out(configured(config), file))


@app.command()
def export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="csv, xlsx, …")],
    *,
    show: Annotated[str, typer.Option(help="A show's number, or current.")] = "current",
    out: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write a show's orders to a file."""
    from livesell import sheets

    print(sheets.export_orders(configured(config), kind, show, out))


@app.command()
def backup(file: Path, config: ConfigOption = None) -> None:
    """Copy the database, also while livesell runs, and look the copy over."""
    from livesell import keeping
    from livesell.store.writer import utc_now

    print(keeping.backup(configured(config), file, utc_now()))


@app.command()
def purge(
    *,
    older_than: Annotated[str, typer.Option(help="90d, 12w, 6m or 1y.")],
    config: ConfigOption = None,
) -> None:
    """Take out names, phones, addresses and texts of people not heard of for so long; orders and sums stay."""
    import asyncio

    from livesell import keeping

    print(asyncio.run(keeping.purge(configured(config), older_than)))


def main() -> None:
    """Run a command; a refusal is one line on stderr and exit code 1, wrong usage is 2."""
    from livesell.errors import LivesellError

    # Databases, keys, logs, exports and recordings hold people: nobody else on this machine may read them.
    os.umask(0o077)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # Windows' consoles default to a code page that cannot hold what viewers write.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except LivesellError as error:
        print(f"livesell: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except ExceptionGroup as group:
        known, other = group.split(LivesellError)
        if known is None or other is not None:
            raise
        print(f"livesell: {known.exceptions[0]}", file=sys.stderr)
        raise SystemExit(1) from None
