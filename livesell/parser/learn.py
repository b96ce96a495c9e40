"""Learning the weights of signs from labelled comments: python -m livesell.parser.learn FOLDER… [--check]

A folder has `*.jsonl` rows (`lang`, `catalog`, `pinned`, `text`, `intent`) beside or under it and `catalogs/*.csv`.
Plain multinomial regression by gradient steps (Adagrad), so that nothing has to be installed. `--check` learns without
each language in turn and prints how many intents of that language come out right: by the weights, and by rules alone.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from livesell import lexicon
from livesell.catalog.sheet import load
from livesell.model import Code
from livesell.parser import Parser
from livesell.parser.signs import INTENTS, WEIGHTS, chances

COUNTRY = {
    "vi": "VN", "bn": "BD", "en": "US", "th": "TH", "id": "ID", "ms": "MY", "fil": "PH", "zh": "TW", "hi": "IN",
    "es": "MX", "pt": "BR",
}  # fmt: skip
"""The country of a labelled catalog, by the language its name begins with."""

Row = tuple[str, list[str], int]
"""A comment's language, its signs, the place of its intent in INTENTS."""


def rows_of(folder: Path) -> list[Row]:
    """The labelled comments of a folder as signs."""
    found: list[Row] = []
    parsers: dict[str, Parser] = {}
    for path in sorted(folder.glob("**/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            name = row["catalog"]
            if name not in parsers:
                country = COUNTRY[name.split("-")[0]]
                sheet = load(folder / "catalogs" / f"{name}.csv", "USD")
                parsers[name] = Parser(sheet, lexicon.load(country=country), country=country)
            pinned = Code(row["pinned"]) if row["pinned"] else None
            signs = parsers[name].signs(row["text"], pinned)
            found.append((row["lang"], signs, INTENTS.index(row["intent"])))
    return found


def learn(rows: Sequence[Row], *, rounds: int = 15, rate: float = 0.1, shrink: float = 1e-3) -> dict[str, list[float]]:
    """Weights that make the rows likely; signs seen in fewer than three rows are left out."""
    seen: dict[str, int] = {}
    for _, signs, _ in rows:
        for sign in signs:
            seen[sign] = seen.get(sign, 0) + 1
    table = {sign: [0.0] * len(INTENTS) for sign, count in seen.items() if count >= 3}
    steps = {sign: [1e-3] * len(INTENTS) for sign in table}
    order = list(range(len(rows)))
    chance = random.Random(7)  # noqa: S311 (the order of learning, nothing secret)
    for _ in range(rounds):
        chance.shuffle(order)
        for at in order:
            _, signs, right = rows[at]
            errors = chances(signs, table)
            errors[right] -= 1
            for sign in signs:
                row = table.get(sign)
                if row is None:
                    continue
                step = steps[sign]
                for one, error in enumerate(errors):
                    slope = error + shrink * len(rows) * row[one] / seen[sign]
                    step[one] += slope * slope
                    row[one] -= rate * slope / math.sqrt(step[one])
    return {sign: [round(one, 3) for one in row] for sign, row in sorted(table.items())}


def right(rows: Sequence[Row], table: dict[str, list[float]]) -> int:
    """How many intents come out right."""
    return sum(max(range(len(INTENTS)), key=chances(signs, table).__getitem__) == intent for _, signs, intent in rows)


def main() -> None:
    """Learn, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    rows = [row for folder in asked.folder for row in rows_of(folder)]
    if asked.check:
        whole = 0
        for language in sorted({row[0] for row in rows}):
            held = [row for row in rows if row[0] == language]
            count = right(held, learn([row for row in rows if row[0] != language]))
            whole += count
            sys.stdout.write(f"{language:<4} {count / len(held):.3f} of {len(held)}\n")
        sys.stdout.write(f"all  {whole / len(rows):.3f} of {len(rows)}\n")
        return
    table = learn(rows)
    lines = ",\n".join(f"  {json.dumps(sign)}: {json.dumps(row)}" for sign, row in table.items())
    WEIGHTS.write_text(f'{{"signs": {{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
