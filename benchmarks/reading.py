"""How fast and how well comments are read: python -m benchmarks.reading [--products 30 1000 10000 100000] [--accuracy]

Rivals in the same run: one tokenising pass of a regular expression (the floor, and the unit that results are told in),
and rapidfuzz `extractOne` with token_set_ratio over all names. The texts are the labelled rows of the folder that
LIVESELL_CORPUS names, or else the project's own sentences; the catalogs are invented.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from livesell import lexicon
from livesell.catalog.sheet import load
from livesell.model import Code, Money, Option, OptionValue, Product
from livesell.parser import Parser

PASS = re.compile(r"\w+|[^\w\s]")
COUNTRY = {
    "vi": "VN", "bn": "BD", "en": "US", "th": "TH", "id": "ID", "ms": "MY", "fil": "PH", "zh": "TW", "hi": "IN",
    "es": "MX", "pt": "BR",
}  # fmt: skip
SENTENCES = Path(__file__).parent.parent / "tests" / "sentences"
CHATTER = (
    "hello everyone from the mountains", "chào cả nhà", "so pretty wow", "đẹp quá chị ơi", "khub sundor apu",
    "สวัสดีค่ะแม่ค้า", "hahaha lucu banget",
    "ang ganda naman po", "主播好美", "bahut sundar hai didi", "que bonito", "que lindo", "when is the next live",
    "❤️❤️❤️", "good evening",
    "mọi người ăn cơm chưa", "ফোন নাই কেন", "น่ารักมากเลย", "kapan live lagi kak", "kumusta po kayo diyan", "今天好冷喔",
    "namaste didi", "buenas noches a todas",
    "boa noite meninas", "sound is breaking up",
)  # fmt: skip


def invented(count: int) -> list[Product]:
    """A catalog of invented names: three words of a stock that grows slowly, codes A1…, some with options."""
    chance = random.Random(11)
    syllables = [
        first + second
        for first in "bcdghklmnprstv"
        for second in ("a", "e", "i", "o", "u", "an", "en", "ong", "ai", "ua")
    ]
    stock = sorted(
        {
            "".join(chance.choice(syllables) for _ in range(chance.choice((2, 2, 3))))
            for _ in range(max(400, count // 4))
        }
    )
    sizes = (
        Option("size", tuple(OptionValue(name) for name in ("S", "M", "L", "XL"))),
        Option("colour", (OptionValue("red", ("đỏ",)), OptionValue("blue"))),
    )
    return [
        Product(
            Code(f"{'ABCDEFGHKLMNPRSTVXY'[at % 19]}{at // 19 + 1}"),
            " ".join(chance.sample(stock, 3)),
            Money(100_000),
            aliases=(" ".join(chance.sample(stock, 2)),),
            unit="kg" if at % 7 == 0 else "box",
            options=sizes if at % 3 == 0 else (),
        )
        for at in range(count)
    ]


def rows() -> tuple[list[dict[str, object]], Path | None]:
    """Labelled rows, and the folder of their catalogs."""
    corpus = os.environ.get("LIVESELL_CORPUS")
    files = sorted(Path(corpus).glob("dev/*.jsonl")) if corpus else sorted(SENTENCES.glob("*.jsonl"))
    found = [
        json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    return found, Path(corpus) / "catalogs" if corpus else None


def best(call: Callable[[str], object], texts: Sequence[str], rounds: int = 5) -> float:
    """Seconds a text, the best of some rounds."""
    gc.collect()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for text in texts:
            call(text)
        found.append((time.perf_counter() - start) / len(texts))
    return min(found)


def nearest(names: Sequence[str]) -> Callable[[str], object]:
    """The rival: the name that is most like a text."""
    return lambda text: process.extractOne(text, names, scorer=fuzz.token_set_ratio)


def speed(sizes: Sequence[int], texts: Sequence[str]) -> None:
    """Passes a comment, times faster than extractOne, and what an edit costs, for catalogs of several sizes."""
    words = lexicon.load(country="VN")
    floor = best(PASS.findall, texts)
    quiet = best(PASS.findall, CHATTER)
    print(f"one tokenising pass: {floor * 1e6:.2f} µs a comment, {len(texts)} comments")
    print(" products      µs  passes  chatter  extractOne µs  faster  build s  edit µs  build/edit")
    for size in sizes:
        goods = invented(size)
        start = time.perf_counter()
        parser = Parser(goods, words, country="VN")
        build = time.perf_counter() - start
        mine = best(parser.read, texts)
        chat = best(parser.read, CHATTER)
        rival = best(nearest([product.name for product in goods]), texts[:: max(1, size // 200)], 1)
        edits = []
        for product in goods[:200]:
            start = time.perf_counter()
            parser.put(product)
            edits.append(time.perf_counter() - start)
        edit = statistics.median(edits)
        print(
            f"{size:>9} {mine * 1e6:>7.1f} {mine / floor:>7.1f} {chat / quiet:>8.1f}"
            f" {rival * 1e6:>14.0f} {rival / mine:>7.1f}"
            f" {build:>8.2f} {edit * 1e6:>8.1f} {build / edit:>10.0f}"
        )


def accuracy(labelled: Sequence[dict[str, object]], catalogs: Path) -> None:
    """Rows whose intent and lines come out right, a language a line."""
    parsers: dict[str, Parser] = {}
    right: dict[str, list[bool]] = {}
    for row in labelled:
        name = str(row["catalog"])
        if name not in parsers:
            country = COUNTRY[name.split("-")[0]]
            parsers[name] = Parser(
                load(catalogs / f"{name}.csv", "USD"), lexicon.load(country=country), country=country
            )
        pinned = Code(str(row["pinned"])) if row["pinned"] else None
        reading = parsers[name].read(str(row["text"]), pinned)
        got = {(claim.code, tuple(sorted(claim.options.items())), claim.quantity) for claim in reading.claims}
        want = {
            (
                line["code"],
                tuple(sorted(line["options"].items())),
                None if line["quantity"] is None else round(line["quantity"] * 1000),
            )
            for line in row["lines"]  # type: ignore[attr-defined]
        }
        right.setdefault(str(row["lang"]), []).append(reading.intent == row["intent"] and got == want)
    for language, found in sorted(right.items()):
        print(f"{language:<4} {sum(found) / len(found):.3f} of {len(found)}")
    whole = [one for found in right.values() for one in found]
    print(f"all  {sum(whole) / len(whole):.3f} of {len(whole)}")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", nargs="*", type=int, default=[30, 1000, 10_000, 100_000])
    parser.add_argument("--accuracy", action="store_true", help="also how many rows come out right (LIVESELL_CORPUS)")
    asked = parser.parse_args()
    labelled, catalogs = rows()
    speed(asked.products, [str(row["text"]) for row in labelled])
    if asked.accuracy and catalogs is not None:
        accuracy(labelled, catalogs)


if __name__ == "__main__":
    main()
