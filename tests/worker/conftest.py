"""A service without API and broker: a database, data sets, runs, and workers that look into the queue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.artifacts import ArtifactStore, open_store
from backend.settings import get_settings
from tests.backend.conftest import database_url, engine, postgres_url, wake_ups
from tests.servers.s3 import CREDENTIALS, S3Server
from tests.servers.stores import OpenStore, open_s3, s3
from tests.worker.revising import IMAGES
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


@pytest.fixture
def stores(
    s3: S3Server, service: Service, database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> tuple[ArtifactStore, ArtifactStore]:
    """The store as the API sees it and as a worker on another machine does: a directory beside SQLite, S3
    beside PostgreSQL."""
    if database_url.startswith("sqlite"):
        store = open_store(
            f"file://{tmp_path / 'artifacts'}", cache=tmp_path, cache_gib=1, s3_endpoint=None
        )
        return store, store
    open_s3: OpenStore = request.getfixturevalue("open_s3")
    api = open_s3("api")
    service.environment |= {
        **CREDENTIALS,
        "STUDIO_ARTIFACTS_URL": api.url,
        "STUDIO_S3_ENDPOINT": s3.endpoint,
        "STUDIO_CACHE": str(tmp_path / "labelling"),
    }
    return api, open_s3("training")


@pytest.fixture
def streets(service: Service) -> Service:
    """A worker, and two data sets of scenes."""
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    return service
