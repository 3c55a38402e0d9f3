"""Queries about runs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.datasets.tables import Dataset
from backend.jobs.queue import ACTIVE
from backend.jobs.tables import Job, JobEvent
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.errors import NotFoundError


def get_run(session: Session, run_id: int) -> Run:
    """The run. Raises NotFoundError."""
    run = session.get(Run, run_id)
    if run is None:
        raise NotFoundError(f"run {run_id} does not exist.", remedy="GET /api/v1/runs lists them.")
    return run


def lock_run(session: Session, run_id: int) -> Run:
    """The run, locked until the transaction ends, so that two requests cannot both move it on."""
    run = get_run(session, run_id)
    session.refresh(run, with_for_update=True)
    return run


def list_runs(
    session: Session, *, state: str | None, before: int | None, limit: int
) -> tuple[Sequence[Run], int]:
    """Runs, newest first, with smaller ids than `before`; and how many match in all."""
    query = select(Run) if state is None else select(Run).where(Run.state == state)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if before is not None:
        query = query.where(Run.id < before)
    return session.scalars(query.order_by(Run.id.desc()).limit(limit)).all(), total


def list_rounds(session: Session, run_id: int) -> Sequence[Round]:
    """The rounds of a run, in order."""
    return session.scalars(select(Round).where(Round.run_id == run_id).order_by(Round.number)).all()


def rounds_of(session: Session, run_ids: Sequence[int]) -> Sequence[Round]:
    """The rounds of several runs, each run's in order."""
    query = select(Round).where(Round.run_id.in_(run_ids)).order_by(Round.run_id, Round.number)
    return session.scalars(query).all()


def active_job_ids(session: Session, run_ids: Sequence[int]) -> dict[int, list[int]]:
    """The queued and running jobs of each run that has one, oldest first."""
    query = (
        select(Job.run_id, Job.id).where(Job.run_id.in_(run_ids), Job.state.in_(ACTIVE)).order_by(Job.id)
    )
    found: dict[int, list[int]] = {}
    for run_id, job_id in session.execute(query):
        if run_id is not None:
            found.setdefault(run_id, []).append(job_id)
    return found


def dataset_names(session: Session, runs: Sequence[Run]) -> dict[int, str]:
    """Names of the data sets that runs refer to."""
    ids = {id_ for run in runs for id_ in (run.source_id, run.target_id, run.validation_id) if id_}
    query = select(Dataset.id, Dataset.name).where(Dataset.id.in_(ids))
    return dict(row for row in session.execute(query))


def list_metrics(session: Session, run_id: int) -> Sequence[tuple[Job, JobEvent]]:
    """Metrics of the latest attempt of every job of a run, in the order they were reported."""
    query = (
        select(Job, JobEvent)
        .join(JobEvent, (JobEvent.job_id == Job.id) & (JobEvent.attempt == Job.attempt))
        .where(Job.run_id == run_id, JobEvent.kind == "metrics")
        .order_by(Job.id, JobEvent.id)
    )
    return [(job, event) for job, event in session.execute(query)]
