"""Supervised training on the source set before round 1."""

from __future__ import annotations

import numpy as np
import torch

from hiast.augmentation import jitter_colours
from hiast.augmentation.normalisation import normalise
from hiast.contracts.reports import OnProgress, Progress
from hiast.contracts.run_spec import WarmUpSpec
from hiast.data.image_set import ImageSet
from hiast.losses import supervised_loss
from hiast.models import DeepLabV2, place
from hiast.rounds.batches import BatchPlan, load_batches, torch_generator
from hiast.rounds.checks import require_finite
from hiast.rounds.device import loading_processes
from hiast.rounds.schedules import learning_rates, set_learning_rates

LOG_EVERY = 5


def warm_up(
    model: DeepLabV2,
    source: ImageSet,
    spec: WarmUpSpec,
    *,
    seed: int,
    device: torch.device,
    on_progress: OnProgress,
) -> None:
    """Train `model` in place: cross-entropy on colour-jittered source crops, AdamW, poly schedule."""
    place(model, device).train()
    plan = BatchPlan(
        source, source.read_label, spec.batch_size, spec.crop, spec.crop_heights, seed=(seed, 0)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=spec.learning_rate, weight_decay=1e-2)
    for iteration, batch in load_batches(plan, 0, spec.iterations, loading_processes(device)):
        rates = learning_rates("poly", [spec.learning_rate], iteration, spec.iterations)
        set_learning_rates(optimizer, rates)
        generator = torch_generator(np.random.default_rng([*plan.seed, iteration, 1]))
        images = jitter_colours(batch.images.to(device), spec.colour_jitter, generator)
        loss = supervised_loss(model(normalise(images)), batch.labels.to(device))
        require_finite(loss, iteration, batch.names)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        logged = (iteration + 1) % LOG_EVERY == 0 or iteration + 1 == spec.iterations
        metrics = {"total": loss.item(), "learning_rate": rates[0]} if logged else {}
        on_progress(Progress(stage="warm_up", done=iteration + 1, total=spec.iterations, metrics=metrics))
