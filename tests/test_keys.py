"""The keys of a shop: made once, kept to their owner, compared with care, and renewed."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from livesell.errors import ConfigError
from livesell.web.keys import ROLES, Keys, OneTime

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def test_the_first_start_makes_three_keys_and_the_next_finds_them(tmp_path: Path) -> None:
    """256 random bits each, all different, the same after a restart."""
    first = Keys.open(tmp_path / "shop.keys")
    made = [first.of(role) for role in ROLES]
    assert len(set(made)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", key) for key in made)
    again = Keys.open(tmp_path / "shop.keys")
    assert [again.of(role) for role in ROLES] == made
    assert [again.role_of(key) for key in made] == list(ROLES)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes: the user's profile keeps others out")
def test_only_their_owner_can_read_them(tmp_path: Path) -> None:
    """The file is made 0600 whatever the umask, and one that others can read is closed again at the next start."""
    path = tmp_path / "shop.keys"
    before = os.umask(0)
    try:
        Keys.open(path)
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        Keys.open(path).renew("overlay")
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_starts_at_the_same_moment_agree(tmp_path: Path) -> None:
    """Whoever is second reads what the first wrote, also while it is still writing."""
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: Keys.open(tmp_path / "shop.keys").of("seller"), range(8)))
    assert len(set(keys)) == 1


def test_the_configuration_wins_and_what_it_leaves_out_is_made(tmp_path: Path) -> None:
    """A key in `[server.keys]` is the key; an empty one counts as absent; with all three there no file is made."""
    keys = Keys.open(tmp_path / "shop.keys", {"seller": "the-sellers-own-key", "overlay": ""})
    assert keys.of("seller") == "the-sellers-own-key"
    assert len(keys.of("overlay")) == len(keys.of("ingest")) == 43
    assert keys.short == ("seller",)
    Keys.open(tmp_path / "other.keys", {"seller": "a" * 30, "overlay": "b" * 30, "ingest": "c" * 30})
    assert not (tmp_path / "other.keys").exists()


@pytest.mark.parametrize(
    ("configured", "words"),
    [
        ({"seller": "same", "overlay": "same"}, "two keys are the same"),
        ({"seller": "with space"}, "without spaces"),
        ({"seller": "khoá"}, "letters, digits and signs"),
        ({"seller": "line\nbreak"}, "letters, digits and signs"),
    ],
)
def test_keys_that_cannot_work_are_told_at_start(tmp_path: Path, configured: dict[str, str], words: str) -> None:
    """What no header could carry, or two roles share, is an error in one line that does not repeat the key."""
    with pytest.raises(ConfigError, match=words) as told:
        Keys.open(tmp_path / "shop.keys", configured)
    assert "\n" not in str(told.value) and configured["seller"] not in str(told.value).replace("the same", "")


@pytest.mark.parametrize("text", ["", "seller = ", 'seller = "a"', "\xff", "seller = 1\noverlay = 2\ningest = 3"])
def test_a_key_file_that_is_broken_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    """No new keys behind the seller's back: the file is named, with what to do, and stays as it is."""
    path = tmp_path / "shop.keys"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"shop\.keys.*delete the file"):
        Keys.open(path)
    assert path.read_bytes() == text.encode("latin-1")


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ConfigError, match=r"none.shop\.keys.*cannot be written"):
        Keys.open(tmp_path / "none" / "shop.keys")


def test_new_keys_end_the_old_ones_for_good(tmp_path: Path) -> None:
    """Renewed for one role or for all, also after a restart; what the configuration names cannot be renewed here."""
    path = tmp_path / "shop.keys"
    keys = Keys.open(path, {"ingest": "i" * 30})
    seller, overlay = keys.of("seller"), keys.of("overlay")
    assert keys.renew("overlay") == {"overlay"}
    assert (keys.role_of(overlay), keys.role_of(seller)) == (None, "seller")
    assert keys.renew() == {"seller", "overlay"}
    assert keys.role_of(seller) is None
    assert keys.of("ingest") == "i" * 30
    assert Keys.open(path).of("seller") == keys.of("seller")
    assert [file.name for file in tmp_path.iterdir()] == ["shop.keys"]


@pytest.mark.parametrize("text", ["", "khoá", "\udcff", "\ud800", "\x00", "x" * 1_000_000])
def test_any_text_can_be_compared(text: str) -> None:
    """What no key could be is no key, and no error."""
    assert Keys({"seller": "a" * 43, "overlay": "b" * 43, "ingest": "c" * 43}).role_of(text) is None


def test_a_one_time_key_is_good_once_and_for_two_minutes() -> None:
    """128 bits, taken once; expired, unknown and ended ones are nobody; the oldest goes when many are out."""
    codes = OneTime()
    code = codes.issue("seller", NOW)
    assert len(code) == 22
    assert [codes.take(code, NOW + timedelta(seconds=119)), codes.take(code, NOW)] == ["seller", None]
    assert codes.take(codes.issue("overlay", NOW), NOW + timedelta(seconds=120)) is None
    assert codes.take("\ud800", NOW) is None
    many = [codes.issue("seller", NOW) for _ in range(17)]
    assert [codes.take(many[0], NOW), codes.take(many[1], NOW)] == [None, "seller"]
    codes.clear()
    assert codes.take(many[2], NOW) is None
