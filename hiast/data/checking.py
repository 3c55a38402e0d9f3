"""Checking one image of a data set and its label."""

from __future__ import annotations

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import CheckLevel, DatasetKind, DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.data import image_files
from hiast.data.file_stamps import FileStamp
from hiast.data.headers import Header, read_header


def check_pair(
    spec: DatasetSpec,
    classes: ClassSpace,
    entry: ImageEntry,
    image: FileStamp | None,
    label: FileStamp | None,
    level: CheckLevel,
) -> ImageEntry:
    """The entry with its size, or with the sentence that says what is wrong with its files.

    A pair whose headers leave any doubt is decoded at both levels, so that a fault is always described
    by what decoding it said.
    """
    size = _size_by_headers(spec, entry, image, label) if level == "headers" else None
    try:
        height, width = size or _size_by_pixels(spec, classes, entry)
    except UserError as error:
        return entry.model_copy(update={"problem": str(error)})
    return entry.model_copy(update={"height": height, "width": width})


def _size_by_headers(
    spec: DatasetSpec, entry: ImageEntry, image: FileStamp | None, label: FileStamp | None
) -> tuple[int, int] | None:
    """Height and width; None when the headers do not prove that both files are usable."""
    header = _header(image)
    if header is None or header.bits > 8 or header.width * header.height > image_files.MAX_PIXELS:
        return None
    if entry.label_path is not None:
        of_label = _header(label)
        if of_label is None or of_label[:2] != header[:2] or not _is_label(of_label, spec.kind):
            return None
    return header.height, header.width


def _header(stamp: FileStamp | None) -> Header | None:
    try:
        return None if stamp is None else read_header(stamp.path)
    except OSError:
        return None


def _is_label(header: Header, kind: DatasetKind) -> bool:
    """Whether labels of that kind have this form."""
    if kind == "synthia":
        return header.channels in (3, 4) and header.bits == 16
    if kind == "robotcar":
        return header.channels in (3, 4) and header.bits == 8
    return header.channels == 1 and header.bits <= 8


def _size_by_pixels(spec: DatasetSpec, classes: ClassSpace, entry: ImageEntry) -> tuple[int, int]:
    """Height and width. Raises UserError when a file cannot be read or the label does not fit."""
    height, width = image_files.read_image(spec, entry).shape[:2]
    if entry.label_path is not None:
        ids = image_files.read_label(spec, entry)
        if ids.shape != (height, width):
            raise UserError(
                f"the label is {ids.shape[1]}×{ids.shape[0]}, its image {width}×{height}.",
                where=entry.label_path,
                remedy="Give both the same size (labels: nearest neighbour).",
            )
        image_files.require_known_ids(ids, classes, entry.label_path)
    return height, width
