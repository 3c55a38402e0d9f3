"""The labels of a round beside those of the round before, over all images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.changes import ChangeReport, ClassChanges, ImageChanges
from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport, OnProgress, Progress
from hiast.data.label_files import read_codes, read_kept_label, read_prediction, read_reason
from hiast.metrics.label_changes import ChangeCounts, label_changes
from hiast.selection import Codebook, labels_from_codes

LISTED: Final = 20


@dataclass(frozen=True)
class RoundLabels:
    """The label files of a round and its reports, by the names of the images."""

    directory: Path
    reports: Mapping[str, LabelReport]
    reasons: Path | None = None
    """Where the reason maps of a revision lie; None: with the labels."""

    def kept(self, name: str) -> NDArray[np.uint8]:
        """The label as it was made, or revised: (H, W), 255 where nothing is kept."""
        return read_kept_label(self.directory, name, self.reasons)


def compare_rounds(
    before: RoundLabels, now: RoundLabels, earlier: RoundLabels | None, on_progress: OnProgress
) -> ChangeReport:
    """What became of the pixels of all images that both rounds labelled. Decisions of people are not in it.

    earlier: the round before `before`; None: there is none. Raises UserError for damaged files, and where
    the rounds share no image.
    """
    names = [name for name in now.reports if name in before.reports]
    if not names:
        raise UserError("the two rounds have no image in common.", remedy="Compare rounds of one run.")
    counted, images = [], []
    for done, name in enumerate(names, start=1):
        counts = _image(before, now, earlier, name)
        report = now.reports[name]
        changed = int((counts.gained + counts.dropped + counts.flipped_to).sum())
        images.append(
            ImageChanges(
                name=name,
                pixels=report.height * report.width,
                changed=changed,
                oscillating=int(counts.oscillating.sum()),
            )
        )
        counted.append(counts)
        on_progress(Progress(stage="label", done=done, total=len(names), message=name))
    total = reduce(add, counted)
    return ChangeReport(
        images=len(images),
        pixels=sum(image.pixels for image in images),
        classes=_by_class(total),
        most_changed=_greatest(images, "changed"),
        most_oscillating=_greatest(images, "oscillating"),
    )


def _image(before: RoundLabels, now: RoundLabels, earlier: RoundLabels | None, name: str) -> ChangeCounts:
    prediction, (codes, book) = read_prediction(now.directory, name), read_codes(now.directory, name)
    reason = read_reason(now.reasons or now.directory, name)
    kept = np.where(reason == Reason.KEPT, prediction, np.uint8(IGNORED))
    thresholds = np.array(before.reports[name].thresholds)
    mixed = labels_from_codes(
        codes,
        prediction,
        thresholds,
        Codebook.named(book),
        inconsistent=reason == Reason.INCONSISTENT,
    )
    then = earlier.kept(name) if earlier is not None and name in earlier.reports else None
    return label_changes(before.kept(name), kept, mixed, then, len(thresholds))


def _by_class(total: ChangeCounts) -> list[ClassChanges]:
    columns = {field.name: getattr(total, field.name).tolist() for field in fields(ChangeCounts)}
    return [
        ClassChanges(**{name: column[c] for name, column in columns.items()}) for c in range(len(total.now))
    ]


def _greatest(images: Sequence[ImageChanges], what: str) -> list[ImageChanges]:
    """The images with the greatest share of such pixels; none without any."""
    some = [image for image in images if getattr(image, what)]
    return sorted(some, key=lambda image: -getattr(image, what) / image.pixels)[:LISTED]
