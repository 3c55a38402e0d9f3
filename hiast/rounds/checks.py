"""What a training step checks of itself."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from hiast.contracts.errors import UserError


def require_finite(loss: Tensor, iteration: int, names: Sequence[str]) -> None:
    """Raise UserError, naming the iteration and the batch's images, when the loss is NaN or infinite."""
    if not bool(loss.isfinite()):
        raise UserError(
            f"the loss is {loss.item()} at iteration {iteration} (images: {', '.join(names)}).",
            where="training",
            remedy="Lower the learning rate, or look at these images and their labels.",
        )
