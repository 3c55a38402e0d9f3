"""Pixel layers of a label, rendered from its stored files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import WRITTEN_ONCE, ArtifactStore, label_version, labels_key
from backend.datasets.tables import Dataset, Image
from backend.errors import ConflictError
from backend.labels import repository
from backend.labels.schemas import Layer
from backend.revisions.repository import as_in_revision, reasons_key
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.class_spaces import IGNORED, ClassSpace
from hiast.contracts.datasets import DatasetSpec, ImageEntry
from hiast.contracts.errors import NotFoundError
from hiast.contracts.reports import RegionWeight
from hiast.data import label_files
from hiast.data.image_files import file_below, read_image, read_label
from hiast.selection import Codebook

BROWSER_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
BINARY: Final = "application/octet-stream"
PNG: Final = "image/png"
_GREY: Final = [value for value in range(256) for _ in range(3)]


@dataclass(frozen=True)
class LabelFiles:
    """Where the pixels of one label are, and what is needed to read them."""

    digest: str
    artifacts: ArtifactStore
    key: str
    version: str
    """Changes whenever the label is written again."""
    reasons_key: str | None
    """Where the reason map lies; None: with the other files."""
    name: str
    classes: ClassSpace
    hard_classes: list[int] | None
    """None: not known before all images are labelled."""
    region_weights: list[RegionWeight]
    dataset: DatasetSpec
    entry: ImageEntry

    def local(self, *kinds: str) -> Path:
        """A directory that holds these files of the label."""
        names = [label_files.file_name(self.name, kind) for kind in kinds]
        return self.artifacts.fetch(self.key, names, version=self.version)

    def reasons(self) -> Path:
        """A directory that holds the label's reason map."""
        if self.reasons_key is None:
            return self.local("reason")
        names = [label_files.file_name(self.name, "reason")]
        return self.artifacts.fetch(self.reasons_key, names, version=WRITTEN_ONCE)

    def read_kept(self) -> NDArray[np.uint8]:
        """The kept label: class ids (H, W), 255 where nothing is kept."""
        return label_files.read_kept_label(self.local("prediction"), self.name, self.reasons())


def locate(
    session: Session, artifacts: ArtifactStore, label_id: int, revision: int | None = None
) -> LabelFiles:
    """Find the files of a label, as it is in a revision (None: the present one). Raises NotFoundError."""
    label = repository.get_label(session, label_id)
    round_ = session.get_one(Round, label.round_id)
    label_set = round_.label_set
    if revision is not None and revision != round_.revision:
        label_set = as_in_revision(session, label, round_, revision)
    # One query, and not the run's whole spec: this is asked for every layer of every label.
    query = (
        select(Run.class_space, Image, Dataset.spec)
        .select_from(Image)
        .join(Dataset, Dataset.id == Image.dataset_id)
        .join(Run, Run.id == round_.run_id)
        .where(Image.id == label.image_id)
    )
    class_space, image, dataset = session.execute(query).one()
    return LabelFiles(
        digest=label.layers_digest,
        artifacts=artifacts,
        key=labels_key(round_.run_id, round_.number),
        version=label_version(round_.created_at, label.attempt),
        reasons_key=reasons_key(session, round_, revision),
        name=label.name,
        classes=class_space,
        hard_classes=label_set.hard_classes if label_set else None,
        region_weights=label.report.region_weights,
        dataset=dataset,
        entry=ImageEntry(name=image.name, image_path=image.image_path, label_path=image.label_path),
    )


def photo(files: LabelFiles) -> tuple[Path | None, str]:
    """The image file itself when a browser can show it, else None (then it is rendered)."""
    path = file_below(files.dataset.root, files.entry.image_path)
    if not path.is_file():
        raise NotFoundError(
            f"image file {files.entry.image_path!r} is gone.",
            where=files.dataset.root,
            remedy="Put it back; its labels are still there.",
        )
    media_type = BROWSER_TYPES.get(path.suffix.lower())
    return (path, media_type) if media_type else (None, PNG)


def render(files: LabelFiles, layer: Layer, *, raw: bool, term: str) -> tuple[bytes, str]:
    """The layer's bytes and media type. Raises ConflictError for a layer the label does not have."""
    if layer == "image":
        return _rgb_png(read_image(files.dataset, files.entry)), PNG
    if layer == "confidence":
        codes, book = label_files.read_codes(files.local("confidence"), files.name)
        if raw:
            return codes.astype("<u2").tobytes(), BINARY
        confidence = Codebook.named(book).decode(codes)
        return label_files.encode_ids((confidence * 255).round().astype(np.uint8), _GREY), PNG
    if layer == "region-weight":
        return _region_weight(files, term, raw=raw)
    ids, palette = _ids(files, layer)
    if raw:
        return ids.tobytes(), BINARY
    transparent = bytes([255] * IGNORED + [0])
    return label_files.encode_ids(ids, palette, transparent), PNG


def _ids(files: LabelFiles, layer: Layer) -> tuple[NDArray[np.uint8], list[int]]:
    palette = files.classes.palette()
    if layer == "prediction":
        return label_files.read_prediction(files.local("prediction"), files.name), palette
    if layer == "reason":
        return label_files.read_reason(files.reasons(), files.name), label_files.REASON_PALETTE
    if layer == "ground-truth":
        if files.entry.label_path is None:
            raise ConflictError(f"image {files.name!r} has no ground truth.", where="layer")
        return read_label(files.dataset, files.entry), palette
    kept = files.read_kept()
    if layer == "hard-class":
        kept = np.where(np.isin(kept, files.hard_classes or []), kept, np.uint8(IGNORED))
    return kept, palette


def _region_weight(files: LabelFiles, term: str, *, raw: bool) -> tuple[bytes, str]:
    """The term's weight per pixel: raw float32; PNG white where the term pulls, black where not."""
    weight = next(item for item in files.region_weights if item.term == term)
    kept = files.read_kept() != IGNORED
    region = kept if weight.region == "kept" else ~kept
    if raw:
        return np.where(region, np.float32(weight.weight), np.float32(0)).astype("<f4").tobytes(), BINARY
    pulls = region & (weight.weight > 0)
    return label_files.encode_ids(np.where(pulls, 255, 0).astype(np.uint8), _GREY), PNG


def _rgb_png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Picture.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()
