"""What travels over HTTP about reviews: people's decisions on labels."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Decision = Literal["accept", "reject", "skip", "reset"]


class ReviewCreate(BaseModel):
    """A person's decision on one label."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "reject", "comment": "rider lost"}]}
    )

    decision: Decision
    comment: str = Field(default="", max_length=2000)


class ReviewRead(BaseModel):
    """A decision as recorded; reviews are never changed or deleted."""

    id: int
    decision: Decision
    comment: str
    reviewer: str
    created_at: datetime
