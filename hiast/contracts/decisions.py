"""What people decided about the pixels of labels before a round trains on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

SET_TO_IGNORED: Final = 254
"""Pixel of a correction: nobody trains on it, whatever was kept there."""
UNTOUCHED: Final = 255
"""Pixel of a correction: the label is as it was made. Every other value is the class it has now."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CorrectionCounts(_Record):
    """What one drawn correction changes of its label."""

    corrected_pixels: dict[int, int]
    """Pixels that were given a class, by class id; classes nobody drew are left out."""
    ignored_pixels: int
    """Pixels that were set to ignored."""
    covered_pixels: list[int]
    """Pixels under the correction that were kept before it, per class (length C)."""


class LabelDecision(_Record):
    """What people changed of one label, as training reads it. Lists are per class (length C)."""

    name: str
    vetoed_classes: list[int] = Field(default_factory=list)
    correction: str | None = None
    """File of the drawn correction; None: nothing is drawn."""
    corrected_pixels: list[int]
    ignored_pixels: int
    vetoed_pixels: list[int]
    """Kept pixels of vetoed classes that no correction covers."""
    kept_pixels: list[int]
    """What is trained on, after everything."""


class DecisionTotals(_Record):
    """What people changed of all labels a round trains on.

    Lists are per class (length C), and empty while nothing is changed.
    """

    labels: int = 0
    """Labels of which anything was changed."""
    corrected_pixels: list[int] = Field(default_factory=list)
    ignored_pixels: int = 0
    vetoed_pixels: list[int] = Field(default_factory=list)


class RoundDecisions(_Record):
    """The decisions a training uses: fixed when its round is approved."""

    labels: list[LabelDecision] = Field(default_factory=list)
    """Of the labels that are changed, in labelling order; all others are trained on as they were made."""


def decide_label(
    name: str,
    kept_pixels: Sequence[int],
    *,
    vetoed_classes: Iterable[int] = (),
    counts: CorrectionCounts | None = None,
    correction: str | None = None,
) -> LabelDecision | None:
    """The decision on a label of which `kept_pixels` per class were kept; None: nothing changes.

    Classes are vetoed first, the drawn correction comes last. counts and correction: of what is drawn.
    """
    vetoed = sorted(set(vetoed_classes))
    covered = counts.covered_pixels if counts else [0] * len(kept_pixels)
    corrected = by_class(counts.corrected_pixels if counts else {}, len(kept_pixels))
    left = [kept - under for kept, under in zip(kept_pixels, covered, strict=True)]
    lost = [pixels if c in vetoed else 0 for c, pixels in enumerate(left)]
    if counts is None and not any(lost):
        return None
    return LabelDecision(
        name=name,
        vetoed_classes=vetoed,
        correction=correction,
        corrected_pixels=corrected,
        ignored_pixels=counts.ignored_pixels if counts else 0,
        vetoed_pixels=lost,
        kept_pixels=[
            pixels - gone + drawn for pixels, gone, drawn in zip(left, lost, corrected, strict=True)
        ],
    )


def by_class(pixels: Mapping[int, int], num_classes: int) -> list[int]:
    """Counts by class id as a list of all classes."""
    return [pixels.get(c, 0) for c in range(num_classes)]


def total(decisions: Sequence[LabelDecision]) -> DecisionTotals:
    """The sum over labels."""
    return DecisionTotals(
        labels=len(decisions),
        corrected_pixels=_added(decision.corrected_pixels for decision in decisions),
        ignored_pixels=sum(decision.ignored_pixels for decision in decisions),
        vetoed_pixels=_added(decision.vetoed_pixels for decision in decisions),
    )


def _added(lists: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*lists, strict=True)]
