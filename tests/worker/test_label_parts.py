"""Labels of one round made by two workers side by side."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.database import read_session
from backend.jobs.tables import Job
from backend.labels.tables import Label
from backend.rounds.tables import Round
from tests.worker.service import Service, wait_for

# Processes are what is tested here; tests/backend/jobs has the protocol on both databases.
pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
IMAGES = 16
# Scales, so that a look at an image takes long enough for two workers to be met at it.
SLOW = [3.0, 4.0, 5.0]


@pytest.fixture
def streets(service: Service) -> Service:
    """Two workers, and one run whose labels a single job has made."""
    for _ in range(2):
        service.start_worker()
    service.add_streets("source", "source", 4)
    service.add_streets("target", "target", IMAGES)
    return service


def _start(service: Service, name: str, **overrides: Any) -> int:
    return service.start_run(name, review=True, labelling__scales=SLOW, **overrides)


def _labels(service: Service, run_id: int) -> tuple[list[dict[str, Any]], dict[str, bytes], dict[str, Any]]:
    """Reports in order, bytes of all label files, and the report of the whole set."""
    root = service.home / "artifacts" / "runs" / str(run_id) / "rounds" / "1" / "labels"
    files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with read_session(service.engine) as session:
        round_ = session.scalars(select(Round).where(Round.run_id == run_id)).one()
        labels = session.scalars(select(Label).where(Label.round_id == round_.id).order_by(Label.position))
        assert round_.label_set is not None
        return [label.report.model_dump() for label in labels], files, round_.label_set.model_dump()


def _measurements(service: Service, run_id: int) -> Path:
    return service.home / "artifacts" / "runs" / str(run_id) / "rounds" / "1" / "measurements"


def _parts(service: Service, run_id: int) -> Sequence[Job]:
    return [job for job in service.jobs(run_id) if job.kind == "infer_labels"]


def test_two_workers_make_the_labels_of_one(streets: Service) -> None:
    whole = _start(streets, "whole")
    streets.wait_for_run(whole, "waiting_for_review")
    run_id = _start(streets, "parts", compute__label_shards=2)

    def _side_by_side() -> set[str | None]:
        running = [job.worker for job in _parts(streets, run_id) if job.state == "running"]
        return set(running) if len(running) == 2 else set()

    assert len(wait_for("both parts to run", _side_by_side)) == 2
    streets.wait_for_run(run_id, "waiting_for_review")
    reports, files, summary = _labels(streets, run_id)
    assert (len(reports), len(files)) == (IMAGES, 3 * IMAGES)
    assert (reports, files, summary) == _labels(streets, whole)
    said = _measurements(streets, run_id)
    wait_for("the measurements to be cleared away", lambda: not list(said.rglob("*.measurement")))


@pytest.mark.long
def test_a_killed_part_stops_its_sibling_and_a_retry_makes_what_is_missing(streets: Service) -> None:
    run_id = _start(streets, "killed", compute__label_shards=2)
    wait_for(
        "both parts at work",
        lambda: [job.done >= 1 and job.state == "running" for job in _parts(streets, run_id)] == [True] * 2,
    )
    processes = streets.job_processes()
    assert len(processes) == 2
    os.kill(processes[0], signal.SIGKILL)
    run = streets.wait_for_run(run_id, "failed")
    assert "SIGKILL" in (run.error or "")
    states = sorted(job.state for job in streets.jobs(run_id)[1:])
    # The sibling may be at its last image when it is asked to stop; then it has done its part.
    assert states in (["canceled", "canceled", "failed"], ["canceled", "failed", "succeeded"])
    wait_for("both processes to be gone", lambda: not streets.job_processes())
    written = list(_measurements(streets, run_id).glob("**/*.measurement"))
    assert 0 < len(written) < IMAGES
    streets.advance(run_id)
    streets.wait_for_run(run_id, "waiting_for_review")
    again = 1 + ("succeeded" not in states)
    assert sorted(job.attempt for job in _parts(streets, run_id)) == [again, 2]
    whole = _start(streets, "whole")
    streets.wait_for_run(whole, "waiting_for_review")
    assert _labels(streets, run_id) == _labels(streets, whole)
