"""Queries about reviews, claims and drafts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.database import now
from backend.labels.repository import in_order
from backend.labels.tables import Label
from backend.pagination import CursorValue
from backend.reviews.tables import LabelClaim, Review, ReviewDraft


def list_reviews(session: Session, label_id: int) -> Sequence[Review]:
    """All decisions on a label, oldest first."""
    return session.scalars(select(Review).where(Review.label_id == label_id).order_by(Review.id)).all()


def valid_claims(session: Session, label_ids: Sequence[int]) -> dict[int, LabelClaim]:
    """The claims on these labels that have not expired, by label id."""
    query = select(LabelClaim).where(LabelClaim.label_id.in_(label_ids), LabelClaim.expires_at > now())
    fresh = session.scalars(query, execution_options={"populate_existing": True})
    return {claim.label_id: claim for claim in fresh}


def lock_next_free(
    session: Session, round_id: int, person: str, *, sort: str, after: tuple[CursorValue, int] | None
) -> Label | None:
    """The first unreviewed label behind `after` that nobody but `person` claims, locked.

    PostgreSQL looks for claims before it locks: the caller looks again.
    """
    others = select(LabelClaim.label_id).where(
        LabelClaim.label_id == Label.id, LabelClaim.person != person, LabelClaim.expires_at > now()
    )
    free = select(Label).where(
        Label.round_id == round_id, Label.status == "unreviewed", ~others.exists()
    )  # fmt: skip
    first = in_order(free, sort, after).limit(1)
    return session.scalar(first.with_for_update(of=Label, skip_locked=True))


def forget_claim(session: Session, label_id: int, person: str) -> None:
    """Delete the person's claim, if there is one. The label must be locked."""
    session.execute(delete(LabelClaim).where(LabelClaim.label_id == label_id, LabelClaim.person == person))


def draft_of(session: Session, label_id: int, person: str) -> str:
    """What the person has written about the label and not sent; "" when nothing."""
    draft = session.get(ReviewDraft, (label_id, person))
    return draft.comment if draft is not None else ""


def forget_draft(session: Session, label_id: int, person: str) -> None:
    """Delete the person's draft, if there is one."""
    session.execute(
        delete(ReviewDraft).where(ReviewDraft.label_id == label_id, ReviewDraft.person == person)
    )
