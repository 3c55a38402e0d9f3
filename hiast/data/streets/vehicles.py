"""Cars and vans as extruded side profiles, seen from any direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.data.streets.canvas import SMOOTH, Canvas
from hiast.data.streets.types import CAR, Colour, Point, mix, scaled

Profile = tuple[tuple[float, float], ...]
"""(metres from the rear, height) from the lower rear corner over the roof to the lower front one."""

PROFILES: dict[str, Profile] = {
    "saloon": (
        (0.0, 0.28), (0.0, 0.82), (0.12, 0.94), (0.75, 0.98), (1.3, 1.4), (2.55, 1.43), (3.25, 0.98),
        (4.25, 0.86), (4.4, 0.62), (4.4, 0.28),
    ),
    "hatchback": (
        (0.0, 0.28), (0.0, 0.86), (0.1, 0.96), (0.45, 1.44), (2.2, 1.5), (2.95, 1.0), (3.75, 0.88),
        (3.9, 0.62), (3.9, 0.28),
    ),
    "estate": (
        (0.0, 0.32), (0.0, 0.95), (0.08, 1.05), (0.4, 1.66), (2.7, 1.7), (3.4, 1.12), (4.3, 1.0),
        (4.5, 0.72), (4.5, 0.32),
    ),
    "van": (
        (0.0, 0.32), (0.0, 1.1), (0.05, 1.2), (0.15, 2.05), (3.9, 2.1), (4.55, 1.2), (5.0, 1.05),
        (5.1, 0.7), (5.1, 0.32),
    ),
}  # fmt: skip
_PAINTS: tuple[Colour, ...] = (
    (200, 202, 206), (60, 62, 68), (28, 30, 36), (166, 30, 34), (36, 62, 132), (228, 228, 226),
    (112, 118, 124), (52, 88, 66), (196, 170, 116), (210, 120, 36), (90, 130, 170),
)  # fmt: skip
_TYRE: Colour = (24, 24, 26)
_GLASS: Colour = (54, 66, 78)


@dataclass(frozen=True)
class Vehicle:
    """One car. `x` from the road's centreline; `turn` 0 drives away, pi towards us, pi/2 to the right."""

    x: float
    z: float
    turn: float
    model: str
    parked: bool = False


class _Body:
    """A vehicle placed in the world: turns (length, height, width) into world points."""

    def __init__(self, canvas: Canvas, vehicle: Vehicle) -> None:
        heading_x, heading_z = canvas.camera.heading(vehicle.z)
        cosine, sine = float(np.cos(vehicle.turn)), float(np.sin(vehicle.turn))
        self.forward = (heading_x * cosine + heading_z * sine, heading_z * cosine - heading_x * sine)
        self.right = (self.forward[1], -self.forward[0])
        self.centre = (float(canvas.camera.centreline(vehicle.z)) + vehicle.x, vehicle.z)
        self.profile = PROFILES[vehicle.model]
        self.length = max(point[0] for point in self.profile)
        self.half = 1.0 if vehicle.model == "van" else 0.88
        self.eye = (
            -self.centre[0] * self.forward[0] - self.centre[1] * self.forward[1] + self.length / 2,
            canvas.camera.eye_height,
            -self.centre[0] * self.right[0] - self.centre[1] * self.right[1],
        )

    def half_width(self, height: float) -> float:
        """The cabin leans inwards above the belt line."""
        return self.half - 0.3 * max(0.0, height - 1.0)

    def point(self, along: float, height: float, across: float) -> Point:
        along -= self.length / 2
        return (
            self.centre[0] + along * self.forward[0] + across * self.right[0],
            height,
            self.centre[1] + along * self.forward[1] + across * self.right[1],
        )

    def strip(
        self, first: tuple[float, float], last: tuple[float, float], share: float = 1.0
    ) -> list[Point]:
        """The quadrilateral between two profile points over the (share of the) car's width."""
        low, high = share * self.half_width(first[1]), share * self.half_width(last[1])
        return [
            self.point(*first, -low),
            self.point(*last, -high),
            self.point(*last, high),
            self.point(*first, low),
        ]


