"""XLSX in and out: a file from anywhere, looked at from outside first and opened in a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from livesell.bundle import PACKAGE
from livesell.catalog.cells import unmistakable
from livesell.errors import CatalogError

MOST_ROWS = 5_000
MOST_COLUMNS = 32
MOST_ENTRIES = 200
MOST_UNPACKED = 50 << 20
MOST_RATIO = 100
MOST_CELL = 10_000
MOST_TEXT = 10 << 20
DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
"""The start of a declaration that can make a small file large, as XML may spell it; a workbook has none."""

SECONDS = 10
MEMORY = 1 << 30


def table(data: bytes, file: str) -> list[list[str]]:
    """The cells of the first sheet as text; CatalogError for what is no such file or asks for too much."""
    inspect(data, file)
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}
    # -P: the folder that livesell was started in holds the seller's files, not modules.
    command = [sys.executable, "-P", "-m", "livesell.catalog.workbook"]
    try:
        child = subprocess.run(  # noqa: S603 - our own module, nothing of the file in the command
            command,
            input=data,
            capture_output=True,
            timeout=SECONDS,
            env=environment,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise CatalogError(file, f"was not read within {SECONDS} s; save it again, or as CSV") from None
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        answer = {"broken": "it needs too much memory"}
    if "broken" in answer:
        raise CatalogError(file, f"cannot be read ({answer['broken']}); save it again, or as CSV")
    rows: list[list[str]] = answer["rows"]
    return rows


def inspect(data: bytes, file: str) -> None:
    """Refuse an archive that is too large inside, encrypted, carries macros, or declares entities."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        raise CatalogError(file, "is not an XLSX file; save it again, or as CSV") from None
    with archive:
        entries = archive.infolist()
        names = {entry.filename for entry in entries}
        if len(entries) > MOST_ENTRIES or "xl/workbook.xml" not in names:
            raise CatalogError(file, "is not an XLSX file; save it again, or as CSV")
        if any("vbaProject" in name for name in names):
            raise CatalogError(file, "has macros; save it as XLSX without them")
        left = MOST_UNPACKED
        for entry in entries:
            if entry.flag_bits & 1:
                raise CatalogError(file, "is encrypted; save it without a password")
            if entry.file_size > 1 << 20 and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
                raise CatalogError(file, "unpacks to far more than it is")
            try:
                with archive.open(entry) as part:
                    content = part.read(left + 1)
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, OSError, EOFError):
                raise CatalogError(file, "is damaged; save it again, or as CSV") from None
            left -= len(content)
            if left < 0:
                raise CatalogError(file, f"unpacks to more than {MOST_UNPACKED >> 20} MB")
            if any(doctype in content for doctype in DOCTYPES):
                raise CatalogError(file, "declares entities of its own; save it again, or as CSV")


def child(data: bytes) -> dict[str, Any]:
    """In the process of its own: cells as text, or what went wrong."""
    if sys.platform != "win32":
        import resource

        # macOS refuses this limit for a process that has mapped more already; there the limits above must do.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import openpyxl
    from openpyxl.utils import get_column_letter

    # Both views of the file: a formula that was never computed has no value, which must not pass for an empty cell.
    values, written = (
        openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=only, keep_links=False).worksheets[0]
        for only in (True, False)
    )
    for sheet in (values, written):
        sheet.reset_dimensions()
    rows: list[list[str]] = []
    size = 0
    # One row and one column more than may be, so that a sheet that is too large is told rather than cut.
    cells = (
        sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True)
        for sheet in (values, written)
    )
    for row, raw in zip(*cells, strict=False):
        texts = []
        for column, (value, typed) in enumerate(zip(row, raw, strict=False), 1):
            text, wrong = _text(value, typed)
            size += len(text)
            if wrong or len(text) > MOST_CELL:
                where = f"{get_column_letter(column)}{len(rows) + 1}"
                return {"broken": f"cell {where} {wrong or f'is longer than {MOST_CELL} characters'}"}
            texts.append(text)
        rows.append(texts)
        if size > MOST_TEXT:
            return {"broken": f"it has more than {MOST_TEXT >> 20} MB of text"}
    return {"rows": rows} if len(rows) <= MOST_ROWS + 1 else {"broken": f"it has more than {MOST_ROWS} rows"}


def _text(value: object, typed: object) -> tuple[str, str]:
    """A cell as text, and what is wrong with it, if anything; `typed` is the cell with formulas as they were typed."""
    if value is None:
        return "", "" if typed is None else "is a formula without a value: open and save it in a spreadsheet"
    if isinstance(value, date | time | timedelta):
        return "", "is a date: format it as text and type it again"
    if isinstance(value, str) and value.startswith("#") and value != typed:
        return "", f"is a formula that gives {value}"
    if isinstance(value, bool):
        return str(value).lower(), ""
    if isinstance(value, float):
        # As many digits as a spreadsheet shows.
        return unmistakable(Decimal(f"{value:.15g}")), ""
    return str(value), ""


def write(rows: Sequence[Sequence[str]], name: str) -> bytes:
    """A workbook of text cells: nothing in it is a formula or a link."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(name)
    text = book.add_format({"num_format": "@", "quote_prefix": True})
    head = book.add_format({"bold": True})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell, head if number == 0 else text)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


if __name__ == "__main__":
    try:
        found = child(sys.stdin.buffer.read())
    except Exception as error:  # whatever a foreign file makes openpyxl raise is told, not traced
        found = {"broken": type(error).__name__}
    sys.stdout.write(json.dumps(found))
