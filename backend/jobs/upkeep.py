"""What keeps the queue moving when something died: the reaper and the sweeper."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from backend.database import now, read_session, write_session
from backend.jobs import queue
from backend.jobs.reports import settle_canceled
from backend.jobs.tables import Job
from backend.jobs.wake_up import wake_worker

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
        wake_worker(job.id)
    return [job.id for job in jobs]


def start_upkeep(engine: Engine, every_seconds: float) -> threading.Event:
    """Run both in a thread until the returned event is set."""
    stop = threading.Event()

    def _loop() -> None:
        while not stop.wait(every_seconds):
            try:
                reap_expired_leases(engine)
                resend_lost_wake_ups(engine, older_than=timedelta(seconds=4 * every_seconds))
            except SQLAlchemyError as error:
                # The database may be restarting; the next turn tries again.
                log.error("upkeep.failed", error=str(error))

    threading.Thread(target=_loop, name="upkeep", daemon=True).start()
    return stop
