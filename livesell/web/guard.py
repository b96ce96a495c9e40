"""What stands between the socket and a handler: Host, Origin, key and role in this order, and every answer's headers.

Each route says what it needs when it is added, and one that does not say so is never served:

needs    seller · overlay · ingest: one of these keys (the seller's opens everything) · none: anybody ·
         hook: the handler checks a signature; a key may come too, and then it must be a right one
kind     page: a page, its cookie is the seller's · overlay: a page on air, its cookie is the overlay's and no other ·
         api: JSON · feed: the WebSocket · static: files · hook: webhooks, all that `public_host` is answered
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from aiohttp import web

from livesell.errors import LivesellError
from livesell.web import refusal as no
from livesell.web.hosts import Hosts
from livesell.web.keys import Keys, OneTime, Role
from livesell.web.refusal import Refusal
from livesell.web.sessions import ENDURES, Attempts, Sessions

Needs = Literal["seller", "overlay", "ingest", "none", "hook"]
Kind = Literal["page", "overlay", "api", "feed", "static", "hook", "beacon"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)

RUNNER: dict[str, Any] = {"keepalive_timeout": 30.0, "lingering_time": 2.0}
"""For `web.AppRunner`: aiohttp's 3,630 s of keep-alive are also its only limit on a header that trickles in."""

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
# OBS puts its custom CSS in as a <style> filled by innerHTML: the strict line ignores that, and trusted types make it
# throw. A theme is a stranger's work and the control page frames it: it may not send a form in the seller's name.
_CSP_ON_AIR = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # no-referrer would turn the Origin of the page's own forms into null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Server": "livesell",
}
_BEARER = {"WWW-Authenticate": "Bearer"}
_SAFE = ("GET", "HEAD")
_TOUCH = timedelta(minutes=10)


@dataclass(frozen=True)
class Rule:
    """What one route needs; the table of routes and roles is made of these."""

    method: str
    path: str
    needs: frozenset[Needs]
    kind: Kind

    def lets_in(self, role: Role | None) -> bool:
        """Whether a request with this role reaches the handler."""
        return bool(self.needs & {"none", "hook"}) or role == "seller" or role in self.needs


_RULE = web.RequestKey("rule", Rule)
_ROLE = web.RequestKey("role", str)
_COOKIE = web.RequestKey("cookie", str)


@dataclass(frozen=True)
class _Caller:
    """Who asks, and how it was shown."""

    role: Role | None = None
    by: Literal["nothing", "header", "query", "cookie"] = "nothing"
    token: str = ""


