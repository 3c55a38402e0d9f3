"""The stand-in's checkpoints: the student of round 1 answers once it was asked, and only after a while."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import FastAPI, Response

from backend.labels.pixels import HEADER, MAGIC, VERSION
from backend.predictions.schemas import CheckpointRead
from hiast.contracts.class_spaces import STREETS
from hiast.data import label_files
from tests.frontend_gradio.fake_answers import BASE, ProblemError
from tests.frontend_gradio.fake_records import FakeRecords, job
from tests.frontend_gradio.fake_scenes import label_of

STUDENT_SEED = 7
"""The student sees what labels of this round number would show."""
PATIENCE = 2
"""So often it is asked for before it is there."""


def add_checkpoints(app: FastAPI, records: FakeRecords) -> None:
    state: dict[str, Any] = {"job": None, "looks": 0, "refuse": False}
    app.state.checkpoints = state

    @app.get(BASE + "/runs/{run_id}/checkpoints")
    def checkpoints(run_id: int) -> list[CheckpointRead]:  # noqa: ARG001
        rows: list[tuple[str, Any, int, int | None]] = [
            ("warm-up", "warm-up", 0, 1),
            ("teacher-1", "teacher", 1, 2),
            ("student-1", "student", 1, None),
        ]
        return [
            CheckpointRead(
                name=name,
                role=role,
                round_number=number,
                labels_round=made,
                prediction=state["job"] if name == "student-1" else None,
            )
            for name, role, number, made in rows
        ]

    @app.post(BASE + "/runs/{run_id}/checkpoints/{name}/predictions", status_code=202)
    def ask(run_id: int, name: str, body: dict[str, Any]) -> Any:  # noqa: ARG001
        if state["refuse"]:
            raise ProblemError(403, "Reviewers may not start jobs. Ask an operator.")
        state["asked"] = body
        kind: Any = "predict"
        state["job"] = job(
            20, kind, "running", f"ask {name}", run_id=None, done=0, total=14, finished_at=None
        )
        return state["job"]

    @app.get(BASE + "/runs/{run_id}/checkpoints/{name}/pixels")
    def pixels(run_id: int, name: str, image: str) -> Response:  # noqa: ARG001
        state["looks"] += state["job"] is not None
        if state["looks"] <= PATIENCE:
            raise ProblemError(404, "there is no prediction yet.")
        label = label_of(STUDENT_SEED, next(row.order for row in records.labels if row.name == image))
        prediction = label_files.encode_ids(label.prediction, STREETS.palette())
        reason = label_files.encode_ids(np.zeros_like(label.prediction), label_files.REASON_PALETTE)
        planes = label_files.unpack_codes(label_files.encode_codes(label.codes, "log12"), "fake").planes()
        sizes = (*label.codes.shape, len(prediction), len(reason), len(planes))
        return Response(HEADER.pack(MAGIC, VERSION, *sizes) + prediction + reason + planes)
