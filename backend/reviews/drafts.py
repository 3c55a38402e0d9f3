"""Drafts: what people have written about a label and not sent with a decision yet."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.labels.repository import lock_label
from backend.reviews import repository
from backend.reviews.tables import ReviewDraft


def save_draft(session: Session, label_id: int, person: str, comment: str) -> None:
    """Keep `comment` as the person's draft of the label; "" deletes it."""
    # Two tabs may save at once: the lock makes the later one win instead of failing.
    lock_label(session, label_id)
    if comment:
        session.merge(ReviewDraft(label_id=label_id, person=person, comment=comment))
    else:
        repository.forget_draft(session, label_id, person)
