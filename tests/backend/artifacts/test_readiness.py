"""The API says when its artifact store cannot be used."""

from __future__ import annotations

import time
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


def _wait_for(client: TestClient, *words: str) -> None:
    """Until what is said about the store has these words; none: until nothing is said."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = client.get("/readyz")
        assert answer.status_code == 503  # there is no broker here
        said = [error["problem"] for error in answer.json()["errors"] if error["field"] == "artifacts"]
        assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in answer.text
        if all(word in said[0] for word in words) if said else not words:
            return
    raise AssertionError(f"{words} expected, said: {said}")


def test_readyz_names_a_store_that_does_not_answer_until_it_does(server: S3Server) -> None:
    with TestClient(create_app()) as client:
        _wait_for(client, "s3://studio/prefix", "STUDIO_S3_ENDPOINT")
        server.start()
        _wait_for(client, "'studio' does not exist")
        server.create_bucket("studio")
        _wait_for(client)
