"""What stands in a street: buildings, trees, vehicles, people, posts and signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hiast.contracts.datasets import StreetLook
from hiast.data.streets.buildings import Building
from hiast.data.streets.furniture import Post, SignPost
from hiast.data.streets.people import Cyclist, Walker
from hiast.data.streets.plants import Barrier, Tree
from hiast.data.streets.street import Border, Street, in_junction
from hiast.data.streets.vehicles import PROFILES, Vehicle

FAR = 125.0
"""Where the street's own objects end, metres."""


@dataclass(frozen=True)
class Objects:
    """Everything that stands in the street."""

    buildings: tuple[Building, ...]
    barriers: tuple[Barrier, ...]
    trees: tuple[Tree, ...]
    bushes: tuple[tuple[float, float, float], ...]
    vehicles: tuple[Vehicle, ...]
    walkers: tuple[Walker, ...]
    cyclists: tuple[Cyclist, ...]
    posts: tuple[Post, ...]
    signs: tuple[SignPost, ...]


def sample_objects(street: Street, look: StreetLook, generator: np.random.Generator) -> Objects:
    """Fill the street. At dusk there are slightly fewer walkers and more moving cars."""
    buildings: list[Building] = []
    barriers: list[Barrier] = []
    trees: list[Tree] = []
    bushes: list[tuple[float, float, float]] = []
    for border in (street.left, street.right):
        _line_border(street, border, buildings, barriers, generator)
        _plant(street, border, trees, bushes, generator)
    dusk = look == "target"
    return Objects(
        tuple(buildings),
        tuple(barriers),
        tuple(trees),
        tuple(bushes),
        tuple(_sample_vehicles(street, 1.3 if dusk else 1.0, generator)),
        tuple(_sample_walkers(street, 0.85 if dusk else 1.0, generator)),
        tuple(_sample_cyclists(street, generator)),
        tuple(_sample_posts(street, generator)),
        tuple(_sample_signs(street, generator)),
    )


def _line_border(
    street: Street,
    border: Border,
    buildings: list[Building],
    barriers: list[Barrier],
    generator: np.random.Generator,
) -> None:
    """Houses, gardens and fences along one side, nearest first, none in the junction."""
    z = float(generator.uniform(-6.0, 1.0))
    gap = {"centre": 0.1, "residential": 0.4, "avenue": 0.5}[border.district]
    while z < FAR:
        span = float(
            generator.uniform(9.0, 20.0) if border.district == "centre" else generator.uniform(8.0, 15.0)
        )
        near, far = max(z, 1.2), z + span
        z = far + (0.0 if border.district == "centre" else float(generator.uniform(0.0, 4.0)))
        if street.junction is not None and in_junction(street, near, far):
            if near < street.junction[0] - 6.0:
                far = street.junction[0] - 2.0
            else:
                z = street.junction[1] + 2.0
                continue
            z = street.junction[1] + 2.0
        if far - near < 3.0:
            continue
        if generator.random() >= gap:
            buildings.append(_sample_building(border, near, far, generator))
        if border.district != "centre" or generator.random() < 0.25:
            _enclose(border, near, far, barriers, generator)


def _enclose(
    border: Border, near: float, far: float, barriers: list[Barrier], generator: np.random.Generator
) -> None:
    kinds = ["planks", "mesh", "wall-panels", "hedge", "none"]
    kind = str(generator.choice(kinds, p=[0.24, 0.17, 0.17, 0.2, 0.22]))
    if kind == "none":
        return
    x = border.side * (border.outer + 0.25)
    height = float(generator.uniform(0.9, 1.7))
    pieces = max(1, round((far - near) / 5.0))
    ends = np.linspace(near, far, pieces + 1)
    for first, last in zip(ends[:-1], ends[1:], strict=True):
        barriers.append(Barrier(x, float(first), float(last), height, kind))


