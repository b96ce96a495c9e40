"""A PostgreSQL server of its own, to be stopped, killed and started again."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SERVERS = (
    ("/usr/lib/postgresql", "*/bin/initdb"),
    ("/usr", "pgsql-*/bin/initdb"),
    ("/opt/homebrew/opt", "postgresql@*/bin/initdb"),
    ("/usr/local/opt", "postgresql@*/bin/initdb"),
    ("/Applications/Postgres.app/Contents/Versions", "*/bin/initdb"),
    ("C:/Program Files/PostgreSQL", "*/bin/initdb.exe"),
)


def find_postgres() -> Path | None:
    """The folder of a PostgreSQL server's programs on this machine."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = [path.parent for folder, pattern in SERVERS for path in Path(folder).glob(pattern)]
    return max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)], default=None)


def without_server() -> str | None:
    """Why no server can be started here, None if one can."""
    if find_postgres() is None:
        return "no server found (install it, or set LIVESELL_TEST_POSTGRES)"
    if sys.platform != "win32" and os.geteuid() == 0:
        import pwd

        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "its server does not run as root, and there is no user postgres"
    return None


class Cluster:
    """A throw-away cluster in a folder of its own; `url` is a database in it.

    The folder is not pytest's: PostgreSQL refuses to run as root, and its own user must be able to get there.
    """

    def __init__(self) -> None:
        programs = find_postgres()
        assert programs is not None
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="livesell-postgres-"))
        self._quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": self.folder}
        if sys.platform != "win32" and os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self._quiet |= {"user": "postgres", "group": "postgres", "extra_groups": []}
        self.data = self.folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        make = ["-D", str(self.data), "-U", "livesell", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([str(programs / "initdb"), *make], **self._quiet)
        self.url = f"postgresql://livesell@127.0.0.1:{self.port}/postgres"
        self.start()

    def _control(self, *words: str) -> None:
        subprocess.run([str(self.programs / "pg_ctl"), "-D", str(self.data), *words], **self._quiet)

    def start(self) -> None:
        """Start the server and wait for it."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._control("-w", "-o", options, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop it as a power cut would: no farewell to anybody, and recovery at the next start."""
        self._control("-m", "immediate", "stop")

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        subprocess.run(
            [str(self.programs / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "stop"],
            **{**self._quiet, "check": False, "stderr": subprocess.DEVNULL},
        )
        shutil.rmtree(self.folder, ignore_errors=True)
