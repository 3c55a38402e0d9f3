"""What a data set is, and what scanning it found."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hiast.contracts.class_spaces import ClassSpace

DatasetKind = Literal["streets", "camvid", "folder"]
StreetLook = Literal["source", "target"]


class StreetsOptions(BaseModel):
    """How many generated street scenes, in which look, from which seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    look: StreetLook = "source"
    count: int = Field(default=60, ge=1, le=100_000)
    seed: int = 0
    height: int = Field(default=256, ge=16, le=4096)
    width: int = Field(default=512, ge=16, le=8192)


class DatasetSpec(BaseModel):
    """Where a data set lies and how to read it; enough to open it on any machine that sees `root`.

    kinds: `camvid`: `split` names a list file of "image label" pairs below `root`; `folder`:
    `root`/images and (optional) `root`/labels, classes in `root`/classes.json; `streets`: scenes
    generated from `streets` into `root` (folder layout), once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: DatasetKind
    root: str = Field(min_length=1)
    split: str | None = None
    streets: StreetsOptions | None = None
    labelled: bool = True
    """False: label files, if any, are not read (a target set whose labels must not be seen)."""
    limit: int | None = Field(default=None, ge=1)
    """Use only this many images, evenly spread over the list."""

    @model_validator(mode="after")
    def _check(self) -> DatasetSpec:
        if self.kind == "camvid" and not self.split:
            raise ValueError(
                "a camvid data set needs `split`: the name of its list file, such as train.txt"
            )
        if (self.kind == "streets") != (self.streets is not None):
            raise ValueError("`streets` options belong to kind 'streets', and that kind needs them")
        return self


class ImageEntry(BaseModel):
    """One image of a data set, as scanning found it. Paths are relative to the data set's root."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Unique in the data set: the image path without its extension, '/' kept."""
    image_path: str
    label_path: str | None = None
    height: int = 0
    width: int = 0
    problem: str | None = None
    """What is wrong with it and what to do, or None. Faulty images are left out of every run."""


class DatasetScan(BaseModel):
    """Everything known of a data set after scanning: the usable and the faulty images."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: ClassSpace
    entries: tuple[ImageEntry, ...]

    @property
    def usable(self) -> tuple[ImageEntry, ...]:
        """The entries without a problem, in data set order."""
        return tuple(entry for entry in self.entries if entry.problem is None)
