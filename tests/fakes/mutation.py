"""Broken frames from good ones: cut off, bytes flipped, keys lost, values of another type, text of another kind."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from livesell.adapter import Frame

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    1 << 70,
    "",
    " ",
    "\0",
    "\ud800",
    "<b>",
    "9" * 400,
    [],
    {},
    [[]],
    [None],
    {"a": {}},
]


def mutations(frames: list[Frame], count: int, seed: int = 1) -> Iterator[Frame]:
    """`count` broken frames, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield mutated(chance.choice(frames), chance)


def mutated(frame: Frame, chance: random.Random) -> Frame:
    """One frame with one to three things wrong in it."""
    text, data, value = frame.text, frame.data, frame.json
    for _ in range(chance.randint(1, 3)):
        if text is not None:
            text = _text(text, chance)
        elif data is not None:
            data = _bytes(data, chance)
        else:
            value = _value(copy.deepcopy(value), chance)
    transport = chance.choice([frame.transport, frame.transport, None, "pigeon"])
    return Frame(text=text, data=data, json=value, at=frame.at, transport=transport, history=frame.history)


def _text(text: str, chance: random.Random) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict | list) and chance.random() < 0.7:
        return json.dumps(_value(value, chance))
    place = chance.randint(0, len(text))
    odd = chance.choice(["\0", "\ud800", "\n", ";", ":", "\\", " ", "@", "9" * 30, "", "é", "\U0001f331"])
    kind = chance.randint(0, 3)
    if kind == 0:
        return text[:place]
    if kind == 1:
        return text[:place] + odd + text[place + 1 :]
    if kind == 2:
        return text[:place] + odd + text[place:]
    end = chance.randint(place, len(text))
    return text[:place] + text[end:]


def _bytes(data: bytes, chance: random.Random) -> bytes:
    place = chance.randint(0, len(data))
    kind = chance.randint(0, 3)
    if kind == 0:
        return data[:place]
    if kind == 1:
        return data[:place] + bytes([chance.randint(0, 255)]) + data[place + 1 :]
    if kind == 2:
        return data[:place] + chance.randbytes(chance.randint(1, 8)) + data[place:]
    return data[:place] + data[chance.randint(place, len(data)) :]


def _value(value: Any, chance: random.Random) -> Any:
    """The value with one place in it, at any depth, taken out or replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.95:
        key = chance.choice(sorted(value, key=str))
        if chance.random() < 0.12:
            del value[key]
        else:
            value[key] = _value(value[key], chance)
        return value
    if isinstance(value, list) and value and chance.random() < 0.95:
        index = chance.randrange(len(value))
        value[index] = _value(value[index], chance)
        return value
    if isinstance(value, str) and chance.random() < 0.4:
        return _text(value, chance)
    return copy.deepcopy(chance.choice(ODD))
