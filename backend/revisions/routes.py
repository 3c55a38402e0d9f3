"""HTTP in and out of revisions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from backend.dependencies import Artifacts, Id, Operator, ReadSession, WriteSession
from backend.revisions import service
from backend.revisions.schemas import RevisionCreate, RevisionRead

router = APIRouter(prefix="/rounds/{round_id}/revisions", tags=["rounds"])
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get("", responses={404: {}})
def list_revisions(round_id: Id, session: ReadSession) -> list[RevisionRead]:
    """The label sets of a round, the oldest first; empty before somebody revises it."""
    return service.read_revisions(session, round_id)


@router.post("", status_code=201, responses={404: {}, 409: {}})
def revise(
    round_id: Id, body: RevisionCreate, session: WriteSession, artifacts: Artifacts, person: Operator
) -> RevisionRead:
    """Make the round's labels those that labelling with other settings would have made, byte for byte.

    A job does it over what is stored: no GPU, no network is asked. Until it is done the labels stay as
    they are, and nobody decides on them; if it fails or is canceled, nothing has changed. Rejections,
    vetoes and corrections stay; accepted labels that change are to be looked at again.
    """
    number = service.ask(session, artifacts, round_id, body, person.name).number
    return service.read_revisions(session, round_id)[number]


@router.post("/{number}/apply", responses={404: {}, 409: {}})
def apply_revision(round_id: Id, number: Number, session: WriteSession, person: Operator) -> RevisionRead:
    """Make the round's labels those of an earlier revision again; 0: as they were made."""
    service.apply(session, round_id, number, person.name)
    return service.read_revisions(session, round_id)[number]
