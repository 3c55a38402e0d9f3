"""HTTP in and out of what surrounds decisions: claims on labels, drafts of comments, vetoes of classes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from backend.dependencies import Id, Reviewer, WriteSession
from backend.entity_tags import tag_of
from backend.labels.schemas import LabelRead, LabelSort, LabelSummary
from backend.labels.service import read_label, summarise_labels
from backend.reviews import claims, drafts, vetoes
from backend.reviews.schemas import ClaimRead, DraftWrite, VetoWrite
from backend.rounds.schemas import RoundRead
from backend.rounds.service import etag, read_round

router = APIRouter(tags=["reviews"])


@router.post("/labels/{label_id}/claim")
def claim_label(label_id: Id, session: WriteSession, person: Reviewer) -> ClaimRead:
    """Say that you are looking at the label, for two minutes; renews your claim. 409: somebody else is."""
    claim = claims.claim(session, label_id, person.name)
    return ClaimRead.model_validate(claim, from_attributes=True)


@router.delete("/labels/{label_id}/claim", status_code=204)
def let_label_go(label_id: Id, session: WriteSession, person: Reviewer) -> None:
    """End your claim on the label, if you have one."""
    claims.let_go(session, label_id, person.name)


@router.post(
    "/rounds/{round_id}/next",
    status_code=201,
    response_model=LabelSummary,
    responses={204: {"description": "Every unreviewed label behind `after` is somebody else's."}},
)
def claim_next_label(
    round_id: Id,
    session: WriteSession,
    person: Reviewer,
    response: Response,
    after: Id | None = None,
    sort: LabelSort = "order",
) -> LabelSummary | Response:
    """Claim the next unreviewed label that nobody else looks at, behind label `after`."""
    label = claims.claim_next(session, round_id, person.name, sort=sort, after=after)
    if label is None:
        return Response(status_code=204)
    response.headers["Location"] = f"/api/v1/labels/{label.id}"
    return summarise_labels(session, [label])[0]


@router.put("/labels/{label_id}/vetoes")
def veto_classes_of_label(
    label_id: Id,
    body: VetoWrite,
    session: WriteSession,
    person: Reviewer,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> LabelRead:
    """Leave exactly these classes of the label out of training."""
    vetoed = vetoes.veto_in_label(session, label_id, body.classes, person.name, if_match)
    label = read_label(session, vetoed, person.name)
    response.headers["ETag"] = tag_of(label, version=label.version)
    return label


@router.put("/rounds/{round_id}/vetoes")
def veto_classes_of_round(
    round_id: Id,
    body: VetoWrite,
    session: WriteSession,
    person: Reviewer,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> RoundRead:
    """Leave exactly these classes of every label of the round out of training. If-Match may be left out."""
    vetoed = vetoes.veto_in_round(session, round_id, body.classes, person.name, if_match)
    round_ = read_round(session, vetoed)
    response.headers["ETag"] = etag(session, round_)
    return round_


@router.put("/labels/{label_id}/draft", status_code=204)
def save_draft(label_id: Id, body: DraftWrite, session: WriteSession, person: Reviewer) -> None:
    """Keep what you have written about the label until you decide. It needs no If-Match: it is yours."""
    drafts.save_draft(session, label_id, person.name, body.comment)


@router.delete("/labels/{label_id}/draft", status_code=204)
def delete_draft(label_id: Id, session: WriteSession, person: Reviewer) -> None:
    """Forget what you have written about the label."""
    drafts.save_draft(session, label_id, person.name, "")
