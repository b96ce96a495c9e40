"""Files for people: what they hold, and that no spreadsheet runs what a viewer wrote."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

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


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("=1+1", "'=1+1"),
        ("+84", "'+84"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠a", "'＠a"),
        ("\t=1", "'=1"),
        ("\r\n=1", "'=1"),
        ("\u200b=1", "\u200b'=1"),
        ("\ufeff\u00a0=1", "\ufeff\u00a0'=1"),
        ("\u202e=1", "\u202e'=1"),
        ("a;=1", "a;'=1"),
        ("a,\u00a0@b", "a,\u00a0'@b"),
        ("a|\u3000-1", "a|\u3000'-1"),
        ("a\t=1", "a =1"),
        ("a\u2028b\x07c", "a b c"),
        ("  a  ", "a"),
        ("a=1, b+2", "a=1, b+2"),
        ("Mẩy (chị)", "Mẩy (chị)"),
        ("", ""),
    ],
)
def test_an_apostrophe_stands_where_a_formula_could_begin(text: str, made: str) -> None:
    """At the start, behind what does not show, and behind each separator; control characters become a space."""
    assert cell(text) == made


@given(st.text(max_size=40))
def test_no_part_of_a_cell_begins_as_a_formula(text: str) -> None:
    """However a spreadsheet splits it, and a second pass changes nothing."""
    made = cell(text)
    for part in re.split(r"[,;|\t]", made):
        assert part.lstrip(" \u00a0\u200b\u200c\u200d\u2060\ufeff\u3000")[:1] not in tuple("=+-@＝＋－＠\t\r\n")
    assert cell(made) == made


def test_money_has_the_decimals_of_its_currency() -> None:
    """As numbers that add up: 12.50 in CSV, the number 12.5 shown with two decimals in a workbook."""
    dollars = order(currency="USD", total="12.50")
    rows = list(csv.reader(io.StringIO(FORMATS["csv"].write([dollars]).decode("utf-8-sig"))))
    assert dict(zip(HEADING, rows[1], strict=True))["order_total"] == "12.50"
    page = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].write([dollars, order()]))).worksheets[0]
    total, dong = (page.cell(row, HEADING.index("order_total") + 1) for row in (2, 3))
    assert (total.value, total.number_format) == (12.5, "#,##0.00")
    assert (dong.value, dong.number_format) == (225_000, "#,##0")


def test_an_order_of_several_lines_says_its_total_once() -> None:
    """So that the column can be added up; everything else of the order stands in each of its rows."""
    one = order()
    rows = list(csv.reader(io.StringIO(FORMATS["csv"].write([order(lines=one.lines * 3)]).decode("utf-8-sig"))))[1:]
    assert [row[HEADING.index("order_total")] for row in rows] == ["225000", "", ""]
    assert {row[HEADING.index("order")] for row in rows} == {"K7P"}


def test_times_are_the_shops() -> None:
    """As they were handed over, without a conversion of their own."""
    evening = datetime(2026, 11, 23, 0, 41, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    line = replace(order().lines[0], asked_at=evening)
    rows = list(csv.reader(io.StringIO(FORMATS["csv"].write([order(lines=(line,))]).decode("utf-8-sig"))))
    assert rows[1][HEADING.index("time")] == "2026-11-23 00:41"


def test_an_order_without_lines_still_stands_there() -> None:
    """A cancelled order is a row, and no order at all is a sheet with a heading."""
    assert len(FORMATS["csv"].write([order(lines=())]).splitlines()) == 2
    assert len(FORMATS["csv"].write([]).splitlines()) == 1
    assert FORMATS["xlsx"].write([])[:2] == b"PK"


def test_formats_are_found_by_their_files() -> None:
    """A new format is a new file; a name that is none is not found."""
    assert list(FORMATS) == ["csv", "xlsx"]
    assert "../csv" not in FORMATS
    with pytest.raises(KeyError):
        FORMATS["config"]


def test_phones_are_written_as_they_are_dialled() -> None:
    """National digits; what is no international number stays as it is."""
    assert national("+8801712345678") == "01712345678"
    assert national("0912 345 678") == "0912 345 678"
