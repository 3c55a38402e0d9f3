"""The stand-in's exports: a zip that is there after a while."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Response

from backend.exports.schemas import ExportCreate, ExportRead
from hiast.exports import find_format
from tests.frontend_gradio.fake_answers import BASE, ProblemError
from tests.frontend_gradio.fake_records import NOW, job

PATIENCE = 2
"""So often somebody looks before it is made."""
ZIP = b"PK\x05\x06" + bytes(18)


def add_exports(app: FastAPI) -> None:
    made: list[ExportRead] = []
    looks: dict[int, int] = {}

    @app.get(BASE + "/rounds/{round_id}/exports")
    def exports(round_id: int) -> list[ExportRead]:
        for row in made:
            looks[row.id] += 1
            if looks[row.id] > PATIENCE:
                row.job = row.job.model_copy(update={"state": "succeeded"})
                row.labels, row.bytes, row.sha256 = 13, len(ZIP), "0" * 64
        return [row for row in reversed(made) if row.round_id == round_id]

    @app.post(BASE + "/rounds/{round_id}/exports", status_code=202)
    def ask(round_id: int, body: ExportCreate) -> ExportRead:
        if body.format == "cityscapes":
            words = (
                "format: class space 'streets' is not that of Cityscapes, whose ids the files would claim."
            )
            raise ProblemError(422, words)
        kind: Any = "export"
        row = ExportRead(
            id=len(made) + 1,
            round_id=round_id,
            format=body.format,
            ids=find_format(body.format).ids,
            person="ada",
            created_at=NOW,
            job=job(50, kind, "running", "export", run_id=None, done=4, total=14, finished_at=None),
            labels=None,
            bytes=None,
            sha256=None,
        )
        made.append(row)
        looks[row.id] = 0
        return row

    @app.get(BASE + "/exports/{export_id}/file")
    def file(export_id: int) -> Response:
        headers = {"Content-Disposition": f'attachment; filename="export-{export_id}.zip"'}
        return Response(ZIP, media_type="application/zip", headers=headers)

    @app.delete(BASE + "/exports/{export_id}", status_code=204)
    def away(export_id: int) -> None:
        made[:] = [row for row in made if row.id != export_id]
