"""A scanned data set, open for reading pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetScan, DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data.image_files import read_image, read_label, require_known_ids


@dataclass(frozen=True)
class ImageSet:
    """The usable images of a data set, in order."""

    spec: DatasetSpec
    classes: ClassSpace
    entries: tuple[ImageEntry, ...]

    @staticmethod
    def of(spec: DatasetSpec, scan: DatasetScan) -> ImageSet:
        """The images a scan found usable. Raises UserError when there is none."""
        if not scan.usable:
            first = scan.entries[0].problem if scan.entries else None
            raise UserError(
                f"none of its {len(scan.entries)} images can be used."
                + (f" The first one: {first}" if first else ""),
                where=spec.root,
                remedy="Mend the files and scan again.",
            )
        return ImageSet(spec, scan.classes, scan.usable)

    def only(self, names: set[str]) -> ImageSet:
        """The same set with these images alone."""
        kept = tuple(entry for entry in self.entries if entry.name in names)
        return ImageSet(self.spec, self.classes, kept)

    @cached_property
    def _by_name(self) -> dict[str, ImageEntry]:
        return {entry.name: entry for entry in self.entries}

    def entry(self, name: str) -> ImageEntry:
        """The image of that name. Raises KeyError."""
        return self._by_name[name]

    def read_image(self, entry: ImageEntry) -> NDArray[np.uint8]:
        """RGB, (H, W, 3) uint8."""
        return read_image(self.spec, entry)

    def read_label(self, entry: ImageEntry) -> NDArray[np.uint8]:
        """Ground truth, (H, W) uint8 class ids, 255 = void.

        Raises UserError for an id outside the class space: a scan of headers alone does not see it.
        """
        ids = read_label(self.spec, entry)
        require_known_ids(ids, self.classes, entry.label_path)
        return ids
