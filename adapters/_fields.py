"""What platforms' JSON is read with: every value may be of any type, and what does not fit is absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from livesell.adapter import MOST_ID, Frame, clean

NOTHING: dict[str, Any] = {}


def table(value: Any, *path: str) -> dict[str, Any]:
    """The object that a path of keys leads to, an empty one if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else NOTHING


def rows(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, leaving out what is none."""
    if isinstance(value, list):
        for row in value:
            if isinstance(row, dict):
                yield row


def words(value: Any) -> str:
    """A text, cleaned; "" for what is none."""
    return clean(value) if isinstance(value, str) else ""


def letters(value: bytes) -> str:
    """A text off the wire, cleaned; bytes that are no UTF-8 become U+FFFD."""
    return value.decode("utf-8", "replace").replace("\0", "")


def ident(value: Any) -> str:
    """An id, which platforms write as a string or a number; "" for what is none or too long to be one."""
    if isinstance(value, int) and not isinstance(value, bool) and -(1 << 64) < value < 1 << 64:
        return str(value)
    text = words(value).strip()
    return text if len(text) <= MOST_ID else ""


def whole(value: Any) -> int | None:
    """A whole number of up to 64 bits, also where it is written as a string of digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(1 << 63) <= value < 1 << 63 else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return None


def since_1970(value: Any, unit: int = 1) -> datetime | None:
    """A time counted from 1970 in seconds (`unit` 1), milliseconds (1_000) or microseconds (1_000_000)."""
    count = whole(value)
    if not count or not 0 < count // unit < 1 << 37:
        return None
    try:
        return datetime.fromtimestamp(count / unit, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def single_line(text: str) -> str:
    """A text with every run of white space as one space, and none around it."""
    return " ".join(text.split())


def payload(frame: Frame) -> Any:
    """The JSON of a frame, whichever way it was kept; None where it is none."""
    source = frame.text if frame.text is not None else frame.data
    return frame.json if source is None else parsed(source)


def parsed(source: str | bytes) -> Any:
    """The JSON of a text or body, None where it is none; a byte that is no UTF-8 costs one letter, not the message."""
    try:
        return json.loads(source if isinstance(source, str) else source.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
