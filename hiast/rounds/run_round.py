"""The two halves of a round, before and after review, between files: networks in, labels, networks out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import ImageEntry
from hiast.contracts.errors import UserError
from hiast.contracts.reports import (
    LabelQualityReport,
    LabelReport,
    LabelSetReport,
    OnProgress,
    TrainingReport,
)
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import STATE_FILE, STUDENT_FILE, TEACHER_FILE
from hiast.data import ImageSet
from hiast.data.corrections import DecidedLabels
from hiast.data.label_files import read_kept_label, write_label_files
from hiast.models import SegmentationModel, save_checkpoint
from hiast.pasting import paste_source
from hiast.rounds.batches import BatchPlan
from hiast.rounds.device import choose_device
from hiast.rounds.generate_labels import (
    GeneratedLabel,
    generate_labels,
    labelling_order,
    state_after,
    summarise_labels,
)
from hiast.rounds.measurements import Measured, from_files, from_network, measure_images
from hiast.rounds.processes import process_count, process_number
from hiast.rounds.score_labels import score_labels
from hiast.rounds.train_student import train_student
from hiast.rounds.training_state import StateFile, fingerprint
from hiast.selection.label_counts import counting_labels

LABELS_BEING_WRITTEN: Final = 4
"""Labels whose files another thread writes while the network works on the next image."""


def label_round(
    spec: RunSpec,
    number: int,
    teacher: SegmentationModel,
    target: ImageSet,
    directory: Path,
    *,
    written: Sequence[LabelReport],
    on_label: Callable[[LabelReport], None],
    on_progress: OnProgress,
    on_files: Callable[[str], None] | None = None,
    histograms: Path | None = None,
) -> LabelSetReport:
    """Label `target` for round `number` (from 1) into `directory`, going on behind `written`.

    `on_label` is called, in labelling order, when all files of a label are complete; before that, in the
    thread that wrote them, `on_files` with the name of its image, so that they can be sent elsewhere while
    the network works on. `histograms`: where to write the counted confidences of all labels; None: nowhere.
    Returns the totals of the whole set, with the labels' quality where the target has ground truth.
    """
    device = choose_device(spec.compute.device)
    measured = from_network(teacher, target, spec.selection, spec.labelling, device)
    return _label(
        spec, number, measured, target, directory, written, on_label, on_files, on_progress, histograms
    )


def measure_part(
    spec: RunSpec,
    number: int,
    teacher: SegmentationModel,
    target: ImageSet,
    directory: Path,
    part: tuple[int, int],
    on_progress: OnProgress,
    *,
    is_there: Callable[[str], bool] | None = None,
    on_file: Callable[[str], None] | None = None,
) -> None:
    """Write into `directory` what the teacher says of a part of the target: (k, n) is every n-th image of
    the labelling order from the k-th, from 0. Goes on behind what is there; `is_there` and `on_file` as in
    `measure_images`."""
    order = labelling_order(target.entries, spec.selection, seed=spec.seed, round_number=number)
    device = choose_device(spec.compute.device)
    measured = from_network(teacher, target, spec.selection, spec.labelling, device)
    entries = order[part[0] :: part[1]]
    measure_images(measured, entries, target, directory, on_progress, is_there=is_there, on_file=on_file)


def ask_about(
    spec: RunSpec,
    network: SegmentationModel,
    target: ImageSet,
    directory: Path,
    first: str | None,
    on_progress: OnProgress,
    *,
    is_there: Callable[[str], bool] | None = None,
    on_file: Callable[[str], None] | None = None,
) -> None:
    """Write into `directory` what any network says of the target, asked just as labelling asks the teacher:
    image `first`, then all others in the order of the data set. Goes on behind what is there."""
    device = choose_device(spec.compute.device)
    measured = from_network(network, target, spec.selection, spec.labelling, device)
    entries = sorted(target.entries, key=lambda entry: entry.name != first)
    measure_images(measured, entries, target, directory, on_progress, is_there=is_there, on_file=on_file)


def label_measured_round(
    spec: RunSpec,
    number: int,
    measurements: Path,
    target: ImageSet,
    directory: Path,
    *,
    written: Sequence[LabelReport],
    on_label: Callable[[LabelReport], None],
    on_progress: OnProgress,
    on_files: Callable[[str], None] | None = None,
    histograms: Path | None = None,
) -> LabelSetReport:
    """`label_round` from what `measure_part` has written for all parts: the same labels, no network."""
    measured = from_files(measurements, target.classes.num_classes, spec.selection)
    return _label(
        spec, number, measured, target, directory, written, on_label, on_files, on_progress, histograms
    )


def _label(
    spec: RunSpec,
    number: int,
    measured: Measured,
    target: ImageSet,
    directory: Path,
    written: Sequence[LabelReport],
    on_label: Callable[[LabelReport], None],
    on_files: Callable[[str], None] | None,
    on_progress: OnProgress,
    histograms: Path | None,
) -> LabelSetReport:
    order = labelling_order(target.entries, spec.selection, seed=spec.seed, round_number=number)
    state = state_after(written, spec.selection.images_per_instance)
    reports = list(written[: state.done if state else 0])
    waiting: deque[tuple[LabelReport, Future[dict[str, str]]]] = deque()

    def finish(at_most: int) -> None:
        # Whatever is written is told at once, so that people can look at it.
        while waiting and (len(waiting) > at_most or waiting[0][1].done()):
            report, files = waiting.popleft()
            report = report.model_copy(update={"sha256": files.result()})
            on_label(report)
            reports.append(report)

    def write(label: GeneratedLabel, count: Callable[[NDArray[np.int64]], None]) -> dict[str, str]:
        digests = _write(directory, label, target.classes, spec.selection.codebook)
        count(label.histogram)
        if on_files is not None:
            on_files(label.report.name)
        return digests

    labels = generate_labels(
        measured,
        order,
        target.classes.num_classes,
        spec.selection,
        spec.losses,
        state=state,
        on_progress=on_progress,
    )
    counting = counting_labels(
        histograms, directory, list(reports), target.classes.num_classes, spec.selection.codebook
    )
    with counting as count, ThreadPoolExecutor(1) as writer:
        try:
            for label in labels:
                files = writer.submit(write, label, count)
                waiting.append((label.report, files))
                finish(at_most=LABELS_BEING_WRITTEN)
        finally:
            # Also when somebody stops the work: what was computed is kept.
            finish(at_most=0)
    names = [report.name for report in reports]
    quality = score_labels(partial(read_kept_label, directory), names, target)
    return summarise_labels(reports, spec.paste, target.classes, quality)


def _write(directory: Path, label: GeneratedLabel, classes: ClassSpace, codebook: str) -> dict[str, str]:
    return write_label_files(
        directory,
        label.report.name,
        prediction=label.prediction,
        codes=label.codes,
        reason=label.reason,
        classes=classes,
        codebook=codebook,
    )


def train_round(
    spec: RunSpec,
    number: int,
    student: SegmentationModel,
    target: ImageSet,
    source: ImageSet | None,
    labels: DecidedLabels,
    used: Sequence[LabelReport],
    label_set: LabelSetReport,
    out: Path,
    on_progress: OnProgress,
) -> TrainingReport:
    """Train the student of round `number` on the labels `used`; writes student and teacher into `out`.

    `source` is read only when spec.training.source_weight asks for it. An interrupted
    training of the same labels and decisions goes on where it stopped. Raises UserError without labels.
    """
    if not used:
        raise UserError(f"round {number} has no label to train on.", remedy="Accept at least one label.")
    training = spec.training
    plan = partial(
        BatchPlan,
        batch_size=training.batch_size,
        crop=training.crop,
        crop_heights=training.crop_heights,
        process=process_number(),
        processes=process_count(),
    )
    kept = [(report.name, labels.report(report).kept_pixels) for report in used]
    target_plan = plan(
        target.only({report.name for report in used}),
        partial(_trained_label, labels, target.classes.num_classes),
        seed=(spec.seed, number),
        paste=paste_source(kept, label_set, spec.paste),
    )
    with_source = source is not None and training.source_weight > 0
    source_plan = (
        plan(source, source.read_label, seed=(spec.seed, number, 1)) if source and with_source else None
    )
    told = (report.model_dump_json() for report in used)
    inputs = (spec.model_dump_json(), str(number), *told, *labels.fingerprint())
    teacher, losses = train_student(
        student,
        target_plan,
        source_plan,
        spec,
        number,
        label_set=label_set,
        state_file=StateFile(out / STATE_FILE, fingerprint(*inputs)),
        device=choose_device(spec.compute.device),
        on_progress=on_progress,
    )
    if process_number() == 0:
        metadata = {"class_space": target.classes.name}
        save_checkpoint(out / TEACHER_FILE, teacher, metadata=metadata)
        save_checkpoint(out / STUDENT_FILE, student, metadata=metadata)
        (out / STATE_FILE).unlink(missing_ok=True)
    return TrainingReport(
        iterations=training.iterations,
        images=len(used),
        final_losses=losses,
        student_path=STUDENT_FILE,
        teacher_path=TEACHER_FILE,
        label_quality=_trained_quality(labels, used, label_set, target),
    )


def _trained_quality(
    labels: DecidedLabels, used: Sequence[LabelReport], label_set: LabelSetReport, target: ImageSet
) -> LabelQualityReport | None:
    """How right the labels are after all decisions; as they were made, where nobody has decided."""
    if label_set.quality is None or not (labels.decisions or len(used) < label_set.images):
        return label_set.quality
    classes = target.classes.num_classes
    names = [report.name for report in used]
    return score_labels(lambda name: labels.read(name, classes)[0], names, target)


def _trained_label(labels: DecidedLabels, num_classes: int, entry: ImageEntry) -> NDArray[np.uint8]:
    # Not a lambda: loading processes receive the batch plan pickled.
    return labels.read(entry.name, num_classes)[0]
