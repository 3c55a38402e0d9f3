"""The plan of a scene: the road, its kerbs and what borders it.

All x are metres from the camera's path (which follows the bend), all z metres ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_DISTRICTS = ("centre", "residential", "avenue")


@dataclass(frozen=True)
class Border:
    """One side of the road, from the kerb outwards. Widths in metres."""

    side: int
    district: str
    kerb: float
    """Distance of the road's edge from x = 0 (positive on both sides)."""
    verge: float
    """Grass between kerb and pavement."""
    pavement: float
    parking: bool

    @property
    def outer(self) -> float:
        """Where the pavement ends (distance from x = 0)."""
        return self.kerb + self.verge + self.pavement


@dataclass(frozen=True)
class Street:
    """The road and its two borders."""

    left: Border
    right: Border
    lane: float
    """Lane width."""
    divider: float
    """x of the line between the directions."""
    junction: tuple[float, float] | None
    """z range of a crossing street."""
    zebra: tuple[float, float] | None
    worn: float
    """How worn markings and surface are, 0..1."""


def sample_street(generator: np.random.Generator) -> Street:
    """A two- or four-lane street through one or two kinds of district, often with a junction."""
    lane = float(generator.uniform(3.0, 3.6))
    first = str(generator.choice(_DISTRICTS, p=[0.45, 0.3, 0.25]))
    second = first if generator.random() < 0.6 else str(generator.choice(_DISTRICTS))
    left = _sample_border(-1, first, lane, generator)
    right = _sample_border(1, second, lane, generator)
    junction = None
    if generator.random() < 0.5:
        start = float(generator.uniform(16.0, 55.0))
        junction = (start, start + float(generator.uniform(7.0, 11.0)))
    zebra = None
    if generator.random() < 0.55:
        start = junction[0] - 4.5 if junction else float(generator.uniform(10.0, 35.0))
        zebra = (start, start + 3.2)
    return Street(left, right, lane, -lane / 2, junction, zebra, float(generator.random()))


def _sample_border(side: int, district: str, lane: float, generator: np.random.Generator) -> Border:
    lanes = (1.5 if side < 0 else 0.5) + (1 if district == "avenue" and generator.random() < 0.5 else 0)
    parking = bool(generator.random() < {"centre": 0.6, "residential": 0.65, "avenue": 0.35}[district])
    verge = 0.0 if district == "centre" or generator.random() < 0.5 else float(generator.uniform(1.0, 2.4))
    pavement = float(generator.uniform(2.4, 4.6) if district == "centre" else generator.uniform(1.6, 2.8))
    return Border(side, district, lanes * lane + (2.2 if parking else 0.35), verge, pavement, parking)


def in_junction(street: Street, near: float, far: float, margin: float = 1.0) -> bool:
    """Does a stretch of road (z in metres) touch the crossing street, `margin` metres included?"""
    if street.junction is None:
        return False
    return far > street.junction[0] - margin and near < street.junction[1] + margin
