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


CONVERTERS: dict[str, Callable[[Path], Recording]] = {
    "twitch-irc": _twitch_irc,
}
RECORDINGS = sorted(CONVERTERS)
