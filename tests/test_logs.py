"""What is written down: no key, no phone, no forged line, and never more than five files of 5 MB."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from livesell import logs
from tests.doors import KEYS, Shop, a_guard, shop_app

log = logging.getLogger("livesell.test")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A running log; the root logger is given back as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logs.start(tmp_path, KEYS.values(), loud=logging.CRITICAL + 1)
    yield tmp_path / "logs" / "livesell.log"
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def written(file: Path) -> str:
    """All that the log holds, in every file of it."""
    return "".join(part.read_text(encoding="utf-8") for part in sorted(file.parent.iterdir()))


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("b'GET / HTTP/1.1\\r\\nauthorization: bearer abc\\xff\\r\\n'", "abc"),
        ("proxy said Basic dXNlcjpwdw==", "dXNlcjpwdw"),
        ("GET /control?key=s3cr3t-key&a=1", "s3cr3t"),
        ("Referer: http://127.0.0.1:8777/control?a=1&key=s3cr3t", "s3cr3t"),
        ("/control%3Fkey%3Ds3cr3t", "s3cr3t"),
        ("page_access_token=EAAB123 refused", "EAAB123"),
        ("Cookie: livesell_seller_8777=tok; other=1", "tok"),
        ("cookies were livesell_overlay_8777=tok", "=tok"),
        (f"the key is {KEYS['seller']}", KEYS["seller"]),
        ("gọi 0912345678 nhé", "0912345678"),
        ("gọi 0912 345 678", "345"),
        ("+84 912-345-678", "912"),
        ("(091) 234.5678", "5678"),
        ("২ কেজি ০১৭১২৩৪৫৬৭৮", "০১৭১২৩৪৫৬৭৮"),
        ("at 2026-11-25 0912345678", "0912345678"),
        ("0912-34-5678", "5678"),
    ],
)
def test_keys_and_phones_are_hidden(text: str, hidden: str) -> None:
    """Credentials in whatever form a library prints them, and any run of 8 digits in any script and grouping."""
    plain = logs.Plain(KEYS.values())
    record = logging.LogRecord("x", logging.INFO, "", 0, text, None, None)
    assert hidden not in plain.format(record).partition("x: ")[2]
    assert logs.HIDDEN in plain.format(record)


@pytest.mark.parametrize(
    "text",
    [
        "at 2026-11-25T20:00:00.123",
        "from 192.168.100.200",
        "event 1234567",
        "took 12.5 ms",
        "A12 × 3 = 270000",
        "monkeys",
    ],
)
def test_what_a_log_is_read_for_stays(text: str) -> None:
    """Times, addresses and small numbers are neither keys nor phones."""
    assert logs.redacted(text) == text


def test_a_name_forges_no_line_and_speaks_to_no_terminal(file: Path) -> None:
    """Line ends, escapes, direction marks and lone surrogates are spelt out; letters and emoji of any script stay."""
    log.info("comment by %s", "mai\r\n2026-11-25 ERROR livesell: all lost\x1b[2J\u202e\u2028\ud800\x85")
    log.info("comment by %s", "Nguyễn Ấm 🌿 চা")
    lines = written(file).splitlines()
    assert len(lines) == 2
    assert r"mai\r\n2026-11-25 ERROR livesell: all lost\x1b[2J\u202e\u2028\ud800\x85" in lines[0]
    assert lines[1].endswith("comment by Nguyễn Ấm 🌿 চা")


def test_a_trace_is_hidden_and_marked_too(file: Path) -> None:
    """What an exception says is data like any other: hidden where it must be, and never at the start of a line."""
    try:
        raise ValueError("bad row: 0912345678\n2026-11-25 forged")
    except ValueError:
        log.exception("a row failed")
    text = written(file)
    assert "0912345678" not in text and "ValueError: bad row" in text
    assert [line for line in text.splitlines()[1:] if not line.startswith("  | ")] == []


def test_a_record_that_cannot_be_filled_in_is_still_written() -> None:
    """A mistake in a log call costs its arguments, not the line."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "%d comments from %s", ("0912345678",), None)
    assert logs.Plain().format(record).endswith("INFO x: %d comments from %s (could not be filled in)")


