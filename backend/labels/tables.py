"""Rows of labels; their pixels lie in the artifact store."""

from __future__ import annotations

import hashlib

from sqlalchemy import JSON, ForeignKey, Index, String, Text, cast, type_coerce
from sqlalchemy.orm import Mapped, column_property, mapped_column

from backend.database import AsJson, Base
from hiast.contracts.reports import LabelReport


class Label(Base):
    """The pseudo-label of one image in one round."""

    __tablename__ = "labels"
    __table_args__ = (
        Index("labels_in_order", "round_id", "position", unique=True),
        Index("labels_by_share", "round_id", "kept_share"),
        Index("labels_by_name", "round_id", "name", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"))
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    """Place in the labelling order."""
    kept_share: Mapped[float]
    report: Mapped[LabelReport] = mapped_column(AsJson(LabelReport))
    attempt: Mapped[int]
    """Attempt of the job that wrote the files; part of the layer URLs' digest."""
    status: Mapped[str] = mapped_column(String(20), default="unreviewed")
    version: Mapped[int] = mapped_column(default=1)
    """Counts decisions; the ETag of the label."""
    vetoed_classes: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Classes whose kept pixels of this label nobody trains on; None: nobody has vetoed any."""

    # Parts of the report that lists show, read without the whole of it.
    height: Mapped[int] = column_property(type_coerce(report, JSON)["height"].as_integer())
    width: Mapped[int] = column_property(type_coerce(report, JSON)["width"].as_integer())
    report_text: Mapped[str] = column_property(cast(report, Text))

    @property
    def layers_digest(self) -> str:
        """Changes when any stored layer changes; no two labels share it, of whatever database."""
        content = hashlib.sha256(self.report_text.encode()).hexdigest()[:12]
        return f"{self.id}-{self.attempt}-{content}"
