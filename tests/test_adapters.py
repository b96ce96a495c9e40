"""What every adapter keeps to, over the frames that were written for each and over further recordings."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from livesell import decoding, registry
from livesell.adapter import MOST_ID, Adapter, Decoded, Frame, Hook, Settings, read_frame, write_frame
from livesell.errors import BadInput
from livesell.model import Comment, Deleted, Ended
from tests.fakes.mutation import mutations
from tests.fakes.recordings import RECORDINGS, frames_of

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
FRAMES = Path(__file__).parent / "frames"
PLATFORMS = registry.adapters()
FILES = sorted(FRAMES.glob("*/*.jsonl"))
SPEAK_FOR_THEMSELVES = ("http", "replay")
"""Their rows say one by one whether they are history."""
ALSO_NEEDED: dict[str, dict[str, object]] = {
    "replay": {"file": Path("x")},
    "facebook": {"page": "x"},
    "youtube": {"video": "x"},
}
"""One of two keys, where either will do."""
MUTATED = int(os.environ.get("LIVESELL_MUTATIONS", "3000"))


def frames(path: Path) -> list[Frame]:
    return [read_frame(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def all_frames(platform: str) -> list[Frame]:
    return [frame for path in sorted((FRAMES / platform).glob("*.jsonl")) for frame in frames(path)]


def sound(item: Decoded, kind: type[Adapter]) -> None:
    """Assert what the show relies on, for one decoded thing."""
    if isinstance(item, Ended):
        assert item.reason
        return
    assert item.platform if kind.relay else item.platform == kind.platform
    if isinstance(item, Deleted):
        assert item.ids or item.author_ids
        texts: list[str] = [*item.ids, *item.author_ids]
        assert all(texts)
    else:
        assert 0 < len(item.id) <= MOST_ID
        assert item.author_id is None or 0 < len(item.author_id) <= MOST_ID
        assert item.author.strip()
        assert item.text.strip()
        assert item.sent_at is None or item.sent_at.tzinfo is not None
        texts = [item.id, item.author_id or "", item.author, item.text, item.phone or "", item.address or ""]
    for text in texts:
        assert "\0" not in text
        assert text == text.encode("utf-8").decode("utf-8")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_adapter_says_what_it_is(platform: str) -> None:
    """An adapter carries its module's name, has frames of its own, and takes its settings strictly."""
    kind = registry.adapter(platform)
    assert kind.platform == platform
    assert issubclass(kind.Settings, Settings)
    assert kind.Settings.__struct_config__.forbid_unknown_fields
    assert set(kind.needs) <= {field.encode_name for field in msgspec.structs.fields(kind.Settings)}
    assert list((FRAMES / platform).glob("*.jsonl")), f"tests/frames/{platform}/ has no recording"


