"""The audit trail over HTTP: who did what, in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from backend.audit.service import record
from backend.database import write_session
from tests.backend.auth.conftest import People, app, client, people

__all__ = ["app", "client", "people"]
Client = Callable[..., TestClient]


def _trail(client: Client, **filters: Any) -> list[Any]:
    answer = client(here=True).get("/api/v1/audit", params=filters)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def test_what_is_done_with_a_data_set_is_on_record(client: Client, tmp_path: Path) -> None:
    local = client(here=True)
    spec = {"kind": "folder", "root": str(tmp_path)}
    made = local.post("/api/v1/datasets", json={"name": "d", "spec": spec}).json()
    job = made["scan_job_id"]
    assert local.post(f"/api/v1/jobs/{job}/cancel").status_code == 202
    assert local.post(f"/api/v1/jobs/{job}/retry").status_code == 202
    assert local.delete(f"/api/v1/datasets/{made['id']}").status_code == 204
    told = [(event["action"], event["before"], event["after"]) for event in reversed(_trail(client))]
    named = {"name": "d", "kind": "folder", "root": str(tmp_path)}
    assert told == [
        ("dataset.register", None, named),
        ("job.cancel", {"state": "queued"}, {"state": "canceled"}),
        ("job.retry", {"state": "canceled", "error": None}, {"state": "queued"}),
        ("dataset.forget", named, None),
    ]
    assert {event["person"] for event in _trail(client)} == {"local"}


def test_what_was_refused_is_not_on_record(client: Client, tmp_path: Path) -> None:
    spec = {"kind": "folder", "root": str(tmp_path / "missing")}
    answer = client(here=True).post("/api/v1/datasets", json={"name": "d", "spec": spec})
    assert answer.status_code == 422
    assert client(here=True).post("/api/v1/jobs/999/cancel").status_code == 404
    assert _trail(client) == []


def test_the_trail_is_filtered_and_goes_page_by_page(client: Client, people: People) -> None:
    with write_session(people.engine) as session:
        for index in range(5):
            record(session, "ada" if index % 2 else "bob", "run.start", "run", index)
        record(session, "ada", "sign_in", "user", 1, after={"client": "<b>"})
    assert [event["subject_id"] for event in _trail(client, person="bob")] == [4, 2, 0]
    assert [event["person"] for event in _trail(client, action="sign_in")] == ["ada"]
    assert [event["person"] for event in _trail(client, subject_kind="run", subject_id=3)] == ["ada"]
    seen, cursor = [], None
    while True:
        page = client(here=True).get("/api/v1/audit", params={"limit": 4, "cursor": cursor or None}).json()
        seen += [event["id"] for event in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1]
    assert page["total"] == 6
