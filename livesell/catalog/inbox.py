"""The inbox: what a product sheet says that is new, as commands; the database stays the truth about goods.

A cell counts only where it differs from what was last imported from it, so an edit made in a page holds until that
very cell changes in the file. An empty cell and a row that is gone leave what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from livesell.catalog import cells
from livesell.catalog.sheet import Row, product_of
from livesell.commands import PutProduct
from livesell.model import Code, Product, Quantity

Cells = Mapping[str, str]


def changes(
    products: Mapping[Code, Product], imported: Mapping[Code, Cells], rows: Sequence[Row], file: str, currency: str
) -> tuple[list[PutProduct], dict[Code, Cells]]:
    """The commands that bring the goods up to the sheet, and the cells to remember as imported.

    CatalogError for the first cell that cannot be read, also where it did not change: a bad row changes nothing.
    """
    puts: list[PutProduct] = []
    remembered: dict[Code, Cells] = {}
    spelt = {code.casefold(): code for code in products}
    for row in rows:
        code = spelt.get(row.cells["code"].casefold(), Code(row.cells["code"]))
        before = products.get(code)
        product_of(row, file, currency, before)
        old = imported.get(code, {})
        new = {
            column: cell
            for column, cell in row.cells.items()
            if column != "code" and cell and (before is None or cell != old.get(column))
        }
        remembered[code] = {**old, **{column: cell for column, cell in row.cells.items() if cell}}
        if before is not None and not new:
            continue
        product = product_of(Row(row.number, {**new, "code": code}), file, currency, before)
        if "stock" not in new or product.stock is None:
            puts.append(PutProduct(product=product))
            continue
        last = last_stock(before, old)
        if last is None or (set(last) == {""}) != (set(product.stock) == {""}):
            puts.append(PutProduct(product=product, stock=dict(product.stock)))
            continue
        more = {variant: Quantity(units - last.get(variant, 0)) for variant, units in product.stock.items()}
        puts.append(PutProduct(product=product, add={variant: by for variant, by in more.items() if by}))
    return puts, remembered


def last_stock(before: Product | None, old: Cells) -> Mapping[str, Quantity] | None:
    """The stock that was last imported, by variant; None for a first import, and where its options are no more.

    A value that is new among the options had none then.
    """
    if before is None or not old.get("stock"):
        return None
    try:
        return cells.stock(old["stock"], cells.options(old.get("options", "")) or before.options)
    except cells.CellProblem:
        return None