def draw_vehicle(canvas: Canvas, vehicle: Vehicle, generator: np.random.Generator) -> None:
    """Underside, ends and top, then the flank that faces the camera; lamps when it is dark."""
    body = _Body(canvas, vehicle)
    paint = _PAINTS[generator.integers(len(_PAINTS))]
    ends = canvas.wall(
        CAR, body.centre, (body.centre[0] + body.right[0], body.centre[1] + body.right[1]),
        (-body.forward[0], -body.forward[1]) if body.eye[0] < 0 else body.forward, SMOOTH,
    )  # fmt: skip
    _draw_wheels(canvas, body, ends, inner=True)
    _draw_strips(canvas, body, ends, paint)
    if body.eye[0] < 0:
        _draw_rear(canvas, body, ends, vehicle)
    elif body.eye[0] > body.length:
        _draw_front(canvas, body, ends, vehicle)
    if abs(body.eye[2]) > body.half:
        _draw_flank(canvas, body, paint)


def _draw_strips(canvas: Canvas, body: _Body, surface: int, paint: Colour) -> None:
    """The faces across the car that can be seen: ends darker, roof and bonnet reflecting the sky."""
    steps = list(zip(body.profile[:-1], body.profile[1:], strict=True))
    visible = [(first, last) for first, last in steps if _faces(first, last, body.eye)]
    visible.sort(key=lambda step: -abs((step[0][0] + step[1][0]) / 2 - body.eye[0]))
    for first, last in visible:
        rise = abs(last[1] - first[1]) / (abs(last[0] - first[0]) + abs(last[1] - first[1]) + 1e-6)
        sky = mix(scaled(paint, 0.95), (214, 224, 236), 0.3 * (1.0 - rise))
        canvas.shape(body.strip(first, last), scaled(sky, 1.0 - 0.18 * rise), surface)
        is_window = max(first[1], last[1]) > 1.35 and min(first[1], last[1]) < 1.25
        if is_window:
            inner = [_towards(first, last, 0.08), _towards(first, last, 0.88)]
            canvas.shape(body.strip(inner[0], inner[1], 0.88), _GLASS, surface)
            gleam = [_towards(first, last, 0.55), _towards(first, last, 0.88)]
            canvas.shape(body.strip(gleam[0], gleam[1], 0.88), mix(_GLASS, (190, 205, 220), 0.35), surface)


def _towards(first: tuple[float, float], last: tuple[float, float], share: float) -> tuple[float, float]:
    return first[0] + (last[0] - first[0]) * share, first[1] + (last[1] - first[1]) * share


def _faces(first: tuple[float, float], last: tuple[float, float], eye: Point) -> bool:
    """Whether the outside of a profile edge can be seen from the eye (length, height, width)."""
    outward = (first[1] - last[1], last[0] - first[0])
    return outward[0] * (eye[0] - first[0]) + outward[1] * (eye[1] - first[1]) > 0


def _end_patch(
    body: _Body, at: float, across: tuple[float, float], height: tuple[float, float]
) -> list[Point]:
    return [
        body.point(at, height[0], across[0]),
        body.point(at, height[1], across[0]),
        body.point(at, height[1], across[1]),
        body.point(at, height[0], across[1]),
    ]


def _draw_rear(canvas: Canvas, body: _Body, surface: int, vehicle: Vehicle) -> None:
    """Tail lamps, plate and bumper."""
    shining = canvas.light.lamps and not vehicle.parked
    lamp = canvas.lamp(CAR) if shining else surface
    top = body.profile[1][1]
    canvas.shape(_end_patch(body, -0.02, (-body.half, body.half), (0.28, 0.46)), (44, 44, 48), surface)
    canvas.shape(_end_patch(body, -0.03, (-0.27, 0.27), (0.5, 0.62)), (226, 222, 200), surface)
    for side in (-1.0, 1.0):
        inner, outer = side * body.half * 0.62, side * body.half * 0.98
        red = (255, 58, 40) if shining else (168, 26, 28)
        canvas.shape(_end_patch(body, -0.03, (inner, outer), (top - 0.2, top - 0.02)), red, lamp)
        if shining:
            canvas.glow(body.point(-0.05, top - 0.1, (inner + outer) / 2), 0.55, (150, 26, 16))


