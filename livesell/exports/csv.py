"""CSV: UTF-8 with BOM, every field quoted, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from livesell.exports import HEADING, ExportedOrder, cell, rows

CONTENT_TYPE = "text/csv"


def write(orders: Sequence[ExportedOrder]) -> bytes:
    """A row a line, the heading first."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADING)
    for row in rows(orders):
        writer.writerow([cell(value) if isinstance(value, str) else value for value in row])
    return out.getvalue().encode("utf-8-sig")
