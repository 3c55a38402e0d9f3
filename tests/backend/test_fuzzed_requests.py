"""Generated requests over the whole API: each answer is as the API's own description says."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.fuzz_api import admin, fuzz
from benchmarks.reviewable_round import make_round

CASES = 700


@pytest.fixture
def _broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.health.broker_problem", lambda: None)


@pytest.mark.usefixtures("_broker_answers")
def test_every_answer_to_a_generated_request_is_documented(
    sqlite_client: TestClient, tmp_path: Path
) -> None:
    engine = sqlite_client.app.state.engine  # type: ignore[attr-defined]
    for number in range(5):
        make_round(engine, tmp_path / "artifacts", tmp_path / f"photos{number}")
    app: FastAPI = sqlite_client.app  # type: ignore[assignment]
    findings = fuzz(app, CASES, tmp_path / "photos0", lambda: admin(engine))
    assert findings.wrong == {}, "\n".join(findings.wrong.values())
    assert findings.cases >= CASES
    # Requests reached the code behind the checks of their form, and every operation was asked.
    succeeded = {label for label, status in findings.answers if status < 300}
    assert {"POST /api/v1/datasets", "POST /api/v1/runs", "GET /api/v1/labels/{label_id}"} <= succeeded
    description = sqlite_client.get("/api/v1/openapi.json").json()
    operations = {
        f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods
    }
    assert {label for label, _ in findings.answers} == operations
