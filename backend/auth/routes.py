"""HTTP in and out of accounts, tokens and sign-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from backend.auth import service, sign_in
from backend.auth.person import Person
from backend.auth.schemas import (
    Credentials,
    PasswordChange,
    TokenCreate,
    TokenCreated,
    TokenRead,
    UserChange,
    UserCreate,
    UserRead,
    WhoAmI,
)
from backend.auth.service import usable_permissions
from backend.auth.sign_in import LASTS, sign_out
from backend.dependencies import (
    SIGN_IN_COOKIE,
    Admin,
    Cursor,
    DatabaseEngine,
    Id,
    Limit,
    Reader,
    ReadSession,
    WriteSession,
)
from backend.pagination import Page

router = APIRouter(tags=["people"])
door = APIRouter(tags=["people"])
"""The one route that needs no permission."""


async def _turn_to_guess() -> AsyncIterator[None]:
    yield


# Each waits for the one before, with a thread: many at once would take the threads of everybody else.
_ONE_OF_FEW: Final = Depends(_turn_to_guess, scope="function", max_concurrency=4)


@door.post("/session", status_code=201, responses={429: {}}, dependencies=[_ONE_OF_FEW])
def start_session(
    body: Credentials, request: Request, response: Response, engine: DatabaseEngine
) -> WhoAmI:
    """Sign in: the answer sets a cookie that lasts 14 days."""
    user, secret = sign_in.sign_in(engine, body, _client_of(request))
    response.set_cookie(
        SIGN_IN_COOKIE,
        secret,
        max_age=int(LASTS.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=_is_https(request),
    )
    return _who(Person(user.name, service.read_user(user).role, usable_permissions(user.role), user.id))


def _client_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_https(request: Request) -> bool:
    # A proxy that ends TLS need not tell us; the browser's own Origin does.
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")


def _who(person: Person) -> WhoAmI:
    return WhoAmI(
        name=person.name,
        role=person.role,
        permissions=sorted(person.permissions),
        local=person.user_id is None,
        user_id=person.user_id,
    )


@router.get("/session")
def get_session(person: Reader) -> WhoAmI:
    """Who you are and what you may do."""
    return _who(person)


@router.delete("/session", status_code=204)
def end_session(request: Request, response: Response, session: WriteSession, person: Reader) -> None:
    """Sign out of this browser."""
    sign_out(session, request.cookies.get(SIGN_IN_COOKIE, ""), person.name)
    response.delete_cookie(
        SIGN_IN_COOKIE, path="/", httponly=True, samesite="lax", secure=_is_https(request)
    )


@router.put("/session/password", status_code=204, responses={429: {}}, dependencies=[_ONE_OF_FEW])
def change_own_password(
    body: PasswordChange, request: Request, engine: DatabaseEngine, person: Reader
) -> None:
    """Change your own password. It ends your sign-ins in other browsers; tokens stay valid."""
    cookie = request.cookies.get(SIGN_IN_COOKIE, "")
    sign_in.change_own_password(engine, person, body, cookie=cookie, client=_client_of(request))


@router.get("/users")
def list_users(
    session: ReadSession,
    person: Admin,  # noqa: ARG001
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[UserRead]:
    """Accounts, oldest first."""
    return service.list_users(session, cursor, limit)


@router.post("/users", status_code=201)
def create_user(body: UserCreate, session: WriteSession, person: Admin, response: Response) -> UserRead:
    """Make an account. The first must be an admin with a password; then everybody must sign in."""
    user = service.create_user(session, body, person)
    response.headers["Location"] = f"/api/v1/users/{user.id}"
    return service.read_user(user)


@router.patch("/users/{user_id}")
def change_user(user_id: Id, body: UserChange, session: WriteSession, person: Admin) -> UserRead:
    """Change role, password or activity. Accounts are never deleted: decisions name them."""
    return service.read_user(service.change_user(session, user_id, body, person.name))


@router.get("/tokens", responses={404: {}})
def list_tokens(
    session: ReadSession,
    person: Reader,
    user: Annotated[Id | None, Query(description="Whose; default: yours. Others': admins only.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[TokenRead]:
    """Tokens, oldest first, with those that are no longer valid."""
    return service.list_tokens(session, person, user, cursor, limit)


@router.post("/tokens", status_code=201)
def create_token(body: TokenCreate, session: WriteSession, person: Reader) -> TokenCreated:
    """Make a token for a script. Its secret is in this answer and nowhere else."""
    return service.create_token(session, body, person)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(token_id: Id, session: WriteSession, person: Reader) -> None:
    """Revoke a token, for ever."""
    service.revoke_token(session, token_id, person)
