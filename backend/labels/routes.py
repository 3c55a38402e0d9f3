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
from backend.labels.layer_caching import (
    FOR_EVER,
    cache_control,
    entity_tag,
    pixels_cache_control,
    pixels_tag,
)
from backend.labels.layer_encoding import packed
from backend.labels.pixels import pack
from backend.labels.schemas import Comparison, LabelRead, Layer
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide
from hiast.selection import Codebook

router = APIRouter(tags=["labels"])
BYTES: Final[dict[str, Any]] = {
    "description": "Bytes.",
    "content": {layers.BINARY: {"schema": {"type": "string", "format": "binary"}}},
}
Revision = Annotated[
    int | None, Query(ge=0, le=2**31 - 1, description="Of the round's labels; none: the present one.")
]
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
    revision: Revision = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> BaseModel | Response:
    """One label. Its ETag goes into If-Match when deciding, which compares the version in it alone."""
    label = service.read_label(session, repository.get_label(session, label_id), person.name, revision)
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
    revision: Revision = None,
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
            files = layers.locate(session, artifacts, label_id, revision)
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


@router.get(
    "/labels/{label_id}/pixels",
    response_class=Response,
    responses={200: BYTES, 304: {"description": "Unchanged since the ETag that If-None-Match names."}},
)
async def get_pixels(
    request: Request,
    label_id: Id,
    engine: DatabaseEngine,
    artifacts: Artifacts,
    v: Annotated[str | None, Query(max_length=200, description="layers_digest of the label")] = None,
    revision: Revision = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Prediction, reasons and confidence codes at once, nearly as they are stored: what viewers draw from.

    28 bytes of header, little endian: "HSPX", version 1 and three zeros, then height, width and the bytes
    of each part as uint32. Prediction and reasons are PNGs of ids. The codes are uint16 as differences
    to the left neighbour, the low bytes of all pixels first and the high bytes behind. Cached like a layer.
    """
    accepted = request.headers.get("accept-encoding")

    def _answer() -> Response:
        with read_session(engine) as session:
            files = layers.locate(session, artifacts, label_id, revision)
        headers = {"ETag": pixels_tag(files), "Cache-Control": pixels_cache_control(files, v)}
        if is_known(headers["ETag"], if_none_match):
            return Response(status_code=304, headers=headers)
        body, how = pack(files, accepted)
        return Response(body, media_type=layers.BINARY, headers=headers | how)

    return await to_thread.run_sync(_answer, limiter=request.app.state.layer_threads)


@router.get("/codebooks/{name}", response_class=Response, responses={200: BYTES})
async def get_codebook(name: Literal["log12", "float16"]) -> Response:
    """The confidence each code stands for, float64, little endian: by it, and by no table of their own,
    others compare with thresholds exactly as label generation does."""
    levels = Codebook.named(name).levels.astype("<f8").tobytes()
    return Response(levels, media_type=layers.BINARY, headers={"Cache-Control": FOR_EVER})


@router.get("/compare", responses={404: {}})
def compare_labels(left: Id, right: Id, session: ReadSession, artifacts: Artifacts) -> Comparison:
    """Two labels of one image: what is kept in both, flipped, gained and lost, per class."""
    return compare(session, artifacts, left, right)
