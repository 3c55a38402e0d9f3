"""Rows of requests that were sent with an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, now


class IdempotentRequest(Base):
    """What a request with a key has made: the same key makes nothing twice."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (UniqueConstraint("person", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    operation: Mapped[str] = mapped_column(String(60))
    """As "run.start"."""
    request_digest: Mapped[str] = mapped_column(String(64))
    """Of what was asked for: a key cannot be used again for something else."""
    subject_id: Mapped[int]
    """Id of what was made or changed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
