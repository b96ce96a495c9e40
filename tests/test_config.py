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


def defaults(config: Config) -> Config:
    """A configuration without where it came from."""
    return msgspec.structs.replace(config, folder=Path(), sheet_named=False)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    """Everything may be left out; relative paths start where the file lies."""
    config = load(written(tmp_path, ""))
    assert defaults(config) == Config()
    assert config.folder == tmp_path


def test_the_sheet_beside_the_file_is_taken_without_being_named(tmp_path: Path) -> None:
    """`products.csv` if it is there; one that is named must be there, and "" is none."""
    assert load(written(tmp_path, "")).catalog_path is None
    assert Config(folder=tmp_path).catalog_path is None
    named = load(written(tmp_path, '[catalog]\nfile = "products.csv"'))
    assert named.catalog_path == tmp_path / "products.csv"
    (tmp_path / "products.csv").touch()
    assert load(written(tmp_path, "")).catalog_path == tmp_path / "products.csv"
    assert load(written(tmp_path, '[catalog]\nfile = ""')).catalog_path is None
    assert load(written(tmp_path, '[catalog]\nfile = "goods/may.xlsx"')).catalog_path == tmp_path / "goods/may.xlsx"


def test_sources_are_kept_as_they_are_written(tmp_path: Path) -> None:
    """In their order, each with its platform's own keys: whoever knows the platform checks them."""
    text = '[[source]]\nplatform = "a"\nchannel = "x"\n[[source]]\nplatform = "b"\nseller_ids = ["1"]\n'
    assert load(written(tmp_path, text)).source == (
        {"platform": "a", "channel": "x"},
        {"platform": "b", "seller_ids": ["1"]},
    )
    with pytest.raises(
        ConfigError, match=r"config\.toml, source: sources are tables \(write \[\[source\]\] above each\)"
    ):
        load(written(tmp_path, '[source]\nplatform = "a"'))


def test_what_is_no_text_file_is_told(tmp_path: Path) -> None:
    """A folder, another encoding; a byte-order mark is no obstacle."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)
    path = tmp_path / "config.toml"
    path.write_bytes('[shop]\nname = "Gùi"'.encode("utf-16"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(path)
    path.write_bytes('[shop]\nname = "Gùi"'.encode("utf-8-sig"))
    assert load(path).shop.name == "Gùi"


def test_the_example_has_every_key_with_its_default() -> None:
    """What the example shows is what is."""
    assert defaults(load(EXAMPLE)) == Config()
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for field in msgspec.structs.fields(Config):
        if field.name in ("source", "folder", "sheet_named"):
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
        ("[server]\nport = 'eight'", "config.toml, server.port: is a text in quotes (write a whole number)"),
        ("server = 3", "config.toml, server: is a whole number (write a table of its own, as [server])"),
        ("[server]\nhosts = 'shop.lan'", 'config.toml, server.hosts: is a text in quotes (write a list, as ["…"])'),
        ("[shop]\nlanguages = [1]", "config.toml, shop.languages[0]: is a whole number (write a text in quotes)"),
        ("[server]\nhost = ''", "config.toml, server.host: is empty"),
        ("folder = 'x'", "config.toml, folder: this key is not known"),
        ("sheet_named = true", "config.toml, sheet_named: this key is not known"),
        ("[server]\nport = 99999", "config.toml, server.port: 99999 is not a port"),
        ("[desk]\nconfirm = 'maybe'", "config.toml, desk.confirm: 'maybe' is not known (one of tap, sure)"),
        ("[desk]\nhold_minutes = -1", "config.toml, desk.hold_minutes: is not from 0 to 525600"),
        ("[desk]\npin_delay = nan", "config.toml, desk.pin_delay: is not from 0 to 600 seconds"),
        ("[desk]\npin_delay = inf", "config.toml, desk.pin_delay: is not from 0 to 600 seconds"),
        ("[server.keys]\nseller = 'năm mươi ký tự dài'", "config.toml, server.keys.seller: has characters"),
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
