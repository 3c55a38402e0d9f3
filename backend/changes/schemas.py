"""What travels over HTTP about changes between rounds."""

from __future__ import annotations

from pydantic import BaseModel

from backend.jobs.schemas import JobRead
from hiast.contracts.changes import ChangeReport


class ChangesRead(BaseModel):
    """What became of the pixels of a round since the one before, over all images."""

    round_id: int
    job: JobRead | None
    """The job that counts; null: nobody has asked."""
    report: ChangeReport | None
    """null: not counted yet, or not of the labels there are now."""
