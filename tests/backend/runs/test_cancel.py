"""Canceling a run whose running step ends before it hears of it, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from backend.database import read_session, write_session
from backend.datasets.tables import Dataset
from backend.jobs import queue, reports
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs import progression, service
from backend.runs.tables import Run
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import ModelSpec, RunSpec

pytestmark = pytest.mark.services
CLASSES = ClassSpace(name="two", classes=("road", "car"), colours=((0, 0, 0), (255, 255, 255)))
LABEL_SET = LabelSetReport(
    images=1,
    thresholds=[0.5, 0.5],
    class_values=[0.5, 0.5],
    hard_classes=[1],
    sampling_probabilities=[0.0, 1.0],
    kept_share=0.5,
    class_kept_pixels=[1, 1],
    class_predicted_pixels=[2, 2],
)


@pytest.fixture
def run_id(engine: Engine, wake_ups: list[int]) -> int:  # noqa: ARG001  (no broker)
    """A run whose first step is queued."""
    with write_session(engine) as session:
        spec = DatasetSpec(kind="folder", root="/data", labelled=False)
        dataset = Dataset(name="target", spec=spec, state="ready", class_space=CLASSES)
        session.add(dataset)
        session.flush()
        run = Run(
            name="r",
            recipe=None,
            spec=RunSpec(name="r", target=spec, rounds=1, model=ModelSpec(weights="w.pt")),
            class_space=CLASSES,
            target_id=dataset.id,
        )
        session.add(run)
        session.flush()
        progression.start(session, run)
        return run.id


def _claim_next(engine: Engine, run_id: int) -> tuple[int, int]:
    with write_session(engine) as session:
        job = progression.active_job(session, run_id)
        assert job is not None
        attempt = queue.claim(session, job.id, "worker", timedelta(seconds=60))
        assert attempt is not None
        return job.id, attempt


def _cancel(engine: Engine, run_id: int) -> None:
    with write_session(engine) as session:
        service.cancel(session, run_id, "ann")


def _state(engine: Engine, run_id: int) -> tuple[str, list[str], list[tuple[str, str]]]:
    with read_session(engine) as session:
        run = session.get_one(Run, run_id)
        rounds = session.scalars(select(Round).where(Round.run_id == run_id)).all()
        jobs = session.scalars(select(Job).where(Job.run_id == run_id).order_by(Job.id)).all()
        return run.state, [round_.state for round_ in rounds], [(job.kind, job.state) for job in jobs]


def test_a_cancel_that_meets_the_last_batch_keeps_the_result_and_stops_the_run(
    engine: Engine, run_id: int
) -> None:
    job_id, attempt = _claim_next(engine, run_id)
    _cancel(engine, run_id)
    with write_session(engine) as session:
        reports.succeed_warm_up(session, job_id, attempt, None)
    warm_up, next_step = ("warm_up", "succeeded"), ("generate_labels", "canceled")
    assert _state(engine, run_id) == ("canceled", ["canceled"], [warm_up, next_step])

    with write_session(engine) as session:
        service.advance(session, run_id, "ann")
    job_id, attempt = _claim_next(engine, run_id)
    _cancel(engine, run_id)
    with write_session(engine) as session:
        reports.succeed_round_step(session, job_id, attempt, LABEL_SET)
    labelled = ("generate_labels", "succeeded")
    assert _state(engine, run_id) == ("canceled", ["canceled"], [warm_up, labelled])
    with write_session(engine) as session:
        service.advance(session, run_id, "ann")
    assert _state(engine, run_id) == ("waiting_for_review", ["reviewing"], [warm_up, labelled])
