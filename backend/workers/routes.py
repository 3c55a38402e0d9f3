"""HTTP in and out of workers."""

from __future__ import annotations

from fastapi import APIRouter

from backend.dependencies import ReadSession
from backend.workers import service
from backend.workers.schemas import WorkerRead

router = APIRouter(prefix="/workers", tags=["workers"])


@router.get("")
def list_workers(session: ReadSession) -> list[WorkerRead]:
    """The workers, by name: what each has, when it was last heard of, what it does."""
    return service.list_workers(session)
