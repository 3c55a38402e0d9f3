"""GTA5, "Playing for Data" (Richter et al., ECCV 2016), in the layout of its download.

images/NNNNN.png and labels/NNNNN.png, paletted PNG of the raw ids Cityscapes calls labelIds. A few labels
differ in size from their image; scanning lists those, like every other faulty pair.
"""

from __future__ import annotations

from typing import Final

from hiast.contracts.class_spaces import CITYSCAPES, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.data.label_ids import id_table
from hiast.data.listing import png_pairs

TRAIN_ID_OF_RAW_ID: Final = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13,
    27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
"""Raw id → Cityscapes trainId; every other raw id is void."""

TRAIN_IDS: Final = id_table(TRAIN_ID_OF_RAW_ID)


def list_gta5(spec: DatasetSpec) -> tuple[ClassSpace, list[ImageEntry]]:
    """All pairs, by number. Raises UserError when a folder is missing."""
    return CITYSCAPES, png_pairs(spec, "images", "labels")
