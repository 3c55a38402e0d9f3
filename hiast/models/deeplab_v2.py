"""DeepLabV2 (arXiv 1606.00915): dilated ResNet, atrous spatial pyramid pooling, bilinear upsampling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)
from torch import Tensor, nn

from hiast.models.resnet import BasicBlock, Block, Bottleneck, ResNet
from hiast.models.segmentation_model import SegmentationModel

ASPP_DILATIONS = (6, 12, 18, 24)
REPRESENTATION_CHANNELS = 256


class ASPP(nn.Module):
    """The sum of four 3×3 convolutions of dilation 6, 12, 18 and 24, from features to class scores."""

    def __init__(self, inputs: int, num_classes: int) -> None:
        super().__init__()
        self.conv2d_list = nn.ModuleList(
            nn.Conv2d(inputs, num_classes, 3, padding=dilation, dilation=dilation)
            for dilation in ASPP_DILATIONS
        )
        for conv in self.conv2d_list:
            # Small first scores: the head learns ten times faster than the backbone.
            nn.init.normal_(conv.weight, std=0.01)  # type: ignore[arg-type]
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, h, w) → class scores (B, C, h, w)."""
        scores: Tensor = self.conv2d_list[0](features)
        for conv in self.conv2d_list[1:]:
            scores = scores + conv(features)
        return scores


class DeepLabV2(SegmentationModel):
    """Segmentation network with output stride 8; parameter names are those of official HIAST files.

    Features have h = ⌈H/8⌉, w = ⌈W/8⌉ and the channels of the ResNet's last stage.
    """

    def __init__(
        self,
        name: str,
        num_classes: int,
        *,
        block: Block,
        blocks: tuple[int, int, int, int],
        base_width: int = 64,
    ) -> None:
        """`name` is only remembered; see `hiast.models.build_model` for the networks that exist."""
        super().__init__(name, num_classes, base_width=base_width)
        self.backbone = ResNet(block, blocks, base_width)
        self.aspp = ASPP(self.backbone.out_channels, num_classes)
        if block is Bottleneck:
            # Official files carry this projection though no loss of HIAST reads it: kept, untrained, so
            # that they load and are written back complete.
            projection = nn.Conv2d(self.backbone.out_channels, REPRESENTATION_CHANNELS, 1)
            self.representation = nn.Sequential(projection).requires_grad_(False)

    def features(self, images: Tensor) -> Tensor:
        """See SegmentationModel."""
        features: Tensor = self.backbone(images)
        return features

    def classify(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """See SegmentationModel; corners of the two grids are aligned, as in the official code."""
        return F.interpolate(self.aspp(features), size=list(size), mode="bilinear", align_corners=True)

    def low_resolution_logits(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) → logits (B, C, ⌈H/8⌉, ⌈W/8⌉)."""
        logits: Tensor = self.aspp(self.features(images))
        return logits

    def backbone_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the ResNet."""
        return self.backbone.parameters()

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the ASPP."""
        return self.aspp.parameters()

    def use_gradient_checkpointing(self, on: bool) -> None:
        """See SegmentationModel; the inputs of the residual blocks are kept."""
        self.backbone.gradient_checkpointing = on


def deeplab_v2_resnet18(num_classes: int, *, base_width: int = 64) -> DeepLabV2:
    """DeepLabV2 on ResNet-18; backbone features have 8·base_width channels."""
    return DeepLabV2(
        "deeplab_v2_resnet18", num_classes, block=BasicBlock, blocks=(2, 2, 2, 2), base_width=base_width
    )


def deeplab_v2_resnet50(num_classes: int, *, base_width: int = 64) -> DeepLabV2:
    """DeepLabV2 on ResNet-50; backbone features have 32·base_width channels."""
    return DeepLabV2(
        "deeplab_v2_resnet50", num_classes, block=Bottleneck, blocks=(3, 4, 6, 3), base_width=base_width
    )


def deeplab_v2_resnet101(num_classes: int, *, base_width: int = 64) -> DeepLabV2:
    """DeepLabV2 on ResNet-101, the network of the HIAST and IAST papers."""
    return DeepLabV2(
        "deeplab_v2_resnet101",
        num_classes,
        block=Bottleneck,
        blocks=(3, 4, 23, 3),
        base_width=base_width,
    )
