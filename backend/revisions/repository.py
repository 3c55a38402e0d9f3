"""Queries about revisions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from backend.artifacts import revision_key
from backend.labels.tables import Label
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from hiast.contracts.errors import NotFoundError
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.run_spec import SelectionSpec


def list_revisions(session: Session, round_id: int) -> Sequence[Revision]:
    """All of a round, the oldest first; none before somebody asks for the first one."""
    query = select(Revision).where(Revision.round_id == round_id).order_by(Revision.number)
    return session.scalars(query).all()


def find(session: Session, round_id: int, number: int) -> Revision | None:
    """That revision; None: the round has none of this number."""
    query = select(Revision).where(Revision.round_id == round_id, Revision.number == number)
    return session.scalars(query).one_or_none()


def get_revision(session: Session, round_id: int, number: int) -> Revision:
    """That revision. Raises NotFoundError."""
    found = find(session, round_id, number)
    if found is None:
        raise NotFoundError(
            f"round {round_id} has no revision {number}.",
            where="revision",
            remedy=f"GET /api/v1/rounds/{round_id}/revisions lists them.",
        )
    return found


def of_job(session: Session, job_id: int) -> Revision | None:
    """The revision the job applies; None: another job does by now."""
    return session.scalars(select(Revision).where(Revision.job_id == job_id)).one_or_none()


def reasons_key(session: Session, round_: Round, number: int | None = None) -> str | None:
    """Where the reason maps of a revision lie (None: of the present one). None: with the labels."""
    number = round_.revision if number is None else number
    if number == 0:
        return None
    revision = get_revision(session, round_.id, number)
    return revision_key(round_.run_id, round_.number, number, revision.created_at)


def selection_of(session: Session, round_: Round, selection: SelectionSpec) -> SelectionSpec:
    """The settings the round's present labels follow; `selection`: those of its run."""
    if round_.revision == 0:
        return selection
    return get_revision(session, round_.id, round_.revision).changes.apply_to(selection)


def labels_of(session: Session, revision: Revision) -> list[LabelReport]:
    """The labels the revision has so far, in its labelling order."""
    query = (
        select(RevisedLabel.report)
        .where(RevisedLabel.revision_id == revision.id)
        .order_by(RevisedLabel.position)
    )
    return list(session.scalars(query))


def write_down(session: Session, revision: Revision) -> None:
    """Remember the present labels of the round as those of `revision`."""
    columns = (Label.id, Label.position, Label.kept_share, Label.report)
    present = select(literal(revision.id), *columns).where(Label.round_id == revision.round_id)
    names = ["revision_id", "label_id", "position", "kept_share", "report"]
    session.execute(insert(RevisedLabel).from_select(names, present))


def as_in_revision(session: Session, label: Label, round_: Round, number: int) -> LabelSetReport | None:
    """Change `label`, and forget that it is a row, into what it is in a revision; returns the totals of
    all labels there. Raises NotFoundError for one that is not, or not yet, there."""
    revision = get_revision(session, round_.id, number)
    row = session.get(RevisedLabel, (revision.id, label.id))
    if row is None:
        raise NotFoundError(
            f"revision {number} of round {round_.number} was not applied.",
            where="revision",
            remedy=f"POST /api/v1/rounds/{round_.id}/revisions/{number}/apply applies it.",
        )
    session.expunge(label)
    for name in ("report", "kept_share", "report_text"):
        set_committed_value(label, name, getattr(row, name))
    return revision.label_set
