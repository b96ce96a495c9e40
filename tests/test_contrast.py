"""Colours of the pages, computed: every pair that is read keeps its contrast, by day, by night and over any video."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "livesell" / "web" / "static"
CSS = (STATIC / "page.css").read_text(encoding="utf-8")
ON_AIR = tomllib.loads((ROOT / "livesell" / "web" / "themes.toml").read_text(encoding="utf-8"))
GROUNDS = ("paper", "surface", "well")
KINDS = ("ok", "ask", "wait", "paid", "bad")

Colours = Mapping[str, str]


def declared(selector: str) -> dict[str, str]:
    """The colours that the first rule of a selector declares."""
    found = re.search(re.escape(selector) + r"\s*\{(.*?)\}", CSS, re.DOTALL)
    assert found, selector
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9A-Fa-f]{6})", found[1]))


LIGHT = declared(":root")
DARK = LIGHT | declared(":root[data-theme=dark]")
THEMES = {"light": LIGHT, "dark": DARK}

# What is read, on what; the least contrast by day and by night.
PAIRS: list[tuple[str, tuple[str, ...], float, float]] = [
    ("ink", GROUNDS, 13.8, 12.9),
    ("ink-2", GROUNDS, 7.3, 8.8),
    ("ink-3", GROUNDS, 4.8, 6.0),
    ("edge", GROUNDS, 3.5, 4.1),
    ("focus", GROUNDS, 13.8, 14.5),
    ("ask-edge", GROUNDS, 5.0, 8.5),
    *[(shape, GROUNDS, 5.5, 6.3) for shape in ("action", "ok", "wait", "paid", "bad")],
    *[(f"{kind}-text", GROUNDS, 6.8, 8.6) for kind in KINDS],
    *[(f"{kind}-text", (f"{kind}-tint",), 6.9, 7.9) for kind in KINDS],
    ("action", ("action-tint",), 6.5, 6.4),
    ("on-action", ("action",), 7.7, 9.1),
    ("on-ok", ("ok",), 6.5, 8.4),
    ("on-ask", ("ask",), 8.3, 10.3),
    ("on-wait", ("wait",), 7.4, 8.3),
    ("on-paid", ("paid",), 6.7, 8.6),
    ("on-bad", ("bad",), 6.5, 7.5),
]


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, to one place, as tables of colours have it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return round((high + 0.05) / (low + 0.05), 1)


def test_black_on_white_is_twenty_one() -> None:
    """The formula itself."""
    assert contrast("#000000", "#FFFFFF") == 21
    assert contrast("#777777", "#FFFFFF") == 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("colour", "grounds", "by_day", "by_night"), PAIRS, ids=lambda value: str(value))
def test_what_is_read_stands_out(
    theme: str, colour: str, grounds: tuple[str, ...], by_day: float, by_night: float
) -> None:
    """Every pair is at or above the figure that it was chosen with."""
    colours = THEMES[theme]
    least = by_day if theme == "light" else by_night
    for ground in grounds:
        assert contrast(colours[colour], colours[ground]) >= least, f"{colour} on {ground}"


def test_the_edge_of_a_question_is_seen_on_its_fill() -> None:
    """By day amber is too pale to stand alone: its edge is a line of three to one."""
    assert contrast(LIGHT["ask-edge"], LIGHT["ask"]) >= 3.0


def test_dark_by_choice_is_dark_by_system() -> None:
    """The two ways to the dark give the same colours, and none is left as by day."""
    assert declared(":root:not([data-theme=light])") == declared(":root[data-theme=dark]")
    assert declared(":root[data-theme=dark]").keys() == LIGHT.keys()


def over(colour: str, opacity: float, behind: str) -> str:
    """A colour laid over another."""
    parts = [
        round(int(colour[at : at + 2], 16) * opacity + int(behind[at : at + 2], 16) * (1 - opacity)) for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02X}" for part in parts)


def test_a_plate_carries_its_words_over_any_video() -> None:
    """White and the accent are read on the plate over a white picture, also at the least opacity that may be set."""
    settings = ON_AIR["settings"]
    plate, accent, opacity = settings["plate"]["default"], settings["accent"]["default"], settings["plate_opacity"]
    assert contrast("#FFFFFF", over(plate, opacity["default"], "#FFFFFF")) >= 9.4
    assert contrast(accent, over(plate, opacity["default"], "#FFFFFF")) >= 6.1
    assert contrast("#FFFFFF", over(plate, opacity["min"], "#FFFFFF")) >= 7.6
    assert contrast(accent, over(plate, opacity["min"], "#FFFFFF")) >= 4.9
    assert contrast("#FFFFFF", over(plate, opacity["default"], "#000000")) >= 17
    assert contrast(accent, over(plate, opacity["default"], "#000000")) >= 12


@pytest.mark.parametrize("sheet", sorted(path.name for path in STATIC.glob("*.css")))
def test_colours_have_names(sheet: str) -> None:
    """Outside of the table colours are named, so that nothing is read by day only; print is black on white."""
    text = (STATIC / sheet).read_text(encoding="utf-8")
    if sheet in ("page.css", "air.css"):
        text = re.sub(r":root[^{]*\{.*?\}", "", text, flags=re.DOTALL)
    if sheet == "print.css":
        assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", text)) <= {"#fff", "#000", "#777"}
        return
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b", text) == []
