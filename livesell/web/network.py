"""Where the server can be reached: this machine alone, or also phones on the same Wi-Fi once the seller says so."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable

from livesell.errors import ConfigError


def lan_address() -> str | None:
    """This machine's address on its local network, None while it is on none; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # A datagram socket that is "connected" has only asked for the way there: this address is for documents.
            probe.connect(("192.0.2.1", 9))
            found = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if ipaddress.ip_address(found).is_loopback or found == "0.0.0.0" else found  # noqa: S104


class Network:
    """The addresses that a server listens on; `listen` opens one more."""

    def __init__(
        self,
        host: str,
        listen: Callable[[str], Awaitable[None]],
        *,
        find: Callable[[], str | None] = lan_address,
    ) -> None:
        self._host, self._listen, self._find = host, listen, find
        self._opened: set[str] = set()

    @classmethod
    def alone(cls) -> Network:
        """Of a server that is at no port yet."""

        async def listen(_: str) -> None:
            raise ConfigError("network", "the server is not at a port yet")

        return cls("127.0.0.1", listen, find=lambda: None)

    @property
    def opened(self) -> bool:
        """Whether phones were let in by a tap."""
        return bool(self._opened)

    def phone(self) -> str | None:
        """The name that a phone on the same Wi-Fi asks for, None where it cannot get here now."""
        found = self._find()
        if self._host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
            return found
        if not _loopback(self._host):
            return self._host
        return found if found in self._opened else None

    async def open(self) -> str:
        """Listen at the address on the local network as well; ConfigError where there is none or it is taken."""
        there = self.phone()
        if there is not None:
            return there
        found = self._find()
        if found is None:
            raise ConfigError("network", "this computer is on no Wi-Fi or cable now", "connect it, then try again")
        await self._listen(found)
        self._opened.add(found)
        return found


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