def test_every_folder_of_frames_has_an_adapter() -> None:
    """No recording outlives its adapter."""
    assert {path.parent.name for path in FILES} <= set(PLATFORMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_frames_decode_to_what_was_written_down(path: Path) -> None:
    """`livesell decode` prints of a recording, line for line, what stands in the file beside it."""
    out = io.StringIO()
    decoding.run(path.parent.name, path, out)
    heard = path.with_suffix(".heard").read_text(encoding="utf-8")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [json.loads(one) for one in heard.splitlines()]
    assert heard


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_decoded_is_sound(platform: str) -> None:
    """Ids, names and texts are there and clean, the platform is named, one frame brings no comment twice."""
    kind = registry.adapter(platform)
    for frame in all_frames(platform):
        items = list(kind.decode(frame))
        for item in items:
            sound(item, kind)
        ids = [(item.platform, item.id, item.edited) for item in items if isinstance(item, Comment)]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_frame_delivered_again_is_the_same_comment(platform: str) -> None:
    """Decoding keeps no memory: the same frame gives the same ids, so the store can tell a second delivery."""
    kind = registry.adapter(platform)
    for frame in all_frames(platform):
        assert list(kind.decode(frame)) == list(kind.decode(frame))


@pytest.mark.parametrize("platform", [name for name in PLATFORMS if name not in SPEAK_FOR_THEMSELVES])
def test_what_is_marked_as_history_stays_so(platform: str) -> None:
    """Comments of a frame that was delivered as old are history, whatever the platform."""
    kind = registry.adapter(platform)
    comments = [
        item
        for frame in all_frames(platform)
        for item in kind.decode(Frame(frame.text, frame.json, frame.data, frame.at, frame.transport, history=True))
        if isinstance(item, Comment)
    ]
    assert comments
    assert all(comment.history for comment in comments)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_broken_frames_are_survived(platform: str) -> None:
    """Cut off, mutated, of a wrong kind or of another platform: nothing is raised, and what is decoded is sound."""
    kind = registry.adapter(platform)
    good = all_frames(platform)
    strangers = [frame for other in PLATFORMS for frame in all_frames(other)[:5]]
    nothing = [
        Frame(),
        Frame(text=""),
        Frame(data=b""),
        Frame(json=None),
        Frame(json=[]),
        Frame(json=0),
        Frame(json="x"),
    ]
    for frame in [*nothing, *strangers, *mutations(good, MUTATED)]:
        for item in kind.decode(frame):
            sound(item, kind)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_any_post_gets_an_answer(platform: str) -> None:
    """A webhook that is nonsense is refused or ignored, never raised over, whatever the adapter."""
    kind = registry.adapter(platform)
    source = kind(_least(kind))
    for method in ("GET", "POST"):
        for body in (b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a": "\\ud800"}', b"[" * 100_000):
            for headers in ({}, {"content-type": "application/json"}, {"x-hub-signature-256": "sha256=é"}):
                hook = Hook(method, NOW, headers=headers, body=body)
                answer = source.receive(hook)
                assert 200 <= answer.status <= 503
                for frame in answer.frames:
                    assert not [item for item in kind.decode(frame) if isinstance(item, Comment)]


def _least(kind: type[Adapter]) -> Settings:
    """Settings with something in every key that is needed."""
    needed = {field.name: "x" for field in msgspec.structs.fields(kind.Settings) if field.required}
    return kind.Settings(**needed, **ALSO_NEEDED.get(kind.platform, {}))


# --- recordings -----------------------------------------------------------------------------------------------------


def test_a_recording_reads_back_as_it_was_written() -> None:
    """A frame written to a line and read again is the same frame, whatever kind it is of."""
    for platform in PLATFORMS:
        for frame in all_frames(platform):
            assert read_frame(write_frame(frame)) == frame


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 2: this line is not JSON"),
        ("[]", "line 2: a frame is a JSON object"),
        ('{"at": "2026-11-22T20:00:00Z"}', "line 2: a frame has exactly one of text, json and base64"),
        ('{"text": "a", "json": {}}', "exactly one of"),
        ('{"text": 5}', "field 'text': is not a string"),
        ('{"base64": "a"}', "field 'base64': is not base64"),
        ('{"at": "yesterday", "text": "a"}', "field 'at': is not a time"),
    ],
)
def test_a_line_that_is_no_frame_is_named(line: str, problem: str, tmp_path: Path) -> None:
    """`decode` stops at a malformed line and says which it is and what is wrong with it."""
    path = tmp_path / "frames.jsonl"
    path.write_text('{"text": ""}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"frames\.jsonl") as refusal:
        decoding.run("twitch", path, io.StringIO())
    assert problem in str(refusal.value)


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    """`decode` of a missing file is a refusal in words."""
    with pytest.raises(BadInput, match="cannot be read"):
        decoding.run("twitch", tmp_path / "nothing.jsonl", io.StringIO())


def test_a_byte_that_is_no_utf8_costs_one_letter(tmp_path: Path) -> None:
    """A recording with a broken byte is decoded to the end, that byte as U+FFFD."""
    path = tmp_path / "frames.jsonl"
    path.write_bytes(b'{"json": {"id": "1", "text": "A1 \xff 2"}}\n')
    out = io.StringIO()
    decoding.run("http", path, out)
    assert json.loads(out.getvalue())["text"] == "A1 \ufffd 2"


@pytest.mark.parametrize("recording", RECORDINGS)
def test_further_recordings_decode(recording: str) -> None:
    """Recordings made by others decode without an error, and every chat message in them is heard with id and text."""
    folder = os.environ.get("LIVESELL_FRAMES")
    if not folder:
        pytest.skip("LIVESELL_FRAMES names no folder with recordings")
    found = frames_of(recording, Path(folder))
    if found.platform not in PLATFORMS:
        pytest.skip(f"there is no adapter for {found.platform}")
    kind = registry.adapter(found.platform)
    comments = []
    for frame in found.frames:
        for item in kind.decode(frame):
            sound(item, kind)
            if isinstance(item, Comment):
                comments.append(item)
    assert len(comments) == found.messages
    assert sum(comment.author_id is not None for comment in comments) == found.with_author
    assert sum(comment.sent_at is not None for comment in comments) == found.with_time
