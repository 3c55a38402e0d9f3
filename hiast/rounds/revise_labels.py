"""Labels of a round under other settings, from the predictions and confidences that are there.

No network is asked. The labels are those that labelling with these settings would have made, byte for
byte; predictions and confidences stay as they are, and only the reason maps are written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport, LabelSetReport, OnProgress, Progress
from hiast.contracts.run_spec import RunSpec
from hiast.data import ImageSet
from hiast.data.histogram_files import read_histograms
from hiast.data.label_files import read_codes, read_kept_label, read_prediction, read_reason, write_reason
from hiast.losses import LossWeights, region_weights
from hiast.rounds.generate_labels import summarise_labels
from hiast.rounds.score_labels import score_labels
from hiast.selection import Codebook, reasons_from_codes
from hiast.selection.replay import CountedRound, replay_selection


def revise_labels(
    spec: RunSpec,
    made: Sequence[LabelReport],
    order: NDArray[np.int64],
    counts: Path,
    labels: Path,
    reasons: Path,
    target: ImageSet,
    *,
    written: Sequence[LabelReport],
    on_label: Callable[[LabelReport], None],
    on_progress: OnProgress,
) -> LabelSetReport:
    """Write the reason maps of `made` under the selection of `spec` into `reasons`, going on behind
    `written`.

    made: the labels as the network's round left them, in that order, their files in `labels` and their
    counted confidences in `counts`. order: (T,) places in `made`, in which the images follow each other
    now. `on_label` is called when the file of a label is complete. Returns the totals of the whole set.
    """
    counted = CountedRound.of(read_histograms(counts))
    replay = replay_selection(counted, order, spec.selection, made[0].thresholds)
    reports = list(written)
    for position in range(len(written), len(order)):
        before = made[order[position]]
        revised = _report(
            before,
            position,
            replay.thresholds[position],
            replay.kept_pixels[position],
            replay.class_values[position],
            LossWeights(**spec.losses.model_dump(exclude={"spatial"})),
        )
        digest = _write_reason(revised, labels, reasons)
        report = revised.model_copy(update={"sha256": {**before.sha256, "reason": digest}})
        on_label(report)
        reports.append(report)
        on_progress(Progress(stage="label", done=position + 1, total=len(order), message=report.name))
    quality = score_labels(
        lambda name: read_kept_label(labels, name, reasons), [report.name for report in reports], target
    )
    return summarise_labels(reports, spec.paste, target.classes, quality)


def _report(
    before: LabelReport,
    order: int,
    thresholds: NDArray[np.float64],
    kept_pixels: NDArray[np.int64],
    class_values: NDArray[np.float64],
    weights: LossWeights,
) -> LabelReport:
    kept = int(kept_pixels.sum())
    return before.model_copy(
        update={
            "order": order,
            "thresholds": thresholds.tolist(),
            "kept_pixels": kept_pixels.tolist(),
            "class_values": class_values.tolist(),
            "region_weights": region_weights(
                kept, before.height * before.width - kept, len(thresholds), weights
            ),
        }
    )


def _write_reason(report: LabelReport, labels: Path, reasons: Path) -> str:
    prediction = read_prediction(labels, report.name)
    codes, book = read_codes(labels, report.name)
    # Which pixels the gate leaves out depends on the prediction alone, so they are the same.
    inconsistent = read_reason(labels, report.name) == Reason.INCONSISTENT
    reason = reasons_from_codes(
        codes,
        prediction,
        np.array(report.thresholds),
        Codebook.named(book),
        inconsistent=inconsistent,
    )
    return write_reason(reasons, report.name, reason)
