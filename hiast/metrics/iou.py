"""Confusion matrix, intersection over union and pixel accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError


def confusion_matrix(prediction: NDArray[Any], truth: NDArray[Any], num_classes: int) -> NDArray[np.int64]:
    """Pixel counts (C, C) int64: row = true class, column = predicted class. Sum it over images.

    prediction, truth: class ids of one shape; pixels where either is 255 are not counted. Raises
    UserError for shapes that differ or an id outside 0..C−1.
    """
    check_same_shape(prediction, truth)
    counted = (truth != IGNORED) & (prediction != IGNORED)
    true_ids = valid_ids(truth[counted], num_classes, "truth")
    predicted = valid_ids(prediction[counted], num_classes, "prediction")
    cells = np.bincount(true_ids * num_classes + predicted, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes)


def class_iou(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Intersection over union per class (C,), 0..1; NaN for a class in neither truth nor prediction."""
    hits = np.diagonal(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - hits
    return np.where(union > 0, hits / np.maximum(union, 1), np.nan)


def mean_iou(confusion: NDArray[Any], classes: Sequence[int] | None = None) -> float:
    """Mean of the class IoUs, 0..1, over the classes that occur in truth or prediction.

    classes: ids to average over, all if None (SYNTHIA's 16 and 13 class scores list theirs; the
    confusion matrix stays that of all classes). Raises UserError if none of them occurs, or for an
    unknown id.
    """
    ious = class_iou(confusion)
    chosen = list(range(len(ious))) if classes is None else list(classes)
    valid_ids(np.asarray(chosen, dtype=np.int64), len(ious), "classes")
    present = ious[chosen][~np.isnan(ious[chosen])]
    if not present.size:
        raise UserError(
            "there is no pixel to score: none of the classes occurs in truth or prediction.",
            remedy="Check that the validation set has labels, in this class space.",
        )
    return float(present.mean())


def pixel_accuracy(confusion: NDArray[Any]) -> float:
    """Share of counted pixels predicted right, 0..1; 0 if no pixel was counted."""
    return float(np.trace(confusion) / max(1, int(confusion.sum())))


def check_same_shape(prediction: NDArray[Any], truth: NDArray[Any]) -> None:
    """Raise UserError naming both shapes where they differ."""
    if prediction.shape != truth.shape:
        raise UserError(
            f"prediction has shape {prediction.shape}, truth {truth.shape}.",
            remedy="Resize the prediction to the size of the truth (nearest neighbour).",
        )


def valid_ids(ids: NDArray[Any], num_classes: int, where: str) -> NDArray[np.int64]:
    """`ids` as int64. Raises UserError naming the first id outside 0..C−1."""
    wrong = ids[(ids < 0) | (ids >= num_classes)]
    if wrong.size:
        raise UserError(
            f"class id {int(wrong[0])} is outside 0..{num_classes - 1}.",
            where=where,
            remedy=f"Give ids of the {num_classes} classes, and {IGNORED} where there is none.",
        )
    return ids.astype(np.int64)
