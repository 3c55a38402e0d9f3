"""Source images as networks are trained on them: recoloured, and if asked in the target's style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hiast.augmentation import jitter_colours
from hiast.augmentation.fourier import fourier_style_transfer
from hiast.pasting.draws import JITTER
from hiast.rounds.batches import BatchPlan, Sample


class SourceImages(NamedTuple):
    """images: (B, 3, h, w) float 0..1; labels: (B, h, w) uint8, 255 = void."""

    images: Tensor
    labels: Tensor


def source_batch(
    plan: BatchPlan,
    samples: Sequence[Sample],
    iteration: int,
    *,
    colour_jitter: float,
    fourier_beta: float,
    styles: Tensor | None,
    device: torch.device,
) -> SourceImages:
    """The source images of one iteration, as the network sees them.

    styles: (B, 3, h, w) float 0..1, target images whose low frequencies the source takes over (FDA);
    read only when fourier_beta is above 0.
    """
    batch = plan.weak_views(samples, iteration, device)
    images = batch.images
    if fourier_beta > 0 and styles is not None:
        images = fourier_style_transfer(images, styles, fourier_beta)
    if colour_jitter > 0:
        images = jitter_colours(images, colour_jitter, plan.generators(iteration, batch.places, JITTER))
    return SourceImages(images, batch.labels)
