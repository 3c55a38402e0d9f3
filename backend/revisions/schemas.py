"""What travels over HTTP about revisions of a round's labels."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from backend.jobs.schemas import JobRead
from backend.reviews.schemas import Comment
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.selection_changes import SelectionChanges


class RevisionCreate(BaseModel):
    """Other settings for the labels of a round, applied by a job over what is stored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"changes": {"alpha": 0.3}, "comment": "keeps more riders"}]},
    )

    changes: SelectionChanges
    comment: Comment = ""


class RevisionRead(BaseModel):
    """One label set of a round: as it was made (number 0), or under other settings."""

    number: int
    current: bool
    """The round's labels are these."""
    parent: int | None
    """The revision it was asked for on; null: number 0."""
    changes: SelectionChanges
    """Against the settings of the run."""
    comment: str
    person: str
    """Who asked for it to be applied last."""
    label_set: LabelSetReport | None
    """null: it was never applied."""
    job: JobRead | None
    """The newest job that applies it; null: nobody had to."""
    created_at: datetime
