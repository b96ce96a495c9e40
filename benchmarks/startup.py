"""How long starting takes, against importing the two heaviest libraries: `--help`, and `run` to its first page.

python -m benchmarks.startup [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from livesell.demo.play import GOODS
from tests.server import free_port

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
# As where livesell is installed: what was compiled by the first start is there at the next.
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)


def spent(command: list[str]) -> float:
    """Seconds that a command takes."""
    begin = time.perf_counter()
    subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def first_page(folder: Path, port: int) -> float:
    """Seconds from starting `livesell run` on an existing database to its first complete control page."""
    key = ""
    keys = folder / "livesell.keys"
    if keys.exists():
        key = next(
            line.split('"')[1] for line in keys.read_text(encoding="utf-8").splitlines() if line.startswith("seller")
        )
    begin = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "livesell", "run"], cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    request = urllib.request.Request(f"http://127.0.0.1:{port}/control", headers={"Authorization": f"Bearer {key}"})
    try:
        while True:
            with suppress(OSError), urllib.request.urlopen(request, timeout=5) as page:
                if page.read().rstrip().endswith(b"</html>"):
                    return time.perf_counter() - begin
            if not key and keys.exists():
                return 0.0
            if time.perf_counter() - begin > 20:
                raise SystemExit("no page within 20 s")
            time.sleep(0.005)
    finally:
        server.terminate()
        server.wait()


def main(rounds: int) -> None:
    """Measure turn by turn, and print medians and ratios."""
    found: dict[str, list[float]] = {"imports": [], "help": [], "page": []}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        (folder / "config.toml").write_text(f'[server]\nport = {port}\n[catalog]\nfile = "{GOODS}"\n', encoding="utf-8")
        first_page(folder, port)
        time.sleep(1)
        for _ in range(rounds):
            found["imports"].append(spent([sys.executable, "-c", "import aiohttp, sqlalchemy"]))
            found["help"].append(spent([sys.executable, "-m", "livesell", "--help"]))
            found["page"].append(first_page(folder, port))
    base = statistics.median(found["imports"])
    print(f"import aiohttp, sqlalchemy   {base * 1000:6.0f} ms")
    for key, words in (("help", "livesell --help"), ("page", "livesell run to first /control")):
        middle = statistics.median(found[key])
        print(f"{words:<28} {middle * 1000:6.0f} ms   ratio {middle / base:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
