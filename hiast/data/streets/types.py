"""Array, colour and point types of the scene renderer."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED, STREETS

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Colour = tuple[float, float, float]
"""Red, green, blue reflectance or light, 0..255 (light: multiples of 1)."""
Point = tuple[float, float, float]
"""X right, Y up from the ground, Z forward of the camera, metres."""

ROAD: Final = STREETS.classes.index("road")
SIDEWALK: Final = STREETS.classes.index("sidewalk")
BUILDING: Final = STREETS.classes.index("building")
FENCE: Final = STREETS.classes.index("fence")
POLE: Final = STREETS.classes.index("pole")
SIGN: Final = STREETS.classes.index("traffic sign")
VEGETATION: Final = STREETS.classes.index("vegetation")
TERRAIN: Final = STREETS.classes.index("terrain")
SKY: Final = STREETS.classes.index("sky")
PERSON: Final = STREETS.classes.index("person")
RIDER: Final = STREETS.classes.index("rider")
CAR: Final = STREETS.classes.index("car")
VOID: Final = IGNORED


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` moved towards `second` by `share` (0..1)."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def scaled(colour: Colour, factor: float) -> Colour:
    """`colour` times `factor`, at most 255."""
    return (min(255.0, colour[0] * factor), min(255.0, colour[1] * factor), min(255.0, colour[2] * factor))


def varied(generator: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """`colour` with brightness and tint jittered by about `spread` (relative)."""
    common = 1.0 + generator.normal(0.0, spread)
    red, green, blue = (1.0 + generator.normal(0.0, spread * 0.3, 3)) * common * np.asarray(colour)
    return (
        float(np.clip(red, 0, 255)),
        float(np.clip(green, 0, 255)),
        float(np.clip(blue, 0, 255)),
    )
