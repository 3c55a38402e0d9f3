"""Two labels of one image, a round apart: which pixels changed, and was it the network or the threshold?"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED


@dataclass(frozen=True, eq=False)
class ChangeCounts:
    """Pixels per class, (C,) int64 each, as `hiast.contracts.changes.ClassChanges` names them."""

    before: NDArray[np.int64]
    now: NDArray[np.int64]
    both: NDArray[np.int64]
    gained: NDArray[np.int64]
    dropped: NDArray[np.int64]
    flipped_from: NDArray[np.int64]
    flipped_to: NDArray[np.int64]
    by_model: NDArray[np.int64]
    by_threshold: NDArray[np.int64]
    by_both: NDArray[np.int64]
    oscillating: NDArray[np.int64]

    def __add__(self, other: ChangeCounts) -> ChangeCounts:
        return ChangeCounts(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(ChangeCounts))
        )


def label_changes(
    before: NDArray[np.uint8],
    now: NDArray[np.uint8],
    mixed: NDArray[np.uint8],
    earlier: NDArray[np.uint8] | None,
    classes: int,
) -> ChangeCounts:
    """Count the changes from kept label `before` to `now`, (H, W) uint8 each, 255 where nothing is kept.

    mixed: what the network of now keeps under the thresholds of before. Where that is what was kept before,
    the thresholds changed the pixel; where it is what is kept now, the network did; else it took both.
    earlier: the kept label of a round before `before`; None: no pixel is said to oscillate.
    """
    kept_before, kept_now, changed = before != IGNORED, now != IGNORED, before != now
    flipped = changed & kept_before & kept_now
    concerned = np.where(kept_now, now, before)
    by_threshold = changed & (mixed == before)
    by_model = changed & ~by_threshold & (mixed == now)
    back = changed & (earlier == now) if earlier is not None else np.zeros_like(changed)

    def count(ids: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(ids[where], minlength=256)[:classes].astype(np.int64)

    return ChangeCounts(
        before=count(before, kept_before),
        now=count(now, kept_now),
        both=count(now, kept_now & ~changed),
        gained=count(now, changed & ~kept_before),
        dropped=count(before, changed & ~kept_now),
        flipped_from=count(before, flipped),
        flipped_to=count(now, flipped),
        by_model=count(concerned, by_model),
        by_threshold=count(concerned, by_threshold),
        by_both=count(concerned, changed & ~by_threshold & ~by_model),
        oscillating=count(concerned, back),
    )
