"""The two halves of a round, before and after review, between files: networks in, labels, networks out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.datasets import ImageEntry
from hiast.contracts.errors import UserError
from hiast.contracts.reports import LabelReport, LabelSetReport, OnProgress, TrainingReport
from hiast.contracts.run_spec import RunSpec
from hiast.data import ImageSet
from hiast.data.label_files import read_kept_label, write_label_files
from hiast.models import DeepLabV2, save_checkpoint
from hiast.rounds.batches import BatchPlan
from hiast.rounds.device import choose_device
from hiast.rounds.generate_labels import generate_labels, labelling_order, state_after, summarise_labels
from hiast.rounds.train_student import paste_source, train_student

WARM_UP_FILE: Final = "model.safetensors"
TEACHER_FILE: Final = "teacher.safetensors"
STUDENT_FILE: Final = "student.safetensors"


def label_round(
    spec: RunSpec,
    number: int,
    teacher: DeepLabV2,
    target: ImageSet,
    directory: Path,
    *,
    written: Sequence[LabelReport],
    on_label: Callable[[LabelReport], None],
    on_progress: OnProgress,
) -> LabelSetReport:
    """Label `target` for round `number` (from 1) into `directory`, going on behind `written`.

    `on_label` is called when all files of a label are complete. Returns the totals of the whole set.
    """
    order = labelling_order(target.entries, spec.selection, seed=spec.seed, round_number=number)
    state = state_after(written, spec.selection.images_per_instance)
    reports = list(written[: state.done if state else 0])
    for label in generate_labels(
        teacher,
        target,
        order,
        spec.selection,
        spec.losses,
        state=state,
        device=choose_device(),
        on_progress=on_progress,
    ):
        write_label_files(
            directory,
            label.report.name,
            prediction=label.prediction,
            codes=label.codes,
            reason=label.reason,
            classes=target.classes,
            codebook=spec.selection.codebook,
        )
        on_label(label.report)
        reports.append(label.report)
    return summarise_labels(reports, spec.paste)


def train_round(
    spec: RunSpec,
    number: int,
    student: DeepLabV2,
    target: ImageSet,
    source: ImageSet | None,
    label_directory: Path,
    used: Sequence[LabelReport],
    label_set: LabelSetReport,
    out: Path,
    on_progress: OnProgress,
) -> TrainingReport:
    """Train the student of round `number` on the labels `used`; writes student and teacher into `out`.

    `source` is read only when spec.training.source_weight asks for it. Raises UserError without labels.
    """
    if not used:
        raise UserError(f"round {number} has no label to train on.", remedy="Accept at least one label.")
    training = spec.training
    plan = partial(
        BatchPlan, batch_size=training.batch_size, crop=training.crop, crop_heights=training.crop_heights
    )
    target_plan = plan(
        target.only({report.name for report in used}),
        partial(_kept_label, label_directory),
        seed=(spec.seed, number),
        paste=paste_source(used, label_set, spec.paste),
    )
    with_source = source is not None and training.source_weight > 0
    source_plan = plan(source, source.read_label, seed=(spec.seed, 0)) if source and with_source else None
    teacher, losses = train_student(
        student,
        target_plan,
        training,
        spec.losses,
        learning_rate=training.learning_rates[min(number, len(training.learning_rates)) - 1],
        source=source_plan,
        device=choose_device(),
        on_progress=on_progress,
    )
    metadata = {"class_space": target.classes.name}
    save_checkpoint(out / TEACHER_FILE, teacher, metadata=metadata)
    save_checkpoint(out / STUDENT_FILE, student, metadata=metadata)
    return TrainingReport(
        iterations=training.iterations,
        images=len(used),
        final_losses=losses,
        student_path=str(out / STUDENT_FILE),
        teacher_path=str(out / TEACHER_FILE),
    )


def _kept_label(label_directory: Path, entry: ImageEntry) -> NDArray[np.uint8]:
    # Not a lambda: loading processes receive the batch plan pickled.
    return read_kept_label(label_directory, entry.name)
