"""What follows what in a run: warm-up → (label → review → train → evaluate) × rounds.

The only place that decides the next step. Every function runs inside the transaction that caused it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.corrections import decisions
from backend.database import now
from backend.datasets.tables import Image
from backend.jobs import queue
from backend.jobs.schemas import JobKind
from backend.jobs.tables import Job
from backend.rounds.tables import Round
from backend.runs.tables import Run
from backend.workers.capabilities import Capabilities
from hiast.contracts.reports import EvaluationReport, LabelSetReport, TrainingReport

ROUND_STATE_OF_JOB: Final[dict[str, str]] = {
    "infer_labels": "labelling",
    "generate_labels": "labelling",
    "apply_revision": "revising",
    "train_round": "training",
    "evaluate": "evaluating",
}


def lock_run(session: Session, run_id: int) -> Run:
    """The run, locked until the transaction ends.

    Whoever moves a run on locks it before its jobs, so that no two transactions wait for each other.
    """
    query = select(Run).where(Run.id == run_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def active_jobs(session: Session, run_id: int) -> Sequence[Job]:
    """The run's queued and running jobs, oldest first. Only the parts of one step run side by side."""
    active = select(Job).where(Job.run_id == run_id, Job.state.in_(queue.ACTIVE))
    return session.scalars(active.order_by(Job.id)).all()


def active_job(session: Session, run_id: int) -> Job | None:
    """The first of them."""
    return next(iter(active_jobs(session, run_id)), None)


def last_job(session: Session, run_id: int) -> Job | None:
    """The run's newest job, whatever its state."""
    return session.scalars(select(Job).where(Job.run_id == run_id).order_by(Job.id.desc())).first()


def current_step(session: Session, run_id: int) -> list[Job]:
    """All jobs of the step the run has come to last, oldest first, whatever their states."""
    jobs = session.scalars(select(Job).where(Job.run_id == run_id).order_by(Job.id)).all()
    if not jobs:
        return []
    last = jobs[-1]
    if last.kind == "apply_revision":
        # Revisions follow each other; none is a part of another.
        return [last]
    return [
        job
        for job in jobs
        if job.round_id == last.round_id
        and ROUND_STATE_OF_JOB.get(job.kind) == ROUND_STATE_OF_JOB.get(last.kind)
    ]


def start(session: Session, run: Run) -> Job:
    """Queue the first step of a new run."""
    title = f"{run.name}: warm up" if run.spec.warm_up.iterations else f"{run.name}: load weights"
    return queue.enqueue(
        session,
        "warm_up",
        title,
        run_id=run.id,
        total=max(1, run.spec.warm_up.iterations),
        priority=run.priority,
        needs=needs_of(run),
    )


def needs_of(run: Run, *, processes: int = 1) -> Capabilities:
    """What a worker must have for a step that computes in so many processes."""
    compute = run.spec.compute
    if compute.device != "cuda":
        return queue.ANY
    return Capabilities(gpus=processes, gpu_memory_gib=compute.gpu_memory_gib)


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


def start_revision(session: Session, run: Run, round_: Round, number: int) -> Job:
    """The labels in review are to be those of revision `number`."""
    run.state = "running"
    job = _enqueue_step(session, run, round_, "apply_revision", round_.image_count, needs=queue.ANY)
    job.title += f", revision {number}"
    return job


def after_revision(run: Run, round_: Round) -> None:
    """The labels are in review again: those of the revision, or what they were when it was not applied."""
    round_.state, run.state = "reviewing", "waiting_for_review"


def start_training(session: Session, run: Run, round_: Round, *, approved_by: str) -> Job:
    """The labels are approved: train the student on them."""
    round_.approved_by = approved_by
    decisions.fix(session, round_)
    run.state = "running"
    needs = needs_of(run, processes=run.spec.compute.processes)
    return _enqueue_step(session, run, round_, "train_round", run.spec.training.iterations, needs=needs)


def after_training(session: Session, run: Run, round_: Round, report: TrainingReport) -> None:
    """The student is trained: score it when there is a validation set."""
    round_.training = report
    if run.validation_id is None:
        _finish_round(session, run, round_)
    else:
        images = usable_images(session, run.validation_id)
        _enqueue_step(session, run, round_, "evaluate", images, needs=needs_of(run))