def _draw_front(canvas: Canvas, body: _Body, surface: int, vehicle: Vehicle) -> None:
    """Headlamps, grille, plate."""
    shining = canvas.light.lamps and not vehicle.parked
    lamp = canvas.lamp(CAR) if shining else surface
    at = body.length + 0.02
    canvas.shape(_end_patch(body, at, (-0.5, 0.5), (0.5, 0.66)), (30, 30, 34), surface)
    canvas.shape(_end_patch(body, at, (-body.half, body.half), (0.28, 0.4)), (44, 44, 48), surface)
    canvas.shape(_end_patch(body, at, (-0.26, 0.26), (0.4, 0.5)), (230, 228, 214), surface)
    for side in (-1.0, 1.0):
        inner, outer = side * body.half * 0.6, side * body.half * 0.97
        white = (255, 250, 226) if shining else (206, 212, 218)
        canvas.shape(_end_patch(body, at, (inner, outer), (0.56, 0.72)), white, lamp)
        if shining:
            canvas.glow(body.point(at, 0.64, (inner + outer) / 2), 1.1, (190, 180, 150))


def _draw_wheels(canvas: Canvas, body: _Body, surface: int, *, inner: bool) -> None:
    """Tyres: as dark blocks under the body (inner), or as discs with rims on the near flank."""
    canvas.shape([body.point(along, 0.14, w) for along, w in _outline(body)], (18, 18, 20), surface)
    if inner:
        for at in (0.05, body.length - 0.05):
            for side in (-1.0, 1.0):
                patch = _end_patch(body, at, (side * body.half * 0.68, side * body.half), (0.0, 0.5))
                canvas.shape(patch, _TYRE, surface)
        return
    side = body.half * (1.0 if body.eye[2] > 0 else -1.0)
    turn = np.linspace(0.0, 2.0 * np.pi, 14, endpoint=False)
    for at in (0.8, body.length - 0.85):
        for radius, colour in ((0.34, _TYRE), (0.2, (150, 152, 156)), (0.08, (70, 70, 74))):
            rim = [
                body.point(at + radius * float(np.cos(a)), 0.33 + radius * float(np.sin(a)), side * 1.01)
                for a in turn
            ]
            canvas.shape(rim, colour, surface)


def _outline(body: _Body) -> list[tuple[float, float]]:
    return [
        (0.1, -body.half),
        (0.1, body.half),
        (body.length - 0.1, body.half),
        (body.length - 0.1, -body.half),
    ]


def _draw_flank(canvas: Canvas, body: _Body, paint: Colour) -> None:
    """The side of the car: body, side windows, sill, door line, wheels."""
    side = 1.0 if body.eye[2] > 0 else -1.0
    normal = (body.right[0] * side, body.right[1] * side)
    start = (
        body.centre[0] + side * body.half * body.right[0],
        body.centre[1] + side * body.half * body.right[1],
    )
    surface = canvas.wall(
        CAR, start, (start[0] + body.forward[0], start[1] + body.forward[1]), normal, SMOOTH
    )
    outline = [body.point(along, h, side * body.half_width(h)) for along, h in body.profile]
    canvas.shape(outline, scaled(paint, 0.92), surface)
    low = [(0.0, 0.28), (0.0, 0.42), (body.length, 0.42), (body.length, 0.28)]
    canvas.shape([body.point(along, h, side * body.half) for along, h in low], scaled(paint, 0.5), surface)
    tops = [point for point in body.profile if point[1] > 1.35]
    rear, front, belt = tops[0], tops[-1], min(1.3, body.profile[2][1] + 0.08)
    slope = 0.5 if rear[0] > 1.0 else 0.18
    windows = [
        ((rear[0] - slope + 0.1, belt), (rear[0] + 0.1, rear[1] - 0.08), (rear[0] + 1.05, rear[1] - 0.08)),
        ((rear[0] + 1.15, belt), (rear[0] + 1.15, rear[1] - 0.08), (front[0] - 0.02, front[1] - 0.08)),
    ]
    lasts = [(rear[0] + 1.05, belt), (front[0] + 0.5, belt)]
    for corners, last in zip(windows, lasts, strict=True):
        pane = [body.point(along, h, side * body.half_width(h)) for along, h in (*corners, last)]
        canvas.shape(pane, _GLASS, surface)
    _draw_wheels(canvas, body, surface, inner=False)
