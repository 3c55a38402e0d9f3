"""The audit trail as it travels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class AuditEventRead(BaseModel):
    """One line of the trail: who did what to what, and how it was before and after."""

    id: int
    at: datetime
    person: str
    action: str
    subject_kind: str
    subject_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None
