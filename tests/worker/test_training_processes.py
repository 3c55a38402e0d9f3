"""A training shared by two gloo processes, as the service runs it: results, cancel, stop, death."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from backend.database import read_session, write_session
from backend.jobs.tables import Job, JobEvent
from backend.runs import service as runs
from tests.worker.service import Service, wait_for

# Processes are what is tested here; tests/backend/jobs has the protocol on both databases.
pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
TOGETHER: dict[str, Any] = {"compute__processes": 2, "compute__device": "cpu"}
LONG: dict[str, Any] = {**TOGETHER, "training__iterations": 3000, "compute__checkpoint_every": 5000}


@pytest.fixture
def streets(service: Service) -> Service:
    service.start_worker()
    service.add_streets("source", "source", 4)
    service.add_streets("target", "target", 4)
    return service


def _curve(service: Service, run_id: int) -> list[dict[str, float]]:
    job = service.jobs(run_id)[-1]
    assert job.kind == "train_round"
    with read_session(service.engine) as session:
        events = session.scalars(
            select(JobEvent)
            .where(JobEvent.job_id == job.id, JobEvent.kind == "metrics")
            .order_by(JobEvent.id)
        )
        return [event.data["metrics"] for event in events]


def _training(service: Service) -> tuple[int, Job, list[int]]:
    """A long training on two processes: run, job, and the processes (torchrun, then the two)."""
    run_id = service.start_run("long", **LONG)
    job = service.wait_for_job(run_id, "train_round", done=3)
    processes = service.job_processes()
    assert len(processes) == 3
    return run_id, job, processes


def _all_gone(service: Service, processes: list[int]) -> None:
    wait_for("all processes to be gone", lambda: not set(processes) & set(service.job_processes()), 30)


def test_two_processes_report_the_losses_of_one(streets: Service) -> None:
    one, two = streets.start_run("one"), streets.start_run("two", **TOGETHER)
    for run_id in (one, two):
        streets.wait_for_run(run_id)
    curves = [_curve(streets, run_id) for run_id in (one, two)]
    assert [len(curve) for curve in curves] == [4, 4]
    for name in ("seg", "kld", "entropy", "consistency", "total"):
        left, right = ([point[name] for point in curve] for curve in curves)
        assert left[0] > 0
        np.testing.assert_allclose(left, right, rtol=2e-4, err_msg=name)


def test_a_cancel_ends_all_processes_and_a_retry_goes_on(streets: Service) -> None:
    run_id, job, processes = _training(streets)
    with write_session(streets.engine) as session:
        runs.cancel(session, run_id, "ann")
    streets.wait_for_run(run_id, "canceled")
    _all_gone(streets, processes)
    done = streets.jobs(run_id)[-1].done
    assert 3 <= done < 3000
    with write_session(streets.engine) as session:
        runs.advance(session, run_id, "ann")
    again = streets.wait_for_job(run_id, "train_round", done=done + 1)
    assert (again.id, again.attempt) == (job.id, 2)
    # Checkpoints are far apart: only a state stored at the cancel lets it begin behind `done`.
    first = [event.data["iteration"] for event in _metrics(streets, job.id, attempt=2)][0]
    assert first > done - 2


def _metrics(service: Service, job_id: int, attempt: int) -> list[JobEvent]:
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.attempt == attempt)
    with read_session(service.engine) as session:
        return list(session.scalars(query.where(JobEvent.kind == "metrics").order_by(JobEvent.id)))


def test_a_worker_that_stops_leaves_a_state_to_go_on_from(streets: Service) -> None:
    run_id, job, processes = _training(streets)
    streets.workers[0].send_signal(signal.SIGTERM)
    assert streets.workers[0].wait(60) == 0
    assert streets.job_processes() == []
    stopped = streets.jobs(run_id)[-1]
    assert (stopped.state, stopped.message) == ("queued", "its worker stopped; queued again")
    done = stopped.done
    streets.start_worker()
    streets.wait_for_job(run_id, "train_round", done=done + 1)
    assert _metrics(streets, job.id, attempt=2)[0].data["iteration"] > done - 2


@pytest.mark.parametrize("victim", [1, 2])
def test_a_killed_process_fails_the_job_with_a_sentence(streets: Service, victim: int) -> None:
    run_id, _, processes = _training(streets)
    os.kill(processes[victim], signal.SIGKILL)
    run = streets.wait_for_run(run_id, "failed")
    assert run.error is not None
    assert "of 2 was killed (SIGKILL)" in run.error
    assert "retry" in run.error
    _all_gone(streets, processes)


def test_nothing_survives_a_killed_worker(streets: Service) -> None:
    _, _, processes = _training(streets)
    streets.workers[0].kill()
    _all_gone(streets, processes)


def test_nothing_survives_a_killed_torchrun(streets: Service) -> None:
    run_id, _, processes = _training(streets)
    os.kill(processes[0], signal.SIGKILL)
    assert "SIGKILL" in (streets.wait_for_run(run_id, "failed").error or "")
    _all_gone(streets, processes)
