"""The network a run starts from: random weights, a file, the hub, or what ships with hiast."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch

from hiast.contracts.errors import NotFoundError
from hiast.contracts.run_spec import ModelSpec
from hiast.models import LoadReport, SegmentationModel, build_model, load_hub_weights, load_weights

BUNDLED_WEIGHTS: Final = Path(__file__).parent.parent / "weights"
_BUNDLED: Final = "bundled:"
_HUB: Final = "hub:"


def initial_model(
    spec: ModelSpec, num_classes: int, seed: int
) -> tuple[SegmentationModel, LoadReport | None]:
    """Build the network, with random weights from `seed`, and load `spec.weights` over them if given.

    The report says which weights come from there; None when none were asked for. Raises UserError for
    weights that are missing, damaged, out of reach, or do not fit the network.
    """
    torch.manual_seed(seed)
    options = {"base_width": spec.base_width} if spec.name.startswith("deeplab_v2") else {}
    model = build_model(spec.name, num_classes, **options)
    if spec.weights is None:
        return model, None
    if spec.weights.startswith(_HUB):
        return model, load_hub_weights(model, spec.weights.removeprefix(_HUB))
    return model, load_weights(model, weights_path(spec.weights))


def weights_path(weights: str) -> Path:
    """The file or folder behind `ModelSpec.weights`. Raises NotFoundError for an unknown bundled name."""
    if not weights.startswith(_BUNDLED):
        return Path(weights)
    path = BUNDLED_WEIGHTS / f"{weights.removeprefix(_BUNDLED)}.safetensors"
    if not path.is_file():
        known = ", ".join(
            f"{_BUNDLED}{file.stem}" for file in sorted(BUNDLED_WEIGHTS.glob("*.safetensors"))
        )
        raise NotFoundError(
            f"weights {weights!r} do not exist.", where="model.weights", remedy=f"Known: {known}."
        )
    return path
