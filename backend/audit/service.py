"""Writing the audit trail, in the transaction of the change it tells of, and reading it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.audit import repository
from backend.audit.schemas import AuditEventRead
from backend.audit.tables import AuditEvent
from backend.pagination import Page, cut, decode_cursor


def record(
    session: Session,
    person: str,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Note that `person` did `action` to a subject, and its state before and after."""
    session.add(
        AuditEvent(
            person=person,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            before=before,
            after=after,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
        )
    )


def list_events(
    session: Session, filters: Mapping[str, str | int | None], cursor: str | None, limit: int
) -> Page[AuditEventRead]:
    """A page of the trail, newest first."""
    before = decode_cursor(cursor, int)[0] if cursor else None
    events, total = repository.list_events(session, filters, before=before, limit=limit + 1)
    events, next_cursor = cut(events, limit, lambda last: (last.id,))
    items = [AuditEventRead.model_validate(event, from_attributes=True) for event in events]
    return Page(items=items, next_cursor=next_cursor, total=total)
