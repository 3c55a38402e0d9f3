"""Instance adaptive selector (IAS): class thresholds that follow the images (HIAST, arXiv 2302.06992)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.errors import UserError
from hiast.selection.arrays import ArrayT, like, to_numpy
from hiast.selection.codebook import Codebook
from hiast.selection.counted_codes import CountedCodes, quantiles_with
from hiast.selection.histograms import count_codes

HIGHEST_THRESHOLD = 0.999
"""What a threshold that reaches 1 becomes; at 1 a class could never be kept again."""


def instance_adaptive_thresholds(
    confidence: ArrayT,
    prediction: ArrayT,
    previous: ArrayT,
    *,
    alpha: float = 0.5,
    beta: float = 0.9,
    gamma: float = 8.0,
    codebook: Codebook | None = None,
) -> ArrayT:
    """Thresholds (C,) float64 after one instance.

    confidence: (B, H, W) float in 0..1; prediction: (B, H, W) class ids (255: not counted);
    previous: (C,) thresholds before it. Formulas: see `update_thresholds`. Default codebook: log12.
    Numpy or torch; returns the kind of `previous`. Raises UserError for values out of range, shapes
    that differ, or unknown class ids.
    """
    book = codebook or Codebook.log12()
    before = to_numpy(previous).astype(np.float64)
    histogram = count_codes(book.encode(to_numpy(confidence)), to_numpy(prediction), len(before), book)
    after = update_thresholds(histogram, before, alpha=alpha, beta=beta, gamma=gamma, codebook=book)
    return like(previous, after)


def update_thresholds(
    histograms: NDArray[Any] | CountedCodes,
    previous: NDArray[np.float64],
    *,
    alpha: float,
    beta: float,
    gamma: float,
    codebook: Codebook,
    bounds: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """One step of the threshold recursion on counted confidences.

    Per class c, with v the confidences of the pixels predicted c and θ itself (so that an absent
    class keeps its threshold): ψ = quantile(v, 1 − α·θ^γ), linear; θ ← β·θ + (1−β)·ψ; θ ≥ 1 becomes
    0.999. α·θ^γ is the share of the class that is kept (IAS, arXiv 2008.12197, and HIAST).

    histograms: (C, K) counts of one instance, or the same as CountedCodes; previous: (C,) in 0..1;
    alpha, beta in 0..1; gamma ≥ 0; bounds: (2, C), θ never leaves its class's floor and cap (ours; None:
    none has any). Returns (C,) float64. Raises UserError for values out of range or shapes that differ.
    """
    if isinstance(histograms, CountedCodes):
        counted, shape = histograms, (len(histograms.counts), histograms.codebook.size)
    else:
        counted, shape = CountedCodes.of(histograms, codebook), histograms.shape
    if shape != (len(previous), codebook.size):
        raise UserError(
            f"histograms have shape {shape}, {len(previous)} thresholds and codebook "
            f"{codebook.name} need ({len(previous)}, {codebook.size}).",
            remedy="Count with the same codebook and classes the thresholds belong to.",
        )
    check_recursion(previous, alpha, beta, gamma)
    first = codebook.first_kept_code(previous)
    return next_thresholds(counted, previous, first, alpha, beta, gamma, bounds)


def next_thresholds(
    counted: CountedCodes,
    previous: NDArray[np.float64],
    first_codes: NDArray[np.int64],
    alpha: float,
    beta: float,
    gamma: float,
    bounds: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """`update_thresholds` without its checks, for who has made them once for many instances.

    first_codes: `first_kept_code` of `previous`.
    """
    tops = quantiles_with(counted, 1.0 - alpha * previous**gamma, previous, first_codes)
    updated = beta * previous + (1.0 - beta) * tops
    updated[updated >= 1.0] = HIGHEST_THRESHOLD
    return updated if bounds is None else np.clip(updated, bounds[0], bounds[1])


def bounds_array(bounds: Mapping[int, tuple[float, float]], classes: int) -> NDArray[np.float64] | None:
    """Floors and caps (2, C) of thresholds from those of some classes by id; None when there are none.

    Raises UserError for a class id that does not exist.
    """
    if not bounds:
        return None
    array = np.tile([[0.0], [1.0]], classes)
    for class_id, (floor, cap) in bounds.items():
        if not 0 <= class_id < classes:
            raise UserError(
                f"threshold_bounds names class {class_id}; there are classes 0 to {classes - 1}.",
                remedy="Leave it out, or give the id of a class that exists.",
            )
        array[:, class_id] = floor, cap
    return array


def replay_thresholds(
    histograms: Iterable[NDArray[Any]],
    initial: NDArray[np.float64],
    *,
    alpha: float,
    beta: float,
    gamma: float,
    codebook: Codebook,
) -> NDArray[np.float64]:
    """Threshold trajectory (T, C): row t is what instance t is labelled with.

    histograms: T counts (C, K) in labelling order, one per instance; initial: (C,) at the start of
    the round. Equals what label generation computed, bit for bit.
    """
    trajectory = [initial]
    for counts in histograms:
        trajectory.append(
            update_thresholds(
                counts, trajectory[-1], alpha=alpha, beta=beta, gamma=gamma, codebook=codebook
            )
        )
    return np.array(trajectory[1:], dtype=np.float64).reshape(-1, len(initial))


def check_recursion(previous: NDArray[np.float64], alpha: float, beta: float, gamma: float) -> None:
    """Raise UserError for the first value outside its range."""
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0.0 <= value <= 1.0:
            raise UserError(f"{name} is {value}, accepted are 0 to 1.", remedy=f"Choose another {name}.")
    if not gamma >= 0.0:
        raise UserError(f"gamma is {gamma}, accepted is 0 or more.", remedy="Choose another gamma.")
    if not np.all((previous >= 0.0) & (previous <= 1.0)):
        raise UserError(
            f"previous thresholds are {previous.tolist()}, accepted are 0 to 1.",
            remedy="Start a round with thresholds such as 0.9.",
        )
