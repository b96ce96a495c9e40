"""Files that pages load: found by name in a list only, and kept by browsers for ever under an address with a hash.

An address is `/static/<set>-<hash>/<path>`: the hash is of the whole set, so that a module's `import "./feed.js"` and a
style sheet's `url(font.woff2)` stay as they are written and still change their address when any file changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from livesell.errors import NotFound

# By hand: what the machine's own table says differs (Windows may call a script text/plain, which `nosniff` then stops).
_PICTURES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
_THEME = _PICTURES | {
    ".css": "text/css; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".webm": "video/webm",
    ".woff2": "font/woff2",
}
"""No script: an overlay has livesell's origin, and a stranger's script in it could do all that the seller can."""

_OWN = _THEME | {
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_TEXTS = frozenset({".css", ".js", ".json", ".svg"})
"""Files that become a third of their size on the way."""

_FOREVER = "public, max-age=31536000, immutable"
_NAME = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


def found_themes(folder: Path) -> dict[str, Path]:
    """The themes in a folder of overlays by name: those that have an `overlay.html` and a name of `[a-z0-9-]{1,40}`."""
    if not folder.is_dir():
        return {}
    return {
        entry.name: entry
        for entry in sorted(folder.iterdir())
        if _NAME.fullmatch(entry.name) and (entry / "overlay.html").is_file()
    }


class Assets:
    """The files of livesell's own pages and of the themes that were found.

    `ROUTE` is to be answered by `serve`; `static` and `theme` are what templates call. A file that changes on disk gets
    a new address within a second, so a theme can be worked on while it is shown.
    """

    ROUTE = "/static/{set}/{path:.+}"

    def __init__(self, own: Path, themes: Mapping[str, Path] | None = None) -> None:
        self.themes: dict[str, Path] = dict(themes or {})
        self._sets = {"web": _Files(own, _OWN)}
        self._sets |= {f"theme.{name}": _Files(folder, _THEME, fenced=True) for name, folder in self.themes.items()}

    def static(self, path: str) -> str:
        """The address of one of livesell's own files, as `control/page.js`; NotFound if there is none."""
        return self._address("web", path)

    def theme(self, name: str, path: str) -> str:
        """The address of a file of a theme; NotFound if there is none, or of a kind that themes may not have."""
        if name not in self.themes:
            raise NotFound("theme", name)
        return self._address(f"theme.{name}", path)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a file of a set. Under an older hash it is the file of today, which then is not kept."""
        name, _, mark = request.match_info["set"].rpartition("-")
        files = self._sets.get(name)
        path = files.listed().get(request.match_info["path"]) if files is not None else None
        if files is None or path is None:
            raise web.HTTPNotFound
        response = web.FileResponse(
            path,
            headers={
                "Content-Type": files.types[path.suffix.lower()],
                "Cache-Control": _FOREVER if mark == files.mark else "no-store",
            },
        )
        if path.suffix.lower() in _TEXTS:
            response.enable_compression()
        return response

    def _address(self, name: str, path: str) -> str:
        files = self._sets[name]
        if path not in files.listed():
            raise NotFound("file", path)
        return f"/static/{name}-{files.mark}/{path}"


class _Files:
    """One folder: its files by path with `/`, and the hash of them all."""

    def __init__(self, folder: Path, types: Mapping[str, str], *, fenced: bool = False) -> None:
        self.types, self.mark = types, ""
        self._folder, self._fenced = folder, fenced
        self._listed: dict[str, Path] = {}
        self._state: list[tuple[str, int, int]] | None = None
        self._looked = 0.0

    def listed(self) -> Mapping[str, Path]:
        if self._state is None or time.monotonic() - self._looked >= 1.0:
            self._look()
        return self._listed

    def _look(self) -> None:
        self._looked = time.monotonic()
        found = {path.relative_to(self._folder).as_posix(): path for path in self._walk()}
        state = []
        for name in sorted(found):
            seen = found[name].stat()
            state.append((name, seen.st_mtime_ns, seen.st_size))
        if state == self._state:
            return
        whole = hashlib.sha256()
        for name in sorted(found):
            data = found[name].read_bytes()
            whole.update(f"{name}\0{len(data)}\0".encode() + data)
        self._listed, self._state, self.mark = found, state, whole.hexdigest()[:12]

    def _walk(self) -> list[Path]:
        found: list[Path] = []
        fence = self._folder.resolve()
        for folder, below, names in os.walk(self._folder):
            below[:] = [name for name in below if not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                if name.startswith(".") or path.suffix.lower() not in self.types or not path.is_file():
                    continue
                # A link in a stranger's theme must not lead to a file outside of it.
                if not self._fenced or path.resolve().is_relative_to(fence):
                    found.append(path)
        return found
