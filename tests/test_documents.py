"""The documents: every key, command, event and platform that exists stands in them, and their links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from livesell import commands, events, registry
from livesell.cli import app, catalog_app
from livesell.config import OURS, Config
from livesell.exports import FORMATS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SHARED = {field.encode_name for field in msgspec.structs.fields(commands.Command)}
"""What every command may carry."""


@cache
def text(name: str) -> str:
    """A document."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """The part of a document under a heading."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text(name), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{name} has no '## {heading}'"
    return found[1]


def marked(document: str) -> set[str]:
    """The words of a document that stand as code."""
    return {word for code in re.findall(r"`([^`\n]+)`", document) for word in re.findall(r"[\w-]+", code)}


def row_of(table: str, name: str) -> str:
    """The row of a table whose first cell names something."""
    rows = [row for row in table.splitlines() if row.startswith("|") and name in marked(row.split("|")[1])]
    assert len(rows) == 1, f"'{name}' stands in {len(rows)} rows"
    return rows[0]


def keys(table: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, str]]:
    """The keys of the configuration with the table that each stands in."""
    for field in msgspec.structs.fields(table):
        inner = field.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            yield from keys(inner, f"{path}.{field.encode_name}".lstrip("."))
        elif path:
            yield path, field.encode_name
        elif field.name not in OURS:
            yield from ((f"[{field.encode_name}]", key) for key in registry.SHARED)


@pytest.mark.parametrize(("table", "key"), list(keys(Config)))
def test_every_key_of_the_configuration_is_described(table: str, key: str) -> None:
    """In a row of its own table, with what it does."""
    rows = [row for row in text("docs/configuration.md").splitlines() if row.startswith(f"| `[{table}]")]
    row = next((row for row in rows if key in marked(row.split("|")[1])), None)
    assert row is not None, f"docs/configuration.md does not say what [{table}] {key} is"
    assert len(row.split("|")[3].strip()) > 5


@pytest.mark.parametrize("field", [field for field in keys(Config) if field[0] != "[source]"])
def test_the_defaults_told_are_those_that_hold(field: tuple[str, str]) -> None:
    """Read as TOML; where a key is made at the first run the document says so instead."""
    table, key = field
    rows = [row for row in text("docs/configuration.md").splitlines() if row.startswith(f"| `[{table}]")]
    row = next(row for row in rows if key in marked(row.split("|")[1]))
    told = row.split("|")[2].strip()
    if told == "made at the first run":
        return
    value: object = Config()
    for name in (*table.split("."), key):
        value = getattr(value, name)
    assert tomllib.loads(f"value = {told.strip('`')}")["value"] == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("command", get_args(commands.Asked), ids=lambda command: str(command.__struct_config__.tag))
def test_every_command_is_described(command: type[msgspec.Struct]) -> None:
    """In one row of the table of commands, with all its fields."""
    row = row_of(section("docs/api.md", "Commands"), str(command.__struct_config__.tag))
    fields = {field.encode_name for field in msgspec.structs.fields(command)} - SHARED
    if "at" in fields:  # when a show ended that nobody ended: livesell's own
        fields.remove("at")
    assert fields <= marked(row), f"the row does not name {fields - marked(row)}"


def test_what_every_command_may_carry_is_described() -> None:
    """Above the table; the show comes from the address."""
    assert SHARED - {"show"} <= marked(section("docs/api.md", "Commands").partition("| type |")[0])


@pytest.mark.parametrize("event", get_args(events.AnyEvent), ids=lambda event: str(event.__struct_config__.tag))
def test_every_event_is_described(event: type[msgspec.Struct]) -> None:
    """In one row of the table of events, by the name that the feed gives it."""
    row_of(section("docs/api.md", "The feed"), str(event.__struct_config__.tag))


@pytest.mark.parametrize("platform", registry.adapters())
def test_every_platform_is_described(platform: str) -> None:
    """With every key of its own, in the document that the configuration points at."""
    words = marked(text("docs/adapters.md"))
    assert platform in words
    own = {field.encode_name for field in msgspec.structs.fields(registry.adapter(platform).Settings)}
    assert own <= words, f"docs/adapters.md does not name {sorted(own - words)} of {platform}"


def test_every_command_of_the_command_line_stands_in_the_readme() -> None:
    """With the name that is typed."""
    named = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    named |= {
        command.name or command.callback.__name__.removeprefix("catalog_")
        for command in catalog_app.registered_commands
        if command.callback
    }
    assert named <= marked(section("README.md", "Commands"))


def test_every_format_of_an_export_stands_in_the_documents() -> None:
    """As it is asked for."""
    for name in FORMATS:
        assert re.search(rf"\b{name}\b", text("docs/api.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """A link or picture beside the document is there, and so is the heading it points at."""
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), f"{document.name} points at {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{document.name} points at {target}"


def test_decisions_are_numbered_and_say_what_lost() -> None:
    """Half a page each: what was chosen, what lost, and why."""
    numbers = []
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        said = path.read_text(encoding="utf-8")
        numbers.append(path.name[:4])
        assert re.match(r"\d{4}-[a-z0-9-]+\.md", path.name)
        assert re.match(rf"# 0*{int(path.name[:4])}[.:] ", said), path.name
        assert len(said.splitlines()) <= 40, f"{path.name} is longer than half a page"
    assert len(numbers) == len(set(numbers))
