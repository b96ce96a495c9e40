"""The inbox: what a product sheet says that is new, as commands; the database stays the truth about goods.

A cell counts only where it differs from what was last imported from it, so an edit made in a page holds until that
very cell changes in the file. An empty cell and a row that is gone leave what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        product_of(row, file, currency)
        code = spelt.get(row.cells["code"].casefold(), Code(row.cells["code"]))
        before = products.get(code)
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
        put = PutProduct(product=product)
        if "stock" in new and product.stock is not None:
            put = with_stock(put, before, product.stock, old, row, file, currency)
        puts.append(put)
    return puts, remembered


def with_stock(
    put: PutProduct,
    before: Product | None,
    stock: Mapping[str, Quantity],
    old: Cells,
    row: Row,
    file: str,
    currency: str,
) -> PutProduct:
    """The first import of a stock sets what is on hand; a later one adds the difference to the last imported."""
    if before is None or not old.get("stock"):
        return PutProduct(product=put.product, stock=dict(stock))
    last = product_of(Row(row.number, {**row.cells, "stock": old["stock"]}), file, currency).stock or {}
    if set(last) != set(stock):
        return PutProduct(product=put.product, stock=dict(stock))
    return PutProduct(
        product=put.product,
        add={variant: Quantity(count - last[variant]) for variant, count in stock.items() if count != last[variant]},
    )
