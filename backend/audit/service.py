"""Writing the audit trail, in the transaction of the change it tells of."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.audit.tables import AuditEvent


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
