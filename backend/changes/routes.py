"""HTTP in and out of changes between rounds."""

from __future__ import annotations

from fastapi import APIRouter

from backend.changes import service
from backend.changes.schemas import ChangesRead
from backend.dependencies import Id, Operator, ReadSession, WriteSession
from backend.jobs.schemas import JobRead
from backend.jobs.service import read_job

router = APIRouter(prefix="/rounds/{round_id}/changes", tags=["rounds"])


@router.get("", responses={404: {}})
def get_changes(round_id: Id, session: ReadSession) -> ChangesRead:
    """What became of the pixels of every class since the round before, over all images: ignored, kept,
    flipped, dropped; by the network or by the threshold; and which pixels go to and fro. Labels as they are
    in the present revisions, without people's decisions."""
    return service.read_changes(session, round_id)


@router.post("", status_code=202, responses={404: {}, 409: {}})
def count_changes(round_id: Id, session: WriteSession, person: Operator) -> JobRead:
    """Queue the job that counts. It reads what is stored; no GPU."""
    return read_job(session, service.ask(session, round_id, person.name))
