"""Finds adapters and makes sources of `[[source]]` tables: ours by file name, third parties' by entry point."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.metadata
import os
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from livesell import bundle
from livesell.adapter import Adapter
from livesell.errors import BadInput, ConfigError

GROUP = "livesell.adapters"
LONGEST_LINK = 2_000
SHARED = ("platform", "name", "seller_ids")
"""Keys of a `[[source]]` table that every source has."""


def adapters() -> list[str]:
    """The platforms that there is an adapter for, in alphabetical order; nothing is imported."""
    ours = {module.name for module in pkgutil.iter_modules([str(bundle.ADAPTER_FOLDER)]) if module.name[0] != "_"}
    return sorted(ours | set(_theirs()))


def adapter(platform: str) -> type[Adapter]:
    """The adapter of a platform, imported now; ConfigError names those there are and the nearest."""
    known = adapters()
    if platform not in known:
        raise ConfigError(f"platform '{platform}'", "there is no such adapter", _nearest(platform, known))
    theirs = _theirs().get(platform)
    if theirs is not None:
        try:
            found = theirs.load()
        except Exception as error:  # a stranger's module may fail in any way
            raise ConfigError(f"adapter '{platform}'", f"{theirs.value} cannot be loaded ({error})") from error
        if isinstance(found, type) and issubclass(found, Adapter):
            return found
        raise ConfigError(f"adapter '{platform}'", f"{theirs.value} is no livesell.adapter.Adapter")
    module = importlib.import_module(f"{bundle.ADAPTERS}.{platform}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Adapter) and value.__module__ == module.__name__:
            return value
    raise ConfigError(f"adapter '{platform}'", "its module has no subclass of Adapter")


def make_source(
    table: Mapping[str, Any],
    where: str = "source",
    *,
    folder: Path = Path(),
    environment: Mapping[str, str] = os.environ,
) -> Adapter:
    """The source of a `[[source]]` table, ready to run; ConfigError names the key that is wrong.

    `where` stands before the key in errors; paths in the table are relative to `folder`; `<key>_env` takes the value of
    a key from the environment.
    """
    platform = table.get("platform")
    if not isinstance(platform, str):
        problem = "is missing" if platform is None else "is not a string"
        raise ConfigError(f"{where}, platform", problem, f"one of {', '.join(adapters())}")
    kind = adapter(platform)
    own = {key: value for key, value in table.items() if key not in SHARED}
    settings = _convert(_from_environment(own, kind, where, environment), kind, where, folder)
    name = table.get("name", platform)
    if not isinstance(name, str) or not name.strip() or len(name) > 64 or "/" in name:
        raise ConfigError(f"{where}, name", "is not a short name without a slash")
    sellers = table.get("seller_ids", [])
    if not isinstance(sellers, list) or not all(isinstance(one, str) for one in sellers):
        raise ConfigError(f"{where}, seller_ids", "is not a list of strings", 'put ids in quotes, as ["123"]')
    return kind(settings, name=name, seller_ids=sellers)


def make_sources(
    tables: Sequence[Mapping[str, Any]],
    file: str = "config.toml",
    *,
    folder: Path = Path(),
    environment: Mapping[str, str] = os.environ,
) -> list[Adapter]:
    """The sources of a configuration; two of one name, or on one platform and place, are refused."""
    found: list[Adapter] = []
    for number, table in enumerate(tables, 1):
        where = f"{file}, source {number}"
        one = make_source(table, where, folder=folder, environment=environment)
        refuse_twins(one, found, where)
        found.append(one)
    return found


def refuse_twins(one: Adapter, others: Iterable[Adapter], where: str = "source") -> None:
    """ConfigError if a source of the same name, or on the same platform and place, is there already."""
    for other in others:
        if (other.platform, other.place) == (one.platform, one.place):
            raise ConfigError(
                where, f"{one.platform} {one.place} is listened to already by '{other.name}'", "take one of them out"
            )
        if other.name == one.name:
            raise ConfigError(f"{where}, name", f"there is another source '{one.name}'", "give each a name of its own")


def recognise(link: str) -> tuple[str, Mapping[str, Any]] | None:
    """The platform and settings that a pasted link stands for, None where no adapter knows it."""
    for platform in adapters():
        settings = adapter(platform).recognise(link.strip())
        if settings is not None:
            return platform, settings
    return None


def pasted(link: str, names: Iterable[str], keys: Mapping[str, Any]) -> dict[str, Any]:
    """The `[[source]]` table of a pasted link with further keys, under a free name; BadInput for a strange link."""
    found = recognise(link) if len(link) <= LONGEST_LINK else None
    if found is None:
        words = "is not known; paste the address of a live or a channel as the browser shows it"
        raise BadInput(f"'{link[:200]}' {words}")
    platform, settings = found
    table = {"platform": platform, **settings, **_typed(adapter(platform), keys)}
    taken = set(names)
    if "name" not in table and platform in taken:
        table["name"] = next(
            f"{platform}-{number}" for number in range(2, 1_000) if f"{platform}-{number}" not in taken
        )
    return table


def lacking(link: str, keys: Mapping[str, Any]) -> list[str]:
    """What a pasted link's source needs beside these keys to hear anything."""
    found = recognise(link) if len(link) <= LONGEST_LINK else None
    if found is None:
        return []
    platform, settings = found
    has = {key.removesuffix("_env") for key, value in {**settings, **keys}.items() if value}
    return [key for key in adapter(platform).needs if key not in has]


