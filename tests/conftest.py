"""What tests need of the machine: a browser and a PostgreSQL server, told in one line each where they are missing.

With the environment variable CI set, nothing may be missing.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CI = bool(os.environ.get("CI"))

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    *([f"{os.environ['LOCALAPPDATA']}/Google/Chrome/Application/chrome.exe"] if "LOCALAPPDATA" in os.environ else []),
)
SERVERS = (
    ("/usr/lib/postgresql", "*/bin/initdb"),
    ("/usr", "pgsql-*/bin/initdb"),
    ("/opt/homebrew/opt", "postgresql@*/bin/initdb"),
    ("/usr/local/opt", "postgresql@*/bin/initdb"),
    ("/Applications/Postgres.app/Contents/Versions", "*/bin/initdb"),
    ("C:/Program Files/PostgreSQL", "*/bin/initdb.exe"),
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
    found = [path.parent for folder, pattern in SERVERS for path in Path(folder).glob(pattern)]
    return max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)], default=None)


def without_postgres() -> str | None:
    """Why there is no server to test on, None if there is one."""
    if os.environ.get("LIVESELL_TEST_POSTGRES"):
        return None
    if find_postgres() is None:
        return "no server found (install it, or set LIVESELL_TEST_POSTGRES)"
    if sys.platform != "win32" and os.geteuid() == 0:
        import pwd

        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "its server does not run as root, and there is no user postgres"
    return None


MISSING: dict[str, str] = {}
if find_browser() is None:
    MISSING["browser"] = "browser tests are left out: no Chromium found (install it, or set LIVESELL_CHROMIUM)"
if (reason := without_postgres()) is not None:
    MISSING["postgres"] = f"PostgreSQL tests are left out: {reason}"


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
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    if sys.platform != "win32" and os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        quiet |= {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = folder / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make = [str(programs / "initdb"), "-D", str(data), "-U", "livesell", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, **quiet)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    start = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start"]
    subprocess.run(start, **quiet)
    try:
        yield f"postgresql://livesell@127.0.0.1:{port}/postgres"
    finally:
        stop = [str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(stop, **quiet)
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
