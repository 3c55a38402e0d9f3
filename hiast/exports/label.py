"""One label on its way out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ExportedLabel:
    """ids: (H, W) uint8 class ids, 255 where nothing is kept."""

    name: str
    ids: NDArray[np.uint8]

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.ids.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.ids.shape[1])

    def classes(self) -> list[int]:
        """Ids of the classes it holds, rising."""
        found = np.bincount(self.ids.ravel(), minlength=256)
        return np.flatnonzero(found[:255]).tolist()
