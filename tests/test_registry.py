"""Finding adapters, and making sources of what the configuration says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livesell import registry
from livesell.errors import ConfigError

TWITCH: dict[str, Any] = {"platform": "twitch", "channel": "thaomoc"}


def test_adapters_are_found_by_file_name() -> None:
    """Every file in adapters/ without a leading underscore is a platform."""
    found = registry.adapters()
    assert {"http", "replay", "twitch"} <= set(found)
    assert not [name for name in found if name.startswith("_")]
    assert found == sorted(found)


def test_listing_adapters_imports_none() -> None:
    """Names cost nothing: no adapter, and nothing that adapters need, is loaded by asking for them."""
    code = "import sys; from livesell import registry; registry.adapters(); print(*[m for m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    loaded = done.stdout.split()
    assert "livesell.registry" in loaded
    assert not [name for name in loaded if name.startswith(("adapters.", "websockets", "aiohttp"))]


def test_an_unknown_platform_is_answered_with_the_nearest() -> None:
    """A misspelt platform names the one that was meant and all there are."""
    with pytest.raises(
        ConfigError, match=r"platform 'twich': there is no such adapter \(did you mean 'twitch'\?"
    ) as no:
        registry.adapter("twich")
    assert "http" in str(no.value)
    for name in ("_fields", "", "../x", "os"):
        with pytest.raises(ConfigError, match="no such adapter"):
            registry.adapter(name)


def test_a_source_is_made_of_its_table() -> None:
    """Own keys become settings; name and seller_ids are every source's; the name defaults to the platform."""
    plain = registry.make_source(TWITCH)
    assert (plain.name, plain.place, plain.seller_ids) == ("twitch", "thaomoc", frozenset())
    named = registry.make_source({**TWITCH, "name": "evening", "seller_ids": ["7001"]})
    assert (named.name, named.seller_ids) == ("evening", frozenset(["7001"]))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "source 1, platform: is missing (one of "),
        ({"platform": 5}, "source 1, platform: is not a string"),
        ({"platform": "twitch"}, "source 1, channel: is missing (twitch needs it)"),
        ({**TWITCH, "chanel": "x"}, "source 1, chanel: this key is not known (did you mean 'channel'?"),
        ({**TWITCH, "colour": "x"}, "source 1, colour: this key is not known"),
        ({"platform": "http", "channel": "x"}, "http has no keys of its own"),
        ({**TWITCH, "channel": 5}, "source 1, channel: Expected `str`, got `int`"),
        ({**TWITCH, "quiet": "long"}, "source 1, quiet: Expected `float`, got `str`"),
        ({**TWITCH, "name": ""}, "source 1, name: is not a short name"),
        ({**TWITCH, "name": "a/b"}, "source 1, name: is not a short name"),
        ({**TWITCH, "seller_ids": [7001]}, "source 1, seller_ids: is not a list of strings"),
        ({"platform": "replay"}, "source 1: Expected one of `file` and `folder`"),
        ({"platform": "replay", "file": 5}, "source 1, file: Expected a path"),
        ({"platform": "replay", "file": "x", "speed": -1}, "source 1, speed: Expected `float` >= 0"),
    ],
)
def test_a_wrong_key_is_named(table: dict[str, Any], words: str) -> None:
    """Every mistake in a table is told with the source, the key and what to do."""
    with pytest.raises(ConfigError) as refusal:
        registry.make_sources([table], "shop.toml")
    assert str(refusal.value).startswith("shop.toml, ")
    assert words in str(refusal.value)


def test_secrets_come_from_the_environment() -> None:
    """`<key>_env` takes a key's value from the environment, and says so where it is not set."""
    table = {"platform": "twitch", "channel_env": "SHOP_CHANNEL"}
    assert registry.make_source(table, environment={"SHOP_CHANNEL": "thaomoc"}).place == "thaomoc"
    with pytest.raises(ConfigError, match="channel_env: the environment has no 'SHOP_CHANNEL'"):
        registry.make_source(table, environment={})


def test_paths_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """A key that is a path starts at the folder of the file it stands in."""
    source = registry.make_source({"platform": "replay", "file": "night.jsonl"}, folder=tmp_path)
    assert source.settings.file == tmp_path / "night.jsonl"


def test_two_sources_on_one_place_are_refused() -> None:
    """The same channel twice would be every comment twice; the same name twice could not be told apart."""
    with pytest.raises(ConfigError, match="source 2: twitch thaomoc is listened to already by 'twitch'"):
        registry.make_sources([TWITCH, {**TWITCH, "channel": "#ThaoMoc", "name": "b"}])
    with pytest.raises(ConfigError, match="source 2, name: there is another source 'twitch'"):
        registry.make_sources([TWITCH, {**TWITCH, "channel": "other"}])
    both = registry.make_sources([TWITCH, {**TWITCH, "channel": "other", "name": "b"}])
    assert [one.place for one in both] == ["thaomoc", "other"]


def test_a_link_finds_its_adapter() -> None:
    """A pasted link, with the spaces that pasting brings, is a platform and settings that make a source."""
    found = registry.recognise("  https://www.twitch.tv/thaomoc \n")
    assert found == ("twitch", {"channel": "thaomoc"})
    assert registry.make_source({"platform": found[0], **found[1]}).place == "thaomoc"
    assert registry.recognise("https://example.com/") is None


def test_adapters_of_others_are_found_by_entry_point(tmp_path: Path) -> None:
    """A distribution with an entry point in `livesell.adapters` adds a platform; one that is no adapter is named."""
    info = tmp_path / "strange_chat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-chat\nVersion: 1.0\n", encoding="utf-8")
    points = (
        "[livesell.adapters]\nstrange = strange_chat:Strange\nbroken = strange_chat:nothing\nodd = strange_chat:ODD\n"
    )
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    (tmp_path / "strange_chat.py").write_text(
        "from adapters.http import Http\nODD = 5\nclass Strange(Http):\n    platform = 'strange'\n", encoding="utf-8"
    )
    code = (
        "from livesell import registry\nfrom livesell.errors import ConfigError\n"
        "print('strange' in registry.adapters(), registry.make_source({'platform': 'strange'}).platform)\n"
        "for name in ('broken', 'odd'):\n    try: registry.adapter(name)\n    except ConfigError as e: print(e)\n"
    )
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {root!r}]\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "True strange"
    assert lines[1].startswith("adapter 'broken': strange_chat:nothing cannot be loaded")
    assert lines[2] == "adapter 'odd': strange_chat:ODD is no livesell.adapter.Adapter"
