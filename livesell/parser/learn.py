"""Learning how sure a reading is: python -m livesell.parser.learn READINGS.jsonl [--check]

A line is {"lang": "vi", "signs": {…}, "right": true}: the signs of a reading (sure.py) of a comment that neither rules
nor words had been mended by, and whether intent and claims came out as labelled. Logistic regression by Newton-like
gradient steps, so that nothing has to be installed. `--check` learns without each language in turn and tells how true
the chances are there; otherwise the weights are written.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from livesell.parser.sure import WEIGHTS, chance

Row = tuple[str, dict[str, float], bool]
"""A reading: the comment's language, its signs, whether it was right."""


def rows_of(path: Path) -> list[Row]:
    """The readings of a file."""
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return [(line["lang"], line["signs"], line["right"]) for line in lines]


def learn(rows: Sequence[Row], *, rounds: int = 400, rate: float = 0.3, shrink: float = 0.6) -> dict[str, float]:
    """Weights that make what happened likely, kept small; signs of fewer than six rows are left out."""
    seen: dict[str, int] = {}
    for _, signs, _ in rows:
        for sign in signs:
            seen[sign] = seen.get(sign, 0) + 1
    table = dict.fromkeys((sign for sign, count in sorted(seen.items()) if count >= 6), 0.0)
    steps = dict.fromkeys(table, 1e-6)
    for _ in range(rounds):
        slopes = {sign: (0.0 if sign == "always" else shrink * weight) for sign, weight in table.items()}
        for _, signs, right in rows:
            error = chance(signs, table) - right
            for sign, size in signs.items():
                if sign in slopes:
                    slopes[sign] += error * size
        for sign, slope in slopes.items():
            steps[sign] += slope * slope
            table[sign] -= rate * slope / math.sqrt(steps[sign])
    return {sign: round(weight, 3) for sign, weight in table.items()}


def main() -> None:
    """Learn, or tell how true what is learned is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readings", type=Path)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    rows = rows_of(asked.readings)
    if not asked.check:
        table = learn(rows)
        WEIGHTS.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    told: list[tuple[float, bool]] = []
    for language in sorted({row[0] for row in rows}):
        table = learn([row for row in rows if row[0] != language])
        told.extend((chance(signs, table), right) for lang, signs, right in rows if lang == language)
    told.sort()
    step = max(1, len(told) // 10)
    lines = []
    for at in range(0, len(told), step):
        part = told[at : at + step]
        said, came = sum(one for one, _ in part) / len(part), sum(right for _, right in part) / len(part)
        lines.append(f"told {said:.3f}  came true {came:.3f}  of {len(part)}")
    loss = -sum(math.log(max(1e-9, one if right else 1 - one)) for one, right in told) / len(told)
    sys.stdout.write("\n".join([*lines, f"loss {loss:.4f}", ""]))


if __name__ == "__main__":
    main()
