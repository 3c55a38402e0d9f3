"""Confidence codes of one instance, counted, and kept only where there is anything to count.

A histogram of 19 classes and 4096 codes is mostly zeros, and a round has thousands of them. This form
holds the (class, code) pairs that occur, in order, and how many pixels come before each: a search in it
finds any sample, so quantiles and kept pixels need no pass over the counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hiast.selection.codebook import Codebook

BLOCK: Final = 8
"""Pairs whose weights are summed up in advance."""


@dataclass(frozen=True, eq=False)
class CountedCodes:
    """Counts of C classes over the K codes of a codebook.

    keys: (N,) uint32, class·K + code of the pairs that occur, rising.
    running: (N + 1,) uint32, pixels before each pair, then all (int64 where there are more than fit).
    starts, counts: (C,), pixels of all classes before each, and of each; of the type of `running`.
    """

    keys: NDArray[np.uint32]
    running: NDArray[Any]
    starts: NDArray[Any]
    counts: NDArray[Any]
    codebook: Codebook

    @staticmethod
    def of(histogram: NDArray[Any], codebook: Codebook) -> CountedCodes:
        """From a histogram (C, K) of pixels."""
        flat = histogram.reshape(-1)
        keys = np.flatnonzero(flat)
        running = np.zeros(len(keys) + 1, np.int64)
        np.cumsum(flat[keys], out=running[1:])
        kind = np.uint32 if running[-1] < 2**32 else np.int64
        counts = histogram.sum(axis=1, dtype=np.int64)
        starts = np.cumsum(counts) - counts
        return CountedCodes(
            keys.astype(np.uint32),
            running.astype(kind),
            starts.astype(kind),
            counts.astype(kind),
            codebook,
        )

    def histogram(self) -> NDArray[np.int64]:
        """The counts (C, K) it was made from."""
        dense = np.zeros(len(self.counts) * self.codebook.size, np.int64)
        dense[self.keys] = self.pixels()
        return dense.reshape(len(self.counts), self.codebook.size)

    def pixels(self) -> NDArray[np.int64]:
        """(N,) pixels of each pair."""
        pixels: NDArray[np.int64] = self.running[1:].astype(np.int64) - self.running[:-1]
        return pixels

    def weights_before(self) -> NDArray[np.int64]:
        """(N + 1,) sums of `Codebook.weights` over the pixels before each pair, then over all.

        They grow along the classes, so the difference of two is the sum over what lies between.
        """
        codes = self.keys % np.uint32(self.codebook.size)
        sums = np.zeros(len(codes) + 1, np.int64)
        np.cumsum(self.pixels() * self.codebook.weights[codes], out=sums[1:])
        return sums

    def first_kept(self, first_codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where among the keys each class's codes from `first_codes` (C,), 0..K, begin."""
        bases = class_bases(len(self.counts), self.codebook.size)
        # A search among values of another type would first convert all of them.
        return self.keys.searchsorted(bases + first_codes.astype(np.uint32))


@cache
def class_bases(classes: int, size: int) -> NDArray[np.uint32]:
    """(C,) the key of each class's code 0."""
    bases: NDArray[np.uint32] = np.arange(classes, dtype=np.uint32) * np.uint32(size)
    bases.flags.writeable = False
    return bases


def quantiles(
    counted: CountedCodes, shares: NDArray[np.float64], *, extra: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Per class, the quantile of the confidences that are counted, linear interpolation.

    shares: (C,) in 0..1; extra: (C,) one more sample per class, or None. Returns (C,) float64, bit-equal
    to numpy.quantile on the decoded samples; NaN for a class without any sample.
    """
    if extra is not None:
        return quantiles_with(counted, shares, extra, counted.codebook.first_kept_code(extra))
    last = np.maximum(counted.counts.astype(np.int64) - 1, 0).astype(counted.counts.dtype)
    position = last * shares
    lower = position.astype(counted.running.dtype)
    ranks = counted.starts + np.array((lower, np.minimum(lower + 1, last)))
    low, high = _samples(counted, ranks)
    return np.where(counted.counts > 0, _interpolate(low, high, position - lower), np.nan)


def quantiles_with(
    counted: CountedCodes,
    shares: NDArray[np.float64],
    extra: NDArray[np.float64],
    first_codes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """`quantiles` with one more sample per class, of which `first_kept_code` is known: few operations, for
    this is done once an image for thousands of images."""
    position = counted.counts * shares
    lower = position.astype(counted.running.dtype)
    ranks = counted.starts + np.array((lower, np.minimum(lower + 1, counted.counts)))
    # Ranks of all classes are counted through; the extra sample comes before those as large as itself.
    smaller = counted.running.take(counted.first_kept(first_codes))
    samples = np.where(ranks == smaller, extra, _samples(counted, ranks - (ranks > smaller)))
    return _interpolate(samples[0], samples[1], position - lower)


def _samples(counted: CountedCodes, ranks: NDArray[Any]) -> NDArray[np.float64]:
    """The confidence of each class's sample of that rank (2, C); anything where there is no such sample."""
    levels = counted.codebook.levels
    if not len(counted.keys):
        return np.zeros(ranks.shape)
    at = counted.running.searchsorted(ranks, side="right") - 1
    codes = counted.keys.take(at, mode="clip") - class_bases(len(counted.counts), len(levels))
    found: NDArray[np.float64] = levels.take(codes, mode="clip")
    return found


def _interpolate(
    low: NDArray[np.float64], high: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear interpolation from the nearer end, which is how numpy.quantile rounds."""
    step = high - low
    return np.where(weight >= 0.5, high - step * (1.0 - weight), low + step * weight)
