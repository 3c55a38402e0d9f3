"""What travels over HTTP about jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

JobKind = Literal["scan_dataset", "warm_up", "generate_labels", "train_round", "evaluate"]
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
    """What it does, in words: "run 3, round 1: label 60 images"."""
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
