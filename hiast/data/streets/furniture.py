"""Street furniture: lamp posts, bollards, traffic signs and direction boards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.data.streets.canvas import Canvas, Position, Texture
from hiast.data.streets.noise import Pattern
from hiast.data.streets.types import POLE, SIGN, Colour, scaled, varied

_METAL: Colour = (112, 116, 120)
_RED: Colour = (196, 30, 36)
_BLUE: Colour = (24, 76, 160)
_WHITE: Colour = (236, 236, 232)
_BLACK: Colour = (30, 30, 32)
_STEEL = Texture(Pattern.GRAIN, 12.0, 0.12)


@dataclass(frozen=True)
class Post:
    """A lamp post (with an arm towards the road) or a bollard; x from the centreline, metres."""

    x: float
    z: float
    height: float
    arm: float
    """Reach of the lamp arm, signed, metres; 0: a bare pole."""


@dataclass(frozen=True)
class SignPost:
    """A traffic sign on its pole; x from the centreline, metres."""

    x: float
    z: float
    height: float
    size: float
    """Radius of the plate, metres."""
    kind: str
    """ban, warning, order, crossing, stop or board"""


def _bar(
    canvas: Canvas, ends: tuple[Position, Position], width: float, colour: Colour, surface: int
) -> None:
    """A straight bar between two canvas positions, at least two canvas pixels wide."""
    (x0, y0), (x1, y1) = ends
    half = max(1.0, width / 2)
    length = max(1e-6, float(np.hypot(x1 - x0, y1 - y0)))
    ox, oy = (y1 - y0) / length * half, -(x1 - x0) / length * half
    canvas.polygon(
        [(x0 + ox, y0 + oy), (x1 + ox, y1 + oy), (x1 - ox, y1 - oy), (x0 - ox, y0 - oy)], colour, surface
    )


def draw_post(canvas: Canvas, post: Post, generator: np.random.Generator) -> None:
    """A pole, thicker at its foot; with an arm, a lamp head that glows at dusk."""
    camera = canvas.camera
    x = float(camera.centreline(post.z)) + post.x
    scale = camera.pixels_per_metre(post.z)
    surface = canvas.billboard(POLE, post.z, _STEEL)
    metal = varied(generator, _METAL, 0.12)
    foot, knee, top = camera.project(
        [(x, 0, post.z), (x, min(1.2, post.height / 2), post.z), (x, post.height, post.z)]
    )
    _bar(canvas, (foot, top), 0.15 * scale, metal, surface)
    _bar(canvas, (foot, knee), 0.24 * scale, scaled(metal, 0.85), surface)
    if not post.arm:
        return
    head = camera.project([(x + post.arm, post.height + 0.25, post.z)])[0]
    _bar(canvas, (top, head), 0.1 * scale, metal, surface)
    half = max(1.5, 0.38 * scale)
    lamp = canvas.lamp(POLE) if canvas.light.lamps else surface
    shade = [(head[0] - half, head[1] - half / 3), (head[0] + half, head[1] - half / 3)]
    low = [(head[0] + half, head[1] + half / 4), (head[0] - half, head[1] + half / 4)]
    canvas.polygon(shade + low, (255, 226, 170) if canvas.light.lamps else scaled(metal, 0.8), lamp)
    canvas.glow((x + post.arm, post.height + 0.1, post.z), 2.2, (170, 120, 58))


def draw_sign(canvas: Canvas, sign: SignPost, generator: np.random.Generator) -> None:
    """The pole (class pole) and the plate with its symbol (class traffic sign)."""
    camera = canvas.camera
    x = float(camera.centreline(sign.z)) + sign.x
    scale = camera.pixels_per_metre(sign.z)
    metal = varied(generator, _METAL, 0.1)
    pole = canvas.billboard(POLE, sign.z, _STEEL)
    feet = (-0.8 * sign.size, 0.8 * sign.size) if sign.kind == "board" else (0.0,)
    for shift in feet:
        ends = camera.project([(x + shift, 0.0, sign.z), (x + shift, sign.height, sign.z)])
        _bar(canvas, (ends[0], ends[1]), 0.09 * scale, metal, pole)
    centre = camera.project([(x, sign.height - sign.size * 0.6, sign.z)])[0]
    surface = canvas.billboard(SIGN, sign.z, brightness=1.15)
    radius = max(2.0, sign.size * scale)
    if sign.kind == "board":
        _draw_board(canvas, centre, radius, surface, generator)
    elif sign.kind in ("warning", "stop", "crossing"):
        _draw_polygon_sign(canvas, sign.kind, centre, radius, surface)
    else:
        outer, inner = (_RED, _WHITE) if sign.kind == "ban" else (_WHITE, _BLUE)
        canvas.ellipse(centre, (radius, radius), outer, surface)
        canvas.ellipse(centre, (0.76 * radius, 0.76 * radius), inner, surface)
        symbol = _BLACK if sign.kind == "ban" else _WHITE
        left, right = (centre[0] - 0.4 * radius, centre[1]), (centre[0] + 0.4 * radius, centre[1])
        _bar(canvas, (left, right), 0.28 * radius, symbol, surface)


def _regular(centre: Position, radius: float, corners: int, start: float) -> list[Position]:
    angles = start + 2.0 * np.pi * np.arange(corners) / corners
    return [(centre[0] + radius * float(np.cos(a)), centre[1] + radius * float(np.sin(a))) for a in angles]


def _draw_polygon_sign(canvas: Canvas, kind: str, centre: Position, radius: float, surface: int) -> None:
    shapes: dict[str, tuple[int, float, Colour, Colour]] = {
        "warning": (3, -np.pi / 2, _RED, _WHITE),
        "stop": (8, np.pi / 8, _WHITE, _RED),
        "crossing": (4, np.pi / 4, _WHITE, _BLUE),
    }
    corners, start, outer, inner = shapes[kind]
    grown = radius * (1.25 if kind != "stop" else 1.05)
    canvas.polygon(_regular(centre, grown, corners, start), outer, surface)
    canvas.polygon(_regular(centre, 0.74 * grown, corners, start), inner, surface)
    symbol = _BLACK if kind == "warning" else _WHITE
    high, low = (centre[0], centre[1] - 0.35 * radius), (centre[0], centre[1] + 0.3 * radius)
    _bar(canvas, (high, low), 0.2 * radius, symbol, surface)


def _draw_board(
    canvas: Canvas, centre: Position, radius: float, surface: int, generator: np.random.Generator
) -> None:
    """A direction board: a rectangle with lines of white lettering."""
    colour = _BLUE if generator.random() < 0.6 else (20, 108, 66)
    wide, tall = 1.5 * radius, 0.85 * radius
    for grown, fill in ((1.06, _WHITE), (1.0, colour)):
        w, h = wide * grown, tall * grown
        box = [
            (centre[0] - w, centre[1] - h),
            (centre[0] + w, centre[1] - h),
            (centre[0] + w, centre[1] + h),
        ]
        canvas.polygon([*box, (centre[0] - w, centre[1] + h)], fill, surface)
    for row in (-0.45, 0.1, 0.55):
        length = float(generator.uniform(0.5, 1.4))
        start = (centre[0] - 0.8 * wide, centre[1] + row * tall)
        _bar(canvas, (start, (start[0] + length * wide, start[1])), 0.2 * tall, _WHITE, surface)
