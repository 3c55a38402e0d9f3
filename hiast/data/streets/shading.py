"""From surfaces to light: averages the drawn edges, then looks up depth, texture and light per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from hiast.data.streets.camera import Camera
from hiast.data.streets.canvas import Canvas
from hiast.data.streets.ground import Ground
from hiast.data.streets.noise import look_up
from hiast.data.streets.types import SKY, Bytes, Floats

_FOOT_SHADE = 0.32
"""How much darker surfaces are where they meet the ground."""


@dataclass(frozen=True)
class Drawing:
    """A canvas at picture size. All (height, width)."""

    colour: Floats
    """(height, width, 3) mean reflectance 0..255; nothing drawn counts as black."""
    coverage: Floats
    """Share of the pixel that something was drawn on, 0..1."""
    front: Bytes
    """Surface number to light the drawn part with."""
    sampled: Bytes
    """Surface number at the pixel's sampling point, 0 where nothing was drawn: decides the class."""


def reduce_canvas(canvas: Canvas, factor: int) -> Drawing:
    """Average the colours over factor x factor blocks; numbers are picked, never averaged."""
    surface = canvas.image.getchannel("A")
    mask = surface.point([0] + [255] * 255)
    colour = canvas.image.convert("RGB").reduce(factor)
    numbers = np.asarray(surface)
    sampled = np.ascontiguousarray(numbers[factor - 1 :: factor, factor - 1 :: factor])
    front = np.where(sampled > 0, sampled, numbers[::factor, ::factor])
    if factor == 2:
        front = np.where(front > 0, front, np.maximum(numbers[::2, 1::2], numbers[1::2, ::2]))
    coverage = np.asarray(mask.reduce(factor), np.float32) / np.float32(255.0)
    return Drawing(np.asarray(colour, np.float32), coverage, front, sampled)


def shade(
    canvas: Canvas, drawing: Drawing, view: Camera, ground: Ground, sky: Floats
) -> tuple[Floats, Bytes]:
    """Light (height, width, 3) float32 0..255 and class ids (height, width) at picture size."""
    light, distance = _shade_objects(canvas, drawing, view)
    first = ground.first_row
    background = np.concatenate([sky, _light_ground(canvas, ground, view)])
    open_ground = drawing.front[first:] == 0
    distance[first:] = np.where(open_ground, ground.distance, distance[first:])
    labels = np.asarray([entry.label for entry in canvas.surfaces], np.uint8)[drawing.sampled]
    labels[first:] = np.where(drawing.sampled[first:] == 0, ground.labels, labels[first:])
    light += (1.0 - drawing.coverage)[..., None] * background
    veil = 1.0 - np.exp(-canvas.light.haze * distance)
    veil *= labels != SKY
    light += veil[..., None] * (np.asarray(canvas.light.horizon, np.float32) - light)
    return light, labels


def _shade_objects(canvas: Canvas, drawing: Drawing, view: Camera) -> tuple[Floats, Floats]:
    """Lit colours (times coverage) and distance of everything drawn."""
    front = drawing.front
    across, down = view.rays()
    surfaces = canvas.surfaces

    def per_pixel(values: list[float]) -> Floats:
        found: Floats = np.asarray(values, np.float32)[front]
        return found

    inverse = per_pixel([s.across for s in surfaces]) * across + per_pixel([s.level for s in surfaces])
    distance = 1.0 / np.clip(inverse, 1e-3, 1.0)
    along = per_pixel([s.along[0] for s in surfaces]) * across + per_pixel([s.along[1] for s in surfaces])
    height = view.eye_height - distance * down
    density = per_pixel([s.texture.density for s in surfaces])
    pattern = np.asarray([int(s.texture.pattern) for s in surfaces], np.int32)[front]
    s, t = along * distance * density, height * -density
    resolved = np.minimum(2.0 * view.focal / (distance * density), 1.0)
    value = resolved * look_up(pattern, s, t) + 0.5 * look_up(pattern, 0.23 * s, 0.23 * t)
    strength = [s.texture.strength * canvas.light.texture for s in surfaces]
    tone = 1.0 + per_pixel(strength) * value
    tone *= 1.0 - _FOOT_SHADE * np.exp(-2.2 * np.maximum(height, 0.0))
    tone = np.where(np.asarray([s.emits for s in surfaces])[front], np.float32(1.0), tone)
    light = np.asarray([s.light for s in surfaces], np.float32)[front]
    light *= drawing.colour
    light *= tone[..., None]
    return light, distance


def _light_ground(canvas: Canvas, ground: Ground, view: Camera) -> Floats:
    """Sun and sky on the ground, less the shadows."""
    softness = 0.5 if canvas.light.casts_shadows else 2.5
    small = canvas.shadows.resize((view.width, view.height), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(softness * view.width / 512.0))
    dark = np.asarray(blurred, np.float32)[ground.first_row :] * np.float32(0.8 / 255.0)
    full = np.asarray(canvas.light.on((0.0, 1.0, 0.0)), np.float32)
    lit = ground.reflectance * full
    lit *= (1.0 - dark)[..., None]
    return lit
