"""Rows of rounds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import AsJson, Base, UtcDateTime, now
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
    label_set: Mapped[LabelSetReport | None] = mapped_column(AsJson(LabelSetReport))
    training: Mapped[TrainingReport | None] = mapped_column(AsJson(TrainingReport))
    evaluation: Mapped[EvaluationReport | None] = mapped_column(AsJson(EvaluationReport))
    approved_by: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
