"""Cityscapes (Cordts et al., CVPR 2016), finely annotated, in the layout of its download.

leftImg8bit/{split}/{city}/*_leftImg8bit.png
gtFine/{split}/{city}/*_gtFine_labelTrainIds.png, else *_gtFine_labelIds.png
"""

from __future__ import annotations

from typing import Final

from hiast.contracts.class_spaces import CITYSCAPES, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.data.label_ids import id_table
from hiast.data.listing import file_names, folder_names, require_label_folder

_IMAGE_END: Final = "_leftImg8bit.png"
_LABEL_IDS_END: Final = "_gtFine_labelIds.png"
_TRAIN_IDS_END: Final = "_gtFine_labelTrainIds.png"

TRAIN_ID_OF_LABEL_ID: Final = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13,
    27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
"""labelId → trainId of the Cityscapes scripts; every other labelId is void."""

TRAIN_IDS: Final = id_table(TRAIN_ID_OF_LABEL_ID)


def list_cityscapes(spec: DatasetSpec) -> tuple[ClassSpace, list[ImageEntry]]:
    """The images of `spec.split`, city by city, each with its label.

    The labels of the test split are withheld, so it has none. Raises UserError when a folder is missing.
    """
    images, labels = f"leftImg8bit/{spec.split}", f"gtFine/{spec.split}"
    labelled = spec.labelled and spec.split != "test"
    if labelled:
        require_label_folder(spec.root, labels)
    cities_with_labels = set(folder_names(spec.root, labels)) if labelled else set()
    entries = []
    for city in folder_names(spec.root, images):
        found: set[str] = set()
        if city in cities_with_labels:
            found.update(file_names(spec.root, f"{labels}/{city}", ".png"))
        for file in file_names(spec.root, f"{images}/{city}", _IMAGE_END):
            stem = file.removesuffix(_IMAGE_END)
            end = _TRAIN_IDS_END if stem + _TRAIN_IDS_END in found else _LABEL_IDS_END
            entries.append(
                ImageEntry(
                    name=f"{city}/{stem}",
                    image_path=f"{images}/{city}/{file}",
                    label_path=f"{labels}/{city}/{stem}{end}" if labelled else None,
                )
            )
    return CITYSCAPES, entries


def holds_label_ids(label_path: str) -> bool:
    """Whether a label file holds labelIds, by its name; the other ones hold trainIds already."""
    return label_path.endswith(_LABEL_IDS_END)
