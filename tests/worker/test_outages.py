"""A database that is away for a while: what waits for it, what goes on, and what gives up."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

import worker.supervisor as supervisor
from backend.database import read_session, write_session
from backend.jobs import queue
from backend.jobs.tables import Job, JobEvent
from backend.settings import get_settings
from backend.workers.capabilities import Capabilities
from backend.workers.repository import list_workers
from hiast.contracts.errors import Canceled
from hiast.contracts.reports import Progress
from tests.worker.database_outage import Outage
from tests.worker.service import Service, wait_for
from worker.outages import patiently
from worker.registration import leave, stay_known, worker_name
from worker.reporter import Reporter

pytestmark = pytest.mark.services
LEASE = timedelta(seconds=60)


def _claimed(service: Service) -> tuple[int, int]:
    with write_session(service.engine) as session:
        job = queue.enqueue(session, "scan_dataset", "scan")
        attempt = queue.claim(session, job.id, "worker", LEASE)
    assert attempt is not None
    return job.id, attempt


def _events(service: Service, job_id: int, kind: str) -> list[dict[str, Any]]:
    with read_session(service.engine) as session:
        query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.kind == kind)
        return [event.data for event in session.scalars(query.order_by(JobEvent.id))]


def _job(service: Service, job_id: int) -> Job:
    with read_session(service.engine) as session:
        return session.get_one(Job, job_id)


def test_a_write_waits_until_the_database_is_back_and_no_longer() -> None:
    tries: list[float] = []

    def _away() -> int:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise OperationalError("SELECT 1", {}, RuntimeError("server closed the connection"))
        return 7

    assert patiently(_away, seconds=5.0) == 7
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(OperationalError):
        patiently(_away, seconds=0.0)
    assert len(tries) == 1


def test_work_goes_on_while_the_database_is_away_and_its_curve_has_no_gap(service: Service) -> None:
    job_id, attempt = _claimed(service)
    reporter = Reporter(service.engine, job_id, attempt)
    with Outage(service.engine) as outage:
        for iteration in range(1, 6):
            if iteration == 2:
                outage.begin()
            reporter.progress(
                Progress(stage="train", done=iteration, total=9, metrics={"total": iteration})
            )
        outage.end()
        time.sleep(0.35)
        reporter.progress(Progress(stage="train", done=6, total=9, metrics={"total": 6.0}))
    assert [point["iteration"] for point in _events(service, job_id, "metrics")] == [1, 2, 3, 4, 5, 6]
    assert _job(service, job_id).done == 6


def test_a_cancel_is_heard_when_the_database_is_back(service: Service) -> None:
    job_id, attempt = _claimed(service)
    reporter = Reporter(service.engine, job_id, attempt)
    with write_session(service.engine) as session:
        queue.request_cancel(session, session.get_one(Job, job_id))
    with Outage(service.engine) as outage:
        outage.begin()
        reporter.progress(Progress(stage="train", done=1, total=9))
        outage.end()
    time.sleep(0.35)
    with pytest.raises(Canceled):
        reporter.progress(Progress(stage="train", done=2, total=9))


def test_a_job_gives_up_when_the_database_stays_away_longer_than_its_lease(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, attempt = _claimed(service)
    monkeypatch.setattr(get_settings(), "lease_seconds", 0.5)
    reporter = Reporter(service.engine, job_id, attempt)
    with Outage(service.engine) as outage:
        outage.begin()
        time.sleep(0.6)
        with pytest.raises(OperationalError):
            reporter.progress(Progress(stage="train", done=1, total=9))


PRINTING = (
    "import time\nfor n in range(12): print('line', n, flush=True); time.sleep(0.1)\nraise SystemExit(3)"
)


def _run_program(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the supervisor start this instead of a job."""
    real = supervisor.subprocess.Popen

    def _start(_command: object, **options: Any) -> Any:
        return real([sys.executable, "-c", program], **options)

    monkeypatch.setattr(supervisor.subprocess, "Popen", _start)


