"""Draws a street's objects far to near, with their shadows on the ground."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from hiast.data.streets.buildings import (
    Building,
    Facade,
    draw_end_wall,
    draw_roof,
    draw_skyline,
    draw_slab,
    prepare,
)
from hiast.data.streets.canvas import Canvas, Position
from hiast.data.streets.furniture import draw_post, draw_sign
from hiast.data.streets.people import Cyclist, Walker, draw_cyclist, draw_walker
from hiast.data.streets.plants import draw_barrier, draw_bush, draw_tree
from hiast.data.streets.population import Objects
from hiast.data.streets.vehicles import PROFILES, Vehicle, draw_vehicle

Step = tuple[float, Callable[[], None]]
"""Distance of the far end, metres, and what to draw there."""

_SUN_SHADE = 0.55
_CONTACT_SHADE = 0.75


def draw_objects(canvas: Canvas, objects: Objects, generator: np.random.Generator) -> None:
    """Everything above the ground. Far ends decide the order, so a wall never hides what is before it."""
    draw_skyline(canvas, generator)
    steps: list[Step] = []
    for building in objects.buildings:
        steps.extend(_building_steps(canvas, building, generator))
    for barrier in objects.barriers:
        steps.append((barrier.far, partial(draw_barrier, canvas, barrier, generator)))
    for tree in objects.trees:
        steps.append((tree.z, partial(draw_tree, canvas, tree, generator)))
    for x, z, radius in objects.bushes:
        world = float(canvas.camera.centreline(z)) + x
        steps.append((z, partial(draw_bush, canvas, world, z, radius, generator)))
    for vehicle in objects.vehicles:
        steps.append((vehicle.z, partial(draw_vehicle, canvas, vehicle, generator)))
    for walker in objects.walkers:
        steps.append((walker.z, partial(draw_walker, canvas, walker, generator)))
    for cyclist in objects.cyclists:
        steps.append((cyclist.z, partial(draw_cyclist, canvas, cyclist, generator)))
    for post in objects.posts:
        steps.append((post.z, partial(draw_post, canvas, post, generator)))
    for sign in objects.signs:
        steps.append((sign.z, partial(draw_sign, canvas, sign, generator)))
    for _, draw in sorted(steps, key=lambda step: -step[0]):
        draw()
    _cast_shadows(canvas, objects)


def _building_steps(canvas: Canvas, building: Building, generator: np.random.Generator) -> list[Step]:
    """The facade in slabs of two window axes, so that trees before it sort correctly; then the rest."""
    facade = prepare(canvas, building, generator)
    count = max(1, round(facade.length / building.bay))
    steps: list[Step] = []
    first_far = building.far
    for first in range(0, count, 2):
        last = min(first + 2, count)
        far = building.near + (building.far - building.near) * last / count
        first_far = far if first == 0 else first_far
        if _in_view(canvas, facade, first / count, last / count):
            steps.append((far, partial(draw_slab, canvas, building, facade, (first, last), generator)))
    if building.pitched:
        steps.append((building.far + 0.02, partial(draw_roof, canvas, building, facade, generator)))
    steps.append((first_far + 0.01, partial(draw_end_wall, canvas, building, facade)))
    return steps


def _in_view(canvas: Canvas, facade: Facade, first: float, last: float) -> bool:
    ends = []
    for share in (first, last):
        x = facade.start[0] + (facade.end[0] - facade.start[0]) * share
        z = facade.start[1] + (facade.end[1] - facade.start[1]) * share
        ends.append(canvas.camera.project([(x, 0.0, z)])[0][0])
    return max(ends) >= 0 and min(ends) <= canvas.camera.width


def _shadow_of(canvas: Canvas, footprint: list[Position], height: float, steps: int) -> None:
    """Sweep a footprint along the sun's direction up to the shadow of `height` metres."""
    sun = canvas.light.sun
    reach = (-sun[0] / sun[1] * height, -sun[2] / sun[1] * height)
    for step in range(steps + 1):
        share = step / max(1, steps)
        moved = [(x + reach[0] * share, z + reach[1] * share) for x, z in footprint]
        canvas.shadow(moved, _SUN_SHADE)


def _cast_shadows(canvas: Canvas, objects: Objects) -> None:
    if canvas.light.casts_shadows:
        for building in objects.buildings:
            _building_shadow(canvas, building)
        for tree in objects.trees:
            x = float(canvas.camera.centreline(tree.z)) + tree.x
            sun = canvas.light.sun
            reach = 0.65 * tree.height / sun[1]
            _shadow_of(canvas, _square(x, tree.z, 0.12), tree.height * 0.6, 12)
            canvas.shadow(_disc(x - sun[0] * reach, tree.z - sun[2] * reach, tree.spread), _SUN_SHADE)
        for post in objects.posts:
            x = float(canvas.camera.centreline(post.z)) + post.x
            _shadow_of(canvas, _square(x, post.z, 0.07), post.height, 24)
        for walker in objects.walkers:
            x = float(canvas.camera.centreline(walker.z)) + walker.x
            _shadow_of(canvas, _square(x, walker.z, 0.2), walker.height, 5)
    for vehicle in objects.vehicles:
        _vehicle_shadow(canvas, vehicle)
    movers: list[Walker | Cyclist] = [*objects.walkers, *objects.cyclists]
    for person in movers:
        x = float(canvas.camera.centreline(person.z)) + person.x
        canvas.shadow(_disc(x, person.z, 0.35), _CONTACT_SHADE * 0.8)


def _square(x: float, z: float, half: float) -> list[Position]:
    return [(x - half, z - half), (x + half, z - half), (x + half, z + half), (x - half, z + half)]


def _disc(x: float, z: float, radius: float) -> list[Position]:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    return [(x + radius * float(np.cos(a)), z + radius * float(np.sin(a))) for a in turn]


def _building_shadow(canvas: Canvas, building: Building) -> None:
    camera = canvas.camera
    near = float(camera.centreline(building.near)) + building.side * building.face
    far = float(camera.centreline(building.far)) + building.side * building.face
    sun = canvas.light.sun
    across = -sun[0] / sun[1] * building.height
    ahead = -sun[2] / sun[1] * building.height
    if across * building.side >= 0:
        return
    start, end = (near, building.near), (far, building.far)
    swept = [(end[0] + across, end[1] + ahead), (start[0] + across, start[1] + ahead)]
    canvas.shadow([start, end, *swept], _SUN_SHADE)


def _vehicle_shadow(canvas: Canvas, vehicle: Vehicle) -> None:
    heading_x, heading_z = canvas.camera.heading(vehicle.z)
    turn = float(np.arctan2(heading_x, heading_z)) + vehicle.turn
    ahead, across = (float(np.sin(turn)), float(np.cos(turn))), (float(np.cos(turn)), -float(np.sin(turn)))
    x = float(canvas.camera.centreline(vehicle.z)) + vehicle.x
    half = max(point[0] for point in PROFILES[vehicle.model]) / 2

    def corners(grown: float) -> list[Position]:
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        length, width = half * grown, 0.85 * grown
        return [
            (
                x + a * length * ahead[0] + b * width * across[0],
                vehicle.z + a * length * ahead[1] + b * width * across[1],
            )
            for a, b in signs
        ]

    if canvas.light.casts_shadows:
        _shadow_of(canvas, corners(1.0), 1.35, 3)
    canvas.shadow(corners(1.08), _CONTACT_SHADE * 0.6)
    canvas.shadow(corners(0.98), _CONTACT_SHADE)
