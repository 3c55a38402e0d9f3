"""From surfaces to light: looks up depth, texture and light of every pixel and averages down."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from hiast.data.streets.canvas import Canvas
from hiast.data.streets.ground import Ground
from hiast.data.streets.noise import look_up
from hiast.data.streets.types import SKY, Bytes, Floats

_FOOT_SHADE = 0.32
"""How much darker surfaces are where they meet the ground."""


def shade(canvas: Canvas, ground: Ground, sky: Floats) -> tuple[Floats, Bytes]:
    """Light (height, width, 3) float32 0..255 and class ids (height, width) at canvas size."""
    drawn = np.asarray(canvas.image)
    surface = drawn[..., 3]
    objects, distance = _shade_objects(canvas, drawn)
    first = ground.first_row
    background = np.empty_like(objects)
    background[:first] = sky
    background[first:] = _light_ground(canvas, ground)
    distance[first:] = np.where(surface[first:] == 0, ground.distance, distance[first:])
    labels = np.asarray([entry.label for entry in canvas.surfaces], np.uint8)[surface]
    labels[first:] = np.where(surface[first:] == 0, ground.labels, labels[first:])
    light = np.where((surface == 0)[..., None], background, objects)
    veil = 1.0 - np.exp(-canvas.light.haze * distance)
    veil *= labels != SKY
    light += veil[..., None] * (np.asarray(canvas.light.horizon, np.float32) - light)
    return light, labels


def _shade_objects(canvas: Canvas, drawn: Bytes) -> tuple[Floats, Floats]:
    """Lit colours and distance of all drawn surfaces."""
    surface = drawn[..., 3]
    across, down = canvas.camera.rays()
    table = np.asarray(
        [
            (s.across, s.level, s.along[0], s.along[1], s.texture.density, s.texture.strength)
            for s in canvas.surfaces
        ],
        np.float32,
    )
    light = np.asarray([s.light for s in canvas.surfaces], np.float32)
    pattern = np.asarray([int(s.texture.pattern) for s in canvas.surfaces], np.int32)[surface]
    emits = np.asarray([s.emits for s in canvas.surfaces])[surface]
    inverse = table[:, 0][surface] * across + table[:, 1][surface]
    distance = 1.0 / np.clip(inverse, 1e-3, 1.0)
    along = distance * (across * table[:, 2][surface] + table[:, 3][surface])
    height = canvas.camera.eye_height - distance * down
    density = table[:, 4][surface]
    resolved = np.clip(canvas.camera.focal / (distance * density), 0.0, 1.0)
    pattern_value = look_up(pattern, along * density, height * -density)
    coarse = look_up(pattern, along * density * 0.23, height * density * -0.23)
    strength = table[:, 5][surface] * canvas.light.texture
    tone = 1.0 + strength * (resolved * pattern_value + 0.5 * coarse)
    foot = 1.0 - _FOOT_SHADE * np.exp(-2.2 * np.maximum(height, 0.0))
    tone *= foot
    factor = light[surface] * np.where(emits, np.float32(1.0), tone)[..., None]
    return drawn[..., :3] * factor, distance


def _light_ground(canvas: Canvas, ground: Ground) -> Floats:
    """Sun and sky on the ground, less the shadows."""
    softness = 0.6 if canvas.light.casts_shadows else 2.5
    scale = canvas.camera.width / 1024.0
    small = canvas.shadows.reduce(2).filter(ImageFilter.GaussianBlur(softness * scale))
    blurred = np.asarray(small.resize(canvas.shadows.size, Image.Resampling.BILINEAR), np.float32)
    dark = blurred[ground.first_row :] / 255.0
    full = np.asarray(canvas.light.on((0.0, 1.0, 0.0)), np.float32)
    lit = ground.reflectance * full
    lit *= (1.0 - 0.8 * dark)[..., None]
    return lit


def average_down(light: Floats, factor: int) -> Floats:
    """Mean of factor x factor blocks."""
    if factor == 1:
        return light
    height, width = light.shape[0] // factor, light.shape[1] // factor
    total = light[0 : height * factor : factor, 0 : width * factor : factor].copy()
    for row in range(factor):
        for column in range(factor):
            if row or column:
                total += light[row : height * factor : factor, column : width * factor : factor]
    total /= factor * factor
    return total
