"""A service without API and broker: a database, data sets, runs, and workers that look into the queue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.settings import get_settings
from tests.backend.conftest import database_url, engine, postgres_url, wake_ups
from tests.servers.stores import open_s3, s3
from tests.worker.service import Service

__all__ = ["database_url", "engine", "open_s3", "postgres_url", "s3", "service", "wake_ups"]


@pytest.fixture
def service(
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    wake_ups: list[int],  # noqa: ARG001  (there is no broker)
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Service]:
    environment = {
        "STUDIO_HOME": str(tmp_path),
        "STUDIO_DATABASE_URL": database_url,
        "STUDIO_POLL_SECONDS": "0.05",
        "STUDIO_HEARTBEAT_SECONDS": "1",
        "STUDIO_JOB_THREADS": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    service = Service(engine, tmp_path, {**os.environ, "OMP_NUM_THREADS": "1"})
    yield service
    service.kill_everything()
    get_settings.cache_clear()
