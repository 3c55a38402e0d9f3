"""Class spaces: what a class id means, its name, its colour. A label file without one cannot be read."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, model_validator

from hiast.contracts.errors import NotFoundError

IGNORED: Final = 255
"""Id of a pixel without a label, in every label map of the project."""

Colour = tuple[int, int, int]


class ClassSpace(BaseModel):
    """An ordered list of classes; a class's id is its place in the list (0..254)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    classes: tuple[str, ...]
    colours: tuple[Colour, ...]
    thing_classes: tuple[int, ...] = ()
    """Ids of countable objects (person, car, ...), which people look for first."""

    @model_validator(mode="after")
    def _check(self) -> ClassSpace:
        if not 1 <= len(self.classes) < IGNORED:
            raise ValueError(f"a class space has 1 to 254 classes, {self.name} has {len(self.classes)}")
        if len(self.classes) != len(self.colours):
            raise ValueError(
                f"{self.name}: {len(self.classes)} classes but {len(self.colours)} colours; give one each"
            )
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"{self.name}: class names must differ")
        return self

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return len(self.classes)

    def palette(self) -> list[int]:
        """256×3 colour bytes for a paletted PNG; ids without a class are black."""
        flat = [channel for colour in self.colours for channel in colour]
        return flat + [0] * (768 - len(flat))


CITYSCAPES = ClassSpace(
    name="cityscapes",
    classes=(
        "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
        "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train",
        "motorcycle", "bicycle",
    ),
    colours=(
        (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153),
        (153, 153, 153), (250, 170, 30), (220, 220, 0), (107, 142, 35), (152, 251, 152),
        (70, 130, 180), (220, 20, 60), (255, 0, 0), (0, 0, 142), (0, 0, 70), (0, 60, 100),
        (0, 80, 100), (0, 0, 230), (119, 11, 32),
    ),
    thing_classes=(11, 12, 13, 14, 15, 16, 17, 18),
)  # fmt: skip

ROBOTCAR = ClassSpace(
    name="robotcar",
    classes=(
        "sky", "person", "two-wheeler", "vehicle", "traffic sign", "traffic light", "building",
        "sidewalk", "road",
    ),
    colours=(
        (70, 130, 180), (220, 20, 60), (119, 11, 32), (0, 0, 142), (220, 220, 0), (250, 170, 30),
        (70, 70, 70), (244, 35, 232), (128, 64, 128),
    ),
    thing_classes=(1, 2, 3),
)  # fmt: skip

SYNTHIA_16: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18)
"""Cityscapes ids that occur in SYNTHIA: all but terrain, truck and train. mIoU16 averages over these."""

SYNTHIA_13: Final = (0, 1, 2, 6, 7, 8, 10, 11, 12, 13, 15, 17, 18)
"""... also without wall, fence and pole. mIoU13 averages over these."""

CAMVID = ClassSpace(
    name="camvid",
    classes=(
        "sky", "building", "pole", "road", "pavement", "tree", "sign symbol", "fence", "car",
        "pedestrian", "bicyclist",
    ),
    colours=(
        (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222),
        (128, 128, 0), (192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
    ),
    thing_classes=(8, 9, 10),
)  # fmt: skip

STREETS = ClassSpace(
    name="streets",
    classes=(
        "road", "sidewalk", "building", "fence", "pole", "traffic sign", "vegetation", "terrain",
        "sky", "person", "rider", "car",
    ),
    colours=(
        (128, 64, 128), (244, 35, 232), (70, 70, 70), (190, 153, 153), (153, 153, 153),
        (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60),
        (255, 0, 0), (0, 0, 142),
    ),
    thing_classes=(9, 10, 11),
)  # fmt: skip

CLASS_SPACES: Final = {space.name: space for space in (CITYSCAPES, ROBOTCAR, CAMVID, STREETS)}


def class_space(name: str) -> ClassSpace:
    """The built-in class space of that name. Raises NotFoundError naming those that exist."""
    if name not in CLASS_SPACES:
        raise NotFoundError(
            f"class space {name!r} is unknown.", remedy=f"Known: {', '.join(sorted(CLASS_SPACES))}."
        )
    return CLASS_SPACES[name]
