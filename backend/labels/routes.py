"""HTTP in and out of labels: their data, their layers, decisions on them, two side by side."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel

from backend.database import read_session
from backend.dependencies import Artifacts, DatabaseEngine, Id, Reader, ReadSession, Reviewer, WriteSession
from backend.entity_tags import answer, is_known, tag_of
from backend.labels import layers, repository, service
from backend.labels.comparison import compare
from backend.labels.layer_caching import cache_control, entity_tag
from backend.labels.layer_encoding import packed
from backend.labels.schemas import Comparison, LabelRead, Layer
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide

router = APIRouter(tags=["labels"])
LAYER_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The layer. Photos come as the file is: PNG, JPEG or WebP.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
        },
    },
    304: {"description": "Unchanged since the ETag that If-None-Match names."},
    409: {},
}


@router.get(
    "/labels/{label_id}", response_model=LabelRead, responses={304: {"description": "Not Modified"}}
)
def get_label(
    label_id: Id,
    session: ReadSession,
    person: Reader,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> BaseModel | Response:
    """One label. Its ETag goes into If-Match when deciding, which compares the version in it alone."""
    label = service.read_label(session, repository.get_label(session, label_id), person.name)
    return answer(response, tag_of(label, version=label.version), if_none_match, label)


@router.post("/labels/{label_id}/review", status_code=201)
def review_label(
    label_id: Id,
    body: ReviewCreate,
    session: WriteSession,
    person: Reviewer,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> LabelRead:
    """Accept, reject, skip or reset a label. A rejected label is not trained on."""
    decided = decide(session, label_id, body, person.name, if_match)
    label = service.read_label(session, decided, person.name)
    response.headers["ETag"] = tag_of(label, version=label.version)
    return label


@router.get("/labels/{label_id}/layers/{layer}", response_class=Response, responses=LAYER_ANSWERS)
async def get_layer(
    request: Request,
    label_id: Id,
    layer: Layer,
    engine: DatabaseEngine,
    artifacts: Artifacts,
    format: Literal["png", "raw"] = "png",  # noqa: A002  (the query parameter's name)
    term: Literal["seg", "kld", "entropy", "consistency"] = "seg",
    v: Annotated[str | None, Query(max_length=200, description="layers_digest of the label")] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """A pixel layer: `png` to look at, `raw` to compute with (row-major, little endian).

    raw: prediction, reason, kept and ground-truth are uint8, confidence uint16 codes. `term` chooses
    the loss term of region-weight. With `v` = layers_digest the answer may be cached for ever; with
    another `v`, or none, caches ask again and get 304 while the ETag holds.
    """
    accepted = request.headers.get("accept-encoding")

    def _answer() -> Response:
        with read_session(engine) as session:
            files = layers.locate(session, artifacts, label_id)
        # What follows may wait for the artifact store; no connection is kept meanwhile.
        tag = entity_tag(files, layer, raw=format == "raw", term=term)
        headers = {"ETag": tag, "Cache-Control": cache_control(files, layer, v)}
        if is_known(tag, if_none_match):
            return Response(status_code=304, headers=headers)
        if layer == "image":
            path, media_type = layers.photo(files)
            if path is not None:
                return FileResponse(path, media_type=media_type, headers=headers)
        body, media_type = layers.render(files, layer, raw=format == "raw", term=term)
        if format == "raw":
            body, how = packed(body, accepted)
            headers |= how
        return Response(body, media_type=media_type, headers=headers)

    # Threads of their own, and few: decisions and lists do not queue behind pixels.
    return await to_thread.run_sync(_answer, limiter=request.app.state.layer_threads)


@router.get("/compare", responses={404: {}})
def compare_labels(left: Id, right: Id, session: ReadSession, artifacts: Artifacts) -> Comparison:
    """Two labels of one image: what is kept in both, flipped, gained and lost, per class."""
    return compare(session, artifacts, left, right)
