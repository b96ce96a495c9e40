"""What livesell writes down about itself: to one file that stays small, without keys and without people.

Whatever is logged, also by libraries and with their traces, passes one formatter on the root's handlers: it hides keys,
tokens, cookies, queries and runs of digits that may be phones, and spells out control characters, so that a viewer's
name can neither forge a line nor speak to a terminal.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
import unicodedata
from collections.abc import Iterable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from livesell.errors import StoreReadOnly

SIZE = 5 * 1024 * 1024
FILES = 5
HIDDEN = "•••"

ACCESS = logging.getLogger("livesell.access")
"""For `web.AppRunner(app, access_log=ACCESS, access_log_class=AccessLog)`."""

_SECRETS = (
    (re.compile(r"\b(bearer|basic)(\s+|%20)\S+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b((?:set-)?cookie|authorization)(['\"]?\s*[:=,]\s*)[^\r\n]+", re.IGNORECASE), rf"\1\2{HIDDEN}"),
    (re.compile(r"\b(livesell_[a-z]+_\d+)=[^\s;,'\"]+"), rf"\1={HIDDEN}"),
    (
        re.compile(r"([\w.-]*(?:key|token|secret|passw(?:or)?d|signature|mac))(=|%3D)[^\s&;,'\"]+", re.IGNORECASE),
        rf"\1\2{HIDDEN}",
    ),
)
_DIGITS = re.compile(
    # Dates, times and IPv4 addresses are told apart first and kept: without them a log says nothing.
    r"(?P<kept>(?<![\d.])(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)?"
    r"|(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?![\d.])))"
    r"|(?P<phone>\d(?:[ .\-()]{0,2}\d){7,})"
)


class Plain(logging.Formatter):
    """A line `time level logger: message`, with what must not be written hidden; a trace follows in marked lines."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._known: set[str] = set()
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Hide these texts too, wherever they stand; the short ones that any word contains are left out."""
        self._known |= {text for text in secrets if len(text) >= 6}

    def format(self, record: logging.LogRecord) -> str:
        """The whole of a record as it may be written."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = f"{record.msg} (could not be filled in)"
        trace = [self.formatException(record.exc_info)] if record.exc_info else []
        trace += [self.formatStack(record.stack_info)] if record.stack_info else []
        lines = [line for text in trace for line in self._redact(text).splitlines()]
        head = f"{self.formatTime(record)} {record.levelname} {record.name}: {escaped(self._redact(message))}"
        return "\n".join([head, *(f"  | {escaped(line)}" for line in lines)])

    def _redact(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return redacted(text)


def redacted(text: str) -> str:
    """The text without credentials and without runs of 8 and more digits, in whatever script and grouping."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return _DIGITS.sub(lambda found: found["kept"] or HIDDEN, text)


def escaped(text: str) -> str:
    """The text on one line: controls, line ends, direction marks and lone surrogates as `\\x1b` or `\\u202e`."""
    return "".join(
        character if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else ascii(character)[1:-1]
        for character in text
    )


class AccessLog(AbstractAccessLogger):
    """One line a request: method, path without its query, status, milliseconds; neither address nor Referer."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line for a request that took `time` seconds."""
        path = request.rel_url.raw_path[:200]
        self.logger.info("%s %s %s %.0f ms", request.method[:10], path, response.status, time * 1000)


class _Discreet(logging.Handler):
    """Says once that a line could not be written; logging's own way prints the record's arguments as they came."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Say which kind of problem it was, on stderr."""
        problem = sys.exc_info()[1]
        if not self._told and sys.stderr is not None:
            self._told = True
            sys.stderr.write(f"a line of {record.name} could not be logged: {type(problem).__name__}\n")


class _Screen(_Discreet, logging.StreamHandler[TextIO]):
    """What is said on stderr while a show runs."""


class _File(_Discreet, RotatingFileHandler):
    """Five files of 5 MB that only their owner can read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=SIZE, backupCount=FILES - 1, encoding="utf-8", errors="backslashreplace", delay=True
        )

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return open(handle, "a", encoding=self.encoding, errors=self.errors)  # noqa: PTH123 - a handle has no path


def start(folder: Path | None, secrets: Iterable[str] = (), *, loud: int = logging.WARNING) -> None:
    """Log INFO and above to `logs/livesell.log` in the folder, and what is `loud` to stderr.

    `secrets` are texts to hide, see `hide`. What an earlier start has put up is replaced; other handlers stay.
    StoreReadOnly where the folder takes no file.
    """
    root = logging.getLogger()
    for handler in _ours():
        root.removeHandler(handler)
        handler.close()
    screen = _Screen()
    screen.setLevel(loud)
    handlers: list[logging.Handler] = [screen]
    if folder is not None:
        try:
            (folder / "logs").mkdir(mode=0o700, exist_ok=True)
            handlers.append(_File(folder / "logs" / "livesell.log"))
        except OSError as error:
            raise StoreReadOnly(
                f"{folder / 'logs'} cannot be written ({(error.strerror or '').lower()}): "
                "make the folder writable, or keep config.toml and the shop in another one"
            ) from None
    plain = Plain(secrets)
    for handler in handlers:
        handler.setFormatter(plain)
        root.addHandler(handler)
    root.setLevel(logging.INFO)


def hide(*secrets: str) -> None:
    """From now on hide these texts too: keys and tokens that became known after the start."""
    for handler in _ours():
        if isinstance(handler.formatter, Plain):
            handler.formatter.hide(*secrets)


def _ours() -> list[logging.Handler]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, _Discreet)]
