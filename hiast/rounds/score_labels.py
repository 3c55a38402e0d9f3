"""Pseudo-labels against the ground truth of their images, where there is some. It scores, never chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.reports import LabelQualityReport
from hiast.data.image_set import ImageSet
from hiast.metrics import class_iou, label_counts, label_quality


def score_labels(
    read_kept: Callable[[str], NDArray[np.uint8]], names: Sequence[str], images: ImageSet
) -> LabelQualityReport | None:
    """Coverage, precision and IoU of the labels of images `names`; None without any truth.

    read_kept: the label of an image, (H, W) uint8 class ids, 255 where nothing is kept.
    """
    entries = [entry for name in names if (entry := images.entry(name)).label_path is not None]
    if not entries:
        return None
    classes = images.classes.num_classes
    counts = np.zeros((classes, classes + 1), np.int64)
    for entry in entries:
        counts += label_counts(read_kept(entry.name), images.read_label(entry), classes)
    quality, ious = label_quality(counts), class_iou(counts[:, :-1])
    return LabelQualityReport(
        images=len(entries),
        coverage=quality.coverage,
        precision=quality.precision,
        mean_iou=float(np.nanmean(ious)) if not np.isnan(ious).all() else 0.0,
        class_coverage=_listed(quality.class_coverage),
        class_precision=_listed(quality.class_precision),
        class_iou=_listed(ious),
    )


def _listed(shares: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(share) else float(share) for share in shares]
