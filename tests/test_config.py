"""The configuration: every key has a default, and what cannot be used is told with file, key and way out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from livesell.config import Config, load
from livesell.errors import ConfigError

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def written(folder: Path, text: str) -> Path:
    """A configuration file."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    """Everything may be left out; relative paths start where the file lies."""
    config = load(written(tmp_path, ""))
    assert msgspec.structs.replace(config, folder=Path()) == Config()
    assert config.folder == tmp_path


def test_the_example_has_every_key_with_its_default() -> None:
    """What the example shows is what is."""
    assert msgspec.structs.replace(load(EXAMPLE), folder=Path()) == Config()
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for field in msgspec.structs.fields(Config):
        if field.name in ("source", "folder"):
            continue
        section = field.type
        assert {one.encode_name for one in msgspec.structs.fields(section)} == set(data[field.encode_name])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[server]\nprot = 1", "config.toml, server.prot: this key is not known (did you mean 'port'?)"),
        ("[shpo]\n", "config.toml, shpo: this key is not known (did you mean 'shop'?)"),
        (
            "[server.keys]\nselle = 'x'",
            "config.toml, server.keys.selle: this key is not known (did you mean 'seller'?)",
        ),
        ("[server]\nport = 'eight'", "config.toml, server.port: Expected `int`, got `str`"),
        ("[server]\nport = 99999", "config.toml, server.port: 99999 is not a port"),
        ("[desk]\nconfirm = 'maybe'", "config.toml, desk.confirm: Invalid enum value 'maybe'"),
        ("[desk]\nhold_minutes = -1", "config.toml, desk: times are not negative"),
        ("[shop]\ncountry = 'Vietnam'", "config.toml, shop.country: 'Vietnam' is not a country"),
        ("[shop]\ncurrency = 'dong'", "config.toml, shop.currency: 'dong' is not a currency"),
        ("[shop]\ntimezone = 'Hanoi'", "config.toml, shop.timezone: 'Hanoi' is no time zone"),
        ("[server.keys]\nseller = 'short'", "config.toml, server.keys.seller: is too short to be a key"),
        ("source = 3", "config.toml, source: sources are tables"),
        ("not toml", "config.toml: is not TOML"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, told: str) -> None:
    """In one line that names the file and the key."""
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, text))
    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_an_error_that_shows_the_example(tmp_path: Path) -> None:
    """Only where it was named."""
    with pytest.raises(ConfigError, match=r"there is no such file \(config\.example\.toml shows every key\)"):
        load(tmp_path / "config.toml")


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    """`<key>_env` takes the value of the variable; an empty one is told."""
    path = written(tmp_path, '[server.keys]\nseller_env = "SELLER"\n')
    assert load(path, {"SELLER": "a" * 20}).server.keys.seller == "a" * 20
    with pytest.raises(ConfigError, match="the environment has no SELLER"):
        load(path, {})
