"""RunSpec: everything a self-training run depends on. Two runs of one RunSpec give equal files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.training_spec import ComputeSpec, Positive, Section, Share, TrainingSpec, WarmUpSpec


class ModelSpec(Section):
    """The segmentation network and the weights it starts from."""

    name: Literal[
        "deeplab_v2_resnet18", "deeplab_v2_resnet50", "deeplab_v2_resnet101",
        "segformer_b0", "segformer_b1", "segformer_b2", "segformer_b3", "segformer_b4", "segformer_b5",
    ] = "deeplab_v2_resnet18"  # fmt: skip
    base_width: int = Field(default=64, ge=8, le=128)
    """Channels of the ResNet stem; 64 is the standard network, 32 a quarter of its weights. DeepLabV2
    only."""
    weights: str | None = None
    """A checkpoint file (ours, torchvision's ResNet, official HIAST and IAST, a transformers SegFormer
    folder), `bundled:NAME` for one that ships with hiast, or `hub:ORGANISATION/NAME` for a SegFormer of
    the Hugging Face hub. None: from scratch."""

    @model_validator(mode="after")
    def _check(self) -> ModelSpec:
        if self.name.startswith("segformer") and self.base_width != 64:
            raise ValueError(
                f"model.base_width is {self.base_width}, but model.name {self.name!r} has fixed widths; "
                "leave base_width out"
            )
        if (self.weights or "").startswith("hub:") and not self.name.startswith("segformer"):
            raise ValueError(
                f"model.weights {self.weights!r} names a hub, but model.name is {self.name!r}; only "
                "SegFormer loads from there"
            )
        return self


class SelectionSpec(Section):
    """How pseudo-labels are chosen (METHOD: instance adaptive selector and the policies beside it)."""

    policy: Literal["ias", "cbst", "ct", "nt"] = "ias"
    alpha: Share = 0.5
    beta: Share = 0.9
    gamma: float = Field(default=8.0, ge=0.0)
    initial_threshold: float = Field(default=0.9, gt=0.0, lt=1.0)
    """θ of every class at the start of a round (ias); the one threshold of policy ct."""
    threshold_bounds: dict[int, tuple[Share, Share]] = Field(default_factory=dict)
    """Beyond the paper: floor and cap that θ of a class, by its id, never leaves; both alike fix it."""
    portion: float = Field(default=0.2, gt=0.0, le=1.0)
    """Share of each class that policy cbst keeps."""
    sample_interval: int = Field(default=4, ge=1)
    """Policy cbst counts every n-th pixel."""
    codebook: Literal["log12", "float16"] = "log12"
    images_per_instance: int = Field(default=1, ge=1)
    """Images whose pixels update θ together: 1 is the paper's instance, 2 the official code's."""
    shuffle: bool = True
    """Label in an order drawn from the seed; False: in data set order."""
    local_consistency: Share = 0.0
    """Beyond the paper: a pixel is a candidate only if at least this share of its neighbourhood is
    predicted as its class; 0 off."""
    local_window: int = Field(default=5, ge=3, le=31)
    """Side of that square neighbourhood, pixels, odd."""

    @model_validator(mode="after")
    def _check(self) -> SelectionSpec:
        if self.local_window % 2 == 0:
            raise ValueError(f"selection.local_window is {self.local_window}; give an odd number")
        for class_id, (floor, cap) in self.threshold_bounds.items():
            if floor > cap:
                raise ValueError(
                    f"selection.threshold_bounds of class {class_id}: floor {floor} is above cap {cap}; "
                    "lower one or raise the other"
                )
        return self


class PasteSpec(Section):
    """Hard-aware pseudo-label augmentation (HPLA)."""

    enabled: bool = True
    hard_classes: int = Field(default=6, ge=0)
    """How many classes of lowest class value are hard."""
    excluded: tuple[int, ...] = ()
    """Class ids that never count as hard (absent from the source, say)."""
    max_donors: int = Field(default=1, ge=1, le=3)
    """1 is what the official code does; up to 3 until half the hard classes are present, what it says."""
    feature_mixing: Share = 0.0
    """Beyond the paper: probability that an image also gets hard-class *features* of another image of
    its batch; 0 off."""


class LossSpec(Section):
    """Weights λ of the four loss terms; 0 switches a term off."""

    seg: float = Field(default=1.0, ge=0.0)
    kld: float = Field(default=0.1, ge=0.0)
    entropy: float = Field(default=1.0, ge=0.0)
    consistency: float = Field(default=0.5, ge=0.0)
    spatial: float = Field(default=0.0, ge=0.0)
    """Beyond the paper: how strongly the three regularisers follow each pixel's confidence margin
    |p − θ|; 0 off, every pixel of a region weighs the same."""

    @model_validator(mode="after")
    def _check(self) -> LossSpec:
        if self.spatial > 0 and self.kld == self.entropy == self.consistency == 0:
            raise ValueError(
                "losses.spatial weighs kld, entropy and consistency, but all three are 0; set one of them, "
                "or spatial to 0"
            )
        return self


class InferenceSpec(Section):
    """How a network looks at an image. Its answer always has the size of the image."""

    size: tuple[int, int] | None = None
    """Height, width an image is resized to for the network; None: as it is."""
    scales: tuple[Positive, ...] = Field(default=(1.0,), min_length=1)
    """Softmax is averaged over these scales of that size."""
    flip: bool = False
    """... and over the image and its mirror image."""
    window: tuple[int, int] | None = None
    """Height, width of a sliding window for images too large for memory; None: the whole image."""
    window_overlap: float = Field(default=1 / 3, ge=0.0, lt=1.0)
    """Share of a window that the next one covers again."""


class EvaluationSpec(InferenceSpec):
    """How networks are scored, and how one of them becomes the result of the run."""

    classes: tuple[int, ...] | None = None
    """Class ids the mean IoU averages over; None: all."""
    further_means: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Further means by name, such as mIoU13 of SYNTHIA, each over its listed class ids."""
    select_by: Literal["last", "information", "target_labels"] = "last"
    """Which network is the run's result. `last`: the teacher of the last round; no label is looked at.
    `information`: the one whose predictions on the target are most certain and most varied (mutual
    information of image pixels and classes); no label is looked at. `target_labels`: the best mean IoU
    on validation labels of the target, which an honest adaptation would not have; marked in reports."""


