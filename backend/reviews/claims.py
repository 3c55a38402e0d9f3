"""Claims: who is looking at which label, so that several people are led to different ones.

A claim forbids nothing and needs no sweeping: it holds for `CLAIM_TIME` unless renewed, and an expired one
counts as none. Whoever writes a claim holds the lock of the label's row.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from backend.database import now
from backend.errors import ConflictError
from backend.labels.repository import SORT_COLUMNS, get_label, lock_label
from backend.labels.tables import Label
from backend.pagination import CursorValue
from backend.reviews import repository
from backend.reviews.service import require_open
from backend.reviews.tables import LabelClaim
from backend.rounds.repository import get_round
from hiast.contracts.errors import UserError

CLAIM_TIME: Final = timedelta(minutes=2)


def claim(session: Session, label_id: int, person: str) -> LabelClaim:
    """Claim the label for `person`, or renew their claim.

    Raises ConflictError when somebody else holds it, or once the round trains on its labels.
    """
    label = lock_label(session, label_id)
    require_open(get_round(session, label.round_id))
    held = _held_by_another(session, label_id, person)
    if held is not None:
        raise ConflictError(
            f"{held.person} is looking at label {label_id} until {held.expires_at:%H:%M:%S} UTC.",
            remedy=f"POST /api/v1/rounds/{label.round_id}/next gives one that is free. A decision is "
            "possible all the same.",
        )
    return _write(session, label_id, person)


def let_go(session: Session, label_id: int, person: str) -> None:
    """End the person's claim; nothing happens when there is none or it is somebody else's."""
    lock_label(session, label_id)
    repository.forget_claim(session, label_id, person)


def claim_next(
    session: Session, round_id: int, person: str, *, sort: str, after: int | None
) -> Label | None:
    """Claim the next unreviewed label that nobody else holds, in the order of `sort`, behind label `after`.

    None when there is none. Two people who ask at once never get the same one. Raises ConflictError once
    the round trains on its labels.
    """
    require_open(get_round(session, round_id))
    place = None if after is None else _place(session, round_id, after, sort)
    while True:
        label = repository.lock_next_free(session, round_id, person, sort=sort, after=place)
        if label is None:
            return None
        # Somebody may have claimed it between the look and the lock; the next look sees that claim.
        if _held_by_another(session, label.id, person) is None:
            _write(session, label.id, person)
            return label


def _place(session: Session, round_id: int, label_id: int, sort: str) -> tuple[CursorValue, int]:
    label = get_label(session, label_id)
    if label.round_id != round_id:
        raise UserError(
            f"label {label_id} belongs to round {label.round_id}, not to round {round_id}.",
            where="after",
            remedy="Give a label of this round, or leave `after` out to begin at the first.",
        )
    return getattr(label, SORT_COLUMNS[sort.removeprefix("-")].key), label.id


def _held_by_another(session: Session, label_id: int, person: str) -> LabelClaim | None:
    held = repository.valid_claims(session, [label_id]).get(label_id)
    return held if held is not None and held.person != person else None


def _write(session: Session, label_id: int, person: str) -> LabelClaim:
    written = LabelClaim(label_id=label_id, person=person, expires_at=now() + CLAIM_TIME)
    written = session.merge(written)
    session.flush()
    return written
