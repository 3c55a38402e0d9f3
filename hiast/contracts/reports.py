"""What the steps of a run tell: progress while they work, reports when they are done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Stage = Literal["scan", "warm_up", "label", "train", "evaluate", "export"]


class Progress(_Report):
    """Where a step is; `metrics` are the curve points of this moment (loss terms, learning rate)."""

    stage: Stage
    done: int
    total: int
    message: str = ""
    metrics: dict[str, float] = Field(default_factory=dict)


OnProgress = Callable[[Progress], None]
"""Called after every batch or image. May raise `Canceled` to stop the work there."""


class RegionWeight(_Report):
    """How strongly each pixel of one region pulls on the student through one loss term."""

    term: Literal["seg", "kld", "entropy", "consistency"]
    region: Literal["kept", "ignored"]
    weight: float


class LabelReport(_Report):
    """What is known of one pseudo-label besides its pixel files. Lists are per class (length C)."""

    name: str
    order: int
    """Place in the round's labelling order, from 0."""
    height: int
    width: int
    thresholds: list[float]
    """θ used for this image: already updated by it."""
    predicted_pixels: list[int]
    kept_pixels: list[int]
    class_values: list[float]
    """Running class values after this image."""
    region_weights: list[RegionWeight]
    sha256: dict[str, str] = Field(default_factory=dict)
    """Of its files, by their kind; empty: an earlier version wrote them."""

    @property
    def kept_share(self) -> float:
        """Kept pixels over all pixels, 0..1."""
        return sum(self.kept_pixels) / max(1, self.height * self.width)


class LabelQualityReport(_Report):
    """Pseudo-labels against ground truth, where the target has some. It scores, it never chooses.

    Lists are per class (length C), None where undefined.
    """

    images: int
    coverage: float
    """Kept pixels over all pixels with ground truth, 0..1."""
    precision: float
    """Right ones among the kept pixels, 0..1."""
    mean_iou: float
    """Mean IoU of the kept labels against the truth of the kept pixels, 0..1."""
    class_coverage: list[float | None]
    class_precision: list[float | None]
    class_iou: list[float | None]


class LabelSetReport(_Report):
    """A finished label set. Lists are per class (length C)."""

    images: int
    thresholds: list[float]
    class_values: list[float]
    hard_classes: list[int]
    sampling_probabilities: list[float]
    kept_share: float
    class_kept_pixels: list[int]
    class_predicted_pixels: list[int]
    quality: LabelQualityReport | None = None
    """None: the target has no ground truth, or nobody asked for it."""
    alarms: list[str] = Field(default_factory=list)
    """Sentences that name what looks wrong, such as a class that was never kept."""


class EvaluationReport(_Report):
    """Scores on a validation set. `class_iou` holds None for classes the set does not contain."""

    images: int
    mean_iou: float
    pixel_accuracy: float
    class_iou: list[float | None]
    further_means: dict[str, float] = Field(default_factory=dict)
    """Means over the class lists of `EvaluationSpec.further_means`, by name."""


class TrainingReport(_Report):
    """A finished training step."""

    iterations: int
    images: int
    final_losses: dict[str, float]
    student_path: str
    """Checkpoint, relative to the directory of the round."""
    teacher_path: str
    label_quality: LabelQualityReport | None = None
    """Of the labels as they were trained on: after all decisions, without rejected images. None: the target
    has no ground truth, or an earlier version trained."""


class SelectionReport(_Report):
    """Which network of a run is its result, and why."""

    criterion: Literal["last", "information", "target_labels"]
    chosen: str
    """Checkpoint path relative to the run's directory."""
    scores: dict[str, float]
    """The criterion's value by checkpoint path; empty for `last`."""
    saw_target_labels: bool
    """True: the choice used labels of the target domain, so its score is not unsupervised adaptation."""
