"""Exports over HTTP: asked for, downloaded in pieces, deleted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import Engine

from backend.artifacts import export_key
from backend.database import write_session
from backend.exports.schemas import FormatName
from backend.exports.tables import Export
from backend.jobs import queue
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from hiast.contracts.reports import LabelSetReport
from hiast.exports import EXPORT_FILE, FORMATS
from tests.backend.reviews.conftest import ClientOf, client_of, origin
from tests.backend.reviews.seeded_round import LABELS, add_round

__all__ = ["client_of", "origin"]
LABEL_SET = LabelSetReport(
    images=LABELS,
    thresholds=[0.5, 0.5],
    class_values=[0.5, 0.5],
    hard_classes=[],
    sampling_probabilities=[0.0, 0.0],
    kept_share=0.2,
    class_kept_pixels=[160, 0],
    class_predicted_pixels=[400, 400],
)


@pytest.fixture
def round_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    round_id = add_round(engine)
    with write_session(engine) as session:
        session.get_one(Round, round_id).label_set = LABEL_SET
    return round_id


def _make(engine: Engine, artifacts: Path, content: bytes) -> None:
    """What the worker does."""
    with write_session(engine) as session:
        export = session.get_one(Export, 1)
        folder = artifacts / export_key(1, export.id, export.created_at)
        folder.mkdir(parents=True)
        (folder / EXPORT_FILE).write_bytes(content)
        export.labels, export.bytes = LABELS, len(content)
        export.sha256 = hashlib.sha256(content).hexdigest()
        queue.finish(session, session.get_one(Job, export.job_id), "succeeded")


def test_an_export_is_asked_for_downloaded_and_deleted(
    client_of: ClientOf, engine: Engine, round_id: int, tmp_path: Path
) -> None:
    client = client_of("ann")
    answer = client.post(f"/rounds/{round_id}/exports", json={"format": "fiftyone"})
    assert answer.status_code == 202
    assert answer.json()["ids"] == "class id + 1, 0 = ignored"
    assert answer.json()["job"]["state"] == "queued"
    pending = client.get("/exports/1/file")
    assert pending.status_code == 409
    assert "job 1 is queued" in pending.json()["detail"]
    assert client.delete("/exports/1").status_code == 409

    content = bytes(range(256)) * 40
    _make(engine, tmp_path / "artifacts", content)
    whole = client.get("/exports/1/file")
    assert whole.content == content
    assert 'filename="run-1-round-1-fiftyone.zip"' in whole.headers["Content-Disposition"]
    part = client.get("/exports/1/file", headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, content[100:300])
    (listed,) = client.get(f"/rounds/{round_id}/exports").json()
    assert (listed["labels"], listed["bytes"], listed["person"]) == (LABELS, len(content), "ann")

    assert client.delete("/exports/1").status_code == 204
    assert client.get("/exports/1/file").status_code == 404
    assert client.get(f"/rounds/{round_id}/exports").json() == []
    assert not list((tmp_path / "artifacts").rglob(EXPORT_FILE))


def test_what_cannot_be_exported_is_refused(client_of: ClientOf, engine: Engine, round_id: int) -> None:
    client = client_of("ann")
    other = client.post(f"/rounds/{round_id}/exports", json={"format": "cityscapes"})
    assert other.status_code == 422
    assert "class space 'two' is not that of Cityscapes" in other.json()["detail"]
    assert client.post(f"/rounds/{round_id}/exports", json={"format": "voc"}).status_code == 422
    with write_session(engine) as session:
        session.get_one(Round, round_id).label_set = None
    early = client.post(f"/rounds/{round_id}/exports", json={"format": "ids"})
    assert early.status_code == 409
    assert "is not completely labelled" in early.json()["detail"]
    assert client.get(f"/rounds/{round_id}/exports").json() == []


def test_every_format_can_be_asked_for() -> None:
    assert list(get_args(FormatName)) == [known.name for known in FORMATS]
