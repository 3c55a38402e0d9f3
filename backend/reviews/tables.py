"""Rows of reviews: append only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, UtcDateTime, now


class Review(Base):
    """One decision of one person on one label."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), index=True)
    decision: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str] = mapped_column(Text, default="")
    vetoed_classes: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """With the decision "veto": all classes that are vetoed from then on."""
    reviewer: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class LabelClaim(Base):
    """Somebody has this label open: the queue gives it to nobody else before `expires_at`."""

    __tablename__ = "label_claims"

    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewDraft(Base):
    """What somebody has written about a label and not sent yet."""

    __tablename__ = "review_drafts"

    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[str] = mapped_column(String(80), primary_key=True)
    comment: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
