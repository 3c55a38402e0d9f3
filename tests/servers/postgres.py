"""A private PostgreSQL of the tests, on a socket in a directory of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.database import open_engine


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    pytest.fail(
        "PostgreSQL's server programs are missing; on Debian: apt install postgresql", pytrace=False
    )


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; then its own user runs it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of the running server, with {database} where a database's name belongs."""
    binaries = _binaries()
    home = Path(tempfile.mkdtemp(prefix="hs-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    data = str(home / "data")
    run = [str(binaries / "initdb"), "-D", data, "-U", "studio", "-A", "trust", "--no-sync"]
    subprocess.run(_as_postgres(run), check=True, capture_output=True, cwd="/")
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    control = [str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log")]
    subprocess.run(_as_postgres([*control, "-o", options, "start"]), check=True, cwd="/")
    try:
        yield f"postgresql+psycopg://studio@/{{database}}?host={home}"
    finally:
        subprocess.run(_as_postgres([*control, "-m", "immediate", "stop"]), check=True, cwd="/")
        shutil.rmtree(home)


def create_database(template: str, name: str) -> str:
    """Make an empty database of that name; returns its URL."""
    admin = open_engine(template.format(database="postgres"))
    with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return template.format(database=name)
