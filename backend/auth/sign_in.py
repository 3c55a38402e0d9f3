"""Signing in and out of browsers, and refusing those who guess."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import ceil
from typing import Final, NoReturn

from sqlalchemy import ColumnElement, Engine, delete, select
from sqlalchemy.orm import Session

from backend.audit.service import record
from backend.audit.tables import AuditEvent
from backend.auth import repository
from backend.auth.passwords import hash_password, is_password
from backend.auth.person import Person
from backend.auth.schemas import Credentials, PasswordChange
from backend.auth.secret import digest_of, new_secret
from backend.auth.tables import SignIn, User
from backend.database import now, read_session, write_session
from backend.errors import ConflictError, ForbiddenError, TooManyAttemptsError, UnauthorizedError
from hiast.contracts.errors import UserError

LASTS: Final = timedelta(days=14)
REFUSED: Final = "sign_in.refused"
WINDOW: Final = timedelta(minutes=10)
REFUSALS_OF_A_NAME: Final = 5
REFUSALS_OF_A_CLIENT: Final = 20

# One guess at a time in each process: so many at once cannot slip past the count, and argon2, which
# takes 64 MiB, cannot fill the memory.
_one_guess = threading.Lock()


def sign_in(engine: Engine, credentials: Credentials, client: str) -> tuple[User, str]:
    """The user and the secret of the new sign-in, for the cookie.

    Raises UnauthorizedError, and TooManyAttemptsError (without looking at the password) after too many
    refusals of this name, or of the address `client`.
    """
    with _turn_to_guess(engine, credentials.name, client):
        with read_session(engine) as session:
            user = repository.user_named(session, credentials.name)
        stored = user.password_hash if user is not None and user.active else None
        if not is_password(stored, credentials.password) or user is None:
            _refuse(engine, credentials.name, client)
    return _enter(engine, user.id, stored, client)


def change_own_password(
    engine: Engine, person: Person, change: PasswordChange, *, cookie: str, client: str
) -> None:
    """Give yourself another password; it ends all your sign-ins but that of `cookie`.

    Raises UserError for a wrong present one, TooManyAttemptsError after too many, and ForbiddenError for
    a token.
    """
    if person.by_token or person.user_id is None:
        raise ForbiddenError(
            "a token cannot change a password." if person.by_token else "there are no accounts yet.",
            remedy="Sign in with name and password first.",
        )
    with _turn_to_guess(engine, person.name, client):
        with read_session(engine) as session:
            stored = repository.get_user(session, person.user_id).password_hash
        if not is_password(stored, change.present):
            with write_session(engine) as session:
                record(session, person.name, REFUSED, "user", person.user_id, after={"client": client})
            raise UserError("it is not your present password.", where="present", remedy="Type it again.")
    new_hash = hash_password(change.new)
    with write_session(engine) as session:
        user = repository.get_user(session, person.user_id)
        session.refresh(user, with_for_update=True)
        if not user.active or user.password_hash != stored:
            raise ConflictError("the account was changed just now.", remedy="Sign in again.")
        user.password_hash = new_hash
        others = (SignIn.user_id == user.id, SignIn.digest != digest_of(cookie))
        session.execute(delete(SignIn).where(*others))
        record(session, user.name, "user.change", "user", user.id, after={"password": "changed"})


def _enter(engine: Engine, user_id: int, checked_hash: str | None, client: str) -> tuple[User, str]:
    secret, moment = new_secret(), now()
    with write_session(engine) as session:
        user = repository.get_user(session, user_id)
        session.refresh(user, with_for_update=True)
        if not user.active or user.password_hash != checked_hash:
            raise UnauthorizedError("the account was changed just now.", remedy="Sign in again.")
        session.execute(delete(SignIn).where(SignIn.expires_at <= moment))
        session.add(SignIn(user_id=user.id, digest=digest_of(secret), expires_at=moment + LASTS))
        record(session, user.name, "sign_in", "user", user.id, after={"client": client})
    return user, secret


def _refuse(engine: Engine, name: str, client: str) -> NoReturn:
    # In a transaction of its own: the request ends with an error, which undoes the others.
    with write_session(engine) as session:
        record(session, name, REFUSED, "sign_in", None, after={"client": client})
    raise UnauthorizedError("Name or password is wrong.", remedy="Passwords are case-sensitive.")


@contextmanager
def _turn_to_guess(engine: Engine, name: str, client: str) -> Iterator[None]:
    """Wait for the one guess at a time. Raises TooManyAttemptsError, also when others failed meanwhile."""
    _check_refusals(engine, name, client)
    with _one_guess:
        _check_refusals(engine, name, client)
        yield


def _check_refusals(engine: Engine, name: str, client: str) -> None:
    with read_session(engine) as session:
        of_name = _refusals(session, AuditEvent.person == name)
        of_client = _refusals(session, AuditEvent.after["client"].as_string() == client)
    waits = [
        moments[-limit] + WINDOW - now()
        for moments, limit in ((of_name, REFUSALS_OF_A_NAME), (of_client, REFUSALS_OF_A_CLIENT))
        if len(moments) >= limit
    ]
    if waits:
        raise TooManyAttemptsError(
            "too many sign-ins with a wrong name or password.",
            seconds=max(1, ceil(max(waits).total_seconds())),
        )


def _refusals(session: Session, of_whom: ColumnElement[bool]) -> Sequence[datetime]:
    """When, within the window, oldest first."""
    recent = (AuditEvent.action == REFUSED, AuditEvent.at > now() - WINDOW)
    query = select(AuditEvent.at).where(*recent, of_whom).order_by(AuditEvent.at)
    return session.scalars(query).all()


def sign_out(session: Session, cookie: str, person: str) -> None:
    """End the sign-in of this cookie."""
    found = repository.sign_in_of(session, digest_of(cookie))
    if found is not None:
        sign_in_, user = found
        session.delete(sign_in_)
        record(session, person, "sign_out", "user", user.id)
