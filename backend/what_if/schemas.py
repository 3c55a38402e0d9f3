"""What travels over HTTP when somebody asks what other settings would have kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class WhatIf(BaseModel):
    """Settings of a round's selection to try; what is left out stays as it is in the run."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"alpha": 0.3, "threshold_bounds": {"11": [0.6, 0.9]}}]},
    )

    alpha: Share | None = None
    beta: Share | None = None
    gamma: Annotated[float, Field(ge=0.0, le=100.0)] | None = None
    initial_threshold: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    threshold_bounds: dict[int, tuple[Share, Share]] | None = None
    """Floor and cap by class id, in place of the run's own; {} takes all away."""
    order: Literal["labelled", "data_set", "shuffled"] = "labelled"
    """In which order the images follow each other; `shuffled` needs `seed`."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    """The order a run with this seed would have."""
    shuffles: Annotated[int, Field(ge=0, le=20)] = 0
    """In so many further orders the same is done, to see how far θ depends on the order."""

    @model_validator(mode="after")
    def _check(self) -> WhatIf:
        if (self.order == "shuffled") != (self.seed is not None):
            raise ValueError(
                f"order is {self.order!r} and seed is {self.seed}; give a seed with order 'shuffled', "
                "and only with it"
            )
        return self


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
