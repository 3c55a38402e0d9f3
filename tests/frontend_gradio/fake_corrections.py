"""The stand-in's corrections and vetoes."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
from fastapi import Cookie, FastAPI, Header, Request, Response
from PIL import Image

from backend.corrections.schemas import (
    CorrectionRead,
    Influence,
    PasteDonor,
    PasteUse,
    PlannedPastes,
    TrainedClass,
    TrainingPreview,
)
from tests.frontend_gradio.fake_answers import BASE, ProblemError, changed, found
from tests.frontend_gradio.fake_records import FakeRecords
from tests.frontend_gradio.fake_reviews import FakeDesk

Person = Annotated[str, Cookie()]
Tag = Annotated[str, Header(alias="If-Match")]


class FakeEasel:
    """What was drawn over labels: label id -> (version, PNG or None when it was deleted)."""

    def __init__(self) -> None:
        self.pictures: dict[int, tuple[int, bytes | None]] = {}

    def require(self, label_id: int, tag: str) -> int:
        version = self.pictures.get(label_id, (0, None))[0]
        if tag != f'"{version}"':
            raise ProblemError(412, f"If-Match: label {label_id} was drawn over meanwhile.")
        return version + 1

    def ids(self, label_id: int) -> np.ndarray[Any, Any]:
        content = self.pictures[label_id][1]
        assert content is not None
        return np.asarray(Image.open(io.BytesIO(content)))


def preview_of(records: FakeRecords, round_id: int) -> TrainingPreview:
    """What the round would train on: its labels without rejected ones and vetoed classes."""
    labels = [label for label in records.labels if label.round_id == round_id]
    used = [label for label in labels if label.status != "rejected"]
    classes = []
    for row in records.class_summaries(round_id):
        c = row.class_id
        trained = [0 if c in label.vetoed_classes else label.kept_pixels[c] for label in used]
        pull = sum(pixels / sum(label.kept_pixels) for pixels, label in zip(trained, used, strict=True))
        influence = Influence(seg=pull, kld=pull / 120, entropy=0.0, consistency=0.0)
        classes.append(
            TrainedClass(
                class_id=c,
                name=row.name,
                kept_pixels=row.kept_pixels,
                trained_pixels=sum(trained),
                previous_trained_pixels=None,
                kept_images=row.images,
                trained_images=sum(pixels > 0 for pixels in trained),
                influence=influence,
                previous_influence=influence if round_id > 1 else None,
                paste_probability=row.sampling_probability,
                donors=5 if row.hard else 0,
                vetoed=False,
            )
        )
    return TrainingPreview(
        round_id=round_id,
        images=len(used),
        rejected_images=len(labels) - len(used),
        changed_labels=0,
        classes=classes,
    )


def add_corrections(app: FastAPI, records: FakeRecords, desk: FakeDesk) -> FakeEasel:
    easel = FakeEasel()

    @app.get(BASE + "/rounds/{item_id}/training-preview")
    def preview(item_id: int) -> TrainingPreview:
        return preview_of(records, item_id)

    @app.get(BASE + "/labels/{item_id}/correction")
    def correction(item_id: int) -> Response:
        version, content = easel.pictures.get(item_id, (0, None))
        headers = {"ETag": f'"{version}"'}
        if content is None:
            return Response(status_code=204, headers=headers)
        return Response(content, media_type="image/png", headers=headers)

    @app.put(BASE + "/labels/{item_id}/correction")
    async def draw(item_id: int, request: Request, if_match: Tag = "", person: Person = "ada") -> Any:
        version = easel.require(item_id, if_match)
        easel.pictures[item_id] = (version, await request.body())
        ids, counts = np.unique(easel.ids(item_id), return_counts=True)
        pixels = dict(zip(map(int, ids), map(int, counts), strict=True))
        read = CorrectionRead(
            version=version,
            person=person,
            created_at=datetime(2026, 11, 23, 9, 31, tzinfo=UTC),
            corrected_pixels={c: n for c, n in pixels.items() if c < 254},
            ignored_pixels=pixels.get(254, 0),
        )
        changed(item_id, records.labels, "label", correction=read, corrected=True)
        return read

    @app.delete(BASE + "/labels/{item_id}/correction", status_code=204)
    def erase(item_id: int, if_match: Tag = "") -> None:
        easel.pictures[item_id] = (easel.require(item_id, if_match), None)
        changed(item_id, records.labels, "label", correction=None, corrected=False)

    _add_vetoes(app, records, desk)
    _add_pastes(app, records)
    return easel


def _add_vetoes(app: FastAPI, records: FakeRecords, desk: FakeDesk) -> None:
    @app.put(BASE + "/labels/{item_id}/vetoes")
    def veto(
        item_id: int,
        body: dict[str, list[int]],
        response: Response,
        if_match: Tag = "",
        person: Person = "ada",
    ) -> Any:
        label = found(records.labels, item_id, "label")
        if if_match != f'"{label.version}"':
            raise ProblemError(412, f"label {item_id} has changed since you opened it.")
        changed(item_id, records.labels, "label", vetoed_classes=body["classes"], version=label.version + 1)
        response.headers["ETag"] = f'"{label.version + 1}"'
        return desk.label(item_id, person)

    @app.put(BASE + "/rounds/{item_id}/vetoes")
    def veto_in_round(item_id: int, body: dict[str, list[int]]) -> Any:
        changed(item_id, records.rounds, "round", vetoed_classes=body["classes"])
        return records.round(item_id)


def _add_pastes(app: FastAPI, records: FakeRecords) -> None:
    @app.get(BASE + "/labels/{item_id}/pastes")
    def pastes(item_id: int) -> PlannedPastes:
        label = found(records.labels, item_id, "label")
        donors = [
            PasteDonor(class_id=10, image=f"dusk/000{n}", label_id=100 * (item_id // 100) + n)
            for n in (1, 2)
        ]
        return PlannedPastes(
            label_id=item_id,
            hard_classes=label.hard_classes,
            probabilities=[],
            images=14,
            draws=100,
            uses=[
                PasteUse(iteration=3, place=1, donors=donors[:1]),
                PasteUse(iteration=10, place=0, donors=donors),
            ],
        )
