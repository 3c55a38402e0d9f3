"""Corrections: what people drew over a label. The label's own files are never changed.

A correction is an 8-bit grey PNG of the label's size. A pixel is a class id (this class is kept here,
whatever was predicted), 254 (set to ignored) or 255 (untouched).
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.decisions import (
    SET_TO_IGNORED,
    UNTOUCHED,
    CorrectionCounts,
    LabelDecision,
    decide_label,
)
from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport
from hiast.data.image_files import DAMAGED
from hiast.data.label_files import file_name, read_file, read_kept_and_reason, read_kept_label

PNG_START: Final = b"\x89PNG\r\n\x1a\n"
PNG_END: Final = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
_HEADER: Final = struct.Struct(">I4sIIBBBBBI")
_KINDS: Final = {0: "grey", 2: "colour", 3: "palette", 4: "grey with alpha", 6: "colour with alpha"}
_FORM: Final = "Give a PNG with one 8-bit grey channel, exactly as large as the label."


def correction_name(name: str) -> str:
    """The correction that lies beside the files of the label of image `name`, when there is one."""
    return file_name(name, "correction")


def encode_correction(ids: NDArray[np.uint8]) -> bytes:
    """The correction (H, W) as it is stored and sent."""
    out = io.BytesIO()
    Image.fromarray(ids, mode="L").save(out, "PNG", compress_level=3)
    return out.getvalue()


def decode_correction(
    content: bytes, size: tuple[int, int], num_classes: int, where: str = "correction"
) -> NDArray[np.uint8]:
    """The pixels (H, W) of a correction of a label of `size` (height, width).

    Nothing is decoded before the header is found to fit, so no picture can be larger than it says. Raises
    UserError for another size or kind, for damage, and for a value that is neither class, 254 nor 255.
    """
    _require_header(content, size, where)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            ids = np.array(image, dtype=np.uint8)
    except DAMAGED as error:
        raise UserError(f"the PNG is damaged ({error}).", where=where, remedy=_FORM) from error
    wrong = (ids >= num_classes) & (ids != SET_TO_IGNORED) & (ids != UNTOUCHED)
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), ids.shape[1])
        raise UserError(
            f"the pixel in row {row}, column {column} has the value {ids[row, column]}, which is no class.",
            where=where,
            remedy=f"Values are class ids 0 to {num_classes - 1}, {SET_TO_IGNORED} = set to ignored, "
            f"{UNTOUCHED} = untouched.",
        )
    return ids


def _require_header(content: bytes, size: tuple[int, int], where: str) -> None:
    start = content[len(PNG_START) : len(PNG_START) + _HEADER.size]
    if not content.startswith(PNG_START) or len(start) < _HEADER.size:
        raise UserError("it is no PNG.", where=where, remedy=_FORM)
    length, name, width, height, bits, kind, *_, checksum = _HEADER.unpack(start)
    if (length, name, checksum) != (13, b"IHDR", zlib.crc32(start[4:21])):
        raise UserError("the PNG's header is damaged.", where=where, remedy=_FORM)
    if not content.endswith(PNG_END):
        raise UserError("the PNG is cut short, or something follows it.", where=where, remedy=_FORM)
    if (kind, bits) != (0, 8):
        found = f"{bits}-bit {_KINDS.get(kind, f'kind {kind}')}"
        raise UserError(f"the PNG is {found}, not 8-bit grey.", where=where, remedy=_FORM)
    if (height, width) != size:
        raise UserError(
            f"the PNG has {width}×{height} pixels, the label {size[1]}×{size[0]} (width×height).",
            where=where,
            remedy=_FORM,
        )


def count_correction(
    correction: NDArray[np.uint8], kept: NDArray[np.uint8], classes: int
) -> CorrectionCounts:
    """What a correction changes of a kept label (H, W) in so many classes."""
    drawn = np.bincount(correction.ravel(), minlength=256)
    covered = np.bincount(kept[correction != UNTOUCHED], minlength=256)
    return CorrectionCounts(
        corrected_pixels={c: int(drawn[c]) for c in range(classes) if drawn[c]},
        ignored_pixels=int(drawn[SET_TO_IGNORED]),
        covered_pixels=covered[:classes].tolist(),
    )


def recount_correction(path: Path, labels: Path, reasons: Path, report: LabelReport) -> CorrectionCounts:
    """What a stored correction changes of a label, its reason map in `reasons`. Raises UserError as
    `read_correction` and `read_kept_label`."""
    classes = len(report.kept_pixels)
    drawn = read_correction(path, (report.height, report.width), classes)
    return count_correction(drawn, read_kept_label(labels, report.name, reasons), classes)


def apply_decisions(
    kept: NDArray[np.uint8],
    reason: NDArray[np.uint8],
    *,
    vetoed_classes: Sequence[int] = (),
    correction: NDArray[np.uint8] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Kept label and reasons (H, W) with decisions applied: vetoed classes first, what is drawn last."""
    if not vetoed_classes and correction is None:
        return kept, reason
    drawn = np.full_like(kept, UNTOUCHED) if correction is None else correction
    vetoed = np.isin(kept, vetoed_classes) | (drawn == SET_TO_IGNORED)
    corrected = (drawn != UNTOUCHED) & (drawn != SET_TO_IGNORED)
    label = np.where(corrected, drawn, np.where(vetoed, np.uint8(IGNORED), kept))
    reasons = np.where(vetoed, np.uint8(Reason.VETOED), reason)
    return label, np.where(corrected, np.uint8(Reason.CORRECTED), reasons)


