"""Where a scene is drawn: colour and surface number in one picture, without anti-aliasing.

A polygon writes its reflectance into red, green, blue and the number of its surface into alpha.
Class, depth, texture and light of a pixel follow from the surface, so labels are exact by
construction. Smooth edges come from drawing at twice the size and averaging after shading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from hiast.contracts.class_spaces import STREETS
from hiast.data.streets.camera import Camera
from hiast.data.streets.looks import Light
from hiast.data.streets.noise import Pattern
from hiast.data.streets.types import SKY, Colour, Floats, Point

Position = tuple[float, float]
MAX_SURFACES = 255
_LIT: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Texture:
    """How a surface's reflectance varies: pattern, texels per metre, relative strength."""

    pattern: Pattern
    density: float
    strength: float


SMOOTH = Texture(Pattern.FLAT, 1.0, 0.0)


@dataclass(frozen=True)
class Surface:
    """An upright plane: 1/Z = across·(X/Z) + level; `along` is its horizontal direction (x, z)."""

    label: int
    across: float
    level: float
    along: Position
    light: Colour
    texture: Texture
    emits: bool = False


@dataclass(frozen=True)
class Glow:
    """A lamp that outshines its surroundings: canvas position, radius in pixels, added light."""

    at: Position
    radius: float
    colour: Colour


class Canvas:
    """The picture in progress: polygons, surfaces, shadows on the ground, lamps."""

    def __init__(self, camera: Camera, light: Light) -> None:
        self.camera = camera
        self.light = light
        size = (camera.width, camera.height)
        self.image = Image.new("RGBA", size)
        self._draw = ImageDraw.Draw(self.image)
        self.shadows = Image.new("L", size)
        self._shadow_draw = ImageDraw.Draw(self.shadows)
        self.surfaces: list[Surface] = [Surface(SKY, 0.0, 1e-3, (1.0, 0.0), _LIT, SMOOTH)]
        self.glows: list[Glow] = []
        self._known: dict[Surface, int] = {}
        for label in range(STREETS.num_classes):
            self.billboard(label, 20.0)

    def _add(self, surface: Surface) -> int:
        """The number of that surface. When all are taken, the nearest one of its class stands in."""
        if surface in self._known:
            return self._known[surface]
        if len(self.surfaces) > MAX_SURFACES:
            same = [i for i, other in enumerate(self.surfaces) if i and other.label == surface.label]
            return min(same, key=lambda i: abs(self.surfaces[i].level - surface.level))
        self.surfaces.append(surface)
        self._known[surface] = len(self.surfaces) - 1
        return self._known[surface]

    def wall(self, label: int, start: Position, end: Position, normal: Position, texture: Texture) -> int:
        """Surface number of the upright plane through two ground points (x, z)."""
        offset = normal[0] * start[0] + normal[1] * start[1]
        offset = offset if abs(offset) > 1e-3 else 1e-3
        length = max(1e-3, float(np.hypot(end[0] - start[0], end[1] - start[1])))
        along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        light = self.light.on((normal[0], 0.0, normal[1]))
        return self._add(Surface(label, normal[0] / offset, normal[1] / offset, along, light, texture))

    def billboard(self, label: int, z: float, texture: Texture = SMOOTH, brightness: float = 1.0) -> int:
        """Surface number of a plane facing the camera at distance z (rounded, to share numbers)."""
        rounded = float(np.exp(round(np.log(max(z, 1.0)) * 12) / 12))
        red, green, blue = self.light.on((0.0, 0.5, -0.8))
        light = (red * brightness, green * brightness, blue * brightness)
        return self._add(Surface(label, 0.0, 1.0 / rounded, (1.0, 0.0), light, texture))

    def lamp(self, label: int) -> int:
        """Surface number of everything of that class that shines by itself."""
        return self._add(Surface(label, 0.0, 0.04, (1.0, 0.0), _LIT, SMOOTH, emits=True))

    def polygon(self, corners: Sequence[Position], colour: Colour, surface: int) -> None:
        """Fill a polygon given in canvas pixels."""
        self._draw.polygon(corners, fill=(int(colour[0]), int(colour[1]), int(colour[2]), surface))

    def shape(self, points: Sequence[Point] | Floats, colour: Colour, surface: int) -> None:
        """Fill a polygon given by world points, metres."""
        self.polygon(self.camera.project(points), colour, surface)

    def quads(self, corners: Floats, colours: Sequence[Colour], surface: int) -> None:
        """Fill n quadrilaterals of world points (n, 4, 3), each in its colour."""
        flat = self.camera.project(corners.reshape(-1, 3))
        for index, colour in enumerate(colours):
            self.polygon(flat[4 * index : 4 * index + 4], colour, surface)

    def ellipse(self, centre: Position, radii: Position, colour: Colour, surface: int) -> None:
        """Fill an upright ellipse in canvas pixels."""
        box = (centre[0] - radii[0], centre[1] - radii[1], centre[0] + radii[0], centre[1] + radii[1])
        self._draw.ellipse(box, fill=(int(colour[0]), int(colour[1]), int(colour[2]), surface))

    def shadow(self, ground: Sequence[Position], strength: float) -> None:
        """Darken a polygon of ground points (x, z); `strength` 0..1."""
        corners = self.camera.project([(x, 0.0, z) for x, z in ground])
        self._shadow_draw.polygon(corners, fill=int(255 * strength))

    def glow(self, at: Point, radius: float, colour: Colour) -> None:
        """A lamp at a world point with a halo of `radius` metres; only drawn when lamps are on."""
        if self.light.lamps:
            size = radius * self.camera.pixels_per_metre(at[2])
            self.glows.append(Glow(self.camera.project([at])[0], size, colour))