def test_a_supervised_job_outlasts_an_outage_with_its_whole_log(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, attempt = _claimed(service)
    _run_program(monkeypatch, PRINTING)
    with Outage(service.engine) as outage:
        outage.begin_for(seconds=2.0)
        supervisor.supervise(service.engine, job_id, attempt, claimed_at=time.monotonic())
    lines = [data["line"] for data in _events(service, job_id, "log")]
    assert lines == [f"line {n}" for n in range(12)]
    job = _job(service, job_id)
    assert (job.state, job.attempt) == ("failed", 1)
    assert "exit code 3" in (job.error or "")


SLEEPING = "import time; time.sleep(600)"


def test_a_job_is_stopped_before_its_lease_can_have_run_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database stays away; when it is back, another attempt may run, and this one does not any more."""
    job_id, attempt = _claimed(service)
    monkeypatch.setattr(get_settings(), "lease_seconds", 3.0)
    _run_program(monkeypatch, SLEEPING)
    started = time.monotonic()
    with Outage(service.engine) as outage:
        outage.begin_for(seconds=4.0)
        supervisor.supervise(service.engine, job_id, attempt, claimed_at=started)
    job = _job(service, job_id)
    assert (job.state, job.attempt) == ("queued", 1)
    assert "database was away" in job.message


def test_the_wait_for_the_lock_is_no_silence(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer has the job's row for longer than a job may go without a heartbeat."""
    job_id, attempt = _claimed(service)
    monkeypatch.setattr(get_settings(), "lease_seconds", 3.0)
    monkeypatch.setattr(get_settings(), "heartbeat_seconds", 0.1)
    _run_program(monkeypatch, "import time; time.sleep(3.5); raise SystemExit(3)")
    held = Event()

    def _hold() -> None:
        with write_session(service.engine) as session:
            queue.fenced(session, job_id, attempt)
            held.set()
            time.sleep(2.7)

    holder = Thread(target=_hold)
    holder.start()
    held.wait()
    supervisor.supervise(service.engine, job_id, attempt, claimed_at=time.monotonic())
    holder.join()
    job = _job(service, job_id)
    assert (job.state, job.attempt) == ("failed", 1)
    assert "exit code 3" in (job.error or "")


def test_an_attempt_whose_job_was_given_to_another_is_killed_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, attempt = _claimed(service)
    _run_program(monkeypatch, SLEEPING)
    with write_session(service.engine) as session:
        queue.release(session, session.get_one(Job, job_id), "")
        session.flush()
        assert queue.claim(session, job_id, "another", LEASE) == 2
    supervisor.supervise(service.engine, job_id, attempt, claimed_at=time.monotonic())
    job = _job(service, job_id)
    assert (job.state, job.attempt, job.worker) == ("running", 2, "another")


def test_a_worker_takes_jobs_until_there_is_none_it_can_run(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run_program(monkeypatch, "pass")
    with write_session(service.engine) as session:
        mine = [queue.enqueue(session, "scan_dataset", "scan").id for _ in range(3)]
        others = queue.enqueue(session, "scan_dataset", "scan", needs=Capabilities(gpus=1)).id
    supervisor.work(service.engine, Capabilities())
    assert {_job(service, job_id).attempt for job_id in mine} == {1}
    assert _job(service, others).state == "queued"
    monkeypatch.setattr(supervisor.celery_state, "should_stop", 0)
    supervisor.work(service.engine, Capabilities(gpus=1))
    assert _job(service, others).state == "queued"


def test_a_worker_is_known_from_its_start_to_its_end(service: Service) -> None:
    def _known() -> list[tuple[str, int]]:
        with read_session(service.engine) as session:
            return [(worker.name, worker.gpus) for worker in list_workers(session)]

    stop = Event()
    try:
        with Outage(service.engine) as outage:
            outage.begin()
            stay_known(service.engine, Capabilities(2, 40.0), 0.05, stop)
            time.sleep(0.3)
            outage.end()
            name, gpus = wait_for("the worker to be known", _known)[0]
    finally:
        stop.set()
    assert (name, gpus) == (worker_name(), 2)
    time.sleep(0.3)
    leave(service.engine)
    assert _known() == []
