"""Class values: how confidently each class has been labelled so far; the lowest are the hard classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.selection.arrays import ArrayT, like, to_numpy
from hiast.selection.codebook import Codebook
from hiast.selection.histograms import check_class_ids, mean_kept_confidence

MOMENTUM = 0.99


def update_class_values(
    values: ArrayT, confidence: ArrayT, labels: ArrayT, *, momentum: float = MOMENTUM
) -> ArrayT:
    """Class values (C,) float64 after one instance.

    Per class, the mean confidence of its kept pixels over the whole instance, smoothed: u ←
    momentum·u + (1−momentum)·mean. The first mean is taken as it is; a class never kept stays 0
    (HIAST, arXiv 2302.06992). values: (C,), 0 where nothing was kept yet; confidence: (B, H, W);
    labels: (B, H, W) class ids, 255 = ignored. Numpy or torch; returns the kind of `values`.
    Raises UserError for shapes that differ, an unknown class id, or momentum outside 0..1.
    """
    before, kept_as = to_numpy(values).astype(np.float64), to_numpy(labels).reshape(-1)
    confidences = to_numpy(confidence).reshape(-1)
    if confidences.shape != kept_as.shape:
        raise UserError(f"confidence has {confidences.size} pixels, labels have {kept_as.size}.")
    kept = kept_as != IGNORED
    classes = kept_as[kept].astype(np.int64)
    check_class_ids(classes, len(before))
    counts = np.bincount(classes, minlength=len(before))
    sums = np.bincount(classes, weights=confidences[kept], minlength=len(before))
    return like(values, smooth_class_values(before, sums / np.maximum(counts, 1), momentum))


def update_class_values_from_histogram(
    values: NDArray[np.float64],
    histogram: NDArray[Any],
    thresholds: NDArray[np.float64],
    *,
    codebook: Codebook,
    momentum: float = MOMENTUM,
) -> NDArray[np.float64]:
    """The same update from an instance's counts (C, K) and its thresholds (C,): no pixels needed."""
    return smooth_class_values(values, mean_kept_confidence(histogram, thresholds, codebook), momentum)


def smooth_class_values(
    values: NDArray[np.float64], means: NDArray[np.float64], momentum: float = MOMENTUM
) -> NDArray[np.float64]:
    """The update from the means (C,) of an instance's kept confidences, 0 for a class without any."""
    if not 0.0 <= momentum <= 1.0:
        raise UserError(f"momentum is {momentum}, accepted are 0 to 1.")
    smoothed = np.where(values == 0.0, means, momentum * values + (1.0 - momentum) * means)
    return np.where(means == 0.0, values, smoothed)
