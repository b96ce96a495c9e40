"""Product sheets: what each cell may hold, what is told where, and that what goes out comes in the same."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livesell.catalog import cells, sheet
from livesell.catalog.workbook import inspect
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
        ("120,000", "VND", 120_000),
        ("120 000", "VND", 120_000),
        ("７５.０００đ", "VND", 75_000),
        ("1.250k", "VND", 1_250_000),
        ("1,5tr", "VND", 1_500_000),
        ("1,20,000", "INR", 12_000_000),
        ("rs. 50", "INR", 5_000),
        ("0.50", "USD", 50),
        ("1.250", "KWD", 1_250),
    ],
)
def test_prices_are_read_as_people_write_them(cell: str, currency: str, minor: int) -> None:
    """Marks of thousands, decimals by the currency, short forms, digits of any script."""
    assert read(f'H1,x,,,,"{cell}",,\n', currency)[0].price == minor


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("H1,x,,,,12o.000,,", "products.csv row 2, price: '12o.000' is not a number"),
        ("H1,x,,,,,,", "products.csv row 2, price: is empty"),
        (",x,,,,1,,", "products.csv row 2, code: is empty"),
        ("H1,,,,,1,,", "products.csv row 2, name: is empty"),
        ("H1,x,,,500 q,1,,", "products.csv row 2, pack: '500 q' is not an amount such as 500 g, 1 kg or 250 ml"),
        ("H1,x,,,,1,many,", "products.csv row 2, stock: 'many' is not a number"),
        ("H1,x,,,,1,-3,", "products.csv row 2, stock: '-3' is negative"),
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


@pytest.mark.parametrize(
    ("cell", "currency", "told"),
    [
        ("12đ0", "VND", "is not a number"),
        ("1.2.3", "VND", "is not a number"),
        ("1200.000", "USD", "is not a number"),
        ("1e5", "VND", "is not a number"),
        ("12_000", "VND", "is not a number"),
        ("-5", "VND", "is negative"),
        ("12.5", "VND", "has more decimals than the currency"),
        ("0.125", "USD", "has more decimals than the currency"),
        ("1,250", "KWD", "'1,250' may be 1250 or 1.25: write one of these"),
        ("9" * 30, "VND", "is not a price"),
        ("9" * 41, "VND", "is longer than 40 characters"),
    ],
)
def test_what_is_no_price_is_refused(cell: str, currency: str, told: str) -> None:
    """Rather than read as another price: a slip of a mark would be a factor of a thousand."""
    with pytest.raises(CatalogError, match=told) as error:
        read(f'H1,x,,,,"{cell}",,\n', currency)
    assert str(error.value).startswith("products.csv row 2, price: ")


@pytest.mark.parametrize(
    ("cell", "thousandths"), [("3", 3_000), ("2,5", 2_500), ("0.125", 125), ("1.1250", 1_125), ("১২", 12_000)]
)
def test_stock_is_a_number_of_units(cell: str, thousandths: int) -> None:
    """Fractions too, for goods by weight."""
    assert read(f'H1,x,,,,1,"{cell}",\n')[0].stock == {"": thousandths}


def test_a_number_that_may_be_two_is_asked_about() -> None:
    """Twelve hundred pieces must not become one piece and a fifth, nor a litre a millilitre."""
    with pytest.raises(CatalogError, match=r"stock: '1\.200' may be 1200 or 1\.2: write one of these"):
        read("H1,x,,,,1,1.200,\n")
    with pytest.raises(CatalogError, match=r"pack: '1\.000' may be 1000 or 1: write one of these"):
        read("H1,x,,,1.000 ml,1,,\n")


def test_stock_by_choice() -> None:
    """Values by any of their words, in the order of the options; what is not named has none."""
    product = read('H1,x,,,,1,"M,đen:2|nhỏ,black:1","size=S/nhỏ|M;colour=black/đen|white"\n')[0]
    assert product.stock == {"S,black": 1_000, "S,white": 0, "M,black": 2_000, "M,white": 0}


@pytest.mark.parametrize(
    ("stock", "options", "told"),
    [
        ("S:1|S:2", "size=S|M", "stock: 'S' is counted twice"),
        ("S:1", "size=S|M;colour=black|white", "stock: 'S:1' needs a value of size, colour"),
        ("S:", "size=S|M", "stock: '' is not a number"),
        (":3", "size=S|M", "stock: ':3' needs a value of size"),
        ("S:-1", "size=S|M", "stock: '-1' is negative"),
        ("", "size=S|;", "options: 'size=S|' has an empty value"),
        ("", "size=S;size=M", "options: option 'size' stands twice"),
        ("", "long=1,5|2;colour=black|white", "options: '1,5' has a comma"),
        ("", "a=" + "|".join(map(str, range(50))) + ";b=" + "|".join(map(str, range(50))), "options: makes more than"),
    ],
)
def test_bad_choices_are_told(stock: str, options: str, told: str) -> None:
    """Each with its column."""
    with pytest.raises(CatalogError) as error:
        read(f'H1,x,,,,1,"{stock}","{options}"\n')
    assert str(error.value).startswith(f"products.csv row 2, {told}")


@pytest.mark.parametrize(
    ("cell", "grams"), [("1,5 kg", "1500"), ("0.75 kg", "750"), ("250GR", "250"), ("২৫০ g", "250")]
)
def test_packs_are_read_as_people_write_them(cell: str, grams: str) -> None:
    """Commas, capitals, digits of any script."""
    assert read(f'H1,x,,,"{cell}",1,,\n')[0].pack == Amount(Decimal(grams), "g")


typed = st.text(st.one_of(st.sampled_from("0123456789১٣.,-+ kđ₫$|:;/=SM'\"\n"), st.characters()), max_size=40)


@given(typed, typed, typed, typed, st.sampled_from([0, 2, 3]))
def test_whatever_stands_in_a_cell_is_read_or_told(
    price: str, pack: str, stock: str, options: str, decimals: int
) -> None:
    """Never anything else than a value or a sentence."""
    for read_cell in (
        lambda: cells.price(price, decimals),
        lambda: cells.pack(pack),
        lambda: cells.stock(stock, cells.options("size=S|M")),
        lambda: cells.options(options),
    ):
        with contextlib.suppress(cells.CellProblem):
            read_cell()


@given(st.one_of(st.binary(max_size=200), typed.map(lambda text: (HEADING + text).encode("utf-8", "replace"))))
def test_whatever_a_file_holds_is_read_or_told(data: bytes) -> None:
    """In one line that begins with the file's name."""
    try:
        sheet.read(data, "p.csv")
    except CatalogError as error:
        assert str(error).startswith("p.csv")
        assert len(str(error).splitlines()) == 1


