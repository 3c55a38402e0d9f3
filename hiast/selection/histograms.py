"""Histograms of confidence codes per predicted class, and what follows from them alone.

All functions are numpy only: label generation counts on the device and calls them, what-if calls
them on stored histograms. Counts are exact, so both get the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.selection.codebook import WEIGHT_OF_ONE, Codebook


def count_codes(
    codes: NDArray[Any], prediction: NDArray[Any], num_classes: int, codebook: Codebook
) -> NDArray[np.int64]:
    """Histogram (C, K) int64: pixels of each predicted class and code.

    codes: integers 0..K−1; prediction: class ids of the same shape; 255 is not counted.
    Raises UserError for shapes that differ or a class id outside 0..C−1.
    """
    if codes.shape != prediction.shape:
        raise UserError(
            f"confidence has shape {codes.shape}, prediction {prediction.shape}.",
            remedy="Give one confidence and one class id per pixel.",
        )
    flat_codes, classes = codes.reshape(-1).astype(np.int64), prediction.reshape(-1).astype(np.int64)
    if classes.size and (classes.min() < 0 or classes.max() >= num_classes):
        void = classes == IGNORED
        check_class_ids(classes[~void], num_classes)
        flat_codes, classes = flat_codes[~void], classes[~void]
    size = num_classes * codebook.size
    counts = np.bincount(classes * codebook.size + flat_codes, minlength=size)
    return counts.reshape(num_classes, codebook.size)


def check_class_ids(classes: NDArray[Any], num_classes: int) -> None:
    """Raise UserError naming the first id outside 0..C−1."""
    wrong = classes[(classes < 0) | (classes >= num_classes)]
    if wrong.size:
        raise UserError(
            f"class id {int(wrong[0])} is outside 0..{num_classes - 1}.",
            remedy=f"Give class ids of the {num_classes} classes, and {IGNORED} where there is none.",
        )


def predicted_pixels(histograms: NDArray[Any]) -> NDArray[np.int64]:
    """Pixels predicted as each class: (..., C, K) -> (..., C) int64."""
    counts: NDArray[np.int64] = histograms.sum(axis=-1, dtype=np.int64)
    return counts


def kept_pixels(
    histograms: NDArray[Any], thresholds: NDArray[np.float64], codebook: Codebook
) -> NDArray[np.int64]:
    """Pixels of each class with confidence ≥ θ: (..., C, K) and (C,) -> (..., C) int64."""
    return predicted_pixels(_tails(histograms, thresholds, codebook))


def mean_kept_confidence(
    histogram: NDArray[Any], thresholds: NDArray[np.float64], codebook: Codebook
) -> NDArray[np.float64]:
    """Mean decoded confidence of the kept pixels of each class: (C, K) -> (C,); 0 where none is kept.

    Summed in integers, so that the order of summing makes no difference (`Codebook.weights`).
    """
    tails = _tails(histogram, thresholds, codebook)
    return mean_confidence(tails @ codebook.weights, tails.sum(axis=-1))


def mean_confidence(weight: NDArray[np.int64], pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean confidence from sums of `Codebook.weights` and numbers of pixels, any shape; 0 for no pixel."""
    return np.where(pixels > 0, weight / (float(WEIGHT_OF_ONE) * np.maximum(pixels, 1)), 0.0)


def _tails(histograms: NDArray[Any], thresholds: NDArray[np.float64], codebook: Codebook) -> NDArray[Any]:
    kept = np.arange(codebook.size) >= codebook.first_kept_code(thresholds)[:, None]
    return np.where(kept, histograms, 0)
