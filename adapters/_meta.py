"""Meta's webhooks, the same for Facebook pages and Instagram: the hello by GET, the signed body by POST."""

from __future__ import annotations

import hashlib
import hmac

from livesell.adapter import UNPROVEN, Answer, Frame, Hook

from ._fields import parsed


def received(hook: Hook, *, app_secret: str, verify_token: str, about: str) -> Answer:
    """The answer to what Meta sends; `about` is the object that is meant for us, other objects are ignored.

    No time is signed: that a body comes a second time is left to the ids of the comments in it.
    """
    if hook.method == "GET":
        return _hello(hook, verify_token)
    said = hook.headers.get("x-hub-signature-256", "")
    right = "sha256=" + hmac.new(app_secret.encode(), hook.body, hashlib.sha256).hexdigest()
    if not app_secret or not hmac.compare_digest(said.encode("utf-8", "replace"), right.encode()):
        return UNPROVEN
    body = parsed(hook.body)
    if body is None:
        return Answer(400, "the body is not JSON")
    if not isinstance(body, dict) or body.get("object", about) != about:
        return Answer(200)
    return Answer(200, frames=(Frame(json=body, at=hook.now, transport="webhook"),))


def _hello(hook: Hook, verify_token: str) -> Answer:
    said = hook.query.get("hub.verify_token", "")
    challenge = hook.query.get("hub.challenge", "")
    known = bool(verify_token) and hmac.compare_digest(said.encode("utf-8", "replace"), verify_token.encode())
    if hook.query.get("hub.mode") != "subscribe" or not known:
        return Answer(403)
    # Only digits are said back, so that nobody's text is ever served from our address.
    return Answer(200, challenge) if challenge.isascii() and challenge.isdecimal() else Answer(400)