def placed(
    link: str,
    listening: Sequence[Adapter],
    added: Iterable[Mapping[str, Any]],
    keys: Mapping[str, Any],
    folder: Path = Path(),
) -> tuple[dict[str, Any], str]:
    """The table of a pasted link beside the sources that there are, and the name of the one that it replaces, if any.

    One that was added by the same link before is replaced when keys come with it: so a missing token is handed in.
    ConfigError where the place or the name is taken.
    """
    table = pasted(link, (one.name for one in listening), keys)
    made = make_source(table, "the link", folder=folder)
    by_link = {one.get("name", one.get("platform")) for one in added}
    twins = (one.name for one in listening if (one.platform, one.place) == (made.platform, made.place))
    taken = next((name for name in twins if keys and name in by_link), "")
    if taken:
        table["name"] = keys.get("name", taken)
        made = make_source(table, "the link", folder=folder)
    refuse_twins(made, [one for one in listening if one.name != taken], "the link")
    return table, taken


def _typed(kind: type[Adapter], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Keys as a command line and a form have them, all of them texts, with the values that the settings want."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind.Settings)}
    typed = dict(keys)
    for key, value in keys.items():
        if isinstance(value, str) and key in types and types[key] is not str:
            with contextlib.suppress(msgspec.ValidationError):  # what it is instead is told when the source is made
                typed[key] = msgspec.convert(value, types[key], strict=False)
    return typed


def with_added(
    configured: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, Any]], *, folder: Path = Path()
) -> list[Adapter]:
    """The sources of a configuration and those added by a link; a place that both have is the configuration's."""
    found = make_sources(configured, folder=folder)
    places = {(one.platform, one.place) for one in found}
    for table in added:
        one = make_source(table, "a source that was added by link", folder=folder)
        if (one.platform, one.place) in places:
            continue
        if one.name in {other.name for other in found}:
            problem = f"the configuration has another source '{one.name}'"
            way_out = f"give that one a name of its own, or `livesell sources remove {one.name}`"
            raise ConfigError("a source that was added by link", problem, way_out)
        found.append(one)
    return found


@cache
def _theirs() -> dict[str, importlib.metadata.EntryPoint]:
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=GROUP)}


def _nearest(word: str, known: Iterable[str], nothing: str = "there is none") -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    listed = f"known are {', '.join(known)}" if known else nothing
    return f"did you mean '{near[0]}'? {listed}" if near else listed


def _from_environment(
    own: Mapping[str, Any], kind: type[Adapter], where: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    fields = [field.encode_name for field in msgspec.structs.fields(kind.Settings)]
    settings: dict[str, Any] = {}
    for key, value in own.items():
        plain = key.removesuffix("_env")
        if key not in fields and plain in fields and plain != key:
            if not isinstance(value, str) or not environment.get(value):
                raise ConfigError(
                    f"{where}, {key}", f"the environment has no '{value}'", f"set it, or write {plain} here"
                )
            value = environment[value]
        elif key not in fields:
            nothing = f"{kind.platform} has no keys of its own"
            raise ConfigError(f"{where}, {key}", "this key is not known", _nearest(key, fields, nothing))
        settings[plain if key not in fields else key] = value
    return settings


def _convert(settings: dict[str, Any], kind: type[Adapter], where: str, folder: Path) -> Any:
    def path_of(wanted: type, value: Any) -> Any:
        if wanted is Path and isinstance(value, str) and value:
            return folder / Path(value).expanduser()
        raise ValueError("Expected a path")

    for field in msgspec.structs.fields(kind.Settings):
        if field.required and field.encode_name not in settings:
            raise ConfigError(f"{where}, {field.encode_name}", "is missing", f"{kind.platform} needs it")
    try:
        return msgspec.convert(settings, kind.Settings, dec_hook=path_of)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        key = place.rstrip("`")
        raise ConfigError(f"{where}, {key}" if key else where, problem) from None
