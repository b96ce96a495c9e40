"""Comments that programs post: nothing is fetched, `POST /api/shows/current/comments` brings them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from livesell.adapter import Adapter, Decoded, Ear, Frame, Status, read_posted
from livesell.errors import BadInput


class Http(Adapter):
    """The door for programs of one's own, relays and browser extensions."""

    platform = "http"

    @property
    def place(self) -> str:
        """There is one such door."""
        return "POST /api/shows/current/comments"

    @classmethod
    def decode(cls, frame: Frame) -> Iterable[Decoded]:
        """The comments of a posted body; nothing where any of them is bad, as the door itself takes none then."""
        try:
            return read_posted(frame.json)
        except BadInput:
            return ()

    async def run(self, ear: Ear) -> None:
        """Wait: the server takes the posts."""
        await ear.tell(Status("live"))
        await asyncio.Event().wait()
