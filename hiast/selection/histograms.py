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
from hiast.selection.codebook import Codebook


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


def quantiles(
    histograms: NDArray[Any],
    shares: NDArray[np.float64],
    codebook: Codebook,
    *,
    extra: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Per class, the quantile of the confidences a histogram counts, linear interpolation.

    histograms: (C, K) counts; shares: (C,) in 0..1; extra: (C,) one more sample per class, or None.
    Returns (C,) float64, bit-equal to numpy.quantile on the decoded samples; NaN for a class without
    any sample.
    """
    num_classes, size = histograms.shape
    # One running sum over all classes: it never falls, so a single search finds every class's sample.
    running = np.cumsum(histograms.reshape(-1), dtype=np.int64)
    ends = running[size - 1 :: size]
    starts = np.concatenate(([0], ends[:-1]))
    extras = 0 if extra is None else 1
    last = ends - starts + extras - 1
    position = np.maximum(last, 0) * shares
    lower = np.floor(position).astype(np.int64)
    ranks = np.stack((lower, np.minimum(lower + 1, np.maximum(last, 0))))
    if extra is None:
        below, is_extra = ranks, np.zeros_like(ranks, dtype=bool)
    else:
        first_code = np.searchsorted(codebook.levels, extra, side="left")
        flat_end = np.arange(num_classes) * size + first_code
        smaller = np.where(first_code == 0, 0, running[np.maximum(flat_end, 1) - 1] - starts)
        is_extra = ranks == smaller
        below = ranks - (ranks > smaller)
    found = np.searchsorted(running, starts + below, side="right") - np.arange(num_classes) * size
    samples = codebook.levels[np.clip(found, 0, size - 1)]
    if extra is not None:
        samples = np.where(is_extra, extra, samples)
    return np.where(last >= 0, _interpolate(samples[0], samples[1], position - lower), np.nan)


def _interpolate(
    low: NDArray[np.float64], high: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear interpolation from the nearer end, which is how numpy.quantile rounds."""
    step = high - low
    return np.where(weight >= 0.5, high - step * (1.0 - weight), low + step * weight)


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
    """Mean decoded confidence of the kept pixels of each class: (C, K) -> (C,); 0 where none is kept."""
    tails = _tails(histogram, thresholds, codebook)
    counts = tails.sum(axis=-1)
    return np.where(counts > 0, tails @ codebook.levels / np.maximum(counts, 1), 0.0)


def _tails(histograms: NDArray[Any], thresholds: NDArray[np.float64], codebook: Codebook) -> NDArray[Any]:
    kept = np.arange(codebook.size) >= codebook.first_kept_code(thresholds)[:, None]
    return np.where(kept, histograms, 0)
