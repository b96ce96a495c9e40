"""Recorded frames to comments as JSON lines: what an adapter makes of a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO

from livesell import registry
from livesell.adapter import Decoded, read_frame
from livesell.errors import BadInput
from livesell.model import Comment, Deleted


def run(platform: str, path: Path, out: TextIO) -> None:
    """Print what each frame of a file contains, one JSON object a line; BadInput names a line that is no frame."""
    kind = registry.adapter(platform)
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror})") from None
    with file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                # A byte that is no UTF-8 is one broken letter of a comment, not the end of a recording.
                frame = read_frame(line.decode("utf-8", "replace"))
            except BadInput as problem:
                raise BadInput(f"{path.name} line {number}: {problem}") from None
            out.writelines(json.dumps(shape(item), ensure_ascii=False) + "\n" for item in kind.decode(frame))


def shape(item: Decoded) -> dict[str, Any]:
    """A decoded thing as the JSON object that is printed."""
    if isinstance(item, Comment):
        return {
            "type": "comment",
            "platform": item.platform,
            "id": item.id,
            "author_id": item.author_id,
            "author": item.author,
            "role": item.role,
            "text": item.text,
            "sent_at": None if item.sent_at is None else item.sent_at.isoformat().replace("+00:00", "Z"),
            "history": item.history,
        }
    if isinstance(item, Deleted):
        return {"type": "deleted", "ids": list(item.ids), "author_ids": list(item.author_ids)}
    return {"type": "ended", "reason": item.reason}