class Guard:
    """Refuses what must not reach a handler, and tells the handler who asks.

    `host`, `hosts` and `public_host`: see `Hosts`. `port` is in the cookies' names and may be set once it is known.
    `page` makes a refusal into a page in the shop's language.
    """

    def __init__(
        self,
        keys: Keys,
        sessions: Sessions,
        *,
        host: str,
        port: int,
        hosts: Sequence[str] = (),
        public_host: str = "",
        one_time: OneTime | None = None,
        page: Callable[[Refusal], web.Response] = no.page,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.keys, self.sessions, self.port = keys, sessions, port
        self.one_time = one_time or OneTime()
        self.rules: list[Rule] = []
        self._page, self.now, self._clock = page, now, clock
        self._by_route: dict[object, Rule] = {}
        self._attempts = Attempts()
        self._touched: dict[str, datetime] = {}
        self._hosts = Hosts(host, hosts, public_host)

    # -- wiring -----------------------------------------------------------------------------------------------------

    def attach(self, app: web.Application) -> None:
        """Stand in front of every handler of `app`, also of addresses that do not exist, and behind every answer."""
        app.middlewares.insert(0, self.middleware)
        app.on_response_prepare.append(self.prepare)

    def route(
        self,
        router: web.UrlDispatcher,
        method: str,
        path: str,
        handler: Handler,
        *,
        needs: Needs | Iterable[Needs],
        kind: Kind,
    ) -> Rule:
        """Add a route together with what it needs; GET answers HEAD too, but for the feed."""
        wanted: frozenset[Needs] = frozenset([needs] if isinstance(needs, str) else needs)
        if not wanted:
            raise ValueError(f"{method} {path} does not say what it needs")
        rule = Rule(method, path, wanted, kind)
        resource = router.add_resource(path)
        methods = ("GET", "HEAD") if method == "GET" and kind != "feed" else (method,)
        for each in methods:
            self._by_route[resource.add_route(each, handler, expect_handler=_not_yet)] = rule
        self.rules.append(rule)
        return rule

    def unruled(self, app: web.Application) -> list[str]:
        """Routes of `app` that were added without a rule, which are answered 500; a test keeps this empty."""
        bare = (route for route in app.router.routes() if route not in self._by_route)
        return sorted(f"{route.method} {route.resource.canonical}" for route in bare if route.resource is not None)

    def role(self, request: web.Request) -> Role | None:
        """Who asks: on an overlay page and for `?as=overlay` never more than the overlay; None for anybody."""
        return request.get(_ROLE)

    async def sign_out_everywhere(self) -> frozenset[Role]:
        """End all sessions, make new keys and answer for which; those in the configuration only a person can change."""
        self.one_time.clear()
        await self.sessions.end_all()
        return self.keys.renew()

    # -- every request ----------------------------------------------------------------------------------------------

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Admit the request or refuse it in words; turn every error into its status."""
        rule = self._by_route.get(request.match_info.route)
        if rule is not None:
            request[_RULE] = rule
        try:
            return await self._serve(request, handler, rule)
        except Refusal as refused:
            refusal = refused
        except web.HTTPException as error:
            if error.status < 400:
                raise
            refusal = no.from_http(error)
        except LivesellError as error:
            refusal = no.answer(error)
            if refusal.status >= 500:
                log.error("%s: %s", type(error).__name__, error)
        except Exception as error:
            if isinstance(error, ConnectionError) and _gone(request):
                refusal = Refusal(400, "gone", "the client went away")  # which nobody will read
            else:
                mark = secrets.token_hex(4)
                log.exception("unexpected error %s", mark)
                words = f"something broke inside livesell; the log says more under {mark}"
                refusal = Refusal(500, "internal", words, id=mark)
        if request.writer.output_size > 0 and request.transport is not None:
            request.transport.abort()  # half an answer is out: a second one must not follow it
        return self._dress(refusal, request, rule)

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the answer the headers of its kind, and the cookie where one is due."""
        rule = request.get(_RULE)
        kind = rule.kind if rule is not None else None
        headers = response.headers
        headers.update(_HEADERS)
        if kind == "beacon" and response.status < 400:
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Content-Security-Policy"] = _CSP_ON_AIR if kind == "overlay" else _CSP
        if kind != "static" or response.status not in (200, 206, 304) or "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        if response.status < 400 and (cookie := request.get(_COOKIE)) is not None:
            headers.add("Set-Cookie", cookie)

    # -- the order of the checks ------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request, handler: Handler, rule: Rule | None) -> web.StreamResponse:
        await self._admit(request, rule)
        await _go_on(request)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            _check_redirect(error)
            raise
        _check_redirect(response)
        return response

    async def _admit(self, request: web.Request, rule: Rule | None) -> None:
        origin = self._hosts.origin(request, hook=rule is not None and rule.kind == "hook")
        if origin is None:
            raise Refusal(421, "wrong_host", "livesell does not answer to this name; see [server] hosts")
        foreign = self._check_origin(request, rule, origin)
        if rule is None:
            if request.match_info.http_exception is None:
                log.error("a route without a rule was asked for")
                raise Refusal(500, "internal", "something broke inside livesell: this address has no rule")
            return  # 404 or 405, which the router answers
        if "none" in rule.needs:
            return
        caller = await self._caller(request, rule, foreign=foreign)
        role: Role | None = caller.role
        if role == "seller" and (rule.kind == "overlay" or _as_overlay(request, rule)):
            role = "overlay"
        if not rule.lets_in(role):
            if role is not None:
                raise Refusal(403, "wrong_role", f"this key ({role}) does not open this; it takes {_named(rule)}")
            raise Refusal(401, "no_key", f"this needs the key: {_named(rule)}", _BEARER)
        if caller.by == "cookie" and rule.kind == "api" and request.method not in _SAFE and not _is_json(request):
            raise Refusal(415, "bad_type", "this address takes Content-Type: application/json")
        if role is not None:
            request[_ROLE] = role
            await self._keep_in(request, rule, caller, role, secure=origin.startswith("https:"))

    def _check_origin(self, request: web.Request, rule: Rule | None, own: str) -> bool:
        """Whether the request comes from a foreign page; refused where such a page may not even ask."""
        origins = request.headers.getall("Origin", [])
        foreign = bool(origins) and origins != [own]
        if rule is not None and rule.kind == "page" and request.method not in _SAFE and origins != [own]:
            raise Refusal(403, "foreign_origin", "forms are taken from livesell's own pages only")
        asks = request.method not in _SAFE or (rule is not None and rule.kind == "feed")
        site = request.headers.get("Sec-Fetch-Site", "none")
        navigates = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
        crosses = site not in ("same-origin", "none") and not navigates
        if rule is not None and rule.kind == "beacon" and crosses and self._carries(request, "overlay"):
            return foreign  # the page on disk that waits for livesell: with the key it may learn that it is there
        if ((foreign and asks) or crosses) and not self._carries(request, "ingest"):
            raise Refusal(403, "foreign_origin", "another site or program's page may not do this")
        return foreign

    def _carries(self, request: web.Request, role: Role) -> bool:
        shown = _shown(request)
        return shown is not None and self.keys.role_of(shown[0]) == role

    async def _caller(self, request: web.Request, rule: Rule, *, foreign: bool) -> _Caller:
        shown = _shown(request)
        if shown is not None:
            return self._by_key(request, rule, *shown)
        if foreign or rule.kind in ("static", "hook"):
            return _Caller()
        for role in _cookie_roles(request, rule):
            for token in _tokens(request, self._cookie(role)):
                if await self.sessions.role_of(_digest(token), self.now()) == role:
                    return _Caller(role, "cookie", token)
        return _Caller()

    def _by_key(self, request: web.Request, rule: Rule, text: str, by: Literal["header", "query"]) -> _Caller:
        address = request.remote or ""
        wait = self._attempts.count(address, self._clock())
        role = self.keys.role_of(text)
        if role is None and by == "query" and rule.kind == "page" and request.method == "GET":
            role = self.one_time.take(text, self.now())
        if role is not None:
            self._attempts.forgive(address)
            return _Caller(role, by)
        if wait:
            words = "too many wrong keys from this address; wait a minute"
            raise Refusal(429, "too_many", words, {"Retry-After": str(int(wait) + 1)})
        raise Refusal(401, "wrong_key", f"the key is wrong; this needs the key: {_named(rule)}", _BEARER)

    async def _keep_in(self, request: web.Request, rule: Rule, caller: _Caller, role: Role, *, secure: bool) -> None:
        """Turn a key in the address of a page into a session, and keep one that is in use from running out."""
        now = self.now()
        token = caller.token
        if caller.by == "query" and rule.kind in ("page", "overlay") and request.method in _SAFE:
            # A broadcasting program comes with its key each time; while its session is good it gets that one again.
            for known in _tokens(request, self._cookie(role)):
                if await self.sessions.role_of(_digest(known), now) == role:
                    token = known
            if not token:
                token = secrets.token_urlsafe(32)
                await self.sessions.add(_digest(token), role, now)
        elif caller.by != "cookie" or now - self._touched.get(_digest(token), now - _TOUCH) < _TOUCH:
            return
        else:
            if len(self._touched) > 1000:
                self._touched.clear()
            self._touched[_digest(token)] = now
            await self.sessions.touch(_digest(token), now)
        if rule.kind in ("page", "overlay"):
            age = int(ENDURES.total_seconds())
            cookie = f"{self._cookie(role)}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}"
            request[_COOKIE] = cookie + ("; Secure" if secure else "")

    def _cookie(self, role: Role) -> str:
        # The port: a host's cookies go to all its ports. The role: a look at the overlay must not sign anybody out.
        return f"livesell_{role}_{self.port}"

    def _dress(self, refused: Refusal, request: web.Request, rule: Rule | None) -> web.Response:
        if rule is not None and rule.kind == "overlay":
            return no.unseen(refused)
        reads = rule is None and request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if reads or (rule is not None and rule.kind == "page"):
            return self._page(refused)
        return no.body(refused)


async def _not_yet(_request: web.Request) -> None:
    """Leave a client that waits for "100 Continue" waiting until it is known that its body is wanted."""


async def _go_on(request: web.Request) -> None:
    expects = request.headers.get("Expect")
    if expects is None or request.version < (1, 1) or request.match_info.http_exception is not None:
        return
    if expects.lower() != "100-continue":
        raise Refusal(417, "bad_expect", "that expectation cannot be met")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _shown(request: web.Request) -> tuple[str, Literal["header", "query"]] | None:
    """The key that the request itself carries; two that differ are none of ours."""
    bearer = [
        value[6:].strip()
        for value in request.headers.getall("Authorization", [])
        if value[:7].lower().rstrip() == "bearer"
    ]
    query = request.query.getall("key", [])
    texts = set(bearer) | set(query)
    if not texts:
        return None
    return (texts.pop() if len(texts) == 1 else "", "header" if bearer else "query")


def _cookie_roles(request: web.Request, rule: Rule) -> tuple[Role, ...]:
    if rule.kind == "page":
        return ("seller",)
    if rule.kind == "overlay" or _as_overlay(request, rule):
        return ("overlay",)
    return ("seller", "overlay") if "overlay" in rule.needs else ("seller",)


def _as_overlay(request: web.Request, rule: Rule) -> bool:
    """An overlay page says so to the feed: the control page may frame it, and then both cookies come along."""
    return rule.kind in ("feed", "api") and request.query.get("as") == "overlay"


def _tokens(request: web.Request, name: str) -> list[str]:
    # Another port of this host can set a cookie of the same name for a longer path: all of them are looked at.
    text = "; ".join(request.headers.getall("Cookie", []))
    return re.findall(rf"(?:^|;\s*){re.escape(name)}=([A-Za-z0-9_-]{{43}})(?=\s*;|\s*$)", text)[:4]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _is_json(request: web.Request) -> bool:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/json"


def _named(rule: Rule) -> str:
    return " or ".join(sorted(rule.needs & {"seller", "overlay", "ingest"})) or "none"


def _check_redirect(response: web.StreamResponse) -> None:
    location = response.headers.get("Location", "/")
    if not location.startswith("/") or location.startswith(("//", "/\\")) or not location.isprintable():
        raise RuntimeError("an answer would have led away from this server")
