"""What the service tells of pasted regions is what the training draws."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, update

from backend.database import write_session
from backend.labels.tables import Label
from backend.rounds.tables import Round
from backend.runs.tables import Run
from hiast.contracts.datasets import ImageEntry
from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import PasteSpec
from hiast.pasting import paste_source
from hiast.rounds.batches import BatchPlan
from tests.backend.reviews.conftest import ClientOf
from tests.backend.reviews.seeded_round import LABELS

ITERATIONS, BATCH = 12, 3
KEPT = {f"i{order}": [40, 3 * order] for order in range(LABELS)}
"""Pixels of each class; the first image has no car."""
LABEL_SET = LabelSetReport(
    images=LABELS,
    thresholds=[0.5, 0.5],
    class_values=[0.9, 0.4],
    hard_classes=[1, 0],
    sampling_probabilities=[0.1, 0.9],
    kept_share=0.5,
    class_kept_pixels=[1, 1],
    class_predicted_pixels=[1, 1],
)
PASTE = PasteSpec(max_donors=2)


@pytest.fixture
def labelled(engine: Engine, round_id: int) -> int:
    with write_session(engine) as session:
        run = session.get_one(Run, 1)
        training = run.spec.training.model_copy(update={"iterations": ITERATIONS, "batch_size": BATCH})
        run.spec = run.spec.model_copy(update={"training": training, "paste": PASTE, "seed": 5})
        session.get_one(Round, round_id).label_set = LABEL_SET
        for label in session.query(Label):
            label.report = label.report.model_copy(update={"kept_pixels": KEPT[label.name]})
            # Labelled in another order than that of the data set.
            label.position = 100 + (5 * label.position) % LABELS
    return round_id


def _drawn(used: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What the training's own batches draw, image by image."""
    entries = [ImageEntry(name=name, image_path=f"{name}.png") for name in used]
    images = SimpleNamespace(
        entries=entries,
        entry={entry.name: entry for entry in entries}.__getitem__,
        read_image=lambda _entry: np.zeros((10, 10, 3), np.uint8),
    )

    def _label(entry: ImageEntry) -> NDArray[np.uint8]:
        flat = np.full(100, 255, np.uint8)
        road, car = KEPT[entry.name]
        flat[:road], flat[road : road + car] = 0, 1
        return flat.reshape(10, 10)

    in_labelling_order = sorted(used, key=lambda name: (5 * int(name[1:])) % LABELS)
    source = paste_source([(name, KEPT[name]) for name in in_labelling_order], LABEL_SET, PASTE)
    plan = BatchPlan(images, _label, BATCH, (8, 8), (8, 12), seed=(5, 1), paste=source)  # type: ignore[arg-type]
    uses: dict[str, list[dict[str, Any]]] = {name: [] for name in used}
    for iteration in range(ITERATIONS):
        for sample in plan[iteration]:
            donors = [donor._asdict() for donor in sample.donors]
            uses[sample.name].append({"iteration": iteration, "place": sample.place, "donors": donors})
    return uses


def test_every_use_and_its_donors_are_those_of_the_training(
    labelled: int, engine: Engine, client_of: ClientOf
) -> None:
    client = client_of("ann")
    rejected = 6
    with write_session(engine) as session:
        session.execute(update(Label).where(Label.name == f"i{rejected}").values(status="rejected"))
    expected = _drawn([f"i{order}" for order in range(LABELS) if order != rejected])
    assert any(use["donors"] for uses in expected.values() for use in uses)
    labels = client.get(f"/rounds/{labelled}/labels").json()["items"]
    ids = {label["name"]: label["id"] for label in labels}
    for name, label_id in ids.items():
        told = client.get(f"/labels/{label_id}/pastes").json()
        uses = expected.get(name, [])
        for use in uses:
            for donor in use["donors"]:
                donor["label_id"] = ids[donor["image"]]
        assert told["uses"] == uses
    assert told["images"] == LABELS - 1
    assert told["draws"] == ITERATIONS * BATCH


def test_before_all_is_labelled_nobody_knows(round_id: int, client_of: ClientOf) -> None:
    label_id = client_of("ann").get(f"/rounds/{round_id}/labels").json()["items"][0]["id"]
    answer = client_of("ann").get(f"/labels/{label_id}/pastes")
    assert answer.status_code == 409
    assert "still being labelled" in answer.json()["detail"]
