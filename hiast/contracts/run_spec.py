"""RunSpec: everything a self-training run depends on. Two runs of one RunSpec give equal files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hiast.contracts.datasets import DatasetSpec

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSpec(_Section):
    """The segmentation network and the weights it starts from."""

    name: Literal["deeplab_v2_resnet18", "deeplab_v2_resnet50", "deeplab_v2_resnet101"] = (
        "deeplab_v2_resnet18"
    )
    base_width: int = Field(default=64, ge=8, le=128)
    """Channels of the ResNet stem; 64 is the standard network, 32 a quarter of its weights."""
    weights: str | None = None
    """A checkpoint file, or `bundled:NAME` for one that ships with hiast. None: from scratch."""


class WarmUpSpec(_Section):
    """Supervised training on the source set before round 1."""

    iterations: int = Field(default=0, ge=0)
    """0: no warm-up; then the model must start from weights."""
    batch_size: int = Field(default=4, ge=1)
    learning_rate: Positive = 1e-3
    crop: tuple[int, int] = (192, 384)
    """Height, width of the training crops, pixels."""
    crop_heights: tuple[int, int] = (128, 256)
    """Smallest and largest height, pixels, of the source region that becomes a crop."""
    colour_jitter: float = Field(default=0.4, ge=0.0, le=1.0)
    """Strength of the brightness, contrast, saturation and gamma jitter of source images."""


class SelectionSpec(_Section):
    """How pseudo-labels are chosen (METHOD: instance adaptive selector and the policies beside it)."""

    policy: Literal["ias", "cbst", "ct", "nt"] = "ias"
    alpha: Share = 0.5
    beta: Share = 0.9
    gamma: float = Field(default=8.0, ge=0.0)
    initial_threshold: float = Field(default=0.9, gt=0.0, lt=1.0)
    """θ of every class at the start of a round (ias); the one threshold of policy ct."""
    portion: float = Field(default=0.2, gt=0.0, le=1.0)
    """Share of each class that policy cbst keeps."""
    sample_interval: int = Field(default=4, ge=1)
    """Policy cbst counts every n-th pixel."""
    codebook: Literal["log12", "float16"] = "log12"
    images_per_instance: int = Field(default=1, ge=1)
    """Images whose pixels update θ together: 1 is the paper's instance, 2 the official code's."""
    shuffle: bool = True
    """Label in an order drawn from the seed; False: in data set order."""


class PasteSpec(_Section):
    """Hard-aware pseudo-label augmentation (HPLA)."""

    enabled: bool = True
    hard_classes: int = Field(default=6, ge=0)
    """How many classes of lowest class value are hard."""
    excluded: tuple[int, ...] = ()
    """Class ids that never count as hard (absent from the source, say)."""
    max_donors: int = Field(default=1, ge=1, le=3)


class LossSpec(_Section):
    """Weights λ of the four loss terms; 0 switches a term off."""

    seg: float = Field(default=1.0, ge=0.0)
    kld: float = Field(default=0.1, ge=0.0)
    entropy: float = Field(default=1.0, ge=0.0)
    consistency: float = Field(default=0.5, ge=0.0)


class TrainingSpec(_Section):
    """Training of the student in one round."""

    iterations: int = Field(default=80, ge=1)
    batch_size: int = Field(default=4, ge=1)
    learning_rates: tuple[Positive, ...] = (3e-4,)
    """Backbone learning rate of round 1, 2, ...; the last one serves all later rounds."""
    head_multiplier: Positive = 10.0
    weight_decay: float = Field(default=5e-4, ge=0.0)
    schedule: Literal["cosine", "poly"] = "cosine"
    ema_decay: Share = 0.999
    freeze_batch_norm: bool = True
    """Keep batch-norm statistics and affine weights as the warm-up left them."""
    crop: tuple[int, int] = (192, 384)
    """Height, width of the training crops, pixels."""
    crop_heights: tuple[int, int] = (128, 256)
    """Smallest and largest height, pixels, of the region that becomes a crop."""
    source_weight: float = Field(default=0.0, ge=0.0)
    """Weight of an extra supervised loss on source images; 0 (the recipes): target only."""
    log_every: int = Field(default=5, ge=1)


class RunSpec(_Section):
    """One self-training run: warm-up, then `rounds` times label → review → train → evaluate."""

    name: str = Field(min_length=1, max_length=120)
    seed: int = Field(default=888, ge=0)
    rounds: int = Field(default=3, ge=1, le=20)
    review: bool = True
    """True: every round waits for a person before it trains."""
    source: DatasetSpec | None = None
    target: DatasetSpec
    validation: DatasetSpec | None = None
    model: ModelSpec = ModelSpec()
    warm_up: WarmUpSpec = WarmUpSpec()
    selection: SelectionSpec = SelectionSpec()
    paste: PasteSpec = PasteSpec()
    losses: LossSpec = LossSpec()
    training: TrainingSpec = TrainingSpec()

    @model_validator(mode="after")
    def _check(self) -> RunSpec:
        if self.warm_up.iterations == 0 and self.model.weights is None:
            raise ValueError(
                "model.weights is empty and warm_up.iterations is 0: round 1 would be labelled by an "
                "untrained network; give a checkpoint or warm up"
            )
        if self.source is None and (self.warm_up.iterations > 0 or self.training.source_weight > 0):
            raise ValueError(
                "warm_up.iterations or training.source_weight asks for source images, "
                "but `source` is not given"
            )
        return self
