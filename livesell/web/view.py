"""Shapes and forms made ready for templates, and forms made ready for the desk; nothing here asks anybody."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from multidict import MultiMapping

from livesell.errors import BadInput
from livesell.i18n import Words

Shape = dict[str, Any]

SHAPES: Mapping[str, str] = {
    "draft": "ring",
    "confirmed": "disc",
    "paid": "coin",
    "packed": "box",
    "shipped": "arrow",
    "returned": "back",
    "cancelled": "cross",
}
"""The icon of each status: shape first, word second, colour third."""

NUMBERS = frozenset({"quantity", "by"})
WHOLE = frozenset({"line", "comment", "event", "seen", "buyer"})


def functions(words: Words) -> dict[str, Callable[..., Any]]:
    """What templates call."""
    return {
        "_": words,
        "money": words.money,
        "quantity": words.quantity,
        "time": words.time,
        "date": words.date,
        "items": lambda order: items(order, words),
        "question": lambda comment: question(comment, words),
        "reading": lambda comment: reading(comment, words),
        "icon_of": SHAPES.get,
        "urlencode": urllib.parse.quote,
    }


def items(order: Shape, words: Words) -> str:
    """An order's lines in a few words: A12 ×2 · B3 M ×1."""
    return " · ".join(
        " ".join([line["code"], *line["options"].values(), f"×{words.quantity(line['quantity'])}"])
        for line in order["lines"]
    )


def question(comment: Shape, words: Words) -> str:
    """What a person is asked about an Unclear."""
    unclear = comment["unclear"]
    text = ", ".join(comment["unknown"])
    key = f"ask.{unclear['reason']}"
    if key not in words.table:
        key = "ask.doubtful"
    if key == "ask.unknown":
        return words(key, text=text)
    if key == "ask.which":
        return words(key, n=len(unclear["candidates"]))
    return words(key)


def reading(comment: Shape, words: Words) -> str:
    """How a comment was read, in a few words."""
    if comment["role"] == "seller":
        return words("intent.seller")
    if comment["intent"] is None:
        return words("intent.unread")
    lines = " ".join(
        " ".join([line["code"], *line["options"].values()])
        + ("" if line["quantity"] is None else f" ×{words.quantity(line['quantity'])}")
        for line in comment["lines"]
    )
    if comment["intent"] == "order":
        return lines or "?"
    return f"{words('intent.' + comment['intent'])} {lines}".strip()


def command_of(form: MultiMapping[str]) -> Shape:
    """A form's fields as a command's JSON: `options.size=M` in a table, `lines` as JSON text, numbers as numbers."""
    command: Shape = {}
    options: dict[str, str] = {}
    for key, value in form.items():
        if key == "show":
            continue
        if key.startswith("options."):
            if value:
                options[key.removeprefix("options.")] = value
        elif key == "orders":
            command.setdefault("orders", []).append(value)
        elif key == "code" and form.get("type") == "read_as":
            command["lines"] = [{"code": value, "quantity": _number(form.get("quantity") or "1", "quantity")}]
        elif key == "lines":
            try:
                command[key] = json.loads(value)
            except ValueError:
                raise BadInput("is not JSON", field=key) from None
        elif key == "quantity" and form.get("type") == "read_as":
            continue
        elif key in NUMBERS or (key in WHOLE and key != "event"):
            command[key] = _number(value, key)
        elif key == "event":
            command[key] = int(_number(value, key))
        else:
            command[key] = value
    if options:
        if "lines" in command:
            command["lines"][0]["options"] = options
        else:
            command["options"] = options
    if command.get("type") == "pin" and not command.get("code"):
        command["code"] = None
    return command


def _number(value: str, field: str) -> float:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        raise BadInput("is not a number", field=field) from None
    if not abs(number) < 1e12:
        raise BadInput("is not a number", field=field)
    return int(number) if number.is_integer() else number
