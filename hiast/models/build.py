"""From a name to a network: the literal list of those that exist."""

from __future__ import annotations

from typing import Final

from hiast.contracts.errors import NotFoundError, UserError
from hiast.models.deeplab_v2 import (
    DeepLabV2,
    deeplab_v2_resnet18,
    deeplab_v2_resnet50,
    deeplab_v2_resnet101,
)

_BUILDERS: Final = {
    "deeplab_v2_resnet18": deeplab_v2_resnet18,
    "deeplab_v2_resnet50": deeplab_v2_resnet50,
    "deeplab_v2_resnet101": deeplab_v2_resnet101,
}
_OPTIONS: Final = ("base_width",)

MODEL_NAMES: Final = tuple(_BUILDERS)


def build_model(name: str, num_classes: int, **options: int) -> DeepLabV2:
    """A network with random weights, drawn from the global torch generator (seed it beforehand).

    `options`: `base_width` (8..128, default 64), channels of the ResNet stem; 32 is a quarter of the
    weights. Raises UserError for an unknown name or option, NotFoundError naming the models there are.
    """
    if name not in _BUILDERS:
        raise NotFoundError(f"model {name!r} is unknown.", remedy=f"Known: {', '.join(MODEL_NAMES)}.")
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise UserError(
            f"option {unknown[0]!r} is unknown.", where=name, remedy=f"Known: {', '.join(_OPTIONS)}."
        )
    if not 1 <= num_classes <= 254:
        raise UserError(f"num_classes is {num_classes}.", where=name, remedy="Give 1 to 254.")
    base_width = options.get("base_width", 64)
    if not 8 <= base_width <= 128:
        raise UserError(f"base_width is {base_width}.", where=name, remedy="Give 8 to 128; 64 is standard.")
    return _BUILDERS[name](num_classes, base_width=base_width)
