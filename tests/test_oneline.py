"""A product in one line, as sellers of each market say it; and talk of the seller's that only looks like one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from livesell import lexicon
from livesell.catalog import oneline
from livesell.commands import Open
from livesell.errors import Refused
from livesell.model import Amount, Code, Offer, quantity
from livesell.parser import Parser
from tests.playbook import Playbook, says


def offer(line: str, *languages: str) -> Offer | None:
    """How the parser of a shop of these languages reads a line of the seller's."""
    return Parser((), lexicon.load(list(languages) or ["vi"])).offer(line)


LINES: list[tuple[str, str, tuple[str, str, str, str | None, str | None]]] = [
    # language, line: code, name, price, pack, stock
    ("vi", "A32 trà shan 200g 120k 10", ("A32", "trà shan 200g", "120000", "200 g", "10")),
    ("vi", "a32 Trà Shan 120.000đ", ("A32", "Trà Shan", "120000", None, None)),
    ("vi", "B5 áo phông size 40 199k 5", ("B5", "áo phông size 40", "199000", None, "5")),
    ("vi", "M7 mật ong 1 lít 1tr2 3", ("M7", "mật ong 1 lít", "1200000", "1000 ml", "3")),
    ("vi", "M7 mật ong 1,5kg 1.2tr sl 3", ("M7", "mật ong 1,5kg", "1200000", "1500 g", "3")),
    ("vi", "A1 nấm hương 3 lạng giá 95 nghìn x12", ("A1", "nấm hương 3 lạng", "95000", "300 g", "12")),
    ("vi", "A1 nấm hương 95k 12 gói", ("A1", "nấm hương", "95000", None, "12")),
    ("vi", "A1 nấm hương 95k 12gói", ("A1", "nấm hương", "95000", None, "12")),
    ("vi", "A1 trà 5 120000", ("A1", "trà 5", "120000", None, None)),
    ("vi", "SEN trà sen 85 ngàn đồng 4", ("SEN", "trà sen", "85000", None, "4")),
    ("bn", "A32 রাঙা চা ২০০ গ্রাম ১২০ টাকা ১০", ("A32", "রাঙা চা ২০০ গ্রাম", "120", "200 g", "10")),
    ("bn", "A5 khejur gur 1 kg 450 tk 8", ("A5", "khejur gur 1 kg", "450", "1000 g", "8")),
    ("bn", "A5 Jamdani ৳3,500 1", ("A5", "Jamdani", "3500", None, "1")),
    ("bn", "A5 জামদানি ৩ হাজার টাকা ১", ("A5", "জামদানি", "3000", None, "1")),
    ("en", "AA10 blue dress $12.50 4", ("AA10", "blue dress", "12.50", None, "4")),
    ("en", "AA10 blue dress 12 dollars x4", ("AA10", "blue dress", "12", None, "4")),
    ("ms", "A32 pokok bunga RM1,234 -10", ("A32", "pokok bunga", "1234", None, "10")),
    ("id", "K3 kopi gayo 250g 85rb 20", ("K3", "kopi gayo 250g", "85000", "250 g", "20")),
    ("id", "K3 kopi gayo Rp 85.000 20", ("K3", "kopi gayo", "85000", None, "20")),
    ("th", "A12 ชาเขียว 150 บาท 9", ("A12", "ชาเขียว", "150", None, "9")),
    ("zh", "A12 高山茶 350元 9", ("A12", "高山茶", "350", None, "9")),
    ("zh", "A12 高山茶 NT$350 9", ("A12", "高山茶", "350", None, "9")),
    ("hi", "A12 चाय 1,20,000/- 2", ("A12", "चाय", "120000", None, "2")),
    ("hi", "A12 चाय पत्ती ₹250 2", ("A12", "चाय पत्ती", "250", None, "2")),
    ("fil", "C4 blouse 150 pesos 3", ("C4", "blouse", "150", None, "3")),
    ("es", "C4 blusa roja 150 pesos 3", ("C4", "blusa roja", "150", None, "3")),
    ("pt", "C4 blusa R$ 49,90 3", ("C4", "blusa", "49.90", None, "3")),
]


@pytest.mark.parametrize(("language", "line", "wanted"), LINES, ids=[line for _, line, _ in LINES])
def test_a_line_is_read_in_the_money_words_of_the_shop(language: str, line: str, wanted: Any) -> None:
    """Code, name, price, what is in a pack, how many."""
    found = offer(line, language)
    assert found is not None
    code, name, price, pack, stock = wanted
    value, _, measure = (pack or "").partition(" ")
    assert (found.code, found.name) == (code, name)
    assert found.price == Decimal(price)
    assert found.pack == (None if pack is None else Amount(Decimal(value), measure))  # type: ignore[arg-type]
    assert found.stock == (None if stock is None else quantity(stock))


TALK = [
    "cả nhà ơi chốt đơn đi nào",
    "A1 còn 10 gói 120k nhé cả nhà",
    "A1",
    "A1 120k",
    "A1 hết rồi",
    "120k 10 gói nha",
    "A1 giá 120k",
    "ship 30k toàn quốc",
    "0901234567 gọi em nhé 10",
]


@pytest.mark.parametrize("line", TALK)
def test_talk_is_no_line(line: str) -> None:
    """What lacks a code, a name or a price opens nothing."""
    assert offer(line) is None


def test_the_counter_of_the_stock_is_the_unit() -> None:
    """`12 gói` says both."""
    found = offer("A1 nấm hương 95k 12 gói")
    assert found is not None
    assert found.unit == "gói"


def test_every_pack_says_what_its_money_words_are_worth() -> None:
    """A language without the table would read no price with a word beside it."""
    for tag in lexicon.tags():
        assert lexicon.load([tag]).line.prices != oneline.PLAIN.prices, tag


# --- what the seller's own comment does with it ---------------------------------------------------------------------


def shop_says(text: str) -> Any:
    """The seller's comment."""
    return says("shop", "other", role="seller", text=text)


def test_the_sellers_talk_about_a_product_does_not_change_it() -> None:
    """A12 with five left is not a product called "còn" at five dong."""
    book = Playbook(stock={"A12": 5})
    for text in ("A12 còn 5", "A12 giảm giá còn 90k", "A40 hết 5"):
        book >> shop_says(text)
    product = book.book.product(Code("A12"))
    assert product is not None
    assert (product.name, product.price) == ("Product A12", 1000)
    assert book.book.product(Code("A40")) is None


def test_the_seller_changes_price_and_stock_by_saying_the_line_again() -> None:
    """The same name is enough; another name takes the full line; what is drafted keeps its price."""
    book = Playbook()
    book >> shop_says("A12 trà shan 120k 5") >> shop_says("A12 Trà Shan 99k")
    product = book.book.product(Code("A12"))
    assert product is not None
    assert (product.price, product.stock) == (99_000, {"": 5000})
    book >> shop_says("A12 trà lài 80k 7")
    product = book.book.product(Code("A12"))
    cell = book.book.cell(Code("A12"), "")
    assert product is not None
    assert cell is not None
    assert (product.name, product.price, cell.on_hand) == ("trà lài", 80_000, 7000)


def test_a_price_that_the_currency_does_not_have_is_refused_in_words() -> None:
    """Half a dong: on the page with a sentence, in a comment silently."""
    book = Playbook()
    book._give(Open(line="A12 trà shan 0,5đ 5"))
    assert isinstance(book.refusal, Refused)
    assert "no price in this currency" in str(book.refusal)
    book.refusal = None
    book >> shop_says("A13 trà shan 0,5đ 5")
    assert book.book.product(Code("A13")) is None
