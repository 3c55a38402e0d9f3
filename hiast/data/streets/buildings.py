"""Facades in perspective: walls with window grids, shops, end walls, pitched roofs, a skyline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.data.streets.canvas import Canvas, Texture
from hiast.data.streets.noise import Pattern
from hiast.data.streets.types import BUILDING, VEGETATION, Colour, Floats, mix, scaled, varied

_FACADES: dict[str, tuple[Colour, ...]] = {
    "source": (
        (214, 196, 160), (178, 92, 70), (196, 150, 96), (168, 178, 188), (226, 218, 200), (150, 108, 84),
        (188, 170, 128), (128, 136, 142), (204, 142, 116), (148, 168, 150),
    ),
    "target": (
        (186, 168, 142), (134, 82, 66), (158, 132, 100), (126, 128, 130), (198, 190, 176), (110, 88, 76),
        (150, 142, 122), (96, 98, 102), (160, 124, 108), (116, 122, 112),
    ),
}  # fmt: skip
_ROOFS: tuple[Colour, ...] = ((140, 66, 48), (92, 78, 74), (70, 74, 82), (156, 84, 58))
_SHOPS: tuple[Colour, ...] = ((150, 40, 40), (36, 70, 120), (40, 100, 70), (200, 160, 50), (60, 60, 66))
_LAMPLIGHT: tuple[Colour, ...] = ((255, 214, 140), (255, 190, 100), (240, 232, 206), (200, 220, 240))


@dataclass(frozen=True)
class Building:
    """One house along the street. `side` is -1 (left) or 1; positions in metres."""

    side: int
    near: float
    far: float
    face: float
    """Distance of the facade from the road's centreline at `near` and `far` (positive)."""
    depth: float
    storeys: int
    storey_height: float
    bay: float
    """Width of one window axis."""
    window_share: tuple[float, float]
    """Window width over the bay, height over the storey."""
    shop: bool
    pitched: bool

    @property
    def height(self) -> float:
        """Of the facade, metres."""
        return self.storeys * self.storey_height + 0.6


