"""The order in which a round labels its images. Thresholds depend on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.selection_changes import SelectionChanges


def shuffled_order(images: int, seed: int, round_number: int) -> NDArray[np.int64]:
    """Images of the data set (T,), in the order of round `round_number` of a run with this seed."""
    return np.random.default_rng([seed, round_number]).permutation(images)


def changed_order(
    changes: SelectionChanges, places: NDArray[np.int64], round_number: int
) -> NDArray[np.int64]:
    """The order (T,) that is asked for, as places in the order the round was labelled in.

    places: (T,) the images in data set order, as such places.
    """
    if changes.order == "data_set":
        return places
    if changes.seed is not None:
        return places[shuffled_order(len(places), changes.seed, round_number)]
    return np.arange(len(places))
