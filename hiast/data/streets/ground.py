"""The ground: which zone each pixel below the horizon lies in, its surface and its markings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.data.streets.camera import Camera
from hiast.data.streets.looks import Light
from hiast.data.streets.noise import Pattern, look_up
from hiast.data.streets.street import Border, Street
from hiast.data.streets.types import ROAD, SIDEWALK, TERRAIN, Bytes, Colour, Floats, varied

_KERB_WIDTH = 0.28
_FARTHEST = 900.0


@dataclass(frozen=True)
class Ground:
    """Rows from the horizon down: reflectance (rows, width, 3) float32 0..255, class ids, distance."""

    first_row: int
    reflectance: Floats
    labels: Bytes
    distance: Floats
    """(rows, 1) metres."""


def render_ground(camera: Camera, street: Street, light: Light, generator: np.random.Generator) -> Ground:
    """Look up zone, texture and markings of every pixel below the horizon."""
    across, down = camera.rays()
    first = int(np.clip(np.ceil(camera.horizon_y), 0, camera.height))
    slopes = np.maximum(down[first:], 1e-6)
    z = np.minimum(camera.eye_height / slopes, _FARTHEST).astype(np.float32)
    x = (across * z - camera.centreline(z)).astype(np.float32)
    edges, labels, colours = _zones(street, light, generator)
    # Pixels per metre across a line along the road: foreshortening makes far lines slant.
    sharpness = (camera.focal / z) / np.hypot(1.0, x / camera.eye_height)
    zone = np.zeros(x.shape, np.uint8)
    reflectance = np.broadcast_to(colours[0], (*x.shape, 3)).copy()
    for index, edge in enumerate(edges):
        beyond = np.clip((x - edge) * sharpness + 0.5, 0.0, 1.0)
        reflectance += beyond[..., None] * (colours[index + 1] - reflectance)
        zone += x >= edge
    if street.junction is not None:
        road = int(np.flatnonzero(labels == ROAD)[0])
        inside = ((z >= street.junction[0]) & (z <= street.junction[1]))[:, 0]
        zone[inside] = road
        reflectance[inside] = colours[road]
    label = labels[zone]
    reflectance *= _tone(label, (x, z), camera.focal / z, light.texture)[..., None]
    paint = _markings(street, x, z, sharpness) * (label == ROAD)
    paint *= np.clip(1.0 - street.worn * (0.35 + 0.9 * look_up(Pattern.GRAIN, x * 14, z * 14)), 0.1, 1.0)
    white = np.asarray((228, 228, 222) if light.look == "source" else (196, 192, 184), np.float32)
    reflectance += paint[..., None] * (white - reflectance)
    return Ground(first, reflectance, label, z)


def _zones(
    street: Street, light: Light, generator: np.random.Generator
) -> tuple[list[float], Bytes, Floats]:
    """Zone edges in x from left to right, and class and colour of the zones between them."""
    day = light.look == "source"
    asphalt = varied(generator, (112, 114, 118) if day else (98, 97, 98), 0.10)
    paving = varied(generator, (172, 164, 156) if day else (138, 132, 128), 0.08)
    kerb: Colour = (196, 194, 188) if day else (150, 148, 146)
    grass = varied(generator, (104, 142, 62) if day else (92, 100, 58), 0.10)
    left = _side_zones(street.left, kerb, paving, grass)
    right = _side_zones(street.right, kerb, paving, grass)
    edges = [-edge for edge, _, _ in reversed(left)] + [edge for edge, _, _ in right]
    order = [*reversed(left), (0.0, ROAD, asphalt), *right]
    labels = np.asarray([label for _, label, _ in order], np.uint8)
    colours = np.asarray([colour for _, _, colour in order], np.float32)
    return edges, labels, colours


def _side_zones(
    border: Border, kerb: Colour, paving: Colour, grass: Colour
) -> list[tuple[float, int, Colour]]:
    """(where it begins, class, colour) from the kerb outwards."""
    found: list[tuple[float, int, Colour]] = [(border.kerb, SIDEWALK, kerb)]
    if border.verge:
        found.append((border.kerb + _KERB_WIDTH, TERRAIN, grass))
    found.append((border.kerb + border.verge + _KERB_WIDTH * (not border.verge), SIDEWALK, paving))
    if border.district != "centre":
        found.append((border.outer, TERRAIN, grass))
    return found


def _tone(label: Bytes, position: tuple[Floats, Floats], resolved: Floats, texture: float) -> Floats:
    """Texture factor around 1: grain, patches, wheel tracks, slabs, tufts; fades where unresolved."""
    x, z = position
    grain = look_up(Pattern.GRAIN, x * 20, z * 20) * (np.clip(resolved / 12.0, 0.0, 1.0) * texture)
    patches = look_up(Pattern.PLASTER, x * 5, z * 2.5) * (np.clip(resolved / 4.0, 0, 1) * texture)
    streaks = look_up(Pattern.PLASTER, x * 26, z * 0.9) * (np.clip(resolved / 10.0, 0, 1) * texture)
    tracks = (0.025 + 0.025 * texture) * np.cos(2 * np.pi * x / 1.75)
    road = 0.10 * grain + 0.08 * patches + 0.05 * streaks - tracks
    paving = 0.07 * grain + 0.08 * patches - 0.22 * _joints(x, z, resolved)
    tufts = look_up(Pattern.LEAF, x * 14, z * 9) * (np.clip(resolved / 8.0, 0, 1) * texture)
    grass = 0.26 * tufts + 0.18 * patches
    chosen = np.where(label == ROAD, road, np.where(label == SIDEWALK, paving, grass))
    shade: Floats = (1.0 + chosen).astype(np.float32)
    return shade


def _joints(x: Floats, z: Floats, resolved: Floats) -> Floats:
    """Lines between paving slabs of 0.75 x 0.75 m."""
    width = 0.5 / resolved + 0.012
    lengthwise = np.abs((x / 0.75) % 1.0 - 0.5) * 0.75 < width
    crosswise = np.abs((z / 0.75) % 1.0 - 0.5) * 0.75 < width * np.maximum(1.0, z / 3.0)
    joints: Floats = ((lengthwise | crosswise) * np.clip(resolved / 30.0, 0.0, 1.0)).astype(np.float32)
    return joints


def _line(distance: Floats, half: float, resolved: Floats) -> Floats:
    """Coverage 0..1 of a painted line of that half width, metres."""
    coverage: Floats = np.clip((half - np.abs(distance)) * resolved + 0.5, 0.0, 1.0) * np.minimum(
        1.0, 2.0 * half * resolved
    )
    return coverage


def _markings(street: Street, x: Floats, z: Floats, resolved: Floats) -> Floats:
    """Coverage of white paint: divider, lane and edge lines, zebra and stop line."""
    dashed = ((z % 9.0) < 4.0).astype(np.float32)
    paint = _line(x - street.divider, 0.07, resolved) * dashed
    right_edge = street.right.kerb - (2.2 if street.right.parking else 0.3)
    left_edge = -street.left.kerb + (2.2 if street.left.parking else 0.3)
    for edge in (left_edge, right_edge):
        paint = np.maximum(paint, _line(x - edge, 0.06, resolved))
    for extra in (street.divider - street.lane, street.divider + street.lane):
        if left_edge + 1.0 < extra < right_edge - 1.0:
            paint = np.maximum(paint, _line(x - extra, 0.06, resolved) * ((z % 6.0) < 2.5))
    if street.junction is not None:
        paint = paint * ((z < street.junction[0]) | (z > street.junction[1]))
    if street.zebra is not None:
        inside = (z > street.zebra[0]) & (z < street.zebra[1])
        stripes = np.clip((0.25 - np.abs((x % 1.0) - 0.5)) * resolved + 0.5, 0.0, 1.0)
        paint = np.where(inside, stripes, paint)
        stop = (z > street.zebra[0] - 1.6) & (z < street.zebra[0] - 1.2)
        paint = np.maximum(paint, stop * (x > street.divider) * (x < right_edge))
    return paint.astype(np.float32)
