"""What reading costs and how often it is right, against a fuzzy search over all names and a single tokenising pass.

python -m benchmarks.reading [SIZE…]            sizes of invented catalogs, by default 30 1000 10000 100000
LIVESELL_CORPUS=FOLDER python -m benchmarks.reading    adds how often each rival gets a labelled comment right

The floor is one pass of a regular expression that cuts a comment into words. All take turns in one process; printed is
the median of the rounds. An edit is one product put into the running index.
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from livesell import lexicon
from livesell.catalog.sheet import load
from livesell.model import Code, Money, Product, quantity_number
from livesell.parser import Parser
from livesell.parser.learn import COUNTRY

WORD = re.compile(r"\w+", re.UNICODE)
CODE = re.compile(r"[a-z]*\d+", re.IGNORECASE)
SYLLABLES = ("ka", "ro", "mi", "ten", "lu", "sha", "pel", "dor", "vin", "qua", "bri", "sol", "nem", "fa", "gu", "hex")
KINDS = ("tea", "soap", "scarf", "bowl", "lamp", "honey", "cream", "basket", "shirt", "candle")
COMMENTS = (
    "{code} 2",
    "mine {code} x3 please",
    "2 {name} for me",
    "how much is {name}?",
    "cancel {code}",
    "change {code} to {other}",
    "{code} and {other} 2 each",
)
CHATTER = ("hello everyone", "so pretty!!", "where are you from", "my dog loves this music", "good night all", "haha")


def goods(size: int, chance: random.Random) -> list[Product]:
    """Invented products with names of two or three words."""

    def word() -> str:
        return "".join(chance.choices(SYLLABLES, k=3))

    return [
        Product(Code(f"Z{number}"), f"{word()} {word()} {KINDS[number % len(KINDS)]}", Money(100), unit="pcs")
        for number in range(1, size + 1)
    ]


def comments(products: Sequence[Product], chance: random.Random) -> list[str]:
    """Comments about random products."""
    found = []
    for number in range(200):
        one, other = chance.sample(products, 2)
        pattern = COMMENTS[number % len(COMMENTS)]
        found.append(pattern.format(code=one.code, name=one.name, other=other.code))
    return found


def spent(work: Callable[[str], object], texts: Sequence[str], rounds: int = 5) -> float:
    """Microseconds a comment."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        for text in texts:
            work(text)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) / len(texts) * 1e6


def speed(sizes: Sequence[int]) -> None:
    """One line a size."""
    words = lexicon.load(country="US")
    print("products   read µs  chatter µs  extractOne µs  floor µs  build ms  edit µs")
    for size in sizes:
        chance = random.Random(size)
        products = goods(size, chance)
        texts = comments(products, chance)
        start = time.perf_counter()
        parser = Parser(products, words, country="US")
        build = (time.perf_counter() - start) * 1e3
        start = time.perf_counter()
        for product in products[:20]:
            parser.put(product)
        edit = (time.perf_counter() - start) / 20 * 1e6
        names = [product.name for product in products]

        def search(text: str, names: Sequence[str] = names) -> object:
            return process.extractOne(text, names, scorer=fuzz.token_set_ratio)

        few = texts[: max(3, 20_000 // size)]
        print(
            f"{size:>8} {spent(parser.read, texts):>9.0f} {spent(parser.read, CHATTER):>11.0f}"
            f" {spent(search, few, 1):>14.0f} {spent(WORD.findall, texts):>9.2f} {build:>9.0f} {edit:>8.0f}"
        )


def accuracy(folder: Path) -> None:
    """How many labelled comments each rival reads whole: intent and lines."""
    parsers: dict[str, Parser] = {}
    right = {"livesell": 0, "exact codes": 0, "extractOne": 0}
    count = 0
    for path in sorted(folder.glob("**/*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            name = row["catalog"]
            if name not in parsers:
                country = COUNTRY[name.split("-")[0]]
                sheet = load(folder / "catalogs" / f"{name}.csv", "USD")
                parsers[name] = Parser(sheet, lexicon.load(country=country), country=country)
            parser = parsers[name]
            wanted = {(line["code"], tuple(sorted(line["options"].items())), line["quantity"]) for line in row["lines"]}
            reading = parser.read(row["text"], Code(row["pinned"]) if row["pinned"] else None)
            got = {
                (
                    str(claim.code),
                    tuple(sorted(claim.options.items())),
                    None if claim.quantity is None else quantity_number(claim.quantity),
                )
                for claim in reading.claims
            }
            right["livesell"] += reading.intent == row["intent"] and got == wanted
            codes = {code.upper() for code in CODE.findall(row["text"])} & set(parser.index.products)
            said = ("order" if codes else "other", {(code, (), 1) for code in codes})
            right["exact codes"] += said == (row["intent"], wanted)
            names = {code: product.name for code, product in parser.index.products.items()}
            found = process.extractOne(row["text"], names, scorer=fuzz.token_set_ratio, score_cutoff=80)
            said = ("order", {(str(found[2]), (), 1)}) if found else ("other", set())
            right["extractOne"] += said == (row["intent"], wanted)
            count += 1
    print(f"\nread whole, of {count} labelled comments:")
    for rival, hits in right.items():
        print(f"  {rival:<12} {hits / count:.3f}")


if __name__ == "__main__":
    speed([int(size) for size in sys.argv[1:]] or [30, 1_000, 10_000, 100_000])
    if "LIVESELL_CORPUS" in os.environ:
        accuracy(Path(os.environ["LIVESELL_CORPUS"]))
