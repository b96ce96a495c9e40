"""Pictures of goods: files in a folder, each named after a product's code."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
"""No SVG: it may hold a script."""

MOST = 5 << 20
"""Bytes; a larger file is a camera's, and would make the overlay late."""


def picture(folder: Path | None, code: str) -> Path | None:
    """The picture of a product, whatever case its name is in; None where there is none.

    The folder is listed and compared, so that a code can name no file elsewhere.
    """
    if folder is None or not folder.is_dir():
        return None
    wanted = code.casefold()
    for path in sorted(folder.iterdir()):
        if path.stem.casefold() == wanted and path.suffix.lower() in TYPES and path.is_file():
            return path if path.stat().st_size <= MOST else None
    return None


def address(folder: Path | None, code: str) -> str | None:
    """Where pages find a product's picture; another address once the file changes."""
    path = picture(folder, code)
    if path is None:
        return None
    return f"/picture/{urllib.parse.quote(code, safe='')}?as=overlay&v={path.stat().st_mtime_ns:x}"
