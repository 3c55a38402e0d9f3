"""What travels over HTTP about recipes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class RecipeRead(BaseModel):
    """A complete experiment that ships with the method."""

    name: str
    title: str
    description: str
    expected_time: str
    expected_score: str
    """With its source: measured here, or reported by a paper."""
    settings_source: str
    """Whose settings these are."""
    needs: list[str]
    """Data sets the user must choose: of source, target, validation."""
    spec: dict[str, Any]
    """The RunSpec fields the recipe sets."""
