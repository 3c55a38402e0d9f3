"""What every segmentation network offers, so that training, labelling and files need no special cases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel


class SegmentationModel(nn.Module, ABC):
    """A network from images to class scores, in two steps: features, then a classifier.

    `name`, `num_classes` and `options` say how `hiast.models.build_model` built it; checkpoints store
    them.
    """

    def __init__(self, name: str, num_classes: int, **options: int) -> None:
        """`options`: the keyword arguments `build_model` was given, such as `base_width`."""
        super().__init__()
        self.name = name
        self.num_classes = num_classes
        self.options = options

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) → what the classifier sees (B, F, h, w), h ≤ H, w ≤ W.

        Images are normalised outside (`hiast.augmentation.normalise`), as for official checkpoints.
        """

    @abstractmethod
    def classify(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """Features (B, F, h, w) → logits (B, C, *size), resized bilinearly to `size` = (H, W)."""

    @abstractmethod
    def backbone_parameters(self) -> Iterable[nn.Parameter]:
        """Parameters of what is usually pre-trained on images; they learn slowly."""

    @abstractmethod
    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Parameters of what makes class scores of the backbone's features; they learn fast."""

    @abstractmethod
    def use_gradient_checkpointing(self, on: bool) -> None:
        """Keep few activations for the backward pass and compute the others again (arXiv 1604.06174).

        Same loss and gradients in less memory and about a third more time.
        """

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) of any size → logits (B, C, H, W)."""
        return self.classify(self.features(images), images.shape[-2:])


def unwrapped(model: nn.Module) -> SegmentationModel:
    """The network inside torch.compile's and DistributedDataParallel's wrappers, or `model` itself.

    Its parameters are those of the wrapper, under plain names (without `_orig_mod.` and `module.`).
    Raises TypeError when there is no SegmentationModel inside.
    """
    inner, wrapped = model, True
    while wrapped:
        if isinstance(inner, DataParallel | DistributedDataParallel):
            inner = inner.module
        elif isinstance(compiled := getattr(inner, "_orig_mod", None), nn.Module):
            inner = compiled
        else:
            wrapped = False
    if not isinstance(inner, SegmentationModel):
        raise TypeError(f"a {type(inner).__name__} is no SegmentationModel")
    return inner


def backbone_and_head_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Trainable parameters of the backbone and of the head, for their two learning rates.

    Call it after `freeze_batch_norm`: frozen parameters are left out. `model` may be wrapped (see
    `unwrapped`).
    """
    network = unwrapped(model)
    backbone = [p for p in network.backbone_parameters() if p.requires_grad]
    head = [p for p in network.head_parameters() if p.requires_grad]
    return backbone, head
