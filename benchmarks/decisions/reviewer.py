"""What the scripted reviewer decides. Its eyes are the ground truth of the images it looks at.

A kept pixel without ground truth (void) is neither right nor wrong: the reviewer leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.decisions import SET_TO_IGNORED, UNTOUCHED
from hiast.metrics import label_quality

REVIEWED_IMAGES: Final = 10
LEAST_SHARE: Final = 0.005
"""A class with a smaller share of the kept pixels is not judged: a handful of pixels says little."""


def reviewed_names(names: Sequence[str], seed: int, count: int = REVIEWED_IMAGES) -> list[str]:
    """The images the reviewer looks at: drawn from the seed, whatever order `names` come in."""
    drawn = np.random.default_rng([seed, count]).permutation(len(names))[:count]
    by_name = sorted(names)
    return [by_name[index] for index in sorted(drawn)]


def worst_class(counts: NDArray[np.int64]) -> int:
    """The class of lowest precision in `label_counts` (C, C+1), among classes with LEAST_SHARE of the kept
    pixels; of equal ones the first."""
    kept = counts[:, :-1].sum(axis=0)
    judged = (kept > 0) & (kept >= LEAST_SHARE * kept.sum())
    return int(np.where(judged, label_quality(counts).class_precision, np.inf).argmin())


def wrong_pixels_ignored(kept: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The correction (H, W) that sets every wrong pixel of a kept label to ignored."""
    return np.where(_wrong(kept, truth), np.uint8(SET_TO_IGNORED), np.uint8(UNTOUCHED))


def wrong_pixels_put_right(kept: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The correction (H, W) that gives every wrong pixel of a kept label its true class."""
    return np.where(_wrong(kept, truth), truth, np.uint8(UNTOUCHED))


def as_many_ignored(
    kept: NDArray[np.uint8], truth: NDArray[np.uint8], seed: Sequence[int]
) -> NDArray[np.uint8]:
    """The correction (H, W) that sets as many kept pixels to ignored as are wrong, but drawn at random."""
    correction = np.full_like(kept, UNTOUCHED)
    places = np.flatnonzero(kept != IGNORED)
    drawn = np.random.default_rng(seed).permutation(len(places))[: _wrong(kept, truth).sum()]
    correction.flat[places[drawn]] = SET_TO_IGNORED
    return correction


def _wrong(kept: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.bool_]:
    wrong: NDArray[np.bool_] = (kept != IGNORED) & (truth != IGNORED) & (kept != truth)
    return wrong
