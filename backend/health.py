"""Is the process alive, and can it work?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import read_session
from backend.dependencies import Artifacts, DatabaseEngine
from backend.errors import problem
from backend.jobs.upkeep import Upkeep
from backend.jobs.wake_up import broker_problem
from backend.migrations import newest_revision
from hiast import __version__

SECONDS_A_CHECK: Final = 4.0
"""What has not answered by then counts as out of order."""
router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`problems` is empty when all is well."""

    version: str
    problems: list[str]


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers. Says nothing about what it needs: see readyz."""
    return Health(version=__version__, problems=[])


@router.get("/readyz", response_model=Health)
async def readyz(request: Request, engine: DatabaseEngine, artifacts: Artifacts) -> Any:
    """Database, broker, artifact store and upkeep work; 503 and what is wrong otherwise."""
    upkeep: Upkeep | None = request.app.state.upkeep
    checks: dict[str, Callable[[], str | None]] = {
        "database": lambda: _database_problem(engine),
        "broker": broker_problem,
        "artifacts": artifacts.problem,
        "upkeep": upkeep.problem if upkeep else lambda: "it has not been started",
    }
    answers = await asyncio.gather(*(_answer(check) for check in checks.values()))
    wrong = {name: answer for name, answer in zip(checks, answers, strict=True) if answer}
    if not wrong:
        return Health(version=__version__, problems=[])
    return _not_ready(request, wrong)


def _not_ready(request: Request, wrong: dict[str, str]) -> Response:
    return problem(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "; ".join(f"{name}: {answer}" for name, answer in wrong.items()),
        [{"field": name, "problem": answer} for name, answer in wrong.items()],
        {"Retry-After": "5"},
    )


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads of their own: checks that hang must not use up those that answer requests."""
    return ThreadPoolExecutor(8, thread_name_prefix="readyz")


async def _answer(check: Callable[[], str | None]) -> str | None:
    answer = asyncio.get_running_loop().run_in_executor(_threads(), check)
    try:
        return await asyncio.wait_for(answer, SECONDS_A_CHECK)
    except TimeoutError:
        return f"no answer within {SECONDS_A_CHECK:.0f} s"


def _database_problem(engine: Engine) -> str | None:
    try:
        with read_session(engine) as session:
            revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as error:
        return str(getattr(error, "orig", error)).strip()
    if revision != newest_revision():
        return f"its schema is {revision}, this version needs {newest_revision()}; migrate it"
    return None
