"""What travels over HTTP about checkpoints and what they predict."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.jobs.schemas import JobRead

CheckpointName = Annotated[str, Field(pattern=r"^(warm-up|(teacher|student)-[1-9][0-9]{0,2})$")]
"""warm-up, or teacher-N or student-N of round N."""


class CheckpointRead(BaseModel):
    """One network of a run, and whether it was asked about the target images."""

    name: CheckpointName
    role: Literal["warm-up", "teacher", "student"]
    round_number: int
    """The round that trained it; 0: the warm-up."""
    labels_round: int | None
    """The round whose labels this network made: what it says of them is there without asking."""
    prediction: JobRead | None
    """The job that asks it; null: nobody has asked."""


class PredictionRequest(BaseModel):
    """Ask a checkpoint about all target images."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"first_image": "a/0001"}]})

    first_image: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """The image to begin with."""
