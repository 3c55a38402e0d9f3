"""What people see of workers, and why a job waits for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.database import database_now
from backend.jobs.tables import Job
from backend.settings import get_settings
from backend.workers import repository
from backend.workers.capabilities import Capabilities
from backend.workers.schemas import WorkerRead


def silence_of_the_dead() -> timedelta:
    """A worker that was not heard of for so long is taken for dead."""
    return timedelta(seconds=get_settings().lease_seconds)


def list_workers(session: Session) -> list[WorkerRead]:
    """All known workers, by name, with what each does."""
    earliest = database_now(session) - silence_of_the_dead()
    running = select(Job.worker, Job.id).where(Job.state.in_(("running", "canceling")))
    jobs = dict(session.execute(running).all())
    return [
        WorkerRead(
            name=worker.name,
            gpus=worker.gpus,
            gpu_memory_gib=worker.gpu_memory_gib,
            started_at=worker.started_at,
            seen_at=worker.seen_at,
            alive=worker.seen_at >= earliest,
            current_job_id=jobs.get(worker.name),
        )
        for worker in repository.list_workers(session)
    ]


def missing_worker(needs: Capabilities, living: Sequence[Capabilities]) -> str | None:
    """What kind of worker a queued job waits for that no living one is; None: some worker will take it."""
    if any(has.gpus >= needs.gpus and has.gpu_memory_gib >= needs.gpu_memory_gib for has in living):
        return None
    if not living:
        return "a worker; none is running"
    gpus = max(has.gpus for has in living)
    wanted = f"{needs.gpus} GPUs" if needs.gpus != 1 else "a GPU"
    if needs.gpus > gpus:
        there = f"the largest has {gpus}" if gpus else "none has any"
        return f"a worker with {wanted}; {there}"
    memory = max(has.gpu_memory_gib for has in living if has.gpus >= needs.gpus)
    return f"a worker with {wanted} of {needs.gpu_memory_gib:g} GiB; the largest has {memory:.1f} GiB"
