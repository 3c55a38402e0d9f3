"""Reading what a job needs, in one transaction before it starts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import (
    corrections_key,
    export_key,
    label_version,
    labels_key,
    measurements_key,
    predictions_key,
    round_key,
    warm_up_key,
)
from backend.corrections.decisions import decisions_for_training
from backend.corrections.tables import Correction
from backend.datasets.tables import Dataset, Image
from backend.errors import ConflictError
from backend.exports.tables import Export
from backend.jobs.inputs import (
    ChangesInput,
    CheckpointInput,
    DatasetInput,
    ExportInput,
    JobInput,
    RevisionInput,
    RoundInput,
    RunInput,
)
from backend.jobs.tables import Job
from backend.labels.tables import Label
from backend.predictions.tables import Prediction
from backend.revisions import repository as revisions
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.datasets import DatasetScan, ImageEntry
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE


def _dataset_input(session: Session, dataset_id: int | None) -> DatasetInput | None:
    if dataset_id is None:
        return None
    dataset = session.get_one(Dataset, dataset_id)
    if dataset.class_space is None:
        raise ConflictError(f"data set {dataset.name!r} has not been scanned.", remedy="Scan it first.")
    images = session.scalars(
        select(Image)
        .where(Image.dataset_id == dataset_id, Image.problem.is_(None))
        .order_by(Image.position)
    )
    entries = tuple(
        ImageEntry(
            name=image.name,
            image_path=image.image_path,
            label_path=image.label_path,
            height=image.height,
            width=image.width,
        )
        for image in images
    )
    return DatasetInput(spec=dataset.spec, scan=DatasetScan(classes=dataset.class_space, entries=entries))


def _round_input(session: Session, round_: Round) -> RoundInput:
    labels = session.scalars(
        select(Label).where(Label.round_id == round_.id).order_by(Label.position)
    ).all()
    run_id, number = round_.run_id, round_.number
    return RoundInput(
        number=number,
        labels_key=labels_key(run_id, number),
        measurements_key=measurements_key(run_id, number),
        key=round_key(run_id, number),
        previous_key=warm_up_key(run_id) if number == 1 else round_key(run_id, number - 1),
        labels=[label.report for label in labels],
        label_versions={label.name: label_version(round_.created_at, label.attempt) for label in labels},
        created_at=round_.created_at,
        rejected=[label.name for label in labels if label.status == "rejected"],
        label_set=round_.label_set,
        decisions=round_.trained_decisions.labels if round_.trained_decisions else [],
        corrections_key=corrections_key(run_id, number),
        reasons_key=revisions.reasons_key(session, round_),
    )


def _revision_input(session: Session, job: Job, round_: Round) -> RevisionInput:
    revision = revisions.of_job(session, job.id)
    if revision is None:
        raise ConflictError(f"job {job.id} was asked anew as another job.", remedy="Look at that one.")
    made = revisions.get_revision(session, round_.id, 0)
    rows = session.execute(
        select(Label.name, Correction.file)
        .join(Label, Label.id == Correction.label_id)
        .where(Label.round_id == round_.id)
        .order_by(Correction.version)
    )
    # Of each label the newest version is the last one.
    newest = {row.name: row.file for row in rows}
    return RevisionInput(
        reasons_key=revisions.reasons_key(session, round_, revision.number),
        changes=revision.changes,
        made=revisions.labels_of(session, made),
        written=revisions.labels_of(session, revision),
        drawn={name: file for name, file in newest.items() if file is not None},
    )


def _run_input(session: Session, run: Run) -> RunInput:
    target = _dataset_input(session, run.target_id)
    if target is None:
        raise LookupError(f"run {run.id} has no target data set")
    return RunInput(
        id=run.id,
        spec=run.spec,
        class_space=run.class_space,
        source=_dataset_input(session, run.source_id),
        target=target,
        validation=_dataset_input(session, run.validation_id),
        warm_up_key=warm_up_key(run.id),
    )


def _prediction_input(session: Session, job: Job) -> JobInput:
    prediction = session.scalars(select(Prediction).where(Prediction.job_id == job.id)).one_or_none()
    if prediction is None:
        raise ConflictError(f"job {job.id} was asked anew as another job.", remedy="Look at that one.")
    role, _, number = prediction.checkpoint.rpartition("-")
    run_id = prediction.run_id
    of_round = {"teacher": TEACHER_FILE, "student": STUDENT_FILE}.get(role)
    checkpoint = CheckpointInput(
        key=round_key(run_id, int(number)) if of_round else warm_up_key(run_id),
        name=of_round or WARM_UP_FILE,
        predictions_key=predictions_key(run_id, prediction.checkpoint, prediction.created_at),
        first_image=prediction.first_image,
    )
    run = _run_input(session, session.get_one(Run, run_id))
    return JobInput(kind="predict", run=run, checkpoint=checkpoint)


def _changes_input(session: Session, job: Job) -> JobInput:
    now = session.get_one(Round, job.round_id)
    query = select(Round).where(Round.run_id == now.run_id)
    numbered = {round_.number: round_ for round_ in session.scalars(query)}
    earlier = numbered.get(now.number - 2)
    changes = ChangesInput(
        before=_round_input(session, numbered[now.number - 1]),
        now=_round_input(session, now),
        revision=now.revision,
        earlier=_round_input(session, earlier) if earlier else None,
    )
    run = _run_input(session, session.get_one(Run, now.run_id))
    return JobInput(kind="compare_rounds", run=run, changes=changes)


def _export_input(session: Session, job: Job) -> JobInput:
    export = session.scalars(select(Export).where(Export.job_id == job.id)).one_or_none()
    if export is None:
        raise ConflictError(f"the export of job {job.id} was deleted.", remedy="Ask for a new one.")
    round_ = session.get_one(Round, export.round_id)
    decided = {"decisions": decisions_for_training(session, round_)}
    return JobInput(
        kind="export",
        run=_run_input(session, session.get_one(Run, round_.run_id)),
        export=ExportInput(
            key=export_key(round_.run_id, export.id, export.created_at),
            format=export.format,
            round=_round_input(session, round_).model_copy(update=decided),
        ),
    )


def load_inputs(session: Session, job_id: int) -> JobInput:
    """What the job needs, as plain data that outlives the session."""
    job = session.get_one(Job, job_id)
    if job.dataset_id is not None:
        dataset = session.get_one(Dataset, job.dataset_id)
        return JobInput.model_validate({"kind": job.kind, "dataset": dataset.spec})
    if job.kind == "predict":
        return _prediction_input(session, job)
    if job.kind == "compare_rounds":
        return _changes_input(session, job)
    if job.kind == "export":
        return _export_input(session, job)
    round_ = session.get_one(Round, job.round_id) if job.round_id is not None else None
    return JobInput.model_validate(
        {
            "kind": job.kind,
            "shard": job.shard,
            "shards": job.shards,
            "run": _run_input(session, session.get_one(Run, job.run_id)),
            "round": _round_input(session, round_) if round_ else None,
            "revision": (
                _revision_input(session, job, round_)
                if round_ is not None and job.kind == "apply_revision"
                else None
            ),
        }
    )
