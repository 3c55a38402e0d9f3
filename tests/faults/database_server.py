"""A PostgreSQL that tests may stop, start again, and freeze."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.damage import descendants_of


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        pytest.fail(
            f"PostgreSQL's program {name} is missing; on Debian: apt install postgresql", pytrace=False
        )
    return program


def _run(command: list[str]) -> None:
    # PostgreSQL refuses to run as root; then its own user runs it.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


@dataclass
class DatabaseServer:
    home: Path

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://studio@/postgres?host={self.home}"

    def _control(self, *arguments: str) -> None:
        data = str(self.home / "data")
        _run([_program("pg_ctl"), "-D", data, "-w", "-l", str(self.home / "log"), *arguments])

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.home} -c fsync=off"
        self._control("-o", options, "start")

    def stop(self) -> None:
        """As a restart of the machine does it: connections are cut."""
        self._control("-m", "fast", "stop")

    def _signal_all(self, number: signal.Signals) -> None:
        postmaster = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        for pid in (postmaster, *descendants_of(postmaster)):
            os.kill(pid, number)

    def freeze(self) -> None:
        """It keeps its connections and answers nobody."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)


@contextmanager
def database_server() -> Iterator[DatabaseServer]:
    server = DatabaseServer(Path(tempfile.mkdtemp(prefix="hs-pg-", dir="/tmp")))
    if os.geteuid() == 0:
        shutil.chown(server.home, "postgres")
    _run([_program("initdb"), "-D", str(server.home / "data"), "-U", "studio", "-A", "trust", "--no-sync"])
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.home)
