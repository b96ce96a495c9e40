"""Shopee Live: asked inside its ten seconds, gaps recorded, its signature, its errors in words."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from adapters import shopee
from livesell import registry
from livesell.errors import AdapterError
from tests.fakes.shopee import ShopeeFake, row


async def test_the_last_seconds_are_asked_for_and_each_comment_comes_once() -> None:
    """Answers overlap; only those with something new are heard, the first as history; the offset is handed back."""
    async with ShopeeFake().serving() as fake:
        fake.latest = [row(1, "A1")]
        ear = fake.listener()
        async with ear.listening():
            await ear.until(lambda: len(fake.asked) >= 4)
            assert len(ear.frames) == 1
            fake.latest = [row(1, "A1"), row(2, "A2")]
            await ear.until(lambda: len(ear.comments) == 3)
        assert [(one.id, one.history) for one in ear.comments] == [("1", True), ("1", False), ("2", False)]
        assert fake.asked[0]["offset"] == "0" and fake.asked[3]["offset"] == "3"
        assert ear.gaps == []


async def test_a_pause_longer_than_shopee_remembers_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written between two answers too far apart is lost, and the gap has its times."""
    monkeypatch.setattr(shopee, "REACH", timedelta(seconds=0.005))
    async with ShopeeFake().serving() as fake:
        ear = fake.listener()
        async with ear.listening():
            await ear.until(lambda: bool(ear.gaps))
        assert ear.gaps[0].since < ear.gaps[0].until


@pytest.mark.parametrize(
    ("status", "body", "headers", "words", "permanent", "wait"),
    [
        (403, {"error": "error_auth", "message": "Invalid access_token."}, {}, "Invalid access_token", True, None),
        (200, {"error": "error_permission", "message": "no"}, {}, "does not take the app's keys", True, None),
        (200, {"error": "error_rate_limit", "message": ""}, {}, "asked too often", False, 10),
        (429, {}, {"Retry-After": "7"}, "asked too often", False, 7),
        (500, {}, {}, "HTTP 500", False, None),
    ],
)
async def test_errors_are_told(
    status: int, body: dict[str, Any], headers: dict[str, str], words: str, permanent: bool, wait: float | None
) -> None:
    """Keys and permissions need a person, limits a pause, the rest another try."""
    async with ShopeeFake().serving() as fake:
        fake.errors.append((status, body, headers))
        with pytest.raises(AdapterError, match=words) as failed:
            await fake.listener().connection()
        assert (failed.value.permanent, failed.value.retry_after) == (permanent, wait)


async def test_the_end_of_the_session_is_told() -> None:
    """An answer that the session is over ends the source."""
    async with ShopeeFake().serving() as fake:
        ear = fake.listener()
        async with ear.listening() as task:
            await ear.until(lambda: bool(ear.states))
            fake.errors.append((200, {"error": "livestream.session_ended", "message": "session has ended"}, {}))
            await asyncio.wait_for(task, 5)
        assert ear.ends == ["the live session is over"]


async def test_a_wrong_key_and_missing_ones_are_told() -> None:
    """A signature that Shopee does not take, and keys that are not there, need a person."""
    async with ShopeeFake().serving() as fake:
        with pytest.raises(AdapterError, match="Wrong sign"):
            await fake.listener(partner_key="other").connection()
        with pytest.raises(AdapterError, match="Shopee needs `partner_id`") as missing:
            await fake.listener(token="").connection()
        assert missing.value.permanent


def test_links_are_recognised() -> None:
    """The address of a live as the app shares it."""
    found = registry.adapter("shopee").recognise
    assert found("https://live.shopee.vn/share?from=live&session=5550001&share_user_id=1") == {"session": "5550001"}
    assert found("https://shopee.vn/thaomoc") is None