def test_a_log_that_cannot_be_written_says_so_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A full or missing disk: one line on stderr without the record's words, and the program goes on."""
    log.info("first")
    handler = next(
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.FileHandler) and isinstance(handler.formatter, logs.Plain)
    )
    assert handler.stream is not None
    handler.stream.close()
    log.info("phone %s", "0912345678")
    log.info("phone %s", "0912345678")
    handler.stream = None  # as a handler is before its first line
    assert capsys.readouterr().err == "a line of livesell.test could not be logged: ValueError\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes: the user's profile keeps others out")
def test_only_the_owner_reads_the_log(file: Path) -> None:
    """0600, whatever the umask."""
    before = os.umask(0)
    try:
        log.info("hello")
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_log_stays_small(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five files of 5 MB, here a thousand times smaller, and the newest line is in the first."""
    assert (logs.SIZE, logs.FILES) == (5 * 1024 * 1024, 5)
    monkeypatch.setattr(logs, "SIZE", 5 * 1024)
    logs.start(file.parent.parent, loud=logging.CRITICAL + 1)
    for number in range(2000):
        log.info("line %s", number)
    sizes = [part.stat().st_size for part in file.parent.iterdir()]
    assert len(sizes) == 5 and max(sizes) <= 5 * 1024
    assert "line 1999" in file.read_text(encoding="utf-8")


def test_a_secret_that_becomes_known_later_is_hidden_too(file: Path) -> None:
    """A new key, or a platform's token, stands in no line after it was named."""
    logs.hide("tok-from-the-environment")
    log.warning("the platform refused tok-from-the-environment")
    assert f"the platform refused {logs.HIDDEN}" in written(file)


def test_a_second_start_replaces_the_first(file: Path) -> None:
    """No line is written twice."""
    logs.start(file.parent.parent, loud=logging.CRITICAL + 1)
    log.info("once")
    assert written(file).count("once") == 1


async def test_a_request_leaves_its_path_and_neither_key_nor_phone(file: Path) -> None:
    """The real server, with every way to send a key and a phone in each place: none of it is in any file."""
    guard = a_guard()
    runner = web.AppRunner(shop_app(guard, []), access_log=logs.ACCESS, access_log_class=logs.AccessLog)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        shop = Shop(guard, runner.app, runner.addresses[0][1])
        guard.port = shop.port
        cookie = await shop.cookie("seller")
        bearer = {"Authorization": f"Bearer {KEYS['seller']}"}
        phone = '{"text": "0912345678"}'
        await shop.ask("POST", f"/api/shows/current/comments?key={KEYS['ingest']}&phone=0912345678", {}, phone)
        await shop.ask("GET", "/control", {"Cookie": cookie, "Referer": f"http://{shop.here}/?key={KEYS['seller']}"})
        await shop.ask("GET", "/api/breaks/bug", bearer)
        await shop.ask("GET", "/0912345678/%0d%0aforged?key=guess-guess", bearer)
        await shop.raw(f"GET / HTTP/1.1\r\nHost: {shop.here}\r\nAuthorization: Bearer {KEYS['seller']}\x00\r\n\r\n")
        await shop.raw(f"GET / HTTP/1.1\r\nAuthorization: Bearer unknown-key\x01\r\nHost: {shop.here}\r\n\r\n")
    finally:
        await runner.cleanup()
    text = written(file)
    assert "POST /api/shows/current/comments 202 " in text and "GET /api/breaks/bug 500 " in text
    assert "ZeroDivisionError" in text
    for secret in (
        *KEYS.values(),
        cookie.partition("=")[2],
        "0912345678",
        "guess-guess",
        "unknown-key",
        "?",
        "Referer",
    ):
        assert secret not in text, secret
    assert [line for line in text.splitlines() if line.startswith("forged")] == []
