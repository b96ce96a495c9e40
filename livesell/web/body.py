"""Reading what a client sends: how much, how long, which bytes, and nothing that a later stage could choke on."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict

from livesell.web.refusal import Refusal

MIB = 1024 * 1024
SECONDS = 10.0
"""A body that is not here by then is given up; aiohttp itself waits for ever."""

_DEEP = 32
_FIELDS = 1000
_LARGEST = 2**63 - 1  # what both databases can hold


async def read_body(request: web.Request, limit: int = MIB, *, seconds: float = SECONDS) -> bytes:
    """The raw body, unpacked if it came packed, of at most `limit` bytes; refused with 400, 408 or 413."""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    taken = bytearray()
    async with _in_time(seconds):
        async for chunk in request.content.iter_any():
            taken += chunk
            if len(taken) > limit:
                raise _too_large(limit)
    return bytes(taken)


async def read_json(request: web.Request, limit: int = MIB, *, seconds: float = SECONDS) -> object:
    """The JSON value of the body, whatever type or charset the client claims; see `parse_json`."""
    return parse_json(await read_body(request, limit, seconds=seconds))


def parse_json(data: bytes) -> object:
    """The JSON value in UTF-8 bytes: finite numbers that a database can hold, at most 32 levels deep.

    Lone surrogates written as escapes are let through: they are replaced where comments come in. Raises a 400.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(400, "bad_utf8", f"the body is not UTF-8: byte {error.start}") from None
    try:
        value = json.loads(
            text.removeprefix("\ufeff"), parse_constant=_no_constant, parse_int=_whole, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise Refusal(400, "bad_json", f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except ValueError as error:
        raise Refusal(400, "bad_json", f"the body is not JSON that can be taken: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    _check_depth(value)
    return value


async def read_form(request: web.Request, limit: int = MIB, *, seconds: float = SECONDS) -> MultiDict[str]:
    """The fields of a page's form as the browser sends it (`application/x-www-form-urlencoded`), in order."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "bad_type", "this address takes a form: application/x-www-form-urlencoded")
    data = await read_body(request, limit, seconds=seconds)
    try:
        pairs = parse_qsl(
            data.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_FIELDS
        )
    except UnicodeDecodeError:
        raise Refusal(400, "bad_utf8", "the form is not UTF-8") from None
    except ValueError:
        raise Refusal(400, "bad_form", f"the form has more than {_FIELDS} fields") from None
    return MultiDict(pairs)


@dataclass(frozen=True)
class Upload:
    """One file of a form and the fields around it; the name that the client gave the file is not kept."""

    data: bytes
    fields: MultiDict[str]


async def read_upload(
    request: web.Request, field: str = "file", limit: int = 5 * MIB, *, seconds: float = 60.0
) -> Upload:
    """The file that a form sends in `field` (`multipart/form-data`), with its fields of at most `limit` bytes."""
    if request.content_type != "multipart/form-data":
        raise Refusal(415, "bad_type", "this address takes a form with a file: multipart/form-data")
    if (request.content_length or 0) > limit + MIB:
        raise _too_large(limit)
    fields: MultiDict[str] = MultiDict()
    file: bytes | None = None
    left = limit
    async with _in_time(seconds):
        try:
            reader = await request.multipart()
            while (part := await reader.next()) is not None:
                if not isinstance(part, BodyPartReader) or len(fields) >= _FIELDS:
                    raise Refusal(400, "bad_form", "the form has parts that a page of livesell does not send")
                taken = bytearray()
                while chunk := await part.read_chunk():
                    taken += chunk
                    if len(taken) > left:
                        raise _too_large(limit)
                left -= len(taken)
                if part.name == field:
                    file = bytes(taken)
                else:
                    fields.add(part.name or "", taken.decode("utf-8"))
        except UnicodeDecodeError:
            raise Refusal(400, "bad_utf8", "the form is not UTF-8") from None
        except ValueError:
            raise Refusal(400, "bad_form", "the form cannot be understood") from None
    if file is None:
        raise Refusal(400, "no_file", "the form has no file")
    return Upload(file, fields)


class _in_time:  # noqa: N801 - reads as a phrase where it is used
    """Gives a body `seconds`, and turns what goes wrong on the way into a refusal."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._limit = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            await self._limit.__aexit__(kind, error, None)
        except TimeoutError:
            words = f"the body took longer than {self._seconds:g} seconds"
            raise Refusal(408, "too_slow", words).closing() from None
        if isinstance(error, (web.RequestPayloadError, HttpProcessingError)):
            raise Refusal(400, "bad_body", "the body is broken: its packing or its length is wrong").closing() from None


def _too_large(limit: int) -> Refusal:
    size = f"{limit // MIB} MB" if limit >= MIB else f"{limit} bytes"
    return Refusal(413, "too_large", f"the body is larger than {size}").closing()


def _too_deep() -> Refusal:
    return Refusal(400, "bad_json", f"the body is nested deeper than {_DEEP} levels")


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(_DEEP):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(inner for inner in item.values() if isinstance(inner, (dict, list)))
            elif isinstance(item, list):
                below.extend(inner for inner in item if isinstance(inner, (dict, list)))
        if not below:
            return
        level = below
    raise _too_deep()


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _whole(text: str) -> int:
    if len(text) > 20 or not -_LARGEST - 1 <= (number := int(text)) <= _LARGEST:
        raise ValueError("a number is too large")
    return number


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("a number is too large")
    return number
