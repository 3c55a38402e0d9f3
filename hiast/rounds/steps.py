"""The steps of a run, each between files: `hiast run` chains them, other commands offer them singly."""

from __future__ import annotations

import json
from pathlib import Path

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import UserError
from hiast.contracts.reports import (
    EvaluationReport,
    LabelReport,
    LabelSetReport,
    OnProgress,
    Progress,
    TrainingReport,
)
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import HISTOGRAMS_FILE, STATE_FILE
from hiast.data import ImageSet, scan_dataset
from hiast.data.atomic_files import write_atomically
from hiast.data.corrections import with_corrections_beside
from hiast.models import SegmentationModel, load_model
from hiast.rounds.batch_norm import adapt_batch_norm
from hiast.rounds.batches import BatchPlan
from hiast.rounds.device import choose_device
from hiast.rounds.evaluate import evaluate
from hiast.rounds.initial_model import initial_model
from hiast.rounds.run_files import (
    LABEL_SET_FILE,
    LABELS_FILE,
    LOADED_WEIGHTS_FILE,
    Sets,
    append_line,
    read_labels,
    read_report,
    write_lines,
)
from hiast.rounds.run_round import label_round, train_round
from hiast.rounds.training_state import StateFile, fingerprint
from hiast.rounds.warm_up import warm_up


def open_sets(spec: RunSpec, out: Path, on_progress: OnProgress) -> Sets:
    """Scan and open the data sets of a run. Raises UserError where their classes differ."""

    def opened(role: str, dataset: DatasetSpec) -> ImageSet:
        journal = out / "scans" / f"{role}.jsonl"
        return ImageSet.of(dataset, scan_dataset(dataset, on_progress, journal))

    target = opened("target", spec.target)
    source = opened("source", spec.source) if spec.source else None
    validation = opened("validation", spec.validation) if spec.validation else None
    for role, images in (("source", source), ("validation", validation)):
        if images is not None and images.classes != target.classes:
            raise UserError(
                f"its class space {images.classes.name!r} is not the target's {target.classes.name!r}.",
                where=role,
                remedy="Choose data sets whose class ids mean the same.",
            )
    return Sets(source, target, validation)


def warmed_up_model(
    spec: RunSpec, source: ImageSet | None, target: ImageSet, directory: Path, on_progress: OnProgress
) -> SegmentationModel:
    """The network before round 1: initial weights, trained on the source when the spec asks for it.

    An interrupted warm-up in `directory` is gone on with. Which weights a given checkpoint filled, and
    which not, is told as progress and listed in `directory`/loaded_weights.json.
    """
    model, loaded = initial_model(spec.model, target.classes.num_classes, spec.seed)
    if loaded is not None:
        content = json.dumps(loaded._asdict(), indent=1)
        write_atomically(directory / LOADED_WEIGHTS_FILE, content.encode())
        total = max(1, spec.warm_up.iterations)
        on_progress(Progress(stage="warm_up", done=0, total=total, message=loaded.summary()))
    if spec.warm_up.iterations > 0 and source is not None:
        inputs = [spec.model_dump_json(include={"seed", "source", "target", "model", "warm_up", "compute"})]
        warm_up(
            model,
            source,
            target,
            spec.warm_up,
            spec.compute,
            seed=spec.seed,
            state_file=StateFile(directory / STATE_FILE, fingerprint(*inputs)),
            device=choose_device(spec.compute.device),
            on_progress=on_progress,
        )
    if spec.warm_up.adapt_batch_norm:
        crops = spec.warm_up
        plan = BatchPlan(
            target, None, crops.batch_size, crops.crop, crops.crop_heights, seed=(spec.seed, 0, 2)
        )
        adapt_batch_norm(model, plan, device=choose_device(spec.compute.device), on_progress=on_progress)
    return model


def label_directory(
    spec: RunSpec,
    number: int,
    target: ImageSet,
    teacher_path: Path,
    directory: Path,
    on_progress: OnProgress,
) -> LabelSetReport:
    """Label the target into `directory`/labels; reports go to labels.jsonl, totals to labels.json.

    Goes on behind the last finished label; complete labels are not made again.
    """
    if (directory / LABEL_SET_FILE).exists():
        return read_report(directory / LABEL_SET_FILE, LabelSetReport)
    written = read_labels(directory)
    lines = directory / LABELS_FILE
    write_lines(lines, written)
    teacher, _ = load_model(teacher_path)

    def on_label(report: LabelReport) -> None:
        append_line(lines, report)

    label_set = label_round(
        spec,
        number,
        teacher,
        target,
        directory / "labels",
        written=written,
        on_label=on_label,
        on_progress=on_progress,
        histograms=directory / HISTOGRAMS_FILE,
    )
    write_atomically(directory / LABEL_SET_FILE, label_set.model_dump_json(indent=2).encode())
    return label_set


def train_directory(
    spec: RunSpec,
    number: int,
    sets: Sets,
    labels: Path,
    student_path: Path,
    out: Path,
    on_progress: OnProgress,
) -> TrainingReport:
    """Train the student of `student_path` on what `label_directory` wrote into `labels`.

    Corrections that lie beside the label files (NAME.correction.png) are applied.
    """
    student, _ = load_model(student_path)
    used = read_labels(labels)
    return train_round(
        spec,
        number,
        student,
        sets.target,
        sets.source,
        with_corrections_beside(labels / "labels", used),
        used,
        read_report(labels / LABEL_SET_FILE, LabelSetReport),
        out,
        on_progress,
    )


def evaluate_checkpoint(
    spec: RunSpec, weights: Path, validation: ImageSet, on_progress: OnProgress
) -> EvaluationReport:
    """Score a checkpoint on the validation set."""
    model, _ = load_model(weights)
    return evaluate(
        model,
        validation,
        spec.evaluation,
        device=choose_device(spec.compute.device),
        on_progress=on_progress,
    )
