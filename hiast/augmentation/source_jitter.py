"""Colour jitter of source images in the warm-up: a cheap step towards looks the target may have."""

from __future__ import annotations

import torch
from torch import Tensor

from hiast.augmentation.colour import scale_contrast, scale_saturation

EXPOSURE = 1.5
"""Logarithm of the largest brightness factor and of the largest gamma, at strength 1."""
TINT = 0.5
"""Logarithm of the largest factor of one colour channel, at strength 1."""


def jitter_colours(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Random gamma, brightness, contrast, saturation and tint, another for each image.

    `images` (B, 3, H, W) float 0..1 on any device; `strength` 0 (unchanged) to 1. Gamma and brightness
    reach e^(±1.5·strength), contrast and saturation 1 ± strength, each channel e^(±0.5·strength): at
    0.4 from half to almost double the exposure. Returns a new batch in 0..1. `generator` (CPU) is drawn
    from once. Raises ValueError for a strength outside 0..1.
    """
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"strength is {strength}; give 0 to 1")
    draws = torch.rand((len(images), 7), generator=generator) * 2.0 - 1.0
    gamma, brightness, contrast, saturation, *tint = (
        (draws * strength).to(images)[:, :, None, None, None].unbind(dim=1)
    )
    exposed = images.clamp(0.0, 1.0) ** torch.exp(EXPOSURE * gamma)
    channels = torch.exp(EXPOSURE * brightness + TINT * torch.cat(tint, dim=1))
    coloured = (exposed * channels).clamp(0.0, 1.0)
    return scale_saturation(scale_contrast(coloured, 1.0 + contrast), 1.0 + saturation)
