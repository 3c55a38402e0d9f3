"""Line charts as inline SVG: no script, colours follow the page, every line says its name on hovering."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from hiast.report.templating import render

MAX_POINTS: Final = 240
"""Points drawn per line; more would not be seen and make the page large."""
LABEL_GAP: Final = 13.0
"""Least distance, pixels, between the names at the ends of lines."""

_LEFT: Final = 46
_RIGHT: Final = 12
_NAMES: Final = 118
_TOP: Final = 10
_BOTTOM: Final = 34


class Line(NamedTuple):
    """A named line; `colour` is CSS, points are (x, y) in the order they are joined."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


class _Drawn(NamedTuple):
    name: str
    colour: str
    path: str
    end_x: float
    end_y: float
    label_y: float
    last: float


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    x_label: str,
    width: int,
    height: int,
    name_lines: bool = True,
) -> Markup:
    """An SVG element of width × height pixels that shrinks with its page.

    name_lines: write every line's name at its end, pushed apart where ends meet. Points that are not
    finite are left out.
    """
    lines = [_thinned(line) for line in lines]
    lines = [line for line in lines if line.points]
    height = max(height, round(LABEL_GAP * len(lines)) + _TOP + _BOTTOM) if name_lines else height
    right = width - (_NAMES if name_lines else _RIGHT)
    xs = [x for line in lines for x, _ in line.points] or [0.0]
    ys = [y for line in lines for _, y in line.points] or [0.0]
    x_low, x_high = _with_span(min(xs), max(xs))
    y_low, y_high = _with_span(min(ys), max(ys), margin=0.05)

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (right - _LEFT) * (x - x_low) / (x_high - x_low)
        up = height - _BOTTOM - (height - _TOP - _BOTTOM) * (y - y_low) / (y_high - y_low)
        return round(across, 1), round(up, 1)

    ends = [place(*line.points[-1]) for line in lines]
    label_ys = spread([y for _, y in ends], LABEL_GAP, _TOP + 4.0, height - _BOTTOM)
    drawn = [
        _Drawn(
            line.name,
            line.colour,
            " ".join("{:g},{:g}".format(*place(*point)) for point in line.points),
            *end,
            label_y,
            line.points[-1][1],
        )
        for line, end, label_y in zip(lines, ends, label_ys, strict=True)
    ]
    return render(
        "line_chart.svg",
        title=title,
        x_label=x_label,
        width=width,
        height=height,
        left=_LEFT,
        right=right,
        bottom=height - _BOTTOM,
        name_lines=name_lines,
        lines=drawn,
        x_ticks=[(place(tick, y_low)[0], f"{tick:g}") for tick in ticks(x_low, x_high) if tick % 1 == 0],
        y_ticks=[(place(x_low, tick)[1], f"{tick:g}") for tick in ticks(y_low, y_high)],
    )


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) within low..high, about `most` of them."""
    raw = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [float(f"{place * step:.10g}") for place in range(first, math.floor(high / step + 1e-9) + 1)]


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved apart, order kept, until neighbours are `gap` apart and all lie in low..high.

    Where they cannot all fit, the last ones go beyond `high`.
    """
    order = sorted(range(len(positions)), key=positions.__getitem__)
    placed = list(positions)
    limit = high - gap * (len(order) - 1)
    below = low
    for index in order:
        placed[index] = max(below, min(positions[index], max(limit, low)))
        below, limit = placed[index] + gap, limit + gap
    return placed


def _thinned(line: Line) -> Line:
    points = [point for point in line.points if all(map(math.isfinite, point))]
    if len(points) > MAX_POINTS:
        step = (len(points) - 1) / (MAX_POINTS - 1)
        points = [points[round(place * step)] for place in range(MAX_POINTS)]
    return line._replace(points=points)


def _with_span(low: float, high: float, margin: float = 0.0) -> tuple[float, float]:
    """The range with a margin (share of it) on both sides, or one around it where it is a single value."""
    span = margin * (high - low) if high > low else 0.5 * abs(low) or 0.5
    return low - span, high + span