@dataclass(frozen=True)
class Facade:
    """What drawing a slab needs: the wall's ends (x, z), its surface numbers and colours."""

    start: tuple[float, float]
    end: tuple[float, float]
    wall: int
    lamp: int
    colour: Colour
    glass: Colour
    trim: Colour
    shop_colour: Colour

    @property
    def length(self) -> float:
        """Metres along the street."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))

    def corners(self, left: Floats, right: Floats, low: Floats, high: Floats) -> Floats:
        """(n, 4, 3) world corners of rectangles on the wall: metres along it and above the ground."""
        share = np.stack([left, left, right, right], axis=-1) / self.length
        x = self.start[0] + (self.end[0] - self.start[0]) * share
        z = self.start[1] + (self.end[1] - self.start[1]) * share
        y = np.stack([low, high, high, low], axis=-1)
        return np.stack([x, y, z], axis=-1).astype(np.float32)


def _rectangle(facade: Facade, left: float, right: float, low: float, high: float) -> Floats:
    one = [np.asarray([value], np.float32) for value in (left, right, low, high)]
    return facade.corners(one[0], one[1], one[2], one[3])


def prepare(canvas: Canvas, building: Building, generator: np.random.Generator) -> Facade:
    """Fix the wall of a building in the scene and choose its colours."""
    camera, look = canvas.camera, canvas.light.look
    start = (float(camera.centreline(building.near)) + building.side * building.face, building.near)
    end = (float(camera.centreline(building.far)) + building.side * building.face, building.far)
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    normal = (
        -building.side * (end[1] - start[1]) / length,
        building.side * (end[0] - start[0]) / length,
    )
    palette = _FACADES[look]
    colour = varied(generator, palette[generator.integers(len(palette))], 0.10)
    pattern = Pattern.BRICK if generator.random() < 0.35 else Pattern.PLASTER
    density = 16.0 if pattern == Pattern.BRICK else 9.0
    texture = Texture(pattern, density, 0.16 if pattern == Pattern.BRICK else 0.22)
    pale = generator.random() < 0.6
    return Facade(
        start,
        end,
        canvas.wall(BUILDING, start, end, normal, texture),
        canvas.lamp(BUILDING),
        colour,
        varied(generator, (70, 86, 104) if look == "source" else (46, 52, 62), 0.15),
        mix(colour, (245, 242, 235), 0.65) if pale else scaled(colour, 0.6),
        varied(generator, _SHOPS[generator.integers(len(_SHOPS))], 0.1),
    )


def draw_end_wall(canvas: Canvas, building: Building, facade: Facade) -> None:
    """The wall across the street direction that a gap in the row leaves visible, and the roof."""
    (x, z), height = facade.start, building.height
    back = x + building.side * building.depth
    surface = canvas.wall(BUILDING, (x, z), (back, z), (0.0, -1.0), Texture(Pattern.PLASTER, 7.0, 0.2))
    ridge = [(0.5 * (x + back), height + 2.6, z)] if building.pitched else []
    canvas.shape(
        [(x, 0.0, z), (x, height, z), *ridge, (back, height, z), (back, 0.0, z)],
        scaled(facade.colour, 0.94),
        surface,
    )


def draw_roof(canvas: Canvas, building: Building, facade: Facade, generator: np.random.Generator) -> None:
    """The street-side slope of a pitched roof."""
    height, inward = building.height, building.side * building.depth / 2
    (x0, z0), (x1, z1) = facade.start, facade.end
    colour = varied(generator, _ROOFS[generator.integers(len(_ROOFS))], 0.08)
    eaves = building.side * -0.35
    slope = [
        (x0 + eaves, height - 0.1, z0),
        (x0 + inward, height + 2.6, z0),
        (x1 + inward, height + 2.6, z1),
        (x1 + eaves, height - 0.1, z1),
    ]
    canvas.shape(slope, colour, facade.wall)


def draw_slab(
    canvas: Canvas,
    building: Building,
    facade: Facade,
    bays: tuple[int, int],
    generator: np.random.Generator,
) -> None:
    """Part of a facade: the wall from bay `bays[0]` up to `bays[1]`, its windows, shop and cornice."""
    count = max(1, round(facade.length / building.bay))
    bay = facade.length / count
    left, right = bays[0] * bay, bays[1] * bay
    canvas.quads(_rectangle(facade, left, right, 0.0, building.height), [facade.colour], facade.wall)
    _draw_windows(canvas, building, facade, np.arange(bays[0], bays[1]) * bay, generator)
    if building.shop:
        _draw_shop(canvas, building, facade, (left, right), generator)
    else:
        plinth = _rectangle(facade, left, right, 0.0, 0.7)
        canvas.quads(plinth, [scaled(facade.colour, 0.72)], facade.wall)
    if not building.pitched:
        top = building.height
        canvas.quads(_rectangle(facade, left, right, top - 0.45, top), [facade.trim], facade.wall)


def _draw_windows(
    canvas: Canvas, building: Building, facade: Facade, lefts: Floats, generator: np.random.Generator
) -> None:
    """The window grid of the bays that begin at `lefts`: frame, glass, sill; some are lit."""
    bay = facade.length / max(1, round(facade.length / building.bay))
    storeys = np.arange(1 if building.shop else 0, building.storeys)
    if not len(storeys):
        return
    grid_left, grid_low = np.meshgrid(lefts + bay / 2, storeys * building.storey_height + 0.95)
    middle, low = grid_left.ravel(), grid_low.ravel()
    half = 0.5 * bay * building.window_share[0]
    high = low + building.storey_height * building.window_share[1]
    size = canvas.camera.pixels_per_metre(facade.end[1]) * half
    if size > 2.5:
        frame = facade.corners(middle - half - 0.1, middle + half + 0.1, low - 0.12, high + 0.1)
        canvas.quads(frame, [facade.trim] * len(middle), facade.wall)
    tones = generator.uniform(0.65, 1.5, len(middle))
    lit = generator.random(len(middle)) < canvas.light.lit_windows
    glass = facade.corners(middle - half, middle + half, low, high)
    canvas.quads(glass[~lit], [scaled(facade.glass, tone) for tone in tones[~lit]], facade.wall)
    warm = [scaled(_LAMPLIGHT[int(10 * tone) % 4], 0.45 + 0.35 * tone) for tone in tones[lit]]
    canvas.quads(glass[lit], warm, facade.lamp)
    if size > 6.0:
        bar = facade.corners(middle - 0.04, middle + 0.04, low, high)
        canvas.quads(bar, [facade.trim] * len(middle), facade.wall)
        blind = facade.corners(
            middle - half, middle + half, high - (high - low) * (tones - 0.6) * 0.5, high
        )
        chosen = (tones > 1.0) & ~lit
        canvas.quads(
            blind[chosen], [mix(facade.trim, (210, 205, 196), 0.5)] * int(chosen.sum()), facade.wall
        )


def _draw_shop(
    canvas: Canvas,
    building: Building,
    facade: Facade,
    span: tuple[float, float],
    generator: np.random.Generator,
) -> None:
    """Ground floor with shop windows, a name board above them and sometimes an awning's stripe."""
    height = building.storey_height
    base = scaled(facade.shop_colour, 0.55)
    canvas.quads(_rectangle(facade, *span, 0.0, height), [base], facade.wall)
    lit = canvas.light.lamps and generator.random() < 0.6
    panes = max(1, round((span[1] - span[0]) / 2.4))
    width = (span[1] - span[0]) / panes
    lefts = span[0] + np.arange(panes, dtype=np.float32) * width
    pane = facade.corners(
        lefts + 0.15, lefts + width - 0.15, np.full(panes, 0.35), np.full(panes, height - 0.75)
    )
    glass = [scaled(facade.glass, float(tone)) for tone in generator.uniform(0.7, 1.3, panes)]
    warm = [scaled((250, 214, 160), float(tone)) for tone in generator.uniform(0.55, 0.95, panes)]
    canvas.quads(pane, warm if lit else glass, facade.lamp if lit else facade.wall)
    board = _rectangle(facade, *span, height - 0.65, height - 0.1)
    canvas.quads(board, [facade.shop_colour], facade.lamp if lit and panes > 2 else facade.wall)


