"""Which classes are hard, and how often each is pasted (HIAST, arXiv 2302.06992, section on HPLA)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import numpy as np

from hiast.selection.arrays import Array, ArrayT, like, to_numpy


def hard_classes(
    class_values: Array | Sequence[float],
    count: int,
    excluded: Collection[int] = (),
) -> list[int]:
    """The `count` classes of lowest class value, hardest first; equal values in order of class id.

    `class_values` (C,): smoothed mean confidence of each class's kept pixels, 0..1; a class never kept
    has 0 and so is hard. `excluded` classes never count; fewer than `count` others give fewer.
    Raises ValueError when a value is not a number or outside 0..1.
    """
    values = _checked(class_values)
    order = np.argsort(values, kind="stable")
    return [int(c) for c in order if int(c) not in excluded][: max(0, count)]


def class_sampling_probabilities(
    class_values: ArrayT, hard: Sequence[int], *, has_donor: Sequence[bool] | None = None
) -> ArrayT:
    """How likely each class is drawn for pasting: ∝ (1 − u_c)² over the hard classes with a donor.

    `class_values` (C,) numpy or torch; `has_donor` (C,), None: every class has one. Returns (C,)
    float64 of the same kind, 0 outside `hard`, sum 1; or all 0 when no class can be drawn (no hard
    class, no donor, or class values of 1 throughout), and then nothing is pasted. Never NaN.
    Raises ValueError as `hard_classes` does, or when `hard` names a class that does not exist.
    """
    values = _checked(class_values)
    wrong = [c for c in hard if not 0 <= c < len(values)]
    if wrong:
        raise ValueError(f"hard class {wrong[0]} does not exist; there are classes 0..{len(values) - 1}")
    drawable = np.zeros(len(values), dtype=bool)
    drawable[list(hard)] = True
    if has_donor is not None:
        drawable &= np.asarray(has_donor, dtype=bool)
    weights = np.where(drawable, (1.0 - values) ** 2, 0.0)
    total = weights.sum()
    probabilities = weights / total if total > 0 else weights
    return like(class_values, probabilities)


def _checked(class_values: Array | Sequence[float]) -> np.ndarray:
    values = np.asarray(to_numpy(cast(Array, class_values)), dtype=np.float64)
    # A mean of float32 confidences may exceed 1 by rounding.
    if values.ndim != 1 or not ((values >= 0.0) & (values <= 1.0 + 1e-6)).all():
        raise ValueError(f"class values must be (C,) numbers in 0..1, got {values!r}")
    return values.clip(max=1.0)
