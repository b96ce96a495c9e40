"""What tests need of the machine: a browser and a PostgreSQL server, told in one line each where they are missing.

With the environment variable CI set, nothing may be missing.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

CI = bool(os.environ.get("CI"))

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def find_browser() -> str | None:
    """The path of a Chromium on this machine."""
    named = os.environ.get("LIVESELL_CHROMIUM")
    if named:
        return named
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    return next((place for place in PLACES if Path(place).exists()), None)


def find_postgres() -> Path | None:
    """The folder of a PostgreSQL server's programs on this machine."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


MISSING: dict[str, str] = {}
if find_browser() is None:
    MISSING["browser"] = "browser tests are left out: no Chromium found (install it, or set LIVESELL_CHROMIUM)"
if find_postgres() is None and not os.environ.get("LIVESELL_TEST_POSTGRES"):
    MISSING["postgres"] = "PostgreSQL tests are left out: no server found (install it, or set LIVESELL_TEST_POSTGRES)"


def pytest_configure(config: pytest.Config) -> None:
    """In CI a missing part is a failure, not a skip."""
    if CI and MISSING:
        raise pytest.UsageError("; ".join(MISSING.values()))


def pytest_report_header() -> list[str]:
    """What is left out, and why."""
    return list(MISSING.values())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The same at the end, where it is seen."""
    for line in MISSING.values():
        terminalreporter.write_line(line)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run, with the reason."""
    for mark, reason in MISSING.items():
        if item.get_closest_marker(mark) is not None:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    found = find_browser()
    assert found is not None, MISSING.get("browser")
    return found


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server with a database to create others from: one given, or a throw-away cluster of its own."""
    given = os.environ.get("LIVESELL_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = find_postgres()
    assert programs is not None
    # Its own folder rather than pytest's: PostgreSQL refuses to run as root, and its user must be able to get there.
    folder = Path(tempfile.mkdtemp(prefix="livesell-postgres-"))
    user: list[str] = []
    if sys.platform != "win32" and os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(
        [*user, str(programs / "initdb"), "-D", str(data), "-U", "livesell", "-A", "trust", "-E", "UTF8", "--no-sync"],
        **quiet,  # type: ignore[call-overload]
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    start = [*user, str(programs / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start"]
    subprocess.run(start, **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql://livesell@127.0.0.1:{port}/postgres"
    finally:
        stop = [*user, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(stop, **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a fresh database, gone after the test."""
    import psycopg

    base, _, _ = postgres_server.rpartition("/")
    name = f"livesell_{os.urandom(6).hex()}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    yield f"{base}/{name}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
