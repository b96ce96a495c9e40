"""Reading bodies: how much, how long and which bytes are taken, and what is said about the rest."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest

from livesell.web.body import MIB, SECONDS, parse_json
from livesell.web.refusal import Refusal
from tests.doors import COMMENTS, INGEST, SELLER, Shop, open_shop


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"{'a': 1}", 400, "bad_json"),
        (b'{"a": 1} x', 400, "bad_json"),
        (b'{"a": NaN}', 400, "bad_json"),
        (b'{"a": -Infinity}', 400, "bad_json"),
        (b'{"a": 1e999}', 400, "bad_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", 400, "bad_json"),
        (b'{"a": 9223372036854775808}', 400, "bad_json"),
        (b'{"a": "\xff"}', 400, "bad_utf8"),
        (b'{"a": "\xed\xa0\x80"}', 400, "bad_utf8"),
        ('{"a": "chốt"}'.encode("utf-16"), 400, "bad_utf8"),
        (b"[" * 100_000, 400, "bad_json"),
        (b"[" * 33 + b"]" * 33, 400, "bad_json"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, 400, "bad_json"),
        (b" " * (6 * MIB), 413, "too_large"),
        (b'"' + b"x" * (MIB - 1) + b'"', 413, "too_large"),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else str(value),
)
async def test_a_body_that_cannot_be_taken_is_refused_in_one_line(data: bytes, status: int, code: str) -> None:
    """Not JSON, not UTF-8, too deep, numbers that no database holds, too large: 4xx, nothing done, server alive."""
    async with open_shop() as shop:
        answer = await shop.ask("POST", COMMENTS, INGEST, data)
        assert (answer.status, answer.json["code"]) == (status, code)
        assert "\n" not in answer.json["error"] and len(answer.json["error"]) < 200
        assert shop.done == []
        assert (await shop.ask("POST", COMMENTS, INGEST, b"{}")).status == 202


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'"' + b"x" * (MIB - 2) + b'"', "x" * (MIB - 2)),
        (b"[" * 32 + b"]" * 32, None),
        ('{"a": "chốt 2kg ০১৭"}'.encode(), {"a": "chốt 2kg ০১৭"}),
        (b'\xef\xbb\xbf{"a": 0.5, "b": -9223372036854775808}', {"a": 0.5, "b": -(2**63)}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud800\\u0000"}', {"a": "\ud800\x00"}),
    ],
    ids=["just 1 MB", "32 levels", "text", "numbers", "twice", "surrogate and NUL"],
)
def test_what_can_be_taken_is_taken_as_it_is(data: bytes, value: object) -> None:
    """Up to each limit the value comes through; lone surrogates and NUL are the intake's matter, not a refusal."""
    taken = parse_json(data)
    assert value is None or taken == value


@pytest.mark.parametrize("charset", ["nonsense", "utf-16", "latin-1"])
async def test_the_charset_that_a_client_claims_is_not_believed(charset: str) -> None:
    """Bodies are UTF-8 whatever the header says; a charset that does not exist is no 500."""
    async with open_shop() as shop:
        kind = {"Content-Type": f"application/json; charset={charset}"}
        assert (await shop.ask("POST", COMMENTS, INGEST | kind, '{"a": "chốt"}')).status == 202
        assert shop.done == [("ingest", {"a": "chốt"})]


async def test_a_body_without_a_length_is_counted_as_it_comes() -> None:
    """A chunked body is refused at the first byte over the limit, and a broken one in words."""
    async with open_shop() as shop:
        head = f"POST {COMMENTS} HTTP/1.1\r\nHost: {shop.here}\r\nAuthorization: {INGEST['Authorization']}\r\n"
        head += "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        assert (await shop.raw(head.encode() + chunk * 20)).status == 413
        assert (await shop.raw(head.encode() + b"2\r\n{}\r\n0\r\n\r\n")).status == 202
        assert (await shop.raw(head.encode() + b"xyz\r\n{}\r\n0\r\n\r\n")).status == 400
    assert shop.done == [("ingest", {})]


async def test_a_packed_body_counts_by_what_it_unpacks_to() -> None:
    """100 MB of spaces in 100 KB are refused before they are there; a small packed body is read, a broken is 400."""
    bomb = gzip.compress(b" " * (100 * MIB))
    async with open_shop() as shop:
        packed = INGEST | {"Content-Encoding": "gzip"}
        tracemalloc.start()
        try:
            assert (await shop.ask("POST", COMMENTS, packed, bomb)).status == 413
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 20 * MIB
        assert (await shop.ask("POST", COMMENTS, packed, gzip.compress(b'{"a": 1}'))).status == 202
        assert (await shop.ask("POST", COMMENTS, packed, b"\x1f\x8bnot packed at all")).status == 400
        deflated = INGEST | {"Content-Encoding": "deflate"}
        assert (await shop.ask("POST", COMMENTS, deflated, zlib.compress(b'{"a": 2}'))).status == 202
    assert shop.done == [("ingest", {"a": 1}), ("ingest", {"a": 2})]


