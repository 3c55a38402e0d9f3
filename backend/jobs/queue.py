"""The job protocol: enqueue, claim, lease, cancel, finish. Every change of a job's state is here.

queued → running → succeeded | failed | canceled, with canceling while a running job winds down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import Session, aliased

from backend.database import after_commit, database_now, now
from backend.errors import ConflictError
from backend.jobs.schemas import JobKind
from backend.jobs.tables import Job, JobDependency, JobEvent
from backend.jobs.wake_up import wake_worker
from backend.workers.capabilities import Capabilities
from hiast.contracts.errors import Superseded

ACTIVE: Final = ("queued", "running", "canceling")
FINISHED: Final = ("succeeded", "failed", "canceled")
ANY: Final = Capabilities()
"""Every worker has at least this."""


class FencedError(Superseded):
    """The job now belongs to another attempt, or to nobody: the writer must stop without a trace."""


def is_ready(job: type[Job] = Job) -> ColumnElement[bool]:
    """Condition on jobs: queued, and everything they need has succeeded."""
    needed = aliased(Job)
    unfinished = exists().where(
        JobDependency.job_id == job.id, JobDependency.needs_id == needed.id, needed.state != "succeeded"
    )
    return and_(job.state == "queued", ~unfinished)


def add_event(session: Session, job: Job, kind: str, data: dict[str, Any]) -> None:
    """Append to a job's history: kind state, log or metrics."""
    session.add(JobEvent(job_id=job.id, attempt=job.attempt, kind=kind, data=data))


def _set_state(session: Session, job: Job, state: str) -> None:
    job.state = state
    if state in FINISHED:
        job.finished_at = now()
        job.lease_expires_at = None
    add_event(session, job, "state", {"state": state, "error": job.error})


def _wake(session: Session, job: Job) -> None:
    """Announce a job that can be claimed, once the transaction has committed."""
    job.woken_at = database_now(session)
    after_commit(session, lambda: wake_worker(job.id, gpu=job.gpus > 0))


def enqueue(
    session: Session,
    kind: JobKind,
    title: str,
    *,
    run_id: int | None = None,
    round_id: int | None = None,
    dataset_id: int | None = None,
    total: int = 0,
    priority: int = 0,
    needs: Capabilities = ANY,
    after: Sequence[Job] = (),
) -> Job:
    """Add a job and wake a worker once the transaction has committed.

    needs: what a worker must have to get it. after: jobs that must have succeeded before.
    """
    job = Job(
        kind=kind,
        title=title,
        run_id=run_id,
        round_id=round_id,
        dataset_id=dataset_id,
        total=total,
        priority=priority,
        gpus=needs.gpus,
        gpu_memory_gib=needs.gpu_memory_gib,
    )
    session.add(job)
    session.flush()
    session.add_all(JobDependency(job_id=job.id, needs_id=needed.id) for needed in after)
    _set_state(session, job, "queued")
    if all(needed.state == "succeeded" for needed in after):
        _wake(session, job)
    return job


def claim(session: Session, job_id: int, worker: str, lease: timedelta) -> int | None:
    """Take one queued job: its new attempt number, or None when it is no longer to be had.

    One atomic UPDATE, so a job is started once however many ask for it.
    """
    taken = _take(session, Job.id == job_id, worker, lease)
    return taken[1] if taken else None


def claim_next(
    session: Session, worker: str, has: Capabilities, lease: timedelta
) -> tuple[int, int] | None:
    """Take the best job that a worker with these capabilities can run: (job id, attempt), or None.

    Greatest priority first, then the oldest; jobs that wait for others are passed over. One atomic
    UPDATE: workers that ask at the same moment get different jobs.
    """
    candidate = aliased(Job)
    best = (
        select(candidate.id)
        .where(
            is_ready(candidate),
            candidate.gpus <= has.gpus,
            candidate.gpu_memory_gib <= has.gpu_memory_gib,
        )
        .order_by(candidate.priority.desc(), candidate.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=candidate)
        .scalar_subquery()
    )
    return _take(session, Job.id == best, worker, lease)


def _take(
    session: Session, which: ColumnElement[bool], worker: str, lease: timedelta
) -> tuple[int, int] | None:
    taken = session.execute(
        update(Job)
        .where(which, Job.state == "queued")
        .values(
            state="running",
            attempt=Job.attempt + 1,
            worker=worker,
            lease_expires_at=database_now(session) + lease,
            started_at=now(),
            finished_at=None,
            error=None,
            message="starting",
        )
        .returning(Job.id, Job.attempt)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    job_id, attempt = taken
    data = {"state": "running", "worker": worker}
    session.add(JobEvent(job_id=job_id, attempt=attempt, kind="state", data=data))
    return job_id, attempt


def fenced(session: Session, job_id: int, attempt: int) -> Job:
    """The job, locked, if `attempt` still owns it. Raises FencedError otherwise."""
    query = select(Job).where(Job.id == job_id).with_for_update()
    job = session.scalar(query.execution_options(populate_existing=True))
    if job is None or job.attempt != attempt or job.state not in ("running", "canceling"):
        raise FencedError(f"job {job_id} attempt {attempt} no longer owns its job")
    return job


def renew_lease(session: Session, job_id: int, attempt: int, lease: timedelta) -> None:
    """A heartbeat. Raises FencedError when the lease was lost."""
    fenced(session, job_id, attempt).lease_expires_at = database_now(session) + lease


def finish(session: Session, job: Job, state: str, error: str | None = None) -> None:
    """Set a final state. The caller tells the run what follows from it."""
    job.error = error
    job.message = ""
    if state == "succeeded":
        # Progress is written a few times a second, so the last steps may be missing.
        job.done = job.total
    _set_state(session, job, state)
    if state == "succeeded":
        _wake_dependents(session, job)


def _wake_dependents(session: Session, job: Job) -> None:
    session.flush()
    waiting = select(JobDependency.job_id).where(JobDependency.needs_id == job.id)
    for dependent in session.scalars(select(Job).where(Job.id.in_(waiting), is_ready())):
        _wake(session, dependent)


def release(session: Session, job: Job, reason: str) -> None:
    """Give a running job back to the queue: its worker stops or is gone."""
    job.worker = None
    job.lease_expires_at = None
    job.message = reason
    _set_state(session, job, "queued")
    _wake(session, job)


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
