"""Trees, hedges, bushes and fences: what stands between the street and the houses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.data.streets.canvas import Canvas, Texture
from hiast.data.streets.noise import Pattern
from hiast.data.streets.types import FENCE, VEGETATION, Colour, scaled, varied

_GREENS: dict[str, tuple[Colour, ...]] = {
    "source": ((70, 130, 44), (92, 146, 52), (56, 112, 50), (122, 150, 60)),
    "target": ((62, 88, 46), (84, 92, 50), (52, 76, 50), (112, 92, 48)),
}
_BARK: Colour = (92, 74, 58)
_LEAVES = Texture(Pattern.LEAF, 9.0, 0.5)


@dataclass(frozen=True)
class Tree:
    """One tree; x from the road's centreline, metres."""

    x: float
    z: float
    height: float
    spread: float
    """Radius of the crown."""
    conifer: bool = False


@dataclass(frozen=True)
class Barrier:
    """A fence or hedge along the street from `near` to `far` at x from the centreline, metres."""

    x: float
    near: float
    far: float
    height: float
    kind: str
    """planks, mesh, wall-panels or hedge"""


def leaf_colour(canvas: Canvas, generator: np.random.Generator) -> Colour:
    """A green of the scene's look."""
    greens = _GREENS[canvas.light.look]
    return varied(generator, greens[generator.integers(len(greens))], 0.08)


def draw_tree(canvas: Canvas, tree: Tree, generator: np.random.Generator) -> None:
    """A tapering trunk and a crown of shaded blobs, lit from above and from the sun's side."""
    camera = canvas.camera
    x = float(camera.centreline(tree.z)) + tree.x
    scale = camera.pixels_per_metre(tree.z)
    surface = canvas.billboard(VEGETATION, tree.z, _LEAVES)
    foot, crotch = camera.project([(x, 0.0, tree.z), (x, tree.height * 0.5, tree.z)])
    half = max(1.0, 0.035 * tree.height * scale)
    canvas.polygon(
        [
            (foot[0] - half, foot[1]),
            (crotch[0] - 0.6 * half, crotch[1]),
            (crotch[0] + 0.6 * half, crotch[1]),
            (foot[0] + half, foot[1]),
        ],
        varied(generator, _BARK, 0.1),
        surface,
    )
    colour = leaf_colour(canvas, generator)
    if tree.conifer:
        _draw_conifer(canvas, tree, (x, scale), colour, generator)
    else:
        _draw_crown(canvas, tree, (x, scale), colour, generator)


def _draw_crown(
    canvas: Canvas, tree: Tree, place: tuple[float, float], colour: Colour, generator: np.random.Generator
) -> None:
    """Blobs from the dark underside to the light top."""
    x, scale = place
    surface = canvas.billboard(VEGETATION, tree.z, _LEAVES)
    crown_height = tree.height * 0.62
    middle = canvas.camera.project([(x, tree.height - crown_height / 2, tree.z)])[0]
    count = int(np.clip(scale * 0.9, 14, 60))
    angle, reach = generator.uniform(0, 2 * np.pi, count), np.sqrt(generator.random(count))
    across = np.cos(angle) * reach
    upward = np.sin(angle) * reach
    towards_sun = across * np.sign(canvas.light.sun[0]) * 0.35 + upward
    sizes = generator.uniform(0.2, 0.38, count) * (1.15 - 0.5 * reach)
    for index in np.argsort(towards_sun):
        radius = float(sizes[index]) * tree.spread * scale
        shade = 0.78 + 0.3 * float(towards_sun[index]) + float(generator.normal(0, 0.05))
        centre = (
            middle[0] + float(across[index]) * tree.spread * 0.8 * scale,
            middle[1] - float(upward[index]) * crown_height * 0.42 * scale,
        )
        canvas.ellipse(centre, (radius * 1.1, radius), scaled(colour, max(0.35, shade)), surface)


def _draw_conifer(
    canvas: Canvas, tree: Tree, place: tuple[float, float], colour: Colour, generator: np.random.Generator
) -> None:
    """Tiers of drooping branches, darker below."""
    x, scale = place
    surface = canvas.billboard(VEGETATION, tree.z, _LEAVES)
    tiers = 6
    for tier in range(tiers):
        low = tree.height * (0.16 + 0.13 * tier)
        half = tree.spread * 0.62 * (1.0 - tier / (tiers + 0.6)) * scale
        base, tip = canvas.camera.project([(x, low, tree.z), (x, low + tree.height * 0.3, tree.z)])
        jag = float(generator.uniform(0.8, 1.2))
        corners = [
            (base[0] - half * jag, base[1]),
            tip,
            (base[0] + half, base[1]),
            (base[0], base[1] - half / 4),
        ]
        canvas.polygon(corners, scaled(colour, 0.6 + 0.06 * tier), surface)


