"""Pixel normalisation: the one place that knows what numbers the networks expect."""

from __future__ import annotations

import torch

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise(images: torch.Tensor) -> torch.Tensor:
    """RGB images (..., 3, H, W), uint8 or float 0..1 → float, ImageNet mean and deviation removed."""
    scaled = images if images.is_floating_point() else images.float() / 255.0
    mean = scaled.new_tensor(IMAGENET_MEAN)[:, None, None]
    std = scaled.new_tensor(IMAGENET_STD)[:, None, None]
    return (scaled - mean) / std
