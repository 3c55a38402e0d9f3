"""Numpy or torch in, the same kind out, without importing torch where only numpy is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    Array = NDArray[Any] | torch.Tensor
else:
    Array = Any

ArrayT = TypeVar("ArrayT", bound="Array")
"""A numpy array or a torch tensor; a function that takes one returns the kind it was given."""


def to_numpy(array: Array) -> NDArray[Any]:
    """The values as a numpy array on the CPU; shares memory where it can."""
    if hasattr(array, "detach"):
        return cast("NDArray[Any]", array.detach().cpu().numpy())
    return np.asarray(array)


def like(reference: ArrayT, values: NDArray[Any]) -> ArrayT:
    """`values` as the kind of array `reference` is: numpy, or torch on the same device."""
    if not hasattr(reference, "detach"):
        return cast("ArrayT", values)
    import torch

    return cast("ArrayT", torch.from_numpy(np.ascontiguousarray(values)).to(reference.device))
