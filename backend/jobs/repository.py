"""Queries about jobs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.jobs.tables import Job, JobDependency, JobEvent
from hiast.contracts.errors import NotFoundError


def get_job(session: Session, job_id: int) -> Job:
    """The job. Raises NotFoundError."""
    job = session.get(Job, job_id)
    if job is None:
        raise NotFoundError(f"job {job_id} does not exist.", remedy="GET /api/v1/jobs lists them.")
    return job


def list_jobs(
    session: Session, *, state: str | None, run_id: int | None, before: int | None, limit: int
) -> tuple[Sequence[Job], int]:
    """Jobs, newest first, with smaller ids than `before`; and how many match in all."""
    query = select(Job)
    if state is not None:
        query = query.where(Job.state == state)
    if run_id is not None:
        query = query.where(Job.run_id == run_id)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if before is not None:
        query = query.where(Job.id < before)
    return session.scalars(query.order_by(Job.id.desc()).limit(limit)).all(), total


def list_events(
    session: Session, job_id: int, *, after: int = 0, kind: str | None = None, limit: int = 1000
) -> Sequence[JobEvent]:
    """Events of a job in the order they happened, with greater ids than `after`."""
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.id > after)
    if kind is not None:
        query = query.where(JobEvent.kind == kind)
    return session.scalars(query.order_by(JobEvent.id).limit(limit)).all()


def newest_lines(session: Session, job_id: int, *, limit: int) -> Sequence[JobEvent]:
    """The last state changes and log lines of a job, in the order they happened."""
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.kind != "metrics")
    return session.scalars(query.order_by(JobEvent.id.desc()).limit(limit)).all()[::-1]


def needs_of(session: Session, job_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    """Per job that needs others: the ids of those, in order, and their states."""
    query = (
        select(JobDependency.job_id, Job.id, Job.state)
        .join(Job, Job.id == JobDependency.needs_id)
        .where(JobDependency.job_id.in_(job_ids))
        .order_by(Job.id)
    )
    found: dict[int, dict[int, str]] = {}
    for job_id, needed_id, state in session.execute(query):
        found.setdefault(job_id, {})[needed_id] = state
    return found
