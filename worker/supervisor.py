"""Watches one job: claims it, runs it in a fresh process group, keeps its lease, ends it when asked.

A fresh process, because a Celery child may not have DataLoader workers of its own and torch hangs
after a fork; and because it alone gives back all GPU memory and can really be killed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Final

import structlog
from celery.worker import state as celery_state
from sqlalchemy import Engine
from structlog.contextvars import bind_contextvars, clear_contextvars

from backend.database import read_session, write_session
from backend.jobs import queue, reports
from backend.jobs.repository import get_job
from backend.settings import get_settings

GRACE_SECONDS: Final = 20.0
"""How long a job process may take to stop by itself before it is killed."""
EXIT_REPORTED: Final = 0
"""The job process has told the database how it ended."""
EXIT_STOPPED: Final = 75
"""The job process stopped because it got SIGTERM; its job is not finished."""
log = structlog.get_logger()


def worker_name() -> str:
    """This worker, as people see it."""
    device = os.environ.get("CUDA_VISIBLE_DEVICES")
    return f"{socket.gethostname()}:{os.getpid()}" + (f" (GPU {device})" if device else "")


def supervise(engine: Engine, job_id: int) -> None:
    """Claim and run a job to its end. Returns at once when there is nothing to claim."""
    lease = timedelta(seconds=get_settings().lease_seconds)
    with write_session(engine) as session:
        attempt = queue.claim(session, job_id, worker_name(), lease)
        run_id = get_job(session, job_id).run_id if attempt is not None else None
    if attempt is None:
        return
    # The thread is used again for the next job.
    clear_contextvars()
    bind_contextvars(job_id=job_id, run_id=run_id, attempt=attempt)
    log.info("job.claimed", job_id=job_id, attempt=attempt)
    process = _start_process(job_id, attempt)
    last_lines = _keep_output(engine, process, job_id, attempt)
    try:
        _watch(engine, process, job_id, attempt, lease)
        _settle(engine, process, job_id, attempt, last_lines)
    except queue.FencedError:
        log.warning("job.fenced", job_id=job_id, attempt=attempt)
    finally:
        _kill(process)
    log.info("job.left", job_id=job_id, attempt=attempt, exit_code=process.returncode)


def _start_process(job_id: int, attempt: int) -> subprocess.Popen[str]:
    threads = str(get_settings().job_threads or os.cpu_count() or 1)
    return subprocess.Popen(
        [sys.executable, "-m", "worker.job_process", str(job_id), str(attempt), str(os.getpid())],
        env={**os.environ, "OMP_NUM_THREADS": threads, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _keep_output(
    engine: Engine, process: subprocess.Popen[str], job_id: int, attempt: int
) -> tuple[threading.Thread, list[str]]:
    """Store what the process prints as its log; also returns the lines, for the failure sentence."""
    lines: list[str] = []

    def _read() -> None:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            try:
                with write_session(engine) as session:
                    reports.report_log(session, job_id, attempt, line.rstrip()[:4000])
            except queue.FencedError:
                # Printed after the job had ended: the database refuses it, our own log keeps it.
                log.info("job.late_output", job_id=job_id, attempt=attempt, line=line.rstrip())

    thread = threading.Thread(target=_read, name=f"job-{job_id}-output", daemon=True)
    thread.start()
    return thread, lines


def _watch(
    engine: Engine, process: subprocess.Popen[str], job_id: int, attempt: int, lease: timedelta
) -> None:
    """Until the process ends: renew the lease, pass on a cancel or the worker's own end."""
    settings = get_settings()
    next_heartbeat = time.monotonic() + settings.heartbeat_seconds
    terminated_at: float | None = None
    while process.poll() is None:
        time.sleep(settings.poll_seconds)
        with read_session(engine) as session:
            state = get_job(session, job_id).state
        # A canceling job notices the flag itself at its next batch; TERM reaches it between batches.
        stopping = celery_state.should_stop is not None or celery_state.should_terminate is not None
        if (stopping or state == "canceling") and terminated_at is None:
            terminated_at = time.monotonic()
            _signal(process, signal.SIGTERM)
        if terminated_at is not None and time.monotonic() - terminated_at > GRACE_SECONDS:
            _kill(process)
        if time.monotonic() >= next_heartbeat:
            next_heartbeat = time.monotonic() + settings.heartbeat_seconds
            with write_session(engine) as session:
                queue.renew_lease(session, job_id, attempt, lease)


def _settle(
    engine: Engine,
    process: subprocess.Popen[str],
    job_id: int,
    attempt: int,
    output: tuple[threading.Thread, list[str]],
) -> None:
    """Record how the process ended, unless it has done so itself."""
    thread, lines = output
    thread.join(timeout=5.0)
    if process.returncode == EXIT_REPORTED:
        return
    with write_session(engine) as session:
        job = queue.fenced(session, job_id, attempt)
        if job.state == "canceling":
            reports.cancel(session, job_id, attempt)
        elif process.returncode == EXIT_STOPPED or celery_state.should_stop is not None:
            queue.release(session, job, "its worker stopped; queued again")
        else:
            reports.fail(session, job_id, attempt, _death_sentence(process.returncode, lines))


def _death_sentence(exit_code: int, lines: list[str]) -> str:
    if exit_code == -signal.SIGKILL:
        return (
            "The job process was killed (SIGKILL), most likely because the machine ran out of memory. "
            "Use a smaller batch or crop, or close other programs, and retry."
        )
    last = next((line for line in reversed(lines) if line.strip()), "it printed nothing")
    return f"The job process ended unexpectedly (exit code {exit_code}): {last}. Its log has more; retry."


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        # It ended between our look and the signal.
        return


def _kill(process: subprocess.Popen[str]) -> None:
    """End the whole process group, children included."""
    _signal(process, signal.SIGKILL)
    process.wait()
