"""HTTP in and out of exports."""

from __future__ import annotations

from typing import Any, Final

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from backend.database import read_session
from backend.dependencies import Artifacts, DatabaseEngine, Id, Operator, ReadSession, WriteSession
from backend.exports import service
from backend.exports.schemas import ExportCreate, ExportRead

router = APIRouter(tags=["exports"])
ZIP_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A zip.",
        "content": {service.ZIP: {"schema": {"type": "string", "format": "binary"}}},
    },
    404: {},
    409: {},
}


@router.get("/rounds/{round_id}/exports", responses={404: {}})
def list_exports(round_id: Id, session: ReadSession) -> list[ExportRead]:
    """The exports of a round, the newest first, and what the ids in their files mean."""
    return service.list_exports(session, round_id)


@router.post("/rounds/{round_id}/exports", status_code=202, responses={404: {}, 409: {}})
def export_round(round_id: Id, body: ExportCreate, session: WriteSession, person: Operator) -> ExportRead:
    """Queue a job that writes the round's labels, as they are trained on, in the format of another tool."""
    return service.ask(session, round_id, body.format, person.name)


@router.get("/exports/{export_id}/file", response_class=FileResponse, responses=ZIP_ANSWER)
async def get_export(
    request: Request, export_id: Id, engine: DatabaseEngine, artifacts: Artifacts
) -> FileResponse:
    """The export as one zip. A range of it can be asked for, so a download that broke off goes on."""

    def _answer() -> FileResponse:
        with read_session(engine) as session:
            key, name, sha256 = service.locate(session, export_id)
        path = service.fetch(artifacts, key, sha256)
        return FileResponse(path, media_type=service.ZIP, filename=name)

    return await to_thread.run_sync(_answer, limiter=request.app.state.layer_threads)


@router.delete("/exports/{export_id}", status_code=204, responses={404: {}, 409: {}})
def delete_export(export_id: Id, session: WriteSession, artifacts: Artifacts, person: Operator) -> None:
    """Delete an export and its file."""
    service.delete(session, artifacts, export_id, person.name)
