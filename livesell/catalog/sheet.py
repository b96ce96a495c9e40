"""Product sheets, CSV and XLSX: files in, products out; one bad row and nothing is taken."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from babel.numbers import get_currency_precision

from livesell import exports
from livesell.catalog import cells, workbook
from livesell.catalog.cells import COLUMNS, LIMITS, NEEDED, CellProblem
from livesell.catalog.workbook import MOST_COLUMNS, MOST_ROWS
from livesell.errors import CatalogError
from livesell.exports import CONTROL, DANGEROUS, INVISIBLE
from livesell.model import Code, Product, Struct

MOST_BYTES = 5 << 20

APOSTROPHES = rf"((?:^|[,;|])[{INVISIBLE}]*)'(?='*[{re.escape(DANGEROUS)}])"
ESCAPED = re.compile(APOSTROPHES)
"""An apostrophe that keeps a spreadsheet from running what follows it."""


class Row(Struct, frozen=True):
    """A row as it stands in the file; `number` counts the heading as 1, absent columns have no cell."""

    number: int
    cells: Mapping[str, str]


def load(path: Path, currency: str = "VND") -> list[Product]:
    """The products of a file; CatalogError names file, row and column of the first thing that is wrong."""
    return [product_of(row, path.name, currency) for row in load_rows(path)]


def load_rows(path: Path) -> list[Row]:
    """The rows of a CSV or XLSX file."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CatalogError(path, f"cannot be read ({error.strerror})") from None
    return read_rows(data, path.name)


def read_rows(data: bytes, file: str) -> list[Row]:
    """The rows of a sheet's bytes; XLSX is known by its first bytes."""
    if len(data) > MOST_BYTES:
        raise CatalogError(file, f"is larger than {MOST_BYTES >> 20} MB")
    if data[:2] == b"PK":
        return rows_of(workbook.table(data, file), file)
    if file.lower().endswith(".xlsx"):
        raise CatalogError(file, "is not an XLSX file; save it again, or as CSV")
    return rows_of(csv_table(data, file), file)


def read(data: bytes, file: str, currency: str = "VND") -> list[Product]:
    """The products of a sheet's bytes."""
    return [product_of(row, file, currency) for row in read_rows(data, file)]


def csv_table(data: bytes, file: str) -> Iterable[Sequence[str]]:
    """The cells of a CSV file in UTF-8; comma, semicolon or tab between them."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CatalogError(file, "is not UTF-8; in Excel save it as 'CSV UTF-8', or as XLSX") from None
    if "\0" in text:
        raise CatalogError(file, "is not a CSV file")
    heading = text.partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    csv.field_size_limit(10_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    table: list[list[str]] = []
    while True:
        try:
            table.append(next(reader))
        except StopIteration:
            return table
        except csv.Error as error:
            raise CatalogError(file, f"cannot be read as CSV ({error})", row=len(table) + 1) from None
        if len(table) > MOST_ROWS + 1:
            raise CatalogError(file, f"has more than {MOST_ROWS} rows")


def rows_of(table: Iterable[Sequence[str]], file: str) -> list[Row]:
    """A table's rows by column; codes are unique, and unknown or missing columns are told."""
    rows = iter(table)
    heading = [bare(cell).lower()[:40] for cell in next(rows, ())]
    while heading and not heading[-1]:
        heading.pop()
    if not heading:
        raise CatalogError(file, f"is empty; the first row names the columns: {','.join(COLUMNS)}")
    if len(heading) > MOST_COLUMNS:
        raise CatalogError(file, f"has more than {MOST_COLUMNS} columns")
    for name in heading:
        if name not in COLUMNS:
            raise CatalogError(file, f"column '{name}' is not one of {', '.join(COLUMNS)}", row=1)
        if heading.count(name) > 1:
            raise CatalogError(file, f"column '{name}' stands twice", row=1)
    for name in NEEDED:
        if name not in heading:
            raise CatalogError(file, f"column '{name}' is missing", row=1)
    found: list[Row] = []
    first: dict[str, int] = {}
    for number, values in enumerate(rows, 2):
        trimmed = [bare(value) for value in values]
        if not any(trimmed):
            continue
        if any(trimmed[len(heading) :]):
            raise CatalogError(file, "has more cells than the heading; is a comma in a name not in quotes?", row=number)
        row = Row(number, dict(zip_longest(heading, trimmed[: len(heading)], fillvalue="")))
        code = row.cells["code"].casefold()
        if code and code in first:
            problem = f"'{row.cells['code']}' stands in row {first[code]} already"
            raise CatalogError(file, problem, row=number, column="code")
        first[code] = number
        found.append(row)
    return found