class RunSpec(Section):
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
    labelling: InferenceSpec = InferenceSpec()
    evaluation: EvaluationSpec = EvaluationSpec()
    compute: ComputeSpec = ComputeSpec()

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
        if self.training.batch_size % self.compute.accumulation:
            raise ValueError(
                f"training.batch_size {self.training.batch_size} cannot be computed in "
                f"compute.accumulation {self.compute.accumulation} equal parts; make one divide the other"
            )
        self._check_processes()
        if self.evaluation.select_by == "target_labels" and self.validation is None:
            raise ValueError(
                "evaluation.select_by is 'target_labels', but `validation` is not given; name a labelled "
                "validation set, or choose by 'last' or 'information'"
            )
        if self.paste.feature_mixing > 0 and self.paste.hard_classes == 0:
            raise ValueError(
                "paste.feature_mixing mixes hard classes, but paste.hard_classes is 0; set one or the other"
            )
        return self

    def _check_processes(self) -> None:
        processes = self.compute.processes
        if self.training.batch_size % processes:
            raise ValueError(
                f"training.batch_size {self.training.batch_size} cannot be shared by compute.processes "
                f"{processes}; make one divide the other"
            )
        if processes > 1 and not self.training.freeze_batch_norm:
            raise ValueError(
                f"training.freeze_batch_norm is false, but compute.processes is {processes}: each would "
                "have batch-norm statistics of its own; freeze batch norm, or train in one process"
            )
