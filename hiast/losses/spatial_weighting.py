"""Dynamic spatial weights: beyond the paper, regularisers that follow each pixel's confidence margin."""

from __future__ import annotations

import torch
from torch import Tensor

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError


def spatial_weights(
    teacher_probabilities: Tensor, labels: Tensor, thresholds: Tensor, strength: float
) -> Tensor:
    """Weight of each pixel in the three regularisers, (B, H, W) float, without gradient.

    The closer the teacher's confidence p lies to the threshold θ of its class, the more the pixel
    weighs: w = exp(−strength · |p − θ|), so a pixel at θ has up to e^strength times the weight of one
    at the far end. Within each region (kept; ignored) of the batch the weights are then scaled to mean
    1: they move the pull of a term between pixels and leave its size. strength 0 gives exactly ones.

    teacher_probabilities: (B, C, H, W) softmax; labels: (B, H, W) class ids, 255 = ignored;
    thresholds: (C,) in 0..1; strength ≥ 0. Raises UserError for shapes that do not fit or a negative
    strength.
    """
    classes = teacher_probabilities.shape[1]
    if labels.shape != teacher_probabilities[:, 0].shape or thresholds.shape != (classes,):
        raise UserError(
            f"teacher_probabilities have shape {tuple(teacher_probabilities.shape)}, labels "
            f"{tuple(labels.shape)}, thresholds {tuple(thresholds.shape)}.",
            remedy="Give (batch, classes, height, width), (batch, height, width) and (classes,).",
        )
    if not strength >= 0.0:
        raise UserError(f"strength is {strength}, accepted is 0 or more.", remedy="0 is off.")
    confidence, prediction = teacher_probabilities.detach().max(1)
    if strength == 0.0:
        return torch.ones_like(confidence)
    margin = (confidence - thresholds.detach().to(confidence)[prediction]).abs()
    ignored = labels == IGNORED
    return _weights_in(ignored, margin, strength) + _weights_in(~ignored, margin, strength)


def _weights_in(region: Tensor, margin: Tensor, strength: float) -> Tensor:
    """exp(−strength · margin), scaled to mean 1 in the region; 0 outside it."""
    # Relative to the smallest margin the largest weight is 1: whatever the strength, the sum is not 0.
    smallest = margin.masked_fill(~region, 1.0).min()
    weights = torch.exp(-strength * (margin - smallest)).masked_fill(~region, 0.0)
    return weights * (region.sum() / weights.sum().clamp(min=1.0))
