"""Asking for revisions of a round's labels, and making one of them the present one."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore, round_key
from backend.audit.service import record
from backend.errors import ConflictError
from backend.jobs.service import read_jobs
from backend.jobs.tables import Job
from backend.revisions import repository
from backend.revisions.schemas import RevisionCreate, RevisionRead
from backend.revisions.tables import Revision
from backend.rounds.counts import counts_file
from backend.rounds.repository import get_round
from backend.rounds.tables import Round
from backend.runs import progression
from backend.runs.tables import Run
from hiast.contracts.selection_changes import SelectionChanges
from hiast.selection import bounds_array

AS_MADE: Final = SelectionChanges()


def read_revisions(session: Session, round_id: int) -> list[RevisionRead]:
    """All of a round as they travel, the oldest first; a round nobody revised has none."""
    round_ = get_round(session, round_id)
    revisions = repository.list_revisions(session, round_id)
    wanted = [row.job_id for row in revisions if row.job_id is not None]
    jobs = session.scalars(select(Job).where(Job.id.in_(wanted))).all()
    read = {job.id: job for job in read_jobs(session, jobs)}
    return [
        RevisionRead(
            **{
                name: getattr(row, name)
                for name in RevisionRead.model_fields
                if name not in ("current", "job")
            },
            current=row.number == round_.revision,
            job=read.get(row.job_id or 0),
        )
        for row in revisions
    ]


def ask(
    session: Session, artifacts: ArtifactStore, round_id: int, body: RevisionCreate, person: str
) -> Revision:
    """Queue the job that makes the round's labels those of other settings.

    Raises UserError for settings that do not fit, ConflictError for those of a revision that exists, and
    for a round that is not in review.
    """
    run, round_ = _open(session, round_id)
    spec, changes = run.spec.selection, body.changes
    selection = changes.apply_to(spec)
    bounds_array(selection.threshold_bounds, run.class_space.num_classes)
    counts_file(artifacts, round_key(run.id, round_.number), round_.number)
    revisions = repository.list_revisions(session, round_id)
    for known in [(row.number, row.changes) for row in revisions] or [(0, AS_MADE)]:
        same_order = (changes.order, changes.seed) == (known[1].order, known[1].seed)
        if same_order and known[1].apply_to(spec) == selection:
            raise ConflictError(
                f"these are the settings of revision {known[0]}.",
                where="changes",
                remedy="Change a setting."
                if known[0] == round_.revision
                else f"POST /api/v1/rounds/{round_id}/revisions/{known[0]}/apply applies it.",
            )
    if not revisions:
        made = Revision(
            round_id=round_.id,
            number=0,
            changes=AS_MADE,
            person="labelling",
            label_set=round_.label_set,
            created_at=round_.created_at,
        )
        session.add(made)
        session.flush()
        repository.write_down(session, made)
    revision = Revision(
        round_id=round_.id,
        number=max(1, len(revisions)),
        parent=round_.revision,
        changes=changes,
        comment=body.comment,
    )
    _enqueue(session, run, round_, revision, person)
    return revision


def apply(session: Session, round_id: int, number: int, person: str) -> Revision:
    """Queue the job that makes the round's labels those of a revision that exists.

    Raises NotFoundError for a number the round lacks, ConflictError for the present one, and for a round
    that is not in review.
    """
    run, round_ = _open(session, round_id)
    revision = repository.get_revision(session, round_id, number)
    if number == round_.revision:
        raise ConflictError(
            f"the labels of round {round_.number} are those of revision {number}.",
            where="number",
            remedy="Nothing is to be done.",
        )
    _enqueue(session, run, round_, revision, person)
    return revision


def _open(session: Session, round_id: int) -> tuple[Run, Round]:
    """The round, locked, and its run, locked before it. Raises ConflictError unless it is in review."""
    round_ = get_round(session, round_id)
    run = progression.lock_run(session, round_.run_id)
    session.refresh(round_, with_for_update=True)
    if round_.state != "reviewing":
        raise ConflictError(
            f"round {round_.number} is {round_.state}; only a round in review can be revised.",
            remedy="Wait until its labels are complete."
            if round_.state in ("labelling", "revising")
            else "Revise the labels of the next round.",
        )
    return run, round_


def _enqueue(session: Session, run: Run, round_: Round, revision: Revision, person: str) -> None:
    revision.person = person
    job = progression.start_revision(session, run, round_, revision.number)
    revision.job_id = job.id
    session.add(revision)
    session.flush()
    after = {
        "revision": revision.number,
        "changes": revision.changes.model_dump(mode="json", exclude_defaults=True),
        "comment": revision.comment,
    }
    before = {"revision": round_.revision}
    record(session, person, "round.revise", "round", round_.id, before=before, after=after)
