"""Language packs: complete, short enough to be read, and each word means what its own language says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from livesell import bundle, lexicon
from livesell.errors import ConfigError
from livesell.text import tokenise

PACKS = lexicon.tags()
OPTIONAL = {"for", "instead", "replacing", "to", "from", "half_after", "article", "anymore"}
"""Roles that some languages have no word for, or say another way."""


def data(tag: str) -> dict[str, Any]:
    """What a pack's file has."""
    return tomllib.loads((bundle.LANGUAGE_FOLDER / tag / "lexicon.toml").read_text(encoding="utf-8"))


def roles(loaded: lexicon.Lexicon, text: str) -> set[str]:
    """What the words of a text mean."""
    return {role for match in loaded.spot(tokenise(text)) for role, bit in lexicon.BIT.items() if match.roles & bit}


def test_eleven_languages_have_a_pack() -> None:
    """The promise of the front page."""
    assert set(PACKS) >= {"vi", "bn", "en", "th", "id", "ms", "fil", "zh", "hi", "es", "pt"}


@pytest.mark.parametrize("tag", PACKS)
def test_a_pack_has_every_role_numbers_units_and_a_country(tag: str) -> None:
    """A role left out would be a kind of comment that this language's viewers cannot write."""
    found = data(tag)
    assert found["countries"]
    missing = set(lexicon.ROLES) - set(found) - OPTIONAL
    assert not missing
    numbers = found["numbers"]
    units = found["units"]
    assert "12" in found["groups"]
    assert {str(number) for number in range(1, 11)} <= set(numbers)
    assert {"1 kg", "1 g", "1 l", "1 ml", lexicon.COUNT} <= set(units)


@pytest.mark.parametrize("tag", PACKS)
def test_a_pack_can_be_read_by_its_speakers(tag: str) -> None:
    """Under 400 lines, none too long for a screen, and a first line that says whose words these are."""
    lines = (bundle.LANGUAGE_FOLDER / tag / "lexicon.toml").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 400
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 160


@pytest.mark.parametrize("tag", PACKS)
def test_a_pack_says_nothing_twice_in_one_role(tag: str) -> None:
    """A word listed twice is one that somebody will change once."""
    for role, words in data(tag).items():
        if isinstance(words, bool):
            continue
        lists = words.values() if isinstance(words, dict) else [words]
        for one in lists:
            assert len(one) == len(set(one)), role


def test_the_shops_own_language_outranks_the_others() -> None:
    """ "do" is two in India and no number in Vietnam."""
    numbers = {match.phrase.number for match in lexicon.load(country="IN").spot(tokenise("do"))}
    assert numbers - {None}
    assert not {match.phrase.number for match in lexicon.load(country="VN").spot(tokenise("do"))} - {None}


def test_the_order_of_the_languages_is_the_order_of_their_say() -> None:
    """What a shop lists first decides."""
    assert "not" in roles(lexicon.load(["hi", "en"]), "na")
    assert "claim" in roles(lexicon.load(["en", "vi"]), "mine")


def test_typed_without_marks_a_word_may_be_any_of_its_letters_with_marks_only_itself() -> None:
    """ "huy" cancels, "huỷ" cancels, a word with other marks does not."""
    vietnamese = lexicon.load(["vi"])
    assert "cancel" in roles(vietnamese, "huy")
    assert "cancel" in roles(vietnamese, "huỷ")
    assert "cancel" not in roles(vietnamese, "hùy")


def test_a_strict_word_needs_its_marks() -> None:
    """ "=tá" is a dozen, "ta" is we."""
    vietnamese = lexicon.load(["vi"])
    assert [match.phrase.group for match in vietnamese.spot(tokenise("tá")) if match.phrase.group] == [12]
    assert not [match for match in vietnamese.spot(tokenise("ta")) if match.phrase.group]


def test_a_word_with_its_own_marks_hides_those_with_others() -> None:
    """In a comment with marks, "nha" is the small word, not "nhà", "nhả" or any other of its letters."""
    vietnamese = lexicon.load(["vi"])
    assert roles(vietnamese, "chốt nha") & {"filler", "cancel"} == {"filler"}


def test_a_word_that_nobody_knows_stands_for_one_a_slip_away() -> None:
    """Stretched, doubled, or one letter wrong; never a word that is somebody's name for goods."""
    english = lexicon.load(["en"])
    assert english.meant("cancell") == "cancel"
    assert english.meant("cnacel") == "cancel"
    assert english.meant("kettle") == "kettle"


def test_languages_built_of_pieces_have_their_pieces_put_together() -> None:
    """ "ekta" is one piece, "sekilo" one kilo."""
    one = next(match.phrase for match in lexicon.load(["bn"]).spot(tokenise("ekta")) if match.phrase.number is not None)
    assert one.number == 1
    assert one.unit == "ta"
    kilo = next(
        match.phrase for match in lexicon.load(["id"]).spot(tokenise("sekilo")) if match.phrase.number is not None
    )
    assert kilo.amount is not None
    assert kilo.amount.value == 1000


def test_a_missing_pack_is_refused_by_name() -> None:
    """The seller reads which languages there are."""
    with pytest.raises(ConfigError, match="xx"):
        lexicon.load(["xx"])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('shout = ["hey"]', "shout"),
        ('[units]\n"3 stone" = ["st"]', "3 stone"),
        ('[numbers]\n"many" = ["lots"]', "many"),
        ('claim = [""]', "claim"),
        ("claim = [", "lexicon.toml"),
    ],
)
def test_a_bad_pack_says_what_is_wrong_with_it(tmp_path: Path, text: str, part: str) -> None:
    """File, role and word are in the sentence."""
    path = tmp_path / "xx" / "lexicon.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=part):
        lexicon.pack(path)


def test_the_guide_for_speakers_tells_every_role_flag_and_table() -> None:
    """What a pack may hold stands in the document, or nobody would know."""
    guide = (Path(__file__).parent.parent / "docs" / "languages.md").read_text(encoding="utf-8")
    for word in (*lexicon.ROLES, *lexicon.FLAGS):
        assert f"| `{word}` |" in guide
    for table in lexicon.TABLES:
        assert f"[{table}]" in guide
