"""The two looks: what light falls on a scene, and what the camera then does to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hiast.contracts.datasets import StreetLook
from hiast.data.streets.types import Colour


@dataclass(frozen=True)
class Light:
    """The light of one scene. Colours of light are factors on reflectance, not 0..255."""

    look: StreetLook
    sun: tuple[float, float, float]
    """Direction towards the sun (x, y, z), unit length."""
    sun_colour: Colour
    ambient: Colour
    zenith: Colour
    horizon: Colour
    """Sky, 0..255."""
    clouds: float
    """Cover, 0..1."""
    cloud_colour: Colour
    haze: float
    """Share of the view lost per metre."""
    texture: float
    """Strength of the surface patterns (1 = as designed)."""
    lit_windows: float
    """Share of windows with light behind."""
    lamps: bool
    """Street lamps and car lights are on."""
    wet: float
    """How much the road mirrors, 0..1."""

    def on(self, normal: tuple[float, float, float], share: float = 1.0) -> Colour:
        """Light factor on a surface with that unit normal; `share` of the sun reaches it."""
        facing = max(0.0, sum(a * b for a, b in zip(normal, self.sun, strict=True))) * share
        upward = 0.85 + 0.15 * normal[1]
        return (
            self.ambient[0] * upward + self.sun_colour[0] * facing,
            self.ambient[1] * upward + self.sun_colour[1] * facing,
            self.ambient[2] * upward + self.sun_colour[2] * facing,
        )

    @property
    def casts_shadows(self) -> bool:
        """True under a sun strong enough for shadows with an edge."""
        return self.sun_colour[0] > 0.3


@dataclass(frozen=True)
class Exposure:
    """What the camera does to the light of a scene, at the final picture size."""

    blur: float
    """Defocus, deviation in pixels of a 256-row picture."""
    motion: float
    """Sideways smear, pixels of a 256-row picture."""
    noise: float
    """Deviation of the sensor noise at mid grey, 0..255."""
    vignette: float
    """Light lost in the corners, 0..1."""
    contrast: float
    gamma: float
    saturation: float
    tint: Colour
    """White balance factors."""
    jpeg_quality: int | None


def _direction(azimuth: float, elevation: float) -> tuple[float, float, float]:
    flat = math.cos(elevation)
    return flat * math.sin(azimuth), math.sin(elevation), flat * math.cos(azimuth)


def sample_light(look: StreetLook, generator: np.random.Generator) -> Light:
    """The weather and the sun of one scene in that look."""
    return _daylight(generator) if look == "source" else _dusk(generator)


def _daylight(generator: np.random.Generator) -> Light:
    """Clear to half-clouded noon of a game engine; one scene in five is overcast."""
    overcast = generator.random() < 0.2
    azimuth = generator.uniform(-math.pi, math.pi)
    strength = 0.12 if overcast else generator.uniform(0.75, 0.95)
    base = 0.86 if overcast else 0.52
    return Light(
        look="source",
        sun=_direction(azimuth, generator.uniform(0.6, 1.15)),
        sun_colour=(strength, strength * 0.97, strength * 0.88),
        ambient=(base * 0.94, base, base * 1.06),
        zenith=(150, 165, 182) if overcast else (58, 116, 205),
        horizon=(205, 212, 218) if overcast else (178, 208, 236),
        clouds=0.9 if overcast else generator.uniform(0.1, 0.6),
        cloud_colour=(226, 228, 232) if overcast else (255, 255, 255),
        haze=generator.uniform(0.001, 0.004),
        texture=0.55,
        lit_windows=0.0,
        lamps=False,
        wet=0.0,
    )


def _dusk(generator: np.random.Generator) -> Light:
    """The half hour after sunset: blue from above, orange from the horizon, lamps on."""
    warmth = generator.random()
    level = generator.uniform(0.46, 0.62)
    glow = 0.10 + 0.16 * warmth
    return Light(
        look="target",
        sun=_direction(generator.uniform(-math.pi, math.pi), 0.12),
        sun_colour=(glow * 1.3, glow * 0.75, glow * 0.4),
        ambient=(level * 0.86, level * 0.96, level * 1.18),
        zenith=(44 + 20 * warmth, 66 + 8 * warmth, 128),
        horizon=(150 + 80 * warmth, 128 + 22 * warmth, 130 - 40 * warmth),
        clouds=float(generator.uniform(0.2, 0.95)),
        cloud_colour=(98 + 40 * warmth, 88 + 10 * warmth, 112),
        haze=float(generator.uniform(0.004, 0.011)),
        texture=1.2,
        lit_windows=float(generator.uniform(0.12, 0.4)),
        lamps=True,
        wet=float(generator.uniform(0.25, 0.6)) if generator.random() < 0.4 else 0.05,
    )


def sample_exposure(look: StreetLook, generator: np.random.Generator) -> Exposure:
    """The camera of one picture in that look."""
    if look == "source":
        return Exposure(
            blur=0.0,
            motion=0.0,
            noise=1.2,
            vignette=0.0,
            contrast=1.06,
            gamma=1.0,
            saturation=1.12,
            tint=(1.0, 1.0, 1.0),
            jpeg_quality=None,
        )
    warm = generator.normal(0.0, 0.05)
    return Exposure(
        blur=float(generator.uniform(0.2, 0.6)),
        motion=float(generator.choice([0.0, 0.0, 1.5, 2.5])),
        noise=float(generator.uniform(3.0, 7.0)),
        vignette=float(generator.uniform(0.2, 0.45)),
        contrast=float(generator.uniform(0.88, 1.02)),
        gamma=float(generator.uniform(0.82, 1.0)),
        saturation=float(generator.uniform(0.75, 1.0)),
        tint=(1.04 + warm, 1.0, 0.97 - warm),
        jpeg_quality=int(generator.integers(50, 86)),
    )