def read_correction(path: Path, size: tuple[int, int], num_classes: int) -> NDArray[np.uint8]:
    """The pixels of a stored correction of a label of `size`. Raises UserError as `decode_correction`."""
    return decode_correction(_read(path), size, num_classes, str(path))


def _read(path: Path) -> bytes:
    return read_file(path, "the correction", "Restore it, or delete the correction and draw it again.")


def read_decided_label(
    directory: Path,
    name: str,
    num_classes: int,
    *,
    vetoed_classes: Sequence[int] = (),
    correction: Path | None = None,
    reasons: Path | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The label a student trains on, and why: class ids (255: none) and `Reason`, (H, W) uint8 each.

    correction: the file drawn over it. Without decisions the label is what `read_kept_label` reads, with
    `reasons` as there. Raises UserError for a file that is missing, damaged or of another size.
    """
    kept, reason = read_kept_and_reason(directory, name, reasons)
    height, width = kept.shape
    drawn = None if correction is None else read_correction(correction, (height, width), num_classes)
    return apply_decisions(kept, reason, vetoed_classes=vetoed_classes, correction=drawn)


@dataclass(frozen=True)
class DecidedLabels:
    """The labels of a round as they are trained on: their files, and what people changed."""

    directory: Path
    decisions: Sequence[LabelDecision] = ()
    drawn: Path | None = None
    """Where the corrections lie; None: with the labels."""
    reasons: Path | None = None
    """Where the reason maps of a revision lie; None: with the labels."""

    @cached_property
    def _by_name(self) -> dict[str, LabelDecision]:
        return {decision.name: decision for decision in self.decisions}

    def read(self, name: str, num_classes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Label and reasons of image `name`, as `read_decided_label` reads them."""
        decision = self._by_name.get(name)
        if decision is None:
            return read_kept_and_reason(self.directory, name, self.reasons)
        return read_decided_label(
            self.directory,
            name,
            num_classes,
            vetoed_classes=decision.vetoed_classes,
            correction=self._file(decision),
            reasons=self.reasons,
        )

    def report(self, made: LabelReport) -> LabelReport:
        """The label's report, with the kept pixels that are trained on."""
        decision = self._by_name.get(made.name)
        return made if decision is None else made.model_copy(update={"kept_pixels": decision.kept_pixels})

    def fingerprint(self) -> list[str]:
        """Other words whenever another decision is read; none without decisions."""
        files = [self._file(decision) for decision in self.decisions]
        pixels = [hashlib.sha256(_read(file)).hexdigest() for file in files if file is not None]
        return [*(decision.model_dump_json() for decision in self.decisions), *pixels]

    def _file(self, decision: LabelDecision) -> Path | None:
        return (self.drawn or self.directory) / decision.correction if decision.correction else None


def with_corrections_beside(directory: Path, reports: Sequence[LabelReport]) -> DecidedLabels:
    """The labels of these reports with the corrections that lie beside their files.

    Raises UserError for a correction that does not fit its label.
    """
    decisions = []
    for report in reports:
        path = directory / correction_name(report.name)
        if not path.exists():
            continue
        counts = recount_correction(path, directory, directory, report)
        decided = decide_label(
            report.name, report.kept_pixels, counts=counts, correction=correction_name(report.name)
        )
        decisions.append(decided)
    return DecidedLabels(directory, [decision for decision in decisions if decision is not None])
