"""Goods as people paste or type them: a line a product, read one by one, each mistake told with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from babel.numbers import get_currency_precision

from livesell.catalog import cells, workbook
from livesell.catalog.cells import COLUMNS, NEEDED, CellProblem
from livesell.catalog.sheet import MOST_BYTES, Row, bare, csv_table, product_of
from livesell.catalog.workbook import MOST_ROWS
from livesell.errors import CatalogError
from livesell.model import Code, Product, Struct

Wrong = Literal["price", "stock", "twice", "short", "other"]


class Problem(Struct, frozen=True):
    """A line that is no product yet: `row` counts from 1, `value` is what was written there, `text` says all of it."""

    row: int
    what: Wrong
    value: str
    text: str


class Pasted(Struct, frozen=True):
    """What lines of goods gave: the products that are good, and what is wrong with the other lines."""

    products: tuple[Product, ...]
    problems: tuple[Problem, ...]


HEADINGS = {
    "mã": "code",
    "mã hàng": "code",
    "mã sp": "code",
    "tên": "name",
    "tên hàng": "name",
    "tên sản phẩm": "name",
    "sản phẩm": "name",
    "giá": "price",
    "giá bán": "price",
    "đơn giá": "price",
    "đơn vị": "unit",
    "đvt": "unit",
    "số lượng": "stock",
    "sl": "stock",
    "tồn": "stock",
    "tồn kho": "stock",
    "tên khác": "aliases",
    "quy cách": "pack",
    "phân loại": "options",
    "item": "name",
    "product": "name",
    "quantity": "stock",
    "qty": "stock",
    "কোড": "code",
    "নাম": "name",
    "দাম": "price",
    "একক": "unit",
    "স্টক": "stock",
} | {column: column for column in COLUMNS}
"""Columns as sellers name them."""

COMMA = re.compile(r"(?<!\d),|(?<=\d\d\d\d),|,(?!\d{3}(?!\d))")
"""A comma between cells: not one that parts the thousands of a number."""


def of_text(text: str, currency: str = "VND") -> Pasted:
    """The products of pasted lines, `A1 trà shan, gói, 120k, 40`: code, name, unit, price, how many.

    Tabs (a spreadsheet's), semicolons or commas stand between cells; without any of them a line is code, name, price,
    how many. Unit and stock may be left out. A first line that names the columns is gone by.
    """
    return _of_table([cells_of(line) for line in text.splitlines()[: MOST_ROWS + 1]], currency)


def of_file(data: bytes, currency: str = "VND") -> Pasted:
    """The products of a CSV or XLSX file, with or without a heading; CatalogError where it is no such file."""
    if len(data) > MOST_BYTES:
        raise CatalogError("file", f"is larger than {MOST_BYTES >> 20} MB")
    table = workbook.table(data, "file") if data[:2] == b"PK" else csv_table(data, "file")
    return _of_table([[bare(cell) for cell in row] for row in table], currency)


def cells_of(line: str) -> list[str]:
    """The cells of a pasted line."""
    for mark in "\t;|":
        if mark in line and not (mark != "\t" and "=" in line):
            return [bare(cell) for cell in line.split(mark)]
    parts = [bare(cell) for cell in COMMA.split(line)]
    if len(parts) > 1:
        return parts
    words = line.split()
    if len(words) < 3 or not any(letter.isdecimal() for letter in words[-1]):
        return [bare(line)]
    counted = len(words) > 3 and _is(cells.count, words[-1]) and any(letter.isdecimal() for letter in words[-2])
    tail = words[-2:] if counted else words[-1:]
    return [words[0], " ".join(words[1 : -len(tail)]), *tail]


def _of_table(table: Iterable[Sequence[str]], currency: str) -> Pasted:
    decimals = get_currency_precision(currency)
    heading: list[str] | None = None
    products: dict[str, Product] = {}
    problems: list[Problem] = []
    begun = False
    for number, line in enumerate(table, 1):
        row = list(line)
        while row and not row[-1]:
            row.pop()
        if not row:
            continue
        if not begun:
            begun = True
            names = [HEADINGS.get(cell.strip().lower(), "") for cell in row]
            if set(NEEDED) <= set(names) or (all(names) and len(names) > 1):
                heading = names
                continue
        found = _by_heading(row, heading) if heading else _by_place(row, decimals)
        if isinstance(found, Problem):
            problems.append(Problem(number, found.what, found.value, found.text))
            continue
        try:
            product = product_of(Row(number, found), "goods", currency)
        except CatalogError as error:
            column = error.column or ""
            what: Wrong = "price" if column == "price" else "stock" if column == "stock" else "other"
            problems.append(Problem(number, what, found.get(column, ""), str(error)))
            continue
        key = product.code.casefold()
        if key in products:
            problems.append(Problem(number, "twice", product.code, ""))
            continue
        products[key] = product
    return Pasted(tuple(products.values()), tuple(problems))


def _by_heading(row: Sequence[str], heading: Sequence[str]) -> dict[str, str] | Problem:
    found = {name: cell for name, cell in zip(heading, row, strict=False) if name}
    missing = [name for name in NEEDED if not found.get(name)]
    return _short(row) if missing else found


def _by_place(row: list[str], decimals: int) -> dict[str, str] | Problem:
    """Cells without a heading: code, name, then unit, price and stock as far as they are there."""
    first, rest = row[0], row[1:]
    if " " in first:
        code, _, name = first.partition(" ")
        rest = [name.strip(), *rest]
    else:
        code = first
    if len(rest) < 2 or not rest[0]:
        return _short(row)
    name, values = rest[0], [cell for cell in rest[1:] if cell]

    def priced(cell: str) -> bool:
        return _is(lambda text: cells.price(text, decimals), cell)

    if len(values) > 3:
        return Problem(0, "other", values[3], "")
    if len(values) == 3:
        unit, price, stock = values
        if priced(unit) and not priced(price):
            unit, price, stock = stock, unit, price
        return {"code": code, "name": name, "unit": unit, "price": price, "stock": stock}
    if len(values) == 2:
        # "gói, 90k" or "90k, 40": a unit has no digit.
        if any(letter.isdecimal() for letter in values[0]):
            return {"code": code, "name": name, "price": values[0], "stock": values[1]}
        return {"code": code, "name": name, "unit": values[0], "price": values[1]}
    return {"code": code, "name": name, "price": values[0]} if values else _short(row)


def _short(row: Sequence[str]) -> Problem:
    return Problem(0, "short", " ".join(row)[:60], "")


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except CellProblem:
        return False
    return True


def merged(*lists: Iterable[Product]) -> list[Product]:
    """Products of several lists; of one code the last counts, at the place where it first stood."""
    found: dict[Code, Product] = {}
    for products in lists:
        for product in products:
            found[Code(product.code.casefold())] = product
    return list(found.values())
