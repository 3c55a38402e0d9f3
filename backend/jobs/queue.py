"""The job protocol: enqueue, claim, lease, cancel, finish. Every change of a job's state is here.

queued → running → succeeded | failed | canceled, with canceling while a running job winds down.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.database import after_commit, now
from backend.errors import ConflictError
from backend.jobs.schemas import JobKind
from backend.jobs.tables import Job, JobEvent
from backend.jobs.wake_up import wake_worker

ACTIVE: Final = ("queued", "running", "canceling")
FINISHED: Final = ("succeeded", "failed", "canceled")


class FencedError(Exception):
    """The job now belongs to another attempt, or to nobody: the writer must stop without a trace."""


def add_event(session: Session, job: Job, kind: str, data: dict[str, Any]) -> None:
    """Append to a job's history: kind state, log or metrics."""
    session.add(JobEvent(job_id=job.id, attempt=job.attempt, kind=kind, data=data))


def _set_state(session: Session, job: Job, state: str) -> None:
    job.state = state
    if state in FINISHED:
        job.finished_at = now()
        job.lease_expires_at = None
    add_event(session, job, "state", {"state": state, "error": job.error})


def enqueue(
    session: Session,
    kind: JobKind,
    title: str,
    *,
    run_id: int | None = None,
    round_id: int | None = None,
    dataset_id: int | None = None,
    total: int = 0,
) -> Job:
    """Add a job and wake a worker once the transaction has committed."""
    job = Job(kind=kind, title=title, run_id=run_id, round_id=round_id, dataset_id=dataset_id, total=total)
    session.add(job)
    session.flush()
    _set_state(session, job, "queued")
    after_commit(session, lambda: wake_worker(job.id))
    return job


def claim(session: Session, job_id: int, worker: str, lease: timedelta) -> int | None:
    """Take a queued job: its new attempt number, or None when it is no longer to be had.

    One atomic UPDATE, so a message that arrives twice, or at two workers, starts the job once.
    """
    attempt = session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.state == "queued")
        .values(
            state="running",
            attempt=Job.attempt + 1,
            worker=worker,
            lease_expires_at=now() + lease,
            started_at=now(),
            finished_at=None,
            error=None,
            message="starting",
        )
        .returning(Job.attempt)
    )
    if attempt is not None:
        session.add(
            JobEvent(
                job_id=job_id, attempt=attempt, kind="state", data={"state": "running", "worker": worker}
            )
        )
    return attempt


def fenced(session: Session, job_id: int, attempt: int) -> Job:
    """The job, locked, if `attempt` still owns it. Raises FencedError otherwise."""
    job = session.scalar(select(Job).where(Job.id == job_id).with_for_update())
    if job is None or job.attempt != attempt or job.state not in ("running", "canceling"):
        raise FencedError(f"job {job_id} attempt {attempt} no longer owns its job")
    return job


def renew_lease(session: Session, job_id: int, attempt: int, lease: timedelta) -> None:
    """A heartbeat. Raises FencedError when the lease was lost."""
    fenced(session, job_id, attempt).lease_expires_at = now() + lease


def finish(session: Session, job: Job, state: str, error: str | None = None) -> None:
    """Set a final state. The caller tells the run what follows from it."""
    job.error = error
    job.message = ""
    if state == "succeeded":
        # Progress is written a few times a second, so the last steps may be missing.
        job.done = job.total
    _set_state(session, job, state)


def release(session: Session, job: Job, reason: str) -> None:
    """Give a running job back to the queue: its worker stops or is gone."""
    job.worker = None
    job.lease_expires_at = None
    job.message = reason
    job.woken_at = now()
    _set_state(session, job, "queued")
    after_commit(session, lambda: wake_worker(job.id))


def request_cancel(session: Session, job: Job) -> None:
    """Cancel a queued job at once; ask a running one to stop at its next batch."""
    if job.state in FINISHED:
        raise ConflictError(f"job {job.id} has already {job.state}.", remedy="There is nothing to cancel.")
    if job.state == "queued":
        finish(session, job, "canceled")
    elif job.state == "running":
        _set_state(session, job, "canceling")


def requeue(session: Session, job: Job) -> None:
    """Queue a failed or canceled job again; it goes on from what it had finished."""
    if job.state not in ("failed", "canceled"):
        raise ConflictError(
            f"job {job.id} is {job.state}.", remedy="Only a failed or canceled job can be retried."
        )
    job.error, job.finished_at = None, None
    release(session, job, "")
