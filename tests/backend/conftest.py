"""Migrated databases, SQLite and a real PostgreSQL, and a broker address where nobody answers."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from backend.database import open_engine
from backend.jobs import queue, upkeep
from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings


def _postgres_binaries() -> Path:
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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    binaries = _postgres_binaries()
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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studio.sqlite'}"
    template: str = request.getfixturevalue("postgres_url")
    name = f"test_{tmp_path.name}_{os.getpid()}".lower().replace("-", "_")[-60:]
    admin = open_engine(template.format(database="postgres"))
    with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return template.format(database=name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated, empty database of each kind."""
    upgrade_database(database_url)
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def wake_ups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Job ids that workers were woken for; they go here instead of to a broker."""
    sent: list[int] = []

    def _note(job_id: int, *, gpu: bool = False) -> None:  # noqa: ARG001
        sent.append(job_id)

    monkeypatch.setattr(queue, "wake_worker", _note)
    monkeypatch.setattr(upkeep, "wake_worker", _note)
    return sent


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy: faster than migrating for each test."""
    file = tmp_path_factory.mktemp("migrated") / "studio.sqlite"
    upgrade_database(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def _serving(database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("STUDIO_HOME", str(home))
    monkeypatch.setenv("STUDIO_DATABASE_URL", database_url)
    get_settings.cache_clear()
    return TestClient(create_app(), raise_server_exceptions=False)


@pytest.fixture
def client(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wake_ups: list[int],  # noqa: ARG001  (no broker)
) -> Iterator[TestClient]:
    """The whole API in this process, on a migrated, empty database of each kind; wakes no worker."""
    upgrade_database(database_url)
    with _serving(database_url, tmp_path, monkeypatch) as opened:
        yield opened
    get_settings.cache_clear()


@pytest.fixture
def sqlite_client(
    migrated_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wake_ups: list[int],  # noqa: ARG001  (no broker)
) -> Iterator[TestClient]:
    """The same on SQLite alone, for what has nothing to do with the kind of database."""
    shutil.copy(migrated_file, tmp_path / "studio.sqlite")
    with _serving(f"sqlite:///{tmp_path / 'studio.sqlite'}", tmp_path, monkeypatch) as opened:
        yield opened
    get_settings.cache_clear()
