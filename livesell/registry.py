"""Finds adapters: ours by file name, third parties' by the entry-point group `livesell.adapters`."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from livesell import bundle
from livesell.adapter import Adapter
from livesell.errors import ConfigError

GROUP = "livesell.adapters"
OWN = ("platform", "name", "seller_ids")
"""Keys of a `[[source]]` table that every source has."""


def names() -> list[str]:
    """The platforms there is an adapter for."""
    ours = {module.name for module in pkgutil.iter_modules([str(bundle.ADAPTER_FOLDER)]) if module.name[0] != "_"}
    theirs = {entry.name for entry in importlib.metadata.entry_points(group=GROUP)}
    return sorted(ours | theirs)


def adapter(platform: str) -> type[Adapter]:
    """The adapter of a platform; ConfigError names those there are."""
    for entry in importlib.metadata.entry_points(group=GROUP):
        if entry.name == platform:
            found = entry.load()
            if not (isinstance(found, type) and issubclass(found, Adapter)):
                raise ConfigError(f"adapter {platform}", f"{entry.value} is no livesell.adapter.Adapter")
            return found
    if platform not in names():
        near = difflib.get_close_matches(platform, names(), 1)
        raise ConfigError(
            f"platform '{platform}'",
            "there is no such adapter",
            f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names())}",
        )
    module = importlib.import_module(f"{bundle.ADAPTERS}.{platform}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Adapter) and value.__module__ == module.__name__:
            return value
    raise ConfigError(f"adapter {platform}", "its module has no subclass of Adapter")


class Configured(msgspec.Struct, frozen=True):
    """One `[[source]]`: its adapter ready to run, and which authors there are the seller."""

    adapter: Adapter
    seller_ids: frozenset[str]


def configured(table: Mapping[str, Any], where: str = "source") -> Configured:
    """The source of a `[[source]]` table; ConfigError names the key that is wrong."""
    platform = table.get("platform")
    if not isinstance(platform, str):
        raise ConfigError(f"{where}, platform", "is missing", f"one of {', '.join(names())}")
    kind = adapter(platform)
    name = table.get("name", platform)
    sellers = table.get("seller_ids", [])
    if not isinstance(name, str) or not 0 < len(name) <= 200:
        raise ConfigError(f"{where}, name", "is not a short text")
    if not isinstance(sellers, list) or not all(isinstance(one, str) for one in sellers):
        raise ConfigError(f"{where}, seller_ids", "is not a list of texts")
    own = {key: value for key, value in table.items() if key not in OWN}
    fields = [field.encode_name for field in msgspec.structs.fields(kind.Settings)]
    for key in own:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            way_out = f"did you mean '{near[0]}'?" if near else f"{platform} has {', '.join(fields) or 'no keys'}"
            raise ConfigError(f"{where}, {key}", "this key is not known", way_out)
    try:
        settings = msgspec.convert(own, kind.Settings)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        raise ConfigError(f"{where}, {place.rstrip('`') or platform}", problem) from None
    return Configured(kind(settings, name=name), frozenset(sellers))


def all_configured(tables: Sequence[Mapping[str, Any]], file: str = "config.toml") -> list[Configured]:
    """The sources of a configuration; two on one platform and place, or of one name, are refused."""
    found: list[Configured] = []
    for number, table in enumerate(tables, 1):
        where = f"{file}, source {number}"
        one = configured(table, where)
        for other in found:
            if other.adapter.name == one.adapter.name:
                raise ConfigError(f"{where}, name", f"'{one.adapter.name}' stands twice", "give each source a name")
            if (other.adapter.platform, other.adapter.place) == (one.adapter.platform, one.adapter.place):
                problem = f"{one.adapter.platform} {one.adapter.place} is listened to already"
                raise ConfigError(where, problem, "take one of the two out")
        found.append(one)
    return found


def recognise(link: str) -> tuple[str, Mapping[str, Any]] | None:
    """The platform and settings that a pasted link stands for, None where no adapter knows it."""
    for platform in names():
        settings = adapter(platform).recognise(link)
        if settings is not None:
            return platform, settings
    return None
