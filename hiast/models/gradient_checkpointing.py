"""Gradient checkpointing (arXiv 1604.06174) that counts each batch once in batch-norm statistics."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def checkpointed(block: nn.Module, x: Tensor) -> Tensor:
    """block(x), keeping only `x`: the backward pass computes what is inside again.

    For blocks without randomness. Running statistics of batch norm are updated by the first
    computation alone.
    """
    norms = [m for m in block.modules() if isinstance(m, _BatchNorm) and m.training]
    out: Tensor
    # A compiled graph writes the statistics in its forward part alone, and takes no context.
    if not norms or torch.compiler.is_compiling():
        out = checkpoint(block, x, use_reentrant=False, preserve_rng_state=False)
        return out

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _StatisticsKept(norms)

    out = checkpoint(block, x, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)
    return out


class _StatisticsKept(AbstractContextManager[None]):
    """While it is entered, batch norms in training mode leave their running statistics as they are.

    A class and not a generator, since torch enters one object again for each backward pass.
    """

    def __init__(self, norms: list[_BatchNorm]) -> None:
        self.norms = norms
        self.kept: list[tuple[float | None, Tensor | None]] = []

    def __enter__(self) -> None:
        self.kept = [(norm.momentum, norm.num_batches_tracked) for norm in self.norms]
        for norm in self.norms:
            # With momentum 0 the statistics stay, bit for bit; without a counter none is advanced.
            norm.momentum, norm.num_batches_tracked = 0.0, None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for norm, (momentum, counter) in zip(self.norms, self.kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, counter
