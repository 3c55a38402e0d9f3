"""The loss terms of self-training and how strongly each pixel pulls through them.

Region weights are plain arithmetic and load no torch; the losses load it when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hiast.losses.region_weights import LossWeights, region_weight_map, region_weights

if TYPE_CHECKING:
    from hiast.losses.self_training import SelfTrainingLosses, self_training_losses, supervised_loss

__all__ = [
    "LossWeights",
    "SelfTrainingLosses",
    "region_weight_map",
    "region_weights",
    "self_training_losses",
    "supervised_loss",
]


def __getattr__(name: str) -> Any:
    """The names that need torch, imported on first use."""
    if name in ("SelfTrainingLosses", "self_training_losses", "supervised_loss"):
        return getattr(import_module("hiast.losses.self_training"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
