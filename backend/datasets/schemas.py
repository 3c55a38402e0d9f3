"""What travels over HTTP about data sets."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.datasets import DatasetSpec

DatasetState = Literal["scanning", "ready", "failed"]


class DatasetCreate(BaseModel):
    """Register a data set under a name; a scan job looks at its files."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "camvid dusk",
                    "spec": {"kind": "camvid", "root": "/data/camvid", "split": "dusk_train.txt"},
                },
                {
                    "name": "cityscapes train, unlabelled",
                    "spec": {
                        "kind": "cityscapes",
                        "root": "/data/cityscapes",
                        "split": "train",
                        "labelled": False,
                    },
                },
            ]
        },
    )

    name: str = Field(min_length=1, max_length=120)
    spec: DatasetSpec


class DatasetRead(BaseModel):
    """A registered data set."""

    id: int
    name: str
    spec: DatasetSpec
    state: DatasetState
    class_space: ClassSpace | None
    image_count: int
    """Usable images."""
    faulty_count: int
    error: str | None
    scan_job_id: int | None
    created_at: datetime


class ImageRead(BaseModel):
    """One image of a data set; `problem` says what is wrong with it, if anything."""

    id: int
    name: str
    height: int
    width: int
    labelled: bool
    problem: str | None