async def test_a_body_that_trickles_is_given_up_and_its_connection_ends() -> None:
    """A byte now and then does not keep a connection for ever: 408 after the limit, then the line is closed."""
    assert SECONDS == 10
    async with open_shop(seconds=0.5, runner={"lingering_time": 0.2}) as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
        head = f"POST {COMMENTS} HTTP/1.1\r\nHost: {shop.here}\r\nAuthorization: {INGEST['Authorization']}\r\n"
        writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode())
        started = time.monotonic()

        async def trickle() -> None:
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        try:
            async with asyncio.timeout(5):
                said = b""
                while got := await _read_or_end(reader):
                    said += got
        finally:
            trickling.cancel()
            writer.close()
        assert said.startswith(b"HTTP/1.1 408 ") and b"took longer than 0.5 seconds" in said
        assert time.monotonic() - started < 3
        assert (await shop.ask("POST", COMMENTS, INGEST, "{}")).status == 202


async def test_a_client_that_leaves_in_the_middle_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """A phone that loses its signal while sending leaves nothing done and nothing in the log."""
    async with open_shop() as shop:
        _, writer = await asyncio.open_connection("127.0.0.1", shop.port)
        head = f"POST {COMMENTS} HTTP/1.1\r\nHost: {shop.here}\r\nAuthorization: {INGEST['Authorization']}\r\n"
        writer.write(f'{head}Content-Length: 1000\r\n\r\n{{"a":'.encode())
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        assert (await shop.ask("GET", "/healthz")).status == 200
        assert shop.done == []
    assert [record.message for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def _post_form(shop: Shop, path: str, kind: str, data: bytes) -> int:
    headers = SELLER | {"Content-Type": kind, "Origin": f"http://{shop.here}"}
    return (await shop.ask("POST", path, headers, data)).status


async def test_a_form_is_read_as_the_browser_sends_it() -> None:
    """Fields in UTF-8, empty ones kept; bad bytes, too many fields or another type are refused in words."""
    form = "application/x-www-form-urlencoded"
    async with open_shop() as shop:
        assert await _post_form(shop, "/control", form, b"name=S%C3%A2m+N%E1%BA%A5m&note=") == 303
        assert shop.done == [{"name": "Sâm Nấm", "note": ""}]
        assert await _post_form(shop, "/control", form, b"name=%ff") == 400
        assert await _post_form(shop, "/control", form, b"name=\xff") == 400
        assert await _post_form(shop, "/control", form, b"a=1&" * 1001) == 400
        assert await _post_form(shop, "/control", "text/plain", b"name=x") == 415
        assert len(shop.done) == 1


def _multipart(*parts: tuple[str, bytes]) -> bytes:
    ends = [f"--B\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts]
    return b"".join(ends) + b"--B--\r\n"


# aiohttp warns of a broken part before it skips it; here warnings are errors, in a running server they are not.
@pytest.mark.filterwarnings("ignore:.*form-data:RuntimeWarning")
async def test_an_upload_is_one_file_within_its_limit() -> None:
    """The file's bytes and the fields; its name is not kept; over the limit 413, without a file or malformed 400."""
    kind = "multipart/form-data; boundary=B"
    async with open_shop() as shop:
        sent = _multipart(('name="file"; filename="../../etc/passwd"', b"code;price"), ('name="note"', "chợ".encode()))
        assert await _post_form(shop, "/goods", kind, sent) == 200
        assert shop.done == [(b"code;price", {"note": "chợ"})]
        for data, status in [
            (_multipart(('name="file"', b"x" * 1001)), 413),
            (_multipart(('name="file"', b"x" * 600), ('name="note"', b"x" * 600)), 413),
            (_multipart(('name="file"', b"x" * (2 * MIB))), 413),
            (_multipart(('name="note"', b"x")), 400),
            (_multipart(('name="note"', b"\xff")), 400),
            (b"no parts at all", 400),
            (_multipart(('name="file"', b"x"))[:-20], 400),
            (b"", 400),
        ]:
            assert await _post_form(shop, "/goods", kind, data) == status, data[:60]
        assert await _post_form(shop, "/goods", "multipart/form-data", sent) == 400
        assert await _post_form(shop, "/goods", "application/json", b"{}") == 415
        assert len(shop.done) == 1
        assert (await shop.ask("GET", "/healthz")).status == 200


def test_a_refusal_can_be_raised_and_says_what_it_is() -> None:
    """Handlers and hooks that read bytes themselves get the same refusals by exception."""
    with pytest.raises(Refusal) as refused:
        parse_json(b"{")
    assert (refused.value.status, refused.value.code) == (400, "bad_json")
    assert refused.value.words.startswith("the body is not JSON: ")


async def _read_or_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(4096)
    except ConnectionError:
        return b""
