"""The bundle of a round as the API gives it, against the files a worker has written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from backend.artifacts import labels_key, round_key
from backend.database import read_session
from backend.labels.tables import Label
from backend.main import create_app
from hiast.bundles import read_bundle, replay_labels, verify_labels
from hiast.contracts.step_files import TEACHER_FILE
from tests.worker.service import Service

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def _silent(_progress: object) -> None:
    pass


def test_the_bundle_of_a_round_proves_its_labels(service: Service, tmp_path: Path) -> None:
    service.start_worker()
    service.add_streets("source", "source", 4)
    service.add_streets("target", "target", 5)
    run_id = service.start_run(rounds=2, review=True)
    service.wait_for_run(run_id, "waiting_for_review")
    service.advance(run_id)
    service.wait_for_run(run_id, "running")
    service.wait_for_run(run_id, "waiting_for_review")
    client = TestClient(create_app(), client=("127.0.0.1", 50_000))
    with read_session(service.engine) as session:
        second = session.scalars(select(Label).where(Label.round_id == 2).order_by(Label.position)).all()
        names, first_id = [label.name for label in second], second[0].id
    client.post(
        f"/api/v1/labels/{first_id}/review", json={"decision": "reject"}, headers={"If-Match": '"1"'}
    ).raise_for_status()
    client.put(
        f"/api/v1/labels/{second[1].id}/vetoes", json={"classes": [0]}, headers={"If-Match": '"1"'}
    ).raise_for_status()
    answer = client.get("/api/v1/rounds/2/bundle")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "round 2.zip" in answer.headers["content-disposition"].replace("%20", " ")
    path = tmp_path / "round.zip"
    path.write_bytes(answer.content)
    bundle = read_bundle(path, tmp_path / "counts")
    assert [report.name for report in bundle.labels] == names
    assert bundle.rejected == names[:1]
    assert [(row.name, row.vetoed_classes) for row in bundle.decisions.labels] in ([(names[1], [0])], [])
    teacher = service.home / "artifacts" / round_key(run_id, 1) / TEACHER_FILE
    assert bundle.network_sha256 == hashlib.sha256(teacher.read_bytes()).hexdigest()
    labels = service.home / "artifacts" / labels_key(run_id, 2)
    assert verify_labels(path, labels, _silent) == 5
    assert replay_labels(path, labels, tmp_path / "again", _silent) == 5
    assert client.get("/api/v1/rounds/9/bundle").status_code == 404
