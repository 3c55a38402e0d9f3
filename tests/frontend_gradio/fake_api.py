"""A stand-in for the REST API: the schemas of the real one over a handful of generated scenes."""

from __future__ import annotations

import io
from typing import Annotated, Any

import numpy as np
from fastapi import Cookie, FastAPI, Response
from fastapi.responses import PlainTextResponse
from PIL import Image

from backend.labels.pixels import HEADER, MAGIC, VERSION
from backend.rounds.alarms import alarms_of
from backend.workers.schemas import WorkerRead
from hiast.contracts.class_spaces import IGNORED, STREETS
from hiast.data import label_files
from hiast.selection import Codebook
from tests.frontend_gradio.fake_answers import BASE, ProblemError, changed, found, page, problem_response
from tests.frontend_gradio.fake_changes import add_changes
from tests.frontend_gradio.fake_checkpoints import add_checkpoints
from tests.frontend_gradio.fake_corrections import add_corrections
from tests.frontend_gradio.fake_exports import add_exports
from tests.frontend_gradio.fake_records import NOW, RUN_ID, FakeRecords
from tests.frontend_gradio.fake_reviews import add_reviews
from tests.frontend_gradio.fake_revisions import add_revisions
from tests.frontend_gradio.fake_scenes import label_of, photo_of, truth_of
from tests.frontend_gradio.fake_what_if import add_what_if

WORKERS = [
    WorkerRead(
        name=name,
        gpus=gpus,
        gpu_memory_gib=gpus * 23.6,
        started_at=NOW,
        seen_at=NOW,
        alive=job_id is not None,
        current_job_id=job_id,
    )
    for name, gpus, job_id in (("node-a:41 (GPU 0)", 1, 9), ("node-b:7 <b>", 0, None))
]


def png_of(pixels: np.ndarray[Any, Any], palette: bool) -> bytes:
    image = Image.fromarray(pixels)
    if palette:
        image.putpalette(STREETS.palette())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **({"transparency": IGNORED} if palette else {}))
    return buffer.getvalue()


def layer_bytes(round_number: int, index: int, layer: str, raw: bool) -> bytes:
    label = label_of(round_number, index)
    arrays = {
        "prediction": label.prediction,
        "confidence": label.codes.astype("<u2"),
        "reason": label.reason,
        "ground-truth": truth_of(index),
        "kept": np.where(label.reason == 0, label.prediction, IGNORED).astype(np.uint8),
    }
    if layer == "image":
        return png_of(photo_of(index), palette=False)
    if layer not in arrays:
        raise ProblemError(404, f"layer {layer!r} is unknown.")
    return arrays[layer].tobytes() if raw else png_of(arrays[layer].astype(np.uint8), palette=True)


def create_fake_api() -> FastAPI:
    """The API below /api/v1, with fresh records."""
    app = FastAPI()
    records = FakeRecords()
    app.state.records = records
    app.add_exception_handler(ProblemError, problem_response)
    for add in (_add_people, _add_datasets, _add_runs, _add_rounds, _add_labels, _add_jobs):
        add(app, records)
    add_checkpoints(app, records)
    add_what_if(app, records)
    add_revisions(app, records)
    add_changes(app, records)
    add_exports(app)
    app.state.desk = add_reviews(app, records)
    app.state.easel = add_corrections(app, records, app.state.desk)
    return app


def _add_people(app: FastAPI, _records: FakeRecords) -> None:
    @app.get(BASE + "/session")
    def session(person: Annotated[str, Cookie()] = "local") -> Any:
        permissions = ["administer", "operate", "read", "review"]
        return {
            "name": person,
            "role": "admin",
            "permissions": permissions,
            "local": True,
            "user_id": None,
        }

    @app.get(BASE + "/users")
    def users() -> Any:
        return page([], 100, None)

    @app.get(BASE + "/tokens")
    def tokens() -> Any:
        return page([], 100, None)

    @app.get(BASE + "/audit")
    def audit() -> Any:
        return page([], 100, None)


def _add_datasets(app: FastAPI, records: FakeRecords) -> None:
    @app.get(BASE + "/datasets")
    def datasets(limit: int = 50, cursor: str | None = None) -> Any:
        return page(records.datasets, limit, cursor)

    @app.get(BASE + "/datasets/{item_id}")
    def dataset(item_id: int) -> Any:
        return found(records.datasets, item_id, "data set")

    @app.get(BASE + "/datasets/{item_id}/images")
    def images(item_id: int, limit: int = 50, cursor: str | None = None, problem: bool = False) -> Any:
        found(records.datasets, item_id, "data set")
        return page([i for i in records.images if not problem or i.problem], limit, cursor)

    @app.post(BASE + "/datasets", status_code=202)
    def create_dataset(body: dict[str, Any]) -> Any:
        return records.add_dataset(body)

    @app.post(BASE + "/datasets/{item_id}/scan", status_code=202)
    def scan(item_id: int) -> Any:
        found(records.datasets, item_id, "data set")
        return records.jobs[0]

    @app.delete(BASE + "/datasets/{item_id}", status_code=204)
    def delete(item_id: int) -> None:
        if item_id == 1:
            raise ProblemError(409, "data set 'streets source' is used by run 1. Delete the run first.")
        records.datasets.remove(found(records.datasets, item_id, "data set"))


