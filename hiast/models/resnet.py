"""ResNet (arXiv 1512.03385) as a dense feature extractor: output stride 8, no classifier.

Module names are torchvision's, so that its weight files load. The last two stages trade their
stride for dilation 2 and 4, as DeepLab does (arXiv 1606.00915, section 3.1).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiast.models.gradient_checkpointing import checkpointed


class BatchNorm2d(nn.BatchNorm2d):
    """Batch norm that stays in eval mode once `frozen`, whatever `.train()` says."""

    frozen: bool = False

    def train(self, mode: bool = True) -> BatchNorm2d:
        """Set training mode, unless frozen."""
        super().train(mode and not self.frozen)
        return self


def freeze_batch_norm(model: nn.Module) -> None:
    """Freeze every batch norm: running statistics stay, scale and shift get no gradient.

    Lasts through later calls of `model.train()` and through `copy.deepcopy`.
    """
    for module in model.modules():
        if isinstance(module, BatchNorm2d):
            module.frozen = True
            module.eval()
            module.requires_grad_(False)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut (ResNet-18)."""

    expansion = 1

    def __init__(
        self, inputs: int, planes: int, stride: int, dilation: int, downsample: nn.Module | None
    ) -> None:
        """`dilation` of the first convolution; the second one has the same."""
        super().__init__()
        self.conv1 = _conv3x3(inputs, planes, stride, dilation)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = _conv3x3(planes, planes, 1, dilation)
        self.bn2 = BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, planes, ⌈H/stride⌉, ⌈W/stride⌉)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += shortcut
        activated: Tensor = self.relu(out)
        return activated


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 convolutions and a shortcut (ResNet-50 and -101); the 3×3 carries the stride."""

    expansion = 4

    def __init__(
        self, inputs: int, planes: int, stride: int, dilation: int, downsample: nn.Module | None
    ) -> None:
        """`planes` channels inside, 4·planes out."""
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = _conv3x3(planes, planes, stride, dilation)
        self.bn2 = BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.bn3 = BatchNorm2d(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, 4·planes, ⌈H/stride⌉, ⌈W/stride⌉)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += shortcut
        activated: Tensor = self.relu(out)
        return activated


Block = type[BasicBlock] | type[Bottleneck]


class ResNet(nn.Module):
    """The four stages of a ResNet at strides 4, 8, 8, 8."""

    def __init__(self, block: Block, blocks: tuple[int, int, int, int], base_width: int = 64) -> None:
        """`blocks` per stage; `base_width` channels of the stem (64 is the standard network)."""
        super().__init__()
        self.conv1 = nn.Conv2d(3, base_width, 7, stride=2, padding=3, bias=False)
        self.bn1 = BatchNorm2d(base_width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        widths = [base_width * factor * block.expansion for factor in (1, 2, 4, 8)]
        self.layer1 = _stage(block, base_width, base_width, blocks[0], stride=1, dilations=(1, 1))
        self.layer2 = _stage(block, widths[0], base_width * 2, blocks[1], stride=2, dilations=(1, 1))
        self.layer3 = _stage(block, widths[1], base_width * 4, blocks[2], stride=1, dilations=(1, 2))
        self.layer4 = _stage(block, widths[2], base_width * 8, blocks[3], stride=1, dilations=(2, 4))
        self.out_channels = widths[3]
        self.gradient_checkpointing = False
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) → features (B, out_channels, ⌈H/8⌉, ⌈W/8⌉)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        recompute = self.gradient_checkpointing and torch.is_grad_enabled()
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                x = checkpointed(block, x) if recompute else block(x)
        return x


def _conv3x3(inputs: int, outputs: int, stride: int, dilation: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation, bias=False)


def _stage(
    block: Block, inputs: int, planes: int, blocks: int, *, stride: int, dilations: tuple[int, int]
) -> nn.Sequential:
    """Blocks of one stage; `dilations` of the first (that of the stage before) and of the others."""
    outputs = planes * block.expansion
    downsample: nn.Module | None = None
    if stride != 1 or inputs != outputs:
        downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), BatchNorm2d(outputs))
    layers = [block(inputs, planes, stride, dilations[0], downsample)]
    layers += [block(outputs, planes, 1, dilations[1], None) for _ in range(1, blocks)]
    return nn.Sequential(*layers)


def _initialise(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
