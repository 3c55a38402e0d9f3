"""What travels over HTTP about workers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class WorkerRead(BaseModel):
    """A worker: what it has, when it was last heard of, what it does."""

    name: str
    gpus: int
    gpu_memory_gib: float
    """Of its smallest GPU; 0 without one."""
    started_at: datetime
    seen_at: datetime
    alive: bool
    """Heard of within the time of a lease (STUDIO_LEASE_SECONDS)."""
    current_job_id: int | None
