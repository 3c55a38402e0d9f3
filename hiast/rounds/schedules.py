"""Learning rates as pure functions of the iteration, so that a resumed run needs no scheduler state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from torch.optim import Optimizer

MINIMUM_SHARE = 1e-3
"""The cosine schedule ends at this share of the first (the backbone's) learning rate."""

POLY_POWER = 0.9


def learning_rates(
    schedule: Literal["cosine", "poly"], base_rates: Sequence[float], iteration: int, iterations: int
) -> list[float]:
    """Learning rate of each parameter group at `iteration` (from 0) of `iterations`.

    `base_rates` are the rates at iteration 0, the backbone's first. cosine: all groups fall along half
    a cosine to base_rates[0] / 1000, as in the official recipes; poly: base·(1 − t/T)^0.9.
    Raises ValueError for an iteration outside 0..iterations or an unknown schedule.
    """
    if iterations < 1 or not 0 <= iteration <= iterations:
        raise ValueError(f"iteration {iteration} is outside 0..{iterations}")
    progress = iteration / iterations
    if schedule == "cosine":
        minimum = base_rates[0] * MINIMUM_SHARE
        share = (1.0 + math.cos(math.pi * progress)) / 2.0
        return [minimum + (rate - minimum) * share for rate in base_rates]
    if schedule == "poly":
        return [rate * (1.0 - progress) ** POLY_POWER for rate in base_rates]
    raise ValueError(f"schedule {schedule!r} is unknown; known: cosine, poly")


def set_learning_rates(optimizer: Optimizer, rates: Sequence[float]) -> None:
    """Give each parameter group of the optimizer its rate, in order."""
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
