"""Queries about reviews."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.reviews.tables import Review


def list_reviews(session: Session, label_id: int) -> Sequence[Review]:
    """All decisions on a label, oldest first."""
    return session.scalars(select(Review).where(Review.label_id == label_id).order_by(Review.id)).all()
