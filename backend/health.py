"""Is the process alive, and can it work?"""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import read_session
from backend.dependencies import AppSettings, Artifacts, DatabaseEngine
from backend.jobs.wake_up import broker_problem
from hiast import __version__

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`problems` is empty when all is well."""

    version: str
    problems: list[str]


@router.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(version=__version__, problems=[])


@router.get("/readyz")
def readyz(
    engine: DatabaseEngine, settings: AppSettings, artifacts: Artifacts, response: Response
) -> Health:
    """Database, broker and artifact store answer; 503 and what is wrong otherwise."""
    problems = []
    try:
        with read_session(engine) as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        problems.append(f"database: {error}")
    broker = broker_problem()
    if broker:
        problems.append(f"broker {settings.resolved_broker_url}: {broker}")
    store = artifacts.problem()
    if store:
        problems.append(f"artifact store: {store}")
    response.status_code = 503 if problems else 200
    return Health(version=__version__, problems=problems)
