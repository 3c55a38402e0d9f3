"""The pinhole camera of a scene and the bend of the road before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hiast.data.streets.types import Floats, Point

NEAR = 1.0
"""Nearest distance, metres, that is drawn."""
_STRAIGHT_FROM = 80.0
"""Beyond this distance, metres, the road continues straight."""


@dataclass(frozen=True)
class Camera:
    """Looks along +Z without roll; pitch and yaw only move the horizon and the vanishing point."""

    width: int
    height: int
    """Picture size, pixels."""
    focal: float
    centre_x: float
    horizon_y: float
    """Focal length and vanishing point, pixels."""
    eye_height: float
    """Above the ground, metres."""
    bend: float
    """Curvature of the road, 1/metres, positive to the right."""

    def centreline(self, z: Floats | float) -> Floats:
        """Sideways offset, metres, of the road at distance z."""
        bent = np.minimum(z, _STRAIGHT_FROM)
        beyond = np.maximum(np.asarray(z) - _STRAIGHT_FROM, 0.0)
        return np.asarray(0.5 * self.bend * bent * bent + self.bend * _STRAIGHT_FROM * beyond, np.float32)

    def heading(self, z: float) -> tuple[float, float]:
        """Unit direction (x, z) of the road at distance z."""
        slope = self.bend * min(z, _STRAIGHT_FROM)
        length = float(np.hypot(slope, 1.0))
        return slope / length, 1.0 / length

    def project(self, points: Sequence[Point] | Floats) -> list[tuple[float, float]]:
        """Picture positions (x, y) of world points; distances below NEAR are moved to NEAR."""
        world = np.asarray(points, dtype=np.float64)
        scale = self.focal / np.maximum(world[:, 2], NEAR)
        x = self.centre_x + world[:, 0] * scale
        y = self.horizon_y + (self.eye_height - world[:, 1]) * scale
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def pixels_per_metre(self, z: float) -> float:
        """Pixels of one metre across at distance z."""
        return self.focal / max(z, NEAR)

    def rays(self) -> tuple[Floats, Floats]:
        """Ray slopes: X/Z per column (1, width) and downwards -Y/Z per row (height, 1)."""
        across = (np.arange(self.width, dtype=np.float32) + 0.5 - self.centre_x) / self.focal
        down = (np.arange(self.height, dtype=np.float32) + 0.5 - self.horizon_y) / self.focal
        return across[None, :].astype(np.float32), down[:, None].astype(np.float32)

    def reduced(self, factor: int) -> Camera:
        """The same view in a picture `factor` times smaller."""
        return replace(
            self,
            width=self.width // factor,
            height=self.height // factor,
            focal=self.focal / factor,
            centre_x=self.centre_x / factor,
            horizon_y=self.horizon_y / factor,
        )
