"""Shapes and forms made ready for templates, and forms made ready for the desk; nothing here asks anybody."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from multidict import MultiMapping

from livesell import exports
from livesell.errors import BadInput
from livesell.i18n import Words
from livesell.web import themes

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

LIGHTS: Mapping[str, str] = {"live": "dot", "waiting": "half", "lost": "up", "stopped": "square", "ended": "square"}
"""The icon of each state of a source."""

FIRST_COMMENTS, FIRST_ORDERS = 60, 100
"""What a page brings along; with more than that, its script asks the feed for all of it."""

ONE_TO_TWENTY = frozenset(str(number) for number in range(1, 21))
NUMBERS = frozenset({"quantity", "by"})
WHOLE = frozenset({"line", "comment", "seen", "buyer", "event"})


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
        "asked_for": asked_for,
        "reading": lambda comment: reading(comment, words),
        "left": lambda product: left(product, words),
        "pile": pile,
        "icon_of": SHAPES.get,
        "light_of": lambda state: LIGHTS.get(state, "square"),
        "urlencode": urllib.parse.quote,
        "data": lambda page, *prefixes: data(page, words, prefixes),
        "first": first,
        "formats": words.formats,
        "air_words": lambda: {key: text for key, text in words.table.items() if key.startswith("air.")},
        "theme_settings": themes.settings,
        "theme_script": themes.script,
        "native_digits": lambda: bool(words.native),
        "national": exports.national,
        "clock": lambda night: clock(night, words),
    }


def data(page: Mapping[str, Any], words: Words, prefixes: Sequence[str] = ()) -> Shape:
    """What a page's script starts with: the page itself, its words (those of the families named) and its formats."""
    wanted = tuple(prefixes)
    kept = {key: text for key, text in words.table.items() if not wanted or key.split(".")[0] in wanted}
    return {**page, "words": kept, "formats": words.formats()}


def first(page: Mapping[str, Any]) -> Shape:
    """A control page with as much of the show as the first screen needs; `whole` says whether that is all of it."""
    now = page["snapshot"]
    orders = now["orders"]
    needed = [order for order in orders if waits_for_a_tap(order)][:FIRST_ORDERS]
    newest = orders[-FIRST_ORDERS:]
    known = {order["code"] for order in newest}
    kept = [order for order in needed if order["code"] not in known] + newest
    comments = now["comments"][-FIRST_COMMENTS:]
    whole = page.get("whole", True) and len(kept) == len(orders) and len(comments) == len(now["comments"])
    return {**page, "snapshot": {**now, "orders": kept, "comments": comments, "recent": []}, "whole": whole}


def waits_for_a_tap(order: Shape) -> bool:
    """Whether a person has something to decide about an order: a draft, or something new since it was confirmed."""
    if not order["lines"]:
        return False
    draft = order["status"] == "draft"
    asked = any(not line["settled"] or (draft and line["pinned_before"]) for line in order["lines"])
    if asked and order["status"] in ("draft", "confirmed"):
        return True
    return bool(order["held"] and (draft or order["fresh"]))


def pile(now: Shape, limit: int = 12) -> tuple[list[Shape], list[Shape], int]:
    """What needs a person, for a page without script: comments, orders, and how many more there are."""
    orders = [order for order in now["orders"] if waits_for_a_tap(order)]
    unclear = now["unclear"][:limit]
    shown = orders[: max(0, limit - len(unclear))]
    return unclear, shown, len(now["unclear"]) + len(orders) - len(unclear) - len(shown)


def items(order: Shape, words: Words) -> str:
    """An order's lines in a few words: A12 ×2 · B3 M ×1."""
    return " · ".join(
        " ".join([line["code"], *line["options"].values(), f"×{words.quantity(line['quantity'])}"])
        for line in order["lines"]
    )


def left(product: Shape, words: Words) -> str:
    """What is left of a product and who waits, in a few words."""
    if product["left"] is None:
        text = words("stock.uncounted")
    else:
        text = words("stock.left", n=product["left"]) if product["left"] > 0 else words("stock.out")
    return f"{text} · {words('stock.waiting', n=product['waiting'])}" if product["waiting"] else text


