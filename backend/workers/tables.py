"""Rows of workers: what each can do, and when it was last heard of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, now


class Worker(Base):
    """A worker process. One that has been silent for long is gone."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    gpus: Mapped[int] = mapped_column(default=0)
    gpu_memory_gib: Mapped[float] = mapped_column(default=0.0)
    """Of its smallest GPU; 0: it has none."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
