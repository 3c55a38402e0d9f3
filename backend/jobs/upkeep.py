"""What keeps the queue moving when something died: the reaper and the sweeper."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from backend.database import now, read_session, write_session
from backend.idempotency.service import forget_old_keys
from backend.jobs import queue
from backend.jobs.reports import settle_canceled
from backend.jobs.tables import Job
from backend.jobs.wake_up import wake_worker
from backend.metrics import EXPIRED_LEASES

log = structlog.get_logger()


def reap_expired_leases(engine: Engine) -> list[int]:
    """Re-queue running jobs whose worker went silent; cancel those it should have canceled."""
    with read_session(engine) as session:
        expired = (Job.state.in_(("running", "canceling")), Job.lease_expires_at < now())
        if not session.scalars(select(Job.id).where(*expired)).first():
            return []
    with write_session(engine) as session:
        jobs = session.scalars(select(Job).where(*expired).with_for_update(skip_locked=True)).all()
        for job in jobs:
            log.warning("lease.expired", job_id=job.id, worker=job.worker, attempt=job.attempt)
            EXPIRED_LEASES.inc()
            if job.state == "canceling":
                settle_canceled(session, job)
            else:
                queue.release(session, job, "its worker went silent; queued again")
        return [job.id for job in jobs]


def resend_lost_wake_ups(engine: Engine, *, older_than: timedelta) -> list[int]:
    """Wake workers again for jobs that wait without being claimed. Doubled messages do nothing."""
    with read_session(engine) as session:
        waiting = (Job.state == "queued", Job.woken_at < now() - older_than)
        if not session.scalars(select(Job.id).where(*waiting)).first():
            return []
    with write_session(engine) as session:
        jobs = session.scalars(select(Job).where(*waiting).with_for_update(skip_locked=True)).all()
        for job in jobs:
            job.woken_at = now()
    for job in jobs:
        # Each failing try takes seconds: when the broker is down, leases are what upkeep has to look after.
        if wake_worker(job.id) is False:
            break
    return [job.id for job in jobs]


@dataclass
class Upkeep:
    """The thread that does both, again and again."""

    every_seconds: float
    stop: threading.Event = field(default_factory=threading.Event)
    turned_at: float = field(default_factory=time.monotonic)
    """When it last came round, on the clock of `time.monotonic`."""

    def problem(self) -> str | None:
        """Why nothing is kept up, or None."""
        silent = time.monotonic() - self.turned_at
        # A turn waits for the database's lock as long as a request does.
        if silent > 10 * self.every_seconds + 30:
            return f"its last turn was {silent:.0f} s ago, not {self.every_seconds:.0f} s"
        return None


def start_upkeep(engine: Engine, every_seconds: float) -> Upkeep:
    """Run it until `stop` is set."""
    upkeep = Upkeep(every_seconds)

    def _loop() -> None:
        while not upkeep.stop.wait(every_seconds):
            try:
                reap_expired_leases(engine)
                resend_lost_wake_ups(engine, older_than=timedelta(seconds=4 * every_seconds))
                forget_old_keys(engine)
            except SQLAlchemyError as error:
                # The database may be restarting; the next turn tries again.
                log.error("upkeep.failed", error=str(error))
            upkeep.turned_at = time.monotonic()

    threading.Thread(target=_loop, name="upkeep", daemon=True).start()
    return upkeep
