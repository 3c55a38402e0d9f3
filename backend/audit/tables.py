"""Rows of the audit trail: append only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, now


class AuditEvent(Base):
    """Who changed what, when; how it was before and after."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("audit_of_subject", "subject_kind", "subject_id"),
        Index("audit_of_action", "action", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    """What was done, as "label.reject" or "run.cancel"."""
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    request_id: Mapped[str | None] = mapped_column(String(40))
    """Finds the request in the logs."""
