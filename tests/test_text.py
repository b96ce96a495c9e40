"""Tokens: what a typed comment is cut into, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livesell.text import fold, shortened, squeeze, tokenise


def texts(typed: str) -> list[str]:
    """The tokens of a text as typed, in lower case."""
    return [token.text for token in tokenise(typed)]


def plain(typed: str) -> str:
    """A word without what people leave out."""
    return fold(typed)[1]


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
        ("½ kg", ["1", "/", "2", "kg"]),
        ("1½ kg", ["1", "1", "/", "2", "kg"]),
        ("②", ["2"]),
        ("我要2件", ["我", "要", "2", "件"]),
        ("कि ताब", ["कि", "ताब"]),
        ("cfকরেন", ["cf", "করেন"]),
        ("don't", ["dont"]),
        ("K14\nK15", ["k", "14", "\n", "k", "15"]),
        ("🙋‍♀️ K14 ❤️❤️", ["k", "14"]),
    ],
)
def test_letters_digits_and_signs_are_tokens_of_their_own(typed: str, tokens: list[str]) -> None:
    """Digits of any script become ASCII; scripts without spaces give a token a letter; pictures give none."""
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
    """Latin marks, stretched letters, the nukta, long vowels of Indic scripts, simplified forms; never Thai tones."""
    assert plain("Đôi") == "doi"
    assert plain("mineeee") == "mine"
    assert plain("ज़रूर") == plain("जरुर")
    assert plain("শুঁটকি") == plain("শুটকী")
    assert plain("红") == plain("紅")
    assert plain("ที่") == "ที่"


def test_marks_are_kept_beside_the_plain_form_wherever_they_are_typed() -> None:
    """ "huỷ" and "hủy" are one word, "mát" and "mật" are two."""
    assert fold("huỷ")[1:] == fold("hủy")[1:]
    assert fold("mát")[1:] != fold("mật")[1:]
    assert fold("mat")[2] == ""


def test_stretched_letters_shrink_to_one() -> None:
    """ "yessss" is "yes"; "book" stays what it is, and "kkk", which laughs, is no letter."""
    assert squeeze("yessssss") == "yes"
    assert squeeze("book") == "book"
    assert squeeze("kkk") == "kk"
    assert shortened("kakk") == "kak"
    assert texts("มากกกก") == ["ม", "า", "ก"]


def test_text_is_cut_at_a_thousand_characters() -> None:
    """What lies behind is kept by others and read by nobody."""
    assert len(tokenise("ab " * 2000)) == 334


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_has_tokens_in_order(typed: str) -> None:
    """Tokens never overlap, never leave the text, and are never empty."""
    end = 0
    for token in tokenise(typed):
        assert end <= token.start <= token.end <= len(typed)
        assert token.text
        assert token.plain
        end = token.start