def after_evaluation(session: Session, run: Run, round_: Round, report: EvaluationReport) -> None:
    """The round is over."""
    round_.evaluation = report
    _finish_round(session, run, round_)


def cancel(session: Session, run: Run) -> None:
    """Stop a run that is under way or waits. Its running jobs stop at their next batch, then the run."""
    for job in active_jobs(session, run.id):
        queue.request_cancel(session, job)
        if job.kind == "apply_revision":
            # What stops is the run: `after_stop` must not take it for the revision alone.
            session.get_one(Round, job.round_id).state = "canceled"
    _stop_when_quiet(session, run)


def after_stop(session: Session, job: Job, *, error: str | None) -> None:
    """A job of the run failed (`error` says why) or was canceled: the others of its step stop as well.

    When all are at rest the run is failed or canceled. It can be started again. A revision that is not
    applied stops nothing else: its round is in review again.
    """
    run = session.get_one(Run, job.run_id)
    if job.kind == "apply_revision":
        round_ = session.get_one(Round, job.round_id)
        if round_.state == "revising":
            after_revision(run, round_)
            return
    run.error = run.error or error
    cancel(session, run)


def _stop_when_quiet(session: Session, run: Run) -> None:
    if active_jobs(session, run.id):
        return
    run.state, run.finished_at = "failed" if run.error else "canceled", now()
    step = current_step(session, run.id)
    if step and step[-1].round_id is not None:
        session.get_one(Round, step[-1].round_id).state = run.state


def after_requeue(session: Session, job: Job) -> None:
    """Failed or canceled jobs of the run, `job` one of them, are queued again: the run goes on."""
    run = session.get_one(Run, job.run_id)
    run.state, run.error, run.finished_at = "running", None, None
    if job.round_id is not None:
        session.get_one(Round, job.round_id).state = ROUND_STATE_OF_JOB[job.kind]


def change_priority(session: Session, run: Run, priority: int) -> None:
    """Let the run's jobs, those queued and those to come, be claimed sooner or later than others."""
    run.priority = priority
    for job in active_jobs(session, run.id):
        job.priority = priority


def usable_images(session: Session, dataset_id: int) -> int:
    """Images of the data set that can be read."""
    usable = select(func.count()).where(Image.dataset_id == dataset_id, Image.problem.is_(None))
    return session.scalar(usable) or 0


def _enqueue_step(
    session: Session,
    run: Run,
    round_: Round,
    kind: JobKind,
    total: int,
    *,
    needs: Capabilities,
    after: Sequence[Job] = (),
) -> Job:
    verb = {
        "infer_labels": "look at images of",
        "generate_labels": "label",
        "apply_revision": "revise",
        "train_round": "train",
        "evaluate": "evaluate",
    }[kind]
    round_.state = ROUND_STATE_OF_JOB[kind]
    return queue.enqueue(
        session,
        kind,
        f"{run.name}: {verb} round {round_.number}",
        run_id=run.id,
        round_id=round_.id,
        total=total,
        priority=run.priority,
        needs=needs,
        after=after,
    )


def _start_round(session: Session, run: Run, number: int) -> None:
    images = usable_images(session, run.target_id)
    round_ = Round(run_id=run.id, number=number, image_count=images)
    session.add(round_)
    session.flush()
    shards = min(run.spec.compute.label_shards, images)
    if shards < 2:
        _enqueue_step(session, run, round_, "generate_labels", images, needs=needs_of(run))
        return
    parts = [_enqueue_shard(session, run, round_, shard, shards) for shard in range(shards)]
    # What is left to do reads files and counts: any worker can.
    joined = _enqueue_step(session, run, round_, "generate_labels", images, needs=queue.ANY, after=parts)
    joined.shards = shards


def _enqueue_shard(session: Session, run: Run, round_: Round, shard: int, shards: int) -> Job:
    images = len(range(shard, round_.image_count, shards))
    job = _enqueue_step(session, run, round_, "infer_labels", images, needs=needs_of(run))
    job.title += f", part {shard + 1} of {shards}"
    job.shard, job.shards = shard, shards
    return job


def _finish_round(session: Session, run: Run, round_: Round) -> None:
    round_.state, round_.finished_at = "finished", now()
    if round_.number < run.spec.rounds:
        _start_round(session, run, round_.number + 1)
    else:
        run.state, run.finished_at = "succeeded", now()