def test_rows_are_counted_as_a_spreadsheet_shows_them() -> None:
    """The heading is row 1; empty rows count, and a cell over two lines is one row."""
    with pytest.raises(CatalogError, match=r"row 5, price: 'x' is not a number"):
        sheet.read(b'code,name,price\nH1,"two\nlines",1\n,,\n\nH2,y,x\n', "p.csv")
    assert sheet.read(b'code,name,price\nH1,"two\nlines",1\n', "p.csv")[0].name == "two lines"


def test_a_row_that_stops_early_has_empty_cells() -> None:
    """Also where the code stands last."""
    with pytest.raises(CatalogError, match="row 2, code: is empty"):
        sheet.read(b"name,price,code\nx,1\n", "p.csv")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty; the first row names the columns"),
        (b"code,name,price\nH1,\0,1\n", "is not a CSV file"),
        (b'code,name,price\nH1,"x"y,1\n', "row 2: cannot be read as CSV"),
        (b"code,name,price\nH1," + b"x" * 10_001 + b",1\n", "row 2: cannot be read as CSV"),
        (b",".join([b"code"] * 33), "has more than 32 columns"),
        (b"code,name,\x1b[2Jpri\x0bce\n", r"column '\[2jpri ce' is not one of"),
    ],
)
def test_what_is_no_sheet_is_told(data: bytes, told: str) -> None:
    """In one line, never a trace."""
    with pytest.raises(CatalogError, match=told):
        sheet.read(data, "p.csv")


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


letters = st.one_of(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P")), st.sampled_from("=+-@'＝\u200b\u00a0 ")
)
words = st.text(letters.filter(lambda letter: letter not in "|/=;:,"), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and any(letter.isalnum() for letter in text)
)
names = st.text(st.one_of(letters, st.sampled_from('|;,"')), min_size=1, max_size=20).filter(
    lambda text: text.strip() == text and any(letter.isalnum() for letter in text)
)


@st.composite
def products(draw: st.DrawFn) -> list[Product]:
    """Any goods that a sheet can hold."""
    codes = draw(st.lists(st.from_regex(r"[A-Z]{0,2}[1-9][0-9]{0,2}", fullmatch=True), max_size=5, unique=True))
    found = []
    for code in codes:
        values = draw(st.lists(words, min_size=1, max_size=3, unique=True))
        options = (Option("size", tuple(OptionValue(value) for value in values)),) if draw(st.booleans()) else ()
        count = st.integers(0, 10_000_000).map(Quantity)
        stock = draw(st.one_of(st.none(), count.map(lambda number: {"": number})))
        if options and draw(st.booleans()):
            stock = {value: draw(count) for value in values}
        found.append(
            Product(
                code=Code(code),
                name=draw(names),
                price=Money(draw(st.integers(0, 10**9))),
                aliases=tuple(draw(st.lists(words, max_size=2))),
                unit=draw(st.one_of(st.just(""), words)),
                pack=draw(
                    st.one_of(st.none(), st.integers(1, 10**7).map(lambda number: Amount(Decimal(number) / 1000, "g")))
                ),
                options=options,
                stock=stock,
            )
        )
    return found


@given(products(), st.sampled_from(["VND", "USD", "KWD", "INR"]))
@settings(max_examples=150, deadline=None)
def test_csv_that_goes_out_comes_in_the_same(goods: list[Product], currency: str) -> None:
    """Export and import are inverse in every currency, and no cell begins as a formula."""
    data = sheet.write_csv(goods, currency)
    assert sheet.read(data, "p.csv", currency) == goods
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        assert not any(cell[:1] in tuple("=+-@＝") for cell in row)


