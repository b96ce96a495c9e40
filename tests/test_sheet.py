"""Product sheets: what each cell may hold, what is told where, and that what goes out comes in the same."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livesell.catalog import sheet
from livesell.errors import CatalogError
from livesell.model import Amount, Code, Money, Option, OptionValue, Product, Quantity

HEADING = "code,name,aliases,unit,pack,price,stock,options\n"


def read(rows: str, currency: str = "VND") -> list[Product]:
    """The products of rows under the usual heading."""
    return sheet.read((HEADING + rows).encode(), "products.csv", currency)


def test_a_row_becomes_a_product() -> None:
    """Every column in its form."""
    product = read('H1,Trà rừng,tra rung|chè,gói,500 g,90000,40,"size=S/nhỏ|M;màu=đen|trắng"\n')[0]
    assert product == Product(
        code=Code("H1"),
        name="Trà rừng",
        price=Money(90_000),
        aliases=("tra rung", "chè"),
        unit="gói",
        pack=Amount(Decimal(500), "g"),
        options=(
            Option("size", (OptionValue("S", ("nhỏ",)), OptionValue("M"))),
            Option("màu", (OptionValue("đen"), OptionValue("trắng"))),
        ),
        stock={"": Quantity(40_000)},
    )


@pytest.mark.parametrize(
    ("cell", "currency", "minor"),
    [
        ("90000", "VND", 90_000),
        ("120.000", "VND", 120_000),
        ("1.200.000 đ", "VND", 1_200_000),
        ("120k", "VND", 120_000),
        ("1.5k", "VND", 1_500),
        ("12.50", "USD", 1_250),
        ("$1,250.5", "USD", 125_050),
        ("1.250,50", "BRL", 125_050),
        ("১২০", "BDT", 12_000),
        ("৳ 750", "BDT", 75_000),
    ],
)
def test_prices_are_read_as_people_write_them(cell: str, currency: str, minor: int) -> None:
    """Marks of thousands, decimals by the currency, short forms, digits of any script."""
    assert read(f'H1,x,,,,"{cell}",,\n', currency)[0].price == minor


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("H1,x,,,,12o.000,,", "products.csv row 2, price: '12o.000' is not a number"),
        ("H1,x,,,,,,", "products.csv row 2, price: '' is not a number"),
        (",x,,,,1,,", "products.csv row 2, code: is empty"),
        ("H1,,,,,1,,", "products.csv row 2, name: is empty"),
        ("H1,x,,,500 q,1,,", "products.csv row 2, pack: '500 q' is not an amount such as 500 g, 1 kg or 250 ml"),
        ("H1,x,,,,1,many,", "products.csv row 2, stock: 'many' is not a number"),
        ("H1,x,,,,1,-3,", "products.csv row 2, stock: '-3' is not a number of units"),
        ("H1,x,,,,1,S:1,", "products.csv row 2, stock: 'S:1' counts values, but the product has no options"),
        ("H1,x,,,,1,XL:1,size=S|M", "products.csv row 2, stock: 'XL' is not one of size's values"),
        ("H1,x,,,,1,,size", "products.csv row 2, options: 'size' is not name=value|value"),
        ("H1,x,,,,1,,size=S|S", "products.csv row 2, options: 'size=S|S' names a value twice"),
        ("H1,x,,,,1,,\nh1,y,,,,2,,", "products.csv row 3, code: 'h1' stands in row 2 already"),
        ("H1,x,,,,1,,,,more", "products.csv row 2: has more cells than the heading"),
    ],
)
def test_a_bad_cell_is_told_with_row_and_column(row: str, told: str) -> None:
    """The sentence names file, row, column and what is wrong; nothing of the file is taken."""
    with pytest.raises(CatalogError) as error:
        read(row + "\n")
    assert str(error.value).startswith(told)


def test_columns_are_checked() -> None:
    """One that is not known, missing or there twice is told; case, order and absent optional ones do not matter."""
    with pytest.raises(CatalogError, match="column 'prize' is not one of"):
        sheet.read(b"code,name,prize\n", "p.csv")
    with pytest.raises(CatalogError, match="column 'price' is missing"):
        sheet.read(b"code,name\nH1,x\n", "p.csv")
    with pytest.raises(CatalogError, match="stands twice"):
        sheet.read(b"code,name,price,price\n", "p.csv")
    assert sheet.read("Price; CODE ;Name\n5;H1;trà\n".encode(), "p.csv")[0].name == "trà"


def test_what_is_no_utf8_says_how_to_save_it() -> None:
    """The way out is in the sentence; a byte-order mark is no obstacle."""
    with pytest.raises(CatalogError, match="save it as 'CSV UTF-8'"):
        sheet.read("code,name,price\nH1,trà,1\n".encode("utf-16"), "p.csv")
    assert sheet.read(b"\xef\xbb\xbfcode,name,price\nH1,x,1\n", "p.csv")[0].code == "H1"


def test_limits_hold() -> None:
    """Rows, bytes and cells beyond the limits are refused in words."""
    many = "code,name,price\n" + "".join(f"H{number},x,1\n" for number in range(5_001))
    with pytest.raises(CatalogError, match="more than 5000 rows"):
        sheet.read(many.encode(), "p.csv")
    with pytest.raises(CatalogError, match="larger than 5 MB"):
        sheet.read(b"x" * (5 << 20 | 1), "p.csv")
    with pytest.raises(CatalogError, match="row 2, name: is longer than 200 characters"):
        sheet.read(f"code,name,price\nH1,{'x' * 201},1\n".encode(), "p.csv")


words = st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P")), min_size=1, max_size=12).filter(
    lambda text: not set(text) & set("|/=;:,'\"") and text.strip() == text and any(letter.isalnum() for letter in text)
)


@st.composite
def products(draw: st.DrawFn) -> list[Product]:
    """Any goods that a sheet can hold."""
    codes = draw(st.lists(st.from_regex(r"[A-Z]{0,2}[1-9][0-9]{0,2}", fullmatch=True), max_size=5, unique=True))
    found = []
    for code in codes:
        values = draw(st.lists(words, min_size=1, max_size=3, unique=True))
        options = (Option("size", tuple(OptionValue(value) for value in values)),) if draw(st.booleans()) else ()
        count = st.integers(0, 10_000).map(lambda number: Quantity(number * 500))
        stock = draw(st.one_of(st.none(), count.map(lambda number: {"": number})))
        if options and draw(st.booleans()):
            stock = {value: draw(count) for value in values}
        found.append(
            Product(
                code=Code(code),
                name=draw(words),
                price=Money(draw(st.integers(0, 10**9))),
                aliases=tuple(draw(st.lists(words, max_size=2))),
                unit=draw(st.one_of(st.just(""), words)),
                pack=draw(st.one_of(st.none(), st.integers(1, 5000).map(lambda number: Amount(Decimal(number), "g")))),
                options=options,
                stock=stock,
            )
        )
    return found


@given(products())
@settings(max_examples=100, deadline=None)
def test_csv_that_goes_out_comes_in_the_same(goods: list[Product]) -> None:
    """Export and import are inverse."""
    assert sheet.read(sheet.write_csv(goods, "USD"), "p.csv", "USD") == goods


def test_xlsx_that_goes_out_comes_in_the_same() -> None:
    """The same for a workbook, read in a process of its own."""
    goods = read('H1,Trà rừng,tra rung,gói,500 g,90000,40,"size=S|M"\nH2,=1+1,,,,5,"S:1|M:2","size=S|M"\n')
    assert sheet.read(sheet.write_xlsx(goods), "p.xlsx") == goods


def test_numbers_in_a_workbook_are_numbers() -> None:
    """What a person typed as numbers is read without a trailing .0."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["code", "name", "price", "stock"], [12, "Trà", 90000.0, 2.5]):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    product = sheet.read(out.getvalue(), "p.xlsx")[0]
    assert (product.code, product.price, product.stock) == ("12", 90_000, {"": 2_500})


