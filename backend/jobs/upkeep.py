"""What keeps the queue moving when something died: the reaper and the sweeper.

Times are those of the database server, whatever the clocks of the hosts say.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import Engine, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from backend.database import database_now, read_session, write_session
from backend.idempotency.service import forget_old_keys
from backend.jobs import queue, reports
from backend.jobs.tables import Job
from backend.jobs.wake_up import wake_ups_waiting, wake_worker
from backend.metrics import EXPIRED_LEASES
from backend.runs.progression import lock_run
from backend.settings import get_settings
from backend.workers.repository import forget_silent

FORGET_WORKERS_AFTER: Final = timedelta(hours=1)
log = structlog.get_logger()


def reap_expired_leases(engine: Engine) -> list[int]:
    """Re-queue running jobs whose worker went silent; cancel those it should have canceled."""
    with read_session(engine) as session:
        expired = session.execute(
            select(Job.id, Job.run_id).where(
                Job.state.in_(("running", "canceling")), Job.lease_expires_at < database_now(session)
            )
        ).all()
    return [job_id for job_id, run_id in expired if _reap(engine, job_id, run_id)]


def _reap(engine: Engine, job_id: int, run_id: int | None) -> bool:
    """A transaction a job: the run is locked first, as everywhere, and then looked at again."""
    with write_session(engine) as session:
        if run_id is not None:
            lock_run(session, run_id)
        job = session.get(Job, job_id, with_for_update=True)
        if job is None or job.lease_expires_at is None or job.lease_expires_at >= database_now(session):
            return False
        log.warning("lease.expired", job_id=job.id, worker=job.worker, attempt=job.attempt)
        EXPIRED_LEASES.inc()
        reports.give_back(session, job.id, job.attempt, "its worker went silent; queued again")
        return True


def resend_lost_wake_ups(engine: Engine, *, older_than: timedelta) -> list[int]:
    """Wake workers again for jobs that wait without being claimed. Doubled messages do nothing."""
    with read_session(engine) as session:
        moment = database_now(session)
        # Later than now: the clock was set back.
        long_ago = or_(Job.woken_at < moment - older_than, Job.woken_at > moment)
        if not session.scalars(select(Job.id).where(queue.is_ready(), long_ago)).first():
            return []
    # Where some wait, all workers are busy, and a message a job and turn would pile up.
    empty = [gpu for gpu in (False, True) if not wake_ups_waiting(gpu=gpu)]
    if not empty:
        return []
    with write_session(engine) as session:
        waiting = select(Job).where(queue.is_ready(), long_ago).order_by(Job.id)
        ready = session.scalars(waiting.with_for_update(skip_locked=True, of=Job)).all()
        jobs = [job for job in ready if (job.gpus > 0) in empty]
        for job in jobs:
            job.woken_at = database_now(session)
    for job in jobs:
        # Each failing try takes seconds: when the broker is down, leases are what upkeep has to look after.
        if wake_worker(job.id, gpu=job.gpus > 0) is False:
            break
    return [job.id for job in jobs]


def clock_offset(engine: Engine) -> float:
    """Seconds between the clock that leases are measured by and one that nobody can set."""
    with read_session(engine) as session:
        return database_now(session).timestamp() - time.monotonic()


def keep_leases_over_a_jump(engine: Engine, offset: float, lease: timedelta) -> float:
    """The present offset. If it is not the one before, the clock was set, or the machine slept.

    Then leases say nothing: every worker gets the time of one lease to renew its own. Without this, a
    jump forwards would start all running jobs again, and one backwards keep dead ones for its length.
    """
    present = clock_offset(engine)
    if abs(present - offset) > lease.total_seconds() / 4:
        log.warning("clock.jumped", seconds=round(present - offset, 1))
        with write_session(engine) as session:
            session.execute(
                update(Job)
                .where(Job.state.in_(("running", "canceling")))
                .values(lease_expires_at=database_now(session) + lease)
            )
    return present


@dataclass
class Upkeep:
    """The thread that does all of it, again and again."""

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
    lease = timedelta(seconds=get_settings().lease_seconds)

    def _loop() -> None:
        offset: float | None = None
        while not upkeep.stop.wait(every_seconds):
            try:
                if offset is None:
                    offset = clock_offset(engine)
                offset = keep_leases_over_a_jump(engine, offset, lease)
                reap_expired_leases(engine)
                resend_lost_wake_ups(engine, older_than=timedelta(seconds=4 * every_seconds))
                forget_old_keys(engine)
                forget_silent(engine, FORGET_WORKERS_AFTER)
            except SQLAlchemyError as error:
                # The database may be restarting; the next turn tries again.
                log.error("upkeep.failed", error=str(error))
            upkeep.turned_at = time.monotonic()

    threading.Thread(target=_loop, name="upkeep", daemon=True).start()
    return upkeep
