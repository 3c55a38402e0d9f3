"""The job protocol, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from backend.database import now, read_session, write_session
from backend.datasets.tables import Dataset
from backend.errors import ConflictError
from backend.jobs import queue, reports, service, upkeep
from backend.jobs.tables import Job, JobEvent
from backend.jobs.upkeep import reap_expired_leases, resend_lost_wake_ups
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.reports import Progress

pytestmark = pytest.mark.services
LEASE = timedelta(seconds=60)
EXPIRED = timedelta(seconds=-1)


@pytest.fixture(autouse=True)
def _no_broker(wake_ups: list[int]) -> None:
    """Every test of this file counts wake-ups instead of sending them."""


def _add_job(engine: Engine) -> int:
    with write_session(engine) as session:
        dataset = Dataset(name=f"d{now().timestamp()}", spec=DatasetSpec(kind="folder", root="/data"))
        session.add(dataset)
        session.flush()
        return queue.enqueue(session, "scan_dataset", "scan", dataset_id=dataset.id).id


def _claim(engine: Engine, job_id: int, lease: timedelta = LEASE) -> int | None:
    with write_session(engine) as session:
        return queue.claim(session, job_id, "worker", lease)


def _claimed(engine: Engine, lease: timedelta = LEASE) -> tuple[int, int]:
    job_id = _add_job(engine)
    attempt = _claim(engine, job_id, lease)
    assert attempt is not None
    return job_id, attempt


def _job(engine: Engine, job_id: int) -> Job:
    with read_session(engine) as session:
        return session.get_one(Job, job_id)


def _dataset_of(engine: Engine, job_id: int) -> Dataset:
    with read_session(engine) as session:
        return session.get_one(Dataset, session.get_one(Job, job_id).dataset_id)


def test_each_job_is_claimed_once_however_many_workers_try(engine: Engine) -> None:
    with write_session(engine) as session:
        jobs = [queue.enqueue(session, "scan_dataset", f"job {index}") for index in range(200)]
        ids = [job.id for job in jobs]
    claimed: list[int] = []
    start = threading.Barrier(4)

    def _work(order: list[int]) -> None:
        start.wait()
        claimed.extend(job_id for job_id in order if _claim(engine, job_id) is not None)

    threads = [threading.Thread(target=_work, args=(ids if n % 2 else ids[::-1],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ids
    with read_session(engine) as session:
        assert set(session.scalars(select(Job.attempt))) == {1}
        running = session.scalars(select(JobEvent).where(JobEvent.kind == "state")).all()
    assert sum(event.data["state"] == "running" for event in running) == 200


def test_an_attempt_that_lost_its_job_can_write_nothing(engine: Engine) -> None:
    job_id, old = _claimed(engine, EXPIRED)
    assert reap_expired_leases(engine) == [job_id]
    new = _claim(engine, job_id)
    assert new == old + 1
    progress = Progress(stage="scan", done=7, total=9)
    for attempt, expected in ((old, False), (new, True)):
        done = 0
        for write in (
            lambda session, a=attempt: queue.renew_lease(session, job_id, a, LEASE),
            lambda session, a=attempt: reports.report_progress(session, job_id, a, progress),
            lambda session, a=attempt: reports.report_log(session, job_id, a, "line"),
            lambda session, a=attempt: reports.fail(session, job_id, a, "broken"),
        ):
            try:
                with write_session(engine) as session:
                    write(session)
                done += 1
            except queue.FencedError:
                assert _job(engine, job_id).state == "running"
                assert _job(engine, job_id).done == 0
        assert done == (4 if expected else 0)
    assert (_job(engine, job_id).state, _job(engine, job_id).error) == ("failed", "broken")


def test_a_finished_job_takes_no_more_reports(engine: Engine) -> None:
    job_id, attempt = _claimed(engine)
    with write_session(engine) as session:
        reports.fail(session, job_id, attempt, "broken")
    with pytest.raises(queue.FencedError), write_session(engine) as session:
        reports.report_log(session, job_id, attempt, "too late")


def test_a_job_with_an_expired_lease_is_queued_and_announced_again(
    engine: Engine, wake_ups: list[int]
) -> None:
    job_id, _ = _claimed(engine, EXPIRED)
    alive, _ = _claimed(engine)
    wake_ups.clear()
    assert reap_expired_leases(engine) == [job_id]
    assert wake_ups == [job_id]
    job = _job(engine, job_id)
    assert (job.state, job.worker, job.lease_expires_at) == ("queued", None, None)
    assert _job(engine, alive).state == "running"
    assert reap_expired_leases(engine) == []


def test_a_heartbeat_keeps_the_job(engine: Engine) -> None:
    job_id, attempt = _claimed(engine, EXPIRED)
    with write_session(engine) as session:
        queue.renew_lease(session, job_id, attempt, LEASE)
    assert reap_expired_leases(engine) == []


def test_a_canceling_job_whose_worker_is_gone_is_canceled(engine: Engine) -> None:
    job_id, _ = _claimed(engine, EXPIRED)
    with write_session(engine) as session:
        assert service.cancel(session, job_id, "ann").state == "canceling"
    reap_expired_leases(engine)
    assert _job(engine, job_id).state == "canceled"
    assert _dataset_of(engine, job_id).state == "failed"


def test_a_lost_wake_up_is_sent_again_once_in_a_while(engine: Engine, wake_ups: list[int]) -> None:
    job_id = _add_job(engine)
    running, _ = _claimed(engine)
    wake_ups.clear()
    assert resend_lost_wake_ups(engine, older_than=timedelta(hours=1)) == []
    with write_session(engine) as session:
        for waiting in session.scalars(select(Job)):
            waiting.woken_at = now() - timedelta(hours=2)
    assert resend_lost_wake_ups(engine, older_than=timedelta(hours=1)) == [job_id]
    assert resend_lost_wake_ups(engine, older_than=timedelta(hours=1)) == []
    assert wake_ups == [job_id]
    assert _job(engine, running).state == "running"


def test_no_wake_up_is_sent_again_while_the_broker_still_holds_some(
    engine: Engine, wake_ups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a long job they would pile up, one a job and turn."""
    job_id = _add_job(engine)
    wake_ups.clear()
    monkeypatch.setattr(upkeep, "wake_ups_waiting", lambda **_which: True)
    assert resend_lost_wake_ups(engine, older_than=-timedelta(hours=1)) == []
    monkeypatch.setattr(upkeep, "wake_ups_waiting", lambda **_which: False)
    assert resend_lost_wake_ups(engine, older_than=-timedelta(hours=1)) == [job_id]
    assert wake_ups == [job_id]


