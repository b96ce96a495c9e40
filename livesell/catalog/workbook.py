"""XLSX in and out: a file from anywhere, looked at from outside first and opened in a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from livesell.bundle import PACKAGE
from livesell.errors import CatalogError

MOST_ROWS = 5_000
MOST_COLUMNS = 32
MOST_ENTRIES = 200
MOST_UNPACKED = 50 << 20
MOST_RATIO = 100
SECONDS = 10
MEMORY = 1 << 30


def table(data: bytes, file: str) -> list[list[str]]:
    """The cells of the first sheet as text; CatalogError for what is no such file or asks for too much."""
    inspect(data, file)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "livesell.catalog.workbook"]
    try:
        child = subprocess.run(  # noqa: S603 - our own module, nothing of the file in the command
            command, input=data, capture_output=True, timeout=SECONDS, env=environment, check=False
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
    except zipfile.BadZipFile:
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
            except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as error:
                raise CatalogError(file, f"is damaged ({error})") from None
            left -= len(content)
            if left < 0:
                raise CatalogError(file, f"unpacks to more than {MOST_UNPACKED >> 20} MB")
            if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in content:
                raise CatalogError(file, "declares entities of its own; save it again, or as CSV")


def child(data: bytes) -> dict[str, Any]:
    """In the process of its own: cells as text, or what went wrong."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import openpyxl

    # Both views of the file: a formula that was never computed has no value, which must not pass for an empty cell.
    values, written = (
        openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=only, keep_links=False).worksheets[0]
        for only in (True, False)
    )
    for sheet in (values, written):
        sheet.reset_dimensions()
    rows: list[list[str]] = []
    cells = (
        sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True) for sheet in (values, written)
    )
    for row, raw in zip(*cells, strict=False):
        for column, (value, formula) in enumerate(zip(row, raw, strict=False)):
            if value is None and isinstance(formula, str) and formula.startswith("="):
                where = f"{chr(65 + column % 26)}{len(rows) + 1}"
                return {"broken": f"cell {where} is a formula without a value: open and save it in a spreadsheet"}
        rows.append(["" if value is None else _text(value) for value in row])
    return {"rows": rows} if len(rows) <= MOST_ROWS + 1 else {"broken": f"it has more than {MOST_ROWS} rows"}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))
    return str(value)


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
