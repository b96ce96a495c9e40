"""Trying the parser from the command line: how a comment is read and why, or JSON lines through it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from livesell import lexicon
from livesell.catalog.sheet import load
from livesell.errors import BadInput
from livesell.model import Claim, Code, quantity_number
from livesell.parser import Confusable, Parser, describe
from livesell.parser.why import summary

CURRENCIES = {
    "VN": "VND", "BD": "BDT", "TH": "THB", "ID": "IDR", "MY": "MYR", "PH": "PHP", "TW": "TWD", "IN": "INR", "MX": "MXN",
    "BR": "BRL",
}  # fmt: skip
"""Only for reading prices of a sheet that is tried; a shop says its currency itself."""


def run(
    texts: Sequence[str], catalog: Path, *, country: str, pinned: str | None, jsonl: bool, source: TextIO, out: TextIO
) -> None:
    """Read comments by a product sheet; BadInput names a line that is no comment."""
    country = country.upper()
    parser = Parser(load(catalog, CURRENCIES.get(country, "USD")), lexicon.load(country=country), country=country)
    code = Code(pinned) if pinned else None
    if code is not None and code not in parser.index.products:
        raise BadInput(f"--pinned {code}: {catalog.name} has no such product")
    if jsonl:
        for number, line in enumerate(source, 1):
            if line.strip():
                out.write(json.dumps(_answer(parser, line, number), ensure_ascii=False) + "\n")
        return
    for text in texts:
        reading = parser.read(text, code)
        out.write(f"{text}\n  {summary(reading)} ({reading.confidence:.0%} sure)\n")
        if reading.why:
            out.write(f"  because: {describe(reading)}\n")
    out.writelines(f"{told(warning)}\n" for warning in parser.confusable())


def _answer(parser: Parser, line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(f"line {number} is not JSON ({error})") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadInput(f"line {number} has no text")
    pinned = row.get("pinned")
    reading = parser.read(row["text"], Code(pinned) if isinstance(pinned, str) else None)
    return {
        "id": row.get("id"),
        "intent": reading.intent,
        "lines": [line_of(claim) for claim in reading.claims],
        "phone": reading.phone,
        "confidence": reading.confidence,
    }


def line_of(claim: Claim) -> dict[str, Any]:
    """A claim as a JSON object."""
    count = None if claim.quantity is None else quantity_number(claim.quantity)
    return {"code": claim.code, "options": dict(claim.options), "quantity": count}


def told(warning: Confusable) -> str:
    """A warning in one line."""
    shown = ", ".join(warning.codes[:6]) + (f" and {len(warning.codes) - 6} more" if len(warning.codes) > 6 else "")
    if warning.kind == "codes":
        return f"careful: the codes {shown} look alike"
    if warning.kind == "name":
        return f"careful: '{warning.text}' is the name of {shown}"
    return f"careful: '{warning.text}' alone could be {shown}"
