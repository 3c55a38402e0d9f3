"""Is the process alive, and can it work?"""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from backend.database import read_session
from backend.dependencies import AppSettings, DatabaseEngine
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
def readyz(engine: DatabaseEngine, settings: AppSettings, response: Response) -> Health:
    """Database and broker answer; 503 and what is wrong otherwise."""
    problems = []
    try:
        with read_session(engine) as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        problems.append(f"database: {error}")
    broker = broker_problem()
    if broker:
        # Anybody may ask, and the address may hold a password.
        address = make_url(settings.resolved_broker_url).set(query={})
        problems.append(f"broker {address.render_as_string(hide_password=True)}: {broker}")
    response.status_code = 503 if problems else 200
    return Health(version=__version__, problems=problems)
