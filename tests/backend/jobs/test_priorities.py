"""Priorities over HTTP, on both databases."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from backend.audit.tables import AuditEvent
from backend.database import read_session
from tests.backend.runs.test_label_shards import run_id

__all__ = ["run_id"]
pytestmark = pytest.mark.services


def test_priorities_change_and_leave_a_trail(engine: Engine, client: TestClient, run_id: int) -> None:
    run = client.patch(f"/api/v1/runs/{run_id}", json={"priority": 40}).json()
    assert run["priority"] == 40
    first, second = run["active_job_ids"][:2]
    job = client.post(f"/api/v1/jobs/{second}/priority", json={"priority": -7}).json()
    assert (job["priority"], client.get(f"/api/v1/jobs/{first}").json()["priority"]) == (-7, 40)
    for path, method in ((f"/api/v1/runs/{run_id}", "PATCH"), (f"/api/v1/jobs/{first}/priority", "POST")):
        assert client.request(method, path, json={"priority": 101}).status_code == 422
        assert client.request(method, path, json={"priority": 1, "more": 2}).status_code == 422
    assert client.post("/api/v1/jobs/999/priority", json={"priority": 1}).status_code == 404
    with read_session(engine) as session:
        trail = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(event.action, event.subject_id, event.before, event.after) for event in trail] == [
        ("run.priority", run_id, {"priority": 3}, {"priority": 40}),
        ("job.priority", second, {"priority": 40}, {"priority": -7}),
    ]
