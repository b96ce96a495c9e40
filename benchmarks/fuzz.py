"""Does any text break the parser, or slow it: python -m benchmarks.fuzz [--random 1000000] [--mutated 100000]

Random strings of any code point, lone surrogates included, and mutated comments (the labelled rows of the folder that
LIVESELL_CORPUS names, or else the project's own sentences) must all have a reading. The 200 slowest per character are
timed again, best of five, and told as multiples of the median time per character.
"""

from __future__ import annotations

import argparse
import heapq
import random
import statistics
import time
from collections.abc import Iterator, Sequence

from benchmarks.reading import invented, rows
from livesell import lexicon
from livesell.model import READ_LIMIT
from livesell.parser import Parser

SLOWEST = 200
RANGES = ((0, 0x80), (0, 0x250), (0x900, 0xA00), (0xE00, 0xE80), (0x1E00, 0x1F00), (0x4E00, 0x5000), (0, 0x110000))
"""Where random letters come from: half of them from the scripts that are read, the rest from anywhere."""


def strings(count: int, chance: random.Random) -> Iterator[str]:
    """Random strings of up to 60 letters, some of one letter repeated up to the limit of what is read."""
    for at in range(count):
        first, last = chance.choice(RANGES)
        if at % 5_000 == 0:
            yield "".join(chr(chance.randrange(first, last)) for _ in range(chance.randrange(1, 4))) * READ_LIMIT
        else:
            yield "".join(chr(chance.randrange(first, last)) for _ in range(chance.randrange(1, 60)))


def mutated(count: int, texts: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Comments with letters taken, doubled, swapped or put in, and pieces of other comments hung on."""
    letters = sorted({letter for text in texts for letter in text})
    for _ in range(count):
        text = list(chance.choice(texts))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(text) + 1)
            deed = chance.randrange(5)
            if deed == 0 and text:
                del text[at - 1]
            elif deed == 1 and text:
                text.insert(at, text[at - 1])
            elif deed == 2:
                text.insert(at, chance.choice(letters))
            elif deed == 3:
                text[at:at] = chance.choice(texts)[:20]
            else:
                text[at:] = text[at:][::-1]
        yield "".join(text)


def hurt(parser: Parser, texts: Iterator[str]) -> tuple[int, float, float]:
    """How many texts had a reading, the median seconds a letter, and the worst of the slowest timed again."""
    pace: list[float] = []
    slow: list[tuple[float, int, str]] = []
    count = 0
    for text in texts:
        count += 1
        start = time.perf_counter()
        parser.read(text)
        spent = (time.perf_counter() - start) / max(8, min(len(text), READ_LIMIT))
        if count % 7 == 0:
            pace.append(spent)
        if len(slow) < SLOWEST:
            heapq.heappush(slow, (spent, count, text))
        elif spent > slow[0][0]:
            heapq.heapreplace(slow, (spent, count, text))
    return count, statistics.median(pace or [one[0] for one in slow]), max(again(parser, text) for _, _, text in slow)


def again(parser: Parser, text: str) -> float:
    """Seconds a letter, best of five; a text of a few letters costs what any comment costs."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        parser.read(text)
        best = min(best, time.perf_counter() - start)
    return best / max(8, min(len(text), READ_LIMIT))


def main() -> None:
    """Run both kinds and tell them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--random", type=int, default=1_000_000)
    asked.add_argument("--mutated", type=int, default=100_000)
    options = asked.parse_args()
    parser = Parser(invented(300), lexicon.load(country="VN"), country="VN")
    texts = [str(row["text"]) for row in rows()[0] if "text" in row]
    chance = random.Random(7)
    for name, made in (
        ("random", strings(options.random, chance)),
        ("mutated", mutated(options.mutated, texts, chance)),
    ):
        count, median, worst = hurt(parser, made)
        print(f"{name}: {count} texts read, none raised; the slowest {worst / median:.1f} times the median per letter")


if __name__ == "__main__":
    main()
