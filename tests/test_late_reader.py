"""The parser is loaded behind the first page: nothing that is asked of it meanwhile is lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from livesell.config import Config, Shop
from livesell.errors import ConfigError
from livesell.model import Code, Money, Product
from livesell.running import LateReader
from livesell.web.pages import compiled

HERE = Path(__file__).parent.parent


def product(code: str) -> Product:
    """A product without stock to count."""
    return Product(Code(code), f"{code} hoa nhài", price=Money(1000))


def test_the_first_page_is_served_without_the_parser(tmp_path: Path) -> None:
    """What the server imports to serve has neither the parser nor what only other databases and commands need."""
    program = (
        "import sys, livesell.running; print([name for name in sys.modules if name.startswith("
        "('livesell.parser', 'livesell.lexicon', 'rapidfuzz', 'phonenumbers', 'sqlalchemy.dialects.postgresql'))])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        cwd=tmp_path,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert said.stdout.strip() == "[]"


def test_goods_put_before_it_is_loaded_are_known(tmp_path: Path) -> None:
    """The store brings its goods first; the first comment finds them, and one that is changed afterwards too."""
    reader = LateReader(Config(folder=tmp_path))
    reader.put(product("A1"))
    assert [claim.code for claim in reader.read("A1 x2").claims] == ["A1"]
    reader.put(product("B2"))
    assert [claim.code for claim in reader.read("B2 x2").claims] == ["B2"]


def test_a_language_without_a_pack_is_told_at_the_start(tmp_path: Path) -> None:
    """Not at the first comment of the evening."""
    with pytest.raises(ConfigError, match="there is no pack for 'tlh'"):
        LateReader(Config(folder=tmp_path, shop=Shop(languages=("vi", "tlh"))))


async def test_it_loads_by_itself(tmp_path: Path) -> None:
    """Without a comment too, so that the first one need not wait."""
    reader = LateReader(Config(folder=tmp_path))
    await asyncio.wait_for(reader.soon(), 20)
    assert reader._parser is not None


def test_templates_are_compiled_once(tmp_path: Path) -> None:
    """Where nothing can be written they are compiled each time, and nothing else is different."""
    assert compiled(tmp_path / "cache") is not None
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert compiled(tmp_path / "file") is None
