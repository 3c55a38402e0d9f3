"""The thread that keeps the queue moving: what it does when the broker is down, and that it comes round."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from backend.database import now, write_session
from backend.datasets.tables import Dataset
from backend.jobs import queue, upkeep
from hiast.contracts.datasets import DatasetSpec

pytestmark = pytest.mark.services


@pytest.fixture
def waiting(engine: Engine, wake_ups: list[int]) -> list[int]:  # noqa: ARG001  (no broker)
    """Three jobs that have waited for an hour."""
    with write_session(engine) as session:
        dataset = Dataset(name="d", spec=DatasetSpec(kind="folder", root="/data"))
        session.add(dataset)
        session.flush()
        jobs = [queue.enqueue(session, "scan_dataset", "scan", dataset_id=dataset.id) for _ in range(3)]
        for job in jobs:
            job.woken_at = now() - timedelta(hours=1)
        return [job.id for job in jobs]


def test_a_broker_that_is_down_is_tried_once_a_turn(
    engine: Engine, waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def _down(job_id: int) -> bool:
        tried.append(job_id)
        return False

    monkeypatch.setattr(upkeep, "wake_worker", _down)
    assert upkeep.resend_lost_wake_ups(engine, older_than=timedelta(minutes=1)) == waiting
    assert tried == waiting[:1]


def test_a_broker_that_is_up_hears_of_every_job(
    engine: Engine, waiting: list[int], wake_ups: list[int]
) -> None:
    wake_ups.clear()
    upkeep.resend_lost_wake_ups(engine, older_than=timedelta(minutes=1))
    assert wake_ups == waiting


def test_upkeep_comes_round_again_after_a_fault_of_the_database(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, well = threading.Event(), threading.Event()

    def _reap(_: Engine) -> list[int]:
        if not failed.is_set():
            failed.set()
            with engine.connect() as connection:
                connection.execute(text("SELECT * FROM no_such_table"))
        well.set()
        return []

    monkeypatch.setattr(upkeep, "reap_expired_leases", _reap)
    running = upkeep.start_upkeep(engine, 0.01)
    started = running.turned_at
    assert well.wait(30)
    running.stop.set()
    assert running.turned_at >= started
    assert running.problem() is None