def _sample_building(border: Border, near: float, far: float, generator: np.random.Generator) -> Building:
    centre = border.district == "centre"
    house = border.district == "residential"
    setback = 0.0 if centre else float(generator.uniform(2.5, 7.0))
    storeys = int(generator.integers(3, 7) if centre else generator.integers(2, 4 if house else 6))
    return Building(
        side=border.side,
        near=near,
        far=far,
        face=border.outer + 0.1 + setback,
        depth=float(generator.uniform(9.0, 13.0)),
        storeys=storeys,
        storey_height=float(generator.uniform(2.9, 3.7)),
        bay=float(generator.uniform(2.2, 3.8)),
        window_share=(float(generator.uniform(0.38, 0.72)), float(generator.uniform(0.42, 0.62))),
        shop=bool(centre and generator.random() < 0.6),
        pitched=bool(house or (not centre and generator.random() < 0.4)),
    )


def _plant(
    street: Street,
    border: Border,
    trees: list[Tree],
    bushes: list[tuple[float, float, float]],
    generator: np.random.Generator,
) -> None:
    """Street trees in a row, garden trees behind the fence, shrubs on open ground."""
    if border.verge or generator.random() < 0.35:
        offset = border.kerb + (border.verge / 2 if border.verge else 0.7)
        step = float(generator.uniform(9.0, 15.0))
        size = float(generator.uniform(5.5, 9.0))
        for z in np.arange(float(generator.uniform(6.0, 16.0)), 100.0, step):
            if not in_junction(street, float(z), float(z)):
                height = size * float(generator.uniform(0.85, 1.15))
                trees.append(Tree(border.side * offset, float(z), height, height * 0.3))
    if border.district == "centre":
        return
    for z in generator.uniform(8.0, 110.0, int(generator.integers(4, 10))):
        height = float(generator.uniform(4.0, 11.0))
        x = border.side * (border.outer + float(generator.uniform(1.0, 14.0)))
        conifer = bool(generator.random() < 0.25)
        if not in_junction(street, float(z), float(z), 3.0):
            trees.append(Tree(x, float(z), height, height * (0.25 if conifer else 0.36), conifer))
    for z in generator.uniform(6.0, 60.0, int(generator.integers(3, 9))):
        x = border.side * (border.outer + float(generator.uniform(0.8, 6.0)))
        if not in_junction(street, float(z), float(z), 2.0):
            bushes.append((x, float(z), float(generator.uniform(0.5, 1.2))))


def _sample_vehicles(street: Street, traffic: float, generator: np.random.Generator) -> list[Vehicle]:
    models = tuple(PROFILES)
    found: list[Vehicle] = []

    def add(x: float, z: float, turn: float, parked: bool) -> None:
        model = str(generator.choice(models, p=[0.34, 0.32, 0.22, 0.12]))
        found.append(Vehicle(x, z, turn, model, parked))

    for border in (street.left, street.right):
        if border.parking:
            fill = float(generator.uniform(0.3, 0.85))
            for z in np.arange(float(generator.uniform(5.5, 9.0)), 85.0, 5.9):
                clear = not in_junction(street, float(z), float(z), 6.0)
                if clear and generator.random() < fill:
                    turn = 0.0 if border.side > 0 or generator.random() < 0.2 else np.pi
                    add(border.side * (border.kerb - 1.1), float(z), turn, True)
    for z in np.cumsum(generator.uniform(9.0, 34.0 / traffic, 4)):
        if generator.random() < 0.75 and z < 95:
            add(float(generator.normal(0, 0.15)), float(z) + 2.0, float(generator.normal(0, 0.01)), False)
    for z in np.cumsum(generator.uniform(8.0, 36.0 / traffic, 4)):
        if generator.random() < 0.75 and z < 95:
            add(-street.lane + float(generator.normal(0, 0.15)), float(z), np.pi, False)
    if street.junction is not None and generator.random() < 0.45:
        towards = 1 if generator.random() < 0.5 else -1
        x = towards * float(generator.uniform(4.0, 9.0))
        add(x, sum(street.junction) / 2, towards * np.pi / 2, False)
    return found