def bare(cell: str) -> str:
    """A cell on one line, without spaces around it and without the apostrophes that keep spreadsheets from running it.

    Takes back what `guarded` and `exports.cell` did: one apostrophe goes, at the start and after every separator.
    """
    return ESCAPED.sub(r"\1", CONTROL.sub(" ", cell).strip())


def product_of(row: Row, file: str, currency: str, before: Product | None = None) -> Product:
    """The product of a row; an empty or absent cell leaves what `before` has."""
    decimals = get_currency_precision(currency)

    def cell(column: str, read: Callable[[str], Any], old: Any, empty: Any) -> Any:
        text = row.cells.get(column, "")
        if not text and before is not None:
            return old
        if not text and column not in NEEDED:
            return empty
        try:
            if len(text) > LIMITS[column]:
                raise CellProblem(f"is longer than {LIMITS[column]} characters")
            return read(text)
        except CellProblem as problem:
            raise CatalogError(file, str(problem), row=row.number, column=column) from None

    def name_of(text: str) -> str:
        if not text:
            raise CellProblem("is empty")
        return text

    old = before or Product(code=Code(""), name="", price=cells.price("0", 0))
    options = cell("options", cells.options, old.options, ())
    return Product(
        code=Code(cell("code", cells.code, old.code, "")),
        name=cell("name", name_of, old.name, ""),
        price=cell("price", lambda text: cells.price(text, decimals), old.price, 0),
        aliases=cell(
            "aliases", lambda text: tuple(filter(None, (part.strip() for part in text.split("|")))), old.aliases, ()
        ),
        unit=cell("unit", str, old.unit, ""),
        pack=cell("pack", cells.pack, old.pack, None),
        options=options,
        stock=cell("stock", lambda text: cells.stock(text, options), old.stock, None),
        open=old.open if before is not None else True,
        back_orders=old.back_orders,
    )


# --- out ------------------------------------------------------------------------------------------------------------


def table_of(products: Iterable[Product], currency: str) -> list[list[str]]:
    """Products as the cells of a sheet, heading first."""
    decimals = get_currency_precision(currency)
    return [
        list(COLUMNS),
        *(
            [
                product.code,
                product.name,
                "|".join(product.aliases),
                product.unit,
                cells.pack_cell(product.pack),
                cells.price_cell(product.price, decimals),
                cells.stock_cell(product.stock),
                cells.options_cell(product.options),
            ]
            for product in products
        ),
    ]


def write_csv(products: Iterable[Product], currency: str = "VND") -> bytes:
    """Products as CSV: UTF-8 with BOM, every cell quoted, none that a spreadsheet would run."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in table_of(products, currency):
        writer.writerow([exports.cell(guarded(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(products: Iterable[Product], currency: str = "VND") -> bytes:
    """Products as XLSX, every cell text."""
    return workbook.write([[guarded(cell) for cell in row] for row in table_of(products, currency)], "products")


def guarded(cell: str) -> str:
    """A cell in which an apostrophe of its own, where `bare` would take one off, stands twice."""
    return ESCAPED.sub(r"\1''", CONTROL.sub(" ", cell).strip())