def test_nobody_is_woken_for_a_job_that_was_rolled_back(engine: Engine, wake_ups: list[int]) -> None:
    with pytest.raises(RuntimeError), write_session(engine) as session:
        queue.enqueue(session, "scan_dataset", "scan")
        raise RuntimeError
    assert wake_ups == []
    with read_session(engine) as session:
        assert session.scalars(select(Job)).all() == []


def test_canceling_a_queued_job_is_immediate_and_a_running_one_is_asked(engine: Engine) -> None:
    queued = _add_job(engine)
    running, attempt = _claimed(engine)
    with write_session(engine) as session:
        assert service.cancel(session, queued, "ann").state == "canceled"
        assert service.cancel(session, running, "ann").state == "canceling"
    assert _claim(engine, queued) is None
    with write_session(engine) as session:
        # Asking twice changes nothing; the job hears of it with its next report.
        assert service.cancel(session, running, "ann").state == "canceling"
        assert reports.report_progress(session, running, attempt, Progress(stage="scan", done=1, total=2))
    with write_session(engine) as session:
        reports.cancel(session, running, attempt)
    with pytest.raises(ConflictError, match="canceled"), write_session(engine) as session:
        service.cancel(session, running, "ann")


def test_a_job_that_fails_while_canceling_is_canceled(engine: Engine) -> None:
    job_id, attempt = _claimed(engine)
    with write_session(engine) as session:
        service.cancel(session, job_id, "ann")
    with write_session(engine) as session:
        reports.fail(session, job_id, attempt, "broken")
    assert (_job(engine, job_id).state, _job(engine, job_id).error) == ("canceled", None)


def test_only_a_failed_or_canceled_job_can_be_retried(engine: Engine, wake_ups: list[int]) -> None:
    job_id, attempt = _claimed(engine)
    with pytest.raises(ConflictError, match="running"), write_session(engine) as session:
        service.retry(session, job_id, "ann")
    with write_session(engine) as session:
        reports.fail(session, job_id, attempt, "broken")
    assert (_dataset_of(engine, job_id).state, _dataset_of(engine, job_id).error) == ("failed", "broken")
    wake_ups.clear()
    with write_session(engine) as session:
        service.retry(session, job_id, "ann")
    assert wake_ups == [job_id]
    job = _job(engine, job_id)
    assert (job.state, job.error, job.finished_at) == ("queued", None, None)
    assert _dataset_of(engine, job_id).state == "scanning"
    assert _claim(engine, job_id) == attempt + 1


def test_the_log_holds_states_and_lines_with_their_attempt(engine: Engine) -> None:
    job_id, attempt = _claimed(engine)
    with write_session(engine) as session:
        reports.report_log(session, job_id, attempt, "hello")
        text = service.log_text(session, job_id)
    assert [line.split("] ")[1] for line in text.splitlines()] == [
        "state=queued",
        "state=running worker=worker",
        "hello",
    ]
    assert "[attempt 1] hello" in text
