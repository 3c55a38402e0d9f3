"""Requests that a client may send twice without anything happening twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.database import now, read_session, write_session
from backend.errors import ConflictError
from backend.idempotency.tables import IdempotentRequest

KEPT_FOR: Final = timedelta(days=7)
"""How long a key is remembered."""


def once(
    session: Session, person: str, key: str | None, operation: str, asked: str, make: Callable[[], int]
) -> int:
    """The id `make` answers; with a key that was used before, the id it answered then.

    `asked`: everything the request asks for, as text. Raises ConflictError when the key was used for
    something else. The key is stored in the same transaction as what `make` does.
    """
    if key is None:
        return make()
    digest = hashlib.sha256(f"{operation} {asked}".encode()).hexdigest()
    request = IdempotentRequest(
        person=person, key=key, operation=operation, request_digest=digest, subject_id=0
    )
    if not _is_first(session, request):
        return _earlier_subject(session, request)
    request.subject_id = make()
    return request.subject_id


def _is_first(session: Session, request: IdempotentRequest) -> bool:
    """Claim the key before anything is done.

    When two requests with one key arrive at once, the database lets the second wait here until the first
    has committed, and then refuses its key: so it finds the answer of the first. Had the first failed,
    the second does the work.
    """
    try:
        with session.begin_nested():
            session.add(request)
    except IntegrityError:
        return False
    return True


def _earlier_subject(session: Session, request: IdempotentRequest) -> int:
    earlier = session.scalars(
        select(IdempotentRequest).where(
            IdempotentRequest.person == request.person, IdempotentRequest.key == request.key
        )
    ).one()
    if earlier.request_digest != request.request_digest:
        raise ConflictError(
            f"Idempotency-Key {request.key!r} was used for another request ({earlier.operation}, "
            f"{earlier.created_at:%Y-%m-%d %H:%M:%S} UTC).",
            where="Idempotency-Key",
            remedy="Send a new key with every new request; repeat a key only with the same request.",
        )
    return earlier.subject_id


def forget_old_keys(engine: Engine) -> int:
    """Delete keys older than `KEPT_FOR`; says how many."""
    old = IdempotentRequest.created_at < now() - KEPT_FOR
    with read_session(engine) as session:
        if session.scalar(select(IdempotentRequest.id).where(old).limit(1)) is None:
            return 0
    with write_session(engine) as session:
        return len(
            session.scalars(delete(IdempotentRequest).where(old).returning(IdempotentRequest.id)).all()
        )