def draw_skyline(canvas: Canvas, generator: np.random.Generator) -> None:
    """Far houses and tree tops along the horizon, so that streets do not end in the void."""
    camera = canvas.camera
    z = 260.0
    half = 0.5 * camera.width / camera.focal * z * 1.3
    surface = canvas.billboard(BUILDING, z)
    trees = canvas.billboard(VEGETATION, 200.0, Texture(Pattern.LEAF, 1.0, 0.3))
    x, palette = -half, _FACADES[canvas.light.look]
    while x < half:
        width = float(generator.uniform(8, 30))
        if generator.random() < 0.72:
            height = float(generator.uniform(6, 26))
            colour = varied(generator, palette[generator.integers(len(palette))], 0.1)
            box = [(x, 0.0, z), (x, height, z), (x + width, height, z), (x + width, 0.0, z)]
            canvas.shape(box, scaled(colour, 0.85), surface)
        x += width
    ground = camera.project([(0.0, 0.0, 200.0)])[0][1]
    for centre in generator.uniform(-half, half, 26):
        radius = float(generator.uniform(2.0, 6.5)) * camera.pixels_per_metre(200.0)
        across = camera.project([(float(centre), 0.0, z)])[0][0]
        green = varied(generator, (74, 104, 52), 0.15)
        canvas.ellipse((across, ground), (1.8 * radius, radius), green, trees)
