"""What people can do with jobs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
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
from backend.workers import repository as workers
from backend.workers.capabilities import Capabilities
from backend.workers.service import missing_worker, silence_of_the_dead


def _eta_seconds(job: Job) -> float | None:
    if job.state != "running" or job.started_at is None or not 0 < job.done < job.total:
        return None
    elapsed = max(0.0, (now() - job.started_at).total_seconds())
    return elapsed / job.done * (job.total - job.done)


def read_job(session: Session, job: Job) -> JobRead:
    """The job as it travels."""
    return read_jobs(session, [job])[0]


def read_jobs(session: Session, jobs: Sequence[Job]) -> list[JobRead]:
    """The jobs as they travel."""
    needs = repository.needs_of(session, [job.id for job in jobs])
    queued = any(job.state == "queued" for job in jobs)
    living = workers.living(session, silence_of_the_dead()) if queued else []
    own = set(JobRead.model_fields) - {"eta_seconds", "needs", "waiting_for"}
    return [
        JobRead(
            **{name: getattr(job, name) for name in own},
            eta_seconds=_eta_seconds(job),
            needs=list(needs.get(job.id, {})),
            waiting_for=_waiting_for(job, needs.get(job.id, {}), living),
        )
        for job in jobs
    ]


def _waiting_for(job: Job, needs: dict[int, str], living: Sequence[Capabilities]) -> str | None:
    """What a queued job cannot start without; None: nothing but its turn."""
    if job.state != "queued":
        return None
    unfinished = [str(job_id) for job_id, state in needs.items() if state != "succeeded"]
    if unfinished:
        return f"{'jobs' if len(unfinished) > 1 else 'job'} {', '.join(unfinished)} to succeed"
    return missing_worker(Capabilities(job.gpus, job.gpu_memory_gib), living)


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
    return Page(items=read_jobs(session, jobs), next_cursor=next_cursor, total=total)


def _locked(session: Session, job_id: int) -> Job:
    """The job, and its run locked, so that nobody else moves the run on meanwhile."""
    run_id = repository.get_job(session, job_id).run_id
    if run_id is not None:
        progression.lock_run(session, run_id)
    query = select(Job).where(Job.id == job_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def cancel(session: Session, job_id: int, person: str) -> Job:
    """Stop a job: at once when queued, at its next batch when running; the others of its step as well."""
    job = _locked(session, job_id)
    before = {"state": job.state}
    queue.request_cancel(session, job)
    record(session, person, "job.cancel", "job", job.id, before=before, after={"state": job.state})
    if job.state == "canceled":
        settle_canceled(session, job)
    return job


def retry(session: Session, job_id: int, person: str) -> Job:
    """Queue a failed or canceled job again, and with it all such jobs of its run's step.

    What they have finished is kept. Raises ConflictError for a job of an earlier step, and while others
    of the step still wind down.
    """
    job = _locked(session, job_id)
    step = progression.current_step(session, job.run_id) if job.run_id is not None else [job]
    if job not in step:
        raise ConflictError(
            f"job {job.id} belongs to a step that run {job.run_id} has left behind.",
            remedy=f"Its newest job is {step[-1].id}; retry that one.",
        )
    stopping = [other.id for other in step if other.state == "canceling"]
    if stopping and job.state in ("failed", "canceled"):
        raise ConflictError(
            f"job {stopping[0]} of the same step is still stopping.", remedy="Retry in a moment."
        )
    before = {"state": job.state, "error": job.error}
    queue.requeue(session, job)
    record(session, person, "job.retry", "job", job.id, before=before, after={"state": job.state})
    for other in step:
        if other.state in ("failed", "canceled"):
            queue.requeue(session, other)
    if job.run_id is not None:
        progression.after_requeue(session, job)
    if job.dataset_id is not None:
        dataset = session.get_one(Dataset, job.dataset_id)
        dataset.state, dataset.error = "scanning", None
    return job


def change_priority(session: Session, job_id: int, priority: int) -> Job:
    """Let a queued job be started sooner or later than others. Raises ConflictError for another state."""
    job = _locked(session, job_id)
    if job.state != "queued":
        raise ConflictError(
            f"job {job.id} is {job.state}.",
            where="priority",
            remedy="Only a queued job has its turn to come.",
        )
    job.priority = priority
    return job


def log_text(session: Session, job_id: int) -> str:
    """The job's log: state changes and log lines, one a line, with times in UTC."""
    repository.get_job(session, job_id)
    lines = []
    for event in repository.newest_lines(session, job_id, limit=10_000):
        text = event.data.get("line") or " ".join(
            f"{key}={value}" for key, value in event.data.items() if value is not None
        )
        lines.append(f"{event.created_at:%H:%M:%S} [attempt {event.attempt}] {text}\n")
    return "".join(lines)
