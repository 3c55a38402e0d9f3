"""What travels over HTTP about exports."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from backend.jobs.schemas import JobRead

FormatName = Literal[
    "ids",
    "cityscapes",
    "mmsegmentation",
    "fiftyone",
    "coco",
    "coco_panoptic",
    "cvat",
    "label_studio",
    "datumaro",
]
"""The names of `hiast.exports.FORMATS`."""


class ExportCreate(BaseModel):
    """Ask for a round's labels in a format."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"format": "coco"}]})

    format: FormatName


class ExportRead(BaseModel):
    """An export: what it is, and the job that makes it."""

    id: int
    round_id: int
    format: FormatName
    ids: str
    """What the ids in its files mean."""
    person: str
    created_at: datetime
    job: JobRead
    labels: int | None
    """How many; null, like the following, until it is made."""
    bytes: int | None
    sha256: str | None
    """Of the zip."""
