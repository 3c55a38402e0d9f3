"""The reaper and clocks that jump, on both databases."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from backend.database import database_now, now, read_session, write_session
from backend.jobs import queue, upkeep
from backend.jobs.tables import Job
from backend.settings import get_settings
from backend.workers.capabilities import Capabilities
from backend.workers.repository import list_workers, note_alive
from backend.workers.tables import Worker

pytestmark = pytest.mark.services
LEASE = timedelta(seconds=60)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_broker(wake_ups: list[int]) -> None:
    """Every test of this file counts wake-ups instead of sending them."""


def _running(engine: Engine, expires_in: timedelta) -> int:
    with write_session(engine) as session:
        job = queue.enqueue(session, "scan_dataset", "scan")
        assert queue.claim(session, job.id, "worker", LEASE) is not None
        session.flush()
        session.refresh(job)
        job.lease_expires_at = database_now(session) + expires_in
        return job.id


def _expires_in(engine: Engine, job_id: int) -> timedelta:
    with read_session(engine) as session:
        expires = session.get_one(Job, job_id).lease_expires_at
        assert expires is not None
        return expires - database_now(session)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_that_jumps_gives_every_worker_the_time_to_renew(engine: Engine, jump: timedelta) -> None:
    """After a jump of the clock by an hour, leases lie an hour off in the other direction."""
    job_id = _running(engine, LEASE - jump)
    before = upkeep.clock_offset(engine) - jump.total_seconds()
    offset = upkeep.keep_leases_over_a_jump(engine, before, LEASE)
    assert upkeep.reap_expired_leases(engine) == []
    assert timedelta(seconds=30) < _expires_in(engine, job_id) <= LEASE
    assert abs(offset - upkeep.clock_offset(engine)) < 5


def test_a_clock_that_runs_on_takes_no_dead_worker_for_a_living_one(engine: Engine) -> None:
    job_id = _running(engine, timedelta(seconds=-1))
    offset = upkeep.clock_offset(engine)
    upkeep.keep_leases_over_a_jump(engine, offset + 1.0, LEASE)
    assert upkeep.reap_expired_leases(engine) == [job_id]


def test_leases_are_measured_by_the_database_and_not_by_this_host(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite serves one host and has no other clock")
    monkeypatch.setattr("backend.database.now", lambda: now() + HOUR)
    monkeypatch.setattr("backend.jobs.queue.now", lambda: now() + HOUR)
    job_id = _running(engine, LEASE)
    assert upkeep.reap_expired_leases(engine) == []
    with write_session(engine) as session:
        queue.renew_lease(session, job_id, 1, LEASE)
    assert timedelta(0) < _expires_in(engine, job_id) <= LEASE


def test_a_wake_up_from_the_future_is_sent_again(engine: Engine, wake_ups: list[int]) -> None:
    with write_session(engine) as session:
        job = queue.enqueue(session, "scan_dataset", "scan")
        job.woken_at = database_now(session) + HOUR
    wake_ups.clear()
    assert upkeep.resend_lost_wake_ups(engine, older_than=HOUR) == [job.id] == wake_ups


def test_upkeep_reaps_sweeps_and_forgets_by_itself(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, wake_ups: list[int]
) -> None:
    monkeypatch.setattr(get_settings(), "lease_seconds", 60.0)
    expired = _running(engine, timedelta(seconds=-1))
    with write_session(engine) as session:
        note_alive(session, "gone", Capabilities())
        note_alive(session, "here", Capabilities())
        session.flush()
        session.get_one(Worker, "gone").seen_at = database_now(session) - 2 * HOUR
    wake_ups.clear()
    running = upkeep.start_upkeep(engine, 0.05)
    try:
        deadline = time.monotonic() + 30
        while len(names := _names(engine)) == 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        running.stop.set()
    assert names == ["here"]
    assert wake_ups[0] == expired


def _names(engine: Engine) -> list[str]:
    with read_session(engine) as session:
        return [worker.name for worker in list_workers(session)]
