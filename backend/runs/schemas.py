"""What travels over HTTP about runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.jobs.schemas import Priority
from backend.rounds.schemas import RoundRead
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.reports import EvaluationReport
from hiast.contracts.run_spec import RunSpec

RunState = Literal["running", "waiting_for_review", "succeeded", "failed", "canceled"]


class RunCreate(BaseModel):
    """Start a run from a recipe (with data sets and overrides) or from a full RunSpec."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "recipe": "camvid_day_to_dusk",
                    "source": "camvid day",
                    "target": "camvid dusk",
                    "validation": "camvid dusk val",
                    "set": {"rounds": 2, "selection.alpha": 0.4},
                }
            ]
        },
    )

    recipe: str | None = None
    name: str | None = Field(default=None, min_length=1, max_length=120)
    source: str | None = None
    """Name of a registered data set; likewise target and validation."""
    target: str | None = None
    validation: str | None = None
    set: dict[str, Any] = Field(default_factory=dict, max_length=200)
    """RunSpec fields to override, by dotted name: {"training.iterations": 200}."""
    spec: RunSpec | None = None
    priority: Priority = 0

    @model_validator(mode="after")
    def _check(self) -> RunCreate:
        if (self.recipe is None) == (self.spec is None):
            raise ValueError("give either `recipe` (a name from GET /recipes) or `spec` (a full RunSpec)")
        if self.spec is not None and self.set:
            raise ValueError("`set` overrides fields of a recipe; put them into `spec` instead")
        return self


class RunChange(BaseModel):
    """What can be changed of a run."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"priority": 10}]})

    priority: Priority


class RunRead(BaseModel):
    """A run: its spec, where it stands, and what it waits for."""

    id: int
    name: str
    recipe: str | None
    state: RunState
    error: str | None
    spec: RunSpec
    class_space: ClassSpace
    source: str | None
    """Name of the registered data set; likewise target and validation."""
    target: str
    validation: str | None
    priority: int
    """Jobs of greater ones are started first."""
    active_job_id: int | None
    """The queued or running job, if any; the first one where several share a step."""
    active_job_ids: list[int]
    warm_up_evaluation: EvaluationReport | None
    """Score of the network before round 1."""
    rounds: list[RoundRead]
    created_at: datetime
    finished_at: datetime | None