def question(comment: Shape, words: Words) -> str:
    """What a person is asked about an Unclear."""
    reason = comment["unclear"]["reason"]
    candidates = comment["unclear"]["candidates"]
    codes = ", ".join(dict.fromkeys(line["code"] for line in comment["lines"]))
    match reason:
        case "unknown":
            # As the buyer typed it, where it is known where that stands.
            spans = [(why["start"], why["end"]) for why in comment["why"] if why["code"] == "unknown"]
            typed = [comment["text"][start:end] for start, end in spans if end > start]
            return words("ask.unknown", text=", ".join(typed or comment["unknown"]))
        case "which" if candidates:
            return words("ask.which", n=len(candidates))
        case "quantity":
            said = [comment["text"][why["start"] : why["end"]] for why in comment["why"] if why["code"] == "quantity"]
            return words("ask.quantity", said=said[0]) if said and said[0] else words("ask.quantity_unsaid")
        case "cancel":
            name = comment["author"]
            return words("ask.cancel", buyer=name, code=codes) if codes else words("ask.cancel_all", buyer=name)
        case "change":
            return words("ask.change", buyer=comment["author"])
    key = f"ask.{reason}"
    return words(key) if key in words.table else words("ask.doubtful")


def asked_for(comment: Shape, candidate: Shape) -> Any:
    """How many a candidate is for: what was read for it, else the only whole number (1 to 20) that was read at all."""
    if candidate["quantity"] not in (None, 1):
        return candidate["quantity"]
    numbers = [why["data"]["n"] for why in comment["why"] if why["code"] == "quantity"]
    if comment["unclear"]["reason"] == "which" and len(numbers) == 1 and numbers[0] in ONE_TO_TWENTY:
        return int(numbers[0])
    return candidate["quantity"] or 1


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


MARKS = 6
"""Times that stand under the bars of a night."""


def clock(night: Shape, words: Words) -> list[Shape]:
    """The times under the bars of a night: `[{"bar", "text"}]`."""
    count = len(night["comments"])
    if not count:
        return []
    each = max(1, -(-count // MARKS))
    return [
        {"bar": bar, "text": words.time(night["since"] + timedelta(minutes=night["minutes"] * bar))}
        for bar in range(0, count, each)
        if count - bar > each / 2 or not bar
    ]


# --- forms ----------------------------------------------------------------------------------------------------------


def command_of(form: MultiMapping[str]) -> Shape:
    """A form's fields as a command's JSON.

    `options.size=M` becomes a table, numbers become numbers, `orders` may stand several times. For `read_as` the line
    is `code`, `quantity` and `options.…`, or `lines` as JSON text. An empty `code` of `pin` is null.
    """
    kind = form.get("type")
    command: Shape = {}
    options: dict[str, str] = {}
    for key, value in form.items():
        if key in ("show", "page") or (kind == "read_as" and key in ("code", "quantity")):
            continue
        if key.startswith("options."):
            if value:
                options[key.removeprefix("options.")] = value
        elif key == "orders":
            command.setdefault("orders", []).append(value)
        elif key == "lines":
            command[key] = _json(value, key)
        elif key in NUMBERS or key in WHOLE:
            command[key] = _number(value, key)
        else:
            command[key] = value
    if kind == "read_as" and "lines" not in command:
        count = _number(form.get("quantity") or "1", "quantity")
        command["lines"] = [{"code": form.get("code", ""), "quantity": count, "options": options}]
    elif options:
        command["options"] = options
    if kind == "pin" and not command.get("code"):
        command["code"] = None
    return command


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise BadInput("is not JSON", field=field) from None


def _number(value: str, field: str) -> float:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        raise BadInput("is not a number", field=field) from None
    if not abs(number) < 1e12:
        raise BadInput("is not a number", field=field)
    return int(number) if number.is_integer() else number
