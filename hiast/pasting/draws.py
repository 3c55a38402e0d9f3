"""Random numbers of a training.

Everything about an image of a batch is drawn from (seed, iteration, its place in the batch) alone, so that
whoever asks, and when, gets the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

_ORDER: Final = 1 << 40
"""Stream of the image order, apart from those of the iterations."""
WEAK, STRONG, JITTER, MIXING, DONORS, DROPOUT = range(6)
"""Streams of random numbers of one image of one batch."""


def random_numbers(seed: Sequence[int], iteration: int, place: int, stream: int) -> np.random.Generator:
    """Those of one image of one batch, for one purpose."""
    return np.random.default_rng([*seed, iteration, place, stream])


def image_of_draw(seed: Sequence[int], draw: int, images: int) -> int:
    """The image of draw number iteration · batch size + place: every epoch is a new permutation."""
    epoch, position = divmod(draw, images)
    return int(_order(seed, epoch, images)[position])


def draws_of_image(seed: Sequence[int], image: int, images: int, draws: int, *, most: int) -> list[int]:
    """The first `most` of so many draws that give this image."""
    found: list[int] = []
    for epoch in range(-(-draws // images)):
        draw = epoch * images + int(np.flatnonzero(_order(seed, epoch, images) == image)[0])
        if draw >= draws or len(found) == most:
            break
        found.append(draw)
    return found


def _order(seed: Sequence[int], epoch: int, images: int) -> np.ndarray:
    return np.random.default_rng([*seed, _ORDER, epoch]).permutation(images)
