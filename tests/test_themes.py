"""Themes: what every one of them has, and that the document tells of them what is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OVERLAYS = ROOT / "overlays"
THEMES = sorted(path.parent for path in OVERLAYS.glob("*/theme.toml"))
DOCUMENT = (ROOT / "docs" / "themes.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", THEMES, ids=lambda path: path.name)
def test_a_theme_is_markup_style_and_settings(theme: Path) -> None:
    """Three files, no script, no foreign address, nothing newer than old broadcasting programs know."""
    markup = (theme / "overlay.html").read_text(encoding="utf-8")
    style = (theme / "overlay.css").read_text(encoding="utf-8")
    assert "data-on-air" in markup
    assert "<script" not in markup
    assert not re.search(r"https?://|//\w", markup + style)
    assert ":has(" not in style
    assert "@container" not in style
    assert not list(theme.glob("*.js"))
    assert not list(theme.glob("*.py"))


@pytest.mark.parametrize("theme", THEMES, ids=lambda path: path.name)
def test_settings_are_described(theme: Path) -> None:
    """Each has a type and a default within its bounds, and stands in the document."""
    settings = tomllib.loads((theme / "theme.toml").read_text(encoding="utf-8"))
    assert {"en", "vi", "bn"} <= set(settings["title"])
    for name, setting in settings["settings"].items():
        assert setting["type"] in ("color", "number", "choice", "text", "switch"), name
        if setting["type"] == "number":
            assert setting["min"] <= setting["default"] <= setting["max"], name
        assert f"`{name}`" in DOCUMENT, name


def test_every_mark_in_the_document_is_one_that_the_script_fills() -> None:
    """The table of marks is the script's."""
    scripts = ROOT / "livesell" / "web" / "static"
    script = "".join((scripts / name).read_text(encoding="utf-8") for name in ("air.js", "buyers.js"))
    marks = set(re.findall(r"data-[a-z]+(?:-[a-z]+)*", DOCUMENT.split("## Settings")[0]))
    assert marks
    for mark in marks:
        assert f"[{mark}]" in script, mark
