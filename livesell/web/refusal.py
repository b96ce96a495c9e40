"""How livesell says no: one line in words and a stable code, as JSON, as a short page, or unseen on an overlay."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Mapping

from aiohttp import web

from livesell.errors import (
    BadInput,
    CatalogError,
    LivesellError,
    NotFound,
    Refused,
    StoreAway,
    StoreBusy,
    StoreError,
    StoreFull,
)


class Refusal(web.HTTPException):
    """An answer that is a no, to be raised; the guard gives it the form that fits the address.

    `words` is one line for a person and never repeats the path or a key; `code` is stable; `data` stands beside both.
    """

    def __init__(
        self, status: int, code: str, words: str, headers: Mapping[str, str] | None = None, **data: object
    ) -> None:
        self.status_code, self.code, self.words, self.data = status, code, words, data
        body = {"error": words, "code": code} | {name: value for name, value in data.items() if value is not None}
        super().__init__(
            headers=headers,
            text=json.dumps(body, ensure_ascii=True, default=str),
            content_type="application/json",
        )

    def closing(self) -> Refusal:
        """The same, after which the connection ends: what the client still sends will not be read."""
        self.force_close()
        return self


def answer(error: LivesellError) -> Refusal:
    """The status and body that fit an error of livesell."""
    words = str(error)
    match error:
        case BadInput():
            return Refusal(400, "bad_input", words, index=error.index, field=error.field)
        case CatalogError():
            return Refusal(400, "bad_row", words, row=error.row, column=error.column)
        case NotFound():
            return Refusal(404, error.code, words)
        case Refused():
            return Refusal(409, error.code, words, None, **_beside(error.data))
        case StoreFull():
            return Refusal(507, error.code, words)
        case StoreBusy() | StoreAway():
            return busy(words, 5)
        case StoreError():
            return Refusal(500, error.code, words)
        case _:
            return Refusal(500, "failed", words)


def busy(words: str, seconds: float) -> Refusal:
    """503: nothing was taken; try again in `seconds`."""
    return Refusal(503, "busy", words, {"Retry-After": str(max(1, math.ceil(seconds)))})


def page(refusal: Refusal) -> web.Response:
    """The refusal as a short page, which asks for the key where that is what is missing."""
    ask = ""
    if refusal.status == 401:
        ask = (
            '<form method="get"><label>Key <input name="key" type="password" autocomplete="current-password" required>'
            "</label> <button>Open</button></form>"
        )
    words = html.escape(refusal.words)
    return response(
        refusal,
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>livesell</title><h1>{words}</h1>{ask}</html>",
        "text/html",
    )


def unseen(refusal: Refusal) -> web.Response:
    """The refusal as a page that shows nothing on air; the words are in its title, which only a browser shows."""
    words = html.escape(refusal.words)
    text = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{words}</title><body></body></html>'
    return response(refusal, text, "text/html")


def from_http(error: web.HTTPException) -> Refusal:
    """One of aiohttp's own refusals in our words; none of its text is kept, for it may repeat what came in."""
    code, words = _OURS.get(error.status, ("refused", "this cannot be done here"))
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return Refusal(error.status, code, words, kept)


_OURS = {
    400: ("bad_request", "the request cannot be understood"),
    404: ("not_found", "there is nothing at this address"),
    405: ("bad_method", "this address does not take that method"),
    413: ("too_large", "the body is too large"),
    417: ("bad_expect", "that expectation cannot be met"),
}


def _beside(data: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in data.items() if name not in ("error", "code", "status", "words", "headers")}


def body(refusal: Refusal) -> web.Response:
    """The refusal as JSON."""
    return response(refusal, refusal.text or "", "application/json")


def response(refusal: Refusal, text: str, content_type: str) -> web.Response:
    """An answer with the refusal's status and headers."""
    own = {name: value for name, value in refusal.headers.items() if name not in ("Content-Type", "Content-Length")}
    response = web.Response(status=refusal.status, text=text, content_type=content_type, headers=own)
    if refusal.keep_alive is False:
        response.force_close()
    return response
