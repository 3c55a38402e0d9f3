"""Do jobs, their leases and their histories fit each other?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.database import now
from backend.doctor.problem import Problem
from backend.jobs.queue import ACTIVE, FINISHED
from backend.jobs.tables import Job, JobEvent

LONG_SILENT: Final = timedelta(minutes=10)
RETRY: Final = "Cancel the job and retry it."
RESTORE: Final = "The database was changed by hand or restored in part; restore it from a backup."


def job_problems(session: Session) -> Iterator[Problem]:
    """Check every job."""
    states: defaultdict[int, list[JobEvent]] = defaultdict(list)
    query = select(JobEvent).where(JobEvent.kind == "state").order_by(JobEvent.job_id, JobEvent.id)
    for event in session.scalars(query):
        states[event.job_id].append(event)
    newest = select(JobEvent.job_id, func.max(JobEvent.id), func.max(JobEvent.attempt))
    ends = {row[0]: (row[1], row[2]) for row in session.execute(newest.group_by(JobEvent.job_id))}
    jobs = session.scalars(select(Job).order_by(Job.id)).all()
    for job in jobs:
        yield from _owner(job)
        yield from _lease(job)
        yield from _end(job)
        yield from _history(job, states[job.id], *ends.get(job.id, (0, 0)))
    yield from _active_twice(jobs)


def _owner(job: Job) -> Iterator[Problem]:
    fits = {
        "scan_dataset": job.dataset_id is not None,
        "warm_up": job.run_id is not None,
        # Its prediction names it; what is asked anew names another job.
        "predict": job.run_id is None and job.round_id is None,
        "compare_rounds": job.run_id is None and job.round_id is not None,
        "export": job.run_id is None and job.round_id is not None,
    }.get(job.kind, job.run_id is not None and job.round_id is not None)
    if not fits:
        yield Problem(f"job {job.id}", f"it is a {job.kind} job and belongs to nothing it can do.", RESTORE)


def _lease(job: Job) -> Iterator[Problem]:
    under_way = job.state in ("running", "canceling")
    if under_way and (job.lease_expires_at is None or job.worker is None):
        yield Problem(f"job {job.id}", f"it is {job.state}, but no worker holds a lease on it.", RETRY)
    if not under_way and job.lease_expires_at is not None:
        yield Problem(f"job {job.id}", f"it is {job.state} and still has a lease.", RESTORE)
    if under_way and job.lease_expires_at is not None and job.lease_expires_at < now() - LONG_SILENT:
        problem = f"{job.worker} went silent: its lease ended at {job.lease_expires_at:%Y-%m-%d %H:%M} UTC."
        yield Problem(f"job {job.id}", problem, "It is queued again as soon as the API runs.", "warning")


def _end(job: Job) -> Iterator[Problem]:
    if (job.state in FINISHED) != (job.finished_at is not None):
        when = "no time of its end" if job.finished_at is None else f"an end at {job.finished_at}"
        yield Problem(f"job {job.id}", f"it is {job.state} and has {when}.", RESTORE)
    if job.state == "failed" and not job.error:
        yield Problem(f"job {job.id}", "it failed and does not say why.", "Read its log.")


def _history(job: Job, states: Sequence[JobEvent], last_id: int, last_attempt: int) -> Iterator[Problem]:
    """`last_id`, `last_attempt`: the greatest ones among all events of the job, lines and metrics too."""
    thing = f"job {job.id}"
    if not states or states[-1].data.get("state") != job.state:
        last = states[-1].data.get("state") if states else "nothing"
        yield Problem(thing, f"it is {job.state}, but its history ends with {last}.", RESTORE)
        return
    if last_attempt > job.attempt:
        problem = f"its history has attempt {last_attempt}, the job itself attempt {job.attempt}."
        yield Problem(thing, problem, RESTORE)
    if job.state in FINISHED and last_id > states[-1].id:
        problem = f"something was written after it had {job.state} (event {last_id})."
        yield Problem(thing, problem, "A worker of another version wrote it; bring all to the same one.")
    claims = Counter(event.attempt for event in states if event.data.get("state") == "running")
    if claims != Counter(range(1, job.attempt + 1)):
        problem = f"it was claimed as attempts {sorted(claims.elements())}, not once each to {job.attempt}."
        yield Problem(thing, problem, RESTORE)


def _active_twice(jobs: Sequence[Job]) -> Iterator[Problem]:
    """At most one active job of a kind, and of a part of the work, for each round, run and data set."""
    active: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for job in jobs:
        if job.state in ACTIVE:
            own = job.id if job.kind in ("predict", "export") else job.shard
            active[job.run_id, job.round_id, job.dataset_id, job.kind, own].append(job.id)
    for (_, _, _, kind, _), ids in active.items():
        if len(ids) > 1:
            names = ", ".join(map(str, ids))
            yield Problem(f"jobs {names}", f"they are the same {kind} work.", "Cancel all but the newest.")
