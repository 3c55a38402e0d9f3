"""Asking what changed since the round before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.changes.schemas import ChangesRead
from backend.changes.tables import RoundChanges
from backend.errors import ConflictError
from backend.jobs import queue
from backend.jobs.service import read_jobs
from backend.jobs.tables import Job
from backend.rounds.counts import finished_labels
from backend.rounds.repository import get_round
from backend.runs import progression


def read_changes(session: Session, round_id: int) -> ChangesRead:
    """What was counted, and by which job. Raises NotFoundError."""
    round_ = get_round(session, round_id)
    changes = session.get(RoundChanges, round_id)
    if changes is None:
        return ChangesRead(round_id=round_id, job=None, report=None)
    (job,) = read_jobs(session, [session.get_one(Job, changes.job_id)])
    report = changes.report if changes.revision == round_.revision else None
    return ChangesRead(round_id=round_id, job=job, report=report)


def ask(session: Session, round_id: int, person: str) -> Job:
    """Queue the job that counts; one that is under way is answered as it is.

    Raises ConflictError for a first round, one whose labels are being made, and one that was counted.
    """
    round_ = get_round(session, round_id)
    run = progression.lock_run(session, round_.run_id)
    session.refresh(round_)
    finished_labels(round_)
    if round_.number == 1:
        raise ConflictError("there is no round before round 1.", remedy="Ask for a later round.")
    changes = session.get(RoundChanges, round_id, populate_existing=True)
    if changes is not None:
        job = session.get_one(Job, changes.job_id)
        if job.state in queue.ACTIVE:
            return job
        if changes.report is not None and changes.revision == round_.revision:
            raise ConflictError(
                f"the changes of round {round_.number} are counted.",
                remedy=f"GET /api/v1/rounds/{round_id}/changes has them.",
            )
    job = queue.enqueue(
        session,
        "compare_rounds",
        f"{run.name}: compare round {round_.number} with the one before",
        round_id=round_id,
        total=round_.image_count,
        priority=run.priority,
    )
    changes = changes or RoundChanges(round_id=round_id)
    changes.job_id = job.id
    session.add(changes)
    record(session, person, "round.compare", "round", round_id, after={"job": job.id})
    return job
