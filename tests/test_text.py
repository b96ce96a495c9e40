"""Tokens: what a typed comment is cut into, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livesell.text import fold, marked, plain, squeeze, tokenise


def texts(typed: str) -> list[str]:
    """The tokens of a text as typed, in lower case."""
    return [token.text for token in tokenise(typed)]


@pytest.mark.parametrize(
    ("typed", "tokens"),
    [
        ("K14 x2", ["k", "14", "x", "2"]),
        ("Ｋ１４＋２", ["k", "14", "+", "2"]),
        ("২টা", ["2", "টা"]),
        ("๒ ขวด", ["2", "ข", "ว", "ด"]),
        ("٣ قطع", ["3", "قطع"]),
        ("2️⃣ hộp", ["2", "hộp"]),
        ("1,5 kg", ["1,5", "kg"]),
        ("½ kg", ["0.5", "kg"]),
        ("我要2件", ["我", "要", "2", "件"]),
        ("कि ताब", ["कि", "ताब"]),
    ],
)
def test_letters_digits_and_signs_are_tokens_of_their_own(typed: str, tokens: list[str]) -> None:
    """Digits of any script become ASCII; scripts without spaces give a token a letter, marks stay with their letter."""
    assert texts(typed) == tokens


def test_invisible_characters_are_part_of_no_token() -> None:
    """A zero-width letter inside a word neither splits nor changes it."""
    assert texts("ch\u200bốt\ufeff") == ["chốt"]


def test_tokens_know_where_they_were_typed() -> None:
    """Offsets are those of the typed text, also behind characters that are left out."""
    typed = "\u200b K14  nhé"
    assert [typed[token.start : token.end] for token in tokenise(typed)] == ["K", "14", "nhé"]
    assert [token.glued for token in tokenise(typed)] == [False, True, False]


def test_plain_leaves_out_what_is_left_out_in_a_hurry() -> None:
    """Latin marks, stretched ends, the nukta, the simplified form of a letter; never the vowels of Indic scripts."""
    assert plain(fold("Đôi")) == "doi"
    assert plain(fold("mineeee")) == "mine"
    assert plain(fold("ज़रूर")) == plain(fold("जरूर"))
    assert plain("红") == plain("紅")
    assert plain(fold("কি")) == "কি"
    assert plain(fold("ที่")) == "ที่"


def test_stretched_letters_shrink_to_two() -> None:
    """So that "yesss" and "yessss" are one word, and "book" stays what it is."""
    assert squeeze("yessssss") == "yess"
    assert squeeze("book") == "book"


def test_a_word_typed_with_marks_is_marked() -> None:
    """Only what lost something in its plain form must be matched with its marks."""
    assert [marked(token) for token in tokenise("mát mat 红")] == [True, False, False]


def test_text_is_cut_at_a_thousand_characters() -> None:
    """What lies behind is kept by others and read by nobody."""
    assert len(tokenise("ab " * 2000)) == 334


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_has_tokens_in_order(typed: str) -> None:
    """Tokens never overlap, never leave the text, and are never empty."""
    end = 0
    for token in tokenise(typed):
        assert end <= token.start < token.end <= len(typed)
        assert token.text
        end = token.end
