"""Colour jitter of source images in the warm-up: a cheap step towards looks the target may have."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

EXPOSURE = 1.5
"""Logarithm of the largest brightness factor and of the largest gamma, at strength 1."""
TINT = 0.5
"""Logarithm of the largest factor of one colour channel, at strength 1."""


def jitter_colours(images: Tensor, strength: float, generators: Sequence[torch.Generator]) -> Tensor:
    """Random gamma, brightness, contrast, saturation and tint, another for each image.

    `images` (B, 3, H, W) float 0..1 on any device; `strength` 0 (unchanged) to 1. Gamma and brightness
    reach e^(±1.5·strength), contrast and saturation 1 ± strength, each channel e^(±0.5·strength): at
    0.4 from half to almost double the exposure. Returns a new batch in 0..1. `generators` (CPU), one
    per image, are drawn from once each: an image is changed alike in whatever batch it is. Raises
    ValueError for a strength outside 0..1 or when there are not as many generators as images.
    """
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"strength is {strength}; give 0 to 1")
    if len(generators) != len(images):
        raise ValueError(f"there are {len(images)} images and {len(generators)} generators")
    # kornia takes a third of a second to import and only training needs it.
    from kornia.enhance.adjust import (
        adjust_contrast_with_mean_subtraction,
        adjust_saturation_with_gray_subtraction,
    )

    draws = torch.stack([torch.rand(7, generator=generator) for generator in generators]) * 2.0 - 1.0
    draws = (draws * strength).to(images.device, images.dtype, non_blocking=True)
    gamma, brightness, contrast, saturation, *tint = draws[:, :, None, None, None].unbind(dim=1)
    exposed = images.clamp(0.0, 1.0) ** torch.exp(EXPOSURE * gamma)
    channels = torch.exp(EXPOSURE * brightness + TINT * torch.cat(tint, dim=1))
    coloured = (exposed * channels).clamp(0.0, 1.0)
    contrasted = adjust_contrast_with_mean_subtraction(coloured, 1.0 + contrast)
    jittered: Tensor = adjust_saturation_with_gray_subtraction(contrasted, 1.0 + saturation)
    return jittered
