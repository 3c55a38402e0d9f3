"""Queries about the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.audit.tables import AuditEvent


def list_events(
    session: Session, filters: Mapping[str, str | int | None], *, before: int | None, limit: int
) -> tuple[Sequence[AuditEvent], int]:
    """Events, newest first, with smaller ids than `before`; and how many match in all.

    `filters`: values of columns; None does not filter.
    """
    query = select(AuditEvent).where(
        *(getattr(AuditEvent, name) == value for name, value in filters.items() if value is not None)
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all(), total
