"""SYNTHIA-RAND-CITYSCAPES (Ros et al., CVPR 2016), in the layout of its download.

RGB/*.png and GT/LABELS/*.png: PNG of three 16-bit channels, the class in red, an instance number in green.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import CITYSCAPES, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.data.label_ids import id_table
from hiast.data.listing import png_pairs

TRAIN_ID_OF_RAW_ID: Final = {
    3: 0, 4: 1, 2: 2, 21: 3, 5: 4, 7: 5, 15: 6, 9: 7, 6: 8, 16: 9, 1: 10, 10: 11, 17: 12, 8: 13, 18: 14,
    19: 15, 20: 16, 12: 17, 11: 18,
}  # fmt: skip
"""Raw id → Cityscapes trainId; every other raw id is void. Terrain 16, truck 18 and train 20 have an id but
do not occur."""

_TRAIN_IDS: Final = id_table(TRAIN_ID_OF_RAW_ID)


def list_synthia(spec: DatasetSpec) -> tuple[ClassSpace, list[ImageEntry]]:
    """All pairs, by number. Raises UserError when a folder is missing."""
    return CITYSCAPES, png_pairs(spec, "RGB", "GT/LABELS")


def read_train_ids(path: Path) -> NDArray[np.uint8]:
    """Cityscapes trainIds, (H, W) uint8, 255 = void, of a SYNTHIA label.

    Raises ValueError when the file is no whole PNG of three or four 16-bit channels.
    """
    # Pillow keeps only the high byte of 16-bit colour, which is 0 for every class. Imported here, since
    # no other data set needs it.
    import cv2

    content = np.fromfile(path, np.uint8)
    raw = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    if raw is None:
        raise ValueError("it is no PNG, or not a whole one")
    if raw.dtype != np.uint16 or raw.ndim != 3:
        depth, channels = raw.dtype.itemsize * 8, raw.shape[2] if raw.ndim == 3 else 1
        raise ValueError(f"it has {channels} channel(s) of {depth} bits, a SYNTHIA label three of 16")
    # OpenCV gives blue, green, red. Ids above 255 are no class, like 255.
    return _TRAIN_IDS[np.minimum(raw[:, :, 2], 255)]
