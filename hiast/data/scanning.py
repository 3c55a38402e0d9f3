"""Looking at the files of a data set before anything is computed on it."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from hiast.contracts.class_spaces import ROBOTCAR, ClassSpace
from hiast.contracts.datasets import CheckLevel, DatasetKind, DatasetScan, DatasetSpec, ImageEntry
from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.camvid import list_camvid
from hiast.data.checking import check_pair
from hiast.data.cityscapes import list_cityscapes
from hiast.data.file_stamps import file_stamp
from hiast.data.folder import list_folder
from hiast.data.gta5 import list_gta5
from hiast.data.robotcar import list_robotcar
from hiast.data.scan_journal import CheckedPair, ScanJournal
from hiast.data.streets import write_streets
from hiast.data.synthia import list_synthia

_LISTINGS: Final[dict[DatasetKind, Callable[[DatasetSpec], tuple[ClassSpace, list[ImageEntry]]]]] = {
    "camvid": list_camvid,
    "cityscapes": list_cityscapes,
    "folder": list_folder,
    "gta5": list_gta5,
    "robotcar": list_robotcar,
    "streets": list_folder,
    "synthia": list_synthia,
}
_THREADS: Final[dict[CheckLevel, int]] = {"headers": 8, "pixels": min(8, os.cpu_count() or 1)}
"""Reading headers waits for the disk, decoding pixels for the processor."""
_PAIRS_A_TASK: Final = 8


def scan_dataset(spec: DatasetSpec, on_progress: OnProgress, journal: Path | None = None) -> DatasetScan:
    """List a data set and check every pair; generated scenes are written first.

    Each faulty image keeps a sentence in `problem`; the rest stays usable. With a `journal` file, pairs
    an earlier scan found intact and whose files are unchanged (size and time) are taken over from it.
    Raises UserError when the data set as a whole cannot be used: no root, no list, no classes, no image.
    """
    if spec.kind == "streets" and spec.streets is not None:
        write_streets(Path(spec.root), spec.streets, on_progress)
    if not Path(spec.root).is_dir():
        raise UserError(
            f"directory {spec.root!r} does not exist.",
            where="root",
            remedy="Check the path of the data set.",
        )
    classes, entries = _LISTINGS[spec.kind](spec)
    if spec.class_space == "robotcar":
        classes = ROBOTCAR
    if not entries:
        raise UserError("the data set has no image.", where=spec.root, remedy="Check root and split.")
    entries = _named_apart(_spread(entries, spec.limit))
    level = spec.check_level(len(entries))
    note = "" if level == spec.check or level == "pixels" else " (headers only: the set is large)"
    record = ScanJournal(journal, spec, classes, level)
    real_folders: dict[str, Path] = {}

    def check(entry: ImageEntry) -> CheckedPair:
        image = file_stamp(spec.root, entry.image_path, real_folders)
        label = file_stamp(spec.root, entry.label_path, real_folders) if entry.label_path else None
        if entry.problem is None:
            intact = record.intact(entry, image, label)
            entry = intact or check_pair(spec, classes, entry, image, label, level)
        return CheckedPair(entry, image, label)

    checked: list[ImageEntry] = []
    with closing(_check_in_order(entries, check, _THREADS[level])) as parts:
        for part in parts:
            record.append(part)
            for entry, _, _ in part:
                checked.append(entry)
                on_progress(
                    Progress(stage="scan", done=len(checked), total=len(entries), message=entry.name + note)
                )
    return DatasetScan(classes=classes, entries=tuple(checked))


def _spread(entries: list[ImageEntry], limit: int | None) -> list[ImageEntry]:
    """At most `limit` entries, evenly over the list."""
    if limit is None or limit >= len(entries):
        return entries
    return [entries[index * len(entries) // limit] for index in range(limit)]


def _named_apart(entries: list[ImageEntry]) -> list[ImageEntry]:
    """The entries with names that differ; all but the first of one name become faulty."""
    seen: set[str] = set()
    named = []
    for entry in entries:
        if entry.name in seen:
            problem = UserError(
                f"two images are named {entry.name!r}.", where=entry.image_path, remedy="Rename one."
            )
            named.append(entry.model_copy(update={"problem": str(problem), "name": _unused(entry, seen)}))
        else:
            named.append(entry)
        seen.add(named[-1].name)
    return named


def _unused(entry: ImageEntry, seen: set[str]) -> str:
    """A name no entry before has; in the database, too, a repeated one must differ."""
    repeats = (f"{entry.image_path} ({number})" for number in itertools.count(2))
    return next(name for name in itertools.chain([entry.image_path], repeats) if name not in seen)


def _check_in_order(
    entries: list[ImageEntry], check: Callable[[ImageEntry], CheckedPair], threads: int
) -> Generator[list[CheckedPair], None, None]:
    """The pairs in the order of `entries`, a few at a time.

    They are checked in threads, a bounded number ahead of the caller; closing the iterator waits for those
    being checked and drops the rest.
    """
    running: deque[Future[list[CheckedPair]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for start in range(0, len(entries), _PAIRS_A_TASK):
            part = entries[start : start + _PAIRS_A_TASK]
            running.append(pool.submit(lambda part: [check(entry) for entry in part], part))
            if len(running) == 2 * threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
