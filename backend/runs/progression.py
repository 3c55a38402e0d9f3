"""What follows what in a run: warm-up → (label → review → train → evaluate) × rounds.

The only place that decides the next step. Every function runs inside the transaction that caused it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.database import now
from backend.datasets.tables import Image
from backend.jobs import queue
from backend.jobs.schemas import JobKind
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.reports import EvaluationReport, LabelSetReport, TrainingReport

ROUND_STATE_OF_JOB: Final[dict[str, str]] = {
    "generate_labels": "labelling",
    "train_round": "training",
    "evaluate": "evaluating",
}


def active_job(session: Session, run_id: int) -> Job | None:
    """The run's queued or running job. A run has at most one."""
    return session.scalars(
        select(Job).where(Job.run_id == run_id, Job.state.in_(queue.ACTIVE)).order_by(Job.id.desc())
    ).first()


def last_job(session: Session, run_id: int) -> Job | None:
    """The run's newest job, whatever its state."""
    return session.scalars(select(Job).where(Job.run_id == run_id).order_by(Job.id.desc())).first()


def start(session: Session, run: Run) -> Job:
    """Queue the first step of a new run."""
    title = f"{run.name}: warm up" if run.spec.warm_up.iterations else f"{run.name}: load weights"
    return queue.enqueue(
        session, "warm_up", title, run_id=run.id, total=max(1, run.spec.warm_up.iterations)
    )


def after_warm_up(session: Session, run: Run, evaluation: EvaluationReport | None) -> None:
    """The network is ready: label the first round."""
    run.warm_up_evaluation = evaluation
    _start_round(session, run, 1)


def after_labels(session: Session, run: Run, round_: Round, report: LabelSetReport) -> None:
    """All images are labelled: wait for people, or go on when the run wants no review."""
    round_.label_set = report
    if run.spec.review:
        round_.state = "reviewing"
        run.state = "waiting_for_review"
    else:
        start_training(session, run, round_, approved_by="no review asked")


def start_training(session: Session, run: Run, round_: Round, *, approved_by: str) -> Job:
    """The labels are approved: train the student on them."""
    round_.approved_by = approved_by
    run.state = "running"
    return _enqueue_step(session, run, round_, "train_round", run.spec.training.iterations)


def after_training(session: Session, run: Run, round_: Round, report: TrainingReport) -> None:
    """The student is trained: score it when there is a validation set."""
    round_.training = report
    if run.validation_id is None:
        _finish_round(session, run, round_)
    else:
        _enqueue_step(session, run, round_, "evaluate", _usable_images(session, run.validation_id))


def after_evaluation(session: Session, run: Run, round_: Round, report: EvaluationReport) -> None:
    """The round is over."""
    round_.evaluation = report
    _finish_round(session, run, round_)


def cancel(session: Session, run: Run) -> None:
    """Stop a run that is under way or waits. A running job stops at its next batch."""
    job = active_job(session, run.id)
    if job is None:
        run.state, run.finished_at = "canceled", now()
        waiting = select(Round).where(Round.run_id == run.id, Round.state == "reviewing")
        for round_ in session.scalars(waiting):
            round_.state = "canceled"
        return
    queue.request_cancel(session, job)
    if job.state == "canceled":
        after_stop(session, job, state="canceled", error=None)


def after_stop(session: Session, job: Job, *, state: str, error: str | None) -> None:
    """A job of the run failed or was canceled, and the run with it. It can be started again."""
    run = session.get_one(Run, job.run_id)
    run.state, run.error, run.finished_at = state, error, now()
    if job.round_id is not None:
        session.get_one(Round, job.round_id).state = state


def after_requeue(session: Session, job: Job) -> None:
    """A failed or canceled job of the run is queued again: the run goes on."""
    run = session.get_one(Run, job.run_id)
    run.state, run.error, run.finished_at = "running", None, None
    if job.round_id is not None:
        session.get_one(Round, job.round_id).state = ROUND_STATE_OF_JOB[job.kind]


def _usable_images(session: Session, dataset_id: int) -> int:
    usable = select(func.count()).where(Image.dataset_id == dataset_id, Image.problem.is_(None))
    return session.scalar(usable) or 0


def _enqueue_step(session: Session, run: Run, round_: Round, kind: JobKind, total: int) -> Job:
    verb = {"generate_labels": "label", "train_round": "train", "evaluate": "evaluate"}[kind]
    round_.state = ROUND_STATE_OF_JOB[kind]
    title = f"{run.name}: {verb} round {round_.number}"
    return queue.enqueue(session, kind, title, run_id=run.id, round_id=round_.id, total=total)


def _start_round(session: Session, run: Run, number: int) -> None:
    images = _usable_images(session, run.target_id)
    round_ = Round(run_id=run.id, number=number, image_count=images)
    session.add(round_)
    session.flush()
    _enqueue_step(session, run, round_, "generate_labels", images)


def _finish_round(session: Session, run: Run, round_: Round) -> None:
    round_.state, round_.finished_at = "finished", now()
    if round_.number < run.spec.rounds:
        _start_round(session, run, round_.number + 1)
    else:
        run.state, run.finished_at = "succeeded", now()
