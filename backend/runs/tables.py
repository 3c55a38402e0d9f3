"""Rows of runs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import AsJson, Base, UtcDateTime, now
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.reports import EvaluationReport
from hiast.contracts.run_spec import RunSpec


class Run(Base):
    """One self-training run."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    recipe: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(30), default="running", index=True)
    error: Mapped[str | None] = mapped_column(Text)
    spec: Mapped[RunSpec] = mapped_column(AsJson(RunSpec))
    class_space: Mapped[ClassSpace] = mapped_column(AsJson(ClassSpace))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("datasets.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("datasets.id"))
    validation_id: Mapped[int | None] = mapped_column(ForeignKey("datasets.id"))
    warm_up_evaluation: Mapped[EvaluationReport | None] = mapped_column(AsJson(EvaluationReport))
    priority: Mapped[int] = mapped_column(default=0)
    """Of its jobs in the queue."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
