"""The command `livesell`: arguments in, exit codes out; each command imports what it needs when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="livesell",
    help="Takes orders from livestream chat.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


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


def main() -> None:
    """Run a command; a refusal is one line on stderr and exit code 1, wrong usage is 2."""
    from livesell.errors import LivesellError

    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # Windows' consoles default to a code page that cannot hold what viewers write.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except LivesellError as error:
        print(f"livesell: {error}", file=sys.stderr)
        raise SystemExit(1) from None
