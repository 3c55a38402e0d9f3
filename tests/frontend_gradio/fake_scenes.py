"""Small street scenes with truth, prediction and confidence codes, for the fake API."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiast.contracts.class_spaces import IGNORED, STREETS

HEIGHT, WIDTH = 128, 256
ROAD, SIDEWALK, BUILDING, FENCE, POLE, SIGN, VEGETATION, TERRAIN, SKY, PERSON, RIDER, CAR = range(12)

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class FakeLabel:
    """The arrays of one label: all (HEIGHT, WIDTH)."""

    prediction: Bytes
    codes: NDArray[np.uint16]
    reason: Bytes
    thresholds: list[float]


def _noise(rng: np.random.Generator, cells: int) -> NDArray[np.float64]:
    """Smooth noise in 0..1 with about `cells` bumps along the height."""
    coarse = (rng.random((cells, cells * 2)) * 255).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float64) / 255


@cache
def truth_of(index: int) -> Bytes:
    """Class ids of scene `index`; a strip at the bottom is void (255)."""
    rng = np.random.default_rng(index)
    truth = np.full((HEIGHT, WIDTH), SKY, np.uint8)
    horizon = int(HEIGHT * (0.42 + 0.08 * rng.random()))
    for left in range(0, WIDTH, 32):
        top = int(horizon * rng.uniform(0.1, 0.8))
        truth[top:horizon, left : left + 32] = rng.choice([BUILDING, BUILDING, VEGETATION])
    truth[horizon:] = TERRAIN
    rows = np.arange(horizon, HEIGHT)[:, None]
    columns = np.arange(WIDTH)[None, :]
    middle = WIDTH * rng.uniform(0.4, 0.6)
    reach = (rows - horizon + 4) * 1.5
    truth[horizon:][np.abs(columns - middle) < reach * 1.5] = SIDEWALK
    truth[horizon:][np.abs(columns - middle) < reach] = ROAD
    for class_id, height, width in ((CAR, 18, 34), (CAR, 12, 22), (PERSON, 26, 8), (RIDER, 20, 9),
                                    (POLE, 60, 3), (SIGN, 10, 10), (FENCE, 10, 40)):  # fmt: skip
        top = horizon + int(rng.integers(-8, 18)) - (height if class_id in (POLE, SIGN) else 0)
        left = int(rng.integers(0, WIDTH - width))
        truth[max(0, top) : top + height, left : left + width] = class_id
    truth[-4:] = IGNORED
    return truth


@cache
def photo_of(index: int) -> Bytes:
    """The photo (HEIGHT, WIDTH, 3): muted class colours with texture and a light gradient."""
    rng = np.random.default_rng(1000 + index)
    palette = np.full((256, 3), 60.0)
    palette[: STREETS.num_classes] = np.array(STREETS.colours) * 0.45 + 70
    photo = palette[truth_of(index)]
    photo += (_noise(rng, 24)[..., None] - 0.5) * 46 + rng.normal(0, 5, (HEIGHT, WIDTH, 1))
    photo *= np.linspace(1.15, 0.8, HEIGHT)[:, None, None]
    return np.clip(photo, 0, 255).astype(np.uint8)


@cache
def label_of(round_number: int, index: int) -> FakeLabel:
    """What round `round_number` predicts for scene `index`, and what it keeps."""
    rng = np.random.default_rng(index * 7 + round_number)
    truth = truth_of(index)
    doubt = _noise(rng, 10)
    prediction = truth.copy()
    prediction[truth == IGNORED] = ROAD
    wrong = doubt > 0.78 + 0.05 * round_number
    prediction[wrong] = np.roll(prediction, 9, axis=1)[wrong]
    confidence = 1 - 2.0 ** -(0.6 + (1 - doubt) * (6 + 2 * round_number))
    codes = np.clip(-np.log2(1 - confidence) * 256, 0, 4095).astype(np.uint16)
    thresholds = [round(0.86 + 0.012 * c - 0.01 * round_number, 4) for c in range(STREETS.num_classes)]
    decoded = 1 - 2.0 ** (-(codes.astype(np.float64) + 0.5) / 256)
    reason = np.where(decoded >= np.array(thresholds)[prediction], 0, 1).astype(np.uint8)
    return FakeLabel(prediction, codes, reason, thresholds)
