"""Complete experiments: a YAML file each, read into a RunSpec. Imports no torch."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import NotFoundError, UserError
from hiast.contracts.run_spec import RunSpec

RECIPE_DIRECTORY: Final = Path(__file__).parent
DatasetRole = Literal["source", "target", "validation"]
ROLES: Final[tuple[DatasetRole, ...]] = ("source", "target", "validation")


class Recipe(BaseModel):
    """One recipe file. `spec` holds RunSpec fields; data sets it leaves open are in `needs`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    description: str
    expected_time: str
    expected_score: str
    """What to expect of it, and who measured that; never a number without its source."""
    settings_source: str
    """Where its settings come from: a paper, or our own tuning."""
    needs: tuple[DatasetRole, ...] = ()
    spec: dict[str, Any]


@cache
def list_recipes() -> tuple[Recipe, ...]:
    """All recipes, by name."""
    return tuple(_read(path) for path in sorted(RECIPE_DIRECTORY.glob("*.yaml")))


def _read(path: Path) -> Recipe:
    return Recipe(name=path.stem, **yaml.safe_load(path.read_text(encoding="utf-8")))


def load_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises NotFoundError naming those that exist."""
    for recipe in list_recipes():
        if recipe.name == name:
            return recipe
    known = ", ".join(recipe.name for recipe in list_recipes())
    raise NotFoundError(f"recipe {name!r} does not exist.", where="recipe", remedy=f"Recipes: {known}.")


def build_spec(
    recipe: Recipe,
    *,
    name: str | None = None,
    datasets: dict[DatasetRole, DatasetSpec] | None = None,
    overrides: dict[str, Any] | None = None,
) -> RunSpec:
    """The RunSpec of a recipe, with data sets filled in and fields overridden by dotted name.

    Raises UserError for a data set the recipe needs and was not given, an unknown field, or values
    that contradict each other; every offending field is named.
    """
    fields: dict[str, Any] = {**recipe.spec, "name": name or recipe.title}
    for role, spec in (datasets or {}).items():
        fields[role] = spec.model_dump()
    for key, value in (overrides or {}).items():
        fields = _with_field(fields, key.split("."), value, key)
    missing = [role for role in recipe.needs if role not in fields]
    if missing:
        raise UserError(
            f"recipe {recipe.name!r} needs a data set for: {', '.join(missing)}.",
            where=missing[0],
            remedy="Name a data set for each.",
        )
    return validate_spec(fields)


def validate_spec(fields: dict[str, Any]) -> RunSpec:
    """A RunSpec from plain fields. Raises UserError naming each offending field and what it accepts."""
    try:
        return RunSpec.model_validate(fields)
    except ValidationError as error:
        (field, message), *others = [
            (".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, "))
            for item in error.errors()
        ]
        rest = "".join(f"; {name}: {text}" for name, text in others)
        raise UserError(f"{message}{rest}.", where=field) from error


def _with_field(fields: dict[str, Any], path: list[str], value: object, key: str) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return {**fields, head: value}
    inner = fields.get(head) or {}
    if not isinstance(inner, dict):
        raise UserError(f"{key!r} goes through {head!r}, which is a single value.", where=key)
    return {**fields, head: _with_field(inner, rest, value, key)}
