"""Migrated databases, SQLite and a real PostgreSQL, and a broker address where nobody answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.database import open_engine
from backend.jobs import queue, upkeep
from backend.migrations import upgrade_database
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
    monkeypatch.setattr(queue, "wake_worker", sent.append)
    monkeypatch.setattr(upkeep, "wake_worker", sent.append)
    return sent
