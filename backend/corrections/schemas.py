"""What travels over HTTP about corrections: what people drew over labels, and what is trained on then."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class CorrectionRead(BaseModel):
    """What is drawn over a label, by whom."""

    version: int
    """Counts what was drawn and deleted; the ETag of the correction."""
    person: str
    created_at: datetime
    corrected_pixels: dict[int, int]
    """Pixels that were given a class, by class id."""
    ignored_pixels: int


class CorrectionVersion(CorrectionRead):
    """One entry of a correction's history."""

    deleted: bool
    """With this version the correction was deleted."""


class Influence(BaseModel):
    """How strongly something pulls on the student through each loss term: pixels × region weight, summed
    over the images. An image pulls λ through seg, λ/C through each of the others."""

    seg: float
    kld: float
    entropy: float
    consistency: float


class TrainedClass(BaseModel):
    """What a training sees of one class."""

    class_id: int
    name: str
    kept_pixels: int
    """As the labels were made, of all images."""
    trained_pixels: int
    """After all decisions, without rejected images."""
    previous_trained_pixels: int | None
    """In the round before; null in the first."""
    kept_images: int
    """Labels that hold the class, as they were made."""
    trained_images: int
    influence: Influence
    previous_influence: Influence | None
    paste_probability: float
    """How likely the class is drawn for pasting, with the donors the decisions leave; 0: never."""
    donors: int
    """Images that can be drawn for it."""
    vetoed: bool
    """The class is vetoed for the whole round."""


class TrainingPreview(BaseModel):
    """What the student would learn from, or has learned from, with the decisions on the round's labels."""

    round_id: int
    images: int
    """Images that are trained on."""
    rejected_images: int
    changed_labels: int
    classes: list[TrainedClass]


class PasteDonor(BaseModel):
    """An image whose hard classes are pasted into another."""

    class_id: int
    """The class that was drawn; all hard classes of the donor are pasted, not only this one."""
    image: str
    label_id: int
    """The donor's label in the same round."""


class PasteUse(BaseModel):
    """One use of an image in training."""

    iteration: int
    place: int
    """Place in the batch, from 0."""
    donors: list[PasteDonor]
    """Later ones lie on top."""


class PlannedPastes(BaseModel):
    """What training pastes into one image, with the decisions as they are."""

    label_id: int
    hard_classes: list[int]
    probabilities: list[float]
    """How likely each class is drawn (length C); empty: nothing is pasted."""
    images: int
    """Images that are trained on."""
    draws: int
    """Images in all batches together, repeats counted."""
    uses: list[PasteUse]
    """The first 50 uses of the image; none when its label is rejected."""
