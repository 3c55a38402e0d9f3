"""Persons on foot and riders on two-wheelers: jointed outlines, a metre scaled to the distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.data.streets.canvas import Canvas, Position, Texture
from hiast.data.streets.noise import Pattern
from hiast.data.streets.types import PERSON, RIDER, Colour, scaled, varied

_CLOTHES: tuple[Colour, ...] = (
    (40, 44, 60), (150, 40, 44), (60, 90, 140), (200, 196, 186), (90, 94, 84), (206, 150, 60),
    (34, 34, 36), (120, 70, 110), (70, 120, 100), (180, 90, 60),
)  # fmt: skip
_SKIN: tuple[Colour, ...] = ((226, 180, 150), (196, 146, 112), (140, 96, 70), (96, 66, 50))
_CLOTH = Texture(Pattern.GRAIN, 40.0, 0.15)
_DARK: Colour = (30, 30, 34)


@dataclass(frozen=True)
class Walker:
    """A person on foot; x from the road's centreline, metres."""

    x: float
    z: float
    height: float
    facing: int
    """-1 walks to the left, 1 to the right, 0 along the street."""


@dataclass(frozen=True)
class Cyclist:
    """A rider with a two-wheeler; x from the road's centreline, metres."""

    x: float
    z: float
    facing: int
    """-1 rides to the left, 1 to the right, 0 along the street."""
    motor: bool


class _Figure:
    """Draws limbs given in metres right of and above the point where the figure stands."""

    def __init__(self, canvas: Canvas, x: float, z: float, surface: int) -> None:
        self.canvas = canvas
        self.foot = canvas.camera.project([(x, 0.0, z)])[0]
        self.scale = canvas.camera.pixels_per_metre(z)
        self.surface = surface

    def place(self, at: Position) -> Position:
        return self.foot[0] + at[0] * self.scale, self.foot[1] - at[1] * self.scale

    def limb(self, joints: list[Position], width: float, colour: Colour) -> None:
        """A band of constant width (metres) through the joints, at least two pixels wide."""
        half = max(width / 2, 1.0 / self.scale)
        for first, last in zip(joints[:-1], joints[1:], strict=True):
            direction = np.subtract(last, first)
            length = max(1e-6, float(np.hypot(*direction)))
            across = (-direction[1] / length * half, direction[0] / length * half)
            self.outline(
                [
                    (first[0] + across[0], first[1] + across[1]),
                    (last[0] + across[0], last[1] + across[1]),
                    (last[0] - across[0], last[1] - across[1]),
                    (first[0] - across[0], first[1] - across[1]),
                ],
                colour,
            )

    def outline(self, corners: list[Position], colour: Colour) -> None:
        self.canvas.polygon([self.place(corner) for corner in corners], colour, self.surface)

    def disc(self, at: Position, radii: Position, colour: Colour) -> None:
        size = (max(1.0, radii[0] * self.scale), max(1.0, radii[1] * self.scale))
        self.canvas.ellipse(self.place(at), size, colour, self.surface)


