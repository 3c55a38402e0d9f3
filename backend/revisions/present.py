"""Making a revision the present label set of its round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import JSON, ColumnElement, Select, case, insert, literal, select, type_coerce, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.corrections.repository import present
from backend.database import now
from backend.labels.tables import Label
from backend.reviews.tables import Review
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from hiast.contracts.decisions import CorrectionCounts
from hiast.contracts.reports import LabelReport, LabelSetReport

_IN_THE_DATABASE: Final = {"synchronize_session": False}
"""Of a round with thousands of labels nothing is loaded."""


def make_present(
    session: Session,
    round_: Round,
    revision: Revision,
    label_set: LabelSetReport,
    counts: Mapping[str, CorrectionCounts],
) -> None:
    """The round's labels are from now on those of the revision, in one transaction with what follows.

    counts: of every correction, by the name of its image, over the labels as they are then. Every label
    whose pixels change gets a line in its history; one that was accepted is to be looked at again.
    """
    of_revision = (RevisedLabel.label_id == Label.id) & (RevisedLabel.revision_id == revision.id)
    changed = (
        select(Label.id)
        .join(RevisedLabel, of_revision)
        .where(
            Label.round_id == round_.id,
            _reason_file(Label.report).is_distinct_from(_reason_file(RevisedLabel.report)),
        )
    )
    _write_history(session, changed, revision)
    # Positions are unique: the old ones are moved out of the way first.
    of_round = update(Label).where(Label.round_id == round_.id)
    session.execute(of_round.values(position=-1 - Label.position), execution_options=_IN_THE_DATABASE)
    columns = {
        name: select(getattr(RevisedLabel, name)).where(of_revision).scalar_subquery()
        for name in ("position", "kept_share", "report")
    }
    session.execute(of_round.values(columns), execution_options=_IN_THE_DATABASE)
    session.expire_all()
    _recount(session, round_, counts)
    revision.label_set = round_.label_set = label_set
    round_.revision = revision.number


def _reason_file(report: InstrumentedAttribute[LabelReport]) -> ColumnElement[str]:
    """The SHA-256 of the label's reason map: other bytes are other pixels."""
    stored: ColumnElement[str] = type_coerce(report, JSON)["sha256"]["reason"].as_string()
    return stored


def _write_history(session: Session, changed: Select[int], revision: Revision) -> None:
    words = f"revision {revision.number} changed what is kept"
    columns = {"decision": "revise", "comment": words, "reviewer": revision.person, "created_at": now()}
    row = changed.add_columns(
        *(literal(value, Review.__table__.c[name].type) for name, value in columns.items())
    )
    session.execute(insert(Review).from_select(["label_id", *columns], row))
    session.execute(
        update(Label)
        .where(Label.id.in_(changed))
        .values(
            version=Label.version + 1,
            status=case((Label.status == "accepted", "unreviewed"), else_=Label.status),
        ),
        execution_options=_IN_THE_DATABASE,
    )


def _recount(session: Session, round_: Round, counts: Mapping[str, CorrectionCounts]) -> None:
    """What a correction covers is counted on the labels as they are."""
    drawn_over = select(Label.id, Label.name).where(Label.round_id == round_.id, Label.name.in_(counts))
    names = {row.id: row.name for row in session.execute(drawn_over)}
    for label_id, correction in present(session, list(names)).items():
        correction.counts = counts[names[label_id]]
