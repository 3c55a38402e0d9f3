"""Losses of adversarial alignment and entropy minimisation on the target, for the warm-up.

The discriminator sees the softmax (AdaptSegNet, arXiv 1802.10349) or the weighted self-information
(AdvEnt, arXiv 1811.12833) of the segmentation network's output. Its scores are to be 0 for the source
and 1 for the target, as in the official HIAST code; with "bce" they are the logits of that.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from hiast.contracts.errors import UserError

GanLoss = Literal["mse", "bce"]
SMALLEST = 1e-30
"""Added to a probability before its logarithm, so that 0·log 0 is 0 with a finite gradient."""


def weighted_self_information(probabilities: Tensor) -> Tensor:
    """Per class −p log₂ p / log₂ C: (B, C, H, W) in 0..1 -> the same shape (AdvEnt, equation 4).

    The sum over the classes is the entropy, 1 where all classes are equally likely. Raises UserError
    for less than two classes, whose entropy has no scale.
    """
    classes = probabilities.shape[1]
    if classes < 2:
        raise UserError(
            f"probabilities have shape {tuple(probabilities.shape)}.",
            remedy="Give the softmax (batch, classes, height, width) of two classes or more.",
        )
    return -probabilities * torch.log2(probabilities + SMALLEST) / math.log2(classes)


def min_entropy_loss(probabilities: Tensor) -> Tensor:
    """Mean entropy of the pixels, a scalar in 0..1: (B, C, H, W) softmax (MinEnt, AdvEnt equation 3)."""
    return weighted_self_information(probabilities).sum(1).mean()


def discriminator_loss(scores: Tensor, is_source: bool, kind: GanLoss) -> Tensor:
    """How wrong the discriminator is about scores (any shape, float) of one domain, a scalar.

    Mean over all scores of (score − t)² ("mse", least-squares GAN, arXiv 1611.04076) or of the binary
    cross-entropy of sigmoid(score) with t ("bce"), t = 0 for the source and 1 for the target.
    The discriminator minimises the mean of its losses on both domains. Raises UserError for another kind.
    """
    wanted = torch.full_like(scores, float(not is_source))
    if kind == "mse":
        return mse_loss(scores, wanted)
    if kind == "bce":
        return binary_cross_entropy_with_logits(scores, wanted)
    raise UserError(f"GAN loss {kind!r} is unknown.", remedy="Known: bce, mse.")


def adversarial_loss(scores: Tensor, kind: GanLoss) -> Tensor:
    """What the segmentation network minimises on the target: that it be taken for the source."""
    return discriminator_loss(scores, True, kind)
