"""What a data set is, and what scanning it found."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hiast.contracts.class_spaces import ClassSpace

DatasetKind = Literal["streets", "camvid", "folder", "cityscapes", "gta5", "synthia", "robotcar"]
StreetLook = Literal["source", "target"]
CheckLevel = Literal["headers", "pixels"]

SPLITS: Final[dict[str, tuple[str, ...]]] = {
    "cityscapes": ("train", "val", "test"),
    "robotcar": ("train", "val"),
}
"""The splits of the kinds whose layout has them. Without labels: Cityscapes test, RobotCar train."""

PIXELS_UP_TO: Final = 1000
"""Images up to which `check: auto` decodes every pixel."""

CITYSCAPES_ID_KINDS: Final = ("cityscapes", "gta5", "synthia")
"""Kinds read in the 19 Cityscapes classes, and so in RobotCar's 9 as well."""


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

    kinds, each with the layout it has when downloaded: `cityscapes` (a `split`), `gta5`, `synthia`
    (SYNTHIA-RAND-CITYSCAPES), `robotcar` (a `split`), `camvid` (`split` names a list file of
    "image label" pairs below `root`); `folder`: `root`/images and (optional) `root`/labels, classes in
    `root`/classes.json; `streets`: scenes generated from `streets` into `root` (folder layout), once.
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
    class_space: Literal["robotcar"] | None = None
    """Read a Cityscapes, GTA5 or SYNTHIA set in the 9 classes of Oxford RobotCar instead of its 19."""
    check: Literal["auto", "headers", "pixels"] = "auto"
    """What a scan looks at. `headers`: sizes, channels and the end of each file, without decoding;
    `pixels`: every pixel; `auto`: pixels up to 1,000 images, headers above."""

    @model_validator(mode="after")
    def _check(self) -> DatasetSpec:
        if self.kind == "camvid" and not self.split:
            raise ValueError(
                "a camvid data set needs `split`: the name of its list file, such as train.txt"
            )
        if self.kind in SPLITS and self.split not in SPLITS[self.kind]:
            raise ValueError(
                f"a {self.kind} data set needs `split`, one of {', '.join(SPLITS[self.kind])}; "
                f"it is {self.split!r}"
            )
        if self.split is not None and self.kind != "camvid" and self.kind not in SPLITS:
            raise ValueError(
                f"`split` is {self.split!r}, but a {self.kind} data set has no splits; leave it out"
            )
        if (self.kind == "streets") != (self.streets is not None):
            raise ValueError("`streets` options belong to kind 'streets', and that kind needs them")
        if self.class_space is not None and self.kind not in CITYSCAPES_ID_KINDS:
            raise ValueError(
                f"`class_space` is {self.class_space!r}, but only {', '.join(CITYSCAPES_ID_KINDS)} can be "
                f"read in other classes, not {self.kind}; leave it out"
            )
        return self

    def check_level(self, images: int) -> CheckLevel:
        """What a scan of that many images looks at."""
        if self.check == "auto":
            return "pixels" if images <= PIXELS_UP_TO else "headers"
        return self.check


class ImageEntry(BaseModel):
    """One image of a data set, as scanning found it. Paths are relative to the data set's root."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Unique in the data set: the image path without its extension and without what all paths of the
    kind share, '/' kept (Cityscapes: aachen/aachen_000000_000019)."""
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
