"""Which job a worker gets, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from backend.database import read_session, write_session
from backend.errors import ConflictError
from backend.jobs import queue, reports, service, upkeep
from backend.jobs.tables import Job
from backend.workers.capabilities import Capabilities
from backend.workers.repository import note_alive

pytestmark = pytest.mark.services
LEASE = timedelta(seconds=60)
CPU = Capabilities()


@pytest.fixture(autouse=True)
def _no_broker(wake_ups: list[int]) -> None:
    """Every test of this file counts wake-ups instead of sending them."""


def _add(engine: Engine, *, after: tuple[int, ...] = (), priority: int = 0, gpus: int = 0, gib: float = 0):
    with write_session(engine) as session:
        needed = [session.get_one(Job, job_id) for job_id in after]
        needs = Capabilities(gpus, gib)
        return queue.enqueue(
            session, "scan_dataset", "job", priority=priority, needs=needs, after=needed
        ).id


def _claim(engine: Engine, has: Capabilities = CPU) -> int | None:
    with write_session(engine) as session:
        claimed = queue.claim_next(session, "worker", has, LEASE)
        return claimed[0] if claimed else None


def _finish(engine: Engine, job_id: int, state: str) -> None:
    with write_session(engine) as session:
        queue.finish(session, session.get_one(Job, job_id), state)


def _waiting_for(engine: Engine, job_id: int) -> str | None:
    with read_session(engine) as session:
        return service.read_job(session, session.get_one(Job, job_id)).waiting_for


def test_the_greatest_priority_comes_first_then_the_oldest(engine: Engine) -> None:
    old, low, high, young = (_add(engine, priority=priority) for priority in (0, -1, 5, 0))
    with write_session(engine) as session:
        service.change_priority(session, low, 7)
    assert [_claim(engine) for _ in range(5)] == [low, high, old, young, None]
    with pytest.raises(ConflictError, match="running"), write_session(engine) as session:
        service.change_priority(session, old, 3)


def test_a_worker_gets_only_jobs_it_has_the_gpus_and_memory_for(engine: Engine) -> None:
    two, big, one, none = (_add(engine, gpus=g, gib=m) for g, m in ((2, 0), (1, 40), (1, 11), (0, 0)))
    assert _claim(engine) == none
    assert _claim(engine) is None
    small = Capabilities(1, 11.0)
    assert [_claim(engine, small), _claim(engine, small)] == [one, None]
    assert [_claim(engine, Capabilities(8, 39.5)), _claim(engine, Capabilities(8, 40.0))] == [two, big]


def test_a_job_waits_for_the_success_of_those_it_needs(engine: Engine, wake_ups: list[int]) -> None:
    first, second = _add(engine), _add(engine)
    last = _add(engine, after=(first, second), priority=100)
    assert wake_ups == [first, second]
    assert _waiting_for(engine, last) == f"jobs {first}, {second} to succeed"
    assert [_claim(engine) for _ in range(3)] == [first, second, None]
    _finish(engine, first, "succeeded")
    assert (_claim(engine), wake_ups) == (None, [first, second])
    assert _waiting_for(engine, last) == f"job {second} to succeed"
    _finish(engine, second, "failed")
    assert _claim(engine) is None
    with write_session(engine) as session:
        queue.requeue(session, session.get_one(Job, second))
    assert _claim(engine) == second
    wake_ups.clear()
    _finish(engine, second, "succeeded")
    assert wake_ups == [last]
    assert _claim(engine) == last


def test_workers_that_ask_at_once_get_different_jobs(engine: Engine) -> None:
    ids = [_add(engine) for _ in range(60)]
    claimed: list[int] = []
    start = threading.Barrier(4)

    def _work() -> None:
        start.wait()
        while (job_id := _claim(engine)) is not None:
            claimed.append(job_id)

    threads = [threading.Thread(target=_work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ids
    with read_session(engine) as session:
        assert set(session.scalars(select(Job.attempt))) == {1}


def test_jobs_that_need_a_gpu_are_announced_to_workers_with_one(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[tuple[int, bool]] = []

    def _note(job_id: int, *, gpu: bool = False) -> None:
        woken.append((job_id, gpu))

    monkeypatch.setattr(queue, "wake_worker", _note)
    monkeypatch.setattr(upkeep, "wake_worker", _note)
    plain, gpu = _add(engine), _add(engine, gpus=1)
    blocked = _add(engine, after=(plain,))
    assert woken == [(plain, False), (gpu, True)]
    woken.clear()
    resent = upkeep.resend_lost_wake_ups(engine, older_than=timedelta(seconds=-1))
    assert resent == [plain, gpu]
    assert blocked not in resent
    assert woken == [(plain, False), (gpu, True)]


def test_a_queued_job_that_no_living_worker_can_run_says_so(engine: Engine) -> None:
    plain, two, big = _add(engine), _add(engine, gpus=2), _add(engine, gpus=1, gib=80)
    assert _waiting_for(engine, plain) == "a worker; none is running"
    with write_session(engine) as session:
        note_alive(session, "cpu", CPU)
    assert _waiting_for(engine, plain) is None
    assert _waiting_for(engine, two) == "a worker with 2 GPUs; none has any"
    with write_session(engine) as session:
        note_alive(session, "one", Capabilities(1, 23.64))
    assert _waiting_for(engine, two) == "a worker with 2 GPUs; the largest has 1"
    assert _waiting_for(engine, big) == "a worker with a GPU of 80 GiB; the largest has 23.6 GiB"
    with write_session(engine) as session:
        note_alive(session, "eight", Capabilities(8, 80.0))
    assert (_waiting_for(engine, two), _waiting_for(engine, big)) == (None, None)


def test_the_log_keeps_its_end_however_much_a_job_prints(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "LOG_LINES", 10)
    job_id, other = _add(engine), _add(engine)
    for claimed in (_claim(engine), _claim(engine)):
        assert claimed is not None
        with write_session(engine) as session:
            for number in range(25):
                reports.report_log(session, claimed, 1, f"line {number}")
            session.flush()
            if claimed == job_id:
                reports.shorten_log(session, claimed)
    with read_session(engine) as session:
        lines = [line.split("] ")[1] for line in service.log_text(session, job_id).splitlines()]
        untouched = service.log_text(session, other).count("line")
    assert lines[:2] == ["state=queued", "state=running worker=worker"]
    assert lines[2:] == [f"line {number}" for number in range(15, 25)]
    assert untouched == 25
