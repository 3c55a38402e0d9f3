"""Pixel normalisation: the one place that knows what numbers the networks expect."""

from __future__ import annotations

from functools import cache

import torch

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalise(images: torch.Tensor) -> torch.Tensor:
    """RGB images (..., 3, H, W), uint8 or float 0..1 → float, ImageNet mean and deviation removed."""
    scaled = images if images.is_floating_point() else images.float() / 255.0
    mean, std = _mean_and_std(scaled.device, scaled.dtype)
    return (scaled - mean) / std


@cache
def _mean_and_std(device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Both as (3, 1, 1); kept, because copying them to a GPU each time would wait for it."""
    with torch.inference_mode(False):  # first called in inference, they would be of no use in training
        mean, std = (
            torch.tensor(values, device=device, dtype=dtype)[:, None, None]
            for values in (IMAGENET_MEAN, IMAGENET_STD)
        )
    return mean, std
