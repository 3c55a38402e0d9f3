"""Migrated databases, SQLite and a real PostgreSQL, and a broker address where nobody answers."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from backend.database import open_engine
from backend.jobs import queue, upkeep
from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings
from tests.servers.postgres import create_database, running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Of a real server, with {database} where a database's name belongs."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studio.sqlite'}"
    template: str = request.getfixturevalue("postgres_url")
    name = f"test_{tmp_path.name}_{os.getpid()}".lower().replace("-", "_")[-60:]
    return create_database(template, name)


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
    return TestClient(create_app(), client=("127.0.0.1", 50_000), raise_server_exceptions=False)


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
