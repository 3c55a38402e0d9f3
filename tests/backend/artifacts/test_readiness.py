"""The API says when its artifact store cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.main import create_app
from backend.migrations import upgrade_database
from backend.settings import get_settings
from tests.servers.ports import free_port
from tests.servers.s3 import CREDENTIALS, S3Server

pytestmark = pytest.mark.services


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, not yet started, that the settings name."""
    server = S3Server(free_port())
    settings = {
        "STUDIO_HOME": str(tmp_path),
        "STUDIO_ARTIFACTS_URL": "s3://studio/prefix",
        "STUDIO_S3_ENDPOINT": server.endpoint,
        # Given and empty, as a compose file passes on what is not set.
        "STUDIO_CACHE": "",
    }
    for name, value in (settings | CREDENTIALS).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    upgrade_database(get_settings().resolved_database_url)
    yield server
    server.stop()
    get_settings.cache_clear()


def _problems(client: TestClient) -> list[str]:
    answer = client.get("/readyz")
    assert answer.status_code == 503  # there is no broker here
    return [problem for problem in answer.json()["problems"] if problem.startswith("artifact store: ")]


def test_readyz_names_a_store_that_does_not_answer_until_it_does(server: S3Server) -> None:
    with TestClient(create_app()) as client:
        (problem,) = _problems(client)
        assert "s3://studio/prefix" in problem
        assert "STUDIO_S3_ENDPOINT" in problem
        assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in problem
        server.start()
        (problem,) = _problems(client)
        assert "'studio' does not exist" in problem
        server.create_bucket("studio")
        assert _problems(client) == []
