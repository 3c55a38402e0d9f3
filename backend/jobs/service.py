"""What people can do with jobs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.database import now
from backend.datasets.tables import Dataset
from backend.errors import ConflictError
from backend.jobs import queue, repository
from backend.jobs.reports import settle_canceled
from backend.jobs.schemas import JobEventRead, JobRead
from backend.jobs.tables import Job, JobEvent
from backend.pagination import Page, cut, decode_cursor
from backend.runs import progression


def _eta_seconds(job: Job) -> float | None:
    if job.state != "running" or job.started_at is None or not 0 < job.done < job.total:
        return None
    elapsed = (now() - job.started_at).total_seconds()
    return elapsed / job.done * (job.total - job.done)


def read_job(job: Job) -> JobRead:
    """The job as it travels."""
    fields = {name: getattr(job, name) for name in JobRead.model_fields if name != "eta_seconds"}
    return JobRead(**fields, eta_seconds=_eta_seconds(job))


def read_event(event: JobEvent) -> JobEventRead:
    """The event as it travels."""
    return JobEventRead.model_validate(event, from_attributes=True)


def list_jobs(
    session: Session, *, state: str | None, run_id: int | None, cursor: str | None, limit: int
) -> Page[JobRead]:
    """A page of jobs, newest first."""
    of = f"state={state} run={run_id}"
    before = decode_cursor(cursor, int, of=of)[0] if cursor else None
    jobs, total = repository.list_jobs(session, state=state, run_id=run_id, before=before, limit=limit + 1)
    jobs, next_cursor = cut(jobs, limit, lambda job: (job.id,), of=of)
    return Page(items=[read_job(job) for job in jobs], next_cursor=next_cursor, total=total)


def cancel(session: Session, job_id: int, person: str) -> Job:
    """Stop a job: at once when queued, at its next batch when running."""
    job = repository.get_job(session, job_id)
    before = {"state": job.state}
    queue.request_cancel(session, job)
    record(session, person, "job.cancel", "job", job.id, before=before, after={"state": job.state})
    if job.state == "canceled":
        settle_canceled(session, job)
    return job


def retry(session: Session, job_id: int, person: str) -> Job:
    """Queue a failed or canceled job again; what it has finished is kept."""
    job = repository.get_job(session, job_id)
    if job.run_id is not None:
        newest = progression.last_job(session, job.run_id)
        if newest is not None and newest.id != job.id:
            raise ConflictError(
                f"job {job.id} is not the newest of run {job.run_id}.",
                remedy=f"Its newest job is {newest.id}; retry that one.",
            )
    before = {"state": job.state, "error": job.error}
    queue.requeue(session, job)
    record(session, person, "job.retry", "job", job.id, before=before, after={"state": job.state})
    if job.run_id is not None:
        progression.after_requeue(session, job)
    if job.dataset_id is not None:
        dataset = session.get_one(Dataset, job.dataset_id)
        dataset.state, dataset.error = "scanning", None
    return job


def log_text(session: Session, job_id: int) -> str:
    """The job's log: state changes and log lines, one a line, with times in UTC."""
    repository.get_job(session, job_id)
    lines = []
    for event in repository.list_events(session, job_id, limit=10_000):
        if event.kind == "metrics":
            continue
        text = event.data.get("line") or " ".join(
            f"{key}={value}" for key, value in event.data.items() if value is not None
        )
        lines.append(f"{event.created_at:%H:%M:%S} [attempt {event.attempt}] {text}\n")
    return "".join(lines)
