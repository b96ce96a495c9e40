"""Learning the weights of signs from labelled comments: python -m livesell.parser.learn FOLDER… [--check]

A folder has `*.jsonl` rows (`lang`, `catalog`, `pinned`, `text`, `intent`) beside or under it and `catalogs/*.csv`.
Plain multinomial regression by gradient steps (Adagrad), so that nothing has to be installed. `--check` learns without
each language in turn and prints how many intents of that language come out right. Confidence is set the same way: it
is how often readings of languages that were held out came out whole.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from livesell import lexicon
from livesell.catalog.sheet import load
from livesell.model import Code, Struct
from livesell.parser import Parser
from livesell.parser.signs import INTENTS, WEIGHTS, Weights, chances
from livesell.parser.trial import line_of

COUNTRY = {
    "vi": "VN", "bn": "BD", "en": "US", "th": "TH", "id": "ID", "ms": "MY", "fil": "PH", "zh": "TW", "hi": "IN",
    "es": "MX", "pt": "BR",
}  # fmt: skip
"""The country of a labelled catalog, by the language its name begins with."""


class Row(Struct, frozen=True):
    """A labelled comment: its language, shop, text and label, its signs, the place of its intent in INTENTS."""

    language: str
    shop: tuple[Path, str]
    label: dict[str, Any]
    signs: list[str]
    intent: int


def parser_of(shop: tuple[Path, str], learned: Weights | None = None) -> Parser:
    """A parser for a labelled catalog."""
    folder, name = shop
    country = COUNTRY[name.split("-")[0]]
    goods = load(folder / "catalogs" / f"{name}.csv", "USD")
    return Parser(goods, lexicon.load(country=country), country=country, learned=learned)


def rows_of(folder: Path) -> list[Row]:
    """The labelled comments of a folder as signs."""
    found: list[Row] = []
    parsers: dict[str, Parser] = {}
    for path in sorted(folder.glob("**/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            label = json.loads(line)
            shop = (folder, label["catalog"])
            parser = parsers.setdefault(shop[1], parsers.get(shop[1]) or parser_of(shop))
            signs = parser.signs(label["text"], Code(label["pinned"]) if label["pinned"] else None)
            found.append(Row(label["lang"], shop, label, signs, INTENTS.index(label["intent"])))
    return found


def learn(rows: Sequence[Row], *, rounds: int = 15, rate: float = 0.1, shrink: float = 1e-3) -> dict[str, list[float]]:
    """Weights that make the rows likely; signs seen in fewer than three rows are left out."""
    seen: dict[str, int] = {}
    for row in rows:
        for sign in row.signs:
            seen[sign] = seen.get(sign, 0) + 1
    table = {sign: [0.0] * len(INTENTS) for sign, count in seen.items() if count >= 3}
    steps = {sign: [1e-3] * len(INTENTS) for sign in table}
    order = list(range(len(rows)))
    chance = random.Random(7)  # noqa: S311 (the order of learning, nothing secret)
    for _ in range(rounds):
        chance.shuffle(order)
        for at in order:
            signs = rows[at].signs
            errors = chances(signs, table)
            errors[rows[at].intent] -= 1
            for sign in signs:
                held = table.get(sign)
                if held is None:
                    continue
                step = steps[sign]
                for one, error in enumerate(errors):
                    slope = error + shrink * len(rows) * held[one] / seen[sign]
                    step[one] += slope * slope
                    held[one] -= rate * slope / math.sqrt(step[one])
    return {sign: [round(one, 3) for one in row] for sign, row in sorted(table.items())}


def held_out(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row], Weights]]:
    """Each language with weights learned from all the others."""
    for language in sorted({row.language for row in rows}):
        held = [row for row in rows if row.language == language]
        yield language, held, Weights(learn([row for row in rows if row.language != language]))


def sureness(rows: Sequence[Row]) -> tuple[float, float]:
    """The slope and shift that make confidences come true, from readings of languages that were held out."""
    seen: list[tuple[float, bool]] = []
    for _, held, learned in held_out(rows):
        parsers = {row.shop: parser_of(row.shop, learned) for row in held}
        for row in held:
            pinned = Code(row.label["pinned"]) if row.label["pinned"] else None
            reading = parsers[row.shop].read(row.label["text"], pinned)
            said = {line_key(line_of(claim)) for claim in reading.claims}
            whole = reading.intent == row.label["intent"] and said == {line_key(line) for line in row.label["lines"]}
            chance = min(max(reading.confidence, 1e-6), 1 - 1e-6)
            seen.append((math.log(chance / (1 - chance)), whole))
    slope, shift = 1.0, 0.0
    for _ in range(300):
        lean = rise = 0.0
        for odds, whole in seen:
            error = 1 / (1 + math.exp(-(slope * odds + shift))) - whole
            lean += error * odds
            rise += error
        slope -= 0.5 * lean / len(seen)
        shift -= 0.5 * rise / len(seen)
    return round(max(slope, 0.05), 3), round(shift, 3)


def line_key(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """A line as something to compare."""
    return line["code"], tuple(sorted(line["options"].items())), line["quantity"]


def main() -> None:
    """Learn, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    rows = [row for folder in asked.folder for row in rows_of(folder)]
    if asked.check:
        whole = 0
        for language, held, learned in held_out(rows):
            likely = [chances(row.signs, learned.signs) for row in held]
            hits = sum(
                max(range(len(INTENTS)), key=one.__getitem__) == row.intent
                for one, row in zip(likely, held, strict=True)
            )
            whole += hits
            sys.stdout.write(f"{language:<4} {hits / len(held):.3f} of {len(held)}\n")
        sys.stdout.write(f"all  {whole / len(rows):.3f} of {len(rows)}\n")
        return
    slope, shift = sureness(rows)
    lines = ",\n".join(f"  {json.dumps(sign)}: {json.dumps(row)}" for sign, row in learn(rows).items())
    text = f'{{"slope": {slope}, "shift": {shift}, "signs": {{\n{lines}\n}}}}\n'
    WEIGHTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
