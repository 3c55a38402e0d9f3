"""SegFormer (arXiv 2105.15203), with the layers of the package transformers.

That package is imported when a SegFormer is built, and not before: it takes seconds to import, and
no other network needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)
from torch import Tensor, nn

from hiast.contracts.errors import UserError
from hiast.models.resnet import BatchNorm2d
from hiast.models.segmentation_model import SegmentationModel

SMALLEST_SIDE: Final = 29
"""Pixels: below it the first stage, at stride 4, has fewer than the 8 tokens a side its keys are
reduced by."""


class _Size(NamedTuple):
    depths: tuple[int, int, int, int]
    channels: tuple[int, int, int, int]
    decoder_channels: int


_WIDE: Final = (64, 128, 320, 512)
SIZES: Final = {
    "segformer_b0": _Size((2, 2, 2, 2), (32, 64, 160, 256), 256),
    "segformer_b1": _Size((2, 2, 2, 2), _WIDE, 256),
    "segformer_b2": _Size((3, 4, 6, 3), _WIDE, 768),
    "segformer_b3": _Size((3, 4, 18, 3), _WIDE, 768),
    "segformer_b4": _Size((3, 8, 27, 3), _WIDE, 768),
    "segformer_b5": _Size((3, 6, 40, 3), _WIDE, 768),
}
"""Layers and channels of the four stages, channels of the decoder (tables 6 and 7 of the paper)."""


class SegFormer(SegmentationModel):
    """Mix Transformer and all-MLP decoder.

    Features are the decoder's fused ones (after its dropout): h = ⌈H/4⌉, w = ⌈W/4⌉. In training mode
    dropout and stochastic depth draw from torch's global generator.
    """

    def __init__(self, name: str, num_classes: int) -> None:
        """`name`: a key of SIZES. Raises UserError when the package transformers is not installed."""
        super().__init__(name, num_classes)
        transformers = import_transformers(name)
        network = transformers.SegformerForSemanticSegmentation(configuration(name, num_classes))
        self.backbone: Any = network.segformer
        self.decode_head: Any = network.decode_head
        self.classifier: nn.Conv2d = network.decode_head.classifier
        # Without its last layer the decoder ends at the features.
        self.decode_head.classifier = nn.Identity()
        # The one batch norm, as one that can be frozen.
        self.decode_head.batch_norm = BatchNorm2d(SIZES[name].decoder_channels)

    def features(self, images: Tensor) -> Tensor:
        """See SegmentationModel. Raises UserError for images with a side below SMALLEST_SIDE."""
        height, width = images.shape[-2:]
        if min(height, width) < SMALLEST_SIDE:
            raise UserError(
                f"an image has {height}x{width} pixels, too few for {self.name}.",
                remedy=f"Give crops, windows and images of at least {SMALLEST_SIDE} pixels a side.",
            )
        stages: list[Tensor] = []
        for stage in self.backbone.stages:
            stages.append(stage(stages[-1] if stages else images))
        fused: Tensor = self.decode_head(stages)
        return fused

    def classify(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """See SegmentationModel; corners of the two grids are not aligned, as in the official code."""
        logits: Tensor = self.classifier(features)
        return F.interpolate(logits, size=list(size), mode="bilinear", align_corners=False)

    def backbone_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the Mix Transformer."""
        return list(self.backbone.parameters())

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the decoder and of the classifier."""
        return [*self.decode_head.parameters(), *self.classifier.parameters()]

    def use_gradient_checkpointing(self, on: bool) -> None:
        """See SegmentationModel; the inputs of the transformer layers are kept. Training mode only."""
        if on:
            self.backbone.activation_checkpointing_enable({"use_reentrant": False})
        else:
            self.backbone.activation_checkpointing_disable()


def configuration(name: str, num_classes: int) -> Any:
    """The SegformerConfig of the network `name`, a key of SIZES."""
    size = SIZES[name]
    return import_transformers(name).SegformerConfig(
        depths=list(size.depths),
        hidden_sizes=list(size.channels),
        decoder_hidden_size=size.decoder_channels,
        num_labels=num_classes,
    )


def import_transformers(name: str) -> Any:
    """The package. Raises UserError with the way to install it; `name` is the network that needs it."""
    try:
        import transformers
    except ModuleNotFoundError as error:
        if error.name != "transformers":
            raise
        raise UserError(
            f"model {name!r} needs the package transformers, which is not installed.",
            remedy='Install it: pip install -c constraints.txt -e ".[segformer]"',
        ) from error
    return transformers
