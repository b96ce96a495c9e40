"""`config.toml`: every key with its default, read strictly; an unknown key is refused by name."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from livesell.errors import ConfigError


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Shop(Section, frozen=True, kw_only=True):
    """`[shop]`: `languages` are read in comments, `language` is that of the pages."""

    name: str = ""
    country: str = "VN"
    currency: str = "VND"
    timezone: str = "Asia/Ho_Chi_Minh"
    languages: tuple[str, ...] = ("vi", "en")
    language: str = "vi"


class Keys(Section, frozen=True, kw_only=True):
    """`[server.keys]`: made at the first run where absent."""

    seller: str = ""
    overlay: str = ""
    ingest: str = ""


class Server(Section, frozen=True, kw_only=True):
    """`[server]`: `hosts` are further names it answers to, `public_host` the name that webhooks come by."""

    host: str = "127.0.0.1"
    port: int = 8777
    hosts: tuple[str, ...] = ()
    public_host: str = ""
    keys: Keys = Keys()


class Database(Section, frozen=True, kw_only=True):
    """`[database]`: an SQLite file beside the configuration, or PostgreSQL by URL."""

    url: str = "sqlite:///shop.db"


class Catalog(Section, frozen=True, kw_only=True):
    """`[catalog]`: the inbox of goods, CSV or XLSX; "" for none, and one that is not named need not be there.

    `pictures`: a folder with a picture for each code.
    """

    file: str = "products.csv"
    pictures: str = "pictures"


class Desk(Section, frozen=True, kw_only=True):
    """`[desk]`: how orders are taken."""

    confirm: Literal["tap", "sure"] = "tap"
    repeat: Literal["once", "add"] = "once"
    hold_minutes: int = 0
    cancel: Literal["do", "ask"] = "do"
    link: Literal["ask", "phone"] = "ask"
    pin_delay: float = 8


class Overlay(Section, frozen=True, kw_only=True):
    """`[overlay]`: how names stand on the screen."""

    names: Literal["full", "short", "masked"] = "short"


class Obs(Section, frozen=True, kw_only=True):
    """`[obs]`: where OBS's WebSocket server is; `follow` opens and ends the show with the stream."""

    host: str = "127.0.0.1"
    port: int = 4455
    password: str = ""
    follow: bool = False


