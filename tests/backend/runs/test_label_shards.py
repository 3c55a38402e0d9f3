"""Labels made by several jobs: how they follow each other, fail, are canceled and retried."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from backend.database import read_session, write_session
from backend.datasets.tables import Dataset, Image
from backend.errors import ConflictError
from backend.jobs import queue, reports, service
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs import progression
from backend.runs import service as runs
from backend.runs.tables import Run
from backend.workers.capabilities import Capabilities
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.run_spec import ModelSpec, RunSpec
from hiast.contracts.training_spec import ComputeSpec
from tests.backend.runs.test_cancel import LABEL_SET

pytestmark = pytest.mark.services
CLASSES = ClassSpace(name="two", classes=("road", "car"), colours=((0, 0, 0), (255, 255, 255)))
GPU_NODE = Capabilities(4, 80.0)
LEASE = timedelta(seconds=60)


@pytest.fixture
def run_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    """A run of seven images in three parts whose warm-up is done; its training wants two GPUs."""
    with write_session(engine) as session:
        spec = DatasetSpec(kind="folder", root="/data", labelled=False)
        dataset = Dataset(name="target", spec=spec, state="ready", class_space=CLASSES)
        session.add(dataset)
        session.flush()
        for position in range(7):
            image = {"name": str(position), "image_path": "x", "height": 4, "width": 4}
            session.add(Image(dataset_id=dataset.id, position=position, **image))
        compute = ComputeSpec(label_shards=3, processes=2, device="cuda", gpu_memory_gib=24)
        run = Run(
            name="r",
            recipe=None,
            spec=RunSpec(name="r", target=spec, rounds=1, model=ModelSpec(weights="w.pt"), compute=compute),
            class_space=CLASSES,
            target_id=dataset.id,
            priority=3,
        )
        session.add(run)
        session.flush()
        warm_up = progression.start(session, run)
        assert queue.claim(session, warm_up.id, "worker", timedelta(seconds=60)) == 1
    with write_session(engine) as session:
        reports.succeed_warm_up(session, warm_up.id, 1, None)
    return run.id


def _jobs(engine: Engine, run_id: int) -> list[Job]:
    with read_session(engine) as session:
        return list(session.scalars(select(Job).where(Job.run_id == run_id).order_by(Job.id)))[1:]


def _states(engine: Engine, run_id: int) -> tuple[str, str, list[str]]:
    with read_session(engine) as session:
        run = session.get_one(Run, run_id)
        round_ = session.scalars(select(Round).where(Round.run_id == run_id)).one()
    return run.state, round_.state, [job.state for job in _jobs(engine, run_id)]


def _claim(engine: Engine) -> tuple[int, int]:
    with write_session(engine) as session:
        claimed = queue.claim_next(session, "worker", GPU_NODE, timedelta(seconds=60))
    assert claimed is not None
    return claimed


def _succeed(engine: Engine, claimed: tuple[int, int]) -> None:
    with write_session(engine) as session:
        reports.succeed_shard(session, *claimed)


def test_parts_run_side_by_side_and_the_labels_are_made_behind_them(engine: Engine, run_id: int) -> None:
    *parts, last = _jobs(engine, run_id)
    assert [(job.kind, job.shard, job.shards, job.total) for job in parts] == [
        ("infer_labels", 0, 3, 3),
        ("infer_labels", 1, 3, 2),
        ("infer_labels", 2, 3, 2),
    ]
    assert (last.kind, last.shard, last.shards, last.total) == ("generate_labels", None, 3, 7)
    assert {(job.priority, job.gpus, job.gpu_memory_gib) for job in parts} == {(3, 1, 24.0)}
    assert (last.priority, last.gpus, last.gpu_memory_gib) == (3, 0, 0.0)
    with read_session(engine) as session:
        reads = service.list_jobs(session, state=None, run_id=run_id, cursor=None, limit=9).items
        run = runs.read_run(session, session.get_one(Run, run_id))
    assert reads[0].needs == [job.id for job in parts]
    assert (run.active_job_id, run.active_job_ids) == (parts[0].id, [*reads[0].needs, last.id])
    for claimed in [_claim(engine) for _ in range(3)]:
        _succeed(engine, claimed)
    job_id, attempt = _claim(engine)
    assert job_id == last.id
    with write_session(engine) as session:
        reports.succeed_round_step(session, job_id, attempt, LABEL_SET)
    with write_session(engine) as session:
        run, round_ = session.get_one(Run, run_id), session.scalars(select(Round)).one()
        progression.start_training(session, run, round_, approved_by="ann")
    training = _jobs(engine, run_id)[-1]
    assert (training.kind, training.gpus, training.gpu_memory_gib) == ("train_round", 2, 24.0)


def test_a_failed_part_stops_the_others_and_a_retry_does_what_is_missing(
    engine: Engine, run_id: int
) -> None:
    first, second, third = (_claim(engine) for _ in range(3))
    _succeed(engine, first)
    with write_session(engine) as session:
        reports.fail(session, *second, "the disk is full")
    # The third hears of it at its next image; until then the run is not at rest.
    assert _states(engine, run_id) == (
        "running",
        "labelling",
        ["succeeded", "failed", "canceling", "canceled"],
    )
    stopping = f"job {third[0]} .* still stopping"
    with pytest.raises(ConflictError, match=stopping), write_session(engine) as session:
        service.retry(session, second[0], "ann")
    with write_session(engine) as session:
        reports.cancel(session, *third)
    assert _states(engine, run_id)[:2] == ("failed", "failed")
    with read_session(engine) as session:
        assert session.get_one(Run, run_id).error == "the disk is full"
    with write_session(engine) as session:
        runs.advance(session, run_id, "ann")
    assert _states(engine, run_id) == (
        "running",
        "labelling",
        ["succeeded", "queued", "queued", "queued"],
    )
    assert [_claim(engine)[0], _claim(engine)[0]] == [second[0], third[0]]


def test_a_canceled_part_stops_the_run(engine: Engine, run_id: int) -> None:
    first = _claim(engine)
    with write_session(engine) as session:
        service.cancel(session, _jobs(engine, run_id)[1].id, "ann")
    assert _states(engine, run_id)[2] == ["canceling", "canceled", "canceled", "canceled"]
    _succeed(engine, first)  # its last image met the cancel: what it did is kept
    assert _states(engine, run_id) == ("canceled", "canceled", ["succeeded", *3 * ["canceled"]])
    with write_session(engine) as session:
        service.retry(session, _jobs(engine, run_id)[2].id, "ann")
    assert _states(engine, run_id) == ("running", "labelling", ["succeeded", *3 * ["queued"]])


def test_canceling_the_run_cancels_all_its_parts(engine: Engine, run_id: int) -> None:
    claimed = [_claim(engine), _claim(engine)]
    with write_session(engine) as session:
        runs.cancel(session, run_id, "ann")
    assert _states(engine, run_id)[0] == "running"
    for part in claimed:
        with write_session(engine) as session:
            assert session.get_one(Job, part[0]).state == "canceling"
            reports.cancel(session, *part)
    assert _states(engine, run_id) == ("canceled", "canceled", 4 * ["canceled"])


def test_parts_that_end_at_the_same_moment_leave_the_run_at_rest(engine: Engine, run_id: int) -> None:
    claimed = [_claim(engine) for _ in range(3)]
    start = threading.Barrier(4)
    raised: list[BaseException] = []

    def _at_once(act: object, *arguments: object) -> None:
        start.wait()
        try:
            with write_session(engine) as session:
                act(session, *arguments)  # type: ignore[operator]
        except (queue.FencedError, ConflictError) as error:
            raised.append(error)

    acts = [(reports.fail, *claimed[0], "broken"), (reports.succeed_shard, *claimed[1])]
    acts += [(reports.fail, *claimed[2], "broken"), (runs.cancel, run_id, "ann")]
    threads = [threading.Thread(target=_at_once, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state, round_state, jobs = _states(engine, run_id)
    assert state in ("failed", "canceled")
    assert state == round_state
    assert set(jobs) <= {"succeeded", "failed", "canceled"}
    assert jobs[-1] == "canceled"


def test_a_job_of_an_earlier_step_cannot_be_retried(engine: Engine, run_id: int) -> None:
    with write_session(engine) as session:
        warm_up = session.scalars(select(Job).where(Job.run_id == run_id, Job.kind == "warm_up")).one()
        with pytest.raises(ConflictError, match="left behind"):
            service.retry(session, warm_up.id, "ann")


def test_the_priority_of_a_run_is_that_of_its_jobs(engine: Engine, run_id: int) -> None:
    with write_session(engine) as session:
        runs.change_priority(session, run_id, -20)
    assert {job.priority for job in _jobs(engine, run_id)} == {-20}
