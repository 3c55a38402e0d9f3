"""Looking at every file of a data set before anything is computed on it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from hiast.contracts.class_spaces import IGNORED, ClassSpace
from hiast.contracts.datasets import DatasetScan, DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.camvid import list_camvid
from hiast.data.folder import list_folder
from hiast.data.image_files import read_image, read_label
from hiast.data.streets import write_streets


def scan_dataset(spec: DatasetSpec, on_progress: OnProgress) -> DatasetScan:
    """List a data set and check every pair; generated scenes are written first.

    Each faulty image keeps a sentence in `problem`; the rest stays usable. Raises UserError when the
    data set as a whole cannot be used: no root, no list, no classes, no image.
    """
    if spec.kind == "streets" and spec.streets is not None:
        write_streets(Path(spec.root), spec.streets, on_progress)
    if not Path(spec.root).is_dir():
        raise UserError(
            f"directory {spec.root!r} does not exist.",
            where="root",
            remedy="Check the path of the data set.",
        )
    classes, entries = list_camvid(spec) if spec.kind == "camvid" else list_folder(spec)
    if not entries:
        raise UserError("the data set has no image.", where=spec.root, remedy="Check root and split.")
    entries = _spread(entries, spec.limit)
    seen: set[str] = set()
    checked = []
    for index, entry in enumerate(entries):
        checked.append(_check(spec, classes, entry, seen))
        on_progress(Progress(stage="scan", done=index + 1, total=len(entries), message=entry.name))
    return DatasetScan(classes=classes, entries=tuple(checked))


def _spread(entries: list[ImageEntry], limit: int | None) -> list[ImageEntry]:
    """At most `limit` entries, evenly over the list."""
    if limit is None or limit >= len(entries):
        return entries
    return [entries[index * len(entries) // limit] for index in range(limit)]


def _check(spec: DatasetSpec, classes: ClassSpace, entry: ImageEntry, seen: set[str]) -> ImageEntry:
    try:
        if entry.name in seen:
            raise UserError(
                f"two images are named {entry.name!r}.", where=entry.image_path, remedy="Rename one."
            )
        height, width = read_image(spec, entry).shape[:2]
        if entry.label_path is not None:
            _check_label(spec, classes, entry, (height, width))
    except UserError as error:
        name = _unused(entry, seen)
        seen.add(name)
        return entry.model_copy(update={"problem": str(error), "name": name})
    finally:
        seen.add(entry.name)
    return entry.model_copy(update={"height": height, "width": width})


def _unused(entry: ImageEntry, seen: set[str]) -> str:
    """A name no entry before has; in the database, too, a repeated one must differ."""
    if entry.name not in seen:
        return entry.name
    repeats = (f"{entry.image_path} ({number})" for number in itertools.count(2))
    return next(name for name in itertools.chain([entry.image_path], repeats) if name not in seen)


def _check_label(spec: DatasetSpec, classes: ClassSpace, entry: ImageEntry, size: tuple[int, int]) -> None:
    ids = read_label(spec, entry)
    if ids.shape != size:
        raise UserError(
            f"the label is {ids.shape[1]}×{ids.shape[0]}, its image {size[1]}×{size[0]}.",
            where=entry.label_path or "",
            remedy="Give both the same size (labels: nearest neighbour).",
        )
    present = np.flatnonzero(np.bincount(ids.reshape(-1), minlength=256))
    wrong = [int(c) for c in present if c >= classes.num_classes and c != IGNORED]
    if wrong:
        raise UserError(
            f"class id {wrong[0]} is not in class space {classes.name!r} "
            f"(0..{classes.num_classes - 1}, {IGNORED} = void).",
            where=entry.label_path or "",
            remedy="Map it to a class or to 255.",
        )
