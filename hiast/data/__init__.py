"""Data sets and label files. Imports no torch."""

from hiast.data.image_set import ImageSet
from hiast.data.scanning import scan_dataset

__all__ = ["ImageSet", "scan_dataset"]
