"""A round that waits for review, with real label files, made without a worker: for tests of the API and
for measuring it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Picture
from sqlalchemy import Engine

from backend.artifacts import labels_key
from backend.database import write_session
from backend.datasets.tables import Dataset, Image
from backend.labels.tables import Label
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.class_spaces import CITYSCAPES
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport, LabelSetReport, RegionWeight
from hiast.contracts.run_spec import ModelSpec, RunSpec
from hiast.data.label_files import write_label_files
from hiast.selection import Codebook

CLASSES = CITYSCAPES.num_classes
TERMS = (("seg", "kept"), ("kld", "kept"), ("entropy", "ignored"), ("consistency", "ignored"))


def make_round(
    engine: Engine, artifacts: Path, data: Path, *, labels: int = 3, size: tuple[int, int] = (16, 32)
) -> tuple[int, list[int]]:
    """A run whose first round waits for review: the round's id and its labels' ids, in order.

    `data` becomes a folder data set of photos of `size` (height, width), half of them with ground truth.
    """
    spec = DatasetSpec(kind="folder", root=str(data))
    with write_session(engine) as session:
        dataset = Dataset(
            name=f"photos of {data.name}",
            spec=spec,
            state="ready",
            class_space=CITYSCAPES,
            image_count=labels,
        )
        session.add(dataset)
        session.flush()
        run = Run(
            name="to review",
            recipe=None,
            state="waiting_for_review",
            spec=RunSpec(name="to review", target=spec, model=ModelSpec(weights="weights.pt")),
            class_space=CITYSCAPES,
            target_id=dataset.id,
        )
        session.add(run)
        session.flush()
        round_ = Round(run_id=run.id, number=1, state="reviewing", image_count=labels)
        session.add(round_)
        session.flush()
        reports = _write_files(data, artifacts / labels_key(run.id, 1), labels, size)
        round_.label_set = _label_set(reports)
        rows = []
        for report in reports:
            image = Image(
                dataset_id=dataset.id,
                position=report.order,
                name=report.name,
                image_path=f"images/{report.name}.jpg",
                label_path=f"labels/{report.name}.png" if report.order % 2 == 0 else None,
                height=size[0],
                width=size[1],
            )
            session.add(image)
            session.flush()
            rows.append(
                Label(
                    round_id=round_.id,
                    image_id=image.id,
                    name=report.name,
                    position=report.order,
                    kept_share=report.kept_share,
                    report=report,
                    attempt=1,
                )
            )
        session.add_all(rows)
        session.flush()
        return round_.id, [row.id for row in rows]


def scene_of(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Class ids in patches, as road scenes have them rather than noise."""
    height, width = size
    cells = rng.integers(0, CLASSES, (max(1, height // 32), max(1, width // 32)), np.uint8)
    return (
        np.kron(cells, np.ones((32, 32), np.uint8))[:height, :width]
        if min(size) >= 32
        else np.resize(cells, size)
    )


def confidence_of(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Smooth and mostly high, as a network's is."""
    coarse = Picture.fromarray(rng.random((size[0] // 16 + 2, size[1] // 16 + 2)).astype(np.float32))
    smooth = np.asarray(coarse.resize((size[1], size[0]), Picture.Resampling.BICUBIC))
    return (1.0 - 0.6 * np.clip(smooth, 0.0, 1.0) ** 4).astype(np.float32)


def _write_files(data: Path, directory: Path, labels: int, size: tuple[int, int]) -> list[LabelReport]:
    rng = np.random.default_rng(0)
    for folder in ("images", "labels"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    book = Codebook.named("log12")
    reports = []
    for order in range(labels):
        name = f"photo_{order:04d}"
        ids = scene_of(rng, size)
        noise = rng.integers(0, 40, (*size, 3), np.uint8)
        picture = np.asarray(CITYSCAPES.colours, np.uint8)[ids] // 2 + noise
        Picture.fromarray(picture.astype(np.uint8)).save(data / f"images/{name}.jpg", quality=85)
        Picture.fromarray(ids).save(data / f"labels/{name}.png")
        confidence = confidence_of(rng, size)
        kept = confidence > 0.7
        write_label_files(
            directory,
            name,
            prediction=ids,
            codes=np.asarray(book.encode(confidence), np.uint16),
            reason=np.where(kept, Reason.KEPT, Reason.BELOW_THRESHOLD).astype(np.uint8),
            classes=CITYSCAPES,
            codebook="log12",
        )
        reports.append(_report(name, order, ids, kept))
    return reports


def _report(name: str, order: int, ids: np.ndarray, kept: np.ndarray) -> LabelReport:
    return LabelReport(
        name=name,
        order=order,
        height=ids.shape[0],
        width=ids.shape[1],
        thresholds=[0.7] * CLASSES,
        predicted_pixels=np.bincount(ids.ravel(), minlength=CLASSES).tolist(),
        kept_pixels=np.bincount(ids[kept], minlength=CLASSES).tolist(),
        class_values=[0.5] * CLASSES,
        region_weights=[RegionWeight(term=term, region=region, weight=0.5) for term, region in TERMS],
    )


def _label_set(reports: list[LabelReport]) -> LabelSetReport:
    last = reports[-1]
    return LabelSetReport(
        images=len(reports),
        thresholds=last.thresholds,
        class_values=last.class_values,
        hard_classes=[11, 12, 17],
        sampling_probabilities=[1 / 3 if c in (11, 12, 17) else 0.0 for c in range(CLASSES)],
        kept_share=0.6,
        class_kept_pixels=last.kept_pixels,
        class_predicted_pixels=last.predicted_pixels,
    )
