"""Takes jobs from the queue and watches each: runs it in a fresh process group, keeps its lease, ends it
when asked.

A fresh process, because a Celery child may not have DataLoader workers of its own and torch hangs
after a fork; and because it alone gives back all GPU memory and can really be killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Final

import structlog
from celery.worker import state as celery_state
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from structlog.contextvars import bind_contextvars, clear_contextvars

from backend.database import read_session
from backend.jobs import queue, reports
from backend.jobs.tables import Job
from backend.settings import get_settings
from backend.workers.capabilities import Capabilities
from worker.outages import AWAY, write_patiently
from worker.output import Output
from worker.registration import worker_name

EXIT_REPORTED: Final = 0
"""The job process has told the database how it ended."""
EXIT_STOPPED: Final = 75
"""The job process stopped because it got SIGTERM; its job is not finished."""
log = structlog.get_logger()


def work(engine: Engine, has: Capabilities) -> None:
    """Claim and run jobs, the best first, until there is none that this worker can run, or it stops."""
    seconds = get_settings().lease_seconds
    lease, name = timedelta(seconds=seconds), worker_name()
    while not _stopping():
        claimed_at = time.monotonic()
        claimed = write_patiently(
            engine, lambda session: _claim(session, name, has, lease), seconds=seconds
        )
        if claimed is None:
            return
        job_id, attempt, run_id = claimed
        # The thread is used again for the next job.
        clear_contextvars()
        bind_contextvars(job_id=job_id, run_id=run_id, attempt=attempt)
        supervise(engine, job_id, attempt, claimed_at=claimed_at)


def _claim(
    session: Session, name: str, has: Capabilities, lease: timedelta
) -> tuple[int, int, int | None] | None:
    """Id, attempt and run of the job that is now this worker's; None: there is none for it."""
    claimed = queue.claim_next(session, name, has, lease)
    return (*claimed, session.get_one(Job, claimed[0]).run_id) if claimed else None


def _stopping() -> bool:
    return celery_state.should_stop is not None or celery_state.should_terminate is not None


def supervise(engine: Engine, job_id: int, attempt: int, *, claimed_at: float) -> None:
    """Run a claimed job to its end. claimed_at: the monotonic clock just before it was claimed."""
    log.info("job.claimed", job_id=job_id, attempt=attempt)
    watch = _Watch(engine, _start_process(job_id, attempt), job_id, attempt, claimed_at)
    output = Output(engine, watch.process, job_id, attempt)
    try:
        watch.until_it_ends()
        output.wait(5.0)
        _settle(watch, output)
    except queue.FencedError:
        log.warning("job.fenced", job_id=job_id, attempt=attempt)
    finally:
        watch.kill()
    log.info("job.left", job_id=job_id, attempt=attempt, exit_code=watch.process.returncode)


def _start_process(job_id: int, attempt: int) -> subprocess.Popen[str]:
    threads = str(get_settings().job_threads or os.cpu_count() or 1)
    return subprocess.Popen(
        [sys.executable, "-m", "worker.job_process", str(job_id), str(attempt), str(os.getpid())],
        # nvidia-smi counts GPUs along the bus; so must CUDA, or their memory would be another's.
        env={
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
            **os.environ,
            "OMP_NUM_THREADS": threads,
            "PYTHONUNBUFFERED": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


class _Watch:
    """One attempt's process group and its lease.

    While the database is away nobody knows whether the lease still holds, so it is kept by a clock that
    nobody can set: after two thirds of its time without a renewal the process is asked to stop, and
    before its end it is killed. When another worker may start the job, this one has left it.
    """

    def __init__(
        self, engine: Engine, process: subprocess.Popen[str], job_id: int, attempt: int, claimed_at: float
    ) -> None:
        self.engine, self.process, self.job_id, self.attempt = engine, process, job_id, attempt
        self.lease = get_settings().lease_seconds
        self.renewed_at = claimed_at
        self.lost_lease = False
        self._terminated_at: float | None = None

    def until_it_ends(self) -> None:
        """Renew the lease, pass on a cancel or the worker's own end, until the process has ended.

        Raises FencedError when the job belongs to another attempt by now.
        """
        settings = get_settings()
        while self.process.poll() is None:
            time.sleep(settings.poll_seconds)
            canceling = False
            try:
                canceling = self._is_canceling()
                if time.monotonic() - self.renewed_at >= settings.heartbeat_seconds:
                    self._renew()
            except AWAY as error:
                log.warning("database.away", job_id=self.job_id, error=str(error.orig))
            silence = time.monotonic() - self.renewed_at
            self.lost_lease = self.lost_lease or silence > self.lease * 2 / 3
            # A canceling job notices the flag itself at its next batch; TERM reaches it between batches.
            if (_stopping() or canceling or self.lost_lease) and self._terminated_at is None:
                self._terminated_at = time.monotonic()
                self._signal(signal.SIGTERM)
            too_slow = time.monotonic() - (self._terminated_at or time.monotonic()) > settings.grace_seconds
            if too_slow or silence > self.lease * 5 / 6:
                self.kill()

    def _is_canceling(self) -> bool:
        with read_session(self.engine) as session:
            job = session.get(Job, self.job_id)
        if job is None or job.attempt != self.attempt or job.state == "queued":
            raise queue.FencedError(f"job {self.job_id} attempt {self.attempt} was given to another")
        return job.state == "canceling"

    def _renew(self) -> None:
        def _write(session: Session) -> float:
            # The wait for the lock is over here, and did not count: the lease is written behind it.
            queue.fenced(session, self.job_id, self.attempt)
            before = time.monotonic()
            queue.renew_lease(session, self.job_id, self.attempt, timedelta(seconds=self.lease))
            return before

        self.renewed_at = write_patiently(self.engine, _write, seconds=0.0)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            # It ended between our look and the signal.
            return

    def kill(self) -> None:
        """End the whole process group, children included."""
        self._signal(signal.SIGKILL)
        self.process.wait()


def _settle(watch: _Watch, output: Output) -> None:
    """Record how the process ended, unless it has done so itself."""
    exit_code, job_id, attempt = watch.process.returncode, watch.job_id, watch.attempt
    if exit_code == EXIT_REPORTED:
        return
    if watch.lost_lease:
        reason = "the database was away for almost the time of a lease; queued again"
    elif exit_code == EXIT_STOPPED or _stopping():
        reason = "its worker stopped; queued again"
    else:
        reason = ""
    write_patiently(
        watch.engine,
        lambda session: (
            reports.give_back(session, job_id, attempt, reason)
            if reason
            else reports.fail(session, job_id, attempt, output.death_sentence())
        ),
        seconds=watch.lease,
    )