def _pick(generator: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return varied(generator, colours[generator.integers(len(colours))], 0.1)


def draw_walker(canvas: Canvas, walker: Walker, generator: np.random.Generator) -> None:
    """Legs in stride, coat or jacket, swinging arms, head with hair, sometimes a bag."""
    x = float(canvas.camera.centreline(walker.z)) + walker.x
    figure = _Figure(canvas, x, walker.z, canvas.billboard(PERSON, walker.z, _CLOTH))
    tall = walker.height
    jacket, trousers = _pick(generator, _CLOTHES), scaled(_pick(generator, _CLOTHES), 0.7)
    skin = _pick(generator, _SKIN)
    stride = float(generator.uniform(0.06, 0.24)) * (1.0 if walker.facing else 0.45)
    lean = 0.03 * walker.facing
    hip, neck = (0.0, 0.5 * tall), (lean, 0.83 * tall)
    for side in (-1.0, 1.0):
        foot = (side * stride * tall * 0.8, 0.02)
        knee = (side * stride * tall * 0.45 + 0.05 * walker.facing, 0.26 * tall)
        figure.limb([hip, knee, foot], 0.085 * tall, scaled(trousers, 1.0 if side > 0 else 0.82))
        toe = 0.12 * (walker.facing or side * 0.3)
        figure.limb([foot, (foot[0] + toe, 0.03)], 0.07, _DARK)
    broad = 0.135 * tall if walker.facing == 0 else 0.1 * tall
    hem = 0.42 * tall if generator.random() < 0.4 else 0.5 * tall
    swing = stride * 0.9
    figure.limb(
        [(neck[0] - broad, 0.8 * tall), (-broad - swing * 0.4, 0.5 * tall)],
        0.055 * tall,
        scaled(jacket, 0.8),
    )
    torso = [
        (-broad * 0.9, hem),
        (lean - broad, 0.8 * tall),
        neck,
        (lean + broad, 0.8 * tall),
        (broad * 0.9, hem),
    ]
    figure.outline(torso, jacket)
    figure.limb(
        [(neck[0] + broad, 0.8 * tall), (broad + swing * 0.4, 0.5 * tall)],
        0.055 * tall,
        scaled(jacket, 0.9),
    )
    head = (1.4 * lean, 0.915 * tall)
    figure.disc(head, (0.058 * tall, 0.072 * tall), skin)
    hair = (head[0] - 0.02 * walker.facing, head[1] + 0.025 * tall)
    figure.disc(hair, (0.058 * tall, 0.05 * tall), scaled(_pick(generator, _SKIN), 0.3))
    if generator.random() < 0.35:
        figure.disc((-broad * (walker.facing or 1), 0.66 * tall), (0.09, 0.17), _pick(generator, _CLOTHES))


def draw_cyclist(canvas: Canvas, cyclist: Cyclist, generator: np.random.Generator) -> None:
    """Rider and two-wheeler, both of class rider; from the side or from behind."""
    x = float(canvas.camera.centreline(cyclist.z)) + cyclist.x
    figure = _Figure(canvas, x, cyclist.z, canvas.billboard(RIDER, cyclist.z, _CLOTH))
    if cyclist.facing:
        _draw_from_side(figure, cyclist, generator)
    else:
        _draw_from_behind(figure, cyclist, generator)
        if cyclist.motor:
            canvas.glow((x, 0.75, cyclist.z), 0.45, (150, 26, 16))


def _draw_from_side(figure: _Figure, cyclist: Cyclist, generator: np.random.Generator) -> None:
    ahead, radius = float(cyclist.facing), 0.3 if cyclist.motor else 0.34
    frame, jacket = _pick(generator, _CLOTHES), _pick(generator, _CLOTHES)
    trousers, skin = scaled(_pick(generator, _CLOTHES), 0.6), _pick(generator, _SKIN)
    wheel = 0.15 if cyclist.motor else 0.07
    for hub in (-0.52, 0.52):
        turn = np.linspace(0.0, 2.0 * np.pi, 13)
        rim = [(hub + radius * float(np.cos(a)), radius + radius * float(np.sin(a))) for a in turn]
        figure.limb(rim, wheel, _DARK)
    if cyclist.motor:
        bulk = [(-0.75, 0.55), (-0.7, 0.85), (0.1, 0.8), (0.45, 1.0), (0.6, 0.6), (0.1, 0.3), (-0.4, 0.35)]
        figure.outline([(ahead * px, py) for px, py in bulk], frame)
    else:
        bars = [(-0.52, radius), (-0.15, 0.85), (0.36, 0.88), (0.52, radius)]
        figure.limb([(ahead * px, py) for px, py in bars], 0.06, frame)
        figure.limb([(ahead * 0.36, 0.88), (ahead * -0.05, 0.32), (ahead * -0.18, 0.9)], 0.05, frame)
    figure.limb([(ahead * 0.36, 0.88), (ahead * 0.4, 1.05)], 0.05, _DARK)
    hip, shoulder = (ahead * -0.18, 0.98), (ahead * 0.12, 1.45)
    figure.limb([hip, (ahead * 0.2, 0.75), (ahead * 0.02, 0.32)], 0.14, trousers)
    figure.limb([hip, (ahead * 0.15, 0.85), (ahead * -0.1, 0.42)], 0.13, scaled(trousers, 0.8))
    figure.limb([hip, shoulder], 0.27, jacket)
    figure.limb([shoulder, (ahead * 0.28, 1.15), (ahead * 0.42, 1.06)], 0.09, scaled(jacket, 0.85))
    figure.disc((ahead * 0.2, 1.64), (0.1, 0.13), skin)
    helmet = _pick(generator, _CLOTHES)
    figure.disc((ahead * 0.18, 1.69), (0.13, 0.1), helmet)


def _draw_from_behind(figure: _Figure, cyclist: Cyclist, generator: np.random.Generator) -> None:
    jacket, skin = _pick(generator, _CLOTHES), _pick(generator, _SKIN)
    trousers = scaled(_pick(generator, _CLOTHES), 0.6)
    figure.limb([(0.0, 0.0), (0.0, 0.66)], 0.2 if cyclist.motor else 0.09, _DARK)
    figure.limb([(-0.3, 1.02), (0.3, 1.02)], 0.07, _DARK)
    if cyclist.motor:
        figure.outline([(-0.2, 0.4), (-0.24, 0.85), (0.24, 0.85), (0.2, 0.4)], _pick(generator, _CLOTHES))
        figure.disc((0.0, 0.75), (0.07, 0.05), (200, 40, 36))
    for side in (-1.0, 1.0):
        lift = 0.12 if side > 0 else 0.0
        figure.limb(
            [(side * 0.1, 0.95), (side * 0.17, 0.6 + lift), (side * 0.13, 0.25 + lift)], 0.13, trousers
        )
        figure.limb(
            [(side * 0.2, 1.42), (side * 0.34, 1.2), (side * 0.28, 1.04)], 0.1, scaled(jacket, 0.85)
        )
    figure.outline([(-0.17, 0.88), (-0.23, 1.42), (0.0, 1.52), (0.23, 1.42), (0.17, 0.88)], jacket)
    figure.disc((0.0, 1.63), (0.1, 0.13), skin)
    figure.disc((0.0, 1.68), (0.125, 0.11), _pick(generator, _CLOTHES))
