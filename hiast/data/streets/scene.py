"""One generated street scene: picture and ground truth from a seed and a number."""

from __future__ import annotations

import numpy as np

from hiast.contracts.datasets import StreetLook
from hiast.data.streets.camera import Camera
from hiast.data.streets.canvas import Canvas
from hiast.data.streets.drawing_order import draw_objects
from hiast.data.streets.exposure import add_glows, expose, reflect_on_road
from hiast.data.streets.ground import render_ground
from hiast.data.streets.looks import sample_exposure, sample_light
from hiast.data.streets.population import sample_objects
from hiast.data.streets.shading import reduce_canvas, shade
from hiast.data.streets.sky import render_sky
from hiast.data.streets.street import sample_street
from hiast.data.streets.types import ROAD, VOID, Bytes, Floats

_LOOKS: tuple[StreetLook, ...] = ("source", "target")
_SUPERSAMPLED_UP_TO = 4_000_000
"""Pixels of a picture above which edges are no longer smoothed (memory)."""


def render_scene(
    seed: int, index: int, look: StreetLook, height: int = 256, width: int = 512
) -> tuple[Bytes, Bytes]:
    """Render scene `index` of the series `seed`.

    Returns the picture (height, width, 3) uint8 and its class ids of STREETS (height, width)
    uint8, 255 on the bonnet of the camera's own car. Equal arguments give equal bytes. The
    looks are different series: scene 3 of one shows another street than scene 3 of the other.
    """
    generator = np.random.default_rng(
        [seed & 0xFFFF_FFFF, seed >> 32 & 0xFFFF_FFFF, index, _LOOKS.index(look)]
    )
    factor = 2 if height * width <= _SUPERSAMPLED_UP_TO else 1
    camera = _sample_camera(height * factor, width * factor, generator)
    light = sample_light(look, generator)
    exposure = sample_exposure(look, generator)
    street = sample_street(generator)
    objects = sample_objects(street, look, generator)
    canvas = Canvas(camera, light)
    draw_objects(canvas, objects, generator)
    view = camera.reduced(factor)
    ground = render_ground(view, street, light, generator)
    sky = render_sky(view, light, ground.first_row, generator)
    picture, labels = shade(canvas, reduce_canvas(canvas, factor), view, ground, sky)
    if light.wet:
        reflect_on_road(picture, (labels == ROAD).astype(np.float32), view.horizon_y, light.wet)
    add_glows(picture, canvas.glows, factor)
    if generator.random() < 0.35:
        _cover_with_bonnet(picture, labels, light.ambient, generator)
    return expose(picture, exposure, generator), labels


def _sample_camera(height: int, width: int, generator: np.random.Generator) -> Camera:
    """Canvas-sized camera of a car: pitch, yaw, height, focal length and the bend ahead vary."""
    return Camera(
        width=width,
        height=height,
        focal=width * float(generator.uniform(0.72, 0.95)),
        centre_x=width * float(np.clip(generator.normal(0.5, 0.05), 0.35, 0.65)),
        horizon_y=height * float(generator.uniform(0.38, 0.52)),
        eye_height=float(generator.uniform(1.3, 1.9)),
        bend=float(np.clip(generator.normal(0.0, 0.0022), -0.006, 0.006)),
    )


def _cover_with_bonnet(
    picture: Floats, labels: Bytes, ambient: tuple[float, float, float], generator: np.random.Generator
) -> None:
    """The camera's own bonnet at the lower edge: void, as in driving data sets."""
    height, width = labels.shape
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :]
    rise = float(generator.uniform(0.04, 0.09))
    top = height * (1.0 - rise * (1.0 - 0.45 * x**4))
    depth = np.arange(height, dtype=np.float32)[:, None] - top
    covered = depth >= 0
    paint = generator.uniform(25, 120) * np.asarray(ambient, np.float32)
    gleam = 1.0 + 0.9 * np.exp(-depth / (0.02 * height)) - 0.25 * np.abs(x)
    picture[covered] = (gleam[..., None] * paint)[covered]
    labels[covered] = VOID
