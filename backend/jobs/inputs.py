"""Everything a job needs to know, as plain data (read by backend/jobs/loading.py)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from backend.jobs.schemas import JobKind
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetScan, DatasetSpec
from hiast.contracts.decisions import LabelDecision
from hiast.contracts.reports import LabelReport, LabelSetReport
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.selection_changes import SelectionChanges


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


class ExportInput(BaseModel):
    """Labels that a job writes for another tool."""

    key: str
    """Where the export is to lie."""
    format: str
    round: RoundInput
    """With the decisions as they are when the job begins."""


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
    export: ExportInput | None = None
    checkpoint: CheckpointInput | None = None

    @property
    def processes(self) -> int:
        """Processes that do the job together."""
        if self.run is None or self.kind != "train_round":
            return 1
        return self.run.spec.compute.processes