def _add_runs(app: FastAPI, records: FakeRecords) -> None:
    @app.get(BASE + "/recipes")
    def recipes() -> Any:
        return records.recipes

    @app.get(BASE + "/runs")
    def runs(limit: int = 50, cursor: str | None = None) -> Any:
        return page([records.run(run.id) for run in records.runs], limit, cursor)

    @app.get(BASE + "/runs/{item_id}")
    def run(item_id: int) -> Any:
        return records.run(found(records.runs, item_id, "run").id)

    @app.get(BASE + "/runs/{item_id}/curves")
    def curves(item_id: int) -> Any:
        return records.curves if item_id == RUN_ID else []

    @app.post(BASE + "/runs", status_code=202)
    def create_run(body: dict[str, Any]) -> Any:
        if body.get("set", {}).get("rounds") == 20:
            raise ProblemError(422, "rounds: 20 is more than <this> recipe allows. Give 1 to 3.")
        return records.add_run(body)

    @app.post(BASE + "/runs/{item_id}/cancel", status_code=202)
    def cancel_run(item_id: int) -> Any:
        return changed(item_id, records.runs, "run", state="canceled", active_job_id=None)

    @app.post(BASE + "/runs/{item_id}/advance", status_code=202)
    def advance_run(item_id: int) -> Any:
        return changed(item_id, records.runs, "run", state="running")


def _add_rounds(app: FastAPI, records: FakeRecords) -> None:
    @app.get(BASE + "/rounds/{item_id}/thresholds")
    def thresholds(item_id: int) -> Any:
        return records.trajectory(item_id)

    @app.get(BASE + "/rounds/{item_id}/classes/{class_id}/worst")
    def worst(item_id: int, class_id: int, limit: int = 10) -> Any:
        kept = [
            label
            for label in records.labels
            if label.round_id == item_id
            and label.kept_pixels[class_id]
            and class_id not in label.vetoed_classes
        ]
        kept.sort(key=lambda label: label.kept_pixels[class_id] / label.predicted_pixels[class_id])
        names = {label.id: label for label in records.summaries(item_id)}
        return [names[label.id] for label in kept[:limit]]

    @app.get(BASE + "/rounds/{item_id}/alarms")
    def alarms(item_id: int) -> Any:
        number = found(records.rounds, item_id, "round").number
        before = records.round(number - 1) if number > 1 else None
        return alarms_of(records.round(item_id), before, records.class_summaries(number), [])

    @app.get(BASE + "/rounds/{item_id}/classes")
    def classes(item_id: int) -> Any:
        return records.class_summaries(found(records.rounds, item_id, "round").number)


def _add_jobs(app: FastAPI, records: FakeRecords) -> None:
    @app.get(BASE + "/jobs")
    def jobs(
        limit: int = 50, cursor: str | None = None, run_id: int | None = None, state: str | None = None
    ) -> Any:
        if records.away:
            raise ProblemError(503, "The database does not answer.")
        known = [j for j in records.jobs if run_id in (None, j.run_id) and state in (None, j.state)]
        return page(known, limit, cursor)

    @app.get(BASE + "/workers")
    def workers() -> Any:
        return WORKERS

    @app.get(BASE + "/jobs/{item_id}")
    def job(item_id: int) -> Any:
        return found(records.jobs, item_id, "job")

    @app.get(BASE + "/jobs/{item_id}/log")
    def log(item_id: int) -> PlainTextResponse:
        return PlainTextResponse("\n".join([f"job {item_id} started", *records.log_lines]) + "\n")

    @app.post(BASE + "/jobs/{item_id}/cancel", status_code=202)
    def cancel_job(item_id: int) -> Any:
        return changed(item_id, records.jobs, "job", state="canceling")

    @app.post(BASE + "/jobs/{item_id}/retry", status_code=202)
    def retry_job(item_id: int) -> Any:
        return changed(item_id, records.jobs, "job", state="queued", attempt=2)


def _add_labels(app: FastAPI, records: FakeRecords) -> None:
    @app.get(BASE + "/labels/{item_id}/layers/{layer}")
    def layer(item_id: int, layer: str, format: str = "png") -> Response:  # noqa: A002
        item = found(records.labels, item_id, "label")
        content = layer_bytes(records.number_of(item.round_id), item.order, layer, format == "raw")
        media_type = "application/octet-stream" if format == "raw" else "image/png"
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(content, media_type=media_type, headers=headers)

    @app.get(BASE + "/labels/{item_id}/pixels")
    def pixels(item_id: int) -> Response:
        item = found(records.labels, item_id, "label")
        label = label_of(records.number_of(item.round_id), item.order)
        prediction, reason = (
            label_files.encode_ids(ids, STREETS.palette()) for ids in (label.prediction, label.reason)
        )
        stored = label_files.encode_codes(label.codes, "log12")
        planes = label_files.unpack_codes(stored, "fake").planes()
        sizes = (*label.codes.shape, len(prediction), len(reason), len(planes))
        return Response(HEADER.pack(MAGIC, VERSION, *sizes) + prediction + reason + planes)

    @app.get(BASE + "/codebooks/{name}")
    def codebook(name: str) -> Response:
        return Response(Codebook.named(name).levels.astype("<f8").tobytes())

    @app.get(BASE + "/compare")
    def compare(left: int, right: int) -> Any:
        return records.comparison(left, right)