def zipped(**parts: bytes) -> bytes:
    """An archive with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PK\x03\x04 no archive", "is not an XLSX file"),
        (zipped(letter_xml=b"<a/>"), "is not an XLSX file"),
        (zipped(xl__workbook_xml=b"<a/>", xl__vbaProject_bin=b"x"), "has macros"),
        (zipped(xl__workbook_xml=b"<!DOCTYPE x [<!ENTITY e 'e'>]><a/>"), "declares entities"),
        (zipped(xl__workbook_xml=b"<a/>", xl__big_xml=b"a" * (3 << 20)), "unpacks to far more than it is"),
    ],
)
def test_hostile_workbooks_are_refused(data: bytes, told: str) -> None:
    """By looking from outside, before anything is parsed."""
    with pytest.raises(CatalogError, match=told):
        sheet.read(data, "p.xlsx")


def test_a_formula_without_a_value_is_told_with_its_cell() -> None:
    """It must not pass for an empty cell."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["code", "name", "price"], ["H1", "Trà", "=45000*2"]):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(CatalogError, match="cell C2 is a formula without a value"):
        sheet.read(out.getvalue(), "p.xlsx")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(CatalogError, match=r"nothing\.csv: cannot be read"):
        sheet.load(tmp_path / "nothing.csv")
