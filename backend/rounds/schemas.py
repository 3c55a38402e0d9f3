"""What travels over HTTP about rounds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from hiast.contracts.decisions import DecisionTotals
from hiast.contracts.reports import EvaluationReport, LabelSetReport, TrainingReport

RoundState = Literal[
    "labelling", "reviewing", "revising", "training", "evaluating", "finished", "failed", "canceled"
]


class ReviewCounts(BaseModel):
    """How many labels of a round stand in each review status."""

    unreviewed: int = 0
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0


class RoundRead(BaseModel):
    """One round: labels, review, training, evaluation."""

    id: int
    run_id: int
    number: int
    """1, 2, ..."""
    state: RoundState
    image_count: int
    """Images to label."""
    label_count: int
    """Labels written so far."""
    reviews: ReviewCounts
    revision: int = 0
    """Which of its revisions the labels are; 0: as they were made."""
    label_set: LabelSetReport | None
    """Set when all images are labelled."""
    training: TrainingReport | None
    evaluation: EvaluationReport | None
    vetoed_classes: list[int] = Field(default_factory=list)
    """Classes that nobody trains on in this round."""
    decisions: DecisionTotals = Field(default_factory=DecisionTotals)
    """What people have changed of the labels that are trained on; fixed when the round is approved."""
    approved_by: str | None
    created_at: datetime
    finished_at: datetime | None


class ThresholdTrajectory(BaseModel):
    """θ and kept share after every image, in labelling order."""

    round_id: int
    classes: list[str]
    label_ids: list[int]
    image_names: list[str]
    thresholds: list[list[float]]
    """images × classes"""
    kept_shares: list[float]


class ClassSummary(BaseModel):
    """One class of one round."""

    class_id: int
    name: str
    colour: tuple[int, int, int]
    threshold: float
    """θ after the last labelled image."""
    selected_share: float | None
    """α·θ^γ: the share of the class's pixels the next image would aim to keep (policy ias only)."""
    predicted_pixels: int
    kept_pixels: int
    kept_share: float
    previous_kept_share: float | None
    """The same in the round before."""
    class_value: float
    hard: bool
    sampling_probability: float
    images: int
    """Labels that hold the class."""


class Alarm(BaseModel):
    """Something that looks wrong about a round's labels, with the numbers that say so."""

    kind: Literal["unseen", "validation", "forgotten", "kept_share", "cap", "starving"]
    class_id: int | None = None
    class_name: str = ""
    """"": it is about the whole round."""
    sentence: str
    images: list[str] = Field(default_factory=list)
    """The first images it is about, where it is about some."""


class CurvePoint(BaseModel):
    """Metrics of one moment of a training step."""

    iteration: int
    metrics: dict[str, float]


class Curve(BaseModel):
    """Loss and learning-rate curve of one job."""

    job_id: int
    kind: str
    round_number: int | None
    points: list[CurvePoint]


class Approval(BaseModel):
    """What the next training step learns from, after approval."""

    round: RoundRead
    job_id: int
    training_images: int
    excluded_images: int
