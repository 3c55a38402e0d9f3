"""HTTP out of recipes: complete experiments that ship with the method."""

from __future__ import annotations

from fastapi import APIRouter

from backend.recipes.schemas import RecipeRead
from hiast.recipes import Recipe, list_recipes, load_recipe

router = APIRouter(prefix="/recipes", tags=["recipes"])


def _read(recipe: Recipe) -> RecipeRead:
    return RecipeRead.model_validate(recipe.model_dump())


@router.get("")
def get_recipes() -> list[RecipeRead]:
    """All recipes, by name."""
    return [_read(recipe) for recipe in list_recipes()]


@router.get("/{name}")
def get_recipe(name: str) -> RecipeRead:
    """One recipe."""
    return _read(load_recipe(name))
