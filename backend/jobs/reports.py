"""What a worker tells of its job. Each write names its attempt and does nothing once fenced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.changes.tables import RoundChanges
from backend.datasets.tables import Dataset, Image
from backend.exports.tables import Export
from backend.jobs import queue
from backend.jobs.tables import Job, JobEvent
from backend.labels.tables import Label
from backend.revisions import repository as revisions
from backend.revisions.present import make_present
from backend.revisions.tables import RevisedLabel, Revision
from backend.rounds.tables import Round
from backend.runs import progression
from backend.runs.tables import Run
from hiast.contracts.changes import ChangeReport
from hiast.contracts.datasets import DatasetScan
from hiast.contracts.decisions import CorrectionCounts
from hiast.contracts.reports import (
    EvaluationReport,
    LabelReport,
    LabelSetReport,
    Progress,
    TrainingReport,
)

LOG_LINES: Final = 5000
"""Lines of its log that are kept of a job."""


def report_progress(session: Session, job_id: int, attempt: int, progress: Progress) -> bool:
    """Record progress and metrics; True when the job is to stop (somebody asked to cancel it)."""
    job = queue.fenced(session, job_id, attempt)
    job.done, job.total, job.message = progress.done, progress.total, progress.message
    if progress.metrics:
        data: dict[str, Any] = {"iteration": progress.done, "metrics": progress.metrics}
        queue.add_event(session, job, "metrics", data)
    return job.state == "canceling"


def report_log(session: Session, job_id: int, attempt: int, line: str) -> None:
    """Keep one line of the job's log."""
    queue.add_event(session, queue.fenced(session, job_id, attempt), "log", {"line": line})


def shorten_log(session: Session, job_id: int) -> None:
    """Forget all but the newest LOG_LINES lines of the job's log: a job that prints without end must not
    fill the database, and what it printed last is what people look for."""
    newest = select(JobEvent.id).where(JobEvent.job_id == job_id, JobEvent.kind == "log")
    first_kept = session.scalar(newest.order_by(JobEvent.id.desc()).offset(LOG_LINES - 1).limit(1))
    if first_kept is not None:
        session.execute(
            delete(JobEvent).where(
                JobEvent.job_id == job_id, JobEvent.kind == "log", JobEvent.id < first_kept
            ),
            execution_options={"synchronize_session": False},
        )


def report_label(session: Session, job_id: int, attempt: int, report: LabelReport) -> None:
    """Record a label whose files are complete; from now on people can open it."""
    job = queue.fenced(session, job_id, attempt)
    round_ = session.get_one(Round, job.round_id)
    run = session.get_one(Run, round_.run_id)
    image_id = session.scalars(
        select(Image.id).where(Image.dataset_id == run.target_id, Image.name == report.name)
    ).one()
    # After an interruption the last, incomplete instance is labelled again.
    label = session.scalars(
        select(Label).where(Label.round_id == round_.id, Label.name == report.name)
    ).one_or_none() or Label(round_id=round_.id, image_id=image_id, name=report.name)
    label.position, label.kept_share = report.order, report.kept_share
    label.report, label.attempt = report, attempt
    session.add(label)


def report_revised_label(session: Session, job_id: int, attempt: int, report: LabelReport) -> None:
    """Record a label of a revision whose file is complete. The round's labels stay as they are."""
    job = queue.fenced(session, job_id, attempt)
    revision = _revision(session, job)
    label_id = session.scalars(
        select(Label.id).where(Label.round_id == revision.round_id, Label.name == report.name)
    ).one()
    session.add(
        RevisedLabel(
            revision_id=revision.id,
            label_id=label_id,
            position=report.order,
            kept_share=report.kept_share,
            report=report,
        )
    )


def _revision(session: Session, job: Job) -> Revision:
    revision = revisions.of_job(session, job.id)
    if revision is None:
        raise queue.FencedError(f"job {job.id} was asked anew as another job")
    return revision


def _owned(session: Session, job_id: int, attempt: int) -> Job:
    """The job, locked, if `attempt` still owns it, and its run locked before it: the order of all locks."""
    run_id = session.scalar(select(Job.run_id).where(Job.id == job_id))
    if run_id is not None:
        progression.lock_run(session, run_id)
    return queue.fenced(session, job_id, attempt)


def succeed_scan(session: Session, job_id: int, attempt: int, scan: DatasetScan) -> None:
    """Store what a scan found. Images keep their ids over scans, so labels keep pointing at them."""
    job = queue.fenced(session, job_id, attempt)
    dataset = session.get_one(Dataset, job.dataset_id)
    known = {
        image.name: image for image in session.scalars(select(Image).where(Image.dataset_id == dataset.id))
    }
    # Positions are unique: move the old ones out of the way before the new order is written.
    for index, image in enumerate(known.values()):
        image.position = -1 - index
        image.problem = "This image is no longer in the data set; put it back or scan another root."
    session.flush()
    for position, entry in enumerate(scan.entries):
        image = known.get(entry.name) or Image(dataset_id=dataset.id, name=entry.name)
        image.position, image.problem = position, entry.problem
        image.image_path, image.label_path = entry.image_path, entry.label_path
        image.height, image.width = entry.height, entry.width
        session.add(image)
    session.flush()
    labelled = select(Label.id).where(Label.image_id == Image.id).exists()
    session.execute(
        delete(Image).where(Image.dataset_id == dataset.id, Image.position < 0, ~labelled),
        execution_options={"synchronize_session": False},
    )
    faulty = select(func.count()).where(Image.dataset_id == dataset.id, Image.problem.is_not(None))
    dataset.faulty_count = session.scalar(faulty) or 0
    dataset.image_count, dataset.class_space = len(scan.usable), scan.classes
    dataset.state, dataset.error = "ready", None
    queue.finish(session, job, "succeeded")


