"""The local-consistency gate: beyond the paper, only pixels whose neighbours agree may become labels."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.errors import UserError
from hiast.selection.arrays import ArrayT, like

WIDEST = 31


def locally_consistent(prediction: ArrayT, *, window: int, share: float) -> ArrayT:
    """True where at least `share` of a pixel's neighbourhood is predicted as its class: (B, H, W) bool.

    prediction: (B, H, W) class ids, numpy or torch, same kind out. The neighbourhood is the
    window×window square around the pixel, itself included; at the border only its pixels inside the
    image count. Exact: whole numbers are compared, and share 0.28 of 25 pixels is 7. Raises UserError
    for an even window, one outside 3..31, or a share outside 0..1.
    """
    if window % 2 == 0 or not 3 <= window <= WIDEST:
        raise UserError(f"window is {window}, accepted are odd numbers from 3 to {WIDEST}.")
    if not 0.0 <= share <= 1.0:
        raise UserError(f"share is {share}, accepted are 0 to 1.")
    height, width = prediction.shape[-2:]
    # The narrowest type that holds a whole window: the additions below take most of the time.
    counter = np.uint8 if window**2 <= np.iinfo(np.uint8).max else np.int16
    agreeing: Any = like(prediction, np.ones(tuple(prediction.shape), counter))
    for here, there in _neighbours(height, width, window // 2):
        same = prediction[here] == prediction[there]
        agreeing[here] += same
        agreeing[there] += same
    found: ArrayT = agreeing >= like(prediction, _needed(height, width, window, share))
    return found


def _neighbours(height: int, width: int, radius: int) -> Iterator[tuple[Any, Any]]:
    """Where each pixel and its neighbour at one offset lie; of two opposite offsets only one."""
    for down in range(min(radius, height - 1) + 1):
        for right in range(-min(radius, width - 1), min(radius, width - 1) + 1):
            if down > 0 or right > 0:
                left_part, right_part = slice(0, width - abs(right)), slice(abs(right), width)
                here, there = (left_part, right_part) if right >= 0 else (right_part, left_part)
                yield (..., slice(0, height - down), here), (..., slice(down, height), there)


def _needed(height: int, width: int, window: int, share: float) -> NDArray[np.int16]:
    """How many pixels must agree, (H, W): the smallest whole number that is `share` of those inside."""
    # The decimal the person wrote, not the binary number next to it.
    exact = Fraction(repr(float(share)))
    smallest = np.array([ceil(exact * inside) for inside in range(window**2 + 1)], np.int16)
    return smallest[np.multiply.outer(_inside(height, window), _inside(width, window))]


def _inside(size: int, window: int) -> NDArray[np.int64]:
    """Per place along one side, how much of the window lies inside the image."""
    place, radius = np.arange(size), window // 2
    return np.minimum(place + radius, size - 1) - np.maximum(place - radius, 0) + 1