class Config(Section, frozen=True, kw_only=True):
    """The whole file; `folder` is where it lies, and where its relative paths start.

    `sheet_named`: the file says itself which product sheet it means, so that a missing one is an error.
    """

    shop: Shop = Shop()
    server: Server = Server()
    database: Database = Database()
    catalog: Catalog = Catalog()
    desk: Desk = Desk()
    overlay: Overlay = Overlay()
    obs: Obs = Obs()
    source: tuple[dict[str, Any], ...] = ()
    folder: Path = Path()
    sheet_named: bool = False

    @property
    def pictures(self) -> Path | None:
        """The folder with pictures of goods, if there is to be one."""
        name = self.catalog.pictures
        return self.folder / Path(name).expanduser() if name else None

    @property
    def catalog_path(self) -> Path | None:
        """The product sheet, if there is one."""
        path = self.folder / Path(self.catalog.file).expanduser()
        if not self.catalog.file or (self.catalog == Catalog() and not self.sheet_named and not path.exists()):
            return None
        return path


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration of a file; ConfigError names the file, the key and what to do."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(path.name, "there is no such file", "config.example.toml shows every key") from None
    except OSError as error:
        raise ConfigError(path.name, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(path.name, "is not UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path.name, f"is not TOML: {error}") from None
    return of(data, path, environment)


def of(data: Mapping[str, Any], path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration of parsed TOML."""
    data = dict(data)
    sources = data.pop("source", [])
    if not isinstance(sources, list) or not all(isinstance(source, dict) for source in sources):
        raise ConfigError(f"{path.name}, source", "sources are tables", "write [[source]] above each")
    data = secrets(data, path.name, environment)
    known(data, Config, path.name, ())
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        place = place.rstrip("`")
        raise ConfigError(f"{path.name}, {place}", *in_words(problem, place)) from None
    tables = tuple(
        secrets(source, f"{path.name}, source {number}", environment) for number, source in enumerate(sources, 1)
    )
    named = "file" in data.get("catalog", {})
    config = msgspec.structs.replace(config, source=tables, folder=path.resolve().parent, sheet_named=named)
    sensible(config, path.name)
    return config


def secrets(table: Mapping[str, Any], where: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """A table with each `<key>_env` replaced by `<key>` from the environment, in depth."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found[key] = secrets(value, where, environment)
        elif key.endswith("_env"):
            if not isinstance(value, str) or not environment.get(value):
                raise ConfigError(
                    f"{where}, {key}", f"the environment has no {value}", f"set {value}, or write {key[:-4]}"
                )
            found[key[:-4]] = environment[value]
        else:
            found[key] = value
    return found


KINDS = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": 'a list, as ["…"]',
    "object": "a table of its own, as [server]",
    "null": "nothing",
}
OURS = ("folder", "sheet_named")
"""Fields of the configuration that no file has."""


def in_words(problem: str, place: str) -> tuple[str, str]:
    """What is wrong with a value, and what to write, from msgspec's sentence."""
    kinds = re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`", problem)
    if kinds:
        wanted, got = (KINDS.get(kind, kind) for kind in kinds.groups())
        return f"is {got}", f"write {wanted}"
    value = re.fullmatch(r"Invalid enum value (.*)", problem)
    if value:
        table, _, key = place.partition(".")
        section = next(field.type for field in msgspec.structs.fields(Config) if field.name == table)
        words = next(get_args(field.type) for field in msgspec.structs.fields(section) if field.name == key)
        return f"{value[1]} is not known", f"one of {', '.join(words)}"
    return problem, ""


def known(data: Mapping[str, Any], table: type[msgspec.Struct], file: str, path: tuple[str, ...]) -> None:
    """Refuse a key that no table has, with the nearest that it has."""
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(table) if field.name not in OURS}
    for key, value in data.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, 1)
            way_out = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(fields))}"
            raise ConfigError(f"{file}, {'.'.join((*path, key))}", "this key is not known", way_out)
        inner = fields[key]
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            known(value, inner, file, (*path, key))


MOST_MINUTES = 60 * 24 * 365
MOST_DELAY = 600


def sensible(config: Config, file: str) -> None:
    """What a type alone does not say."""
    shop = config.shop
    if not (len(shop.country) == 2 and shop.country.isalpha() and shop.country.isupper()):
        raise ConfigError(f"{file}, shop.country", f"'{shop.country}' is not a country", "two capital letters, as VN")
    if not (len(shop.currency) == 3 and shop.currency.isalpha() and shop.currency.isupper()):
        raise ConfigError(
            f"{file}, shop.currency", f"'{shop.currency}' is not a currency", "three capital letters, as VND"
        )
    try:
        ZoneInfo(shop.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"{file}, shop.timezone", f"'{shop.timezone}' is no time zone", "as Asia/Ho_Chi_Minh"
        ) from None
    if not config.server.host.strip():
        raise ConfigError(f"{file}, server.host", "is empty", 'as "127.0.0.1"; "0.0.0.0" opens livesell to the network')
    if not 0 <= config.server.port <= 65_535:
        raise ConfigError(f"{file}, server.port", f"{config.server.port} is not a port", "0 takes a free one")
    if not config.obs.host.strip():
        raise ConfigError(f"{file}, obs.host", "is empty", 'as "127.0.0.1", this computer')
    if not 1 <= config.obs.port <= 65_535:
        raise ConfigError(f"{file}, obs.port", f"{config.obs.port} is not a port", "OBS's own is 4455")
    if not 0 <= config.desk.hold_minutes <= MOST_MINUTES:
        raise ConfigError(f"{file}, desk.hold_minutes", f"is not from 0 to {MOST_MINUTES}", "0 holds for ever")
    if not 0 <= config.desk.pin_delay <= MOST_DELAY:
        raise ConfigError(f"{file}, desk.pin_delay", f"is not from 0 to {MOST_DELAY} seconds")
    for name, key in (
        ("seller", config.server.keys.seller),
        ("overlay", config.server.keys.overlay),
        ("ingest", config.server.keys.ingest),
    ):
        # A key travels in addresses, headers and cookies.
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigError(
                f"{file}, server.keys.{name}", "has characters that no address takes", "use A-Z a-z 0-9 - _"
            )
        if key and len(key) < 16:
            raise ConfigError(f"{file}, server.keys.{name}", "is too short to be a key", "leave it out: one is made")
