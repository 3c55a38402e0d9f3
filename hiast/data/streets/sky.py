"""The sky: a gradient from zenith to horizon, clouds in perspective, the afterglow at dusk."""

from __future__ import annotations

import numpy as np

from hiast.data.streets.camera import Camera
from hiast.data.streets.looks import Light
from hiast.data.streets.noise import Pattern, look_up
from hiast.data.streets.types import Floats


def render_sky(camera: Camera, light: Light, rows: int, generator: np.random.Generator) -> Floats:
    """(rows, width, 3) float32 colours 0..255 of the top `rows` of the canvas."""
    across, down = camera.rays()
    height = np.maximum(-down[:rows], 0.0)
    share = np.clip(height * 2.4, 0.0, 1.0) ** 0.7
    zenith, horizon = np.asarray(light.zenith, np.float32), np.asarray(light.horizon, np.float32)
    colour = np.broadcast_to(
        horizon + share[..., None] * (zenith - horizon), (rows, camera.width, 3)
    ).astype(np.float32)
    if light.look == "target":
        side = across - light.sun[0]
        glow = np.exp(-2.5 * side * side - 9.0 * height) * 0.55
        colour += glow[..., None] * (np.asarray((255, 176, 96), np.float32) - colour)
    shift = generator.uniform(0.0, 256.0, 2)
    flat = 1.0 / (height + 0.14)
    s, t = across * flat * 26 + shift[0], flat * 34 + shift[1]
    billows = look_up(Pattern.CLOUD, s, t) + 0.45 * look_up(Pattern.CLOUD, s * 2.7, t * 2.7)
    billows += 0.2 * look_up(Pattern.PLASTER, s * 5.1, t * 5.1)
    cover = np.clip((billows - 0.75 + 1.5 * light.clouds) * 1.6, 0.0, 1.0) * np.clip(height * 9, 0.15, 1.0)
    lit = np.asarray(light.cloud_colour, np.float32) * (0.93 + 0.07 * np.clip(billows, -1, 1))[..., None]
    colour += (0.85 * cover)[..., None] * (lit - colour)
    return colour
