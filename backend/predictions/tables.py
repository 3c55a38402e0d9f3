"""Rows of checkpoints that were asked what they see in the target images."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, now


class Prediction(Base):
    """What one checkpoint of a run says of the target images; each image's is a file of its own."""

    __tablename__ = "predictions"
    __table_args__ = (UniqueConstraint("run_id", "checkpoint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    checkpoint: Mapped[str] = mapped_column(String(20))
    """warm-up, teacher-N or student-N, N the number of the round that trained it."""
    first_image: Mapped[str | None] = mapped_column(Text)
    """The image somebody wants to see before all others."""
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    """The job that asks, the newest one."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
