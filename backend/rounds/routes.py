"""HTTP in and out of rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from backend.database import read_session
from backend.dependencies import (
    Artifacts,
    Cursor,
    DatabaseEngine,
    Id,
    IdempotencyKey,
    Limit,
    Operator,
    ReadSession,
    WriteSession,
)
from backend.entity_tags import answer
from backend.idempotency.service import once
from backend.labels import service as labels
from backend.labels.schemas import LabelSort, LabelSummary, ReviewStatus
from backend.pagination import Page
from backend.rounds import repository, service
from backend.rounds.bundle import pack_round, write_to_temporary_file
from backend.rounds.schemas import Alarm, Approval, ClassSummary, RoundRead, ThresholdTrajectory

router = APIRouter(prefix="/rounds", tags=["rounds"])


@router.get("/{round_id}", response_model=RoundRead, responses={304: {"description": "Not Modified"}})
def get_round(
    round_id: Id,
    session: ReadSession,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> BaseModel | Response:
    """One round. Its ETag goes into If-Match when approving: it changes with every decision."""
    round_ = service.read_round(session, repository.get_round(session, round_id))
    return answer(response, service.etag(session, round_), if_none_match, round_)


@router.get("/{round_id}/thresholds")
def round_thresholds(round_id: Id, session: ReadSession) -> ThresholdTrajectory:
    """θ per class after every image, in labelling order."""
    return service.threshold_trajectory(session, round_id)


@router.get("/{round_id}/classes")
def round_classes(round_id: Id, session: ReadSession) -> list[ClassSummary]:
    """Threshold, kept share, class value and sampling probability of every class."""
    return service.class_summaries(session, round_id)


@router.get("/{round_id}/alarms")
def round_alarms(round_id: Id, session: ReadSession) -> list[Alarm]:
    """What looks wrong about the round's labels, each with the numbers that say so."""
    return service.read_alarms(session, round_id)


@router.get("/{round_id}/labels")
def round_labels(
    round_id: Id,
    session: ReadSession,
    sort: LabelSort = "order",
    status: ReviewStatus | None = None,
    class_id: Annotated[int | None, Query(alias="class", ge=0, le=254)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[LabelSummary]:
    """Labels of the round; also while it is being labelled. `class` keeps those that hold the class."""
    return labels.list_labels(
        session, round_id, sort=sort, status=status, class_id=class_id, cursor=cursor, limit=limit
    )


@router.get("/{round_id}/classes/{class_id}/worst", responses={404: {}})
def worst_labels(
    round_id: Id,
    class_id: Annotated[int, InPath(ge=0, le=254)],
    session: ReadSession,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[LabelSummary]:
    """Labels that keep the smallest share of a class's pixels, but keep some: there it is least sure.

    Without rejected labels and those where the class is vetoed already.
    """
    return labels.worst_labels(session, round_id, class_id, limit)


@router.post("/{round_id}/approve", status_code=202)
def approve_round(
    round_id: Id,
    session: WriteSession,
    person: Operator,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    if_match: Annotated[str | None, Header()] = None,
) -> Approval:
    """Let the student train on the round's labels, without the rejected ones.

    With If-Match (the ETag of the round) nobody approves other decisions than those he has seen.
    """
    job_id = once(
        session,
        person.name,
        idempotency_key,
        "round.approve",
        str(round_id),
        lambda: service.approve(session, round_id, person.name, if_match).job_id,
    )
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return service.read_approval(session, round_id, job_id)


@router.get(
    "/{round_id}/bundle",
    response_class=Response,
    responses={
        200: {
            "description": "A zip.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        404: {},
        409: {},
    },
)
async def round_bundle(
    request: Request, round_id: Id, engine: DatabaseEngine, artifacts: Artifacts
) -> Response:
    """The round as one file: settings, order, thresholds, counts, decisions, digests of network and labels.

    `hiast bundle verify` compares label files with it, `hiast bundle replay` makes them again.
    """

    def _packed() -> tuple[Path, str]:
        with read_session(engine) as session:
            bundle, histograms = pack_round(session, artifacts, round_id)
        name = f"{bundle.spec.name}, round {bundle.number}.zip"
        return write_to_temporary_file(bundle, histograms), name

    path, name = await to_thread.run_sync(_packed, limiter=request.app.state.layer_threads)
    return FileResponse(
        path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink)
    )
