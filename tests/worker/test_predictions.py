"""Networks of a run asked about the target images by a real worker."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from backend.artifacts import labels_key, open_store
from backend.database import read_session, write_session
from backend.doctor import find_problems
from backend.errors import ConflictError
from backend.jobs import service as jobs
from backend.jobs.tables import Job
from backend.labels.tables import Label
from backend.predictions import service as predictions
from hiast.contracts.errors import NotFoundError
from hiast.data.label_files import read_codes, read_prediction
from hiast.data.measurement_files import read_measurement
from tests.worker.service import Service, wait_for

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
IMAGES = 6


@pytest.fixture
def run_id(service: Service) -> int:
    """A finished run of two rounds."""
    service.start_worker()
    service.add_streets("source", "source", 4)
    service.add_streets("target", "target", IMAGES)
    run_id = service.start_run(rounds=2)
    service.wait_for_run(run_id)
    return run_id


def _ask(service: Service, run_id: int, checkpoint: str, first: str | None = None) -> int:
    with write_session(service.engine) as session:
        return predictions.ask(session, run_id, checkpoint, first, "ann").id


def _job(service: Service, job_id: int) -> Job:
    with read_session(service.engine) as session:
        return session.get_one(Job, job_id)


def _finish(service: Service, job_id: int) -> None:
    def _done() -> bool:
        job = _job(service, job_id)
        assert job.state != "failed", job.error
        return job.state == "succeeded"

    wait_for(f"job {job_id} to succeed", _done)


def _folder(service: Service, run_id: int, checkpoint: str) -> Path:
    with read_session(service.engine) as session:
        return service.home / "artifacts" / predictions.locate(session, run_id, checkpoint)


def _names(service: Service, run_id: int) -> list[str]:
    with read_session(service.engine) as session:
        query = select(Label.name).where(Label.round_id == 1).order_by(Label.name)
        assert run_id == 1
        return list(session.scalars(query))


def test_a_teacher_says_what_it_said_when_it_made_the_labels(service: Service, run_id: int) -> None:
    with read_session(service.engine) as session:
        listed = predictions.list_checkpoints(session, run_id)
    assert [row.name for row in listed] == ["warm-up", "teacher-1", "student-1", "teacher-2", "student-2"]
    assert [row.labels_round for row in listed] == [1, 2, None, None, None]
    names = _names(service, run_id)
    for checkpoint in ("teacher-1", "student-1"):
        _finish(service, _ask(service, run_id, checkpoint))
    labels = service.home / "artifacts" / labels_key(run_id, 2)
    differing = 0
    for name in names:
        prediction, codes, book = read_measurement(_folder(service, run_id, "teacher-1"), name)
        np.testing.assert_array_equal(prediction, read_prediction(labels, name))
        stored, stored_book = read_codes(labels, name)
        np.testing.assert_array_equal(codes, stored)
        assert book == stored_book
        student = read_measurement(_folder(service, run_id, "student-1"), name)[0]
        differing += int((student != prediction).sum())
    assert differing > 0
    assert service.run(run_id).state == "succeeded"
    store = open_store(
        f"file://{service.home / 'artifacts'}", cache=service.home, cache_gib=1, s3_endpoint=None
    )
    with read_session(service.engine) as session:
        assert find_problems(session, store) == []


def test_the_image_somebody_waits_for_is_first_and_work_goes_on_behind_what_is_there(
    service: Service, run_id: int
) -> None:
    first = _names(service, run_id)[-1]
    job_id = _ask(service, run_id, "student-2", first)
    assert _ask(service, run_id, "student-2", first) == job_id
    folder = _folder(service, run_id, "student-2")
    wait_for("the first image", lambda: list(folder.rglob("*.measurement")))
    assert (folder / f"{first}.measurement").exists()
    _finish(service, job_id)
    # Somebody took one away; asking again brings that one back and leaves the others as they are.
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.measurement")}
    assert len(times) == IMAGES
    (folder / f"{first}.measurement").unlink()
    again = _ask(service, run_id, "student-2")
    assert again != job_id
    _finish(service, again)
    changed = [path for path in folder.rglob("*.measurement") if path.stat().st_mtime_ns != times[path]]
    assert changed == [folder / f"{first}.measurement"]


def test_a_failure_is_the_jobs_alone(service: Service, run_id: int) -> None:
    checkpoint = service.home / "artifacts/runs" / str(run_id) / "rounds/2/teacher.safetensors"
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[:100])
    job_id = _ask(service, run_id, "teacher-2")
    wait_for("the failure", lambda: _job(service, job_id).state == "failed")
    assert "teacher.safetensors" in (_job(service, job_id).error or "")
    assert service.run(run_id).state == "succeeded"
    checkpoint.write_bytes(content)
    with write_session(service.engine) as session:
        jobs.retry(session, job_id, "ann")
    _finish(service, job_id)
    assert service.run(run_id).state == "succeeded"


def test_what_does_not_exist_is_not_asked(service: Service, run_id: int) -> None:
    with pytest.raises(NotFoundError, match=r"no checkpoint 'student-3'.*warm-up, teacher-1"):
        _ask(service, run_id, "student-3")
    with pytest.raises(NotFoundError, match="no target image 'nowhere'"):
        _ask(service, run_id, "student-1", "nowhere")
    with (
        read_session(service.engine) as session,
        pytest.raises(NotFoundError, match="the student of round 1 was not asked.*POST"),
    ):
        predictions.locate(session, run_id, "student-1")


def test_a_canceled_question_can_be_asked_again(service: Service, run_id: int) -> None:
    (worker,) = service.workers
    os.kill(worker.pid, signal.SIGSTOP)
    job_id = _ask(service, run_id, "warm-up")
    with write_session(service.engine) as session:
        jobs.cancel(session, job_id, "ann")
    state = _job(service, job_id).state
    if state == "canceling":  # the worker had it already
        with pytest.raises(ConflictError, match="still stopping"):
            _ask(service, run_id, "warm-up")
    os.kill(worker.pid, signal.SIGCONT)
    wait_for("the cancel", lambda: _job(service, job_id).state == "canceled")
    assert service.run(run_id).state == "succeeded"
    assert _ask(service, run_id, "warm-up") == job_id
    _finish(service, job_id)
