"""What the camera adds: halos, wet reflections, blur, vignette, tone, noise, JPEG blocks."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from hiast.data.streets.canvas import Glow
from hiast.data.streets.looks import Exposure
from hiast.data.streets.types import Bytes, Floats


def add_glows(light: Floats, glows: list[Glow], factor: int) -> None:
    """Add the halo of every lamp; positions and radii are canvas pixels, `factor` per picture pixel."""
    height, width = light.shape[:2]
    for glow in glows:
        x, y = glow.at[0] / factor, glow.at[1] / factor
        radius = float(np.clip(glow.radius / factor, 1.0, 0.12 * height))
        left, right = max(0, int(x - 3 * radius)), min(width, int(x + 3 * radius) + 1)
        top, bottom = max(0, int(y - 3 * radius)), min(height, int(y + 3 * radius) + 1)
        if left >= right or top >= bottom:
            continue
        squared_x = ((np.arange(left, right, dtype=np.float32) - x) / radius) ** 2
        squared_y = ((np.arange(top, bottom, dtype=np.float32) - y) / radius) ** 2
        squared = squared_x[None, :] + squared_y[:, None]
        halo = 0.7 * np.exp(-6.0 * squared) + 0.3 * np.exp(-1.2 * squared)
        light[top:bottom, left:right] += halo[..., None] * np.asarray(glow.colour, np.float32)


def reflect_on_road(light: Floats, road: Floats, horizon: float, strength: float) -> None:
    """Mirror what stands above the horizon on the pixels where `road` (height, width) is 1."""
    height, width = road.shape
    first = int(np.clip(np.ceil(horizon), 1, height - 1))
    small = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    smeared = small.resize((max(1, width // 3), max(1, height // 10)), Image.Resampling.BOX)
    soft = np.asarray(smeared.resize((width, height), Image.Resampling.BILINEAR), np.float32)
    rows = np.clip(2 * first - np.arange(first, height), 0, height - 1)
    share = strength * road[first:]
    light[first:] += share[..., None] * (soft[rows] - 0.75 * light[first:])


def expose(light: Floats, exposure: Exposure, generator: np.random.Generator) -> Bytes:
    """The picture (height, width, 3) uint8 that the camera makes of the light (0..255 and above)."""
    height, width = light.shape[:2]
    scale = height / 256.0
    if exposure.vignette:
        light = light * _vignette(height, width, exposure.vignette)[..., None]
    light = light * np.asarray(exposure.tint, np.float32)
    grey = light @ np.asarray((0.299, 0.587, 0.114), np.float32)
    light = grey[..., None] + exposure.saturation * (light - grey[..., None])
    shaped = 255.0 * (np.clip(light, 0.0, 255.0) / 255.0) ** exposure.gamma
    shaped = 118.0 + exposure.contrast * (shaped - 118.0)
    if exposure.blur or exposure.motion:
        shaped = _blurred(shaped, exposure.blur * scale, exposure.motion * scale)
    shaped += _noise(shaped.shape[:2], exposure.noise, generator)
    picture: Bytes = np.clip(shaped + 0.5, 0, 255).astype(np.uint8)
    if exposure.jpeg_quality is None:
        return picture
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "JPEG", quality=exposure.jpeg_quality)
    packed.seek(0)
    with Image.open(packed) as compressed:
        return np.array(compressed.convert("RGB"))


def _vignette(height: int, width: int, strength: float) -> Floats:
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return (1.0 - strength * (0.55 * x * x + 0.45 * y * y) ** 1.2).astype(np.float32)


def _blurred(shaped: Floats, blur: float, motion: float) -> Floats:
    picture = Image.fromarray(np.clip(shaped, 0, 255).astype(np.uint8))
    result: Floats = np.asarray(picture.filter(ImageFilter.GaussianBlur(blur)), np.float32)
    steps = round(motion)
    if steps < 1:
        return result.copy()
    smeared = result.copy()
    for step in range(1, steps + 1):
        smeared += np.roll(result, step, axis=1)
    smeared /= steps + 1
    smeared[:, :steps] = result[:, :steps]
    return smeared


@lru_cache(maxsize=1)
def _normal_of_byte() -> Floats:
    """256 values that turn an even byte into a normal deviate: quantiles of a fixed sample."""
    sample = np.sort(np.random.default_rng(0).standard_normal(256 * 256))
    means: Floats = sample.reshape(256, 256).mean(axis=1).astype(np.float32)
    return means


def _noise(size: tuple[int, int], deviation: float, generator: np.random.Generator) -> Floats:
    """Common (luminance) and per-channel noise, slightly stronger in blue."""
    normal = _normal_of_byte()[generator.integers(0, 256, (*size, 4), dtype=np.uint8)]
    normal *= np.asarray((0.45, 0.35, 0.6, 0.8), np.float32) * np.float32(deviation)
    found: Floats = normal[..., :3] + normal[..., 3:]
    return found
