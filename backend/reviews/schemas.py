"""What travels over HTTP about reviews: people's decisions on labels."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Decision = Literal["accept", "reject", "skip", "reset"]
Comment = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
"""What a person writes about a label. PostgreSQL stores no NUL characters."""


class ReviewCreate(BaseModel):
    """A person's decision on one label."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "reject", "comment": "rider lost"}]}
    )

    decision: Decision
    comment: Comment = ""


class VetoWrite(BaseModel):
    """Classes that are not trained on. The list takes the place of the one before; [] vetoes none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"classes": [0]}]})

    classes: Annotated[list[int], Field(max_length=254)]
    """Class ids."""


class DraftWrite(BaseModel):
    """What a person has written about a label and not sent yet; "" is none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"comment": "rider l"}]})

    comment: Comment


class ClaimRead(BaseModel):
    """Who is looking at a label, and until when if they say nothing more."""

    person: str
    expires_at: datetime


class ReviewRead(BaseModel):
    """A decision as recorded; reviews are never changed or deleted."""

    id: int
    decision: Decision | Literal["veto", "revise"]
    """"revise": somebody revised the round's labels, and this one changed."""
    comment: str
    vetoed_classes: list[int] | None = None
    """With "veto": all classes of the label that are vetoed from then on."""
    reviewer: str
    created_at: datetime
