"""HTTP in and out of corrections: what people draw over labels, and what is trained on then."""

from __future__ import annotations

from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response

from backend.artifacts import WRITTEN_ONCE
from backend.corrections import service
from backend.corrections.pastes import planned_pastes
from backend.corrections.preview import training_preview
from backend.corrections.schemas import (
    CorrectionRead,
    CorrectionVersion,
    PlannedPastes,
    TrainingPreview,
)
from backend.dependencies import (
    Artifacts,
    Cursor,
    DatabaseEngine,
    Id,
    Limit,
    ReadSession,
    Reviewer,
    WriteSession,
)
from backend.entity_tags import HEADERS, is_known
from backend.pagination import Page

router = APIRouter(tags=["corrections"])
PNG: Final = "image/png"
PIXELS: Final = {"type": "string", "format": "binary"}
BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "One 8-bit grey channel, as large as the label: class ids, 254 = set to ignored, "
        "255 = untouched. 16 MiB at most.",
        "content": {PNG: {"schema": PIXELS}},
    }
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The correction.", "content": {PNG: {"schema": PIXELS}}},
    204: {"description": "Nothing is drawn over the label, or it was deleted again."},
    304: {"description": "Unchanged since the ETag that If-None-Match names."},
}


async def _picture(request: Request) -> bytes:
    """The body. Raises HTTPException (415) when it is not said to be a PNG."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != PNG:
        detail = f"the body has Content-Type {kind!r}. Send a PNG with Content-Type: {PNG}."
        raise HTTPException(415, detail, headers={"Accept": PNG})
    return await request.body()


@router.put("/labels/{label_id}/correction", openapi_extra=BODY)
async def draw_correction(
    request: Request,
    label_id: Id,
    person: Reviewer,
    content: Annotated[bytes, Depends(_picture)],
    engine: DatabaseEngine,
    artifacts: Artifacts,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> CorrectionRead:
    """Draw over a label: a PNG of its size that takes the place of what was drawn before.

    A class id keeps that class there whatever was predicted, 254 takes the pixel away from training, 255
    leaves it alone. If-Match: the ETag of the correction, `"0"` before there is one.
    """

    def _draw() -> CorrectionRead:
        drawn = service.draw(engine, artifacts, label_id, content, person.name, if_match)
        return CorrectionRead.model_validate(drawn, from_attributes=True)

    # As for layers: decisions and lists do not queue behind pixels.
    correction = await to_thread.run_sync(_draw, limiter=request.app.state.layer_threads)
    response.headers["ETag"] = f'"{correction.version}"'
    return correction


@router.get("/labels/{label_id}/correction", response_class=Response, responses=ANSWERS)
async def get_correction(
    request: Request,
    label_id: Id,
    engine: DatabaseEngine,
    artifacts: Artifacts,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """What is drawn over the label. Its ETag goes into If-Match when drawing or deleting."""

    def _answer() -> Response:
        version, key, file = service.locate(engine, label_id)
        headers = {**HEADERS, "ETag": f'"{version}"'}
        if file is None:
            return Response(status_code=204, headers=headers)
        if is_known(headers["ETag"], if_none_match):
            return Response(status_code=304, headers=headers)
        path = artifacts.fetch(key, [file], version=WRITTEN_ONCE) / file
        return Response(service.stored(path), media_type=PNG, headers=headers)

    return await to_thread.run_sync(_answer, limiter=request.app.state.layer_threads)


@router.delete("/labels/{label_id}/correction", status_code=204)
def delete_correction(
    label_id: Id,
    session: WriteSession,
    person: Reviewer,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> None:
    """Take back everything that is drawn over the label. Its history stays."""
    version = service.erase(session, label_id, person.name, if_match).version
    response.headers["ETag"] = f'"{version}"'


@router.get("/labels/{label_id}/corrections")
def list_corrections(
    label_id: Id, session: ReadSession, cursor: Cursor = None, limit: Limit = 100
) -> Page[CorrectionVersion]:
    """Who has drawn over the label and when, newest first, deletions included."""
    return service.list_versions(session, label_id, cursor, limit)


@router.get("/rounds/{round_id}/training-preview")
def preview_training(round_id: Id, session: ReadSession) -> TrainingPreview:
    """Per class, what the labels keep as they were made, and what is left after all decisions."""
    return training_preview(session, round_id)


@router.get("/labels/{label_id}/pastes", responses={409: {}})
def get_pastes(label_id: Id, session: ReadSession) -> PlannedPastes:
    """From which images hard classes are pasted into this one, use by use, before the round trains."""
    return planned_pastes(session, label_id)
