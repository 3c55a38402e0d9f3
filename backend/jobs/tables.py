"""Rows of jobs and of what happened to them. The database is the truth; the broker only wakes workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, now


class Job(Base):
    """One piece of work for a worker."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(20), default="queued", index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    """Counts claims. Every write of a worker names its attempt, so a worker that lost its lease
    cannot write over its successor (fencing)."""
    title: Mapped[str] = mapped_column(Text)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    round_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"))
    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    priority: Mapped[int] = mapped_column(default=0)
    """Greater ones are claimed first; among equals the older."""
    gpus: Mapped[int] = mapped_column(default=0)
    """GPUs a worker must have to claim it; likewise their memory."""
    gpu_memory_gib: Mapped[float] = mapped_column(default=0.0)
    shard: Mapped[int | None]
    """Part of the work this job does, from 0, of `shards`; None: all of it, or with `shards` what is left
    when all parts are done."""
    shards: Mapped[int | None]
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    woken_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    """When a wake-up was last sent."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobDependency(Base):
    """`job_id` can be claimed when `needs_id` has succeeded."""

    __tablename__ = "job_dependencies"

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    needs_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)


class JobEvent(Base):
    """One line of a job's history: state change, log line, or metrics of a moment."""

    __tablename__ = "job_events"
    __table_args__ = (Index("job_events_of_job", "job_id", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
