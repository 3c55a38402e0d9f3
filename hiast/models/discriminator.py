"""The discriminator of output-space alignment (AdaptSegNet, arXiv 1802.10349, section 4.1)."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)
from torch import Tensor, nn

FILTERS = 64
SLOPE = 0.2


class Discriminator(nn.Module):
    """Five 4×4 convolutions of stride 2, LeakyReLU between them: source or target, patch by patch.

    Parameter names are those of the official HIAST code.
    """

    def __init__(self, num_classes: int) -> None:
        """`num_classes`: channels of the input, one a class."""
        super().__init__()
        self.conv1 = nn.Conv2d(num_classes, FILTERS, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(FILTERS, FILTERS * 2, 4, stride=2, padding=1)
        self.conv3 = nn.Conv2d(FILTERS * 2, FILTERS * 4, 4, stride=2, padding=1)
        self.conv4 = nn.Conv2d(FILTERS * 4, FILTERS * 8, 4, stride=2, padding=1)
        self.classifier = nn.Conv2d(FILTERS * 8, 1, 4, stride=2, padding=1)

    def forward(self, outputs: Tensor) -> Tensor:
        """Softmax or self-information maps (B, C, H, W), H and W ≥ 32 → logits (B, 1, ⌊H/32⌋, ⌊W/32⌋)."""
        x = outputs
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = F.leaky_relu(conv(x), SLOPE)
        logits: Tensor = self.classifier(x)
        return logits
