"""Themes: what every one of them has, and that the document tells of them what is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from livesell import bundle
from livesell.commands import Confirm
from livesell.store import Asked
from livesell.web import pages, themes
from tests.test_pages import browser, page_of, selling

__all__ = ["browser"]

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
    about = themes.described(theme.name)
    assert {"en", "vi", "bn"} <= set(about["title"])
    assert about["sizes"] == ["1080x1920", "1920x1080"]
    own = tomllib.loads((theme / "theme.toml").read_text(encoding="utf-8"))["settings"]
    for name, setting in about["settings"].items():
        assert {"en", "vi", "bn"} <= set(setting["label"]), name
        if setting["type"] == "choice":
            assert set(setting.get("words", {})) == set(setting["options"]), name
        table = DOCUMENT.split(
            f"\n| key | of `{theme.name}` |" if "type" in own.get(name, {}) else "\n| key | of every theme |"
        )[1]
        row = next(row for row in table.split("\n\n")[0].splitlines() if row.startswith(f"| `{name}`"))
        default = str(setting["default"])
        shown = {"True": "on", "False": "off", "": '""'}.get(default, default.removeprefix("0") or "0")
        assert shown in row.split("|")[2] or name == "corner", name


def test_every_mark_in_the_document_is_one_that_the_script_fills() -> None:
    """The table of marks is the script's."""
    scripts = ROOT / "livesell" / "web" / "static"
    air = (scripts / "air.js").read_text(encoding="utf-8")
    told: dict[str, set[str]] = {}
    for row in DOCUMENT.split("## Marks")[1].split("## ")[0].splitlines():
        cells = row.split("|")
        marks = re.findall(r"data-[a-z]+(?:-[a-z]+)*", cells[1]) if len(cells) > 3 else []
        for name in re.findall(r"`([a-z]+)`", cells[2]) if marks else []:
            told.setdefault(name, set()).update(marks)
    assert set(told) == {"every", *themes.SCRIPTS}
    for name in themes.SCRIPTS:
        script = (scripts / f"{name}.js").read_text(encoding="utf-8")
        filled = set(re.findall(r"\[(data-[a-z]+(?:-[a-z]+)*)\]", script + air))
        assert filled == told[name] | told["every"], name
    for theme in THEMES:
        markup = (theme / "overlay.html").read_text(encoding="utf-8")
        used = set(re.findall(r"data-[a-z]+(?:-[a-z]+)*", markup))
        assert used <= told[themes.script(theme.name)] | told["every"], theme.name


@pytest.mark.browser
async def test_the_example_of_the_document_is_a_theme(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its three blocks, put into a folder as it says, show three names of a true evening and take settings."""
    folder = tmp_path / "overlays" / "quiet"
    folder.mkdir(parents=True)
    for name, kind in (("overlay.html", "html"), ("overlay.css", "css"), ("theme.toml", "toml")):
        blocks = re.findall(rf"```{kind}\n(.*?)```", DOCUMENT, re.DOTALL)
        assert len(blocks) == 1, kind
        (folder / name).write_text(blocks[0], encoding="utf-8")
    monkeypatch.setattr(bundle, "OVERLAY_FOLDER", folder.parent)
    pages.assets.cache_clear()
    pages.environment.cache_clear()
    try:
        (tmp_path / "shop").mkdir()
        async with selling(tmp_path / "shop") as evening, page_of(browser, {"width": 1920, "height": 1080}) as page:
            await page.goto(evening.url("/overlay/quiet", "overlay") + "&accent=%2300FFAA")
            for number, name in enumerate(("mai", "lin", "hoa", "lan")):
                await evening.say(str(number), name, "chốt H2")
            orders = await evening.shop.look(lambda look: look.orders(evening.shop.show))
            for order in orders:
                await evening.shop.writer.submit(Asked(evening.shop.show, (Confirm(order=order["code"]),)))
            await expect(page.locator("li:visible")).to_have_count(3)
            await expect(page.locator("li:visible", has_text="lan")).to_be_visible()
            await expect(page.locator("[data-total]")).to_have_text("4")
            await expect(page.locator("[data-total]")).to_have_css("background-color", "rgb(0, 255, 170)")
    finally:
        pages.assets.cache_clear()
        pages.environment.cache_clear()
