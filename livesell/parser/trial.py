"""Trying the parser from the command line: how a comment is read and why, or JSON lines through it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from livesell import lexicon
from livesell.catalog.sheet import load
from livesell.errors import BadInput
from livesell.model import Claim, Code, Reading, quantity_number
from livesell.parser import Parser

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
        out.write(f"{text}\n  {describe(reading)}\n")


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


def describe(reading: Reading) -> str:
    """A reading in one line for a person."""
    claims = ", ".join(
        f"{claim.code}{''.join(f' {value}' for value in claim.options.values())}"
        f" ×{'?' if claim.quantity is None else quantity_number(claim.quantity)}"
        for claim in reading.claims
    )
    words: list[str] = [reading.intent, claims] if claims else [reading.intent]
    if reading.replaces:
        words.append("instead of " + ", ".join(claim.code for claim in reading.replaces))
    if reading.adds:
        words.append("on top")
    if reading.unknown:
        words.append("not in the catalog: " + ", ".join(reading.unknown))
    if reading.candidates:
        words.append("could be " + " or ".join(reading.candidates))
    if reading.phone:
        words.append(f"phone {reading.phone}")
    reasons = " · ".join(_reason(why.code, why.data) for why in reading.why)
    return f"{' · '.join(words)} ({reading.confidence:.0%} sure)" + (f"\n  because: {reasons}" if reasons else "")


def _reason(code: str, data: Any) -> str:
    if code in ("code", "name"):
        return f"{code} {data['code']}"
    if code == "quantity":
        return f"×{data['n']}"
    if code == "word":
        return f"“{data['word']}”"
    if code == "option":
        return str(data["value"])
    if code == "which":
        return "could be " + " or ".join(data["codes"])
    if code == "unknown":
        return f"“{data['text']}” is unknown"
    if code == "pinned":
        return f"{data['code']} is on show"
    return code
