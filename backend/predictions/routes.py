"""HTTP in and out of checkpoints and of what they predict."""

from __future__ import annotations

from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from backend.database import read_session
from backend.dependencies import (
    Artifacts,
    DatabaseEngine,
    Id,
    IdempotencyKey,
    Operator,
    ReadSession,
    WriteSession,
)
from backend.entity_tags import is_known
from backend.idempotency.service import once
from backend.jobs.repository import get_job
from backend.jobs.schemas import JobRead
from backend.jobs.service import read_job
from backend.labels.pixels import pack_prediction
from backend.predictions import service
from backend.predictions.schemas import CheckpointName, CheckpointRead, PredictionRequest

router = APIRouter(prefix="/runs/{run_id}/checkpoints", tags=["checkpoints"])
_BINARY: Final = "application/octet-stream"
_PIXELS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Bytes.",
        "content": {_BINARY: {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "Unchanged since the ETag that If-None-Match names."},
    404: {},
}


@router.get("")
def list_checkpoints(run_id: Id, session: ReadSession) -> list[CheckpointRead]:
    """The networks of a run: the warm-up's, then teacher and student of every round that is trained."""
    return service.list_checkpoints(session, run_id)


@router.post("/{checkpoint}/predictions", status_code=202, responses={404: {}})
def ask_checkpoint(
    run_id: Id,
    checkpoint: CheckpointName,
    body: PredictionRequest,
    session: WriteSession,
    person: Operator,
    idempotency_key: IdempotencyKey = None,
) -> JobRead:
    """Ask a network about all target images, as labelling asks; the answers can be compared with labels.

    Answers the job. One that is under way goes on; what an earlier one has finished is kept.
    """
    job_id = once(
        session,
        person.name,
        idempotency_key,
        "checkpoint.ask",
        f"{run_id} {checkpoint} {body.model_dump_json()}",
        lambda: service.ask(session, run_id, checkpoint, body.first_image, person.name).id,
    )
    return read_job(session, get_job(session, job_id))


@router.get("/{checkpoint}/pixels", response_class=Response, responses=_PIXELS)
async def get_predicted_pixels(
    request: Request,
    run_id: Id,
    checkpoint: CheckpointName,
    image: Annotated[str, Query(min_length=1, max_length=1000, description="Name of the image.")],
    engine: DatabaseEngine,
    artifacts: Artifacts,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """What the network said of one image, in the layout of a label's pixels; it keeps every pixel."""
    accepted = request.headers.get("accept-encoding")

    def _answer() -> Response:
        with read_session(engine) as session:
            key = service.locate(session, run_id, checkpoint)
        stored = service.read(artifacts, key, image)
        # A file that is there is never written again.
        tag = f'W/"{stored.checksum:08x}-{len(stored.confidence):x}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if is_known(tag, if_none_match):
            return Response(status_code=304, headers=headers)
        body, how = pack_prediction(stored, accepted)
        return Response(body, media_type=_BINARY, headers=headers | how)

    return await to_thread.run_sync(_answer, limiter=request.app.state.layer_threads)
