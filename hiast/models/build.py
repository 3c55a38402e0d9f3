"""From a name to a network: the literal list of those that exist."""

from __future__ import annotations

from typing import Final

from hiast.contracts.errors import NotFoundError, UserError
from hiast.models.deeplab_v2 import (
    deeplab_v2_resnet18,
    deeplab_v2_resnet50,
    deeplab_v2_resnet101,
)
from hiast.models.segformer import SegFormer
from hiast.models.segmentation_model import SegmentationModel

_DEEPLAB: Final = {
    "deeplab_v2_resnet18": deeplab_v2_resnet18,
    "deeplab_v2_resnet50": deeplab_v2_resnet50,
    "deeplab_v2_resnet101": deeplab_v2_resnet101,
}

MODEL_NAMES: Final = (
    *_DEEPLAB,
    "segformer_b0",
    "segformer_b1",
    "segformer_b2",
    "segformer_b3",
    "segformer_b4",
    "segformer_b5",
)


def build_model(name: str, num_classes: int, **options: int) -> SegmentationModel:
    """A network with random weights, drawn from the global torch generator (seed it beforehand).

    `options`: see `option_names`. `base_width` (8..128, default 64): channels of the ResNet stem; 32 is
    a quarter of the weights. Raises UserError for an unknown option, and when the package transformers
    is missing; NotFoundError for an unknown name, naming the models there are.
    """
    known = option_names(name)
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UserError(
            f"option {unknown[0]!r} is unknown.", where=name, remedy=f"Known: {', '.join(known) or 'none'}."
        )
    if not 1 <= num_classes <= 254:
        raise UserError(f"num_classes is {num_classes}.", where=name, remedy="Give 1 to 254.")
    if name not in _DEEPLAB:
        return SegFormer(name, num_classes)
    base_width = options.get("base_width", 64)
    if not 8 <= base_width <= 128:
        raise UserError(f"base_width is {base_width}.", where=name, remedy="Give 8 to 128; 64 is standard.")
    return _DEEPLAB[name](num_classes, base_width=base_width)


def option_names(name: str) -> tuple[str, ...]:
    """The options `build_model` takes for this network: `base_width` for DeepLabV2, none for SegFormer.

    Raises NotFoundError for an unknown name.
    """
    if name not in MODEL_NAMES:
        raise NotFoundError(f"model {name!r} is unknown.", remedy=f"Known: {', '.join(MODEL_NAMES)}.")
    return ("base_width",) if name in _DEEPLAB else ()