def draw_bush(canvas: Canvas, x: float, z: float, radius: float, generator: np.random.Generator) -> None:
    """A low round shrub; x in world metres."""
    surface = canvas.billboard(VEGETATION, z, _LEAVES)
    scale, colour = canvas.camera.pixels_per_metre(z), leaf_colour(canvas, generator)
    foot = canvas.camera.project([(x, 0.0, z)])[0]
    for step in range(7):
        shift = float(generator.uniform(-0.7, 0.7)) * radius * scale
        rise = (0.35 + 0.1 * step) * radius * scale
        size = float(generator.uniform(0.3, 0.5)) * radius * scale
        shade = scaled(colour, 0.65 + 0.06 * step)
        canvas.ellipse((foot[0] + shift, foot[1] - rise), (size * 1.3, size), shade, surface)
    half = 0.8 * radius * scale
    canvas.polygon(
        [
            (foot[0] - half, foot[1]),
            (foot[0] - half, foot[1] - half / 3),
            (foot[0] + half, foot[1] - half / 3),
            (foot[0] + half, foot[1]),
        ],
        scaled(colour, 0.55),
        surface,
    )


def draw_barrier(canvas: Canvas, barrier: Barrier, generator: np.random.Generator) -> None:
    """A stretch of fence with posts and rails, or of clipped hedge with a ragged top."""
    camera = canvas.camera
    start = (float(camera.centreline(barrier.near)) + barrier.x, barrier.near)
    end = (float(camera.centreline(barrier.far)) + barrier.x, barrier.far)
    side = -1.0 if barrier.x > 0 else 1.0
    if barrier.kind == "hedge":
        surface = canvas.wall(VEGETATION, start, end, (side, 0.0), _LEAVES)
        _draw_hedge(canvas, barrier, (start, end), surface, generator)
        return
    pattern = {"planks": Pattern.PLANK, "mesh": Pattern.GRAIN, "wall-panels": Pattern.PANEL}[barrier.kind]
    surface = canvas.wall(FENCE, start, end, (side, 0.0), Texture(pattern, 22.0, 0.3))
    base: Colour = {"planks": (148, 110, 74), "mesh": (98, 112, 104), "wall-panels": (168, 164, 156)}[
        barrier.kind
    ]
    low, high = (0.0, barrier.height)
    panel = [(*start, low), (*start, high), (*end, high), (*end, low)]
    canvas.shape([(x, y, z) for x, z, y in panel], varied(generator, base, 0.06), surface)
    for height in (0.25, 0.85):
        rail = [(*start, height * high), (*start, height * high + 0.09)]
        rail += [(*end, height * high + 0.09), (*end, height * high)]
        canvas.shape([(x, y, z) for x, z, y in rail], scaled(base, 0.75), surface)
    for share in np.linspace(0.0, 1.0, max(2, round((barrier.far - barrier.near) / 2.0) + 1)):
        z = start[1] + (end[1] - start[1]) * float(share)
        x = start[0] + (end[0] - start[0]) * float(share)
        post = [
            (x, 0.0, z - 0.08),
            (x, high + 0.12, z - 0.08),
            (x, high + 0.12, z + 0.08),
            (x, 0.0, z + 0.08),
        ]
        canvas.shape(post, scaled(base, 0.6), surface)


def _draw_hedge(
    canvas: Canvas,
    barrier: Barrier,
    ends: tuple[tuple[float, float], tuple[float, float]],
    surface: int,
    generator: np.random.Generator,
) -> None:
    (x0, z0), (x1, z1) = ends
    steps = np.linspace(0.0, 1.0, 14)
    tops = barrier.height * generator.uniform(0.9, 1.08, len(steps))
    upper = [
        (x0 + (x1 - x0) * float(s), float(top), z0 + (z1 - z0) * float(s))
        for s, top in zip(steps, tops, strict=True)
    ]
    colour = leaf_colour(canvas, generator)
    canvas.shape([(x0, 0.0, z0), *upper, (x1, 0.0, z1)], scaled(colour, 0.75), surface)
    crest = [(x, y * 0.8, z) for x, y, z in reversed(upper)]
    canvas.shape([*upper, *crest], scaled(colour, 0.98), surface)
