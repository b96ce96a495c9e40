"""Comments that programs and forms post: nothing is fetched, they come in by themselves."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from urllib.parse import parse_qsl

from livesell.adapter import Adapter, Answer, Decoded, Ear, Frame, Hook, Status, read_posted
from livesell.errors import BadInput

FORM = "application/x-www-form-urlencoded"


class Http(Adapter):
    """The door for programs of one's own, relays and browser extensions."""

    platform = "http"
    relay = True

    @property
    def place(self) -> str:
        """There is one such door."""
        return "posted comments"

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

    def receive(self, hook: Hook) -> Answer:
        """A JSON body, or a web form with the same fields; the first that is wrong is named and nothing is taken."""
        if hook.method != "POST":
            return Answer(405, "post comments here")
        form = hook.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
        try:
            body = _of_form(hook) if form else json.loads(hook.body)
            read_posted(body)
        except BadInput as problem:
            return Answer(400, str(problem))
        except (ValueError, RecursionError):
            return Answer(400, "the body is not JSON")
        return Answer(202, frames=(Frame(json=_without_roles(body), at=hook.now),))


def _without_roles(body: object) -> object:
    """The comments without what they claim to be: who has the ingest key is not the seller for that."""
    if isinstance(body, list):
        return [_without_roles(row) for row in body]
    return {key: value for key, value in body.items() if key != "role"} if isinstance(body, dict) else body


def _of_form(hook: Hook) -> dict[str, object]:
    """A form's fields as a comment; one without an id is named by what it says and the second it came in."""
    fields: dict[str, object] = dict(parse_qsl(hook.body.decode("utf-8", "replace"), max_num_fields=100))
    if "id" not in fields:
        moment = hook.now.isoformat(timespec="seconds").encode()
        fields["id"] = "form-" + hashlib.sha256(moment + b"\0" + hook.body).hexdigest()[:24]
    return {key: fields[key] for key in ("id", "author_id", "author", "text", "sent_at") if key in fields}
