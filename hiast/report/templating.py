"""Templates to text. Everything that goes in is escaped, unless it comes out of a template itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hiast.contracts.class_spaces import Colour

NOTHING: Final = "–"
"""Shown for a value that is not defined, such as the IoU of a class the set does not contain."""


def percent(share: float | None, digits: int = 1) -> str:
    """A share 0..1 as a percentage without its sign: 0.5632 gives 56.3."""
    return NOTHING if share is None else f"{100 * share:.{digits}f}"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with that many decimals."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def count(number: int) -> str:
    """A whole number with commas between thousands."""
    return f"{number:,}"


def points(difference: float) -> str:
    """A difference of two shares in percentage points, with its sign: +3.2."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def css_colour(colour: Colour) -> str:
    """An RGB colour (0..255) as CSS."""
    return "rgb({},{},{})".format(*colour)


def render(template: str, **values: object) -> Markup:
    """A file of `templates/`, filled in. Raises jinja2.UndefinedError for a value it misses."""
    return Markup(_ENVIRONMENT.get_template(template).render(**values))


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(percent=percent, decimal=decimal, count=count, points=points)
