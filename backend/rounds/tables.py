"""Rows of rounds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import AsJson, Base, UtcDateTime, now
from hiast.contracts.decisions import DecisionTotals, RoundDecisions
from hiast.contracts.reports import EvaluationReport, LabelSetReport, TrainingReport


class Round(Base):
    """One round of a run. What a finished step reported is never changed."""

    __tablename__ = "rounds"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), default="labelling")
    image_count: Mapped[int]
    revision: Mapped[int] = mapped_column(default=0)
    """Number of the revision its labels are of; 0: as the network's labels were made."""
    label_set: Mapped[LabelSetReport | None] = mapped_column(AsJson(LabelSetReport))
    training: Mapped[TrainingReport | None] = mapped_column(AsJson(TrainingReport))
    evaluation: Mapped[EvaluationReport | None] = mapped_column(AsJson(EvaluationReport))
    vetoed_classes: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Classes that nobody trains on in this round; None: nobody has vetoed any."""
    decision_totals: Mapped[DecisionTotals | None] = mapped_column(AsJson(DecisionTotals))
    """What people had changed when the round was approved."""
    trained_decisions: Mapped[RoundDecisions | None] = mapped_column(AsJson(RoundDecisions), deferred=True)
    """The same of every label: what its training reads, however often it is started. Large."""
    approved_by: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
