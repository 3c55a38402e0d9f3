"""DeepLabV2 (arXiv 1606.00915): dilated ResNet, atrous spatial pyramid pooling, bilinear upsampling."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)
from torch import Tensor, nn

from hiast.models.resnet import BasicBlock, Block, Bottleneck, ResNet

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


class DeepLabV2(nn.Module):
    """Segmentation network with output stride 8; parameter names are those of official HIAST files.

    `name`, `base_width` and `num_classes` say how it was built; checkpoints store them.
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
        super().__init__()
        self.name = name
        self.num_classes = num_classes
        self.base_width = base_width
        self.backbone = ResNet(block, blocks, base_width)
        self.aspp = ASPP(self.backbone.out_channels, num_classes)
        if block is Bottleneck:
            # Official files carry this projection though no loss of HIAST reads it: kept, untrained, so
            # that they load and are written back complete.
            projection = nn.Conv2d(self.backbone.out_channels, REPRESENTATION_CHANNELS, 1)
            self.representation = nn.Sequential(projection).requires_grad_(False)

    def low_resolution_logits(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) → logits (B, C, ⌈H/8⌉, ⌈W/8⌉)."""
        logits: Tensor = self.aspp(self.backbone(images))
        return logits

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) of any size → logits (B, C, H, W).

        Images are normalised outside (`hiast.augmentation.normalise`), as for official checkpoints.
        """
        logits = self.low_resolution_logits(images)
        return F.interpolate(logits, size=images.shape[-2:], mode="bilinear", align_corners=True)


def backbone_and_head_parameters(
    model: DeepLabV2,
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Trainable parameters of the backbone and of the head, for their two learning rates.

    Call it after `freeze_batch_norm`: frozen parameters are left out.
    """
    backbone = [p for p in model.backbone.parameters() if p.requires_grad]
    head = [p for p in model.aspp.parameters() if p.requires_grad]
    return backbone, head


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
