"""Translating the class ids of one id space into those of another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED


def id_table(ids: Mapping[int, int]) -> NDArray[np.uint8]:
    """A table (256,) uint8 to index with raw ids 0..255; ids that `ids` does not name become 255 = void."""
    table = np.full(256, IGNORED, np.uint8)
    for raw, class_id in ids.items():
        table[raw] = class_id
    return table
