"""Static files and themes: only what was found, under an address that changes with the content (attack 13)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livesell.errors import NotFound
from livesell.web.assets import Assets, found_themes
from tests.doors import KEYS, Shop, open_shop, theme_folder

FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    """Our own files, one theme, and a file beside them that no address may reach."""
    own = tmp_path / "static"
    (own / "control").mkdir(parents=True)
    (own / "page.js").write_text('import "./control/feed.js"', encoding="utf-8")
    (own / "control" / "feed.js").write_text("export {}", encoding="utf-8")
    (own / ".hidden.js").write_text("no", encoding="utf-8")
    (own / "notes.txt").write_text("no", encoding="utf-8")
    return Assets(own, found_themes(theme_folder(tmp_path)))


async def test_a_file_is_kept_for_ever_under_its_hash(assets: Assets) -> None:
    """No key is needed; the type is ours, the answer is immutable, and a module's relative import leads to its file."""
    async with open_shop(assets=assets) as shop:
        page = await shop.ask("GET", assets.static("page.js"))
        assert (page.status, page.text) == (200, 'import "./control/feed.js"')
        assert page.headers["content-type"] == "text/javascript; charset=utf-8"
        assert page.headers["cache-control"] == FOREVER
        assert page.headers["x-content-type-options"] == "nosniff" and page.headers["server"] == "livesell"
        folder = assets.static("page.js").removesuffix("page.js")
        assert assets.static("control/feed.js") == f"{folder}control/feed.js"
        style = await shop.ask("GET", assets.theme("plain", "overlay.css"))
        assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


async def test_a_change_gives_a_new_address_and_the_old_one_is_no_longer_kept(assets: Assets, tmp_path: Path) -> None:
    """A page from before an update still finds its files, but today's are not kept under yesterday's hash."""
    old = assets.static("page.js")
    (tmp_path / "static" / "control" / "feed.js").write_text("export const changed = 1", encoding="utf-8")
    assets = Assets(tmp_path / "static", assets.themes)
    assert assets.static("page.js") != old
    async with open_shop(assets=assets) as shop:
        stale = await shop.ask("GET", old)
        assert (stale.status, stale.headers["cache-control"]) == (200, "no-store")


def test_a_theme_in_the_making_shows_its_changes(
    assets: Assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart, a second later, the address of a changed theme is another."""
    now = [1000.0]
    monkeypatch.setattr("livesell.web.assets.time.monotonic", lambda: now[0])
    before = assets.theme("plain", "overlay.css")
    (tmp_path / "overlays" / "plain" / "overlay.css").write_text("body { color: blue }", encoding="utf-8")
    assert assets.theme("plain", "overlay.css") == before
    now[0] += 1
    assert assets.theme("plain", "overlay.css") != before


ATTEMPTS = [
    "..%2fsecret.toml",
    "../secret.toml",
    "..%5csecret.toml",
    "%2e%2e/%2e%2e/secret.toml",
    "....//secret.toml",
    "C:/secret.toml",
    "%5c%5chost%5cshare",
    "//host/share",
    "overlay.css%00.js",
    "overlay.css/",
    "x" * 4000,
    "notes.txt",
    ".hidden.js",
    "theme.toml",
    "",
]


@pytest.mark.parametrize("tried", ATTEMPTS, ids=lambda tried: tried[:20])
async def test_nothing_but_listed_files_is_found(assets: Assets, tried: str) -> None:
    """Dots, backslashes, drives, shares, NUL, endless names, hidden files, other types: 404, no byte of a file."""
    async with open_shop(assets=assets) as shop:
        for address in (f"{_folder(assets, 'web')}{tried}", f"{_folder(assets, 'theme')}{tried}", f"/static/{tried}"):
            answer = await shop.ask("GET", address)
            assert answer.status in (400, 404), address
            assert b"secret" not in answer.body and b"<html" not in answer.body


@pytest.mark.parametrize("name", ["..%2fplain", "%2e%2e", "Plain", "plain%00", "plain%2f..%2fplain", "x" * 4000, "C:"])
async def test_a_theme_that_was_not_found_is_not_there(assets: Assets, name: str) -> None:
    """A theme is a name in the list of found ones; any other is 404, with the key too."""
    key = {"Authorization": f"Bearer {KEYS['overlay']}"}
    async with open_shop(assets=assets) as shop:
        assert (await shop.ask("GET", f"/overlay/{name}", key)).status in (400, 404)
        assert (await shop.ask("GET", "/overlay/plain", key)).status == 200


async def test_a_theme_has_no_script(assets: Assets) -> None:
    """An overlay has the origin of the control page: a stranger's script there could do what the seller can."""
    with pytest.raises(NotFound):
        assets.theme("plain", "theme.js")
    async with open_shop(assets=assets) as shop:
        assert (await shop.ask("GET", f"{_folder(assets, 'theme')}theme.js")).status == 404


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need a right of their own on Windows")
def test_a_link_in_a_theme_leads_nowhere_outside(assets: Assets, tmp_path: Path) -> None:
    """A theme that links to a file of this machine does not get it published."""
    (tmp_path / "private.css").write_text("secret", encoding="utf-8")
    (tmp_path / "overlays" / "plain" / "linked.css").symlink_to(tmp_path / "private.css")
    (tmp_path / "overlays" / "plain" / "alias.css").symlink_to("overlay.css")
    again = Assets(tmp_path / "static", assets.themes)
    assert again.theme("plain", "alias.css").endswith("/alias.css")
    with pytest.raises(NotFound):
        again.theme("plain", "linked.css")


def test_themes_are_folders_with_a_page_and_a_plain_name(tmp_path: Path) -> None:
    """Names of `[a-z0-9-]{1,40}` with an `overlay.html`; a folder that is not there has none."""
    for name in ("plain", "Tết", "no_underscore", "a" * 41, "empty"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "overlay.html").write_text("", encoding="utf-8")
    assert list(found_themes(tmp_path)) == ["plain"]
    assert found_themes(tmp_path / "none") == {}


def test_a_file_that_a_template_names_wrongly_is_an_error_at_once(assets: Assets) -> None:
    """A misspelt name fails when the page is made, not silently in the browser."""
    with pytest.raises(NotFound, match=r"pgae\.js"):
        assets.static("pgae.js")
    with pytest.raises(NotFound, match="none"):
        assets.theme("none", "overlay.css")


def _folder(assets: Assets, which: str) -> str:
    address = assets.static("page.js") if which == "web" else assets.theme("plain", "overlay.css")
    return address.rpartition("/")[0] + "/"


async def test_a_foreign_name_gets_no_file(assets: Assets) -> None:
    """Static files are behind the same check of names as everything else."""
    async with open_shop(assets=assets) as shop:
        assert (await _status(shop, assets.static("page.js"), "evil.example")) == 421


async def _status(shop: Shop, path: str, host: str) -> int:
    return (await shop.ask("GET", path, host=host)).status
