"""A round's labels in other tools' formats, by real workers, wherever the store is."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from backend.artifacts import ArtifactStore
from backend.corrections.service import draw
from backend.database import read_session, write_session
from backend.doctor import find_problems
from backend.exports import service as exports
from backend.exports.schemas import ExportRead, FormatName
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from backend.reviews.vetoes import veto_in_round
from hiast.data.corrections import encode_correction
from tests.worker.revising import HEIGHT, IMAGES, ROAD, WIDTH, ask, in_review, labels_of, wait_for_review
from tests.worker.service import Service, wait_for

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]
SKY = 8


def _exported(service: Service, store: ArtifactStore, round_id: int, name: FormatName) -> zipfile.ZipFile:
    with write_session(service.engine) as session:
        export_id = exports.ask(session, round_id, name, "ann").id

    def _made() -> ExportRead | None:
        with read_session(service.engine) as session:
            row = next(row for row in exports.list_exports(session, round_id) if row.id == export_id)
        assert row.job.state != "failed", row.job.error
        return row if row.sha256 else None

    row = wait_for("the export", _made)
    assert row.labels == IMAGES - 1
    with read_session(service.engine) as session:
        key, file, sha256 = exports.locate(session, export_id)
    assert file == f"run-1-round-1-{name}.zip"
    return zipfile.ZipFile(exports.fetch(store, key, sha256))


def test_labels_go_out_as_they_are_trained_on(
    service: Service, stores: tuple[ArtifactStore, ArtifactStore]
) -> None:
    store, _ = stores
    service.start_worker()
    service.add_streets("source", "source", IMAGES)
    service.add_streets("target", "target", IMAGES)
    run_id, round_id = in_review(service)
    # Of a revision, so that reason maps and predictions lie apart.
    ask(service, store, round_id, initial_threshold=0.3)
    wait_for_review(service, run_id, round_id)
    rejected, drawn, *others = labels_of(service, round_id)
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    pixels[:20], pixels[20:30] = SKY, 254
    draw(service.engine, store, drawn.id, encode_correction(pixels), "ann", '"0"')
    with write_session(service.engine) as session:
        decide(session, rejected.id, ReviewCreate(decision="reject"), "ann", f'"{rejected.version}"')
        veto_in_round(session, round_id, [ROAD], "ann", None)

    with _exported(service, store, round_id, "ids") as archive:
        names = {name for name in archive.namelist() if name.endswith(".png")}
        assert names == {f"labels/{label.name}.png" for label in (drawn, *others)}
        ids = {name: np.array(Image.open(io.BytesIO(archive.read(name)))) for name in names}
    corrected = ids[f"labels/{drawn.name}.png"]
    assert (corrected[:20] == SKY).all()
    assert (corrected[20:30] == 255).all()
    for label in others:
        counted = np.bincount(ids[f"labels/{label.name}.png"].ravel(), minlength=256)
        kept = list(label.report.kept_pixels)
        kept[ROAD] = 0
        assert counted[: len(kept)].tolist() == kept

    with _exported(service, store, round_id, "coco") as archive:
        (index,) = archive.namelist()
        told = json.loads(archive.read(index))
    areas = {category["id"] - 1: 0 for category in told["categories"]}
    for annotation in told["annotations"]:
        areas[annotation["category_id"] - 1] += annotation["area"]
    every = np.concatenate([picture.ravel() for picture in ids.values()])
    assert list(areas.values()) == np.bincount(every[every < 255], minlength=len(areas)).tolist()
    with read_session(service.engine) as session:
        assert find_problems(session, store) == []
    for export_id in (1, 2):
        with write_session(service.engine) as session:
            exports.delete(session, store, export_id, "ann")
    with read_session(service.engine) as session:
        assert find_problems(session, store) == []
        assert exports.list_exports(session, round_id) == []
    assert not [name for name in store.names("runs") if "exports" in name]
