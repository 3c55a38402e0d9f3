"""Rows of data sets and their images."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import AsJson, Base, UtcDateTime, now
from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetSpec


class Dataset(Base):
    """A registered data set."""

    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    spec: Mapped[DatasetSpec] = mapped_column(AsJson(DatasetSpec))
    state: Mapped[str] = mapped_column(String(20), default="scanning")
    class_space: Mapped[ClassSpace | None] = mapped_column(AsJson(ClassSpace))
    image_count: Mapped[int] = mapped_column(default=0)
    faulty_count: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Image(Base):
    """One image of a data set, as the last scan found it."""

    __tablename__ = "images"
    __table_args__ = (Index("images_in_order", "dataset_id", "position", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    image_path: Mapped[str] = mapped_column(Text)
    label_path: Mapped[str | None] = mapped_column(Text)
    height: Mapped[int]
    width: Mapped[int]
    problem: Mapped[str | None] = mapped_column(Text)
