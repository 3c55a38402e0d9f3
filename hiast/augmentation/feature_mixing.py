"""Hard-class paste in the space of features: beyond the paper, the counterpart of pasting pixels."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from hiast.augmentation.hard_class_paste import hard_class_table
from hiast.augmentation.resizing import resize_label


def mix_hard_class_features(
    features: Tensor, labels: Tensor, partners: Tensor, hard: Collection[int], chosen: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Chosen images take features and labels of their partner where its label is a hard class.

    features: (B, F, h, w) float, of any layer; labels: (B, H, W) class ids 0..255, 255 = ignored;
    partners: (B,) int64, the image of the batch each one takes from; hard: class ids; chosen: (B,)
    bool. The grid of the features decides, so that features and labels agree: each of its places has
    the label at its centre, and a mixed place gives its label to all pixels nearest to it. 255 is
    never mixed in.

    Returns mixed features and labels, new tensors of the given shapes and types, and mask (B, H, W)
    bool: True where an image holds its partner's. Gradients flow into the features of both images.
    What else belongs to the pixels, such as the teacher's probabilities, is to be mixed with the mask.
    Raises ValueError for shapes that do not fit.
    """
    if not len(labels) == len(partners) == len(chosen) == len(features):
        raise ValueError(
            f"features are {tuple(features.shape)}, labels {tuple(labels.shape)}, partners "
            f"{tuple(partners.shape)}, chosen {tuple(chosen.shape)}; give one of each per image"
        )
    size = (labels.shape[1], labels.shape[2])
    theirs = resize_label(labels, (features.shape[2], features.shape[3]))[partners]
    is_hard = hard_class_table(hard, labels.device).index_select(0, theirs.flatten().int())
    mixed = is_hard.view(theirs.shape) & chosen[:, None, None]
    mask = resize_label(mixed, size)
    return (
        torch.where(mixed[:, None], features[partners], features),
        torch.where(mask, resize_label(theirs, size), labels),
        mask,
    )
