"""What a theme's `theme.toml` says of it: its settings with their limits, read once for each change of the file.

`themes.toml` has the settings of every theme; a theme's own file has its further ones, and other defaults.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from livesell import bundle
from livesell.errors import ConfigError

KINDS = ("color", "number", "choice", "text", "switch")
COLOR = re.compile(r"#[0-9A-Fa-f]{6}")

SCRIPTS = ("buyers", "ticker", "product", "goal", "thanks")
"""The behaviours that themes can name: `script` in `theme.toml`. A theme brings none of its own (decision 0052)."""

COMMON = bundle.PACKAGE / "web" / "themes.toml"

_read: dict[Path, tuple[int, dict[str, Any]]] = {}


def script(theme: str, folder: Path | None = None) -> str:
    """Which of livesell's own scripts moves a theme; the first one where it does not say."""
    named: str = _theme(theme, folder).get("script", SCRIPTS[0])
    return named


def settings(theme: str, folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """A theme's settings by key, its own first: `type`, `default` and what limits it.

    ConfigError names the file and the key where a setting has no type or default that fits.
    """
    found: dict[str, dict[str, Any]] = _theme(theme, folder)["settings"]
    hidden = ("label", "words")
    return {key: {name: one for name, one in setting.items() if name not in hidden} for key, setting in found.items()}


def described(theme: str, folder: Path | None = None) -> dict[str, Any]:
    """All that the preview page tells of a theme: `title`, `sizes`, `preview`, `settings` with their labels."""
    return _theme(theme, folder)


def fitting(rule: dict[str, Any], text: str | None) -> Any:
    """The value that a text of an address gives a setting; its default where the text does not fit."""
    default = rule["default"]
    if text is None:
        return default
    match rule["type"]:
        case "number":
            try:
                number = float(text)
            except ValueError:
                return default
            whole = int(number) if number.is_integer() else number
            return whole if rule["min"] <= number <= rule["max"] else default
        case "color":
            return f"#{text.removeprefix('#')}" if COLOR.fullmatch(f"#{text.removeprefix('#')}") else default
        case "choice":
            return text if text in rule["options"] else default
        case "switch":
            return {"true": True, "1": True, "false": False, "0": False}.get(text, default)
        case _:
            return text[: rule.get("max", 40)]


def _theme(theme: str, folder: Path | None) -> dict[str, Any]:
    path = (folder or bundle.OVERLAY_FOLDER) / theme / "theme.toml"
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    known = _read.get(path)
    if known is None or known[0] != changed:
        known = _read[path] = changed, _checked(path)
    return known[1]


def _checked(path: Path) -> dict[str, Any]:
    table = _table(path) if path.is_file() else {}
    if table.get("script", SCRIPTS[0]) not in SCRIPTS:
        raise ConfigError(f"{path} script", f"is none of {', '.join(SCRIPTS)}")
    common = _table(COMMON)["settings"]
    without = table.get("without", [])
    for key in without:
        if key not in common:
            raise ConfigError(f"{path} without", f"'{key}' is no setting of every theme")
    own = table.get("settings", {})
    for key, setting in own.items():
        if not isinstance(setting, dict):
            raise ConfigError(f"{path} settings.{key}", "is not a table", f"write [settings.{key}]")
    merged = {key: common.get(key, {}) | setting for key, setting in own.items()}
    merged |= {key: setting for key, setting in common.items() if key not in own and key not in without}
    for key, setting in merged.items():
        problem = _problem(setting)
        if problem:
            raise ConfigError(f"{path} [settings.{key}]", problem)
    return {**table, "settings": merged}


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"is not TOML: {error}") from None


def _problem(setting: Any) -> str:
    """What is wrong with a setting; "" for nothing."""
    if not isinstance(setting, dict) or setting.get("type") not in KINDS:
        return f"type is none of {', '.join(KINDS)}"
    default = setting.get("default")
    match setting["type"]:
        case "color":
            fits = isinstance(default, str) and COLOR.fullmatch(default) is not None
        case "number":
            limits: list[Any] = [setting.get("min"), default, setting.get("max")]
            numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in limits)
            fits = numbers and limits == sorted(limits)
        case "choice":
            fits = default in setting.get("options", [])
        case "text":
            fits = isinstance(default, str)
        case _:
            fits = isinstance(default, bool)
    return "" if fits else "default does not fit its type and limits"
