"""Rows of comparisons of a round with the one before."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import AsJson, Base
from hiast.contracts.changes import ChangeReport


class RoundChanges(Base):
    """What a job has found last, or is asked to find."""

    __tablename__ = "round_changes"

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    """The newest job."""
    revision: Mapped[int | None]
    """The revision of the round that `report` is of."""
    report: Mapped[ChangeReport | None] = mapped_column(AsJson(ChangeReport))
