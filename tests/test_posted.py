"""Comments as programs post them: what is taken, what is refused, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livesell.adapter import MOST_POSTED, Frame, Hook, clean, read_posted
from livesell.errors import BadInput
from livesell.registry import make_source

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
GOOD = {"id": "m1", "author_id": "mai", "author": "Mai", "text": "chốt A1"}


def test_one_comment_or_a_list_is_taken() -> None:
    """A body is one comment or a list of them, kept in order; an empty list is none."""
    assert [comment.id for comment in read_posted(GOOD)] == ["m1"]
    assert [comment.id for comment in read_posted([{**GOOD, "id": "a"}, {**GOOD, "id": "b"}])] == ["a", "b"]
    assert read_posted([]) == []


def test_what_is_left_out_has_its_default() -> None:
    """Only id and text are needed: the platform is http, the name says so, nothing is known of the author."""
    (comment,) = read_posted({"id": "1", "text": "A1"})
    assert (comment.platform, comment.author_id, comment.author) == ("http", None, "http user")
    assert (comment.sent_at, comment.history, comment.role, comment.edited) == (None, False, "viewer", False)


def test_all_fields_are_kept() -> None:
    """Every field that is known is taken as it stands, times in UTC; others are ignored."""
    (comment,) = read_posted(
        {**GOOD, "platform": "tiktok", "sent_at": "2026-11-22T20:00:00.5+07:00", "role": "moderator", "history": True,
         "edited": True, "likes": [1]}
    )  # fmt: skip
    assert comment.platform == "tiktok"
    assert comment.sent_at == datetime(2026, 11, 22, 13, 0, 0, 500_000, tzinfo=UTC)
    assert (comment.role, comment.history, comment.edited) == ("moderator", True, True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": None}, "comment 1, field 'id': is missing"),
        ({"id": 7}, "comment 1, field 'id': is not a string"),
        ({"id": ""}, "comment 1, field 'id': is empty"),
        ({"id": "x" * 201}, "comment 1, field 'id': is longer than 200 characters"),
        ({"author_id": 9007199254740993}, "comment 1, field 'author_id': is not a string"),
        ({"author_id": ""}, "comment 1, field 'author_id': is empty"),
        ({"author": ["Mai"]}, "comment 1, field 'author': is not a string"),
        ({"text": None}, "comment 1, field 'text': is missing"),
        ({"text": " \t"}, "comment 1, field 'text': is empty"),
        ({"text": "\0"}, "comment 1, field 'text': is empty"),
        ({"text": 5}, "comment 1, field 'text': is not a string"),
        ({"sent_at": "2026-11-22T20:00:00"}, "comment 1, field 'sent_at': is not a time"),
        ({"sent_at": "2026-11-22"}, "comment 1, field 'sent_at': is not a time"),
        ({"sent_at": "2026-13-22T20:00:00Z"}, "comment 1, field 'sent_at': is not a time"),
        ({"sent_at": "0001-01-01T00:00:00+14:00"}, "comment 1, field 'sent_at': is not a time"),
        ({"sent_at": 1795377600}, "comment 1, field 'sent_at': is not a time"),
        ({"role": "boss"}, "comment 1, field 'role': is none of"),
        ({"role": []}, "comment 1, field 'role': is none of"),
        ({"history": 1}, "comment 1, field 'history': is neither true nor false"),
        ({"platform": 1}, "comment 1, field 'platform': is not a string"),
        ({"platform": "x" * 65}, "comment 1, field 'platform': is longer than 64"),
    ],
)
def test_a_bad_comment_is_named_by_index_and_field(change: dict[str, Any], problem: str) -> None:
    """The first bad comment refuses all, and the refusal says which comment, which field and what is wrong."""
    with pytest.raises(BadInput) as refusal:
        read_posted([GOOD, {**GOOD, **change}])
    assert str(refusal.value).startswith(problem)
    assert refusal.value.index == 1
    assert refusal.value.field == next(iter(change))


@pytest.mark.parametrize("body", [None, 1, "text", True, [1], [[]]])
def test_what_is_no_comment_is_refused(body: object) -> None:
    """A body that is not an object or a list of objects is refused in words."""
    with pytest.raises(BadInput, match="a comment is a JSON object"):
        read_posted(body)


def test_too_many_at_once_are_refused() -> None:
    """A list has at most a thousand comments."""
    many = [{**GOOD, "id": str(number)} for number in range(MOST_POSTED + 1)]
    assert len(read_posted(many[:-1])) == MOST_POSTED
    with pytest.raises(BadInput, match="1001 comments at once"):
        read_posted(many)


def test_a_role_is_read_and_left_to_the_door_to_believe() -> None:
    """Reading says what was claimed; whether the sender may claim it is decided where the key is known."""
    assert read_posted({**GOOD, "role": "seller"})[0].role == "seller"


def test_text_is_made_fit_for_any_database() -> None:
    """Lone surrogates become U+FFFD, NUL is dropped, pairs and everything else stay."""
    assert clean("a\ud800b\udc00") == "a\ufffdb\ufffd"
    assert clean("\ud83c\udf31 A\0 1") == "\U0001f331 A 1"
    (comment,) = read_posted({"id": "\ud800", "author_id": "\udfff", "author": "\0\ud800", "text": "A1 \ud800"})
    assert (comment.id, comment.author_id, comment.author, comment.text) == ("\ufffd", "\ufffd", "\ufffd", "A1 \ufffd")


@given(st.text(alphabet=st.characters()))
def test_clean_text_is_always_utf8_and_cleaning_it_again_changes_nothing(text: str) -> None:
    """Whatever is typed, what is kept can be encoded, has no NUL, and is the same when cleaned twice."""
    tidy = clean(text)
    assert "\0" not in tidy
    assert tidy.encode("utf-8").decode("utf-8") == tidy == clean(tidy)


# --- the door itself ------------------------------------------------------------------------------------------------


def posted(body: bytes, content_type: str = "application/json") -> Hook:
    return Hook("POST", NOW, headers={"content-type": content_type}, body=body)


def test_a_posted_body_is_answered_with_its_frame() -> None:
    """JSON is taken whole, to be decoded by the same decoder that reads recordings."""
    door = make_source({"platform": "http"})
    answer = door.receive(posted(b'[{"id": "1", "text": "A1"}]'))
    assert answer.status == 202
    (frame,) = answer.frames
    assert [comment.text for comment in door.decode(frame)] == ["A1"]  # type: ignore[union-attr]


def test_nobody_is_the_seller_for_saying_so() -> None:
    """A role that is claimed in a post to the door is not kept: the ingest key does not make a seller."""
    door = make_source({"platform": "http"})
    for body in (
        b'{"id": "1", "text": "A1 90k", "role": "seller"}',
        b'[{"id": "1", "text": "A1", "role": "moderator"}]',
    ):
        (frame,) = door.receive(posted(body)).frames
        assert [comment.role for comment in door.decode(frame)] == ["viewer"]  # type: ignore[union-attr]


def test_a_web_form_is_a_comment() -> None:
    """A plain HTML form with the same field names is taken; without an id it is named by what it says and when."""
    door = make_source({"platform": "http"})
    form = posted(b"author=B%C3%ACnh&text=A1+2+g%C3%B3i&extra=x", "application/x-www-form-urlencoded; charset=utf-8")
    (frame,) = door.receive(form).frames
    (comment,) = door.decode(frame)
    assert (comment.author, comment.text) == ("Bình", "A1 2 gói")  # type: ignore[union-attr]
    assert door.receive(form).frames == (frame,)


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"{", "application/json", "not JSON"),
        (b"\xff", "application/json", "not JSON"),
        (b'{"id": "1"}', "application/json", "field 'text': is missing"),
        (b"author=x", "application/x-www-form-urlencoded", "field 'text': is missing"),
        (b"a=1&" * 200, "application/x-www-form-urlencoded", "not JSON"),
    ],
)
def test_a_body_that_cannot_be_taken_is_told_why(body: bytes, content_type: str, words: str) -> None:
    """The answer is 400 and says what is wrong; nothing is heard of it."""
    answer = make_source({"platform": "http"}).receive(posted(body, content_type))
    assert answer.status == 400
    assert words in answer.text
    assert answer.frames == ()


def test_a_get_is_not_a_comment() -> None:
    """Reading the address posts nothing."""
    assert make_source({"platform": "http"}).receive(Hook("GET", NOW)).status == 405


def test_a_body_with_one_bad_comment_brings_none() -> None:
    """Decoding a recorded body keeps to all or nothing, as the door does."""
    assert list(make_source({"platform": "http"}).decode(Frame(json=[GOOD, {"id": "2"}]))) == []
