"""Class-balanced selection (CBST): one threshold per class for the whole set; and constant thresholds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.errors import UserError
from hiast.selection.arrays import ArrayT, like, to_numpy
from hiast.selection.codebook import Codebook
from hiast.selection.counted_codes import CountedCodes, quantiles
from hiast.selection.histograms import check_class_ids


def class_balanced_thresholds(
    batches: Iterable[tuple[ArrayT, ArrayT]],
    *,
    num_classes: int,
    portion: float = 0.2,
    sample_interval: int = 4,
    codebook: Codebook | None = None,
) -> ArrayT:
    """Thresholds (C,) float64 that keep the most confident `portion` of each class over a whole set.

    batches: pairs (confidence (B, H, W) float in 0..1, prediction (B, H, W) class ids), read once;
    memory does not grow with their number. In each batch every `sample_interval`-th pixel *of each
    class*, in row order, is counted; θ is the (1 − portion)-quantile of these, linear interpolation. A
    class without pixels gets 1.0. Numpy or torch; returns the kind of the batches. Default codebook:
    log12. Raises UserError for no batch, values out of range and unknown class ids.
    """
    book = codebook or Codebook.log12()
    counts = np.zeros((num_classes, book.size), dtype=np.int64)
    reference: ArrayT | None = None
    for confidence, prediction in batches:
        codes, classes = book.encode(to_numpy(confidence)), to_numpy(prediction)
        counts += sampled_codes(codes, classes, num_classes, sample_interval, book)
        reference = confidence
    if reference is None:
        raise UserError("there is no image to take class-balanced thresholds from.",
                        remedy="Give at least one batch of confidences and predictions.")  # fmt: skip
    return like(reference, class_balanced_quantiles(counts, portion, book))


def sampled_codes(
    codes: NDArray[Any],
    prediction: NDArray[Any],
    num_classes: int,
    sample_interval: int,
    codebook: Codebook,
) -> NDArray[np.int64]:
    """Histogram (C, K) int64 of every `sample_interval`-th pixel of each class, in row order.

    codes, prediction: (B, H, W) integers of one batch; prediction 255 is not counted.
    Sum it over batches and give it to `class_balanced_quantiles`.
    """
    if sample_interval < 1:
        raise UserError(f"sample_interval is {sample_interval}, accepted is 1 or more.")
    flat, classes = codes.reshape(-1), prediction.reshape(-1)
    present = np.unique(classes)
    check_class_ids(present[present != 255], num_classes)
    counts = np.zeros((num_classes, codebook.size), dtype=np.int64)
    for class_id in present[present != 255]:
        sampled = flat[classes == class_id][::sample_interval]
        counts[class_id] = np.bincount(sampled, minlength=codebook.size)
    return counts


def class_balanced_quantiles(
    histograms: NDArray[Any], portion: float, codebook: Codebook
) -> NDArray[np.float64]:
    """Thresholds (C,): the (1 − portion)-quantile of counts (C, K); 1.0 for a class without counts.

    With the float16 codebook the result is a float16 number, as in the official code.
    """
    if not 0.0 < portion <= 1.0:
        raise UserError(f"portion is {portion}, accepted are values above 0 up to 1.")
    found = quantiles(CountedCodes.of(histograms, codebook), np.full(len(histograms), 1.0 - portion))
    found = np.where(np.isnan(found), 1.0, found)
    return codebook.decode(codebook.encode(found)) if codebook.name == "float16" else found


def constant_thresholds(num_classes: int, threshold: float) -> NDArray[np.float64]:
    """The same threshold for every class (policy CT), (C,) float64. Threshold 0 keeps all (policy NT)."""
    if not 0.0 <= threshold <= 1.0:
        raise UserError(f"threshold is {threshold}, accepted are 0 to 1.")
    return np.full(num_classes, threshold, dtype=np.float64)
