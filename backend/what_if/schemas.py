"""What travels over HTTP when somebody asks what other settings would have kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from hiast.contracts.selection_changes import SelectionChanges


class WhatIf(SelectionChanges):
    """Settings of a round's selection to try; what is left out is as the run has it."""

    shuffles: Annotated[int, Field(ge=0, le=20)] = 0
    """In so many further orders the same is done, to see how far θ depends on the order."""


class WhatIfClass(BaseModel):
    """One class over the whole set; `was_…`: as the round was labelled."""

    class_id: int
    name: str
    threshold: float
    """After the last image."""
    was_threshold: float
    predicted_pixels: int
    kept_pixels: int
    was_kept_pixels: int
    kept_images: int
    class_value: float
    was_class_value: float
    hard: bool
    was_hard: bool
    sampling_probability: float
    was_sampling_probability: float


class ThresholdBand(BaseModel):
    """Lowest and highest θ over several orders: rows of classes, one a point of the round."""

    shuffles: int
    at: list[int]
    """After so many images."""
    low: list[list[float]]
    high: list[list[float]]


class WhatIfRead(BaseModel):
    """What would be kept. Lists over images are in the order they would be labelled in."""

    round_id: int
    images: int
    kept_share: float
    was_kept_share: float
    classes: list[WhatIfClass]
    label_ids: list[int]
    thresholds: list[list[float]]
    """images × classes"""
    kept_shares: list[float]
    band: ThresholdBand | None
    """null: no shuffles were asked for."""
