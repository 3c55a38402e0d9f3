"""Region weights: how strongly one pixel pulls on the student through each loss term. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from hiast.contracts.class_spaces import IGNORED
from hiast.contracts.errors import UserError
from hiast.contracts.reports import RegionWeight

if TYPE_CHECKING:
    import torch

    Labels = NDArray[Any] | torch.Tensor
else:
    Labels = Any

LabelsT = TypeVar("LabelsT", bound="Labels")


@dataclass(frozen=True)
class LossWeights:
    """Weights λ of the four terms, 0 or more; 0 switches a term off (HIAST, arXiv 2302.06992)."""

    seg: float = 1.0
    kld: float = 0.1
    entropy: float = 1.0
    consistency: float = 0.5

    def __post_init__(self) -> None:
        """Raise UserError for a negative weight or NaN."""
        for name in ("seg", "kld", "entropy", "consistency"):
            if not getattr(self, name) >= 0.0:
                raise UserError(
                    f"loss weight {name} is {getattr(self, name)}, accepted is 0 or more.",
                    remedy=f"Set {name} to 0 to switch the term off.",
                )


def region_weights(
    kept_pixels: int, ignored_pixels: int, num_classes: int, weights: LossWeights
) -> list[RegionWeight]:
    """Weight of one pixel per term, λ / normaliser, in the order seg, kld, entropy, consistency.

    Normalisers, as in `self_training_losses`: |kept| for seg, C·|kept| for kld, C·|ignored| for entropy
    and consistency. A term whose region is empty weighs 0.
    """
    kept, ignored = max(kept_pixels, 1), max(ignored_pixels, 1)
    has_kept, has_ignored = float(kept_pixels > 0), float(ignored_pixels > 0)
    return [
        RegionWeight(term="seg", region="kept", weight=has_kept * weights.seg / kept),
        RegionWeight(term="kld", region="kept", weight=has_kept * weights.kld / (num_classes * kept)),
        RegionWeight(
            term="entropy",
            region="ignored",
            weight=has_ignored * weights.entropy / (num_classes * ignored),
        ),
        RegionWeight(
            term="consistency",
            region="ignored",
            weight=has_ignored * weights.consistency / (num_classes * ignored),
        ),
    ]


def region_weight_map(labels: LabelsT, num_classes: int, weights: LossWeights) -> LabelsT:
    """Weight of every pixel per term, (4, H, W) float32, in the order seg, kld, entropy, consistency.

    labels: (H, W) class ids, 255 = ignored; numpy or torch, same kind out. A pixel weighs 0 in the
    terms of the other region.
    """
    tensor = cast("torch.Tensor", labels) if hasattr(labels, "detach") else None
    ids: NDArray[Any] = np.asarray(labels) if tensor is None else tensor.detach().cpu().numpy()
    if ids.ndim != 2:
        raise UserError(
            f"labels have shape {ids.shape}.", remedy="Give the label map (height, width) of one image."
        )
    ignored = ids == IGNORED
    ignored_pixels = int(ignored.sum())
    planes = [
        np.where(ignored == (row.region == "ignored"), np.float32(row.weight), np.float32(0.0))
        for row in region_weights(ids.size - ignored_pixels, ignored_pixels, num_classes, weights)
    ]
    stacked = np.stack(planes)
    if tensor is None:
        return cast("LabelsT", stacked)
    import torch

    return cast("LabelsT", torch.from_numpy(stacked).to(tensor.device))
