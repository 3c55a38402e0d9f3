"""Requests that a client may send twice without anything happening twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import ConflictError
from backend.idempotency.tables import IdempotentRequest


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
    earlier = session.scalar(
        select(IdempotentRequest).where(IdempotentRequest.person == person, IdempotentRequest.key == key)
    )
    if earlier is not None:
        if earlier.request_digest != digest:
            raise ConflictError(
                f"Idempotency-Key {key!r} was used for another request ({earlier.operation}, "
                f"{earlier.created_at:%Y-%m-%d %H:%M:%S} UTC).",
                where="Idempotency-Key",
                remedy="Send a new key with every new request; repeat a key only with the same request.",
            )
        return earlier.subject_id
    subject_id = make()
    session.add(
        IdempotentRequest(
            person=person, key=key, operation=operation, request_digest=digest, subject_id=subject_id
        )
    )
    return subject_id
