"""Who sent a request: the owner of a token, somebody signed in, or whoever sits at the machine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import Engine, or_, update
from sqlalchemy.orm import Session

from backend.auth import repository
from backend.auth.person import LOCAL_PERSON, Person, Role
from backend.auth.secret import digest_of
from backend.auth.service import usable_permissions
from backend.auth.tables import Token, User
from backend.database import now, read_session, write_session
from backend.errors import UnauthorizedError

USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)
"""A token's last use is written at most so often: a write in every request would queue up readers."""


def identify(engine: Engine, *, bearer: str | None, cookie: str | None, local: bool) -> Person:
    """The person behind a request. Raises UnauthorizedError.

    A token that is sent must be valid. A cookie that is not is as good as none: it may belong to
    another studio on this host. `local`: the request comes from this machine.
    """
    with read_session(engine) as session:
        if bearer is not None:
            person, stale = _owner_of(session, bearer)
        else:
            person, stale = _signed_in(session, cookie) or _local_person(session, local), None
    if stale is not None:
        _note_use(engine, stale)
    return person


def _owner_of(session: Session, secret: str) -> tuple[Person, Token | None]:
    """The owner of a token, and the token when its use is to be noted."""
    moment = now()
    found = repository.token_of(session, digest_of(secret))
    if found is None or not _is_valid(*found, moment):
        raise UnauthorizedError(
            "the token is unknown, expired, revoked, or its owner is no longer active.",
            where="Authorization",
            remedy="Make another one under Settings.",
        )
    token, user = found
    stale = token.last_used_at is None or token.last_used_at < moment - USE_IS_NOTED_EVERY
    return _person(user, token.scopes), token if stale else None


def _is_valid(token: Token, user: User, moment: datetime) -> bool:
    expired = token.expires_at is not None and token.expires_at <= moment
    return user.active and token.revoked_at is None and not expired


def _note_use(engine: Engine, token: Token) -> None:
    with write_session(engine) as session:
        earlier = or_(Token.last_used_at.is_(None), Token.last_used_at < now() - USE_IS_NOTED_EVERY)
        session.execute(update(Token).where(Token.id == token.id, earlier).values(last_used_at=now()))


def _signed_in(session: Session, cookie: str | None) -> Person | None:
    found = repository.sign_in_of(session, digest_of(cookie)) if cookie else None
    if found is None:
        return None
    sign_in, user = found
    return _person(user) if user.active and sign_in.expires_at > now() else None


def _local_person(session: Session, local: bool) -> Person:
    if repository.any_user(session):
        raise UnauthorizedError(
            "nobody is signed in.",
            remedy="Sign in at /sign-in, or send a token as Authorization: Bearer.",
        )
    if not local:
        raise UnauthorizedError(
            "there are no accounts yet, so only the machine this runs on may use it.",
            remedy="Set an admin password there: ./studio password, or STUDIO_ADMIN_PASSWORD.",
        )
    return LOCAL_PERSON


def _person(user: User, scopes: list[str] | None = None) -> Person:
    permissions = usable_permissions(user.role, scopes)
    return Person(user.name, cast(Role, user.role), permissions, user.id, by_token=scopes is not None)
