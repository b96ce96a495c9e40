"""The adapter that `docs/adapters.md` walks through: its code runs, decodes its frames, and hears a server."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from livesell import decoding, registry
from livesell.adapter import Adapter, Frame, read_frame
from livesell.errors import AdapterError
from tests.fakes.ear import Listener
from tests.fakes.mutation import mutations
from tests.fakes.relay import RelayFake

PAGE = (Path(__file__).parent.parent / "docs" / "adapters.md").read_text(encoding="utf-8")
CODE, FRAMES, HEARD = re.findall(r"```(?:python|jsonl)\n(.*?)```", PAGE.partition("# Write an adapter")[2], re.DOTALL)


@pytest.fixture
def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Adapter]]:
    """The adapter of the page, found as one of ours would be."""
    path = tmp_path / "market.py"
    path.write_text(CODE, encoding="utf-8")
    name = "adapters.market"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr("livesell.bundle.ADAPTER_FOLDER", tmp_path)
    yield registry.adapter("market")


def test_its_frames_decode_to_what_the_page_says(market: type[Adapter], tmp_path: Path) -> None:
    """`livesell decode market` prints what stands on the page."""
    path = tmp_path / "chat.jsonl"
    path.write_text(FRAMES, encoding="utf-8")
    out = io.StringIO()
    decoding.run("market", path, out)
    assert out.getvalue() == HEARD


def test_it_survives_broken_frames(market: type[Adapter]) -> None:
    """As every adapter must."""
    frames = [read_frame(line) for line in FRAMES.splitlines()]
    for frame in [Frame(), Frame(data=b"\xff"), *mutations(frames, 2_000)]:
        list(market.decode(frame))


async def test_it_hears_a_server_to_the_end(market: type[Adapter]) -> None:
    """A pasted link makes the source; comments are heard, the end is told, a broken line is an error."""
    found = market.recognise("https://market.example/live/mai")
    assert found == {"stall": "mai"}
    async with RelayFake().serving() as relay:
        ear = Listener(registry.make_source({"platform": "market", **found, "url": relay.url}))
        async with ear.listening() as task:
            await relay.say({"kind": "said", "id": 1, "user": {"id": 7}, "text": "A1"}, {"kind": "closed"})
            await asyncio.wait_for(task, 5)
        assert (ear.texts, ear.ends, relay.paths) == (["A1"], ["the stall has closed"], ["/mai"])
        async with ear.listening() as task:
            await ear.until(lambda: ear.states.count("live") == 2)
            await relay.drop()
            with pytest.raises(AdapterError, match="Market closed the line"):
                await asyncio.wait_for(task, 5)
