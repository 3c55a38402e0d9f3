"""HTTP out of the audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend.audit import service
from backend.audit.schemas import AuditEventRead
from backend.dependencies import Admin, Cursor, Id, Limit, ReadSession
from backend.pagination import Page

router = APIRouter(prefix="/audit", tags=["audit trail"])
# NUL has no place in PostgreSQL's text.
Exactly = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$")]


@router.get("")
def list_events(
    session: ReadSession,
    _person: Admin,
    person: Exactly = None,
    action: Exactly = None,
    subject_kind: Exactly = None,
    subject_id: Id | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[AuditEventRead]:
    """Who did what, newest first."""
    filters = {"person": person, "action": action, "subject_kind": subject_kind, "subject_id": subject_id}
    return service.list_events(session, filters, cursor, limit)
