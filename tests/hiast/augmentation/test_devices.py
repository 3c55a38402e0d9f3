"""Training augments on the GPU. Tensors without data stand for a device other than the CPU here."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

from hiast.augmentation import (
    fourier_style_transfer,
    jitter_colours,
    mix_hard_class_features,
    normalise,
    paste_hard_classes,
    weak_view,
)

ELSEWHERE = torch.device("meta")


class NothingComesBack(TorchFunctionMode):
    """Refuses what would wait for a device: reading its values on the CPU."""

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        name = getattr(function, "__name__", "")
        given = [item for item in arguments if isinstance(item, torch.Tensor)]
        if given and given[0].device == ELSEWHERE:
            assert name not in ("cpu", "numpy", "item", "tolist", "nonzero", "__bool__"), name
        return function(*arguments, **(options or {}))


def images() -> torch.Tensor:
    return torch.empty((2, 3, 20, 24), device=ELSEWHERE)


def labels() -> torch.Tensor:
    return torch.empty((2, 20, 24), dtype=torch.uint8, device=ELSEWHERE)


def photo() -> torch.Tensor:
    return torch.empty((3, 30, 34), dtype=torch.uint8, device=ELSEWHERE)


CALLS: dict[str, Callable[[], Any]] = {
    "weak_view": lambda: weak_view(
        photo(),
        torch.empty((30, 34), dtype=torch.uint8, device=ELSEWHERE),
        crop=(20, 24),
        crop_heights=(10, 15),
        generator=torch.Generator(),
    ),
    "paste_hard_classes": lambda: paste_hard_classes(
        images()[0], labels()[0], photo(), torch.empty((30, 34), device=ELSEWHERE).byte(), [1, 2]
    ),
    "fourier_style_transfer": lambda: (fourier_style_transfer(images(), images(), 0.1),),
    "jitter_colours": lambda: (jitter_colours(images(), 0.4, [torch.Generator(), torch.Generator()]),),
    "mix_hard_class_features": lambda: mix_hard_class_features(
        torch.empty((2, 4, 5, 6), device=ELSEWHERE),
        labels(),
        torch.empty(2, dtype=torch.int64, device=ELSEWHERE),
        [1],
        torch.empty(2, dtype=torch.bool, device=ELSEWHERE),
    ),
    "normalise": lambda: (normalise(images()),),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_on_a_device_stays_there(name: str) -> None:
    with NothingComesBack():
        results = CALLS[name]()
    assert {result.device for result in results} == {ELSEWHERE}
