"""Texture tables: small tileable patterns that surfaces and the ground look up by metres."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hiast.data.streets.types import Floats

TABLE_SIZE = 256
_TABLE_SEED = 20240611


class Pattern(IntEnum):
    """Rows of the table stack of `tables`."""

    FLAT = 0
    PLASTER = 1
    BRICK = 2
    LEAF = 3
    GRAIN = 4
    CLOUD = 5
    PLANK = 6
    PANEL = 7


def _spectral(generator: np.random.Generator, power: float) -> Floats:
    """Tileable noise whose amplitude falls as 1/frequency**power, mean 0, deviation 0.4, in [-1, 1]."""
    frequency = np.hypot(
        *np.meshgrid(np.fft.fftfreq(TABLE_SIZE), np.fft.rfftfreq(TABLE_SIZE), indexing="ij")
    )
    frequency[0, 0] = 1.0
    white = np.fft.rfft2(generator.standard_normal((TABLE_SIZE, TABLE_SIZE)))
    shaped = np.fft.irfft2(white / frequency**power, s=(TABLE_SIZE, TABLE_SIZE))
    shaped -= shaped.mean()
    noise: Floats = np.clip(0.4 * shaped / shaped.std(), -1.0, 1.0).astype(np.float32)
    return noise


def _brick(generator: np.random.Generator, grain: Floats) -> Floats:
    """Courses 4 texels high, bricks 8 wide, every second course shifted by half a brick."""
    row, column = np.indices((TABLE_SIZE, TABLE_SIZE))
    course = row // 4
    shifted = column + 4 * (course % 2)
    tone = generator.uniform(-0.5, 0.5, (TABLE_SIZE // 4, TABLE_SIZE // 8 + 1))
    mortar = (row % 4 == 0) | (shifted % 8 == 0)
    brick = tone[course, (shifted // 8) % (TABLE_SIZE // 8)] + 0.3 * grain
    return np.where(mortar, 0.7, brick).astype(np.float32)


def _leaf(generator: np.random.Generator) -> Floats:
    """Blotches of a few texels: the light and dark of foliage."""
    blotches = _spectral(generator, 0.9) + 0.8 * _spectral(generator, 0.2)
    return np.clip(1.3 * blotches, -1.0, 1.0).astype(np.float32)


def _plank(generator: np.random.Generator, grain: Floats) -> Floats:
    """Upright boards 6 texels wide with a dark gap (the last board is narrower, so that it tiles)."""
    column = np.arange(TABLE_SIZE)
    tone = generator.uniform(-0.4, 0.4, TABLE_SIZE // 6 + 1)[column // 6]
    boards = np.where(column % 6 == 0, -1.0, tone)
    planks: Floats = np.clip(boards[None, :] + 0.3 * grain, -1.0, 1.0).astype(np.float32)
    return planks


def _panel(generator: np.random.Generator, grain: Floats) -> Floats:
    """Concrete or metal plates of 32 x 16 texels with joints."""
    row, column = np.indices((TABLE_SIZE, TABLE_SIZE))
    tone = generator.uniform(-0.35, 0.35, (TABLE_SIZE // 16, TABLE_SIZE // 32))
    plates = tone[row // 16, column // 32] + 0.25 * grain
    return np.where((row % 16 == 0) | (column % 32 == 0), -0.7, plates).astype(np.float32)


@lru_cache(maxsize=1)
def tables() -> Floats:
    """All patterns, (patterns, 256, 256) float32 in [-1, 1]; the same in every process."""
    generator = np.random.default_rng(_TABLE_SEED)
    grain = _spectral(generator, 0.25)
    stack = {
        Pattern.FLAT: np.zeros((TABLE_SIZE, TABLE_SIZE), np.float32),
        Pattern.PLASTER: _spectral(generator, 1.0),
        Pattern.BRICK: _brick(generator, grain),
        Pattern.LEAF: _leaf(generator),
        Pattern.GRAIN: grain,
        Pattern.CLOUD: _spectral(generator, 1.7),
        Pattern.PLANK: _plank(generator, grain),
        Pattern.PANEL: _panel(generator, grain),
    }
    return np.stack([stack[pattern] for pattern in Pattern])


def look_up(pattern: Pattern | NDArray[np.int32], s: Floats, t: Floats) -> Floats:
    """Pattern values at texel coordinates (s right, t down), which wrap; shapes broadcast."""
    column = s.astype(np.int32) & (TABLE_SIZE - 1)
    row = t.astype(np.int32) & (TABLE_SIZE - 1)
    flat_index = (row << 8) + column + np.asarray(pattern, dtype=np.int32) * (TABLE_SIZE * TABLE_SIZE)
    values: Floats = tables().reshape(-1)[flat_index]
    return values
