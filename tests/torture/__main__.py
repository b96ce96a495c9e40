"""The long form: python -m tests.torture [--kills 200] [--claims 10000] [--only kills,locked,full,away,rivals]."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.postgres import Cluster, without_server
from tests.torture import scenes
from tests.torture.rivals import rivals

SCENES = ("kills", "kills-postgres", "locked", "full", "away", "rivals")


async def play(name: str, kills: int, claims: int, folder: Path) -> int:
    """One scene; prints what was counted, gives how much of it must not be."""
    begin = time.monotonic()
    if name == "kills":
        found = await scenes.kills(folder, kills, say=print)
    elif name == "kills-postgres":
        cluster = Cluster()
        try:
            found = await scenes.kills(folder, max(1, kills // 5), cluster.url, say=print)
        finally:
            cluster.remove()
    elif name == "locked":
        found = await scenes.locked(folder, max(1, kills // 40))
    elif name == "full":
        full = await scenes.full(folder, max(1, kills // 20))
        if full is None:
            print(f"{name:<15} left out: no disk can be mounted here (needs Linux and root)")
            return 0
        found = full
    elif name == "away":
        found = await scenes.away(folder, max(1, kills // 10), say=print)
    else:
        rivalry = await rivals(folder, claims, max(1, claims // 100))
        print(f"{name:<15} {rivalry.line()}", flush=True)
        return rivalry.wrong
    print(f"{name:<15} {found.line()}  ({time.monotonic() - begin:.0f} s)", flush=True)
    return found.wrong if found.acknowledged else 1


def main() -> None:
    """Play all scenes; exit code 1 where anything was lost, doubled, oversold or missing."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--claims", type=int, default=10_000)
    arguments.add_argument("--only", default=",".join(SCENES))
    given = arguments.parse_args()
    wrong = 0
    for name in given.only.split(","):
        reason = without_server() if name in ("kills-postgres", "away", "rivals") else None
        if reason is not None:
            print(f"{name:<15} left out: {reason}")
            continue
        with tempfile.TemporaryDirectory(prefix="livesell-torture-") as folder:
            wrong += asyncio.run(play(name, given.kills, given.claims, Path(folder)))
    print("nothing lost, doubled, oversold or missing" if not wrong else f"{wrong} WRONG")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
