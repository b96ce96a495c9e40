"""Recordings made by others, turned into frames, and how many chat messages each has by a plain count."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livesell.adapter import Frame


@dataclass
class Recording:
    """Frames for a platform's adapter; what is in them was counted without it."""

    platform: str
    frames: list[Frame]
    messages: int
    with_author: int
    with_time: int


def frames_of(name: str, folder: Path) -> Recording:
    """One of `RECORDINGS` under the folder."""
    return CONVERTERS[name](folder)


def _twitch_irc(folder: Path) -> Recording:
    path = folder / "twitch" / "twitch-irc-rs_raw_lines.jsonl"
    lines = [json.loads(line)["raw"] for line in path.read_text(encoding="utf-8").splitlines()]
    said = [line for line in lines if re.search(r"tmi\.twitch\.tv (PRIVMSG|USERNOTICE) #\w+ :.*\S", line)]
    return Recording(
        "twitch",
        [Frame(text=line + "\r\n") for line in lines],
        len(said),
        sum("user-id=" in line for line in said),
        sum("tmi-sent-ts=" in line for line in said),
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _tiktok_relay(folder: Path) -> Recording:
    events = _json(folder / "tiktok" / "connector_v1.2.3_readme_events.json")
    said = [event["data"] for event in events if event["data"].get("comment")]
    return Recording(
        "tiktok",
        [Frame(json=event) for event in events],
        len(said),
        sum("userId" in one for one in said),
        sum("createTime" in one for one in said),
    )


def _facebook(folder: Path) -> Recording:
    polls = [_json(path) for path in sorted((folder / "facebook").glob("*.json"))]
    hooks = [_json(path) for path in sorted((folder / "facebook" / "webhooks").glob("*.json"))]
    errors = [_json(path) for path in sorted((folder / "facebook" / "objects-restfb").glob("*.json"))]
    said = [row for body in polls for row in body["data"] if row.get("message")]
    values = [change["value"] for body in hooks for entry in body["entry"] for change in entry["changes"]]
    added = [value for value in values if value["item"] == "comment" and value["verb"] == "add"]
    return Recording(
        "facebook",
        [Frame(json=body) for body in [*polls, *hooks, *errors]],
        len(said) + len(added),
        sum("from" in row for row in said) + len(added),
        sum("created_time" in row for row in [*said, *added]),
    )


def _youtube(folder: Path) -> Recording:
    data = [_json(path) for path in sorted((folder / "youtube" / "data-api").glob("compatible_API_*.json"))]
    chats = [_json(path) for path in sorted((folder / "youtube" / "innertube-youtube-chat").glob("*.json"))]
    pages = [path.read_text(encoding="utf-8") for path in sorted((folder / "youtube").glob("*/*.html"))]
    snippets = [item["snippet"] for body in data for item in body["items"]]
    typed = [snippet for snippet in snippets if "textMessageDetails" in snippet or "superChatDetails" in snippet]
    actions = [
        action
        for body in chats
        for action in body["continuationContents"]["liveChatContinuation"].get("actions", [])
        if action.get("addChatItemAction")
    ]
    rendered = [one for action in actions for one in action["addChatItemAction"]["item"].values()]
    said = [one for one in rendered if one.get("message", {}).get("runs")]
    every = len(typed) + len(said)
    frames = [Frame(json=body) for body in [*data, *chats]] + [Frame(text=page) for page in pages]
    return Recording("youtube", frames, every, every, every)


def _socialstream(folder: Path) -> Recording:
    examples = _json(folder / "ssn" / "api_md_json_examples.json")
    said = [one for one in examples if one.get("chatname")]
    # Nobody in them has an id: the name within the site stands for the person.
    return Recording("socialstream", [Frame(json=one) for one in examples], len(said), len(said), 0)


def _eventsub(folder: Path) -> Recording:
    paths = sorted((folder / "twitch" / "eventsub-twitch_api").glob("*.json"))
    events = [_json(path) for path in paths]
    said = [
        body["event"]
        for path, body in zip(paths, events, strict=True)
        if path.name.startswith(("channel.chat.message.", "channel.chat.notification."))
        and body.get("event", {}).get("message", {}).get("text")
    ]
    # Messages of a shared chat were written in another channel.
    own = [one for one in said if one.get("source_broadcaster_user_id") in (None, one["broadcaster_user_id"])]
    # The time is in the frames' metadata, which these payloads were kept without.
    return Recording("twitch", [Frame(json=body) for body in events], len(own), len(own), 0)


def _instagram(folder: Path) -> Recording:
    body = _json(folder / "instagram" / "wh-livecomments.json")
    return Recording("instagram", [Frame(json=body)], 1, 0, 1)


def _kick(folder: Path) -> Recording:
    bodies = [_json(path) for path in sorted((folder / "kick").glob("*.json"))]
    said = [body["body"] for body in bodies if "content" in body["body"]]
    return Recording("kick", [Frame(json=body) for body in bodies], len(said), len(said), len(said))


CONVERTERS: dict[str, Callable[[Path], Recording]] = {
    "facebook": _facebook,
    "instagram": _instagram,
    "kick": _kick,
    "socialstream": _socialstream,
    "tiktok-relay": _tiktok_relay,
    "twitch-eventsub": _eventsub,
    "twitch-irc": _twitch_irc,
    "youtube": _youtube,
}
RECORDINGS = sorted(CONVERTERS)
