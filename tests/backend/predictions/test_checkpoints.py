"""Checkpoints and their predictions over HTTP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine

from backend.artifacts import predictions_key
from backend.database import read_session, write_session
from backend.jobs.tables import Job
from backend.labels.pixels import HEADER
from backend.predictions.tables import Prediction
from backend.rounds.tables import Round
from hiast.contracts.reports import TrainingReport
from hiast.data.label_files import decode_ids
from hiast.data.measurement_files import write_measurement
from tests.backend.reviews.conftest import ClientOf, client_of, origin
from tests.backend.reviews.seeded_round import CLASSES, SIZE, add_round

__all__ = ["client_of", "origin"]
TRAINED = TrainingReport(
    iterations=1,
    images=1,
    final_losses={},
    student_path="student.safetensors",
    teacher_path="t.safetensors",
)
PATH = "/runs/1/checkpoints"


@pytest.fixture
def round_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    return add_round(engine)


@pytest.fixture
def trained(engine: Engine, round_id: int) -> Engine:
    with write_session(engine) as session:
        session.get_one(Round, round_id).training = TRAINED
    return engine


def _write(artifacts: Path, engine: Engine, name: str) -> NDArray[np.uint8]:
    with read_session(engine) as session:
        row = session.get_one(Prediction, 1)
        key = predictions_key(row.run_id, row.checkpoint, row.created_at)
    prediction = np.tile(np.arange(SIZE, dtype=np.uint8) % 2, (SIZE, 1))
    codes = np.full((SIZE, SIZE), 1234, np.uint16)
    write_measurement(
        artifacts / key, name, prediction=prediction, codes=codes, classes=CLASSES, codebook="log12"
    )
    return prediction


def test_asking_is_a_job_and_its_answers_are_read_image_by_image(
    client_of: ClientOf, trained: Engine, tmp_path: Path
) -> None:
    ann = client_of("ann")
    listed = ann.get(PATH).json()
    assert [(row["name"], row["prediction"]) for row in listed] == [
        ("warm-up", None), ("teacher-1", None), ("student-1", None),
    ]  # fmt: skip
    unasked = ann.get(f"{PATH}/student-1/pixels", params={"image": "i0"})
    assert unasked.status_code == 404
    assert "POST /api/v1/runs/1/checkpoints/student-1/predictions" in unasked.json()["detail"]
    asked = ann.post(f"{PATH}/student-1/predictions", json={"first_image": "i0"})
    assert asked.status_code == 202
    assert (asked.json()["kind"], asked.json()["state"], asked.json()["run_id"]) == (
        "predict",
        "queued",
        None,
    )
    assert ann.get(PATH).json()[2]["prediction"]["id"] == asked.json()["id"]
    assert ann.post(f"{PATH}/student-1/predictions", json={}).json()["id"] == asked.json()["id"]
    waiting = ann.get(f"{PATH}/student-1/pixels", params={"image": "i0"})
    assert (waiting.status_code, "no prediction of 'i0' yet" in waiting.json()["detail"]) == (404, True)

    prediction = _write(tmp_path / "artifacts", trained, "i0")
    answer = ann.get(
        f"{PATH}/student-1/pixels", params={"image": "i0"}, headers={"Accept-Encoding": "identity"}
    )
    body = answer.content
    _, _, height, width, first, second, _ = HEADER.unpack_from(body)
    assert (height, width) == (SIZE, SIZE)
    start = HEADER.size
    np.testing.assert_array_equal(decode_ids(body[start : start + first], ""), prediction)
    assert not decode_ids(body[start + first : start + first + second], "").any()
    again = ann.get(
        f"{PATH}/student-1/pixels",
        params={"image": "i0"},
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("image", "words"),
    [("../../../etc/passwd", "leads out"), ("/etc/passwd", "leads out"), ("x", "no prediction")],
)
def test_no_other_file_is_read(client_of: ClientOf, trained: Engine, image: str, words: str) -> None:  # noqa: ARG001
    ann = client_of("ann")
    ann.post(f"{PATH}/warm-up/predictions", json={})
    answer = ann.get(f"{PATH}/warm-up/pixels", params={"image": image})
    assert answer.status_code in (404, 422)
    assert words in answer.json()["detail"] or answer.status_code == 422


def test_names_that_stand_for_nothing_are_refused(client_of: ClientOf, trained: Engine) -> None:
    ann = client_of("ann")
    assert ann.post(f"{PATH}/student-2/predictions", json={}).status_code == 404
    assert ann.post(f"{PATH}/anybody/predictions", json={}).status_code == 422
    assert ann.get("/runs/9/checkpoints").status_code == 404
    assert ann.post(f"{PATH}/student-1/predictions", json={"images": ["a"]}).status_code == 422
    with read_session(trained) as session:
        assert session.query(Job).filter_by(kind="predict").count() == 0


def test_one_key_asks_once(client_of: ClientOf, trained: Engine) -> None:
    ann = client_of("ann")
    headers = {"Idempotency-Key": "once"}
    ids = {
        ann.post(f"{PATH}/teacher-1/predictions", json={}, headers=headers).json()["id"] for _ in range(2)
    }
    assert len(ids) == 1
    with read_session(trained) as session:
        assert session.query(Prediction).count() == 1
