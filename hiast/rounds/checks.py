"""What a training step checks of itself, and how it says what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from hiast.contracts.errors import UserError
from hiast.contracts.training_spec import ComputeSpec, CropSpec


def require_finite(loss: Tensor, iteration: int, names: Sequence[str]) -> None:
    """Raise UserError, naming the iteration and the batch's images, when the loss is NaN or infinite.

    Called before the optimiser step, so the weights are still those of the iteration before.
    """
    if not bool(loss.isfinite()):
        raise UserError(
            f"the loss is {loss.item()} at iteration {iteration} (images: {', '.join(names)}).",
            where="training",
            remedy="The last good weights are kept. Lower the learning rate, or look at these images "
            "and their labels.",
        )


@contextmanager
def memory_explained(spec: CropSpec, compute: ComputeSpec) -> Iterator[None]:
    """Turn "out of memory" into a UserError that names the settings that need less."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        # On the CPU torch's allocator raises a plain RuntimeError.
        plain = not isinstance(error, torch.OutOfMemoryError | MemoryError)
        if plain and "can't allocate memory" not in str(error):
            raise
        checkpointing = "" if compute.gradient_checkpointing else ", compute.gradient_checkpointing=true"
        raise UserError(
            f"out of memory with batch_size {spec.batch_size} and crop {spec.crop[0]}×{spec.crop[1]}"
            f" ({str(error).split(chr(10))[0] or type(error).__name__}).",
            where="training",
            remedy=f"Use a smaller batch_size or crop, compute.accumulation={2 * compute.accumulation}"
            f"{checkpointing}, or a GPU with more memory.",
        ) from error
