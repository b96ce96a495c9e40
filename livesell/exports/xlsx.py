"""XLSX, the format for people: text cells are text whatever they begin with, numbers add up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from livesell.exports import HEADING, ExportedOrder, rows

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

WIDTHS = {"buyer": 24, "address": 40, "note": 24, "product": 28, "phone": 14, "time": 17}


def write(orders: Sequence[ExportedOrder]) -> bytes:
    """One sheet, a row a line, the heading frozen."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("orders")
    head = book.add_format({"bold": True, "bottom": 1})
    text = book.add_format({"num_format": "@", "quote_prefix": True})
    amounts: dict[int, Any] = {}
    for column, name in enumerate(HEADING):
        sheet.write_string(0, column, name, head)
        sheet.set_column(column, column, WIDTHS.get(name, 11))
    for index, row in enumerate(rows(orders), 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(index, column, value, text)
            elif isinstance(value, Decimal):
                places = max(0, -int(value.as_tuple().exponent))
                if places not in amounts:
                    amounts[places] = book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "")})
                sheet.write_number(index, column, float(value), amounts[places])
            else:
                sheet.write_number(index, column, value)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, index if orders else 1), len(HEADING) - 1)
    book.close()
    return out.getvalue()
