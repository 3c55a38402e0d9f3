"""What the doctor hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Problem:
    """One thing that does not fit."""

    thing: str
    """Its name, as the API names it: "job 7", "label 12 (a/b) of run 1, round 2"."""
    problem: str
    remedy: str
    severity: Literal["error", "warning"] = "error"
    """warning: nothing is wrong with what is stored, but somebody should know."""

    def __str__(self) -> str:
        return f"{self.severity}: {self.thing}: {self.problem} {self.remedy}"