def succeed_warm_up(
    session: Session, job_id: int, attempt: int, evaluation: EvaluationReport | None
) -> None:
    """The network before round 1 is stored."""
    job = _owned(session, job_id, attempt)
    run, canceling = session.get_one(Run, job.run_id), job.state == "canceling"
    queue.finish(session, job, "succeeded")
    progression.after_warm_up(session, run, evaluation)
    _stop_if_asked(session, run, canceling)


def succeed_round_step(
    session: Session,
    job_id: int,
    attempt: int,
    report: LabelSetReport | TrainingReport | EvaluationReport,
) -> None:
    """A step of a round is done; the run goes on to the next."""
    job = _owned(session, job_id, attempt)
    run, round_ = session.get_one(Run, job.run_id), session.get_one(Round, job.round_id)
    canceling = job.state == "canceling"
    queue.finish(session, job, "succeeded")
    if isinstance(report, LabelSetReport):
        progression.after_labels(session, run, round_, report)
    elif isinstance(report, TrainingReport):
        progression.after_training(session, run, round_, report)
    else:
        progression.after_evaluation(session, run, round_, report)
    _stop_if_asked(session, run, canceling)


def succeed_revision(
    session: Session,
    job_id: int,
    attempt: int,
    label_set: LabelSetReport,
    counts: Mapping[str, CorrectionCounts],
) -> None:
    """All labels of the revision are there: from now on they are the round's. counts: of corrections."""
    job = _owned(session, job_id, attempt)
    revision = _revision(session, job)
    run, round_ = session.get_one(Run, job.run_id), session.get_one(Round, job.round_id)
    if round_.state != "revising":
        # Somebody has canceled the run since: nothing is applied.
        settle_canceled(session, job)
        return
    make_present(session, round_, revision, label_set, counts)
    queue.finish(session, job, "succeeded")
    progression.after_revision(run, round_)
    after = {"revision": revision.number, "kept_share": label_set.kept_share}
    record(session, revision.person, "round.revised", "round", round_.id, after=after)


def succeed_shard(session: Session, job_id: int, attempt: int) -> None:
    """A part of the images was looked at; the step goes on when the other parts are done, too."""
    job = _owned(session, job_id, attempt)
    canceling = job.state == "canceling"
    queue.finish(session, job, "succeeded")
    _stop_if_asked(session, session.get_one(Run, job.run_id), canceling)


def succeed_prediction(session: Session, job_id: int, attempt: int) -> None:
    """A network has said what it sees in every image. No run waits for it."""
    queue.finish(session, queue.fenced(session, job_id, attempt), "succeeded")


def succeed_changes(
    session: Session, job_id: int, attempt: int, revision: int, report: ChangeReport
) -> None:
    """The labels of a revision of a round are compared with those of the round before."""
    job = queue.fenced(session, job_id, attempt)
    changes = session.get_one(RoundChanges, job.round_id)
    changes.revision, changes.report = revision, report
    queue.finish(session, job, "succeeded")


def succeed_export(
    session: Session, job_id: int, attempt: int, labels: int, size: int, sha256: str
) -> None:
    """The zip is in the store."""
    job = queue.fenced(session, job_id, attempt)
    export = session.scalars(select(Export).where(Export.job_id == job.id)).one()
    export.labels, export.bytes, export.sha256 = labels, size, sha256
    queue.finish(session, job, "succeeded")


def _stop_if_asked(session: Session, run: Run, canceling: bool) -> None:
    """A cancel that came during the last batch: the step's result is kept, and nothing follows it."""
    if canceling and run.state in ("running", "waiting_for_review"):
        progression.cancel(session, run)


def fail(session: Session, job_id: int, attempt: int, error: str) -> None:
    """The job failed; `error` says what to do."""
    job = _owned(session, job_id, attempt)
    if job.state == "canceling":
        settle_canceled(session, job)
        return
    queue.finish(session, job, "failed", error)
    _stop_owner(session, job, error)


def cancel(session: Session, job_id: int, attempt: int) -> None:
    """The job has stopped because it was asked to."""
    settle_canceled(session, _owned(session, job_id, attempt))


def give_back(session: Session, job_id: int, attempt: int, reason: str) -> None:
    """The job is not finished, and its worker does not go on with it: another one may."""
    job = _owned(session, job_id, attempt)
    if job.state == "canceling":
        settle_canceled(session, job)
    else:
        queue.release(session, job, reason)


def settle_canceled(session: Session, job: Job) -> None:
    """Mark a job and what it belongs to as canceled."""
    if job.state != "canceled":
        queue.finish(session, job, "canceled")
    _stop_owner(session, job, None)


def _stop_owner(session: Session, job: Job, error: str | None) -> None:
    if job.run_id is not None:
        progression.after_stop(session, job, error=error)
    if job.dataset_id is not None:
        dataset = session.get_one(Dataset, job.dataset_id)
        dataset.state, dataset.error = "failed", error or "The scan was canceled; scan again to use it."
