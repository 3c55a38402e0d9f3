"""A round of eight labels that waits for review, with and without files, and an API that knows who asks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import Cookie, FastAPI
from PIL import Image as Picture
from sqlalchemy import Engine

from backend.artifacts import labels_key
from backend.auth.person import PERMISSIONS, Person
from backend.database import write_session
from backend.datasets.tables import Dataset, Image
from backend.dependencies import _person
from backend.labels.tables import Label
from backend.main import create_app
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.reports import LabelReport
from hiast.contracts.run_spec import ModelSpec, RunSpec
from hiast.data.label_files import write_label_files

LABELS = 8
SIZE = 10
CLASSES = ClassSpace(name="two", classes=("road", "car"), colours=((90, 0, 90), (0, 0, 190)))


def _report(order: int) -> LabelReport:
    return LabelReport(
        name=f"i{order}",
        order=order,
        height=SIZE,
        width=SIZE,
        thresholds=[0.5, 0.5],
        predicted_pixels=[50, 50],
        # Least kept in the middle of the order, so that the sorts differ.
        kept_pixels=[abs(order - 4) * 10, 0],
        class_values=[0.5, 0.5],
        region_weights=[],
    )


def add_round(engine: Engine, images: Path = Path("/data")) -> int:
    """Labels 1 to 8 in labelling order, of images i0 to i7 below `images`."""
    spec = DatasetSpec(kind="folder", root=str(images), labelled=False)
    with write_session(engine) as session:
        dataset = Dataset(name="target", spec=spec, state="ready", class_space=CLASSES)
        session.add(dataset)
        session.flush()
        run = Run(
            name="r",
            recipe=None,
            state="waiting_for_review",
            spec=RunSpec(name="r", target=spec, rounds=1, model=ModelSpec(weights="w.pt")),
            class_space=CLASSES,
            target_id=dataset.id,
        )
        session.add(run)
        session.flush()
        round_ = Round(run_id=run.id, number=1, state="reviewing", image_count=LABELS)
        session.add(round_)
        for order in range(LABELS):
            name, size = f"i{order}", {"height": SIZE, "width": SIZE}
            image = Image(
                dataset_id=dataset.id, position=order, name=name, image_path=f"{name}.png", **size
            )
            session.add(image)
            session.flush()
            report = _report(order)
            values = {"position": order, "report": report, "kept_share": report.kept_share, "attempt": 1}
            session.add(Label(round_id=round_.id, image_id=image.id, name=name, **values))
            session.flush()
        return round_.id


def write_files(images: Path, artifacts: Path) -> None:
    """The photos and label files of the round."""
    images.mkdir()
    for order in range(LABELS):
        prediction = np.tile(np.arange(SIZE, dtype=np.uint8) % 2, (SIZE, 1))
        Picture.fromarray(prediction * 200).save(images / f"i{order}.png")
        write_label_files(
            artifacts / labels_key(1, 1),
            f"i{order}",
            prediction=prediction,
            codes=np.full((SIZE, SIZE), 2000, np.uint16),
            reason=np.zeros((SIZE, SIZE), np.uint8),
            classes=CLASSES,
            codebook="log12",
        )


def _named(person: Annotated[str, Cookie()] = "ann") -> Person:
    return Person(person, "operator", PERMISSIONS["operator"])


def api_of_people() -> FastAPI:
    """The API the settings describe; whom a request comes from is in the cookie `person`."""
    app = create_app()
    app.dependency_overrides[_person] = _named
    return app
