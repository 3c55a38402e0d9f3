"""healthz and readyz tell the truth, and in time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from backend import health
from backend.database import write_session


@pytest.fixture(autouse=True)
def _broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "broker_problem", lambda: None)


def _wrong(client: TestClient) -> dict[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {item["field"]: item["problem"] for item in answer.json()["errors"]}


def test_all_is_well(sqlite_client: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = sqlite_client.get(path)
        assert (answer.status_code, answer.json()["problems"]) == (200, [])


def test_a_database_of_an_older_version_is_not_ready(sqlite_client: TestClient) -> None:
    with write_session(sqlite_client.app.state.engine) as session:  # type: ignore[attr-defined]
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "0001" in _wrong(sqlite_client)["database"]
    assert sqlite_client.get("/healthz").status_code == 200


def test_a_database_that_was_never_migrated_is_not_ready(sqlite_client: TestClient) -> None:
    with write_session(sqlite_client.app.state.engine) as session:  # type: ignore[attr-defined]
        session.execute(text("DROP TABLE alembic_version"))
    assert "alembic_version" in _wrong(sqlite_client)["database"]


def test_an_artifact_store_nobody_can_write_to_is_not_ready(
    sqlite_client: TestClient, tmp_path: Path
) -> None:
    (tmp_path / "artifacts").rmdir()
    assert set(_wrong(sqlite_client)) == {"artifacts"}


def test_upkeep_that_stands_still_is_not_ready(sqlite_client: TestClient) -> None:
    upkeep = sqlite_client.app.state.upkeep  # type: ignore[attr-defined]
    upkeep.stop.set()
    upkeep.turned_at = time.monotonic() - 1000
    assert set(_wrong(sqlite_client)) == {"upkeep"}


def test_what_does_not_answer_is_named_and_not_waited_for(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SECONDS_A_CHECK", 2)
    silence = threading.Event()
    monkeypatch.setattr(health, "broker_problem", silence.wait)
    assert _wrong(sqlite_client) == {"broker": "no answer within 2 s"}
    silence.set()


def test_all_that_is_wrong_is_listed(sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "broker_problem", lambda: "connection refused")
    monkeypatch.setattr(health, "newest_revision", lambda: "9999")
    assert set(_wrong(sqlite_client)) == {"broker", "database"}
