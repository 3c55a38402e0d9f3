"""What routes ask for: sessions, settings, the person who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any, Final

import structlog
from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore
from backend.auth.identity import identify
from backend.auth.local import is_local
from backend.auth.person import Permission, Person
from backend.database import request_session
from backend.errors import ForbiddenError
from backend.pagination import LARGEST_ID
from backend.settings import Settings, get_settings


# Those that only hand something on are coroutines: a thread for each would cost more than they do.
async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def _read(engine: Annotated[Engine, Depends(_engine)]) -> AsyncIterator[Session]:
    async with request_session(engine) as session:
        yield session


async def _write(engine: Annotated[Engine, Depends(_engine)]) -> AsyncIterator[Session]:
    async with request_session(engine, writes=True) as session:
        yield session


async def _settings() -> Settings:
    return get_settings()


async def _artifacts(request: Request) -> ArtifactStore:
    artifacts: ArtifactStore = request.app.state.artifacts
    return artifacts


DatabaseEngine = Annotated[Engine, Depends(_engine)]
# scope="function": ended before the answer leaves, so a client never hears of a write that failed, and one
# that reads slowly keeps no connection. Few at once: more would only wait for each other, with a thread and
# a connection each, and whoever needs one of these to end would wait for them.
ReadSession = Annotated[Session, Depends(_read, scope="function", max_concurrency=10)]
WriteSession = Annotated[Session, Depends(_write, scope="function", max_concurrency=5)]
AppSettings = Annotated[Settings, Depends(_settings)]
Artifacts = Annotated[ArtifactStore, Depends(_artifacts)]
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


SIGN_IN_COOKIE: Final = "studio_session"
_BEARER: Final = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token of POST /api/v1/tokens."
)
_COOKIE: Final = APIKeyCookie(
    name=SIGN_IN_COOKIE,
    auto_error=False,
    scheme_name="sign-in",
    description="The cookie of POST /api/v1/session.",
)


def _person(
    request: Request,
    engine: Annotated[Engine, Depends(_engine)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    cookie: Annotated[str | None, Security(_COOKIE)],
) -> Person:
    # A session of its own, closed at once: an answer that streams for hours must not hold a connection.
    token = bearer.credentials if bearer else None
    return identify(engine, bearer=token, cookie=cookie, local=is_local(request))


def require(permission: Permission) -> Callable[[Person], Coroutine[Any, Any, Person]]:
    """A dependency: the person who asks, if they have the permission; ForbiddenError otherwise."""

    # async: it waits for nothing, and so costs no thread.
    async def _allowed(person: Annotated[Person, Depends(_person, max_concurrency=5)]) -> Person:
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
