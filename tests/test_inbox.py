"""The inbox of goods: the database is the truth, a sheet says only what changed in it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from livesell.catalog.inbox import changes
from livesell.catalog.sheet import read_rows
from livesell.commands import PutProduct
from livesell.errors import CatalogError
from livesell.model import Code, Money, Product, Quantity


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
                key = (put.product.code, variant)
                self.on_hand[key] = self.on_hand.get(key, 0) + by
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
    with pytest.raises(CatalogError) as error:
        goods.take("code,name,price\nH1,Trà,90000\nH2,Mật,18o\n")
    assert str(error.value) == "products.csv row 3, price: '18o' is not a number"
    assert goods.products == {}


def test_codes_are_one_in_any_case() -> None:
    """`h1` in a later sheet is the H1 that is there."""
    goods = Goods()
    goods.take("code,name,price\nH1,Trà,90000\n")
    goods.take("code,name,price\nh1,Trà,95000\n")
    assert list(goods.products) == ["H1"]


def test_an_empty_cell_leaves_also_what_a_new_product_needs() -> None:
    """A sheet that only counts has name and price empty, and counts by the options that are there."""
    goods = Goods()
    goods.take("code,name,price,stock,options\nH1,Áo,90000,S:3|M:5,size=S|M\n")
    goods.take("code,name,price,stock,options\nH1,,,S:4|M:5,\n")
    assert (goods.products[Code("H1")].name, goods.products[Code("H1")].price) == ("Áo", 90_000)
    assert goods.on_hand == {(Code("H1"), "S"): 4_000, (Code("H1"), "M"): 5_000}


def test_a_new_product_needs_its_name_and_price() -> None:
    """There is nothing that an empty cell could leave."""
    with pytest.raises(CatalogError, match="row 2, price: is empty"):
        Goods().take("code,name,price\nH1,Trà,\n")


def test_each_choice_moves_by_its_own_difference() -> None:
    """What is sold of one is not given back by counting another; a choice that is new had none."""
    goods = Goods()
    goods.take("code,name,price,stock,options\nH1,Áo,90000,S:3|M:5,size=S|M\n")
    goods.on_hand[Code("H1"), "M"] -= 2_000
    puts = goods.take("code,name,price,stock,options\nH1,Áo,90000,S:1|M:5|L:4,size=S|M|L\n")
    assert puts[0].stock is None
    assert puts[0].add == {"S": -2_000, "L": 4_000}


def test_a_choice_that_is_no_longer_named_has_none() -> None:
    """The sheet says so by leaving it out."""
    goods = Goods()
    goods.take("code,name,price,stock,options\nH1,Áo,90000,S:3|M:5,size=S|M\n")
    assert goods.take("code,name,price,stock,options\nH1,Áo,90000,S:3,size=S|M\n")[0].add == {"M": -5_000}


def test_stock_that_is_counted_otherwise_is_set() -> None:
    """From one count for the product to one a size there is no difference to add."""
    goods = Goods()
    goods.take("code,name,price,stock,options\nH1,Áo,90000,8,size=S|M\n")
    puts = goods.take("code,name,price,stock,options\nH1,Áo,90000,S:3|M:5,size=S|M\n")
    assert (puts[0].stock, puts[0].add) == ({"S": 3_000, "M": 5_000}, None)


def test_goods_opened_in_the_show_get_their_stock_from_their_first_row() -> None:
    """What came by a comment was never imported: the sheet's count is the first."""
    goods = Goods()
    goods.products[Code("H1")] = Product(code=Code("H1"), name="trà", price=Money(1), stock={"": Quantity(10_000)})
    assert goods.take("code,name,price,stock\nH1,Trà,90000,12\n")[0].stock == {"": 12_000}


def test_another_spelling_of_a_number_adds_nothing() -> None:
    """The cell has changed, the count has not."""
    goods = Goods()
    goods.take("code,name,price,stock\nH1,Trà,90000,12\n")
    puts = goods.take("code,name,price,stock\nH1,Trà,90000,12.0\n")
    assert [put.add for put in puts] == [{}]


def test_a_product_closed_by_hand_stays_closed() -> None:
    """A sheet has no column for it, so no import opens it again."""
    goods = Goods()
    goods.take("code,name,price\nH1,Trà,90000\n")
    goods.products[Code("H1")] = replace(goods.products[Code("H1")], open=False)
    goods.take("code,name,price\nH1,Trà,95000\n")
    assert not goods.products[Code("H1")].open


def test_a_cell_that_was_emptied_and_filled_again_is_no_change() -> None:
    """What was last imported is remembered over an empty cell, so a page's edit still holds."""
    goods = Goods()
    goods.take("code,name,price,stock\nH1,Trà,90000,40\n")
    goods.products[Code("H1")] = replace(goods.products[Code("H1")], price=Money(85_000))
    goods.take("code,name,price,stock\nH1,,,\n")
    assert goods.take("code,name,price,stock\nH1,Trà,90000,40\n") == []
    assert goods.products[Code("H1")].price == 85_000