@given(products(), st.sampled_from(["VND", "USD", "KWD"]))
@settings(max_examples=5, deadline=None)
def test_xlsx_that_goes_out_comes_in_the_same(goods: list[Product], currency: str) -> None:
    """The same for a workbook, read in a process of its own."""
    assert sheet.read(sheet.write_xlsx(goods, currency), "p.xlsx", currency) == goods


def test_an_apostrophe_that_guards_a_formula_is_taken_off() -> None:
    """One of them, at the start and behind separators: our own files carry it, and so do those of careful people."""
    found = read("H1,'=1+1,x|'@y,,,1,,\nH2,''=1,,,,1,,\nH3,'quoted',,,,1,,\n")
    assert [product.name for product in found] == ["=1+1", "'=1", "'quoted'"]
    assert found[0].aliases == ("x", "@y")


def workbook(*rows: Sequence[object]) -> bytes:
    """A workbook as a person makes it."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_numbers_in_a_workbook_are_numbers() -> None:
    """What a person typed as numbers is read as she sees it: no trailing .0, no dot taken for thousands."""
    data = workbook(["code", "name", "price", "stock"], [12, "Trà", 90000.0, 2.5], [13, "Mật", 0.1 + 0.2, 1.125])
    first, second = sheet.read(data, "p.xlsx", "USD")
    assert (first.code, first.price, first.stock) == ("12", 9_000_000, {"": 2_500})
    assert (second.price, second.stock) == (30, {"": 1_125})
    with pytest.raises(CatalogError, match=r"price: '1\.1250' has more decimals than the currency"):
        sheet.read(workbook(["code", "name", "price"], ["H1", "x", 1.125]), "p.xlsx", "USD")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("=45000*2", "cell C2 is a formula without a value"),
        (date(2026, 5, 3), "cell C2 is a date"),
        ("x" * 10_001, "cell C2 is longer than 10000 characters"),
    ],
)
def test_a_cell_that_is_no_text_is_told_with_its_place(cell: object, told: str) -> None:
    """It must not pass for an empty cell, or for what nobody typed."""
    with pytest.raises(CatalogError, match=told):
        sheet.read(workbook(["code", "name", "price"], ["H1", "Trà", cell]), "p.xlsx")


def test_a_workbook_that_is_too_large_is_told_rather_than_cut() -> None:
    """One row or one column more than may be."""
    with pytest.raises(CatalogError, match="it has more than 5000 rows"):
        sheet.read(workbook(["code", "name", "price"], *([f"H{n}", "x", 1] for n in range(5_001))), "p.xlsx")
    with pytest.raises(CatalogError, match="has more than 32 columns"):
        sheet.read(workbook(["code"] * 33), "p.xlsx")


def test_a_range_that_is_claimed_is_not_walked_over(tmp_path: Path) -> None:
    """A file that says it has a million rows of sixteen thousand cells is read for what it has."""
    parts = zipfile.ZipFile(io.BytesIO(workbook(["code", "name", "price"], ["H1", "x", 1])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in parts.namelist():
            content = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', parts.read(name))
            archive.writestr(name, content)
    assert [product.code for product in sheet.read(out.getvalue(), "p.xlsx")] == ["H1"]


def test_a_workbook_is_read_wherever_livesell_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seller's folder holds files, and nothing in it is imported, whatever it is called."""
    (tmp_path / "openpyxl.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    (tmp_path / "p.xlsx").write_bytes(workbook(["code", "name", "price"], ["H1", "x", 1]))
    monkeypatch.chdir(tmp_path)
    assert [product.code for product in sheet.load(Path("p.xlsx"))] == ["H1"]


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
        (zipped(xl__workbook_xml="<!DOCTYPE x><a/>".encode("utf-16")), "declares entities"),
        (zipped(xl__workbook_xml=b"<a/>", other=b"<!DOCTYPE x><a/>"), "declares entities"),
        (zipped(xl__workbook_xml=b"<a/>", **{f"p{n}": b"" for n in range(200)}), "is not an XLSX file"),
        (zipped(xl__workbook_xml=b"<a/>"), "cannot be read"),
        (zipped(xl__workbook_xml=b"<a/>", xl__big_xml=b"a" * (3 << 20)), "unpacks to far more than it is"),
    ],
)
def test_hostile_workbooks_are_refused(data: bytes, told: str) -> None:
    """By looking from outside, before anything is parsed."""
    with pytest.raises(CatalogError, match=told):
        sheet.read(data, "p.xlsx")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_archive_is_told(data: st.DataObject) -> None:
    """Whatever was done to its bytes: a refusal in words, or an archive that is still whole."""
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        inspect(bytes(content[: data.draw(st.integers(1, len(content)))]), "p.xlsx")
    except CatalogError as error:
        assert str(error).startswith("p.xlsx: ")


WHOLE = workbook(["code", "name", "price"], ["H1", "Trà", 1])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(CatalogError, match=r"nothing\.csv: cannot be read"):
        sheet.load(tmp_path / "nothing.csv")
