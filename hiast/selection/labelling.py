"""From thresholds to labels: which pixels are kept, and why the others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.selection.arrays import ArrayT, like, to_numpy
from hiast.selection.codebook import Codebook
from hiast.selection.histograms import check_class_ids


def apply_thresholds(confidence: ArrayT, prediction: ArrayT, thresholds: ArrayT) -> ArrayT:
    """Labels uint8: the predicted class where confidence ≥ its threshold, else 255.

    confidence: (B, H, W) float; prediction: (B, H, W) class ids (255 stays 255); thresholds: (C,).
    Numpy or torch, same kind out. Raises UserError for shapes that differ or unknown class ids.
    """
    levels = to_numpy(thresholds).astype(np.float64)
    return like(prediction, _keep(to_numpy(confidence), to_numpy(prediction), levels))


def labels_from_codes(
    codes: NDArray[Any],
    prediction: NDArray[Any],
    thresholds: NDArray[np.float64],
    codebook: Codebook,
    *,
    inconsistent: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Labels uint8 from stored codes: what label generation wrote for these thresholds, exactly.

    codes: (..., H, W) integers 0..K−1; prediction: class ids of that shape (255 stays 255);
    thresholds: (C,) float64; above 1 nothing of the class is kept (a veto). inconsistent: bool of the
    same shape, pixels the local-consistency gate leaves out whatever their code; None: the gate is off.
    """
    labels = _keep(codes, prediction, codebook.first_kept_code(thresholds))
    return labels if inconsistent is None else np.where(inconsistent, np.uint8(IGNORED), labels)


def reasons_from_labels(
    labels: NDArray[np.uint8],
    prediction: NDArray[Any],
    *,
    inconsistent: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Reason map uint8 of thresholded labels: KEPT, BELOW_THRESHOLD, or VOID where prediction is 255.

    inconsistent: as in `labels_from_codes`; these pixels are INCONSISTENT.
    """
    reasons = np.where(labels == IGNORED, Reason.BELOW_THRESHOLD, Reason.KEPT)
    if inconsistent is not None:
        reasons = np.where(inconsistent, Reason.INCONSISTENT, reasons)
    return np.where(prediction == IGNORED, Reason.VOID, reasons).astype(np.uint8)


def reasons_from_codes(
    codes: NDArray[Any],
    prediction: NDArray[Any],
    thresholds: NDArray[np.float64],
    codebook: Codebook,
    *,
    inconsistent: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """The reason map that label generation wrote for these thresholds; arguments: `labels_from_codes`."""
    labels = labels_from_codes(codes, prediction, thresholds, codebook, inconsistent=inconsistent)
    return reasons_from_labels(labels, prediction, inconsistent=inconsistent)


def _keep(values: NDArray[Any], prediction: NDArray[Any], smallest: NDArray[Any]) -> NDArray[np.uint8]:
    if values.shape != prediction.shape:
        raise UserError(
            f"confidence has shape {values.shape}, prediction {prediction.shape}.",
            remedy="Give one confidence and one class id per pixel.",
        )
    known = prediction != IGNORED
    if prediction.size and not (prediction.min() >= 0 and prediction.max() < len(smallest)):
        check_class_ids(prediction[known], len(smallest))
    bounds = smallest[np.where(known, prediction, 0)]
    return np.where(known & (values >= bounds), prediction, IGNORED).astype(np.uint8)
