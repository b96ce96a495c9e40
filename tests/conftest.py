"""What tests need of the machine: a browser and a PostgreSQL server, told in one line each where they are missing.

With the environment variable CI set, nothing may be missing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.postgres import Cluster, without_server

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


def without_postgres() -> str | None:
    """Why there is no server to test on, None if there is one."""
    return None if os.environ.get("LIVESELL_TEST_POSTGRES") else without_server()


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lone surrogates that a test has logged cannot be told from one process to another: they are spelt out."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


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
    cluster = Cluster()
    try:
        yield cluster.url
    finally:
        cluster.remove()


@pytest.fixture
def postgres_cluster() -> Iterator[Cluster]:
    """A server that the test may stop and start."""
    reason = without_server()
    if reason is not None:
        pytest.skip(f"a server to be stopped and started: {reason}")
    cluster = Cluster()
    yield cluster
    cluster.remove()


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
