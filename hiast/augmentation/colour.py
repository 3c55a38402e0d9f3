"""Colour operations on RGB batches (B, 3, H, W), float 0..1, that both views and source jitter use.

`factor` is one number, or (B, 1, 1, 1) for one per image; 1 changes nothing.
"""

from __future__ import annotations

from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in brightness (ITU-R BT.601)."""


def to_grey(images: Tensor) -> Tensor:
    """Brightness, (B, 1, H, W)."""
    return (images * images.new_tensor(LUMA)[:, None, None]).sum(dim=-3, keepdim=True)


def scale_contrast(images: Tensor, factor: Tensor | float) -> Tensor:
    """Distance of every value to the image's mean brightness times `factor`, cut to 0..1."""
    mean = to_grey(images).mean(dim=(-2, -1), keepdim=True)
    return (mean + (images - mean) * factor).clamp(0.0, 1.0)


def scale_saturation(images: Tensor, factor: Tensor | float) -> Tensor:
    """Distance of every pixel to its own grey times `factor`, cut to 0..1."""
    grey = to_grey(images)
    return (grey + (images - grey) * factor).clamp(0.0, 1.0)
