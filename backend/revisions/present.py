"""Making a revision the present label set of its round."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.corrections.repository import present
from backend.labels.tables import Label
from backend.reviews.tables import Review
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from hiast.contracts.decisions import CorrectionCounts
from hiast.contracts.reports import LabelSetReport


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
    old, new = Label.report_text, RevisedLabel.report_text
    of_revision = (RevisedLabel.label_id == Label.id) & (RevisedLabel.revision_id == revision.id)
    changed = session.scalars(
        select(Label).join(RevisedLabel, of_revision).where(Label.round_id == round_.id, old != new)
    ).all()
    after = {
        row.label_id: row.report
        for row in session.scalars(select(RevisedLabel).where(RevisedLabel.revision_id == revision.id))
    }
    for label in changed:
        if label.report.sha256.get("reason") == after[label.id].sha256.get("reason"):
            continue
        words = f"revision {revision.number} changed what is kept"
        session.add(Review(label_id=label.id, decision="revise", comment=words, reviewer=revision.person))
        label.version += 1
        if label.status == "accepted":
            label.status = "unreviewed"
    session.flush()
    # Positions are unique: the old ones are moved out of the way first.
    of_round = update(Label).where(Label.round_id == round_.id)
    options = {"synchronize_session": False}
    session.execute(of_round.values(position=-1 - Label.position), execution_options=options)
    columns = {
        name: select(getattr(RevisedLabel, name)).where(of_revision).scalar_subquery()
        for name in ("position", "kept_share", "report")
    }
    session.execute(of_round.values(columns), execution_options=options)
    session.expire_all()
    _recount(session, round_, counts)
    revision.label_set = round_.label_set = label_set
    round_.revision = revision.number


def _recount(session: Session, round_: Round, counts: Mapping[str, CorrectionCounts]) -> None:
    """What a correction covers is counted on the labels as they are."""
    drawn_over = select(Label.id, Label.name).where(Label.round_id == round_.id, Label.name.in_(counts))
    names = {row.id: row.name for row in session.execute(drawn_over)}
    for label_id, correction in present(session, list(names)).items():
        correction.counts = counts[names[label_id]]
