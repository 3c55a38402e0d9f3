"""Rows of revisions and of the labels as they are in each; the present ones are rows of labels, too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, cast
from sqlalchemy.orm import Mapped, column_property, mapped_column

from backend.database import AsJson, Base, UtcDateTime, now
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.selection_changes import SelectionChanges


class Revision(Base):
    """One label set of a round. Number 0, written down when the first revision is asked for, is as the
    network's labels were made."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"))
    number: Mapped[int]
    parent: Mapped[int | None]
    """Number of the revision that was the present one when this one was asked for; None: number 0."""
    changes: Mapped[SelectionChanges] = mapped_column(AsJson(SelectionChanges))
    """Against the settings of the run."""
    comment: Mapped[str] = mapped_column(Text, default="")
    person: Mapped[str] = mapped_column(String(80))
    """Who asked for it to be applied last."""
    label_set: Mapped[LabelSetReport | None] = mapped_column(AsJson(LabelSetReport))
    """Set when it was applied the first time."""
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    """The newest job that applies it; None: nobody had to."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class RevisedLabel(Base):
    """One label in one revision."""

    __tablename__ = "revised_labels"

    revision_id: Mapped[int] = mapped_column(
        ForeignKey("revisions.id", ondelete="CASCADE"), primary_key=True
    )
    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int]
    """Place in the labelling order of the revision."""
    kept_share: Mapped[float]
    report: Mapped[LabelReport] = mapped_column(AsJson(LabelReport))

    report_text: Mapped[str] = column_property(cast(report, Text))