def _sample_walkers(street: Street, share: float, generator: np.random.Generator) -> list[Walker]:
    """Groups of one to three on the pavements, sometimes people on the zebra crossing."""
    found: list[Walker] = []
    for _ in range(int(generator.poisson(4.2 * share)) + 1):
        border = street.left if generator.random() < 0.45 else street.right
        z = float(6.0 + 42.0 * generator.beta(1.2, 1.9))
        x = border.kerb + border.verge + float(generator.uniform(0.5, max(0.7, border.pavement - 0.3)))
        facing = int(generator.choice([-1, 0, 0, 1]))
        for member in range(int(generator.choice([1, 1, 2, 3]))):
            tall = float(generator.normal(1.72, 0.09)) * (0.68 if generator.random() < 0.1 else 1.0)
            found.append(Walker(border.side * (x + 0.65 * member), z + 0.3 * member, tall, facing))
    if street.zebra is not None and generator.random() < 0.6 * share:
        for _ in range(int(generator.integers(1, 4))):
            x = float(generator.uniform(-street.left.kerb, street.right.kerb))
            z = float(generator.uniform(*street.zebra))
            found.append(Walker(x, z, float(generator.normal(1.72, 0.09)), int(generator.choice([-1, 1]))))
    return found


def _sample_cyclists(street: Street, generator: np.random.Generator) -> list[Cyclist]:
    found: list[Cyclist] = []
    for _ in range(int(generator.choice([0, 1, 1, 2, 3]))):
        motor = bool(generator.random() < 0.35)
        z = float(generator.uniform(7.0, 32.0))
        if street.junction is not None and generator.random() < 0.35:
            x = float(generator.uniform(-street.left.kerb, street.right.kerb))
            found.append(Cyclist(x, street.junction[0] + 1.5, int(generator.choice([-1, 1])), motor))
            continue
        beside = street.right.kerb - (2.9 if street.right.parking else 0.7)
        left = street.left.kerb - (2.9 if street.left.parking else 0.7)
        x = beside if generator.random() < 0.6 else -left
        found.append(Cyclist(x + float(generator.normal(0, 0.2)), z, 0, motor))
    return found


def _sample_posts(street: Street, generator: np.random.Generator) -> list[Post]:
    found: list[Post] = []
    height, step = float(generator.uniform(5.0, 8.5)), float(generator.uniform(16.0, 26.0))
    for border in (street.left, street.right):
        if border.side > 0 or generator.random() < 0.6:
            for z in np.arange(float(generator.uniform(7.0, 18.0)), FAR, step):
                if not in_junction(street, float(z), float(z)):
                    x = border.side * (border.kerb + 0.45)
                    found.append(Post(x, float(z), height, -border.side * float(height * 0.22)))
        if border.district == "centre" and generator.random() < 0.4:
            for z in np.arange(float(generator.uniform(5.0, 9.0)), 34.0, 2.4):
                found.append(Post(border.side * (border.kerb + 0.35), float(z), 0.95, 0.0))
    return found


def _sample_signs(street: Street, generator: np.random.Generator) -> list[SignPost]:
    kinds = ["ban", "warning", "order", "crossing", "stop"]
    found: list[SignPost] = []
    for _ in range(int(generator.integers(2, 6))):
        border = street.right if generator.random() < 0.7 else street.left
        x = border.side * (border.kerb + float(generator.uniform(0.5, 0.9)))
        z, kind = float(generator.uniform(7.0, 40.0)), str(generator.choice(kinds))
        size = float(generator.uniform(0.32, 0.46))
        found.append(SignPost(x, z, float(generator.uniform(2.3, 3.1)), size, kind))
    if generator.random() < 0.45:
        border = street.right
        z = float(generator.uniform(16.0, 38.0))
        found.append(SignPost(border.kerb + 1.3, z, float(generator.uniform(3.2, 4.2)), 0.95, "board"))
    if street.zebra is not None:
        found.append(SignPost(street.right.kerb + 0.5, street.zebra[0], 2.6, 0.4, "crossing"))
    return found
