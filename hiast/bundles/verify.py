"""Are these the labels a bundle tells of? And the same once more, from confidences and thresholds."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hiast.bundles.bundle import RoundBundle, read_bundle
from hiast.contracts.errors import UserError
from hiast.contracts.reports import OnProgress, Progress
from hiast.data.histogram_files import read_histograms
from hiast.data.label_files import (
    FILE_KINDS,
    label_path,
    read_codes,
    read_file,
    read_prediction,
    write_label_files,
)
from hiast.selection import (
    Codebook,
    locally_consistent,
    reasons_from_codes,
)
from hiast.selection.replay import CountedRound, replay_selection


def verify_labels(path: Path, labels: Path, on_progress: OnProgress) -> int:
    """Compare a directory of label files with the bundle; returns how many labels there are.

    Three things hold afterwards: the thresholds in the bundle follow from its counts and settings; every
    file is there; every file has the SHA-256 the bundle names. Raises UserError naming the first offender
    and how many there are.
    """
    with _open(path) as (bundle, counted):
        _check_thresholds(path, bundle, counted)
        offenders = []
        for done, report in enumerate(bundle.labels, start=1):
            for kind in FILE_KINDS:
                file = label_path(labels, report.name, kind)
                fault = _fault(file, report.sha256.get(kind))
                if fault:
                    offenders.append(f"{file} {fault}")
            on_progress(_progress(done, len(bundle.labels), report.name))
    _raise(offenders, "Restore the files, or give the bundle of these labels.")
    return len(bundle.labels)


def replay_labels(path: Path, labels: Path, out: Path, on_progress: OnProgress) -> int:
    """Make the label files of a bundle again in `out`, from predictions and confidences in `labels`.

    Byte-equal to those the bundle names, or UserError with the first that is not; then nothing behind it is
    written. Returns how many labels there are.
    """
    with _open(path) as (bundle, counted):
        _check_thresholds(path, bundle, counted)
        selection, classes = bundle.spec.selection, bundle.classes
        book = Codebook.named(selection.codebook)
        for done, report in enumerate(bundle.labels, start=1):
            prediction = read_prediction(labels, report.name)
            codes, name = read_codes(labels, report.name)
            if name != book.name:
                raise UserError(
                    f"the confidences are of codebook {name!r}, the bundle's of {book.name!r}.",
                    where=str(label_path(labels, report.name, "confidence")),
                    remedy="Give the directory of the round the bundle is of.",
                )
            alone = None
            if selection.local_consistency > 0.0:
                consistent = locally_consistent(
                    prediction, window=selection.local_window, share=selection.local_consistency
                )
                alone = np.logical_not(consistent)
            reason = reasons_from_codes(
                codes, prediction, np.array(report.thresholds), book, inconsistent=alone
            )
            made = write_label_files(
                out,
                report.name,
                prediction=prediction,
                codes=codes,
                reason=reason,
                classes=classes,
                codebook=book.name,
            )
            for kind, digest in made.items():
                if digest != report.sha256.get(kind):
                    raise UserError(
                        f"the {kind} file is not the one the bundle names.",
                        where=str(label_path(out, report.name, kind)),
                        remedy="Predictions or confidences have changed since; verify says which files.",
                    )
            on_progress(_progress(done, len(bundle.labels), report.name))
    return len(bundle.labels)


@contextmanager
def _open(path: Path) -> Iterator[tuple[RoundBundle, CountedRound]]:
    with tempfile.TemporaryDirectory() as folder:
        histograms = Path(folder) / "histograms"
        bundle = read_bundle(path, histograms)
        counted = CountedRound.of(read_histograms(histograms))
        if len(counted.images) != len(bundle.labels):
            raise UserError(
                f"the bundle counts {len(counted.images)} images and has {len(bundle.labels)} labels.",
                where=str(path),
            )
        if sorted(bundle.counted) != sorted(report.name for report in bundle.labels):
            raise UserError("its counts are of other images than its labels.", where=str(path))
        unsigned = [
            f"{report.name} has no SHA-256: an earlier version labelled it"
            for report in bundle.labels
            if set(report.sha256) != set(FILE_KINDS)
        ]
        _raise(unsigned, "Label the round again.")
        yield bundle, counted


def _check_thresholds(path: Path, bundle: RoundBundle, counted: CountedRound) -> None:
    """The thresholds in the log are those that follow from counts and settings."""
    first = bundle.labels[0].thresholds
    place = {name: at for at, name in enumerate(bundle.counted)}
    order = [place[report.name] for report in bundle.labels]
    replay = replay_selection(counted, order, bundle.spec.selection, first)
    rows = zip(
        bundle.labels,
        replay.thresholds.tolist(),
        replay.kept_pixels.tolist(),
        replay.class_values.tolist(),
        strict=True,
    )
    offenders = [
        f"{path}: thresholds of label {report.name} do not follow from the counts and settings beside them"
        for report, thresholds, kept, values in rows
        if (report.thresholds, report.kept_pixels, report.class_values) != (thresholds, kept, values)
    ]
    _raise(offenders, "The bundle was changed; download it again.")


def _fault(file: Path, expected: str | None) -> str:
    if not file.exists():
        return "is missing"
    content = read_file(file, "the label file", "Give read permission.")
    return "" if hashlib.sha256(content).hexdigest() == expected else "has other content"


def _raise(offenders: list[str], remedy: str) -> None:
    """Name the first and the number of all."""
    if offenders:
        more = f" ({len(offenders)} like it in all)" if len(offenders) > 1 else ""
        raise UserError(f"{offenders[0]}{more}.", remedy=remedy)


def _progress(done: int, total: int, name: str) -> Progress:
    return Progress(stage="label", done=done, total=total, message=name)
