"""How good pseudo-labels are where ground truth is known: how much they cover, how much is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.metrics.iou import check_same_shape, valid_ids


@dataclass(frozen=True, eq=False)
class LabelQuality:
    """Shares in 0..1 over the pixels with ground truth; per class (C,) float64, NaN where undefined.

    coverage: pixels that have a label. precision: labelled pixels whose label is right; 0 without any.
    class_coverage: of the true pixels of a class, those that have a label, whichever.
    class_precision: of the pixels labelled as a class, those that are of it.
    """

    coverage: float
    precision: float
    class_coverage: NDArray[np.float64]
    class_precision: NDArray[np.float64]


def label_counts(labels: NDArray[Any], truth: NDArray[Any], num_classes: int) -> NDArray[np.int64]:
    """Pixel counts (C, C+1) int64: row = true class, column = label, the last column = ignored.

    labels, truth: class ids of one shape, 255 = no label; pixels without truth are not counted. Sum
    it over images. Raises UserError for shapes that differ or an id outside 0..C−1.
    """
    check_same_shape(labels, truth)
    known = truth != IGNORED
    true_ids = valid_ids(truth[known], num_classes, "truth")
    given = labels[known].astype(np.int64)
    columns = np.where(given == IGNORED, num_classes, given)
    valid_ids(given[given != IGNORED], num_classes, "labels")
    width = num_classes + 1
    cells = np.bincount(true_ids * width + columns, minlength=num_classes * width)
    return cells.reshape(num_classes, width)


def label_quality(counts: NDArray[Any]) -> LabelQuality:
    """Coverage and precision, over all and per class, of `label_counts` summed over images."""
    labelled = counts[:, :-1]
    right = np.diagonal(labelled)
    return LabelQuality(
        coverage=float(labelled.sum() / max(1, int(counts.sum()))),
        precision=float(right.sum() / max(1, int(labelled.sum()))),
        class_coverage=_shares(labelled.sum(axis=1), counts.sum(axis=1)),
        class_precision=_shares(right, labelled.sum(axis=0)),
    )


def _shares(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
