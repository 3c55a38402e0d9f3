"""What has changed of a run since somebody last looked, at the price of one small query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.database import read_session
from backend.jobs import repository as jobs
from backend.jobs.schemas import JobRead
from backend.jobs.service import read_jobs
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs import repository
from backend.runs.schemas import RunRead
from backend.runs.service import read_run
from backend.runs.tables import Run

OVER: Final = ("succeeded", "failed", "canceled")


@dataclass(frozen=True)
class Seen:
    """What somebody knows: the run's fields that change, and those of each of its jobs."""

    run: tuple[object, ...] = ()
    jobs: dict[int, tuple[object, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class News:
    """Jobs that have changed, the run if it has (None: not), whether it is over, and what is known now."""

    jobs: list[JobRead]
    run: RunRead | None
    over: bool
    seen: Seen


def news_of_run(engine: Engine, run_id: int, seen: Seen) -> News:
    """What is new. Raises NotFoundError for a run that does not exist."""
    with read_session(engine) as session:
        present = _present(session, run_id)
        changed = [job_id for job_id, row in present.jobs.items() if seen.jobs.get(job_id) != row]
        run = repository.get_run(session, run_id) if present.run != seen.run else None
        return News(
            jobs=read_jobs(session, [jobs.get_job(session, job_id) for job_id in changed])
            if changed
            else [],
            run=read_run(session, run) if run else None,
            over=bool(present.run) and present.run[0] in OVER,
            seen=present,
        )


def _present(session: Session, run_id: int) -> Seen:
    """One row a job; the run's own fields, and the state of its job's round, are in every row."""
    rows = session.execute(
        select(
            Run.state, Run.error, Run.priority, Round.id, Round.state,
            Job.id, Job.state, Job.attempt, Job.priority, Job.done, Job.total, Job.message, Job.worker,
        )
        .select_from(Run)
        .join(Job, Job.run_id == Run.id)
        .outerjoin(Round, Round.id == Job.round_id)
        .where(Run.id == run_id)
        .order_by(Job.id)
    ).all()  # fmt: skip
    if not rows:
        repository.get_run(session, run_id)
        return Seen()
    own = (*rows[0][:3], *((row[3], row[4], row[5], row[6]) for row in rows))
    return Seen(run=own, jobs={row[5]: tuple(row[6:]) for row in rows})
