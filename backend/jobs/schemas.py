"""What travels over HTTP about jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobKind = Literal[
    "scan_dataset",
    "warm_up",
    "infer_labels",
    "generate_labels",
    "apply_revision",
    "train_round",
    "evaluate",
    "predict",
    "compare_rounds",
    "export",
]
Priority = Annotated[int, Field(ge=-100, le=100)]
"""Greater ones are started first; among equals the older."""
JobState = Literal["queued", "running", "canceling", "succeeded", "failed", "canceled"]


class JobRead(BaseModel):
    """A job: what it does, where it stands."""

    id: int
    kind: JobKind
    state: JobState
    attempt: int
    run_id: int | None
    round_id: int | None
    dataset_id: int | None
    title: str
    """What it does, in words: "streets: label round 1"."""
    priority: int
    """Greater ones are started first; among equals the older."""
    gpus: int
    """GPUs a worker must have to get it; likewise the memory of each."""
    gpu_memory_gib: float
    shard: int | None
    """Part of its step's images this job does, from 0, of `shards`; null: all of them, or with `shards`
    what is left when all parts are done."""
    shards: int | None
    needs: list[int]
    """Jobs that must have succeeded before this one starts."""
    waiting_for: str | None
    """Why a queued job cannot start now, such as "a worker with 2 GPUs; the largest has 1"."""
    worker: str | None
    done: int
    total: int
    message: str
    eta_seconds: float | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobEventRead(BaseModel):
    """One line of a job's history: state change, log line or metrics."""

    id: int
    job_id: int
    attempt: int
    kind: Literal["state", "log", "metrics"]
    data: dict[str, Any]
    created_at: datetime


class JobPriority(BaseModel):
    """When a queued job is started, compared with others."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"priority": 10}]})

    priority: Priority
