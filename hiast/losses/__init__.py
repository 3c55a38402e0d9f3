"""The loss terms of self-training and how strongly each pixel pulls through them.

Region weights are plain arithmetic and load no torch; the losses load it when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hiast.losses.region_weights import LossWeights, region_weight_map, region_weights

if TYPE_CHECKING:
    from hiast.losses.adversarial import (
        adversarial_loss,
        discriminator_loss,
        min_entropy_loss,
        weighted_self_information,
    )
    from hiast.losses.self_training import (
        RegionCounts,
        SelfTrainingLosses,
        count_regions,
        self_training_losses,
        supervised_loss,
    )
    from hiast.losses.spatial_weighting import spatial_weights

__all__ = [
    "LossWeights",
    "RegionCounts",
    "SelfTrainingLosses",
    "adversarial_loss",
    "count_regions",
    "discriminator_loss",
    "min_entropy_loss",
    "region_weight_map",
    "region_weights",
    "self_training_losses",
    "spatial_weights",
    "supervised_loss",
    "weighted_self_information",
]

_MODULES_WITH_TORCH = ("adversarial", "self_training", "spatial_weighting")


def __getattr__(name: str) -> Any:
    """The names that need torch, imported on first use."""
    if name in __all__:
        for module in _MODULES_WITH_TORCH:
            found = getattr(import_module(f"hiast.losses.{module}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
