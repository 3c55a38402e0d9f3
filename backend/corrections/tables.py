"""Rows of corrections: what people drew over labels. Append only; the pixels lie in the artifact store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import AsJson, Base, UtcDateTime, now
from hiast.contracts.decisions import CorrectionCounts


class Correction(Base):
    """One version of the correction of a label. The newest one counts."""

    __tablename__ = "corrections"
    __table_args__ = (UniqueConstraint("label_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"))
    version: Mapped[int]
    """1, 2, ... of the label."""
    person: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    file: Mapped[str | None] = mapped_column(Text)
    """Its name below `corrections_key`, never written again; None: with this version it was deleted."""
    counts: Mapped[CorrectionCounts | None] = mapped_column(AsJson(CorrectionCounts))

    @property
    def corrected_pixels(self) -> dict[int, int]:
        """Pixels that were given a class, by class id."""
        return self.counts.corrected_pixels if self.counts else {}

    @property
    def ignored_pixels(self) -> int:
        """Pixels that were set to ignored."""
        return self.counts.ignored_pixels if self.counts else 0

    @property
    def deleted(self) -> bool:
        """With this version the correction was deleted."""
        return self.file is None
