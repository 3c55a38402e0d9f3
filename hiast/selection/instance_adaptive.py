"""Instance adaptive selector (IAS): class thresholds that follow the images (HIAST, arXiv 2302.06992)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.errors import UserError
from hiast.selection.arrays import ArrayT, like, to_numpy
from hiast.selection.codebook import Codebook
from hiast.selection.histograms import count_codes, quantiles

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
    histograms: NDArray[Any],
    previous: NDArray[np.float64],
    *,
    alpha: float,
    beta: float,
    gamma: float,
    codebook: Codebook,
) -> NDArray[np.float64]:
    """One step of the threshold recursion on counted confidences.

    Per class c, with v the confidences of the pixels predicted c and θ itself (so that an absent
    class keeps its threshold): ψ = quantile(v, 1 − α·θ^γ), linear; θ ← β·θ + (1−β)·ψ; θ ≥ 1 becomes
    0.999. α·θ^γ is the share of the class that is kept (IAS, arXiv 2008.12197, and HIAST).

    histograms: (C, K) counts of one instance; previous: (C,) in 0..1; alpha, beta in 0..1; gamma ≥ 0.
    Returns (C,) float64. Raises UserError for values out of range or shapes that differ.
    """
    _check(histograms, previous, alpha, beta, gamma, codebook)
    tops = quantiles(histograms, 1.0 - alpha * previous**gamma, codebook, extra=previous)
    updated = beta * previous + (1.0 - beta) * tops
    return np.where(updated >= 1.0, HIGHEST_THRESHOLD, updated)


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


def _check(
    histograms: NDArray[Any],
    previous: NDArray[np.float64],
    alpha: float,
    beta: float,
    gamma: float,
    codebook: Codebook,
) -> None:
    if histograms.shape != (len(previous), codebook.size):
        raise UserError(
            f"histograms have shape {histograms.shape}, {len(previous)} thresholds and codebook "
            f"{codebook.name} need ({len(previous)}, {codebook.size}).",
            remedy="Count with the same codebook and classes the thresholds belong to.",
        )
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
