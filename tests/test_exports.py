"""Files for people: what they hold, and that no spreadsheet runs what a viewer wrote."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import openpyxl
import pytest

from livesell.exports import FORMATS, HEADING, ExportedLine, ExportedOrder, cell, national

HOSTILE = [
    "=1+1",
    "+84 90",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "  =HYPERLINK(0)",
    "x;=1+1",
    "a,@b",
    "＝1+1",
    "line\r\n=break",
    "{=1}",
    "http://evil",
]


def order(**fields: object) -> ExportedOrder:
    """One order with one line."""
    line = ExportedLine(
        "H1", "Trà rừng", "gói", "M", 2.5, 2, 0.5, "90000", "225000", datetime(2026, 11, 22, 20, 41, tzinfo=UTC)
    )
    plain: dict[str, object] = {
        "code": "K7P",
        "number": 47,
        "status": "confirmed",
        "created_at": datetime(2026, 11, 22, 20, 41, tzinfo=UTC),
        "buyer": "Lò Thị Mẩy",
        "platform": "tiktok",
        "phone": "+84912345678",
        "address": "số 5 ngõ 12",
        "note": "",
        "total": "225000",
        "currency": "VND",
        "lines": (line,),
    }
    return ExportedOrder(**{**plain, **fields})  # type: ignore[arg-type]


def test_csv_has_a_row_a_line_and_numbers_as_numbers() -> None:
    """UTF-8 with BOM, every field quoted, phones as people of the country dial them."""
    data = FORMATS["csv"].write([order()])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert tuple(rows[0]) == HEADING
    row = dict(zip(HEADING, rows[1], strict=True))
    assert (row["number"], row["quantity"], row["amount"], row["phone"]) == ("47", "2.5", "225000", "0912345678")
    assert data.decode("utf-8-sig").splitlines()[1].startswith('"47","K7P"')


@pytest.mark.parametrize("text", HOSTILE)
def test_no_csv_cell_begins_as_a_formula(text: str) -> None:
    """Neither the cell nor what stands behind any separator that some Excel splits at."""
    data = FORMATS["csv"].write([order(buyer=text, note=text)]).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(data)):
        for value in row:
            assert value[:1] not in ("=", "@", "\t", "＝")
            assert value[:1] not in ("+", "-") or value.lstrip("+-").isdigit()
    assert not any(part.strip()[:1] in ("=", "@", "＝") for part in cell(text).split(";"))
    assert "\n" not in cell(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_xlsx_cells_are_text_whatever_they_say(text: str) -> None:
    """The type of the cell decides: nothing is a formula or a link."""
    book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].write([order(buyer=text)])))
    page = book.worksheets[0]
    found = page.cell(2, HEADING.index("buyer") + 1)
    assert found.data_type == "s"
    assert found.hyperlink is None
    assert page.cell(2, HEADING.index("amount") + 1).value == 225_000


def test_an_order_without_lines_still_stands_there() -> None:
    """A cancelled order is a row, and no order at all is a sheet with a heading."""
    assert len(FORMATS["csv"].write([order(lines=())]).splitlines()) == 2
    assert len(FORMATS["csv"].write([]).splitlines()) == 1
    assert FORMATS["xlsx"].write([])[:2] == b"PK"


def test_formats_are_found_by_their_files() -> None:
    """A new format is a new file; a name that is none is not found."""
    assert list(FORMATS) == ["csv", "xlsx"]
    assert "../csv" not in FORMATS


def test_phones_are_written_as_they_are_dialled() -> None:
    """National digits; what is no international number stays as it is."""
    assert national("+8801712345678") == "01712345678"
    assert national("0912 345 678") == "0912 345 678"
