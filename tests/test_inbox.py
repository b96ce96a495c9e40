"""The inbox of goods: the database is the truth, a sheet says only what changed in it."""

from __future__ import annotations

from livesell.catalog.inbox import changes
from livesell.catalog.sheet import read_rows
from livesell.commands import PutProduct
from livesell.errors import CatalogError
from livesell.model import Code, Product


class Goods:
    """Goods and what was imported of them, as a database would keep them."""

    def __init__(self) -> None:
        self.products: dict[Code, Product] = {}
        self.imported: dict[Code, dict[str, str]] = {}
        self.on_hand: dict[tuple[Code, str], int] = {}

    def take(self, sheet: str) -> list[PutProduct]:
        """Import a sheet."""
        rows = read_rows(sheet.encode(), "products.csv")
        puts, remembered = changes(self.products, self.imported, rows, "products.csv", "VND")
        for put in puts:
            self.products[put.product.code] = put.product
            for variant, count in (put.stock or {}).items():
                self.on_hand[put.product.code, variant] = count
            for variant, by in (put.add or {}).items():
                self.on_hand[put.product.code, variant] += by
        self.imported.update({code: dict(cells) for code, cells in remembered.items()})
        return puts


def test_the_first_import_sets_and_later_ones_add_the_difference() -> None:
    """Selling between two imports is not undone by the second."""
    goods = Goods()
    goods.take("code,name,price,stock\nH1,Trà,90000,40\n")
    goods.on_hand[Code("H1"), ""] -= 5_000
    goods.take("code,name,price,stock\nH1,Trà,90000,50\n")
    assert goods.on_hand[Code("H1"), ""] == 45_000


def test_an_unchanged_sheet_changes_nothing() -> None:
    """Reading the same file again gives no command."""
    goods = Goods()
    sheet = "code,name,price,stock\nH1,Trà,90000,40\n"
    assert len(goods.take(sheet)) == 1
    assert goods.take(sheet) == []


def test_an_edit_on_a_page_holds_until_that_cell_changes() -> None:
    """A new name in the sheet does not bring back the old price."""
    goods = Goods()
    goods.take("code,name,price\nH1,Trà,90000\n")
    from msgspec.structs import replace

    goods.products[Code("H1")] = replace(goods.products[Code("H1")], price=85_000)
    goods.take("code,name,price\nH1,Trà rừng,90000\n")
    assert (goods.products[Code("H1")].name, goods.products[Code("H1")].price) == ("Trà rừng", 85_000)
    goods.take("code,name,price\nH1,Trà rừng,95000\n")
    assert goods.products[Code("H1")].price == 95_000


def test_empty_cells_and_missing_rows_leave_what_is_there() -> None:
    """A sheet can hold only what is to change."""
    goods = Goods()
    goods.take("code,name,price,unit\nH1,Trà,90000,gói\nH2,Mật,180000,chai\n")
    goods.take("code,name,price,unit\nH1,Trà,91000,\n")
    assert goods.products[Code("H1")].unit == "gói"
    assert Code("H2") in goods.products


def test_one_bad_row_changes_nothing() -> None:
    """Also where the row did not change and the fault stands in another."""
    goods = Goods()
    try:
        goods.take("code,name,price\nH1,Trà,90000\nH2,Mật,18o\n")
    except CatalogError as error:
        assert str(error) == "products.csv row 3, price: '18o' is not a number"
    else:
        raise AssertionError("the bad row was taken")
    assert goods.products == {}


def test_codes_are_one_in_any_case() -> None:
    """`h1` in a later sheet is the H1 that is there."""
    goods = Goods()
    goods.take("code,name,price\nH1,Trà,90000\n")
    goods.take("code,name,price\nh1,Trà,95000\n")
    assert list(goods.products) == ["H1"]
