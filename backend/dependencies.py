"""What routes ask for: sessions, settings, the person who asks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import Depends, Header, Query, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.artifacts import artifact_root
from backend.auth.person import LOCAL_PERSON, Permission, Person
from backend.database import read_session, write_session
from backend.errors import ForbiddenError
from backend.pagination import LARGEST_ID
from backend.settings import Settings, get_settings


# Those that only hand something on are coroutines: a thread for each would cost more than they do.
async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


def _read(engine: Annotated[Engine, Depends(_engine)]) -> Iterator[Session]:
    with read_session(engine) as session:
        yield session


def _write(engine: Annotated[Engine, Depends(_engine)]) -> Iterator[Session]:
    with write_session(engine) as session:
        yield session


async def _settings() -> Settings:
    return get_settings()


def _artifacts(settings: Annotated[Settings, Depends(_settings)]) -> Path:
    return artifact_root(settings.resolved_artifacts_url)


DatabaseEngine = Annotated[Engine, Depends(_engine)]
ReadSession = Annotated[Session, Depends(_read)]
# scope="function": committed before the answer leaves, so a client never hears of a write that failed.
WriteSession = Annotated[Session, Depends(_write, scope="function")]
AppSettings = Annotated[Settings, Depends(_settings)]
Artifacts = Annotated[Path, Depends(_artifacts)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""An id in a path or query; greater ones do not fit the database."""
Limit = Annotated[int, Query(ge=1, le=1000, description="Items a page holds at most.")]
Cursor = Annotated[str | None, Query(max_length=4000, description="next_cursor of the page before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A repeated request with the same key does nothing twice. Kept for 7 days.",
        examples=["4f9c2f0e-round-3"],
    ),
]


async def _person() -> Person:
    return LOCAL_PERSON


def require(permission: Permission) -> Callable[[Person], Coroutine[Any, Any, Person]]:
    """A dependency: the person who asks, if they have the permission; ForbiddenError otherwise."""

    async def _allowed(person: Annotated[Person, Depends(_person)]) -> Person:
        if permission not in person.permissions:
            raise ForbiddenError(
                f"{person.name!r} may not do this: it needs the permission {permission!r}.",
                remedy="Ask an admin for another role, or use a token with that scope.",
            )
        structlog.contextvars.bind_contextvars(person=person.name)
        return person

    return _allowed


Reader = Annotated[Person, Depends(require("read"))]
Reviewer = Annotated[Person, Depends(require("review"))]
Operator = Annotated[Person, Depends(require("operate"))]
Admin = Annotated[Person, Depends(require("administer"))]
