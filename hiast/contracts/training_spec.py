"""The sections of a RunSpec that say how networks are trained: warm-up, student, and on what terms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]


class Section(BaseModel):
    """A part of a RunSpec: unknown fields are refused, nothing changes after it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CropSpec(Section):
    """What every training has: how many crops a step, and how they are cut."""

    batch_size: int = Field(default=4, ge=1)
    """Crops per optimiser step, over all processes and accumulated parts together."""
    crop: tuple[int, int] = (192, 384)
    """Height, width of the training crops, pixels."""
    crop_heights: tuple[int, int] = (128, 256)
    """Smallest and largest height, pixels, of the region that becomes a crop."""

    @model_validator(mode="after")
    def _check_crops(self) -> CropSpec:
        low, high = self.crop_heights
        if not 1 <= low <= high:
            raise ValueError(f"crop_heights are {low}, {high}; give the smaller first, 1 or more")
        return self


class WarmUpSpec(CropSpec):
    """Training on the labelled source set before round 1, and what it may see of the target."""

    iterations: int = Field(default=0, ge=0)
    """0: no warm-up; then the model must start from weights."""
    learning_rate: Positive = 1e-3
    colour_jitter: Share = 0.4
    """Strength of the brightness, contrast, saturation and gamma jitter of source images."""
    fourier_beta: float = Field(default=0.0, ge=0.0, lt=0.5)
    """FDA (arXiv 2004.05498): share of the image side whose low frequencies take the amplitude of a
    target image; 0 off, 0.01 to 0.09 usual."""
    alignment: Literal["none", "adaptseg", "advent"] = "none"
    """Adversarial alignment of the target's outputs: their softmax (AdaptSegNet, arXiv 1802.10349) or
    weighted self-information (AdvEnt, arXiv 1811.12833)."""
    gan_loss: Literal["mse", "bce"] = "mse"
    adversarial_weight: float = Field(default=0.05, ge=0.0)
    discriminator_learning_rate: Positive = 1e-4
    min_entropy_weight: float = Field(default=0.0, ge=0.0)
    """MinEnt (arXiv 1811.12833): weight of the target's normalised entropy; 0 off."""
    adapt_batch_norm: bool = False
    """Beyond the paper: at the end, take the batch-norm statistics of the target (AdaBN, arXiv 1603.04779),
    also without iterations."""

    @model_validator(mode="after")
    def _check_target(self) -> WarmUpSpec:
        wanted = [
            name
            for name, on in (
                ("alignment", self.alignment != "none"),
                ("fourier_beta", self.fourier_beta > 0),
                ("min_entropy_weight", self.min_entropy_weight > 0),
            )
            if on
        ]
        if wanted and self.iterations == 0:
            raise ValueError(
                f"warm_up.{wanted[0]} asks for a warm-up, but warm_up.iterations is 0; set iterations, "
                f"or leave {wanted[0]} out"
            )
        if self.alignment != "none" and self.adversarial_weight == 0:
            raise ValueError(
                f"warm_up.alignment is {self.alignment!r}, but warm_up.adversarial_weight is 0; set a "
                "weight, or alignment to 'none'"
            )
        if self.alignment != "none" and min(self.crop) < 32:
            raise ValueError(
                f"warm_up.alignment is {self.alignment!r}, but a side of warm_up.crop {self.crop} is below "
                "32, too small for the discriminator; make it 32 or more, or set alignment to 'none'"
            )
        return self


class TrainingSpec(CropSpec):
    """Training of the student in one round."""

    iterations: int = Field(default=80, ge=1)
    learning_rates: tuple[Positive, ...] = Field(default=(3e-4,), min_length=1)
    """Backbone learning rate of round 1, 2, ...; the last one serves all later rounds."""
    head_multiplier: Positive = 10.0
    weight_decay: float = Field(default=5e-4, ge=0.0)
    schedule: Literal["cosine", "poly"] = "cosine"
    ema_decay: Share = 0.999
    freeze_batch_norm: bool = True
    """Keep batch-norm statistics and affine weights as the warm-up left them."""
    source_weight: float = Field(default=0.0, ge=0.0)
    """Weight of an extra supervised loss on source images; 0 (the recipes): target only."""
    source_colour_jitter: Share = 0.0
    """Colour jitter of the source images of that loss, as in the warm-up."""
    source_fourier_beta: float = Field(default=0.0, ge=0.0, lt=0.5)
    """FDA of the source images of that loss, as in the warm-up."""
    log_every: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _check_source(self) -> TrainingSpec:
        for name in ("source_colour_jitter", "source_fourier_beta"):
            if getattr(self, name) > 0 and self.source_weight == 0:
                raise ValueError(
                    f"training.{name} varies source images, but training.source_weight is 0, so none is "
                    f"used; set source_weight, or {name} to 0"
                )
        return self


class ComputeSpec(Section):
    """How and where the arithmetic is done. Nothing here changes what is trained, only precision, memory,
    time."""

    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of the network's arithmetic (autocast); losses and weights stay float32. float16 needs a GPU."""
    accumulation: int = Field(default=1, ge=1)
    """Parts a batch is computed in, one after the other: less memory, the same gradient (with frozen
    batch norm)."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them: less memory, more time."""
    compile: bool = False
    """torch.compile the networks."""
    checkpoint_every: int = Field(default=200, ge=1)
    """Iterations between stored training states; an interrupted training goes on behind the last one."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: a GPU where there is one. cuda: the service gives the run's jobs to workers with a GPU only.
    cpu: no GPU is used, even where there is one."""
    gpu_memory_gib: float = Field(default=0.0, ge=0.0)
    """Memory each GPU of a worker must have to get the run's jobs; GiB as nvidia-smi reports them."""
    processes: int = Field(default=1, ge=1, le=64)
    """Processes the service trains the student in, through torchrun, each on a GPU of its own when device
    is cuda. `hiast run` has as many as its own torchrun started."""
    label_shards: int = Field(default=1, ge=1, le=256)
    """Jobs the service divides the network's look at the target images into, so that several workers
    share it; the labels are the same. `hiast labels` works in one process."""

    @model_validator(mode="after")
    def _check_device(self) -> ComputeSpec:
        if self.gpu_memory_gib > 0 and self.device != "cuda":
            raise ValueError(
                f"compute.gpu_memory_gib is {self.gpu_memory_gib:g}, but compute.device {self.device!r} "
                "asks for no GPU; set device to 'cuda', or leave gpu_memory_gib out"
            )
        if self.processes > 1 and self.device == "auto":
            raise ValueError(
                f"compute.processes is {self.processes}, but compute.device is 'auto', which does not say "
                "how many GPUs to wait for; set device to 'cuda' (one GPU each) or 'cpu'"
            )
        if self.precision == "float16" and self.device == "cpu":
            raise ValueError(
                "compute.precision is 'float16', which needs a GPU, but compute.device is 'cpu'; use "
                "bfloat16 or float32, or another device"
            )
        return self
