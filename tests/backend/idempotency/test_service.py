"""A repeated request does nothing twice and is answered as the first one was, on both databases."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select

from backend.database import now, read_session, write_session
from backend.idempotency.service import forget_old_keys, once
from backend.idempotency.tables import IdempotentRequest
from backend.jobs.tables import Job
from benchmarks.reviewable_round import make_round

pytestmark = pytest.mark.services
AT_ONCE = 6


def _engine(client: TestClient) -> Engine:
    engine: Engine = client.app.state.engine  # type: ignore[attr-defined]
    return engine


def _count(engine: Engine, table: Any) -> int:
    with read_session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _at_once(client: TestClient, path: str, body: Any, key: str) -> list[httpx.Response]:
    """The same request from several threads at the same moment."""
    together = threading.Barrier(AT_ONCE)

    def _send(_: int) -> httpx.Response:
        together.wait()
        return client.post(path, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(_send, range(AT_ONCE)))


@pytest.fixture
def reviewing(client: TestClient, tmp_path: Path) -> int:
    """Id of a round that waits for review."""
    round_id, _ = make_round(_engine(client), tmp_path / "artifacts", tmp_path / "photos")
    return round_id


@pytest.fixture
def body(tmp_path: Path) -> dict[str, Any]:
    return {"name": "d", "spec": {"kind": "folder", "root": str(tmp_path)}}


@pytest.fixture
def slow_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    """So slow that requests sent together all arrive before the first is done."""
    from backend.datasets import service

    original = service.register

    def _slow(*arguments: Any) -> Any:
        time.sleep(0.3)
        return original(*arguments)

    monkeypatch.setattr(service, "register", _slow)


@pytest.mark.usefixtures("slow_registration")
def test_requests_with_one_key_at_once_get_the_answer_of_the_first(
    client: TestClient, body: dict[str, Any], wake_ups: list[int]
) -> None:
    answers = _at_once(client, "/api/v1/datasets", body, "once")
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert _count(_engine(client), Job) == 1
    assert len(wake_ups) == 1


def test_a_round_is_approved_once_however_often_it_is_asked(client: TestClient, reviewing: int) -> None:
    path = f"/api/v1/rounds/{reviewing}/approve"
    answers = _at_once(client, path, None, "approve")
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert _count(_engine(client), Job) == 1
    again = client.post(path, headers={"Idempotency-Key": "approve"})
    assert (again.status_code, again.json()) == (202, answers[0].json())
    assert client.post(path).status_code == 409
    assert client.post(path, headers={"Idempotency-Key": "another"}).status_code == 409


def test_a_failed_job_is_retried_once(client: TestClient, body: dict[str, Any]) -> None:
    dataset = client.post("/api/v1/datasets", json=body).json()
    job_id = dataset["scan_job_id"]
    assert client.post(f"/api/v1/jobs/{job_id}/cancel").json()["state"] == "canceled"
    for _ in range(2):
        answer = client.post(f"/api/v1/jobs/{job_id}/retry", headers={"Idempotency-Key": "again"})
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert client.post(f"/api/v1/jobs/{job_id}/retry").status_code == 409

    client.post(f"/api/v1/jobs/{job_id}/cancel")
    path = f"/api/v1/datasets/{dataset['id']}/scan"
    scans = [client.post(path, headers={"Idempotency-Key": "scan"}).json()["id"] for _ in range(2)]
    assert scans[0] == scans[1] != job_id
    assert client.post(path).status_code == 409


def test_a_run_is_moved_on_once(client: TestClient, reviewing: int) -> None:
    run_id = client.get(f"/api/v1/rounds/{reviewing}").json()["run_id"]
    for _ in range(2):
        answer = client.post(f"/api/v1/runs/{run_id}/advance", headers={"Idempotency-Key": "on"})
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert client.post(f"/api/v1/runs/{run_id}/advance").status_code == 409


def test_a_key_cannot_be_used_for_something_else(client: TestClient, body: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "mine"}
    made = client.post("/api/v1/datasets", json=body, headers=headers).json()
    other = client.post("/api/v1/datasets", json={**body, "name": "other"}, headers=headers)
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")
    assert "mine" in other.json()["detail"]
    assert "dataset.register" in other.json()["detail"]
    scan = client.post(f"/api/v1/datasets/{made['id']}/scan", headers=headers)
    assert scan.status_code == 409
    assert client.get("/api/v1/datasets").json()["total"] == 1


def test_a_request_that_failed_does_not_use_up_its_key(client: TestClient, body: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "later"}
    wrong = {**body, "spec": {"kind": "folder", "root": "/no/such/directory"}}
    assert client.post("/api/v1/datasets", json=wrong, headers=headers).status_code == 422
    assert client.post("/api/v1/datasets", json=body, headers=headers).status_code == 202


def test_keys_belong_to_one_person_and_are_kept_for_seven_days(engine: Engine) -> None:
    with write_session(engine) as session:
        assert once(session, "ann", "k", "do", "a", lambda: 1) == 1
        assert once(session, "ben", "k", "do", "b", lambda: 2) == 2
        assert once(session, "ann", "k", "do", "a", lambda: 3) == 1
    assert forget_old_keys(engine) == 0
    with write_session(engine) as session:
        ann = session.scalars(select(IdempotentRequest).where(IdempotentRequest.person == "ann")).one()
        ann.created_at = now() - timedelta(days=7, seconds=1)
    assert forget_old_keys(engine) == 1
    with write_session(engine) as session:
        assert once(session, "ann", "k", "do", "other", lambda: 4) == 4
        assert once(session, "ben", "k", "do", "b", lambda: 5) == 2
