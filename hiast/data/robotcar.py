"""Oxford RobotCar in the layout and the 9 classes used for domain adaptation.

train/*.png without labels; val/*.png with anno/*.png of the same name, RGBA with the raw id in red.
"""

from __future__ import annotations

from typing import Final

from hiast.contracts.class_spaces import ROBOTCAR, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.data.label_ids import id_table
from hiast.data.listing import file_names, require_label_folder

CLASS_OF_RAW_ID: Final = {
    1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 10: 7, 11: 8, 12: 8, 13: 8, 14: 8, 17: 8,
}  # fmt: skip
"""Raw id → class of the space `robotcar`; every other raw id is void."""

CLASS_OF_CITYSCAPES_ID: Final = {
    0: 8, 1: 7, 2: 6, 6: 5, 7: 4, 10: 0, 11: 1, 12: 1, 13: 3, 14: 3, 15: 3, 17: 2, 18: 2,
}  # fmt: skip
"""Cityscapes trainId → class of the space `robotcar`; wall, fence, pole, vegetation, terrain and train
have none and become void."""

CLASSES: Final = id_table(CLASS_OF_RAW_ID)
CLASSES_OF_CITYSCAPES: Final = id_table(CLASS_OF_CITYSCAPES_ID)


def list_robotcar(spec: DatasetSpec) -> tuple[ClassSpace, list[ImageEntry]]:
    """The images of `spec.split`, by name; only `val` has labels. Raises UserError for a missing folder."""
    labelled = spec.labelled and spec.split == "val"
    if labelled:
        require_label_folder(spec.root, "anno")
    entries = [
        ImageEntry(
            name=file.removesuffix(".png"),
            image_path=f"{spec.split}/{file}",
            label_path=f"anno/{file}" if labelled else None,
        )
        for file in file_names(spec.root, str(spec.split), ".png")
    ]
    return ROBOTCAR, entries
