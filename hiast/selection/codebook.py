"""Confidence codes: the integers that confidences are stored, counted and compared as.

A codebook is a monotone table code -> confidence. Because generation and what-if compare the same
codes with the same thresholds, labels derived from stored codes equal the generated ones exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.errors import NotFoundError, UserError
from hiast.selection.arrays import ArrayT, like, to_numpy

LOG12_CODES = 4096
LOG12_CODES_PER_BIT = 256
"""log12: codes per unit of −log2(1−p); 4096 codes cover [0, 16]."""
WEIGHT_OF_ONE = 2**36
"""Confidence 1 in `Codebook.weights`: the sum over the largest image, 2^26 pixels, fits an int64."""
FLOAT16_CODES = 0x3C00 + 1
"""float16: bit patterns of 0.0 up to and including 1.0, which are in order of their value."""


@dataclass(frozen=True, eq=False)
class Codebook:
    """A monotone table of K confidence codes.

    name: "log12" or "float16", as stored beside the codes.
    levels: (K,) float64, the confidence each code stands for, in 0..1, increasing, read-only.
    """

    name: str
    levels: NDArray[np.float64]

    @staticmethod
    def log12() -> Codebook:
        """4096 codes uniform in −log2(1−p) over [0, 16]; a code stands for its mid-point.

        Fine where confidences of trained networks pile up: 256 codes each time 1−p halves.
        """
        return _log12()

    @staticmethod
    def float16() -> Codebook:
        """The float16 bit pattern; reproduces the thresholds of the official HIAST code."""
        return _float16()

    @staticmethod
    def named(name: str) -> Codebook:
        """The codebook called "log12" or "float16". Raises NotFoundError for other names."""
        if name == "log12":
            return _log12()
        if name == "float16":
            return _float16()
        raise NotFoundError(f"codebook {name!r} is unknown.", remedy="Known: float16, log12.")

    @property
    def weights(self) -> NDArray[np.int64]:
        """(K,) int64: levels in units of 2^−36, so that sums over any image fit and are exact."""
        return _weights(self.name)

    @property
    def size(self) -> int:
        """Number of codes K."""
        return len(self.levels)

    def encode(self, confidence: ArrayT) -> ArrayT:
        """Codes, uint16, of confidences in 0..1 (any shape, float; numpy or torch, same kind out).

        Raises UserError where a confidence is NaN or outside 0..1.
        """
        values = to_numpy(confidence)
        if values.size and not (values.min() >= 0.0 and values.max() <= 1.0):  # NaN fails as well
            raise UserError(
                f"confidence has values from {values.min()} to {values.max()}.",
                where="Codebook.encode",
                remedy="Give probabilities between 0 and 1 without NaN (softmax first).",
            )
        codes = _log12_codes(values) if self.name == "log12" else _float16_codes(values)
        return like(confidence, codes)

    def decode(self, codes: ArrayT) -> ArrayT:
        """Confidences, float64, of codes (any shape, any integer type; numpy or torch, same kind out).

        Raises UserError where a code is outside 0..K−1.
        """
        values = to_numpy(codes)
        if values.size and not (int(values.min()) >= 0 and int(values.max()) < self.size):
            raise UserError(
                f"codes range from {values.min()} to {values.max()}, codebook {self.name} has "
                f"0..{self.size - 1}.",
                where="Codebook.decode",
                remedy="Decode with the codebook the codes were made with.",
            )
        return like(codes, self.levels[values])

    def first_kept_code(self, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Smallest code kept per class: decode(code) ≥ θ exactly where code ≥ it.

        thresholds: (C,). Returns (C,) in 0..K; K where no code reaches θ.
        """
        return np.searchsorted(self.levels, thresholds, side="left").astype(np.int64)


def _log12_codes(confidence: NDArray[Any]) -> NDArray[np.uint16]:
    with np.errstate(divide="ignore"):  # p = 1 has no finite logarithm and belongs to the last code
        bits = -np.log2(1.0 - confidence.astype(np.float64))
    codes: NDArray[np.uint16] = np.minimum(bits * LOG12_CODES_PER_BIT, LOG12_CODES - 1).astype(np.uint16)
    return codes


def _float16_codes(confidence: NDArray[Any]) -> NDArray[np.uint16]:
    halves: NDArray[np.float16] = confidence.astype(np.float16)
    halves += np.float16(0.0)  # turns −0.0, whose bit pattern is 0x8000, into 0.0
    codes: NDArray[np.uint16] = halves.view(np.uint16)
    return codes


def _table(name: str, levels: NDArray[np.float64]) -> Codebook:
    levels.flags.writeable = False
    return Codebook(name, levels)


@cache
def _weights(name: str) -> NDArray[np.int64]:
    weights = np.rint(Codebook.named(name).levels * WEIGHT_OF_ONE).astype(np.int64)
    weights.flags.writeable = False
    return weights


@cache
def _log12() -> Codebook:
    middles = (np.arange(LOG12_CODES) + 0.5) / LOG12_CODES_PER_BIT
    return _table("log12", 1.0 - np.exp2(-middles))


@cache
def _float16() -> Codebook:
    return _table("float16", np.arange(FLOAT16_CODES, dtype=np.uint16).view(np.float16).astype(np.float64))
