"""The names that livesell answers to: what keeps a foreign name that leads to this machine from reaching it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from aiohttp import web

from livesell.errors import ConfigError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?", re.ASCII)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound


class Hosts:
    """The loopback names, the address that a connection came in by, and the configured names; nothing else.

    `host` is where the server listens, `hosts` are further names; one written `https://name` is reached through TLS in
    front of livesell. `public_host` is for hooks only, also if it stands among the others. Raises ConfigError.
    """

    def __init__(self, host: str, hosts: Sequence[str], public_host: str) -> None:
        self._names = dict.fromkeys(_LOOPBACK, "")
        self._names |= dict(_name(entry, "[server] hosts") for entry in hosts)
        if host not in _EVERYWHERE:
            self._names |= dict([_name(host, "[server] host")])
        self._public = dict([_name(public_host, "[server] public_host")]) if public_host else {}

    def origin(self, request: web.Request, *, hook: bool) -> str | None:
        """The origin that livesell's own pages have under the name that was asked for; None if it is no name of ours.

        Nothing that a proxy adds is looked at: whoever sends a request can send that too.
        """
        given = request.headers.getall("Host", [])
        match = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        if match is None:
            return None
        name = _plain(match[1])
        # `request.host` is the authority of an absolute-form target; it may not name another host than the header.
        if request.host != given[0] and _plain(request.host) != name:
            return None
        if name in self._public:
            scheme = self._public[name] if hook else None
        else:
            scheme = self._names.get(name, "" if name == _own_address(request) else None)
        return None if scheme is None else f"{scheme or request.scheme}://{given[0].lower()}"


def _plain(name: str) -> str:
    """A host name as it is compared: addresses in their one short form, without brackets, the rest in lower case."""
    try:
        address = ipaddress.ip_address(name.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return name.lower()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _own_address(request: web.Request) -> str | None:
    """The address of this machine that the connection came in by."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return _plain(str(name[0])) if isinstance(name, tuple) else None


def _name(entry: str, where: str) -> tuple[str, str]:
    """A configured name as it is compared, and the scheme that it is reached by ("" for that of the connection)."""
    scheme, found, rest = entry.strip().rpartition("://")
    if rest.count(":") > 1 and not rest.startswith("["):
        rest = f"[{rest}]"
    try:
        rest = rest if rest.isascii() else rest.encode("idna").decode("ascii")
    except UnicodeError:
        rest = ""
    match = _HOST.fullmatch(rest)
    if match is None or (found and scheme not in ("http", "https")):
        raise ConfigError(where, f"'{entry}' is not a host name or address", "write a name as it stands in the browser")
    return _plain(match[1]), scheme
