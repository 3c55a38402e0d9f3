"""What travels over HTTP about labels (pseudo-label maps)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from backend.corrections.schemas import CorrectionRead
from backend.reviews.schemas import ClaimRead, ReviewRead
from hiast.contracts.reports import RegionWeight

ReviewStatus = Literal["unreviewed", "accepted", "rejected", "skipped"]
Layer = Literal[
    "image", "prediction", "kept", "confidence", "reason", "hard-class", "region-weight", "ground-truth"
]
LabelSort = Literal["order", "-order", "kept_share", "-kept_share", "name", "-name"]


class LabelSummary(BaseModel):
    """A label in a list."""

    id: int
    round_id: int
    name: str
    order: int
    status: ReviewStatus
    kept_share: float
    height: int
    width: int
    version: int
    layers_digest: str
    """Changes when any layer changes; append it to layer URLs to cache them for ever."""
    corrected: bool = False
    """Somebody has drawn over it."""
    claim: ClaimRead | None = None
    """Who is looking at it now, if anybody. It forbids nothing: If-Match protects decisions."""


class LabelReference(BaseModel):
    """A label of another round."""

    id: int
    round_id: int
    round_number: int


class LabelRead(LabelSummary):
    """One label with everything the viewer needs besides the pixel layers."""

    run_id: int
    round_number: int
    revision: int = 0
    """Of the round's labels; 0: as they were made."""
    thresholds: list[float]
    predicted_pixels: list[int]
    kept_pixels: list[int]
    class_values: list[float]
    region_weights: list[RegionWeight]
    hard_classes: list[int]
    """Hard classes of the round (so far, while it is being labelled)."""
    confidence_levels: Literal["log12", "float16"]
    """Codebook of the confidence codes."""
    has_ground_truth: bool
    previous_id: int | None
    next_id: int | None
    """Neighbours in labelling order."""
    same_image: list[LabelReference]
    """The same image's labels in every round of the run, this one included."""
    reviews: list[ReviewRead]
    vetoed_classes: list[int] = Field(default_factory=list)
    """Classes whose kept pixels of this label nobody trains on; those of the round come in addition."""
    correction: CorrectionRead | None = None
    """What is drawn over it."""
    draft: str = ""
    """What the person who asks has written about it and not sent."""


class ClassChange(BaseModel):
    """One class in two labels of the same image."""

    class_id: int
    name: str
    left_kept: int
    right_kept: int
    both_kept: int
    """Pixels kept as this class in both."""
    left_threshold: float
    right_threshold: float


class Comparison(BaseModel):
    """Two labels of one image, pixel by pixel."""

    left: LabelSummary
    right: LabelSummary
    pixels: int
    same_kept: int
    """Kept in both, same class."""
    flipped: int
    """Kept in both, another class."""
    gained: int
    """Ignored left, kept right."""
    lost: int
    """Kept left, ignored right."""
    classes: list[ClassChange]
