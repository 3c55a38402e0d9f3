"""HTTP in and out of labels: their data, their layers, decisions on them, two side by side."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response
from fastapi.responses import FileResponse

from backend.dependencies import Artifacts, Id, ReadSession, Reviewer, WriteSession
from backend.labels import layers, repository, service
from backend.labels.comparison import compare
from backend.labels.schemas import Comparison, LabelRead, Layer
from backend.reviews.schemas import ReviewCreate
from backend.reviews.service import decide, etag

router = APIRouter(tags=["labels"])


@router.get("/labels/{label_id}")
def get_label(label_id: Id, session: ReadSession, response: Response) -> LabelRead:
    """One label. Its ETag goes into If-Match when deciding."""
    label = repository.get_label(session, label_id)
    response.headers["ETag"] = etag(label)
    return service.read_label(session, label)


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
    label = decide(session, label_id, body, person.name, if_match)
    response.headers["ETag"] = etag(label)
    return service.read_label(session, label)


@router.get("/labels/{label_id}/layers/{layer}", response_class=Response)
def get_layer(
    label_id: Id,
    layer: Layer,
    session: ReadSession,
    artifacts: Artifacts,
    format: Literal["png", "raw"] = "png",  # noqa: A002  (the query parameter's name)
    term: Literal["seg", "kld", "entropy", "consistency"] = "seg",
    v: str | None = None,
) -> Response:
    """A pixel layer: `png` to look at, `raw` to compute with (row-major, little endian).

    raw: prediction, reason, kept and ground-truth are uint8, confidence uint16 codes. `term` chooses
    the loss term of region-weight. With `v` = layers_digest the answer may be cached for ever.
    """
    files = layers.locate(session, artifacts, label_id)
    session.close()  # what follows may wait for the artifact store; no connection is kept meanwhile
    headers = {"Cache-Control": "private, max-age=31536000, immutable" if v else "no-cache"}
    if layer == "image":
        path, media_type = layers.photo(files)
        if path is not None:
            return FileResponse(path, media_type=media_type, headers=headers)
    body, media_type = layers.render(files, layer, raw=format == "raw", term=term)
    return Response(body, media_type=media_type, headers=headers)


@router.get("/compare")
def compare_labels(left: Id, right: Id, session: ReadSession, artifacts: Artifacts) -> Comparison:
    """Two labels of one image: what is kept in both, flipped, gained and lost, per class."""
    return compare(session, artifacts, left, right)
