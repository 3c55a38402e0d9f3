"""Everything a job needs to know, read in one transaction before it starts."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import (
    corrections_key,
    label_version,
    labels_key,
    measurements_key,
    predictions_key,
    round_key,
    warm_up_key,
)
from backend.corrections.tables import Correction
from backend.datasets.tables import Dataset, Image
from backend.errors import ConflictError
from backend.jobs.schemas import JobKind
from backend.jobs.tables import Job
from backend.labels.tables import Label
from backend.predictions.tables import Prediction
from backend.revisions import repository as revisions
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetScan, DatasetSpec, ImageEntry
from hiast.contracts.decisions import LabelDecision
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.selection_changes import SelectionChanges
from hiast.contracts.step_files import STUDENT_FILE, TEACHER_FILE, WARM_UP_FILE


class DatasetInput(BaseModel):
    """A data set as last scanned."""

    spec: DatasetSpec
    scan: DatasetScan


class RoundInput(BaseModel):
    """The round a job works on."""

    number: int
    labels_key: str
    measurements_key: str
    """Where jobs that look at a part of the images leave what the network said."""
    key: str
    previous_key: str
    """Where the checkpoints lie that this round starts from."""
    labels: list[LabelReport]
    """Labels written so far, in labelling order."""
    label_versions: dict[str, str]
    """`label_version` of each, by the name of its image."""
    created_at: datetime
    rejected: list[str]
    """Names of images whose labels people rejected; the student does not see them."""
    label_set: LabelSetReport | None
    decisions: list[LabelDecision]
    """What people changed of the labels, as it was when the round was approved."""
    corrections_key: str
    reasons_key: str | None
    """Where the reason maps of its labels lie; None: with the labels."""


class RevisionInput(BaseModel):
    """The revision a job makes of the round's labels."""

    reasons_key: str | None
    """Where its reason maps lie; None: with the labels, as those were made."""
    changes: SelectionChanges
    made: list[LabelReport]
    """The labels as the network's were made, in that order."""
    written: list[LabelReport]
    """Those of the revision that are there already, in its order."""
    drawn: dict[str, str]
    """Files of the corrections, by the names of their images."""


class ChangesInput(BaseModel):
    """Rounds whose labels a job compares with each other."""

    before: RoundInput
    now: RoundInput
    revision: int
    """Of the labels of now."""
    earlier: RoundInput | None
    """The round before `before`; None: there is none."""


class RunInput(BaseModel):
    """The run a job belongs to."""

    id: int
    spec: RunSpec
    class_space: ClassSpace
    source: DatasetInput | None
    target: DatasetInput
    validation: DatasetInput | None
    warm_up_key: str


class CheckpointInput(BaseModel):
    """A network a job asks about the target images."""

    key: str
    """Where its file `name` lies."""
    name: str
    predictions_key: str
    first_image: str | None


class JobInput(BaseModel):
    """One job: a scan has `dataset`, every other kind has `run`, steps of a round have `round`."""

    kind: JobKind
    shard: int | None = None
    """Part of the images this job looks at, from 0, of `shards`."""
    shards: int | None = None
    dataset: DatasetSpec | None = None
    run: RunInput | None = None
    round: RoundInput | None = None
    revision: RevisionInput | None = None
    changes: ChangesInput | None = None
    checkpoint: CheckpointInput | None = None

    @property
    def processes(self) -> int:
        """Processes that do the job together."""
        if self.run is None or self.kind != "train_round":
            return 1
        return self.run.spec.compute.processes


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
